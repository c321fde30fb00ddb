"""Marks and words that every rendering shares. A mark never stands without its word."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from ..domain.decision import Verdict
from ..domain.findings import Finding, Status
from ..domain.reports.gate import VERDICTS as _VERDICTS
from ..domain.reports.gate import GateReport
from ..domain.reports.report import count
from . import markdown

__all__ = [
    "MARKS", "VERDICTS", "WORDS", "age", "count", "finding_mark", "is_judged", "listed", "mark", "stack_image", "worst",
]  # fmt: skip

MARKS = {
    Status.PASS: "✅",
    Status.FAIL: "❌",
    Status.UNKNOWN: "❔",
    Status.WARN: "⚠️",
    Status.SKIPPED: "➖",
}
WORDS = {
    Status.PASS: "passed",
    Status.FAIL: "failed",
    Status.UNKNOWN: "not verified",
    Status.WARN: "warning",
    Status.SKIPPED: "not checked",
}
_VERDICT_MARKS = {Verdict.DEPLOY: "✅", Verdict.BLOCKED: "⛔", Verdict.BUILD_ONLY: "🔨"}
VERDICTS = {verdict: (mark, _VERDICTS[verdict]) for verdict, mark in _VERDICT_MARKS.items()}

_UNITS = ((365 * 86_400, "year"), (30 * 86_400, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute"))
_WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.WARN, Status.PASS, Status.SKIPPED)


def mark(status: Status) -> str:
    """The mark with its word, such as `✅ passed`."""
    return f"{MARKS[status]} {WORDS[status]}"


def finding_mark(finding: Finding) -> str:
    """The mark with its word; what a person allowed or switched off is called so."""
    if finding.status is Status.WARN and finding.demoted_from is Status.SKIPPED:
        return f"{MARKS[Status.WARN]} not checked"
    return f"{MARKS[Status.WARN]} allowed" if finding.allowed else mark(finding.status)


def is_judged(report: GateReport) -> bool:
    """Whether the rules decided; of other builds it is only told that pins cannot be read."""
    return report.facts.stack is not None or any(one.rule == "pin-grade" for one in report.decision.findings)


def worst(findings: Sequence[Finding]) -> Finding | None:
    """The finding that decides how several together look; `not checked` only where all are."""
    return min(findings, key=lambda finding: _WORST_FIRST.index(finding.status), default=None)


def age(moment: datetime.datetime | None, now: datetime.datetime) -> str:
    """Return how long before `now` a moment was, such as `3 days ago`; empty where it is not known.

    Months are taken as 30 days and years as 365; times without a zone are in UTC.
    """
    if moment is None:
        return ""
    seconds = int((_in_utc(now) - _in_utc(moment)).total_seconds())
    if seconds < 0:
        return "dated in the future"
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{count(seconds // length, unit)} ago"
    return "just now"


def listed(items: Sequence[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    *others, last = items or [""]
    return f"{', '.join(others)} and {last}" if others else last


def stack_image(report: GateReport, tag: str) -> str:
    """Return the stack's image of a tag in Markdown; the tag alone where nobody has told the image's name."""
    name = report.image_name.removeprefix("docker.io/")
    return f"the image {markdown.code(f'{name}:{tag}')}" if name else f"the image tag {markdown.code(tag)}"


def _in_utc(moment: datetime.datetime) -> datetime.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
