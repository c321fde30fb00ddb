"""Looking at the deployed site until it shows what was deployed, or time is up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...adapters.site import SiteClient
from ...dataclass import dataclass, field, replace
from ...domain.evidence import Image
from ...domain.release_record import ReleaseRecord
from ...domain.reports.gate import GateReport
from ...domain.site import IMAGE_TAG, STACK_COMMIT, SiteLine, SiteLook, Values
from ..waiting import Clock

_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 20.0
_BETWEEN = 3.0
"""Seconds between two looks of a row."""
_BEFORE_SECONDS = 10.0
"""Longest time for the look before the launch: a site that hangs must not hold up the way back."""


def site_values(judged: GateReport, image: Image, record: ReleaseRecord | None) -> Values:
    """Return what the placeholders stand for: what is deployed, of a rollback as its record has it."""
    values = {IMAGE_TAG: image.tag, STACK_COMMIT: judged.commit}
    for facts in judged.facts.components:
        name = facts.pin.component.name
        pin = (record.component(name) if record else None) or facts.pin
        values |= {f"{name}-tag": pin.tag, f"{name}-namespace": pin.namespace}
    return values


def pair_of(judged: GateReport, record: ReleaseRecord | None) -> dict[str, dict[str, str]]:
    """Return the pair that is deployed, of a rollback as its record has it, with the digests of its images if known."""
    found = {}
    for facts in judged.facts.components:
        recorded = record.component(facts.pin.component.name) if record else None
        pin = recorded or facts.pin
        seen = facts.image.digest if isinstance(facts.image, Image) else ""
        digest = recorded.digest if recorded else seen
        found[facts.pin.component.name] = {"tag": pin.tag, "namespace": pin.namespace, "digest": digest or ""}
    return found


@dataclass
class SiteCheck:
    """Looks at `urls` for `lines`, until so many `looks` in a row have passed.

    `told` gets each look, and `seen` is the last one.
    """

    client: SiteClient
    urls: Sequence[str]
    lines: Sequence[SiteLine]
    values: Values
    looks: int
    told: Callable[[SiteLook], None]
    clock: Clock
    seen: SiteLook | None = field(default=None, init=False)

    def before(self) -> SiteLook:
        """Look once, for what the site shows without the job."""
        return self.client.within(_BEFORE_SECONDS).look(self.urls, self.lines, self.values)

    def run(self) -> SiteLook:
        """Return the look that ended the row, else the last one.

        However little time is left, one look is taken, and a row that has begun goes on to its end.
        """
        held, pause = 0, _FIRST_PAUSE
        while True:
            look = self.client.look(self.urls, self.lines, self.values)
            held = held + 1 if look.passed else 0
            look = self.seen = replace(look, held=held, wanted=self.looks)
            self.told(look)
            if look.is_over or (not look.passed and pause >= self.clock.remaining()):
                return look
            self.clock.sleep(_BETWEEN if look.passed else pause)
            pause = pause if look.passed else min(pause * 1.5, _LONGEST_PAUSE)
