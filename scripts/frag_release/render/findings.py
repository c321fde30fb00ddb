"""The findings as tables: what blocks and warns in the open, what passed or was not checked folded."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.facts import ComponentFacts
from ..domain.findings import Finding, Status
from ..domain.report import GateReport
from . import markdown
from .links import Links
from .wording import count, finding_mark, is_allowed, is_judged

_ORDER = (Status.FAIL, Status.UNKNOWN, Status.WARN)
_HEADER = ("Result", "Rule", "Subject", "What was found", "What to do")


def open_findings(report: GateReport, links: Links) -> str:
    """Return the findings that block or warn, the worst first; empty where there are none."""
    chosen = [finding for finding in report.decision.findings if finding.status in _ORDER]
    chosen.sort(key=lambda finding: (_ORDER.index(finding.status), not is_allowed(finding)))
    return _table(chosen, report, links) if chosen else ""


def folded_findings(report: GateReport, links: Links) -> list[str]:
    """Return the findings that passed and those that were not checked, each kind folded with its number."""
    folds = []
    for status, title in ((Status.PASS, "passed"), (Status.SKIPPED, "not made")):
        chosen = [finding for finding in report.decision.findings if finding.status is status]
        if chosen:
            folds.append(markdown.details(f"{count(len(chosen), 'check')} {title}", _table(chosen, report, links)))
    return folds


def weakened(report: GateReport) -> str:
    """Return a warning that stands out for what was allowed or switched off by hand."""
    lines = _switched_off(report) if is_judged(report) else []
    lines += [
        f"⚠️ **ALLOWED by hand:** {markdown.code(finding.key)}. {markdown.words(finding.message)}"
        for finding in report.decision.findings
        if is_allowed(finding)
    ]
    lines += [
        f"⚠️ The allowance {markdown.code(str(allowance))} changed nothing: this release has no such blocking "
        "finding. Remove it from the input `allow`."
        for allowance in report.unused_allowances
    ]
    left = len(lines) - 50
    lines = lines[:50] + ([f"⚠️ … and {left} more."] if left > 0 else [])
    return "\n>\n".join(f"> {line}" for line in lines)


def _switched_off(report: GateReport) -> list[str]:
    without_ci = [facts.pin.component for facts in report.facts.components if facts.runs is None]
    without_image = [
        facts.pin.component for facts in report.facts.components if facts.image is None and _uses_image(facts)
    ]
    return [
        f"⚠️ **{what} not checked**, because {markdown.code(switch)} is `false`: "
        f"{', '.join(markdown.text(component.name, 80) for component in components[:10])}."
        for what, switch, components in (
            ("CI", "check-ci", without_ci),
            ("Images", "check-images", without_image),
        )
        if components
    ]


def _uses_image(facts: ComponentFacts) -> bool:
    return facts.pin.component.image_name(facts.pin.namespace) is not None


def _table(findings: Sequence[Finding], report: GateReport, links: Links) -> str:
    with_remedy = any(finding.remedy for finding in findings)
    rows = [_row(finding, report, links) for finding in findings[:200]]
    width = len(_HEADER) if with_remedy else len(_HEADER) - 1
    # The rows that are not made still count in "showing N of M".
    rows += [()] * (len(findings) - len(rows))
    return markdown.table(_HEADER[:width], [row[:width] for row in rows], cap=200)


def _row(finding: Finding, report: GateReport, links: Links) -> tuple[str, ...]:
    return (
        finding_mark(finding).replace(" ", "&nbsp;"),
        markdown.code(finding.rule),
        markdown.text(finding.subject),
        "\n".join([markdown.words(finding.message), *_places(finding, report, links)]),
        markdown.words(finding.remedy) if finding.status is not Status.PASS else "",
    )


def _places(finding: Finding, report: GateReport, links: Links) -> list[str]:
    places = []
    if finding.url:
        places.append(markdown.link("evidence", finding.url))
    if finding.file and finding.status in _ORDER:
        at = f"{finding.file}:{finding.line}" if finding.line else finding.file
        places.append(markdown.code_link(at, links.line(report.repository, report.commit, finding.file, finding.line)))
    return places
