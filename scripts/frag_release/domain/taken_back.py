"""A release that was gone back from: what its text and its ticket say of it, so that the way back does not lead there.

Until GitHub's deployment records tell it, the text of the release does. The mark permits nothing.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from .facts import Released
from .kept_text import KeptText
from .release_record import MOST_TEXT
from .versions import parse_production_tag

ROLLBACK = "deploy:rollback"
"""What the deployment record of a rollback has as its `task`."""

_TAKEN_BACK = re.compile(r"> ⚠️ Taken back to (v?[0-9.]+) at .*")
_AGAIN = re.compile(r"> Deployed again at .*")
_LOGIN = re.compile(r"[A-Za-z0-9_-]+(?:\[bot\])?")
_MOST_EVENTS = 20


@dataclass(frozen=True)
class Mark:
    """The part of a text that says what happened to the release `tag`, an event a line; the last line counts."""

    repository: str
    tag: str

    @property
    def kept(self) -> KeptText:
        """What the part stands between."""
        return KeptText(f"<!-- frag-release-action: taken back, {self.repository.lower()} {self.tag} -->")

    def gone_back_to(self, body: str) -> str | None:
        """Return the tag that was gone back to; empty if somebody changed our words, None if the release stands."""
        if self.kept.marker not in body or not self.kept.is_in(body):
            return None
        for event in reversed(self.events(body)):
            if _AGAIN.fullmatch(event):
                return None
            if found := _TAKEN_BACK.fullmatch(event):
                return found[1]
        return ""

    def events(self, body: str) -> list[str]:
        """Return the lines of our part, the oldest first."""
        parts = self.kept.parts(body)
        return [line for line in parts[1].splitlines() if line.strip(" >")] if parts else []

    def with_event(self, body: str, event: str) -> str | None:
        """Return `body` with one more event at the end of our part, which is put first if there is none yet.

        None if the line that ends our part is gone, or there is no room.
        """
        parts = self.kept.parts(body) if self.kept.is_in(body) else ("", "", f"\n\n{body}" if body else "")
        if parts is None:
            return None
        made = self.kept.between(parts[0], as_text([*self.events(body), event]), parts[2])
        return made if len(made) <= MOST_TEXT else None


def as_text(events: list[str]) -> str:
    """Return events as paragraphs of a quotation."""
    return "\n>\n".join(events[-_MOST_EVENTS:])


def went_back(to: str, now: datetime.datetime, actor: str) -> str:
    """Return the event of a release that was left; `now` is in UTC, `actor` empty if nobody is known."""
    return f"> ⚠️ Taken back to {to} at {_when(now, actor)}."


def came_again(now: datetime.datetime, actor: str) -> str:
    """Return the event of a release that was taken back, and deployed again later."""
    return f"> Deployed again at {_when(now, actor)}."


def left_by(released: Released, tag: str) -> str:
    """Return the release that production left by going back to `tag`, also if that was noted before; empty if none."""
    running, target = (parse_production_tag(one, released.tag_format) for one in (released.running, tag))
    if running is None or target is None:
        return ""
    if running.version > target.version:
        return running.text
    return released.last_taken_back_to(tag) if running.text == tag else ""


def _when(now: datetime.datetime, actor: str) -> str:
    by = f" by {actor}" if _LOGIN.fullmatch(actor) else ""
    return f"{now:%H:%M} (UTC){by} on {now:%Y-%m-%d}"
