"""Lists of GitHub Actions, which tell how many items they have: whole, or no evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ..clients.messages import Response
from ..domain.evidence import Answer, Unknown
from .github_api import ACTIONS, RepositoryApi

PAGE = 100
MOST_PAGES = 10
"""A filtered list ends at 1,000 items, whatever there is (OpenAPI `actions/list-workflow-runs-for-repo`)."""

_Page = TypeVar("_Page")
_Item = TypeVar("_Item")


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
    pages = first if isinstance(first, Unknown) else api.pages(first, what, MOST_PAGES, ACTIONS)
    if isinstance(pages, Unknown):
        return pages
    found: dict[int, _Item] = {}
    most = 0
    for page in pages:
        payload = api.read(page, page_kind, what)
        if isinstance(payload, Unknown):
            return payload
        total, items = items_of(payload)
        most = max(most, total)
        found.update(items)
    if len(found) < most:
        return Unknown(f"of {most} {noun} only {len(found)} were sent, when asked for {what} of {api.name}")
    return list(found.values())
