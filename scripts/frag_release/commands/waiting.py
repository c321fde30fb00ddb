"""The commands' clock, and judging repeatedly while running CI is the only obstacle."""

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
    """The current time (UTC), the seconds that are left, and how to wait."""

    now: Callable[[], datetime.datetime]
    remaining: Callable[[], float]
    sleep: Callable[[float], None]


def judge_when_settled(
    judge: Callable[[], Judged],
    allow: Sequence[Allowance],
    minutes: float,
    log: Callable[[str], None],
    clock: Clock,
) -> Judged:
    """Return what `judge` finds once no CI that it needs is running, or after `minutes`; calls `log` once a minute.

    What judging takes counts, too. Allowed findings are not waited for; they are returned unchanged.
    """
    waited, next_told = 0.0, 0.0
    while True:
        left = clock.remaining()
        facts, found = judge()
        waited += left - clock.remaining()
        findings = apply_allowances(found, allow)
        if waited >= minutes * 60 or not _may_settle(findings):
            return facts, found
        if waited >= next_told:
            log(f"Waiting for CI: {_waiting_for(findings)} ({waited / 60:.0f} min so far)")
            next_told = waited + _TOLD_EVERY_SECONDS
        pause = min(_POLL_SECONDS, minutes * 60 - waited)
        clock.sleep(pause)
        waited += pause


def _may_settle(findings: Sequence[Finding]) -> bool:
    """Whether waiting may help: every blocker is CI that is running or has not started."""
    blockers = blocking(findings)
    return bool(blockers) and all(finding.may_settle for finding in blockers)


def _waiting_for(findings: Sequence[Finding]) -> str:
    return "; ".join(finding.message for finding in findings if finding.status is Status.UNKNOWN)
