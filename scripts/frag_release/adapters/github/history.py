"""The commits between two commits, and those of a whole branch, page by page.

Listing a branch in pages of a hundred is cheaper than comparing many commits one by one.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypedDict

from ...dataclass import dataclass
from ...domain.changes import Commit, History, NewFiles
from ...domain.evidence import Answer, Unknown, Unseen, answered, seen
from ..http.messages import Response, quoted
from .api import RepositoryApi
from .payloads import CommitFacts, ComparedFiles, ComparisonPage, NamedCommit, read_message, read_payload
from .refs import COMMIT, parse_time

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
