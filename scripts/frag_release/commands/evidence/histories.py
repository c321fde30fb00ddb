"""The commits between two pins, the newest tag, and what a release's commit records about it."""

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
from ...domain.tickets import Ticket, may_comment_on, parse_ticket
from ...domain.versions import production_tags
from ...errors import RefusedError
from ...inputs.context import Context
from ..journal import Journal
from ..session import require

_MOST_UPDATES = 30
"""The number of merges of the stack branch into a release branch that are followed."""
MOST_PLACED = 300
"""The number of highest tags that are checked; if none of them is on a branch, the newest tag is unknown."""
_NEXT = 40
MOST_TITLES = 300
"""The most tickets whose titles are looked up: each costs one of the few thousand requests a token has in an hour."""
_NOT_LOOKED_UP = LeftOut(f"only the titles of the first {MOST_TITLES} are looked up")


def approvals_of(builds: Builds, runs: Collection[int], journal: Journal) -> list[Approval]:
    """Return who approved the runs, each approval once. A failed read is only noted: nothing depends on it."""
    found: list[Approval] = []
    for run in sorted({*runs} - {0}):
        seen = builds.approvals(run)
        if isinstance(seen, Unknown):
            journal.note(f"Who approved the run {run} could not be determined: {seen.reason.rstrip('.')}.")
        else:
            found += [one for one in seen if one not in found]
    return found


def own_run(context: Context, repository: str) -> int:
    """The id of the current run if it belongs to that repository, else 0."""
    return context.run_id if context.repository.lower() == repository.lower() else 0


def through_updates(writer: Writer, head: str) -> Answer[list[CommitFacts]]:
    """Return the commit and, if it is a merge, its first parents down to the first non-merge, newest first."""
    found: list[CommitFacts] = []
    while True:
        facts = writer.message_of(head)
        if isinstance(facts, Unknown):
            return facts
        found.append(facts)
        if len(facts.parents) != 2 or len(found) > _MOST_UPDATES:
            return found
        head = facts.parents[0]


def ticket_to_announce(writer: Writer, commit: str, stack: str, known: tuple[str, ...] = ()) -> Ticket | None:
    """Return the ticket that a release's commit names for its announcement; None if it names none.

    Anyone with push access can write a message, so the ticket must be in a repository of the stack's owner or a
    `known` one. Raises EvidenceError, and RefusedError if it is not, or if there are two tickets.
    """
    facts = require(writer.message_of(commit), f"The commit {commit[:12]}")
    named = trailer_values(facts.message, TICKET_TRAILER)
    if not named and len(facts.parents) == 2:
        merged = require(through_updates(writer, facts.parents[1]), f"The commits merged by {commit[:12]}")
        named = trailer_values(merged[-1].message, TICKET_TRAILER)
    tickets = [parse_ticket(text, stack, "") for text in named]
    if not tickets:
        return None
    (ticket, *others) = tickets
    if others or ticket is None or not may_comment_on(ticket, stack, known):
        what = " and ".join(f"{TICKET_TRAILER}: {text[:80]!r}" for text in named[:3])
        raise RefusedError(
            f"{commit[:12]} has {what}, which is not one ticket of the stack's owner.",
            "Name the ticket to comment on in the input ticket of announce.",
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
    """Return the highest production tags down to one that is on one of `branches`; `today` is the stack's date.

    `form` is the format of the repository's tags, and `format_input` the input that sets it. Tags are placed in three
    batches; the first has `at_first` tags and usually suffices.
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
    above = ordered[: ordered.index(end)] if end else ordered
    doubtful = [Candidate(name, False, wrong[name]) for name in above if name in wrong]
    highest = next((tag for tag in reversed(tags) if tag.text not in wrong), None)
    return Newest(found, doubtful, len(waiting), unformed(names, form, highest), form, format_input)


def _placed(repository: Repository, tags: Sequence[str], branches: Sequence[str]) -> list[Candidate]:
    commits = repository.tags(tags)
    known = [commit for commit in commits.values() if isinstance(commit, str)]
    placements = repository.placements(known, branches) if known else {}
    return [Candidate(name, _eligible(commits[name], placements)) for name in tags]


def _eligible(commit: Answer[str | None], placements: Mapping[str, Answer[Placement]]) -> Answer[bool]:
    if not isinstance(commit, str):
        # A tag that points at something other than a commit is not on a branch.
        return commit if isinstance(commit, Unknown) and not isinstance(commit, WrongKind) else False
    place = placements[commit]
    return place if isinstance(place, Unknown) else bool(place.branches)


def with_changes(forge: AnnouncingForge, contents: Contents, shown_in: str, server: str, home: str = "") -> Contents:
    """Add the commits of a release and the titles of its tickets, for a text in the repository `shown_in`.

    `server` is the URL of the tickets' server; `home` the run's repository if its log or summary shows them, too.
    """
    pins = [facts.pin for facts in contents.components]
    found, shown = changes_between(pins, contents.previous), {shown_in, contents.repository, home}
    changes = with_histories(forge, found, shown, TicketHome(server, contents.tickets_from))
    titles, are_private = titles_of(forge.tickets(contents.tickets_from), changes, forge.tickets(shown_in))
    return replace(contents, changes=changes, titles=titles, private_titles=are_private)


def with_histories(
    forge: Forge, changes: Sequence[Change], shown_in: Collection[str], tickets: TicketHome
) -> tuple[Change, ...]:
    """Return the changes with their commits, `Unknown` if those could not be read.

    If a component is or may be private, its commit messages are secret unless all the repositories `shown_in`, in
    which they would appear, are private as well. An empty name there is a terminal.
    """
    with ThreadPoolExecutor(len(changes) or 1) as pool:
        return tuple(pool.map(lambda change: _with_history(forge, change, shown_in, tickets), changes))


def titles_of(tickets: Tickets, changes: Sequence[Change], shown_in: Tickets) -> tuple[Titles, bool]:
    """Return the title of each ticket that the commits name, each looked up once, and whether they are private.

    Titles of a private repository are left out if `shown_in`, where they would appear, has other readers.
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
    """Whether readers of the repositories `shown_in` may lack access to this repository's commit messages."""
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
