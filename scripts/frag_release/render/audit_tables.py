"""The releases of an audit, newest first, and what was found by rule and by year: tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.audit.judging import PastRelease
from ..domain.decision import Verdict
from ..domain.findings import Finding, Status
from ..domain.reports.audit import AuditReport, by_rule, by_year
from . import markdown
from .links import Links
from .wording import MARKS, VERDICTS, WORDS, finding_mark

MOST_ROWS = 100
"""Most releases in a table; the report has them all."""

_MOST_FINDINGS = 8
_MOST_YEARS = 25
_ORDER = (Status.FAIL, Status.UNKNOWN, Status.WARN)


def releases_table(report: AuditReport, releases: Sequence[PastRelease], links: Links) -> str:
    """Return releases, which are given oldest first, as a table with the newest first; empty without any."""
    if not releases:
        return ""
    header = ("Date", "Release", *(markdown.text(name, 80) for name in report.components), "Today", "Findings")
    newest = list(reversed(releases))
    rows: list[Sequence[str]] = [_row(report, one, links) for one in newest[:MOST_ROWS]]
    # The rows that are not made still count in "showing N of M".
    rows += [()] * (len(newest) - len(rows))
    return markdown.table(header, rows, cap=MOST_ROWS)


def rules_table(report: AuditReport) -> str:
    """Return how many releases each rule blocks or warns of, with a picture; empty where there are none."""
    counts = by_rule(report.recent)
    if not counts:
        return ""
    header = ("Rule", *(f"{MARKS[status]} {WORDS[status]}" for status in _ORDER))
    rows = [(markdown.code(rule), *(str(count[status]) for status in _ORDER)) for rule, count in counts.items()]
    return f"{markdown.table(header, rows)}\n\n{_pie(report)}".rstrip()


def years_table(report: AuditReport) -> str:
    """Return how the releases of each year came out, the newest first, with a picture; empty without any."""
    years = list(by_year(report.asked).items())
    if not years:
        return ""
    header = ("Year", "Releases", "✅ fine", f"{MARKS[Status.FAIL]} broken", f"{MARKS[Status.UNKNOWN]} not verified")
    rows = [(year, str(one.all), str(one.fine), str(one.broken), str(one.unverified)) for year, one in reversed(years)]
    shown = years[-_MOST_YEARS:]
    words = "The front bar of each year is those that break a rule or could not be verified, the back bar is all."
    lines = [
        "xychart-beta",
        '  title "Releases by year"',
        f"  x-axis [{', '.join(chr(34) + year + chr(34) for year, _ in shown)}]",
        f'  y-axis "releases" 0 --> {max(one.all for _, one in shown)}',
        f"  bar [{', '.join(str(one.all) for _, one in shown)}]",
        f"  bar [{', '.join(str(one.broken + one.unverified) for _, one in shown)}]",
    ]
    return f"{markdown.table(header, rows)}\n\n{markdown.fence(chr(10).join(lines), 'mermaid')}\n\n{words}"


def told(one: PastRelease) -> list[Finding]:
    """Return the findings of a release that block or warn, the worst first."""
    chosen = [finding for finding in one.findings if finding.status in _ORDER]
    return sorted(chosen, key=lambda finding: _ORDER.index(finding.status))


def day(one: PastRelease) -> str:
    """Return the day on which a tag was made."""
    return f"{one.date:%Y-%m-%d}" if one.date else "undated"


def in_short(one: PastRelease) -> str:
    """Return the mark of a release with its word, and whether production went back from it."""
    if one.taken_back is not None:
        return f"{_in_short(one)}, taken back"
    return _in_short(one)


def _in_short(one: PastRelease) -> str:
    if one.verdict is Verdict.BLOCKED:
        failed = any(finding.status is Status.FAIL for finding in one.findings)
        return f"{MARKS[Status.FAIL]} breaks a rule" if failed else f"{MARKS[Status.UNKNOWN]} not verified"
    if one.verdict is Verdict.DEPLOY:
        return f"{MARKS[Status.PASS]} fine"
    return f"{VERDICTS[Verdict.BUILD_ONLY][0]} build only"


def _row(report: AuditReport, one: PastRelease, links: Links) -> Sequence[str]:
    tags = {facts.pin.component.name: facts.pin for facts in one.components}
    pins = (
        markdown.code_link(markdown.visible(pin.tag, 80), links.tag(pin.component.repository, pin.tag))
        if (pin := tags.get(name)) and pin.tag
        else "➖ none"
        for name in report.components
    )
    tag = markdown.code_link(markdown.visible(one.tag, 80), links.tag(report.repository, one.tag))
    return (day(one), tag, *pins, in_short(one).replace(" ", "&nbsp;"), _findings(one))


def _findings(one: PastRelease) -> str:
    # What is the same of several subjects is told once.
    found: dict[tuple[str, str, str], list[str]] = {}
    for each in told(one):
        subjects = found.setdefault((finding_mark(each), each.rule, each.message), [])
        subjects.append(markdown.text(each.subject))
    lines = [
        f"{mark.replace(' ', '&nbsp;')} {markdown.code(rule)} ({', '.join(subjects)}): {markdown.words(message, 300)}"
        for (mark, rule, message), subjects in list(found.items())[:_MOST_FINDINGS]
    ]
    left = len(found) - _MOST_FINDINGS
    return "\n".join([*lines, *([f"… and {left} more"] if left > 0 else [])])


def _pie(report: AuditReport) -> str:
    slices = {rule: count[Status.FAIL] + count[Status.UNKNOWN] for rule, count in by_rule(report.recent).items()}
    lines = [f'  "{rule}" : {number}' for rule, number in slices.items() if number]
    if not lines:
        return ""
    return markdown.fence("\n".join(["pie showData", "  title Releases that a rule blocks", *lines]), "mermaid")
