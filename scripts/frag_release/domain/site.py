"""The deployed site as it was seen: is it up, and is it the version that was deployed?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SiteLook:
    """One look at a page. `status` is 0 where there was no usable answer, and `problem` says why.

    `size` is in bytes. `excerpt` is foreign text: what stands around the text that was looked for, else the
    page's title or its beginning.
    """

    url: str
    text: str
    status: int = 0
    size: int = 0
    found: bool = False
    excerpt: str = ""
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether the page answered 200 and holds the text."""
        return self.status == 200 and self.found

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.passed

    @property
    def state(self) -> tuple[object, ...]:
        """What makes a line of news: two looks with the same state have none."""
        return (self.status, self.found, self.problem)

    @property
    def seen(self) -> str:
        """What was seen, as a sentence without its end."""
        if self.problem:
            return self.problem
        if self.status != 200:
            return f"it answered {self.status}"
        there = f"{self.text!r} is {'there' if self.found else 'not there'}"
        return f"it answered 200 with {self.size:,} bytes, and {there}"

    def as_json(self) -> dict[str, Any]:
        """The look as reports have it."""
        return {
            "url": self.url,
            "text": self.text,
            "status": self.status or None,
            "bytes": self.size,
            "found": self.found,
            "excerpt": self.excerpt or None,
            "problem": self.problem or None,
        }


def find_text(page: str, text: str, tag: str) -> re.Match[str] | None:
    """Find `text` in a page. Where it is the image's tag itself, a longer tag is another one.

    A page that shows 2023.06.12 or 2023.06.1-rc.1 does not show 2023.06.1.
    """
    pattern = re.escape(text)
    if tag and text.startswith(tag):
        pattern = rf"(?<![0-9])(?<![0-9]\.){pattern}"
    if tag and text.endswith(tag):
        pattern = rf"{pattern}(?![0-9A-Za-z_])(?![.+-][0-9A-Za-z])"
    return re.search(pattern, page)
