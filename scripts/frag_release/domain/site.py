"""The deployed site as it was seen: is it up, and is it the version that was deployed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .site_lines import LineLook

_MOST_TOLD = 3


@dataclass(frozen=True)
class OtherPage:
    """Another page that must answer 200 as well. `status` is 0 where there was no usable answer."""

    url: str
    status: int = 0
    problem: str = ""

    @property
    def seen(self) -> str:
        """What was seen, as a sentence without its end."""
        return f"{self.url}: {self.problem}" if self.problem else f"{self.url} answered {self.status}"


@dataclass(frozen=True)
class SiteLook:
    """One look at a site: its first page with the lines that it must hold, and `others`.

    `status` is 0 where there was no usable answer, and `problem` says why. `size` is in bytes. `excerpt` is foreign
    text: what stands around the text that was looked for, else the page's title or its beginning. `held` says how many
    looks in a row have passed with this one, of the `wanted` ones.
    """

    url: str
    lines: Sequence[LineLook] = ()
    status: int = 0
    size: int = 0
    excerpt: str = ""
    problem: str = ""
    others: Sequence[OtherPage] = ()
    held: int = 0
    wanted: int = 1

    @property
    def text(self) -> str:
        """What was looked for."""
        return "\n".join(line.text for line in self.lines)

    @property
    def found(self) -> bool:
        """Whether the page holds all lines."""
        return bool(self.lines) and all(line.found for line in self.lines)

    @property
    def passed(self) -> bool:
        """Whether all pages answered 200, and the first holds all lines."""
        return self.status == 200 and self.found and all(one.status == 200 for one in self.others)

    @property
    def shows_other(self) -> bool:
        """Whether the first page shows something else than what was looked for, and not merely nothing of it."""
        return self.status == 200 and any(line.other for line in self.lines)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.passed and self.held >= self.wanted

    @property
    def state(self) -> tuple[object, ...]:
        """What makes a line of news: two looks with the same state have none."""
        # Not the size: many pages have another one at each look.
        return (self.status, self.problem, self._lines, tuple(self.others), self.held)

    @property
    def seen(self) -> str:
        """What was seen, as a sentence without its end."""
        if self.problem:
            return self.problem
        if self.status != 200:
            return f"it answered {self.status}"
        failing = [one.seen for one in self.others if one.status != 200]
        row = f" ({self.held} of {self.wanted} looks in a row)" if self.passed and self.wanted > 1 else ""
        return "; ".join([f"it answered 200 with {self.size:,} bytes, and {self._lines}", *failing]) + row

    @property
    def _lines(self) -> str:
        told = [line.seen for line in self.lines if not line.found]
        if not told:
            return self.lines[0].seen if len(self.lines) == 1 else f"all {len(self.lines)} lines of verify-text hold"
        more = f", and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
        return "; ".join(told[:_MOST_TOLD]) + more

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
            "lines": [{"text": line.text, "found": line.found} for line in self.lines],
            "others": [
                {"url": one.url, "status": one.status or None, "problem": one.problem or None} for one in self.others
            ],
            "looks": self.held,
        }
