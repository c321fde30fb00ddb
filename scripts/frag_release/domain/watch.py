"""Whether production runs the last release, something else, or an unknown release."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from ..dataclass import dataclass, field
from .deployment_records import Record
from .site import SiteLook

GRACE = datetime.timedelta(minutes=30)
"""How long after a deployment the site may still show the previous release: pods and caches need time."""
UNFINISHED = datetime.timedelta(minutes=60)
"""How long production counts as changing because of a record whose run goes on."""

_MINUTE = "%Y-%m-%d %H:%M UTC"


@dataclass(frozen=True)
class LastRelease:
    """The release that production should run, since when, and `how` that is known, as part of a sentence.

    `values` are the values of the placeholders in the site's lines.
    """

    tag: str
    since: datetime.datetime | None
    how: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Watch:
    """A look at the site at `time` (UTC). `last` is None if it is unknown what should run, for the reason `unseen`.

    `changing` is why production may be changing at this moment, empty if it is not.
    """

    time: datetime.datetime
    last: LastRelease | None = None
    look: SiteLook | None = None
    unseen: str = ""
    changing: str = ""

    @property
    def matches(self) -> bool | None:
        """Whether production runs the last release; None if that could not be determined."""
        if self.last is None or self.look is None or self.look.status != 200:
            return None
        if self.look.passed:
            return True
        return False if self.look.shows_other and not self.changing else None

    @property
    def word(self) -> str:
        """The output `production-matches`."""
        return {True: "true", False: "false", None: "unknown"}[self.matches]

    @property
    def words(self) -> str:
        """The result, in a few words."""
        tag = self.last.tag if self.last else ""
        if self.matches is None:
            return "What production runs could not be determined"
        return f"Production runs {tag}" if self.matches else f"Production does not run {tag}"

    @property
    def sentence(self) -> str:
        """The result: what should run, since when, and what the site shows now."""
        if self.last is None:
            return f"It is unknown which release production should run: {self.unseen.rstrip('.')}."
        since = f" at {self.last.since:{_MINUTE}}" if self.last.since else ""
        deployed = f"{self.last.tag} was deployed{since}, according to {self.last.how}"
        seen = f"At {self.time:{_MINUTE}} the site {'shows it' if self.matches else 'does not show it'}"
        shown = self.look.seen if self.look else self.unseen.rstrip(".")
        changing = f" {self.changing}" if self.changing and not self.matches else ""
        return f"{deployed}. {seen}: {shown}.{changing}"

    @property
    def remedy(self) -> str:
        """What to do."""
        if self.matches:
            return "Nothing to do."
        if self.matches is None:
            return "Look at the site yourself, and run this again later."
        return (
            "Find out who deployed what, and whether it was intended. Each deployment and rollback by the command "
            "deploy leaves a record, and is what should run from then on."
        )

    def outputs(self) -> dict[str, str]:
        """The outputs of the action."""
        return {"production-tag": self.last.tag if self.last else "", "production-matches": self.word}

    def as_json(self) -> dict[str, Any]:
        """The look as reports have it."""
        last = self.last
        return {
            "tag": last.tag if last else None,
            "since": last.since.isoformat(timespec="seconds") if last and last.since else None,
            "known-by": last.how if last else None,
            "matches": self.matches,
            "message": self.sentence,
            "site": self.look.as_json() if self.look else None,
        }


def changing(newest: Sequence[Record], now: datetime.datetime) -> str:
    """Return why production may be changing at this moment, from its newest records; empty if it is not.

    A record that is only claimed has no effect, whether it is a success or has not ended.
    """
    for record in newest:
        filed = record.filed
        if record.is_believed and now - record.since < GRACE:
            return f"It was deployed less than {GRACE.seconds // 60} minutes ago, and pods and caches need time."
        if record.goes_on and now - filed.created < UNFINISHED:
            return f"The deployment record {filed.id}, filed at {filed.created:{_MINUTE}}, has not ended yet."
    return ""
