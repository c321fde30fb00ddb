"""What a plan changes: the lines of the file, and which tags could be chosen instead."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain.evidence import Unknown
from ..domain.findings import Status
from ..domain.newest import Candidate
from ..domain.plan import Change, Plan
from . import markdown
from .changes import tag_link
from .links import Links
from .wording import MARKS

_NAME = 80


def diff(plan: Plan) -> str:
    """Return the lines that change, in a fence; empty where none do."""
    lines = plan.diff.split("\n") if plan.is_needed else []
    shown = [markdown.verbatim(line, 300) for line in lines[:60]]
    more = [f"… {len(lines) - 60} more lines"] if len(lines) > 60 else []
    return markdown.fence("\n".join([*shown, *more]), "diff") if lines else ""


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
    rows += [(name, markdown.code(newest.unformed, _NAME), "is not N.N.N")] if newest.unformed else []
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
