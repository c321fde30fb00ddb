"""The steps of a release of this action, which `.github/workflows/release.yaml` runs one after the other.

    python3 tools/release.py plan             whether there is something to release
    python3 tools/release.py commit BUNDLE    make the commit and the tag locally, and release.json
    python3 tools/release.py push             push the tag to GitHub: once, never moved
    python3 tools/release.py publish          make the release: draft, release.json, public
    python3 tools/release.py verify           verify all of this as a user sees it; write release.json again
    python3 tools/release.py move             verify, then move v1 to the tag

Each step can be repeated: what is already done is detected and left. Names come from the environment of a runner;
`push`, `publish`, `verify` and `move` need the token (`GITHUB_TOKEN`).
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import changelog
from release_tree import Clone, commit_with_bundle, exported, files_of, verify_commit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from frag_release.errors import ExpectedError  # noqa: E402

if TYPE_CHECKING:
    from frag_release.adapters.ports.publishing import Releases

RECORD = Path("release.json")
_VERSION = re.compile(r'(?m)^__version__ = "([^"\n]*)"$')
_IN_PREPARATION = "CHANGELOG.md has no section for this version yet"
_OURS = re.compile(rf"v({changelog.VERSION.pattern})")


@dataclass(frozen=True)
class Place:
    """The place of a step: the clone in the working folder, and the names of the run."""

    clone: Clone
    repository: str
    api_url: str
    branch: str
    environ: Mapping[str, str]

    @classmethod
    def of(cls, folder: Path, environ: Mapping[str, str]) -> Place:
        """The place from a runner's environment; in a terminal the defaults are GitHub's."""
        server = environ.get("GITHUB_SERVER_URL") or "https://github.com"
        clone = Clone(folder, server, environ.get("GITHUB_TOKEN", ""))
        api_url = environ.get("GITHUB_API_URL") or "https://api.github.com"
        branch = environ.get("RELEASE_BRANCH") or "main"
        return cls(clone, environ.get("GITHUB_REPOSITORY", ""), api_url, f"refs/remotes/origin/{branch}", environ)

    def file(self, name: str) -> str:
        """The content of a file in the checked-out commit."""
        return self.clone.git("show", f"HEAD:{name}")

    def section(self) -> changelog.Section | None:
        """The changelog's section of the version, None while it is in preparation."""
        found = _VERSION.search(self.file("scripts/frag_release/__init__.py"))
        if found is None:
            raise SystemExit("scripts/frag_release/__init__.py has no __version__.")
        today = datetime.datetime.now(datetime.timezone.utc).date()
        return changelog.to_release(self.file("CHANGELOG.md"), found[1], today)

    def tag(self) -> str:
        """The tag of the version to release. Raises SystemExit while it is in preparation."""
        section = self.section()
        if section is None:
            raise SystemExit(f"Nothing to release: {_IN_PREPARATION}.")
        return f"v{section.version}"

    def source(self) -> str:
        """The reviewed commit: the one that is checked out, or its parent if that is a release's own commit."""
        head = self.clone.commit_of("HEAD")
        released = self.clone.remote_tags().get(self.tag()) == head
        return self.parent(head) if released else head

    def parent(self, commit: str) -> str:
        """The first parent of a commit."""
        return self.clone.commit_of(f"{commit}^")

    def releases(self) -> Releases:
        """The releases on GitHub, by the program's own client, with the packages of its lock."""
        from frag_release.runner import dependencies

        dependencies.provide(self.environ)
        from frag_release.adapters.github import GithubForge
        from frag_release.adapters.http import Http
        from frag_release.adapters.http.retry import Deadline

        forge = GithubForge(Http(Deadline(300)), self.api_url, self.clone.token, own_token=True)
        return forge.releases(self.repository)


def plan(place: Place) -> None:
    """Set the outputs `release` and `tag`: whether the checked-out commit is to be released, and as what."""
    section, tags = place.section(), place.clone.remote_tags()
    tag, why = (f"v{section.version}", "the changelog has a section for it") if section else ("", _IN_PREPARATION)
    if tag in tags and place.parent(place.clone.fetch_tag(tag)) != place.clone.commit_of("HEAD"):
        tag, why = "", f"{tag} was released from another commit"
    if tag:
        _refuse_a_step_back(tag, tags)
    print(f"{f'Releasing {tag}' if tag else 'Nothing to release'}: {why}.")
    _output(place, release="true" if tag else "false", tag=tag)


def commit(place: Place, built: Path) -> None:
    """Make the commit of the release and its tag in this clone, verify it, and write its record."""
    tag, source = place.tag(), place.source()
    made = commit_with_bundle(place.clone, source, built, tag)
    verify_commit(place.clone, made, place.branch)
    place.clone.git("tag", "--force", "--no-sign", tag, made)
    RECORD.write_bytes(record(place, tag, made, source))
    print(f"{tag} is {made}, {source} with the bundle.")
    _output(place, commit=made)


def record(place: Place, tag: str, made: str, source: str) -> bytes:
    """The attested content of release.json: the commits, the hash of each file, and the exported files.

    A clone of the tag has all files, a runner's download of it only the exported ones.
    """
    files, downloaded = files_of(place.clone, made), exported(place.clone, made)
    content = {"schema": 1, "tag": tag, "commit": made, "source": source, "files": files, "exported": downloaded}
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


def push(place: Place) -> None:
    """Push the tag that `commit` made. Raises SystemExit if GitHub has that tag at another commit."""
    tag = place.tag()
    made, there = place.clone.commit_of(f"refs/tags/{tag}"), place.clone.remote_tags().get(tag)
    if there not in (None, made):
        raise SystemExit(f"{tag} is at {there} on GitHub, not at {made}. A tag never moves: raise the version.")
    if there is None:
        place.clone.git("push", "origin", f"refs/tags/{tag}:refs/tags/{tag}")
    print(f"{tag} is on GitHub at {made}.")


def publish(place: Place) -> None:
    """Make the release of the tag with its record, and publish it."""
    releases = place.releases()
    from frag_release.commands.journal import Journal
    from frag_release.commands.publish.releasing import Releasing, Text

    section, tag = place.section(), place.tag()
    body = f"{section.body if section else ''}\n\n{_HOW_TO_VERIFY.format(tag=tag, repository=place.repository)}"

    def demand_tag() -> None:
        place.clone.fetch_tag(tag)

    record = RECORD.read_bytes()
    release, note = Releasing(releases, tag, lambda: Text(body), record, demand_tag, Journal(print)).run()
    print(note or f"{release.url} is public.")


def verify(place: Place) -> None:
    """Check tag and release on GitHub against what they must be, and write the record again."""
    tag = place.tag()
    made = place.clone.fetch_tag(tag)
    verify_commit(place.clone, made, place.branch)
    if place.parent(made) != place.source():
        raise SystemExit(f"{tag} is not made from {place.source()}, the commit that is checked out.")
    RECORD.write_bytes(record(place, tag, made, place.source()))
    _verify_release(place, tag, hashlib.sha256(RECORD.read_bytes()).hexdigest())
    print(f"{tag} is {made}: the reviewed commit with the bundle, and its release is immutable.")


def move(place: Place) -> None:
    """Move the major version's tag to the verified release. It never moves back."""
    verify(place)
    tag, tags = place.tag(), place.clone.remote_tags()
    _refuse_a_step_back(tag, tags)
    moving = tag.partition(".")[0]
    lease = f"--force-with-lease=refs/tags/{moving}:{_object_of(place, moving)}"
    if tags.get(moving) != tags[tag]:
        place.clone.git("push", lease, "origin", f"{tags[tag]}:refs/tags/{moving}")
    print(f"{moving} is {tag}.")


def _verify_release(place: Place, tag: str, sha256: str) -> None:
    from frag_release.commands.session import require

    public = require(place.releases().public(tag), f"the release {tag}")
    if public is None:
        raise SystemExit(f"GitHub has no public release {tag}.")
    asset = public.asset(RECORD.name)
    if asset is None or asset.digest != f"sha256:{sha256}":
        raise SystemExit(f"The {RECORD} of the release {tag} does not match the tag's files.")
    if not public.immutable:
        raise SystemExit(
            f"The release {tag} can still be changed: turn on immutable releases in the settings of "
            f"{place.repository}, and release the next version."
        )


def _refuse_a_step_back(tag: str, tags: Mapping[str, str]) -> None:
    known = [match[1] for name in tags if (match := _OURS.fullmatch(name))]
    numbers = [tuple(map(int, one.split("."))) for one in known]
    own = tuple(map(int, tag[1:].split(".")))
    higher = [one for one in numbers if one[0] == own[0] and one > own]
    if higher:
        shown = ".".join(map(str, max(higher)))
        raise SystemExit(f"v{shown} is released already: {tag} would move the users of v{own[0]} back.")


def _object_of(place: Place, tag: str) -> str:
    """The object that the remote's tag points at, without following tag objects; empty if there is no such tag."""
    return place.clone.git("ls-remote", "origin", f"refs/tags/{tag}").partition("\t")[0]


def _output(place: Place, **values: str) -> None:
    path = place.environ.get("GITHUB_OUTPUT")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in values.items())


_HOW_TO_VERIFY = """\
<sub>To verify: `gh release verify {tag} --repo {repository}` for the tag, and
`gh attestation verify release.json --repo {repository}` for its files. See docs/releasing.md.</sub>"""

_STEPS: Mapping[str, Callable[[Place], None]] = {
    "plan": plan,
    "push": push,
    "publish": publish,
    "verify": verify,
    "move": move,
}


def main(arguments: list[str]) -> None:
    """Run one step. Raises SystemExit with a message for people if it fails."""
    place = Place.of(Path.cwd(), os.environ)
    try:
        if len(arguments) == 2 and arguments[0] == "commit":
            commit(place, Path(arguments[1]))
        elif len(arguments) == 1 and arguments[0] in _STEPS:
            _STEPS[arguments[0]](place)
        else:
            raise SystemExit(__doc__)
    except ExpectedError as error:
        raise SystemExit(f"{error.message} {error.remedy}".strip()) from None


if __name__ == "__main__":
    main(sys.argv[1:])
