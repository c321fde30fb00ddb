"""The way of a release as a diagram and in words, and the rules behind its edges and the pair's columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from ..dataclass import dataclass
from ..domain.components import MAX_COMPONENTS
from ..domain.decision import Verdict
from ..domain.facts import ComponentFacts
from ..domain.findings import Finding
from ..domain.reports.gate import GateReport
from ..domain.rules import CATALOGUE
from . import markdown
from .wording import VERDICTS, finding_mark, is_judged, worst

NOT_CHECKED = "➖ not checked"

MAX_LABEL = 40
"""Longest foreign name in the diagram, in characters."""

_KEPT = re.compile(r"[A-Za-z0-9 ]|(?<=[0-9])\.(?=[0-9])")
STYLES = """  classDef good stroke:#1a7f37,stroke-width:2px
  classDef bad stroke:#cf222e,stroke-width:2px
  classDef off stroke:#848d97,stroke-dasharray:4 3"""
"""Mermaid styles of what passed, what failed, and what is not reached."""


@dataclass(frozen=True)
class Check:
    """A named check of a pin or of the stack's tag, with the rules behind it."""

    name: str
    rules: frozenset[str]

    def finding(self, findings: Sequence[Finding], subject: str) -> Finding | None:
        """Return the finding on `subject`; None if no rule was applied."""
        return worst([finding for finding in findings if finding.subject == subject and finding.rule in self.rules])


def _check(subject: str, column: str) -> Check:
    return Check(column, frozenset(one.id for one in CATALOGUE if (one.subject, one.column) == (subject, column)))


OF_COMPONENT = (TAG, BRANCH, CI, IMAGE) = tuple(_check("component", name) for name in ("tag", "branch", "CI", "image"))
OF_STACK = (STACK_TAG, STACK_BRANCH) = tuple(_check("stack", name) for name in ("tag", "branch"))
STACK_IMAGE = _check("stack", "image")


def marked(check: Check, findings: Sequence[Finding], subject: str) -> str:
    """Return the check's mark with its word."""
    finding = check.finding(findings, subject)
    return finding_mark(finding) if finding else NOT_CHECKED


def in_short(checks: Sequence[Check], findings: Sequence[Finding], subject: str) -> list[str]:
    """Return each check with its result, such as `✅ tag passed`."""
    return [_named(marked(check, findings, subject), check.name) for check in checks]


def _named(mark: str, name: str) -> str:
    sign, _, word = mark.partition(" ")
    return f"{sign} {name} {word}"


def label(foreign: str) -> str:
    """Return foreign text for use within a quoted Mermaid label: all but plain characters as `#code;`.

    Mermaid reads labels as Markdown and as HTML; markup or links there may break the diagram.
    """
    shown = markdown.visible(foreign, MAX_LABEL)
    return "".join(char if _KEPT.match(shown, at) else f"#{ord(char)};" for at, char in enumerate(shown))


def picture(report: GateReport) -> str:
    """Return the diagram as a fenced block."""
    lines = ["flowchart LR", f'  stack(["{_stack_label(report)}"]):::{_stack_style(report)}']
    for number, facts in enumerate(report.facts.components[:MAX_COMPONENTS]):
        lines += _component(f"component{number}", facts, report)
    for place, reached in _places(report):
        arrow, style, words = ("-->", "good", "may be deployed") if reached else ("-.->", "off", "not from this run")
        lines.append(f'  {place}["{place}"]:::{style}')
        lines.append(f'  stack {arrow}|"{words}"| {place}')
    return markdown.fence("\n".join([*lines, STYLES]), "mermaid")


def diagram_in_words(report: GateReport) -> str:
    """Return the content of the diagram as a list."""
    findings = report.decision.findings
    items = []
    for facts in report.facts.components[:MAX_COMPONENTS]:
        name = facts.pin.component.name
        checks = ", ".join(in_short(OF_COMPONENT, findings, name))
        items.append(f"**{markdown.text(name)}** {_code(facts.pin.tag)} → stack: {checks}.")
    if report.facts.stack:
        checks = ", ".join(in_short(OF_STACK, findings, "stack"))
        items.append(f"**stack** {_code(report.ref.name)}: {checks}.")
    for place, reached in _places(report):
        items.append(f"stack → **{place}**: {'✅ may be deployed' if reached else '➖ not from this run'}.")
    return markdown.bullets(items)


def _code(tag: str) -> str:
    return markdown.code(tag, MAX_LABEL) if tag else "(no tag)"


def _component(key: str, facts: ComponentFacts, report: GateReport) -> list[str]:
    name = facts.pin.component.name
    checks = in_short(OF_COMPONENT, report.decision.findings, name)
    blocked = any(finding.status.blocks for finding in report.decision.findings if finding.subject == name)
    style = "bad" if blocked else "good" if is_judged(report) else "off"
    arrow = "--x" if blocked else "-->" if is_judged(report) else "-.->"
    return [
        f'  {key}["{label(name)}<br/>{label(facts.pin.tag) or "no tag"}"]:::{style}',
        f'  {key} {arrow}|"{"<br/>".join(checks)}"| stack',
    ]


def _stack_label(report: GateReport) -> str:
    verdict = f"{VERDICTS[report.decision.verdict][0]} {report.decision.verdict.value}"
    checks = in_short(OF_STACK, report.decision.findings, "stack") if report.facts.stack else []
    return "<br/>".join(["stack", label(report.ref.name), *checks, verdict])


def _stack_style(report: GateReport) -> str:
    return {Verdict.DEPLOY: "good", Verdict.BLOCKED: "bad", Verdict.BUILD_ONLY: "off"}[report.decision.verdict]


def _places(report: GateReport) -> list[tuple[str, bool]]:
    return [("staging", report.decision.deploy_staging), ("production", report.decision.deploy_production)]


class StepState(Enum):
    """The state of a step: its mark, its words and the style of its box."""

    DONE = ("✅", "done", "good")
    NEXT = ("👉", "next", "good")
    RUNNING = ("⏳", "goes on", "good")
    STOPPED = ("⛔", "stopped here", "bad")
    AHEAD = ("➖", "still to come", "off")


Steps = Sequence[tuple[str, StepState]]


def step_states(names: Sequence[str], done: int, following: StepState) -> Steps:
    """Return the steps with their states: the first `done`, then one in state `following`, the rest still ahead."""
    marks = [StepState.DONE] * done + [following] + [StepState.AHEAD] * len(names)
    return list(zip(names, marks, strict=False))


def way(steps: Steps) -> str:
    """Return the steps as a diagram in a fenced block, and as a list."""
    lines = ["flowchart LR"]
    for at, (name, step) in enumerate(steps):
        mark, words, style = step.value
        lines.append(f'  step{at}["{label(name)}<br/>{mark} {words}"]:::{style}')
        if at:
            lines.append(f"  step{at - 1} {'-->' if step is StepState.DONE else '-.->'} step{at}")
    items = [f"{markdown.text(name, 80)}: {step.value[0]} {step.value[1]}" for name, step in steps]
    drawn = markdown.fence("\n".join([*lines, STYLES]), "mermaid")
    return f"{drawn}\n\n{markdown.numbered(items)}"
