"""How far a release has been prepared, in a word, a heading and a sentence."""

from __future__ import annotations

from enum import Enum

from ..domain.plan import Mode
from ..domain.prepare_report import PrepareReport
from ..domain.versions import parse_production_tag
from .markdown import visible
from .wording import count


class Stage(Enum):
    """Where `prepare` has ended."""

    REFUSED = "refused"
    PLANNED = "planned"
    NOTHING = "nothing to do"
    PROPOSED = "proposed"
    COMMITTED = "committed"


def stage_of(report: PrepareReport) -> Stage:
    """Return where a report stands; `PLANNED` is also a plan that is about to be carried out."""
    if report.refused:
        return Stage.REFUSED
    if not report.plan.is_needed:
        return Stage.NOTHING
    if report.pull_request:
        return Stage.PROPOSED
    return Stage.COMMITTED if report.commit and report.plan.mode is Mode.COMMIT else Stage.PLANNED


def heading(report: PrepareReport) -> tuple[str, str]:
    """Return a mark and a heading as plain text, which holds foreign names."""
    tag = visible(report.plan.stack_tag, 60)
    planned = f"Plan (dry run) for release {tag}" if report.dry_run else f"Plan for release {tag}"
    proposed = f"Release {tag} is prepared" if report.changed else f"Nothing to do: release {tag} is prepared already"
    return {
        Stage.REFUSED: ("⛔", f"Refused: release {tag} is not prepared"),
        Stage.PLANNED: ("📝", planned),
        Stage.NOTHING: ("✅", f"Nothing to do: {visible(report.plan.branch, 60)} uses this pair already"),
        Stage.PROPOSED: ("✅", proposed),
        Stage.COMMITTED: ("✅", f"Release {tag} is prepared"),
    }[stage_of(report)]


def reason(report: PrepareReport) -> str:
    """Return what that means in one sentence, as a message of ours that quotes foreign names."""
    plan = report.plan
    blocked = sum(finding.status.blocks for finding in report.findings)
    changed = count(sum(change.changed for change in plan.changes), "value")
    number = report.pull_request[0] if report.pull_request else 0
    return {
        Stage.REFUSED: f"{count(blocked, 'check')} stood in the way, so nothing was written.",
        Stage.PLANNED: f"{changed} of `{plan.file}` would change on `{plan.branch}`. Nothing has been written yet.",
        Stage.NOTHING: f"`{plan.file}` on `{plan.branch}` has these values already, so nothing was written.",
        Stage.PROPOSED: f"Pull request #{number} changes {changed} of `{plan.file}`, and nothing else.",
        Stage.COMMITTED: f"A commit on `{plan.branch}` changes {changed} of `{plan.file}`, and nothing else.",
    }[stage_of(report)]


def is_older(before: str, after: str) -> bool:
    """Whether a pin moves back, as far as both are production tags."""
    old, new = parse_production_tag(before), parse_production_tag(after)
    return old is not None and new is not None and new.version < old.version
