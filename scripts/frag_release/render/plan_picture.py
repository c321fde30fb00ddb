"""The way from the form to the build, with where a release is on it, as a picture and in words."""

from __future__ import annotations

from enum import Enum

from ..domain.plan import Mode, Plan
from ..domain.prepare_report import PrepareReport
from . import markdown
from .picture import STYLES, label
from .plan_stage import Stage, stage_of


class _Step(Enum):
    """How a step of the way stands: its mark, its words and the style of its box."""

    DONE = ("✅", "done", "good")
    NEXT = ("👉", "next", "good")
    STOPPED = ("⛔", "stopped here", "bad")
    AHEAD = ("➖", "still to come", "off")


_DONE_BY_STAGE = {Stage.REFUSED: 1, Stage.PLANNED: 2, Stage.PROPOSED: 3, Stage.COMMITTED: 3, Stage.NOTHING: 3}


def picture(report: PrepareReport) -> str:
    """Return the picture as a fenced block."""
    steps = _steps(report)
    lines = ["flowchart LR"]
    for at, (name, step) in enumerate(steps):
        mark, words, style = step.value
        lines.append(f'  step{at}["{label(name)}<br/>{mark} {words}"]:::{style}')
        if at:
            lines.append(f"  step{at - 1} {'-->' if step is _Step.DONE else '-.->'} step{at}")
    return markdown.fence("\n".join([*lines, STYLES]), "mermaid")


def picture_in_words(report: PrepareReport) -> str:
    """Return what the picture shows, as a list."""
    return markdown.numbered(
        [f"{markdown.text(name, 80)}: {step.value[0]} {step.value[1]}" for name, step in _steps(report)]
    )


def _steps(report: PrepareReport) -> list[tuple[str, _Step]]:
    """Return the steps with how they stand: those done, the next one, and those behind it."""
    stage = stage_of(report)
    done = _DONE_BY_STAGE[stage]
    names = _names(report.plan)
    if stage is Stage.NOTHING:
        # The branch has the values already: nothing is open that could be merged.
        names = [name for name in names if name != "merge"]
    following = _Step.STOPPED if stage is Stage.REFUSED else _Step.NEXT
    standing = [_Step.DONE] * done + [following] + [_Step.AHEAD] * len(names)
    return list(zip(names, standing, strict=False))


def _names(plan: Plan) -> list[str]:
    proposal = ["pull request", "merge"] if plan.mode is Mode.PULL_REQUEST else ["commit"]
    return ["form", "plan and checks", *proposal, f"tag {plan.stack_tag}", "build and deployment"]
