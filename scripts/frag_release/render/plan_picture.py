"""The way from the form to the build, with where a prepared release is on it."""

from __future__ import annotations

from ..domain.plan import Mode, Plan
from ..domain.reports.prepare import PrepareReport, Stage
from .way import Standing, standing, way_in_words, way_picture

_DONE_BY_STAGE = {Stage.REFUSED: 1, Stage.PLANNED: 2, Stage.PROPOSED: 3, Stage.COMMITTED: 3, Stage.NOTHING: 3}


def picture(report: PrepareReport) -> str:
    """Return the picture as a fenced block."""
    return way_picture(_steps(report))


def picture_in_words(report: PrepareReport) -> str:
    """Return what the picture shows, as a list."""
    return way_in_words(_steps(report))


def _steps(report: PrepareReport) -> list[tuple[str, Standing]]:
    stage = report.stage
    names = _names(report.plan)
    if stage is Stage.NOTHING:
        # The branch has the values already: nothing is open that could be merged.
        names = [name for name in names if name != "merge"]
    following = Standing.STOPPED if stage is Stage.REFUSED else Standing.NEXT
    return standing(names, _DONE_BY_STAGE[stage], following)


def _names(plan: Plan) -> list[str]:
    proposal = ["pull request", "merge"] if plan.mode is Mode.PULL_REQUEST else ["commit"]
    return ["form", "plan and checks", *proposal, f"tag {plan.stack_tag}", "build and deployment"]
