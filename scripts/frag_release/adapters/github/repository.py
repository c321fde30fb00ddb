"""One repository on GitHub: its visibility, its current name, files at a commit, and which branches hold a commit.

Also the commits between two commits, and those of a whole branch, page by page: listing a branch
in pages of a hundred is cheaper than comparing many commits one by one.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypedDict, TypeVar

from ...dataclass import dataclass
from ...domain.changes import Commit, History, NewFiles
from ...domain.evidence import Answer, Blob, Placement, Unknown, Unseen, WrongKind, answered, seen
from ..http import SingleFlight
from ..http.messages import Response, quoted
from .api import RepositoryApi
from .payloads import (
    BareCommit,
    CommitFacts,
    ComparedFiles,
    ComparisonPage,
    Content,
    FullName,
    NamedCommit,
    read_message,
    read_payload,
)
from .refs import COMMIT, GithubRefs, Position, compare, distinct, parse_time

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Collection

    from ...domain.evidence import Answers


_COMMITS_A_PAGE = 100
_LAST = re.compile(r'<[^<>]*[?&]page=([0-9]{1,6})(?:&[^<>]*)?>\s*;[^<]*\brel="?last"?')

Dates = Mapping[str, "datetime.datetime | None"]
MOST_COMMITS = 2000
"""More than any release has brought; a longer range is not one between neighbouring releases."""
_PAGE = 100
_MAX_BYTES = 32 * 1024 * 1024
"""The first page of a comparison also lists up to 300 files with their changes."""
_MOST_FILES = 300
_WITH_ADDED, _WITH_REMOVED = ("ahead", "diverged"), ("behind", "diverged")
_MOST_LOGGED = 100
_MOST_COMPARED = 25
"""A gate places up to 21 commits of the stack; comparing those takes one round trip, listing takes two."""
_T = TypeVar("_T")


class ListedCommit(TypedDict):
    """One item of `repos/list-commits`."""

    sha: str
    commit: CommitFacts
    parents: list[NamedCommit]


def branch_commits(api: RepositoryApi, head: str, most_pages: int) -> Dates | None:
    """Return every commit that `head` (a full id) reaches, with its date; None if that takes more pages.

    The list is accepted only if it is complete: it starts with `head` and contains every parent of its commits, so
    that nothing the head reaches can be missing (OpenAPI `repos/list-commits`). Raises Unseen.
    """
    what = f"the commits of the branch head {head[:12]}"
    first = api.get("/commits", what, {"sha": head, "per_page": _COMMITS_A_PAGE})
    count = _pages(api, first, what)
    if count > most_pages:
        return None
    calls = [partial(_page_of_branch, api, head, number, what) for number in range(2, count + 1)]
    return _whole(api, head, [first, *api.http.parallel(calls)], what)


@answered
def _page_of_branch(api: RepositoryApi, head: str, number: int, what: str) -> Response:
    return api.get("/commits", what, {"sha": head, "per_page": _COMMITS_A_PAGE, "page": number})


def _pages(api: RepositoryApi, first: Response, what: str) -> int:
    """Return the number of pages; more than are ever read if GitHub does not name the last one."""
    following = seen(api.next_page(first, what))
    last = _LAST.search(first.header("link"))
    return 1 if not following else int(last[1]) if last else 10**6


def _whole(api: RepositoryApi, head: str, pages: Sequence[Answer[Response]], what: str) -> Dates:
    found: dict[str, datetime.datetime | None] = {}
    parents: set[str] = set()
    for page in pages:
        for each in api.read(seen(page), list[ListedCommit], what):
            committer = each["commit"].get("committer")
            found[each["sha"]] = parse_time(committer["date"]) if committer else None
            parents.update(parent["sha"] for parent in each["parents"])
    if next(iter(found), "") != head or parents - found.keys():
        raise Unseen(Unknown(f"GitHub sent only part of {what} of {api.name}"))
    return found


@dataclass(frozen=True)
class _Page:
    """A page of a comparison. Only the first page lists files, up to 300 (docs: "Compare two commits")."""

    facts: ComparisonPage
    new_files: NewFiles | None


def read_history(api: RepositoryApi, old: str, new: str) -> History:
    """Return what `new` has and `old` does not, and the reverse, newest first; both full commit ids. Raises Unseen.

    Without `page`, a comparison would end after 250 commits (OpenAPI `repos/compare-commits-with-basehead`).
    """
    for commit in (old, new):
        if not COMMIT.fullmatch(commit):
            raise Unseen(Unknown(f"{quoted(commit)} is not a full commit id"))
    if old == new:
        return History()
    first = _page(api, old, new, 1)
    status = first.facts["status"]
    sides = (
        _side(api, old, new, first) if status in _WITH_ADDED else History(),
        _side(api, new, old) if status in _WITH_REMOVED else History(),
    )
    added, removed = map(seen, sides)
    api.expect(bool(added.added or removed.added), _what(old, new))
    return History(added.added, removed.added, new_files=added.new_files, lost_files=removed.new_files)


@answered
def _side(api: RepositoryApi, old: str, new: str, first: _Page | None = None) -> History:
    """Return what `new` has and `old` does not, requesting all other pages in parallel."""
    start = first or _page(api, old, new, 1)
    return History(_rest(api, old, new, start), new_files=start.new_files)


def _rest(api: RepositoryApi, old: str, new: str, first: _Page) -> Sequence[Commit]:
    """Return all commits of the comparison that starts with `first`, requesting the other pages in parallel."""
    total = first.facts["total_commits"]
    if total > MOST_COMMITS:
        count = f"there are {total:,} commits of {api.name} between {old[:12]} and {new[:12]}"
        raise Unseen(Unknown(f"{count}, more than the {MOST_COMMITS:,} that are read", "Compare the two on GitHub."))
    numbers = range(2, -(-total // _PAGE) + 1)
    pages = [first, *api.http.parallel([partial(_page, api, old, new, number) for number in numbers])]
    found: dict[str, Commit] = {}
    for page in pages:
        found.update(
            (each["sha"], Commit(each["sha"], each["commit"]["message"].rstrip("\n"))) for each in page.facts["commits"]
        )
    if len(found) != total or new not in found:
        raise Unseen(Unknown(f"GitHub sent {len(found)} of {total} commits of {api.name} up to {new[:12]}"))
    # GitHub sends the oldest first.
    return list(reversed(found.values()))


def _page(api: RepositoryApi, old: str, new: str, number: int) -> _Page:
    query: dict[str, str | int] = {"per_page": _PAGE, "page": number}
    response = api.get(f"/compare/{old}...{new}", _what(old, new), query, max_bytes=_MAX_BYTES)
    if response.status == 404:
        raise Unseen(_absent(api, response, old, new))
    page = api.read(response, ComparisonPage, _what(old, new))
    api.expect(page["base_commit"]["sha"] == old, _what(old, new))
    return _Page(page, _new_files(response))


def _new_files(response: Response) -> NewFiles | None:
    listed = read_payload(response.body, ComparedFiles)
    if listed is None:
        return None
    paths = [each["filename"] for each in listed["files"] if each["status"] in ("added", "copied", "renamed")]
    return NewFiles(paths, is_all=len(listed["files"]) < _MOST_FILES)


def _absent(api: RepositoryApi, response: Response, old: str, new: str) -> Unknown:
    if read_message(response.body).startswith("No common ancestor between"):
        return Unknown(f"{old[:12]} and {new[:12]} of {api.name} share no history", "Compare their files instead.")
    api.confirm_absence()
    return Unknown(f"{api.name} does not have {_what(old, new)}")


def _what(old: str, new: str) -> str:
    return f"the commits between {old[:12]} and {new[:12]}"


class Visibility(TypedDict):
    """`repos/get`: the visibility of a repository."""

    private: bool


def is_named(api: RepositoryApi, name: str) -> bool:
    """Whether this is the repository's name: the requested one, or its current one if it was renamed."""
    if name.lower() == api.name.lower():
        return True
    facts = answered(lambda: api.read(api.entry(), FullName, "the entry"))()
    return not isinstance(facts, Unknown) and facts["full_name"].lower() == name.lower()


def is_private(api: RepositoryApi) -> bool:
    """Whether read access is restricted; one that is internal to an enterprise is private, too (`repos/get`)."""
    return api.read(api.entry(), Visibility, "the entry")["private"]


@answered
def read_file(api: RepositoryApi, path: str, commit: str) -> Blob | None:
    """Return the file at `path` in a commit (empty: on the default branch); None if there is none.

    GitHub sends no content of files over 1 MiB.
    """
    what = f"the file {path} at {commit[:12]}" if commit else f"the file {path} of the default branch"
    if commit and not COMMIT.fullmatch(commit):
        raise Unseen(Unknown(f"{quoted(commit)} is not a full commit id"))
    found = api.one(f"/contents/{path}", what, Content, {"ref": commit} if commit else None)
    blob = _blob(found) if found else None
    api.expect(found is None or blob is not None, what)
    return blob


def _blob(found: Content) -> Blob | None:
    """Return the file in a reply; None if the reply does not hold a whole file.

    The content must have the blob's id: GitHub follows symbolic links, and a proxy may truncate.
    """
    if found["type"] != "file":
        return None
    if found["encoding"] == "none":
        return Blob(found["size"], b"")
    try:
        content = base64.b64decode(found["content"])
    except (binascii.Error, ValueError):
        return None
    blob_id = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    whole = found["encoding"] == "base64" and found["size"] == len(content) and found["sha"] == blob_id
    return Blob(found["size"], content) if whole else None


class GithubDates:
    """The dates of tags and commits of one repository, each requested once."""

    def __init__(self, api: RepositoryApi, refs: GithubRefs) -> None:
        self._api = api
        self._refs = refs
        self._known: SingleFlight[str, Answer[datetime.datetime | None]] = SingleFlight()

    def learn(self, commit: str, date: datetime.datetime) -> None:
        """Keep the date of a commit that came with another reply."""
        self._known.put(commit, date)

    def of_tag(self, name: str) -> datetime.datetime | None:
        """The date of an annotated tag, else that of its commit; None if there is none. Raises Unseen."""
        tag = self._refs.tag_object(name)
        if tag:
            tagger = tag.get("tagger")
            return parse_time(tagger["date"]) if tagger else None
        commit = answered(self._refs.tag)(name)
        if commit is None or isinstance(commit, WrongKind):
            return None
        return self._of_commit(seen(commit))

    def _of_commit(self, commit: str) -> datetime.datetime | None:
        return seen(self._known.get(commit, lambda: self._ask(commit)))

    @answered
    def _ask(self, commit: str) -> datetime.datetime | None:
        what = f"the commit {commit[:12]}"
        found = self._api.read(self._api.get(f"/git/commits/{commit}", what), BareCommit, what)
        self._api.expect(found["sha"] == commit, what)
        committer = found.get("committer")
        return parse_time(committer["date"]) if committer else None


class GithubRepository:
    """One repository. Answers are kept; the requests of a batch are sent in parallel."""

    def __init__(self, api: RepositoryApi) -> None:
        self.api = api
        self._refs = GithubRefs(api)
        self._positions: SingleFlight[tuple[str, str], Answer[Position]] = SingleFlight()
        self._histories: SingleFlight[tuple[str, str], Answer[History]] = SingleFlight()
        self._files: SingleFlight[tuple[str, str], Answer[Blob | None]] = SingleFlight()

    @property
    def name(self) -> str:
        """`OWNER/NAME`."""
        return self.api.name

    @answered
    def default_branch(self) -> str:
        """The default branch."""
        return self.api.facts()["default_branch"]

    @answered
    def is_private(self) -> bool:
        """Whether read access is restricted."""
        return is_private(self.api)

    def tags(self, names: Collection[str]) -> Answers[str | None]:
        """The commit of each tag; None if the repository is readable and has no such tag."""
        return self._each(names, self._refs.tag)

    def tag_objects(self, names: Collection[str]) -> Answers[str | None]:
        """The id of each annotated tag's own object, which a request for the tag has already returned."""
        return self._each(names, self._refs.tag_object_id)

    @cached_property
    def _dates(self) -> GithubDates:
        return GithubDates(self.api, self._refs)

    def tag_dates(self, names: Collection[str]) -> Answers[datetime.datetime | None]:
        """When each tag was made: the date of an annotated tag, else that of its commit."""
        return self._each(names, self._dates.of_tag)

    @answered
    def tags_starting(self, prefixes: Collection[str]) -> Sequence[str]:
        """The names of all tags that start with one of `prefixes`, sorted."""
        lists = self._each(prefixes, self._refs.tags_starting)
        return sorted({name for listed in lists.values() for name in seen(listed)})

    def branches(self, names: Collection[str]) -> Answers[str | None]:
        """The head commit of each branch; None if the repository is readable and has no such branch."""
        return self._each(names, self._refs.branch)

    def placements(self, commits: Collection[str], branches: Sequence[str]) -> Answers[Placement]:
        """Which of `branches` contain each commit: one request for each commit and branch, in parallel.

        For many commits the branches are listed instead, if that takes fewer requests. One branch known
        to contain a commit is enough, even if others could not be read.
        """
        heads = self.branches(branches)
        if len(commits) > _MOST_COMPARED:
            for head in filter(None, {head for head in heads.values() if isinstance(head, str)}):
                self._list(head, distinct(commits))
        pairs = [(head, commit) for commit in distinct(commits) for head in heads.values() if isinstance(head, str)]
        positions = dict(
            zip(pairs, self.api.http.parallel([partial(self._place, *pair) for pair in pairs]), strict=True)
        )
        return {commit: self._placement(commit, heads, positions) for commit in commits}

    def files(self, path: str, commits: Collection[str]) -> Answers[Blob | None]:
        """The file at `path` in each commit. GitHub sends no content of files over 1 MiB."""
        return self._each(
            commits, lambda commit: self._files.get((path, commit), partial(read_file, self.api, path, commit))
        )

    def current_file(self, path: str) -> Answer[Blob | None]:
        """The file at `path` on the default branch: one request, since its name is not needed."""
        return self._files.get((path, ""), partial(read_file, self.api, path, ""))

    @answered
    def log(self, branch: str, limit: int) -> Sequence[str]:
        """The newest `limit` (at most 100) commits of a branch, newest first."""
        head = self._refs.branch(branch)
        if head is None:
            raise Unseen(self._no_branch([branch]))
        what = f"the newest commits of the branch {branch}"
        response = self.api.get("/commits", what, {"sha": head, "per_page": min(limit, _MOST_LOGGED)})
        found = [each["sha"] for each in self.api.read(response, list[NamedCommit], what)]
        self.api.expect(found[:1] == [head], what)
        return found

    @answered
    def branches_starting(self, prefix: str) -> Sequence[str]:
        """The names of all branches that start with `prefix`, sorted."""
        return self._refs.branches_starting(prefix)

    def history(self, old: str, new: str) -> Answer[History]:
        """The commits between two commits, newest first; `Unknown` if there are more than 2,000."""

        return self._histories.get((old, new), answered(lambda: read_history(self.api, old, new)))

    def _each(self, names: Collection[str], ask: Callable[[str], _T | Unknown]) -> Answers[_T]:
        asked = distinct(names)
        return dict(zip(asked, self.api.http.parallel([partial(answered(ask), name) for name in asked]), strict=True))

    def _list(self, head: str, commits: Sequence[str]) -> None:
        """Place commits by the list of all that a head reaches; without that list, they are compared one by one."""

        listed = answered(branch_commits)(self.api, head, len(commits))
        if listed is None or isinstance(listed, Unknown):
            return
        for commit in commits:
            self._positions.put((head, commit), Position(commit in listed, listed.get(commit)))

    def _place(self, head: str, commit: str) -> Answer[Position]:
        if not COMMIT.fullmatch(commit):
            return Unknown(f"{quoted(commit)} is not a full commit id")
        position = self._positions.get((head, commit), answered(lambda: compare(self.api, head, commit)))
        if isinstance(position, Position) and position.committed:
            self._dates.learn(commit, position.committed)
        return position

    def _placement(
        self,
        commit: str,
        heads: Answers[str | None],
        positions: Mapping[tuple[str, str], Answer[Position]],
    ) -> Answer[Placement]:
        found: dict[str, Position] = {}
        unknown: Unknown | None = None
        for branch, head in heads.items():
            position = positions[head, commit] if isinstance(head, str) else head
            if isinstance(position, Unknown):
                unknown = position
            elif position and position.contained:
                found[branch] = position
        if found:
            dates = (position.committed for position in found.values())
            return Placement(frozenset(found), next(filter(None, dates), None))
        if unknown:
            return unknown
        return Placement(frozenset()) if any(heads.values()) else self._no_branch(list(heads))

    def _no_branch(self, branches: Sequence[str]) -> Unknown:
        return Unknown(
            f"{self.name} has no branch {' or '.join(map(quoted, branches))}",
            "Correct the name of the branch.",
        )
