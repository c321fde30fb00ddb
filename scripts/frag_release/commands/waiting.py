"""Time as the commands see it, and judging again and again while all that is in the way is CI that still runs."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

from ..dataclass import dataclass
from ..domain.facts import ReleaseFacts
from ..domain.findings import Allowance, Finding, Status, apply_allowances, blocking

Judged = tuple[ReleaseFacts, list[Finding]]

_POLL_SECONDS = 10.0
_TOLD_EVERY_SECONDS = 60.0


@dataclass(frozen=True)
class Clock:
    """The moment (UTC), the seconds that are left, and how to wait."""

    now: Callable[[], datetime.datetime]
    remaining: Callable[[], float]
    sleep: Callable[[float], None]


def judge_when_settled(
    judge: Callable[[], Judged],
    allow: Sequence[Allowance],
    minutes: float,
    tell: Callable[[str], None],
    sleep: Callable[[float], None],
) -> Judged:
    """Return what `judge` finds once no CI is running that it needs, or after `minutes`; tells once a minute.

    Findings that are allowed are not waited for; what is returned is as it was found.
    """
    waited = 0.0
    while True:
        facts, found = judge()
        findings = apply_allowances(found, allow)
        if waited >= minutes * 60 or not _may_settle(findings):
            return facts, found
        if waited % _TOLD_EVERY_SECONDS == 0:
            tell(f"Waiting for CI: {_waiting_for(findings)} ({waited / 60:.0f} min so far)")
        sleep(_POLL_SECONDS)
        waited += _POLL_SECONDS


def _may_settle(findings: Sequence[Finding]) -> bool:
    """Whether all that is in the way is CI that runs, or that has not begun: then waiting may help."""
    blockers = blocking(findings)
    return bool(blockers) and all(finding.may_settle for finding in blockers)


def _waiting_for(findings: Sequence[Finding]) -> str:
    return "; ".join(finding.message for finding in findings if finding.status is Status.UNKNOWN)
