"""Marks and words that every rendering shares. A mark never stands without its word."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from ..domain.decision import Verdict
from ..domain.findings import Finding, Status
from ..domain.report import GateReport
from . import markdown

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
VERDICTS = {
    Verdict.DEPLOY: ("✅", "May be deployed to production"),
    Verdict.BLOCKED: ("⛔", "Blocked"),
    Verdict.BUILD_ONLY: ("🔨", "Build only"),
}

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


def ref_name(report: GateReport) -> str:
    """What people call the ref: the tag's or branch's own name, else the whole ref."""
    for start in ("refs/tags/", "refs/heads/"):
        if report.ref.startswith(start):
            return report.ref[len(start) :]
    return report.ref


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


def stack_image(report: GateReport, tag: str) -> str:
    """Return the stack's image of a tag in Markdown; the tag alone where nobody has told the image's name."""
    name = report.image_name.removeprefix("docker.io/")
    return f"the image {markdown.code(f'{name}:{tag}')}" if name else f"the image tag {markdown.code(tag)}"


def count(number: int, what: str) -> str:
    """Return `1 day`, `2 days`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _in_utc(moment: datetime.datetime) -> datetime.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
