"""The contents of a clone: its objects, tags and branches, and the history of its commits.

One git process reads many objects. All tags and branches are listed and compared here, byte by byte: git's own name
lookup would also resolve `refs/tags/1.2-1-gabc1234` to the commit abc1234, and `1.2` to the tag `refs/tags/1.2`.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar, cast

from ...dataclass import dataclass
from ...domain import changes
from ...domain.evidence import OBJECT_ID, Answer, Answers, Blob, Unknown, Unseen, WrongKind, seen
from ...domain.workflow_file import MAX_BYTES
from ..ports import CommitFacts
from .process import Git

_TAGS = b"refs/tags/"
_LOCAL = b"refs/heads/"
_REMOTE = b"refs/remotes/origin/"

_Batch = TypeVar("_Batch", bound=Callable[..., Answers[Any]])
_TREE_ENTRY = {
    20: re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL),
    32: re.compile(rb"([0-7]+) ([^\0]+)\0(.{32})", re.DOTALL),
}
_DATED = re.compile(rb"(?:tagger|committer) [^\n]*> (-?[0-9]{1,20}) [-+][0-9]+")
_FOLDER = b"40000"
_NO_FILES = {_FOLDER: "a folder", b"120000": "a symbolic link", b"160000": "a submodule"}


def each_answered(ask: _Batch) -> _Batch:
    """Decorate a question about a batch (its second argument): if it raises Unseen, that is the answer to each."""

    @functools.wraps(ask)
    def door(place: object, batch: Collection[str], *more: object) -> Answers[Any]:
        try:
            return ask(place, batch, *more)
        except Unseen as error:
            return dict.fromkeys(batch, error.unknown)

    return cast(_Batch, door)


@dataclass(frozen=True)
class Branches:
    """The head commits of a repository's branches, and the name of the default branch if known.

    `of_origin`: they are the branches of the repository that was cloned.
    """

    heads: Mapping[bytes, str]
    default: bytes | None
    of_origin: bool = False


def encoded(name: str) -> bytes:
    """Return a tag's or branch's name in git's encoding; one that is not valid text matches nothing."""
    return name.encode("utf-8", "surrogatepass")


def read_tags(git: Git) -> Mapping[bytes, str]:
    """Return the id of the object that each tag points at, which may be a tag object."""
    # This format reads no objects, so a missing one does not hide the other tags.
    output = git.ask("for-each-ref", "--format=%(objectname) %(refname)", _TAGS.decode())
    pairs = (line.split(b" ", 1) for line in output.splitlines())
    return {name[len(_TAGS) :]: object_id.decode() for object_id, name in pairs}


def read_branches(git: Git) -> Branches:
    """Return the branches of the repository that was cloned, or the clone's own if none of those is known.

    If the clone has its origin's branches, its local branches and what is checked out do not count.
    """
    row = "--format=%(objectname) %(refname) %(HEAD)%(symref)"
    output = git.ask("for-each-ref", row, _REMOTE.decode(), _LOCAL.decode())
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


@dataclass(frozen=True)
class _Entry:
    """An entry of a tree. `mode` is in octal digits without leading zeros; `name` is one that git can look up."""

    mode: bytes
    name: str


def is_object_id(text: str) -> bool:
    """Whether `text` is a full object id in lower-case hexadecimal (SHA-1 or SHA-256)."""
    return bool(OBJECT_ID.fullmatch(text))


def not_an_id(text: str) -> Unknown:
    """Return the answer for a `text` that is not a commit id."""
    return Unknown(f"{text!r} is not a full commit id", "Give the commit in full, in lower case.")


def missing(git: Git, what: str) -> Unknown:
    """Return the answer for an object that the repository must have, but the clone lacks."""
    if git.is_partial:
        return git.partial(what)
    return Unknown(f"{git.clone} lacks {what}", f"Run {git.remedy('fetch --tags')}.")


def peel(git: Git, object_ids: Collection[str]) -> Mapping[str, tuple[str, str, int]]:
    """Return (type, id, size) of what each object peels to: tag objects are followed to the end.

    Missing objects are left out. (Git's for-each-ref follows tags of tags only from version 2.45 on.)
    """
    asked = sorted(set(object_ids))
    output = git.ask("cat-file", "--batch-check", lines=[f"{each}^{{}}".encode() for each in asked])
    found: dict[str, tuple[str, str, int]] = {}
    for each, line in zip(asked, output.decode("utf-8", "replace").splitlines(), strict=False):
        words = line.split(" ")
        if len(words) == 3:
            found[each] = (words[1], words[0], int(words[2]))
    return found


def dates_of(git: Git, object_ids: Collection[str]) -> Answers[datetime.datetime | None]:
    """Return the date in each commit or tag object, as `date_of`."""
    contents = contents_of(git, set(object_ids))
    return {each: content if isinstance(content, Unknown) else date_of(content) for each, content in contents.items()}


def date_of(content: bytes) -> datetime.datetime | None:
    """Return the date in a commit or a tag object; None if it has none, or one out of the calendar's range."""
    # Only in the headers: a message may quote such a line.
    found = next(filter(None, map(_DATED.fullmatch, content.partition(b"\n\n")[0].split(b"\n"))), None)
    return moment(int(found[1])) if found else None


def moment(seconds: int) -> datetime.datetime | None:
    """Return the time from seconds since 1970; None if it is out of the calendar's range."""
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def files_at(git: Git, path: str, commits: Collection[str]) -> Answers[Blob | None]:
    """Return the file at `path` in each commit; None if the commit has none.

    The path is followed tree by tree: git's own `COMMIT:PATH` does not distinguish an absent file from one that the
    clone lacks, nor a file from a symbolic link.
    """
    found: dict[str, Answer[_Entry | None]] = {
        commit: _Entry(_FOLDER, f"{commit}^{{tree}}") if is_object_id(commit) else not_an_id(commit)
        for commit in commits
    }
    for part in path.split("/"):
        folders = {each.name for each in found.values() if isinstance(each, _Entry) and each.mode == _FOLDER}
        trees = contents_of(git, folders)
        wanted = part.encode("utf-8", "surrogatepass")
        found = {commit: _enter(each, wanted, trees, len(commit) // 2) for commit, each in found.items()}
    blobs = _blobs(git, {each.name for each in found.values() if isinstance(each, _Entry) and _is_file(each)})
    return {commit: _file(path, each, blobs) for commit, each in found.items()}


def _is_file(entry: _Entry) -> bool:
    return entry.mode not in _NO_FILES


def _enter(place: Answer[_Entry | None], part: bytes, trees: Answers[bytes], width: int) -> Answer[_Entry | None]:
    """Return the entry `part` of the folder at `place`; object ids have `width` bytes."""
    if place is None or isinstance(place, Unknown):
        return place
    if place.mode != _FOLDER:
        return None
    tree = trees[place.name]
    if isinstance(tree, Unknown):
        return tree
    entries = (match.groups() for match in _TREE_ENTRY[width].finditer(tree))
    return next((_Entry(mode.lstrip(b"0"), each.hex()) for mode, name, each in entries if name == part), None)


def _file(path: str, entry: Answer[_Entry | None], blobs: Answers[Blob]) -> Answer[Blob | None]:
    if entry is None or isinstance(entry, Unknown):
        return entry
    if _is_file(entry):
        return blobs[entry.name]
    return WrongKind(f"{path} is {_NO_FILES[entry.mode]}, not a file", f"Commit {path} as a file.")


@each_answered
def _blobs(git: Git, object_ids: Collection[str]) -> Answers[Blob]:
    if not object_ids:
        return {}
    known = peel(git, object_ids)
    contents = contents_of(git, {each for each, (_, _, size) in known.items() if size <= MAX_BYTES})
    return {each: _blob(git, each, known, contents) for each in object_ids}


def _blob(
    git: Git, object_id: str, known: Mapping[str, tuple[str, str, int]], contents: Answers[bytes]
) -> Answer[Blob]:
    if object_id not in known:
        return missing(git, f"the object {object_id}")
    size = known[object_id][2]
    content = contents.get(object_id, b"")
    return content if isinstance(content, Unknown) else Blob(size, content)


@each_answered
def contents_of(git: Git, names: Collection[str]) -> Answers[bytes]:
    """Return the content of each object. A name is an object id, optionally with `^{tree}` after it.

    `Unknown` if an object does not hash to its id, which git does not check when it reads one.
    """
    asked = sorted(names)
    if not asked:
        return {}
    output = git.ask("cat-file", "--batch", lines=[each.encode() for each in asked])
    found: dict[str, Answer[bytes]] = {}
    position = 0
    for each in asked:
        end = output.find(b"\n", position)
        # `ID TYPE SIZE`, or `NAME missing`. Truncated output ends in an empty header.
        words = output[position : max(end, position)].split(b" ")
        if len(words) != 3:
            found[each] = missing(git, f"the object {each}")
            position = end + 1 if end >= 0 else len(output)
            continue
        size = int(words[2])
        content = output[end + 1 : end + 1 + size]
        found[each] = content if _is_named(words[0].decode(), words[1], content) else damaged(git, each)
        position = end + size + 2
    return found


def _is_named(object_id: str, kind: bytes, content: bytes) -> bool:
    algorithm = hashlib.sha256 if len(object_id) == 64 else hashlib.sha1
    return algorithm(b"%s %d\0%s" % (kind, len(content), content)).hexdigest() == object_id


def damaged(git: Git, name: str) -> Unknown:
    """Return the answer for an object whose content does not match its id."""
    return Unknown(
        f"the content of the object {name} in {git.clone} does not match its id",
        f"The clone is damaged or was changed: clone it again ({git.remedy('fsck')} shows details).",
    )


@dataclass(frozen=True)
class History:
    """Commits with their parents, and the commit dates of those asked about (UTC, as `date_of`)."""

    parents: Mapping[str, Sequence[str]]
    committed: Mapping[str, datetime.datetime | None]

    def reached_from(self, head: str) -> Collection[str]:
        """Return `head` and all its ancestors."""
        reached: set[str] = set()
        waiting = [head]
        while waiting:
            commit = waiting.pop()
            if commit not in reached:
                reached.add(commit)
                waiting.extend(self.parents.get(commit, ()))
        return reached


def read_history(git: Git, commits: Collection[str]) -> History:
    """Return `commits`, with their dates, and all their ancestors; those that the clone lacks are left out."""
    # Two processes for everything: a question about each pair of commit and branch would take one each.
    asked = set(commits)
    lines = [commit.encode() for commit in sorted(asked)]
    output = git.ask("rev-list", "--parents", "--ignore-missing", "--stdin", lines=lines)
    rows = (line.split(" ") for line in output.decode("ascii").splitlines())
    parents = {commit: of_commit for commit, *of_commit in rows}
    dates = dict[str, datetime.datetime | None]()
    for commit, answer in contents_of(git, parents).items():
        content = seen(answer)
        # In a shallow clone some commits have no parents; anything else must match the commit itself.
        if parents[commit] and not _has_parents(content, parents[commit]):
            raise Unseen(damaged(git, commit))
        if commit in asked:
            dates[commit] = date_of(content)
    return History(parents, dates)


def _has_parents(content: bytes, parents: Sequence[str]) -> bool:
    lines = b"".join(b"parent %s\n" % parent.encode() for parent in parents)
    start = content.find(b"\n") + 1
    return content.startswith(lines, start) and not content.startswith(b"parent ", start + len(lines))


def read_changes(git: Git, old: str, new: str) -> changes.History:
    """Return the commits of `new` that `old` lacks, and the reverse, newest first, from one process.

    Both are full commit ids. Raises Unseen if they share no history, or the clone lacks one.
    """
    if old == new:
        return changes.History()
    rows = _fields(git, f"{old}...{new}", "%m%H", "%B", options=("--left-right", "--boundary", "--date-order"))
    sides: dict[str, list[changes.Commit]] = {"<": [], ">": [], "-": []}
    for marked, message in rows:
        sides[marked[0]].append(changes.Commit(marked[1:], message.rstrip("\n")))
    # The boundary is where the two diverged.
    if not sides["-"]:
        reason = f"{old[:12]} and {new[:12]} in {git.clone} share no history"
        raise Unseen(Unknown(reason, "Compare their files instead."))
    return changes.History(sides[">"], sides["<"])


def read_facts(git: Git, commit: str) -> CommitFacts:
    """Return the facts in a commit, given by its full id."""
    rows = _fields(git, commit, "%H", "%P", "%an", "%B", options=("--no-walk",))
    if not rows:
        raise Unseen(missing(git, f"the commit {commit}"))
    sha, parents, author, message = rows[0]
    return CommitFacts(sha, message.rstrip("\n"), parents.split(), author)


def _fields(git: Git, range_: str, *fields: str, options: Sequence[str]) -> list[list[str]]:
    """Return the fields (placeholders of git's pretty formats) of each commit of a range."""
    # Not `git log`, which starts a program to check signatures if the clone's configuration asks for it.
    row = "%x00".join(("", *fields, ""))
    output = git.ask("rev-list", *options, "--encoding=UTF-8", f"--format={row}", "--stdin", lines=[range_.encode()])
    # For each commit: a line `commit ID`, then the fields with a NUL before and after each of them.
    parts = output.decode("utf-8", "replace").split("\0")
    width = len(fields) + 1
    return [parts[start : start + len(fields)] for start in range(1, len(parts) - 1, width)]
