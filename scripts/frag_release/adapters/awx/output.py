"""The output of an AWX job, taken from its events as AWX's own client does.

Events may come out of order; and what AWX calls the output itself ends at one megabyte (its setting
`STDOUT_MAX_BYTES_DISPLAY`), and is made anew from the events each time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...domain.awx_jobs import Output
from ...domain.evidence import Answer, Unknown
from .api import AwxApi
from .payloads import EventPage, EventPayload, text_of

_EVENTS_OF_PAGE = 50
_MOST_PAGES = 20
_LAST_EVENTS = 100
_LAST_CHARACTERS = 100_000
_MAX_BYTES = 32 * 1024 * 1024
"""Of a page: an event holds whole results of a task beside the few lines that are shown."""

Gap = Callable[[int], str]
"""What stands for so many lines that never came."""


@dataclass
class _Reading:
    line: int
    gap: Gap | None
    texts: list[str] = field(default_factory=list)

    def take(self, events: Sequence[EventPayload]) -> bool:
        """Take what follows what was taken before; False where a line is lacking that has not come yet."""
        for event in events:
            lacking = event["start_line"] - self.line
            if lacking > 0 and self.gap is None:
                return False
            text = text_of(event)
            if text and lacking > 0 and self.gap:
                self.texts.append(self.gap(lacking))
            if text and event["start_line"] >= self.line:
                self.texts.append(text)
                self.line = max(event["end_line"], event["start_line"] + 1)
        return True

    def output(self, is_all: bool) -> Output:
        return Output("".join(self.texts), self.line, is_all)


def read_output(api: AwxApi, job: int, start: int, gap: Gap | None) -> Answer[Output]:
    """Return the output from line `start` (from 0) on; up to a lacking line, unless a `gap` stands for it."""
    what, reading = f"the output of the job {job}", _Reading(start, gap)
    query: dict[str, str | int] = {"order_by": "start_line", "no_truncate": "true", "page_size": _EVENTS_OF_PAGE}
    if start:
        query["start_line__gte"] = start
    answer = api.get(f"jobs/{job}/job_events/", what, query, max_bytes=_MAX_BYTES)
    for _ in range(_MOST_PAGES):
        page = api.read(answer, EventPage, what)
        if isinstance(page, Unknown):
            return reading.output(is_all=False) if reading.texts else page
        if not reading.take(page["results"]):
            break
        answer = api.next_page(page["next"], what, max_bytes=_MAX_BYTES)
        if answer is None:
            break
    else:
        return reading.output(is_all=False)
    return reading.output(is_all=True)


def read_end(api: AwxApi, job: int, start: int) -> Answer[Output]:
    """Return the last lines of the output, at most so many that a log can bear, and none before line `start`."""
    what = f"the end of the output of the job {job}"
    query: dict[str, str | int] = {"order_by": "-counter", "no_truncate": "true", "page_size": _LAST_EVENTS}
    if start:
        query["start_line__gte"] = start
    page = api.read(api.get(f"jobs/{job}/job_events/", what, query, max_bytes=_MAX_BYTES), EventPage, what)
    if isinstance(page, Unknown):
        return page
    events = [event for event in reversed(page["results"]) if event["start_line"] >= start and text_of(event)]
    if not events:
        return Output("", start)
    lines = "".join(map(text_of, events)).splitlines(keepends=True)
    kept = _last(lines)
    left_out = events[0]["start_line"] - start + len(lines) - len(kept)
    return Output("".join(kept), events[-1]["end_line"], left_out=left_out)


def _last(lines: Sequence[str]) -> Sequence[str]:
    """Return as many of the last lines as there is room for, but one at least."""
    room, first = _LAST_CHARACTERS, len(lines)
    while first and (room >= len(lines[first - 1]) or first == len(lines)):
        first -= 1
        room -= len(lines[first])
    return lines[first:]
