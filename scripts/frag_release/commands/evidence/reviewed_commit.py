"""What the commit of a release says of it, also where it is the merge of prepare's commit, and who approved its run."""

from __future__ import annotations

from collections.abc import Collection

from ...adapters.ports.publishing import Builds
from ...adapters.ports.repository import CommitFacts, Writer
from ...domain.evidence import Answer, Approval, Unknown
from ...domain.plan import TICKET_TRAILER
from ...domain.review import trailer_values
from ...domain.tickets import Ticket, may_be_told, parse_ticket
from ...errors import RefusedError
from ...inputs.context import Context
from ..answers import must
from ..journal import Journal


def approvals_of(builds: Builds, runs: Collection[int], journal: Journal) -> list[Approval]:
    """Return who approved the runs, each approval once. What cannot be seen is a note: nothing hangs on it."""
    found: list[Approval] = []
    for run in sorted({*runs} - {0}):
        seen = builds.approvals(run)
        if isinstance(seen, Unknown):
            journal.note(f"Who approved the run {run} could not be seen: {seen.reason.rstrip('.')}.")
        else:
            found += [one for one in seen if one not in found]
    return found


def own_run(context: Context, repository: str) -> int:
    """The run that we are part of if it is of that repository, else 0."""
    return context.run_id if context.repository.lower() == repository.lower() else 0


_MOST_UPDATES = 30
"""How many merges of the stack branch into a release branch are looked through."""


def through_updates(writer: Writer, head: str) -> Answer[list[CommitFacts]]:
    """Return the commit and, where it is a merge, its first parents down to the first that is none, newest first."""
    found: list[CommitFacts] = []
    while True:
        facts = writer.message_of(head)
        if isinstance(facts, Unknown):
            return facts
        found.append(facts)
        if len(facts.parents) != 2 or len(found) > _MOST_UPDATES:
            return found
        head = facts.parents[0]


def ticket_to_tell(writer: Writer, commit: str, stack: str, known: tuple[str, ...] = ()) -> Ticket | None:
    """Return the ticket that a release's commit says is to be told of it; None where it names none.

    Whoever may push can write a message, so the ticket must be of the stack's owner, or of a repository that is
    `known`. Raises EvidenceError, and RefusedError where it is another's, or there are two.
    """
    facts = must(writer.message_of(commit), f"The commit {commit[:12]}")
    named = trailer_values(facts.message, TICKET_TRAILER)
    if not named and len(facts.parents) == 2:
        merged = must(through_updates(writer, facts.parents[1]), f"What {commit[:12]} merges")
        named = trailer_values(merged[-1].message, TICKET_TRAILER)
    tickets = [parse_ticket(text, stack, "") for text in named]
    if not tickets:
        return None
    (ticket, *others) = tickets
    if others or ticket is None or not may_be_told(ticket, stack, known):
        what = " and ".join(f"{TICKET_TRAILER}: {text[:80]!r}" for text in named[:3])
        raise RefusedError(
            f"{commit[:12]} says {what}, which is not one ticket of the stack's owner.",
            "Name the ticket to tell in the input ticket of announce.",
        )
    return ticket
