"""The gate's job summary and log text: the verdict, then what to do, then the evidence."""

from __future__ import annotations

from functools import partial

from ..domain.decision import Verdict
from ..domain.findings import listed
from ..domain.reports.gate import GateReport, unused_remarks
from . import markdown
from .findings import changes, folded_findings, open_findings, overrides_notice, pair_table
from .markdown import MAX_SUMMARY, Section, fit, visible
from .next_steps import next_steps, rollback_card
from .picture import diagram_in_words, picture
from .wording import VERDICTS, Links, finding_lines, is_judged, signed


def summary(report: GateReport, links: Links) -> str:
    """Return the summary in Markdown, at most `MAX_SUMMARY` long."""
    findings, line_url = report.decision.findings, partial(links.line, report.repository, report.commit)
    sections = [
        Section(9, "", _verdict(report)),
        Section(8, "", overrides_notice(report)),
        Section(8, "What to do next", next_steps(report)),
        Section(7, "The pair", _pair(report, links)),
        Section(6, "Findings that block or warn", open_findings(findings, line_url)),
        Section(4, "Since the previous release", changes(report, links)),
        rollback_card(report, links, 5, untouched=report.decision.verdict is Verdict.BLOCKED),
        *folded_findings(findings, line_url),
        Section(3, "The way to production", f"{picture(report)}\n\n{diagram_in_words(report)}"),
        Section(5, "", _footer(report)),
    ]
    return fit(sections, MAX_SUMMARY)


def text(report: GateReport) -> str:
    """Return the verdict, the reason, and each finding with its remedy, worst first.

    Runner commands are not escaped here: the log does that.
    """
    unused = [visible(one.message) for one in unused_remarks(report.unused_allowances)]
    lines = [visible(report.headline), visible(report.decision.reason), *finding_lines(report.findings), *unused]
    return "\n".join(lines)


def _verdict(report: GateReport) -> str:
    mark, words = VERDICTS[report.decision.verdict]
    name = markdown.code(report.ref.name, 100)
    # A branch can have the name of a release, so the name alone could mislead.
    kind = "" if report.tag else f"{report.decision.kind.value} "
    return f"## {mark} {words} — {kind}{name}\n\n**{markdown.words(report.decision.reason)}**{_blocked(report)}"


def _blocked(report: GateReport) -> str:
    if report.decision.verdict is not Verdict.BLOCKED:
        return ""
    keys = [markdown.code(key) for key in report.failed_rules]
    return f" Because of {listed(keys, 10)}, this run builds and deploys nothing."


def _pair(report: GateReport, links: Links) -> str:
    table = pair_table(report, links)
    if is_judged(report):
        return table
    return f"{table}\n\nNone of this was verified: only refs that may reach production are."


def _footer(report: GateReport) -> str:
    return (
        f"Judged at {signed(report.time, report.version)}, for {markdown.code(report.ref.text, 200)} of "
        f"{markdown.code(report.repository)}."
    )
