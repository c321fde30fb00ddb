"""The commit of a release tag: the reviewed commit with only the bundle on top."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import bundle
from bytecode import names_of

_ADDED = re.compile(r"vendor/.+|scripts/(?:.+/)?__pycache__/[^/]+\.pyc")
_AUTHOR = {
    "NAME": "github-actions[bot]",
    "EMAIL": "41898282+github-actions[bot]@users.noreply.github.com",
}
# The files are added byte by byte with known modes, independent of the machine's git settings.
_OPTIONS = ("-c", "core.autocrlf=false", "-c", "core.fileMode=false", "-c", "core.hooksPath=/dev/null")


@dataclass(frozen=True)
class Clone:
    """A clone of this repository. `token`, if given, is for requests to its remote `origin` at `server`."""

    folder: Path
    server: str = ""
    token: str = ""

    def git(self, *arguments: str, environment: Mapping[str, str] | None = None, stdin: bytes = b"") -> str:
        """Return git's output without the last newline. Raises SystemExit with git's message if it fails."""
        return (
            self.read(*arguments, environment=environment, stdin=stdin).decode("utf-8", "surrogateescape").rstrip("\n")
        )

    def read(self, *arguments: str, environment: Mapping[str, str] | None = None, stdin: bytes = b"") -> bytes:
        """Return git's output unchanged. Raises SystemExit with git's message if it fails."""
        done = subprocess.run(
            ["git", *_OPTIONS, *arguments],
            cwd=self.folder,
            env={**os.environ, **self._credentials(), **(environment or {})},
            input=stdin,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            message = done.stderr.decode("utf-8", "replace").strip()
            raise SystemExit(f"git {arguments[0]} failed: {message[-1000:]}")
        return done.stdout

    def commit_of(self, name: str) -> str:
        """Return the commit of a full ref name or an id."""
        return self.git("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")

    def remote_tags(self) -> Mapping[str, str]:
        """Return the commits of the remote's tags; tag objects are followed."""
        found: dict[str, str] = {}
        for line in self.git("ls-remote", "--tags", "origin").splitlines():
            commit, _, ref = line.partition("\t")
            # The line of the tag object comes first, then that of the commit it points at (^{}).
            found[ref.removeprefix("refs/tags/").removesuffix("^{}")] = commit
        return found

    def fetch_tag(self, tag: str) -> str:
        """Fetch a tag of the remote without touching the local tags, and return its commit."""
        self.git("fetch", "--quiet", "--no-tags", "origin", f"+refs/tags/{tag}:refs/fetched/{tag}")
        return self.commit_of(f"refs/fetched/{tag}")

    def _credentials(self) -> Mapping[str, str]:
        """Settings with the token, in the environment to keep it out of files and arguments."""
        if not self.token:
            return {}
        basic = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.server}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
            "GIT_TERMINAL_PROMPT": "0",
        }


def commit_with_bundle(clone: Clone, source: str, built: Path, tag: str) -> str:
    """Make the commit of `tag`: `source` with the bundle on top. The same inputs give the same commit."""
    date = clone.git("show", "--no-patch", "--format=%cI", source)
    people = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _AUTHOR.items()}
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    with tempfile.TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        clone.git("read-tree", source, environment=index)
        files = {
            **index,
            "GIT_WORK_TREE": str(built.resolve()),
            "GIT_DIR": clone.git("rev-parse", "--absolute-git-dir"),
        }
        clone.git("add", "--force", "--ignore-removal", ":/", environment=files)
        tree = clone.git("write-tree", environment=index)
    message = f"Release {tag}\n\nThe files of {source} with the packages that they need, and bytecode.\n"
    return clone.git("commit-tree", tree, "-p", source, environment={**people, **dates}, stdin=message.encode("utf-8"))


def verify_commit(clone: Clone, commit: str, branch: str) -> None:
    """Check the commit of a release. Raises SystemExit with a list of all problems.

    It must have one parent, which is on `branch`, and add exactly the files of its two manifests to the parent's: none
    changed, none deleted, none at a place where it could be treated as a source.
    """
    parents = clone.git("show", "--no-patch", "--format=%P", commit).split()
    if len(parents) != 1:
        raise SystemExit(f"{commit} has {len(parents)} parents, but must have one: the reviewed commit.")
    if clone.git("rev-list", "--max-count=1", parents[0], f"^{branch}"):
        raise SystemExit(f"{parents[0]}, on which {commit} was made, is not on {branch}.")
    problems = [*_changes(clone, parents[0], commit), *_against_manifests(clone, commit)]
    if problems:
        shown = "\n- ".join(problems[:20])
        raise SystemExit(f"{commit} is not its parent with a bundle ({len(problems)} problems):\n- {shown}")


def files_of(clone: Clone, commit: str) -> Mapping[str, str]:
    """Return the hash (SHA-256) of each file of a commit, by its name."""
    entries = [entry.split("\t", 1) for entry in clone.git("ls-tree", "-r", "-z", commit).split("\0") if entry]
    blobs = {name: facts.split(" ")[2] for facts, name in entries if facts.split(" ")[1] == "blob"}
    contents = clone.read("cat-file", "--batch", stdin="".join(f"{one}\n" for one in blobs.values()).encode())
    found, at = {}, 0
    for name in blobs:
        # One line of facts, the content, and a newline after it.
        start = contents.index(b"\n", at) + 1
        at = start + int(contents[at:start].split()[2])
        found[name] = hashlib.sha256(contents[start:at]).hexdigest()
        at += 1
    return found


def exported(clone: Clone, commit: str) -> Sequence[str]:
    """The files of a commit in the archive that GitHub makes from it and a runner downloads."""
    # Only the attributes of the commit count: the machine's could hide a file here.
    own = {"GIT_ATTR_NOSYSTEM": "1"}
    archive = clone.read("-c", "core.attributesFile=/dev/null", "archive", commit, environment=own)
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return sorted(one.name for one in files if one.isfile())


def _changes(clone: Clone, parent: str, commit: str) -> Sequence[str]:
    """The changes of the commit other than adding regular files at places of a bundle."""
    fields = clone.git("diff-tree", "-r", "-z", "--no-renames", parent, commit).split("\0")
    problems = []
    for facts, name in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, _, status = facts.split(" ")
        if status != "A" or mode != "100644" or not _ADDED.fullmatch(name):
            problems.append(f"{name}: {status} with mode {mode}")
    return problems


def _against_manifests(clone: Clone, commit: str) -> Sequence[str]:
    """The differences between the files of a release and its two manifests."""
    names = (bundle.MANIFEST, bundle.BYTECODE)
    manifest, bytecode = (json.loads(clone.git("show", f"{commit}:{name}")) for name in names)
    found = files_of(clone, commit)
    added = {name for name in found if _ADDED.fullmatch(name)} - {bundle.MANIFEST, bundle.BYTECODE}
    listed = {**manifest["files"], **bytecode["files"]}
    problems = [f"{name}: not as listed" for name in sorted({*listed, *added}) if listed.get(name) != found.get(name)]
    if manifest["lock"] != found.get("requirements.txt"):
        problems.append("requirements.txt: not the lock that the bundle was made from")
    changed = [name for name, sha256 in bytecode["sources"].items() if found.get(name) != sha256]
    wanted = {name for tag in bytecode["pythons"] for name in names_of(tag)}
    stray = sorted(wanted ^ set(bytecode["files"]))
    return [
        *problems,
        *(f"{name}: not the source that was compiled" for name in changed),
        *(f"{name}: bytecode without its Python, or the reverse" for name in stray),
    ]
