"""The tags and branches of a clone.

All of them are listed and compared here, byte by byte. Git's own ways to look a name up would also
take `refs/tags/1.2-1-gabc1234` for the commit abc1234, and the tag `refs/tags/1.2` for `1.2`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...domain.evidence import Answer, Unknown
from .process import Git

_TAGS = b"refs/tags/"
_LOCAL = b"refs/heads/"
_REMOTE = b"refs/remotes/origin/"


@dataclass(frozen=True)
class Branches:
    """The head commits of a repository's branches, and the name of the default branch if it shows.

    `of_origin` says that they are those of the repository that was cloned.
    """

    heads: Mapping[bytes, str]
    default: bytes | None
    of_origin: bool = False


def encoded(name: str) -> bytes:
    """Return a tag's or branch's name as git keeps it; one that is not proper text matches nothing."""
    return name.encode("utf-8", "surrogatepass")


def read_tags(git: Git) -> Answer[Mapping[bytes, str]]:
    """Return the id of what each tag points at, which may be an annotated tag."""
    # Nothing here needs the objects: one that is missing must not hide all the other tags.
    output = git.ask("for-each-ref", "--format=%(objectname) %(refname)", _TAGS.decode())
    if isinstance(output, Unknown):
        return output
    pairs = (line.split(b" ", 1) for line in output.splitlines())
    return {name[len(_TAGS) :]: object_id.decode() for object_id, name in pairs}


def read_branches(git: Git) -> Answer[Branches]:
    """Return the branches of the repository that was cloned, or the clone's own where none is known.

    A clone that knows its origin's branches may have others of its user's own: they do not count, nor
    does what is checked out there.
    """
    row = "--format=%(objectname) %(refname) %(HEAD)%(symref)"
    output = git.ask("for-each-ref", row, _REMOTE.decode(), _LOCAL.decode())
    if isinstance(output, Unknown):
        return output
    rows = [line.split(b" ", 2) for line in output.splitlines()]
    remote = {name[len(_REMOTE) :]: each.decode() for each, name, _ in rows if name.startswith(_REMOTE)}
    if remote:
        origin_head = next((mark for _, name, mark in rows if name == _REMOTE + b"HEAD"), b"").lstrip()
        remote.pop(b"HEAD", None)
        return Branches(remote, _below(_REMOTE, origin_head), of_origin=True)
    local = {name[len(_LOCAL) :]: each.decode() for each, name, _ in rows}
    current = next((name for _, name, mark in rows if mark.startswith(b"*")), b"")
    return Branches(local, _below(_LOCAL, current))


def _below(folder: bytes, name: bytes) -> bytes | None:
    return name[len(folder) :] if name.startswith(folder) else None
