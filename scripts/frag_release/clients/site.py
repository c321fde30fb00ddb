"""The deployed site, asked as anybody would: without credentials, and without leaving its server."""

from __future__ import annotations

import re

from ..domain.evidence import Unknown
from ..domain.site import SiteLook, find_text
from .http import Http
from .messages import Request, quoted

MAX_BYTES = 1024 * 1024
"""Most that is read of a page, in bytes."""

_AROUND, _WINDOW = 40, 400
# Tags, and what is left of those that the window cuts.
_MARKUP = re.compile(r"<[^<>]*>|^[^<>]*>|<[^<>]*$")
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,300})", re.I)


class SiteClient:
    """Looks at pages; each look is one request and takes at most the time that `http` gives to one."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def look(self, url: str, text: str, tag: str) -> SiteLook:
        """Look for `text` at `url`; `tag` is the image's, to tell it from a longer one. Never raises."""
        request = Request(url, "the site", max_bytes=MAX_BYTES, tries=1, stays=True)
        response = self._http.send(request)
        if isinstance(response, Unknown):
            return SiteLook(url, text, problem=response.reason)
        page = response.body.decode("utf-8", "replace")
        match = find_text(page, text, tag)
        return SiteLook(url, text, response.status, len(response.body), match is not None, _excerpt(page, match))


def _excerpt(page: str, match: re.Match[str] | None) -> str:
    """Return a short piece of the page in quotes: what stands around what was found, else its title or beginning."""
    if match:
        before = _MARKUP.sub(" ", page[max(0, match.start() - _WINDOW) : match.start()])[-_AROUND:]
        after = _MARKUP.sub(" ", page[match.end() : match.end() + _WINDOW])[:_AROUND]
        return quoted(f"{before}{match[0]}{after}")
    title = _TITLE.search(page[:20_000])
    return quoted(title[1] if title else page[:150])
