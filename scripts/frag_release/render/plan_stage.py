"""How far a release has been prepared, in a word, a heading and a sentence."""

from __future__ import annotations

from ..domain.plan import Change
from ..domain.reports.prepare import PrepareReport, Stage
from ..domain.versions import parse_production_tag
from .markdown import visible
from .wording import count

_MARKS = {
    Stage.REFUSED: "⛔",
    Stage.PLANNED: "📝",
    Stage.NOTHING: "✅",
    Stage.PROPOSED: "✅",
    Stage.COMMITTED: "✅",
}


def heading(report: PrepareReport) -> tuple[str, str]:
    """Return a mark and a heading as plain text, which holds foreign names."""
    return _MARKS[report.stage], visible(report.headline)


def reason(report: PrepareReport) -> str:
    """Return what that means in one sentence, as a message of ours that quotes foreign names."""
    plan = report.plan
    blocked = sum(finding.status.blocks for finding in report.findings)
    changed = count(sum(change.changed for change in plan.changes), "value")
    where = " to the stack" if report.actions else ""
    number = report.pull_request[0] if report.pull_request else 0
    return {
        Stage.REFUSED: f"{count(blocked, 'check')} stood in the way, so nothing was written{where}.",
        Stage.PLANNED: f"{changed} of `{plan.file}` would change on `{plan.branch}`. Nothing has been written yet.",
        Stage.NOTHING: f"`{plan.file}` on `{plan.branch}` has these values already, so nothing was written.",
        Stage.PROPOSED: f"Pull request #{number} changes {changed} of `{plan.file}`, and nothing else.",
        Stage.COMMITTED: f"A commit on `{plan.branch}` changes {changed} of `{plan.file}`, and nothing else.",
    }[report.stage]


def is_older(change: Change) -> bool:
    """Whether a pin moves back, as far as both are production tags."""
    before, after, form = change.before.tag, change.after.tag, change.after.component.tag_format
    old, new = parse_production_tag(before, form), parse_production_tag(after, form)
    return old is not None and new is not None and new.version < old.version
