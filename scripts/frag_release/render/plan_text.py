"""The plan and what came of it as plain text, for the log and for a terminal."""

from __future__ import annotations

from ..domain.evidence import Unknown
from ..domain.new_tags import NewTag
from ..domain.plan import Change
from ..domain.reports.prepare import PrepareReport
from .markdown import verbatim, visible
from .plan_changes import since
from .plan_stage import heading, is_older, reason
from .terminal import finding_lines
from .wording import age, count

_SHOWN = 30


def prepare_text(report: PrepareReport) -> str:
    """Return the verdict, what changes, each finding with its remedy, and what was made.

    Nothing here is safe from being taken for a command by a runner: the log sees to that.
    """
    diff = report.plan.diff.split("\n") if report.plan.is_needed else []
    lines = [heading(report)[1], visible(reason(report).replace("`", ""))]
    lines += [verbatim(line, 300) for line in diff[:60]]
    lines += [_new_tag(tag, report) for tag in report.plan.unmade]
    lines += [line for change in report.plan.changes for line in _change(change)]
    lines += finding_lines(report.findings)
    lines += [f"{visible(action.what)} {visible(action.url)}".rstrip() for action in report.actions]
    return "\n".join([*lines, *(visible(note) for note in report.notes)])


def outcome_text(report: PrepareReport) -> str:
    """Return what was made, a line each, and what could not be."""
    return "\n".join(visible(line) for line in (*(action.what for action in report.actions), *report.notes))


def _new_tag(tag: NewTag, report: PrepareReport) -> str:
    subject = "" if tag.is_secret else f" ({visible(tag.subject, 100)}, {age(tag.placement.committed, report.time)})"
    starts = () if isinstance(tag.starts, Unknown) else tag.starts
    named = f"; starts {', '.join(file.rpartition('/')[2] for file in starts[:10])}" if starts else ""
    return visible(f"{tag.name}: {tag.action}{subject}; {since(tag)}{named}", 500)


def _change(change: Change) -> list[str]:
    name, old, new = (visible(text, 80) for text in (change.name, change.before.tag or "none", change.after.tag))
    if not change.changed:
        return [f"{name}: {old}, unchanged"]
    if isinstance(change.history, Unknown):
        what = f"its commits could not be read: {visible(change.history.reason, 200)}"
        removed = 0
    else:
        tickets = change.history.references().tickets
        named = f", tickets {' '.join(f'#{number}' for number in tickets[:_SHOWN])}" if tickets else ""
        more = f" and {len(tickets) - _SHOWN} more" if len(tickets) > _SHOWN else ""
        removed = len(change.history.removed)
        what = f"{count(len(change.history.added), 'new commit')}, {removed} removed{named}{more}"
    lines = [f"{name}: {old} -> {new} ({what})"]
    if removed or is_older(change):
        back = "goes back" if is_older(change) else "loses commits"
        lines.append(f"WARNING: {name} {back}. Database migrations are not undone.")
    return lines
