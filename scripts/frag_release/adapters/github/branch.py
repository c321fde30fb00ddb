"""All commits of a branch by pages of a hundred: cheaper than a comparison for each of many commits."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypedDict

from ...domain.evidence import Answer, Unknown
from ..http.messages import Response
from .api import RepositoryApi
from .compare import moment_of
from .payloads import CommitFacts, NamedCommit

_PAGE = 100
_LAST = re.compile(r'<[^<>]*[?&]page=([0-9]{1,6})(?:&[^<>]*)?>\s*;[^<]*\brel="?last"?')

Dates = Mapping[str, "datetime.datetime | None"]


class ListedCommit(TypedDict):
    """One item of `repos/list-commits`."""

    sha: str
    commit: CommitFacts
    parents: list[NamedCommit]


def branch_commits(api: RepositoryApi, head: str, most_pages: int) -> Answer[Dates | None]:
    """Return every commit that `head` (a full id) reaches, with its date; None where that takes more pages.

    The list is believed only if it is whole: it starts with `head`, and every parent of a commit in it is
    in it too, so that nothing which the head reaches can be missing (OpenAPI `repos/list-commits`).
    """
    what = f"the commits of the branch head {head[:12]}"
    first = api.get("/commits", what, {"sha": head, "per_page": _PAGE})
    if isinstance(first, Unknown):
        return first
    count = _pages(api, first, what)
    if isinstance(count, Unknown):
        return count
    if count > most_pages:
        return None
    calls = [partial(_page, api, head, number, what) for number in range(2, count + 1)]
    return _whole(api, head, [first, *api.http.parallel(calls)], what)


def _page(api: RepositoryApi, head: str, number: int, what: str) -> Answer[Response]:
    return api.get("/commits", what, {"sha": head, "per_page": _PAGE, "page": number})


def _pages(api: RepositoryApi, first: Response, what: str) -> Answer[int]:
    """Return how many pages there are; more than are ever read where GitHub does not name the last."""
    following = api.next_page(first, what)
    if isinstance(following, Unknown):
        return following
    last = _LAST.search(first.header("link"))
    return 1 if not following else int(last[1]) if last else 10**6


def _whole(api: RepositoryApi, head: str, pages: Sequence[Answer[Response]], what: str) -> Answer[Dates]:
    found: dict[str, datetime.datetime | None] = {}
    parents: set[str] = set()
    for page in pages:
        commits = page if isinstance(page, Unknown) else api.read(page, list[ListedCommit], what)
        if isinstance(commits, Unknown):
            return commits
        for each in commits:
            committer = each["commit"].get("committer")
            found[each["sha"]] = moment_of(committer["date"]) if committer else None
            parents.update(parent["sha"] for parent in each["parents"])
    if next(iter(found), "") != head or parents - found.keys():
        return Unknown(f"GitHub sent only a part of {what} of {api.name}")
    return found
