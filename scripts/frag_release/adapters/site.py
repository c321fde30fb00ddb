"""The deployed site, read like any visitor: without credentials, and without leaving its server."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..domain.evidence import Answer, Unknown
from ..domain.site import LineLook, OtherPage, Page, SiteLine, SiteLook, Values, look_at
from .http import Http
from .http.messages import Request, Response, quoted

MAX_BYTES = 1024 * 1024
"""Limit of a page, in bytes."""

_AROUND, _WINDOW = 40, 400
# Tags, and the rest of those that the window cuts.
_MARKUP = re.compile(r"<[^<>]*>|^[^<>]*>|<[^<>]*$")
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,300})", re.I)


class SiteClient:
    """Looks at pages; each look requests each page once, within the time limit that `http` has for a request."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def within(self, seconds: float) -> SiteClient:
        """The same client with `seconds` from now."""
        return SiteClient(self._http.with_deadline(seconds))

    def page(self, url: str) -> Answer[Response]:
        """Request one page."""
        return self._http.send(Request(url, "the site", max_bytes=MAX_BYTES, tries=1, stays=True))

    def look(self, urls: Sequence[str], lines: Sequence[SiteLine], values: Values) -> SiteLook:
        """Look for `lines`, with `values` for their placeholders, on the first of `urls`. Never raises."""
        # One after another: a cancelled run must not wait for concurrent requests.
        first, *others = [self.page(url) for url in urls]
        other_pages = tuple(_other(url, answer) for url, answer in zip(urls[1:], others, strict=True))
        if isinstance(first, Unknown):
            unseen = tuple(LineLook(line.filled(values), False, "") for line in lines)
            return SiteLook(urls[0], unseen, problem=first.reason, others=other_pages)
        page = Page(first.body)
        seen = tuple(look_at(line, values, page) for line in lines)
        excerpt = _excerpt(page.text, next((line.span for line in seen if line.span), None))
        return SiteLook(urls[0], seen, first.status, len(first.body), excerpt, others=other_pages)


def _other(url: str, answer: Answer[Response]) -> OtherPage:
    if isinstance(answer, Unknown):
        return OtherPage(url, problem=answer.reason)
    return OtherPage(url, answer.status)


def _excerpt(page: str, span: tuple[int, int] | None) -> str:
    """Return a short piece of the page in quotes: the text around the match, else its title or beginning."""
    if span:
        start, end = span
        before = _MARKUP.sub(" ", page[max(0, start - _WINDOW) : start])[-_AROUND:]
        after = _MARKUP.sub(" ", page[end : end + _WINDOW])[:_AROUND]
        return quoted(f"{before}{page[start:end]}{after}")
    title = _TITLE.search(page[:20_000])
    return quoted(title[1] if title else page[:150])
