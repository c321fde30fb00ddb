"""What came in between two pins, which tag is the newest, and what the commit of a release says of it."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ...adapters.ports import CommitFacts, Forge, Repository, Writer
from ...adapters.ports.publishing import AnnouncingForge, Builds, Tickets
from ...dataclass import replace
from ...domain.changes import History, TicketHome
from ...domain.contents import Contents, Titles, changes_between, named_tickets
from ...domain.evidence import Answer, Approval, LeftOut, Placement, Unknown, WrongKind
from ...domain.newest import Candidate, Newest, doubts, unformed
from ...domain.plan import TICKET_TRAILER, Change
from ...domain.refs import TagFormat
from ...domain.review import trailer_values
from ...domain.tickets import Ticket, may_be_told, parse_ticket
from ...domain.versions import production_tags
from ...errors import RefusedError
from ...inputs.context import Context
from ..journal import Journal
from ..session import must

_MOST_UPDATES = 30
"""How many merges of the stack branch into a release branch are looked through."""
MOST_PLACED = 300
"""So many of the highest tags are looked at; if none of them is on a branch, no tag is called the newest."""
_NEXT = 40
MOST_TITLES = 300
"""Most tickets whose titles are looked up: each is a request of some thousand that a token has in an hour."""
_NOT_LOOKED_UP = LeftOut(f"only the titles of the first {MOST_TITLES} are looked up")


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


def find_newest(
    repository: Repository,
    branches: Sequence[str],
    today: datetime.date,
    form: TagFormat,
    format_input: str = "tag-format",
    at_first: int = 10,
) -> Answer[Newest]:
    """Return the highest production tags down to one that is on one of `branches`; `today` is the date there.

    `form` is that of the repository's tags, and `format_input` the input that says so.

    They are placed in three batches: `at_first` so many, most often the only ones.
    """
    names = repository.tags_starting([""])
    if isinstance(names, Unknown):
        return names
    tags = production_tags(names, form=form)
    wrong = doubts(tags, today)
    ordered = [tag.text for tag in reversed(tags)]
    waiting, found = [name for name in ordered if name not in wrong], list[Candidate]()
    for size in (at_first, _NEXT, MOST_PLACED - _NEXT - at_first):
        batch, waiting = waiting[:size], waiting[size:]
        found += _placed(repository, batch, branches)
        if not waiting or not all(one.eligible is False for one in found):
            break
    end = next((one.tag for one in found if one.eligible is True), "")
    doubtful = [Candidate(name, False, wrong[name]) for name in _above(end, ordered) if name in wrong]
    highest = next((tag for tag in reversed(tags) if tag.text not in wrong), None)
    return Newest(found, doubtful, len(waiting), unformed(names, form, highest), form, format_input)


def _above(end: str, ordered: Sequence[str]) -> Sequence[str]:
    return ordered[: ordered.index(end)] if end else ordered


def _placed(repository: Repository, tags: Sequence[str], branches: Sequence[str]) -> list[Candidate]:
    commits = repository.tags(tags)
    known = [commit for commit in commits.values() if isinstance(commit, str)]
    placements = repository.placements(known, branches) if known else {}
    return [Candidate(name, _eligible(commits[name], placements)) for name in tags]


def _eligible(commit: Answer[str | None], placements: Mapping[str, Answer[Placement]]) -> Answer[bool]:
    if not isinstance(commit, str):
        # A tag of something other than a commit is on no branch.
        return commit if isinstance(commit, Unknown) and not isinstance(commit, WrongKind) else False
    place = placements[commit]
    return place if isinstance(place, Unknown) else bool(place.branches)


def with_changes(forge: AnnouncingForge, contents: Contents, shown_in: str, server: str, home: str = "") -> Contents:
    """Add what came with a release, and the titles of its tickets, for a text in the repository `shown_in`.

    `server` is the address that tickets have; `home` the repository of the run, if its log or summary tells of them.
    """
    pins = [facts.pin for facts in contents.components]
    found, shown = changes_between(pins, contents.previous), {shown_in, contents.repository, home}
    changes = with_histories(forge, found, shown, TicketHome(server, contents.tickets_from))
    titles, are_private = titles_of(forge.tickets(contents.tickets_from), changes, forge.tickets(shown_in))
    return replace(contents, changes=changes, titles=titles, private_titles=are_private)


def with_histories(
    forge: Forge, changes: Sequence[Change], shown_in: Collection[str], tickets: TicketHome
) -> tuple[Change, ...]:
    """Return the changes with their commits; `Unknown` stands where those could not be read.

    Of a component that is private, or may be, the words of commits are secret unless all of the repositories
    `shown_in`, where they would be written, are private as well. An empty name there stands for a terminal.
    """
    with ThreadPoolExecutor(len(changes) or 1) as pool:
        return tuple(pool.map(lambda change: _with_history(forge, change, shown_in, tickets), changes))


def titles_of(tickets: Tickets, changes: Sequence[Change], shown_in: Tickets) -> tuple[Titles, bool]:
    """Return the title of each ticket that the commits name, asked for once each, and whether they are private.

    Titles of a private repository are left out where others could read them: `shown_in` is where they will be.
    """
    numbers = named_tickets(changes).numbers
    if not numbers:
        return {}, False
    is_private = tickets.is_private() is not False
    is_elsewhere = shown_in.name.lower() != tickets.name.lower()
    if is_private and is_elsewhere and shown_in.is_private() is not True:
        hidden = LeftOut(f"{tickets.name} is private, or may be, and {shown_in.name} is not, so they are left out")
        return dict.fromkeys(numbers, hidden), True
    return {**dict.fromkeys(numbers, _NOT_LOOKED_UP), **tickets.titles(numbers[:MOST_TITLES])}, is_private


def _with_history(forge: Forge, change: Change, shown_in: Collection[str], tickets: TicketHome) -> Change:
    found = _history(forge, change)
    found = replace(found, home=tickets) if isinstance(found, History) else found
    has_commits = isinstance(found, History) and bool(found.added or found.removed)
    secret = has_commits and is_secret(forge, change.after.component.repository, shown_in)
    return replace(change, history=found, is_secret=secret)


def is_secret(forge: Forge, repository: str, shown_in: Collection[str]) -> bool:
    """Whether the words of a repository's commits are not for all who may read the repositories `shown_in`."""
    if forge.repository(repository).is_private() is False:
        return False
    return not all(forge.repository(name).is_private() is True for name in shown_in if name)


def _history(forge: Forge, change: Change) -> Answer[History]:
    if not change.changed:
        return History()
    repository = forge.repository(change.after.component.repository)
    old, new = change.before.tag, change.after.tag
    if not old or not new:
        return change.before.unread or change.after.unread or Unknown("there is no pin to compare with")
    commits = {**repository.tags([old] if change.commit else [old, new])}
    commits.setdefault(new, change.commit)
    for tag in (old, new):
        commit = commits[tag]
        if isinstance(commit, Unknown):
            return commit
        if commit is None:
            return Unknown(f"{repository.name} has no tag {tag!r}")
    return repository.history(str(commits[old]), str(commits[new]))
