"""What a release consists of and what changed with it: the source of its notes and its ticket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..dataclass import dataclass, field
from .builds import Build, Job
from .changes import History, References
from .components import Pin
from .evidence import Answer, Approval, LeftOut, Unknown
from .facts import ComponentFacts, PreviousRelease
from .findings import Finding
from .plan import Change

Titles = Mapping[int, Answer["str | None"]]
"""Titles of tickets by number; None if there is no such ticket or the token may not see it."""


@dataclass(frozen=True)
class Contents:
    """A release of `repository` at `commit`, and the one before it.

    `findings` are those of the checks that it passed, empty if they are not recorded. `image` and `digest` are the
    stack's own, empty if unknown; `build` is None if it was not looked up.
    `tickets_from` is the repository of the tickets, whose `titles` were looked up once each; with `private_titles`
    not everybody may read them. `checklist` is what people have to do, empty for the usual steps.
    """

    repository: str
    tag: str
    commit: str
    components: Sequence[ComponentFacts]
    previous: Answer[PreviousRelease | None]
    tickets_from: str
    changes: Sequence[Change] = ()
    titles: Titles = field(default_factory=dict)
    private_titles: bool = False
    findings: Sequence[Finding] = ()
    image: str = ""
    digest: str = ""
    build: Answer[Build | None] = None
    jobs: Answer[Sequence[Job]] = ()
    approvals: Sequence[Approval] = ()
    checklist: Sequence[str] = ()


@dataclass(frozen=True)
class NamedTicket:
    """A ticket, and the components whose commits name it."""

    number: int
    components: Sequence[str]


@dataclass(frozen=True)
class NamedTickets:
    """The tickets that a release adds and removes, each once, and the number of commits that name none."""

    added: Sequence[NamedTicket] = ()
    removed: Sequence[NamedTicket] = ()
    without_ticket: int = 0

    @property
    def numbers(self) -> list[int]:
        """Every ticket once, added ones first."""
        return list(dict.fromkeys(one.number for one in (*self.added, *self.removed)))


def changes_between(pins: Sequence[Pin], previous: Answer[PreviousRelease | None]) -> list[Change]:
    """Return each pin with the one of the release before, which is empty if there is none or it is unknown."""
    before = {pin.component.name: pin for pin in previous.pins} if isinstance(previous, PreviousRelease) else {}
    unread = previous if isinstance(previous, Unknown) else None
    return [Change(before.get(pin.component.name) or Pin(pin.component, unread=unread), pin) for pin in pins]


def named_tickets(changes: Sequence[Change]) -> NamedTickets:
    """Read the tickets from the known histories; a ticket that two components name is listed once."""
    found = [(change.name, change.history) for change in changes if isinstance(change.history, History)]
    added = [(name, history.references()) for name, history in found]
    removed = [(name, history.removed_references()) for name, history in found]
    return NamedTickets(_merged(added), _merged(removed), sum(one.without_ticket for _, one in added))


def unread(changes: Sequence[Change]) -> list[tuple[Change, Unknown]]:
    """Return the changes whose commits are unknown, with the reason, except those without a pin before."""
    return [
        (change, change.history)
        for change in changes
        if isinstance(change.history, Unknown) and (change.before.tag or change.before.unread)
    ]


def gaps(contents: Contents) -> list[tuple[str, Unknown]]:
    """Return what could not be read of a release, and why: its text has a gap there."""
    return [(what, found) for what, found in _answers(contents) if isinstance(found, Unknown)]


def _answers(contents: Contents) -> Iterator[tuple[str, object]]:
    yield "The release before", contents.previous
    if not isinstance(contents.previous, Unknown):
        yield from ((f"What changed in the {change.name}", why) for change, why in unread(contents.changes))
    yield from _one_title(contents.titles)
    yield "The build", contents.build
    yield "The jobs of the build", contents.jobs


def _one_title(titles: Titles) -> Iterator[tuple[str, object]]:
    """Yield why titles could not be read, once for all of them."""
    unread = [title for title in titles.values() if isinstance(title, Unknown) and not isinstance(title, LeftOut)]
    if unread:
        yield ("The title of a ticket" if len(unread) == 1 else f"The titles of {len(unread)} tickets"), unread[0]


def _merged(references: Sequence[tuple[str, References]]) -> list[NamedTicket]:
    components: dict[int, list[str]] = {}
    for name, found in references:
        for number in found.tickets:
            components.setdefault(number, []).append(name)
    return [NamedTicket(number, tuple(names)) for number, names in components.items()]
