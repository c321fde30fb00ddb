"""Lists of GitHub Actions, which tell how many items they have: whole, or no evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from ...domain.evidence import Answer, TooLong, Unknown
from ..http.messages import Response
from .api import ACTIONS, RepositoryApi

PAGE = 100
MOST_PAGES = 10
"""A filtered list ends at 1,000 items, whatever there is (OpenAPI `actions/list-workflow-runs-for-repo`)."""

_TOO_MANY = "Running this again does not help. Use another commit under a new tag, which has fewer runs."

_Page = TypeVar("_Page")
_Item = TypeVar("_Item")


def runs_by_event(
    api: RepositoryApi, listed: Callable[[str], Answer[list[_Item]]], events: Sequence[str]
) -> Answer[list[_Item]]:
    """Return what `listed` shows of all runs or, where those are too many, of those of each of `events`.

    So runs that do not count, such as those of pull requests or of a schedule, cannot bury the others.
    """
    found = listed("")
    if not isinstance(found, TooLong):
        return found
    runs: list[_Item] = []
    for each in api.http.parallel([partial(listed, event) for event in events]):
        if isinstance(each, Unknown):
            return replace(each, remedy=_TOO_MANY) if isinstance(each, TooLong) else each
        runs += each
    return runs


def whole_list(
    api: RepositoryApi,
    first: Answer[Response],
    page_kind: type[_Page],
    items_of: Callable[[_Page], tuple[int, Iterable[tuple[int, _Item]]]],
    *,
    what: str,
    noun: str,
) -> Answer[list[_Item]]:
    """Return the items of all pages, each once; `Unknown` if fewer were sent than the list says there are.

    `items_of` returns that number, and the page's items with their ids: an item that moves to the next page between
    two requests comes twice.
    """
    payload = first if isinstance(first, Unknown) else api.read(first, page_kind, what)
    if isinstance(payload, Unknown) or isinstance(first, Unknown):
        return payload if isinstance(payload, Unknown) else api.mismatch(what)
    if items_of(payload)[0] >= PAGE * MOST_PAGES:
        shown = f"{api.name} has {PAGE * MOST_PAGES:,} {noun} or more"
        return TooLong(f"{shown} when asked for {what}: GitHub shows no more")
    pages = api.pages(first, what, MOST_PAGES, ACTIONS)
    rest = pages if isinstance(pages, Unknown) else _read_all(api, pages[1:], page_kind, what)
    if isinstance(rest, Unknown):
        return rest
    listed = [items_of(each) for each in (payload, *rest)]
    found = {number: item for _, items in listed for number, item in items}
    most = max(total for total, _ in listed)
    if len(found) < most:
        return Unknown(f"of {most} {noun} only {len(found)} were sent, when asked for {what} of {api.name}")
    return list(found.values())


def _read_all(api: RepositoryApi, pages: Sequence[Response], kind: type[_Page], what: str) -> Answer[list[_Page]]:
    found: list[_Page] = []
    for page in pages:
        payload = api.read(page, kind, what)
        if isinstance(payload, Unknown):
            return payload
        found.append(payload)
    return found
