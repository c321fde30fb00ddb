"""What lies in a clone's object store: many objects by one git process, whatever their number."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ...domain.evidence import OBJECT_ID, Answer, Answers, Blob, Unknown, WrongKind
from ...domain.workflow_file import MAX_BYTES
from .process import Git

_TREE_ENTRY = {
    20: re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL),
    32: re.compile(rb"([0-7]+) ([^\0]+)\0(.{32})", re.DOTALL),
}
_DATED = re.compile(rb"(?:tagger|committer) [^\n]*> (-?[0-9]{1,20}) [-+][0-9]+")
_FOLDER = b"40000"
_NO_FILES = {_FOLDER: "a folder", b"120000": "a symbolic link", b"160000": "a submodule"}


@dataclass(frozen=True)
class _Entry:
    """An entry of a tree. `mode` is in octal digits without leading zeros; `name` is what git finds it by."""

    mode: bytes
    name: str


def is_object_id(text: str) -> bool:
    """Whether `text` is a full object id in lower-case hexadecimal (SHA-1 or SHA-256)."""
    return bool(OBJECT_ID.fullmatch(text))


def not_an_id(text: str) -> Unknown:
    """Say that `text` cannot be looked up as a commit."""
    return Unknown(f"{text!r} is not a full commit id", "Give the commit in full, in lower case.")


def missing(git: Git, what: str) -> Unknown:
    """Say that a clone lacks an object that the repository must have."""
    if git.is_partial:
        return git.partial(what)
    return Unknown(f"{git.clone} lacks {what}", f"Run {git.remedy('fetch --tags')}.")


def peel(git: Git, object_ids: Collection[str]) -> Answer[Mapping[str, tuple[str, str, int]]]:
    """Return (type, id, size) of what is behind each object, tags followed to their end.

    What is missing is left out. Git's for-each-ref follows tags of tags only from version 2.45 on.
    """
    asked = sorted(set(object_ids))
    output = git.ask("cat-file", "--batch-check", lines=[f"{each}^{{}}".encode() for each in asked])
    if isinstance(output, Unknown):
        return output
    found: dict[str, tuple[str, str, int]] = {}
    for each, line in zip(asked, output.decode("utf-8", "replace").splitlines(), strict=False):
        words = line.split(" ")
        if len(words) == 3:
            found[each] = (words[1], words[0], int(words[2]))
    return found


def dates_of(git: Git, object_ids: Collection[str]) -> Answers[datetime.datetime | None]:
    """Return the date that each commit, or tag object, bears itself; None where it bears none that a calendar has."""
    contents = contents_of(git, set(object_ids))
    return {each: content if isinstance(content, Unknown) else date_of(content) for each, content in contents.items()}


def date_of(content: bytes) -> datetime.datetime | None:
    """Return the date that a commit or a tag object bears; None where it bears none that a calendar has."""
    # Within the headers alone: a message may quote such a line.
    found = next(filter(None, map(_DATED.fullmatch, content.partition(b"\n\n")[0].split(b"\n"))), None)
    return moment(int(found[1])) if found else None


def moment(seconds: int) -> datetime.datetime | None:
    """Return the time so many seconds after 1970; None for a date that no calendar has."""
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def files_at(git: Git, path: str, commits: Collection[str]) -> Answers[Blob | None]:
    """Return the file at `path` in each commit; None where the commit has none.

    The path is followed tree by tree: git's own `COMMIT:PATH` does not tell a file that is not there
    from one that the clone lacks, nor a file from a symbolic link.
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


def _blobs(git: Git, object_ids: Collection[str]) -> Answers[Blob]:
    if not object_ids:
        return {}
    known = peel(git, object_ids)
    if isinstance(known, Unknown):
        return dict.fromkeys(object_ids, known)
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


def contents_of(git: Git, names: Collection[str]) -> Answers[bytes]:
    """Return what each object holds. A name is an object id, or one with `^{tree}` behind it.

    Git does not look whether an object that it reads hashes to its name: `Unknown` where it does not.
    """
    asked = sorted(names)
    if not asked:
        return {}
    output = git.ask("cat-file", "--batch", lines=[each.encode() for each in asked])
    if isinstance(output, Unknown):
        return dict.fromkeys(asked, output)
    found: dict[str, Answer[bytes]] = {}
    position = 0
    for each in asked:
        end = output.find(b"\n", position)
        # `ID TYPE SIZE`, or `NAME missing`. An answer that is cut short ends in an empty header.
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
    """Say that git reads something else under an object's name than that name stands for."""
    return Unknown(
        f"the object {name} in {git.clone} does not hold what its name says",
        f"The clone is damaged, or somebody has changed it: clone it again ({git.remedy('fsck')} says more).",
    )
