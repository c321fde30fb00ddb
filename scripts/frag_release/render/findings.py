"""The findings as tables: what blocks and warns in the open, what passed or was not checked folded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..domain.facts import ComponentFacts
from ..domain.findings import Finding, Status
from ..domain.reports.gate import GateReport
from . import markdown
from .wording import count, finding_mark, is_judged

LineUrl = Callable[[str, "int | None"], str]
"""Where a file can be seen at a line (counted from 1), at the commit that was judged; empty where nowhere."""

_ORDER = (Status.FAIL, Status.UNKNOWN, Status.WARN)
_HEADER = ("Result", "Rule", "Subject", "What was found", "What to do")


def open_findings(findings: Sequence[Finding], line_url: LineUrl) -> str:
    """Return the findings that block or warn, the worst first; empty where there are none."""
    chosen = [finding for finding in findings if finding.status in _ORDER]
    chosen.sort(key=lambda finding: (_ORDER.index(finding.status), not finding.allowed))
    return _table(chosen, line_url) if chosen else ""


def folded_findings(findings: Sequence[Finding], line_url: LineUrl) -> list[str]:
    """Return the findings that passed and those that were not checked, each kind folded with its number."""
    folds = []
    for status, title in ((Status.PASS, "passed"), (Status.SKIPPED, "not made")):
        chosen = [finding for finding in findings if finding.status is status]
        if chosen:
            folds.append(markdown.details(f"{count(len(chosen), 'check')} {title}", _table(chosen, line_url)))
    return folds


def weakened(report: GateReport) -> str:
    """Return a warning that stands out for what was allowed or switched off by hand."""
    lines = switched_off(report.facts.components) if is_judged(report) else []
    lines += allowed_by_hand(report.decision.findings)
    lines += [
        f"⚠️ The allowance {markdown.code(str(allowance))} changed nothing: this release has no such blocking "
        "finding. Remove it from the input `allow`."
        for allowance in report.unused_allowances
    ]
    return warning(lines)


def warning(lines: Sequence[str], cap: int = 50) -> str:
    """Return lines of Markdown such that they stand out; empty where there are none."""
    left = len(lines) - cap
    shown = [*lines[:cap], *([f"⚠️ … and {left} more."] if left > 0 else [])]
    return "\n>\n".join(f"> {line}" for line in shown)


def allowed_by_hand(findings: Sequence[Finding]) -> list[str]:
    """Return a line of Markdown for each finding that the `allow` input made a warning of."""
    return [
        f"⚠️ **ALLOWED by hand:** {markdown.code(finding.key)}. {markdown.words(finding.message)}"
        for finding in findings
        if finding.allowed
    ]


def switched_off(components: Sequence[ComponentFacts]) -> list[str]:
    """Return a line of Markdown for each kind of check that was switched off, naming the components."""
    without_ci = [facts.pin.component for facts in components if facts.runs is None]
    without_image = [facts.pin.component for facts in components if facts.image is None and _uses_image(facts)]
    return [
        f"⚠️ **{what} not checked**, because {markdown.code(switch)} is `false`: "
        f"{', '.join(markdown.text(component.name, 80) for component in named[:10])}."
        for what, switch, named in (
            ("CI", "check-ci", without_ci),
            ("Images", "check-images", without_image),
        )
        if named
    ]


def _uses_image(facts: ComponentFacts) -> bool:
    return facts.pin.component.image_name(facts.pin.namespace) is not None


def _table(findings: Sequence[Finding], line_url: LineUrl) -> str:
    with_remedy = any(finding.remedy for finding in findings)
    rows = [_row(finding, line_url) for finding in findings[:200]]
    width = len(_HEADER) if with_remedy else len(_HEADER) - 1
    # The rows that are not made still count in "showing N of M".
    rows += [()] * (len(findings) - len(rows))
    return markdown.table(_HEADER[:width], [row[:width] for row in rows], cap=200)


def _row(finding: Finding, line_url: LineUrl) -> tuple[str, ...]:
    return (
        finding_mark(finding).replace(" ", "&nbsp;"),
        markdown.code(finding.rule),
        markdown.text(finding.subject),
        "\n".join([markdown.words(finding.message), *_places(finding, line_url)]),
        markdown.words(finding.remedy, url=finding.url) if finding.status is not Status.PASS else "",
    )


def _places(finding: Finding, line_url: LineUrl) -> list[str]:
    places = []
    if finding.url:
        places.append(markdown.link("evidence", finding.url))
    if finding.file and finding.status in _ORDER:
        at = f"{finding.file}:{finding.line}" if finding.line else finding.file
        places.append(markdown.code_link(at, line_url(finding.file, finding.line)))
    return places
