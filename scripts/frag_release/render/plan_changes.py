"""What a plan changes: the lines of the file, and which tags could be chosen instead."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.evidence import Unknown
from ..domain.findings import Status
from ..domain.new_tags import NewTag
from ..domain.newest import Candidate
from ..domain.plan import Change, Plan
from ..domain.reports.prepare import PrepareReport
from . import markdown
from .changes import tag_link
from .links import Links
from .wording import MARKS, age, count

_NAME = 80


def diff(plan: Plan) -> str:
    """Return the lines that change, in a fence; empty where none do."""
    lines = plan.diff.split("\n") if plan.is_needed else []
    shown = [markdown.verbatim(line, 300) for line in lines[:60]]
    more = [f"… {len(lines) - 60} more lines"] if len(lines) > 60 else []
    return markdown.fence("\n".join([*shown, *more]), "diff") if lines else ""


def new_tags(report: PrepareReport, links: Links) -> str:
    """Return a row for each tag that is to be made: what it is for, what came since, and what its push starts."""
    rows = [_new_tag_row(tag, report, links) for tag in report.plan.unmade]
    table = markdown.table(("Component", "Tag", "Commit", "Since the newest tag", "The push starts"), rows)
    moving = "What a push of a tag starts may also move `stable`, and start a build of the stack for staging."
    return f"{table}\n\n{moving}" if rows else ""


def _new_tag_row(tag: NewTag, report: PrepareReport, links: Links) -> Sequence[str]:
    commit = markdown.code_link(tag.commit[:10], links.commit(tag.component.repository, tag.commit))
    subject = "" if tag.is_secret else f" {markdown.text(tag.subject, 100)}"
    starts = tag.starts
    if isinstance(starts, Unknown):
        what = f"not known: {markdown.words(starts.reason, 200)}"
    else:
        what = ", ".join(markdown.code(file.rpartition("/")[2], _NAME) for file in starts[:10]) or "nothing is known of"
    return (
        markdown.text(tag.name, _NAME),
        f"{markdown.code(tag.tag, _NAME)} of {markdown.code(tag.component.repository, 200)}",
        f"{commit}{subject}, {age(tag.placement.committed, report.time) or 'of unknown age'}",
        markdown.text(since(tag), 300),
        what,
    )


def since(tag: NewTag) -> str:
    """Return how much came since the newest production tag, and what a way back would not undo, as plain text."""
    if not tag.since:
        return "no production tag before"
    if isinstance(tag.history, Unknown):
        return f"since {tag.since}: not known ({tag.history.reason})"
    files = tag.history.new_files
    notice = files.below(tag.component.notice_paths) if files else ""
    return f"{count(len(tag.history.added), 'commit')} since {tag.since}{f', {notice}' if notice else ''}"


def candidates(changes: Sequence[Change], links: Links) -> str:
    """Return the newest production tags of every component, and which of them could be chosen, folded."""
    rows: list[Sequence[str]] = [row for change in changes for row in _candidate_rows(change, links)]
    table = markdown.table(("Component", "Tag", "On its production branch"), rows)
    names = " and ".join(change.name for change in changes[:5])
    return markdown.details(f"Newest production tags of {names}", table) if rows else ""


def _candidate_rows(change: Change, links: Links) -> list[tuple[str, str, str]]:
    name = markdown.text(change.name, _NAME)
    if isinstance(change.candidates, Unknown):
        return [(name, "", f"{MARKS[Status.UNKNOWN]} not known: {markdown.words(change.candidates.reason, 200)}")]
    branches = ", ".join(markdown.code(branch, _NAME) for branch in change.after.component.branches[:5])
    newest = change.candidates
    rows = [(name, _candidate(change, one, links), _eligible(one, branches)) for one in newest.shown]
    if newest.unformed:
        rows.append((name, markdown.code(newest.unformed, _NAME), f"is not {newest.form.shape}"))
    return rows or [(name, "none", "")]


def _candidate(change: Change, candidate: Candidate, links: Links) -> str:
    tag = tag_link(links, change.after.component.repository, candidate.tag)
    roles = [
        role
        for role, pin in (("today", change.before), ("planned", change.after))
        if pin.tag == candidate.tag and (role == "today" or change.changed)
    ]
    return f"{tag} ({', '.join(roles)})" if roles else tag


def _eligible(candidate: Candidate, branches: str) -> str:
    if isinstance(candidate.eligible, Unknown):
        return f"{MARKS[Status.UNKNOWN]} not verified: {markdown.words(candidate.eligible.reason, 200)}"
    if candidate.doubt:
        return f"{MARKS[Status.FAIL]} cannot be right: {markdown.words(candidate.doubt, 200)}"
    return f"{MARKS[Status.PASS]} on {branches}" if candidate.eligible else f"{MARKS[Status.FAIL]} not on {branches}"
