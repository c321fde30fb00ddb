"""The findings of `doctor` as a job summary and as text: what is missing, how to get it, and what guards the gate."""

from __future__ import annotations

from collections.abc import Sequence

from ..dataclass import replace
from ..domain.findings import Finding
from ..domain.needs import NEED, Presence, Row, TokenKind
from ..domain.reports.doctor import DoctorReport, grouped, shared_message
from . import markdown
from .markdown import MAX_SUMMARY, Section, fit
from .next_steps import remedies
from .picture import STYLES, label
from .wording import Links, count, finding_lines

_MARKS = {
    Presence.THERE: "✅",
    Presence.MISSING: "❌",
    Presence.UNAVAILABLE: "❔",
    Presence.UNVERIFIABLE: "❔",
    Presence.NOT_NEEDED: "➖",
}
_WORST_FIRST = (Presence.MISSING, Presence.UNAVAILABLE, Presence.UNVERIFIABLE, Presence.THERE, Presence.NOT_NEEDED)
_HEADER = ("Result", "Needed", "For", "What was seen", "How to get it")
_GUARDS = (
    "Anyone who can push a tag can push another workflow file with it. Only these settings prevent that; no command "
    "fails without them."
)
_IN_FILE = (
    "The gate controls only jobs that need it and check its output. Only the file on the stack branch was checked."
)


def summary(report: DoctorReport, _links: Links) -> str:
    """Return the summary in Markdown, at most `MAX_SUMMARY` long."""
    sections = [
        Section(20, "", f"## {_heading(report)}\n\n**{markdown.words(_sentence(report))}**\n\n{_examined(report)}"),
        Section(18, "What to do next", markdown.numbered(next_steps(report))),
        Section(16, "What the commands need", _table(report.needs)),
        Section(15, "What the workflow file does with the gate", f"{_IN_FILE}\n\n{_table(report.in_file)}"),
        Section(15, "What enforces the gate from outside", f"{_GUARDS}\n\n{_table(report.guards)}"),
        Section(7, "In short", f"{_picture(report)}\n\n{markdown.bullets(_in_words(report))}"),
        Section(12, "", _footer(report)),
    ]
    return fit(sections, MAX_SUMMARY)


def text(report: DoctorReport) -> str:
    """Return the verdict, the examined token, and each need on one line, worst first, for the log."""
    verdict = [_heading(report), _sentence(report), _examined(report)]
    return "\n".join([*verdict, *finding_lines(report.annotated_findings())])


def next_steps(report: DoctorReport) -> list[str]:
    """Return what to do, as Markdown, beginning with what stops a command."""
    groups = grouped(report.blockers)
    steps = remedies([replace(row.finding, message=shared_message(rows)) for rows in groups for row in rows])
    steps += ["Then run this again."] if steps else []
    steps += [f"⚠️ {markdown.words(f'{one.message} {one.remedy}')}" for one in _advice(report)]
    guards = report.count(Presence.MISSING, report.guards)
    if guards:
        what = "is missing" if guards == 1 else "are missing"
        steps.append(f"⚠️ {count(guards, 'guard')} from outside {what}. The last table shows how to set it up.")
    unverifiable = report.count(Presence.UNVERIFIABLE, report.rows)
    if unverifiable:
        what = "cannot be checked with this token, so do not rely on that. The tables show who could check, or what"
        steps.append(f"❔ {count(unverifiable, 'point')} {what} happens without.")
    return steps or ["Nothing to do."]


def _advice(report: DoctorReport) -> list[Finding]:
    return [row.finding for row in report.needs if row.need.advisory and row.judgement.presence is Presence.MISSING]


def _heading(report: DoctorReport) -> str:
    mark = "⛔" if report.blockers else "⚠️" if report.openings else "✅"
    return f"{mark} {report.headline}"


def _sentence(report: DoctorReport) -> str:
    commands = ", ".join(report.commands)
    return f"For {commands} of {report.repository}: {_tally(report.needs)}. Nothing was written: doctor only reads."


def _examined(report: DoctorReport) -> str:
    """Return which kind of token all statements on rights are about, never the token itself."""
    if report.token is TokenKind.NONE:
        return "Examined without a token: the input token is empty."
    if report.token is TokenKind.OWN:
        return "Token examined: the workflow's own. Pass in the input token the one that the commands receive."
    kind = f", {report.token.value}" if report.token else ""
    return f"Token examined: the one in the input token{kind}."


def _tally(rows: Sequence[Row]) -> str:
    """Return the number of rows of each presence, with marks, worst first."""
    found = [row.judgement.presence for row in rows]
    return (
        ", ".join(f"{_MARKS[one]} {found.count(one)} {one.value}" for one in _WORST_FIRST if one in found) or "nothing"
    )


def _table(rows: Sequence[Row]) -> str:
    ordered = sorted(rows, key=lambda row: _WORST_FIRST.index(row.judgement.presence))
    return markdown.table(_HEADER, [_row(group) for group in grouped(ordered)])


def _row(rows: Sequence[Row]) -> tuple[str, ...]:
    row = rows[0]
    found = row.judgement
    mark = (
        "⚠️"
        if (row.need.is_outside or row.need.advisory) and found.presence is Presence.MISSING
        else _MARKS[found.presence]
    )
    commands = dict.fromkeys(command for one in rows for command in one.need.commands)
    settled = found.presence in (Presence.THERE, Presence.NOT_NEEDED)
    return (
        f"{mark}&nbsp;{found.presence.value.replace(' ', '&nbsp;')}",
        "\n".join(f"{markdown.words(one.need.what)}\n{markdown.code(one.need.id)}" for one in rows),
        markdown.text(", ".join(commands)) if row.need.rule == NEED else "the gate",
        "\n".join([markdown.words(shared_message(rows)), *_place(row.finding)]),
        "" if settled else markdown.words(found.remedy, url=found.url),
    )


def _place(finding: Finding) -> list[str]:
    places = [markdown.link("look", finding.url)] if finding.url else []
    if finding.file:
        places.append(markdown.code(f"{finding.file}:{finding.line}" if finding.line else finding.file))
    return places


def _picture(report: DoctorReport) -> str:
    lines = ["flowchart LR", f'  stack(["{label(report.repository)}"]):::{_style(report.needs)}']
    for at, command in enumerate(report.commands):
        rows = report.of_command(command)
        lines.append(f'  command{at}["{label(command)}<br/>{_drawn(rows)}"]:::{_style(rows)}')
        lines.append(f"  stack {'--x' if _stops(rows) else '-->'} command{at}")
    lines.append(f'  file["the workflow file<br/>{_drawn(report.in_file)}"]:::{_style(report.in_file)}')
    lines.append(f"  file {'--x' if _stops(report.in_file) else '-->'} stack")
    lines.append(f'  guards["from outside<br/>{_drawn(report.guards)}"]:::{_style(report.guards)}')
    lines.append("  guards -.-> stack")
    return markdown.fence("\n".join([*lines, STYLES]), "mermaid")


def _in_words(report: DoctorReport) -> list[str]:
    items = [f"**{markdown.text(one)}**: {_tally(report.of_command(one))}." for one in report.commands]
    return [*items, f"**the workflow file**: {_tally(report.in_file)}.", f"**from outside**: {_tally(report.guards)}."]


def _drawn(rows: Sequence[Row]) -> str:
    return _tally(rows).replace(", ", "<br/>")


def _style(rows: Sequence[Row]) -> str:
    if _stops(rows):
        return "bad"
    return "off" if any(row.is_open for row in rows) else "good"


def _stops(rows: Sequence[Row]) -> bool:
    return any(row.blocks for row in rows)


def _footer(report: DoctorReport) -> str:
    return (
        f"Checked at {report.time.strftime('%Y-%m-%d %H:%M:%S')} UTC by frag-release-action "
        f"{markdown.text(report.version, 50)}, for {markdown.code(report.repository)}."
    )
