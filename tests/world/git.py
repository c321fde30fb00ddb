"""Builds real git repositories quickly and always with the same commit ids.

Commits are written with `git fast-import`: no checkout, no index, any history. Names, dates and the
time zone are fixed, so equal calls give equal ids. Standard library only: the demo uses this too.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

PERSON = "Test Person <person@example.org>"
FIRST_DATE = datetime(2023, 1, 2, 9, 0, tzinfo=timezone.utc)
STEP = timedelta(hours=1)

Files = Mapping[str, str | bytes | None]
"""Path to content; `None` removes the path."""


def git_environment() -> dict[str, str]:
    """The environment for git: this process's own without anything that could steer git."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    name, _, email = PERSON.rstrip(">").partition(" <")
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": email,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": email,
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }


def run_git(arguments: Sequence[str], folder: Path | None = None, stdin: bytes = b"") -> bytes:
    """Standard output of `git ARGUMENTS`; raises `CalledProcessError` with git's own words on failure."""
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=stdin, env=git_environment(), capture_output=True, check=False
    )
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip()
        raise subprocess.CalledProcessError(done.returncode, ["git", *arguments, message])
    return done.stdout


@dataclass
class Repo:
    """One repository on disk. Each commit and annotated tag is an hour younger than the one before."""

    path: Path
    default_branch: str = "master"
    now: datetime = field(default=FIRST_DATE)

    @classmethod
    def create(cls, path: Path, bare: bool = False, default_branch: str = "master") -> Repo:
        """A new, empty repository at `path`, whose parents are made too."""
        flags = ["--bare"] if bare else []
        run_git(["init", "--quiet", "--template=", *flags, f"--initial-branch={default_branch}", str(path)])
        return cls(path, default_branch)

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """What `git ARGUMENTS` prints here, without the last newline."""
        return run_git(arguments, self.path, stdin).decode().rstrip("\n")

    def resolve(self, name: str) -> str | None:
        """The object id that `name` stands for; an annotated tag's own id, not its commit's."""
        try:
            return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        except subprocess.CalledProcessError:
            return None

    def head(self, branch: str | None = None) -> str:
        """The commit of a branch; of the default branch when none is named."""
        found = self.resolve(f"refs/heads/{branch or self.default_branch}")
        if found is None:
            raise LookupError(f"{self.path} has no branch {branch or self.default_branch}")
        return found

    def commit(
        self,
        files: Files | None,
        message: str,
        *,
        branch: str | None = None,
        date: datetime | None = None,
        parents: Sequence[str] | None = None,
    ) -> str:
        """Adds a commit to `branch` [the default one] and returns its id.

        `parents` [the branch's tip, if any] may be given to start or join histories; the branch then
        moves to the new commit whatever it was. Files not named stay as in the first parent.
        """
        ref = f"refs/heads/{branch or self.default_branch}"
        if parents is None:
            tip = self.resolve(ref)
            parents = [tip] if tip else []
        stream = commit_stream(ref, files or {}, message, self._tick(date), parents, mark=1)
        self.git("fast-import", "--quiet", "--force", stdin=stream + b"done\n")
        return self.head(ref.removeprefix("refs/heads/"))

    def fast_history(self, count: int, branch: str | None = None, message: str = "work") -> list[str]:
        """Adds `count` empty commits to `branch` in one process; returns their ids, oldest first."""
        name = branch or self.default_branch
        ref, tip = f"refs/heads/{name}", self.resolve(f"refs/heads/{name}")
        parts, parents = [], [tip] if tip else []
        for number in range(1, count + 1):
            parts.append(commit_stream(ref, {}, f"{message} {number}", self._tick(None), parents, number))
            parents = [f":{number}"]
        self.git("fast-import", "--quiet", "--force", stdin=b"".join(parts) + b"done\n")
        return self.git("rev-list", "--reverse", "--first-parent", f"--max-count={count}", ref).split("\n")

    def branch(self, name: str, commit: str | None = None) -> str:
        """Sets branch `name` to `commit` [the default branch's tip] and returns that commit."""
        commit = commit or self.head()
        self.git("update-ref", f"refs/heads/{name}", commit)
        return commit

    def tag(
        self,
        name: str,
        target: str | None = None,
        *,
        annotated: bool = False,
        message: str = "release",
        date: datetime | None = None,
    ) -> str:
        """Sets tag `name` on `target` [the default branch's tip]: any object, or another tag object.

        Returns what the ref holds: the target, or the id of the new tag object.
        """
        held = target or self.head()
        if annotated:
            held = self._tag_object(name, held, message, self._tick(date))
        self.git("update-ref", f"refs/tags/{name}", held)
        return held

    def nested_tag(self, name: str, target: str | None = None, depth: int = 2) -> str:
        """Sets tag `name` to a tag of a tag of … `target`, `depth` tag objects deep."""
        held = target or self.head()
        for _ in range(depth):
            held = self._tag_object(name, held, "nested", self._tick(None))
        self.git("update-ref", f"refs/tags/{name}", held)
        return held

    def delete(self, ref: str) -> None:
        """Removes a full ref such as `refs/tags/1.2.3`."""
        self.git("update-ref", "-d", ref)

    def checkout(self, name: str | None = None) -> None:
        """Makes the working files those of `name` [the default branch]; tags and ids are detached."""
        name = name or self.default_branch
        detach = [] if self.resolve(f"refs/heads/{name}") else ["--detach"]
        self.git("checkout", "--quiet", "--force", *detach, name)

    def read(self, ref: str, path: str) -> bytes:
        """The content of a file at a ref or commit."""
        return run_git(["cat-file", "blob", f"{ref}:{path}"], self.path)

    def clone(self, path: Path, bare: bool = False) -> Repo:
        """A clone with a remote `origin`; `bare` gives one whose branches are its own."""
        flags = ["--bare"] if bare else []
        run_git(["clone", "--quiet", *flags, str(self.path), str(path)])
        return Repo(path, self.default_branch, self.now)

    def _tick(self, date: datetime | None) -> datetime:
        self.now = date or self.now + STEP
        return self.now

    def _tag_object(self, name: str, target: str, message: str, date: datetime) -> str:
        kind = self.git("cat-file", "-t", target)
        stamp = f"{PERSON} {int(date.timestamp())} +0000"
        text = f"object {target}\ntype {kind}\ntag {name}\ntagger {stamp}\n\n{message}\n"
        return self.git("mktag", stdin=text.encode())


def commit_stream(ref: str, files: Files, message: str, date: datetime, parents: Sequence[str], mark: int) -> bytes:
    """One commit in the language of `git fast-import`; parents are ids or marks of the same stream."""
    stamp = f"{PERSON} {int(date.timestamp())} +0000"
    text = message.encode() + b"\n"
    lines = [f"commit {ref}", f"mark :{mark}", f"author {stamp}", f"committer {stamp}", f"data {len(text)}"]
    stream = "\n".join(lines).encode() + b"\n" + text
    for number, parent in enumerate(parents):
        stream += f"{'merge' if number else 'from'} {parent}\n".encode()
    for path, content in files.items():
        stream += _file_stream(path, content)
    return stream + b"\n"


def _file_stream(path: str, content: str | bytes | None) -> bytes:
    quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if content is None:
        return f"D {quoted}\n".encode()
    data = content.encode() if isinstance(content, str) else content
    return f"M 100644 inline {quoted}\ndata {len(data)}\n".encode() + data + b"\n"
