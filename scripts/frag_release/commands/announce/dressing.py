"""What a ticket wears: its labels, the people who must act, and its lane on the board. Best effort, every part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...adapters.ports.ticketing import Board, Card, Lane, Tickets
from ...adapters.ports.writer import UnconfirmedError, WriteFailedError
from ...domain.evidence import Unknown
from ...domain.reports.announce import ASSIGNEES, BOARD, LABELS
from ...domain.reports.report import Action
from ...domain.tickets import Issue
from ..journal import Journal

_PUSH = (
    "Setting it needs triage or push rights in the ticket's repository. GitHub drops what a token may not set without "
    "a word: give one that may in ticket-token."
)


@dataclass(frozen=True)
class Dressing:
    """Puts labels and people on a ticket of one repository."""

    tickets: Tickets
    journal: Journal

    def usable_labels(self, wanted: Sequence[str]) -> list[str]:
        """Return those labels that are there to be set, after those that are missing were made."""
        known = self.tickets.labels() if wanted else ()
        if isinstance(known, Unknown):
            message = f"The labels of {self.tickets.name} could not be listed: {known.reason}."
            self.journal.fall_short(LABELS, message, known.remedy)
            return []
        names = {label.casefold() for label in known}
        return [label for label in wanted if label.casefold() in names or self._made(label)]

    def label(self, issue: Issue | None, labels: Sequence[str]) -> None:
        """Put those labels on a ticket that it lacks."""
        missing = _lacking(labels, issue.labels) if issue else []
        if not issue or not missing:
            return
        shown = ", ".join(missing)
        now = self.journal.attempt(
            LABELS,
            f"Label the ticket with {shown}",
            lambda: self.tickets.add_labels(issue.number, missing),
            lambda _: Action(f"Labelled the ticket with {shown}", issue.url),
        )
        self._say_dropped(LABELS, "label", _lacking(missing, now) if now is not None else [])

    def assign(self, issue: Issue | None, logins: Sequence[str]) -> None:
        """Assign those people who can be: one who cannot would have the whole order refused."""
        wanted = _lacking(self._assignable(logins), issue.assignees if issue else ())
        if not wanted:
            return
        shown = ", ".join(wanted)
        now = self.journal.attempt(
            ASSIGNEES,
            f"Assign {shown}",
            lambda: self.tickets.assign(issue.number, wanted) if issue else (),
            lambda _: Action(f"Assigned {shown}", issue.url if issue else ""),
        )
        self._say_dropped(ASSIGNEES, "assignee", _lacking(wanted, now) if now is not None else [])

    def _made(self, label: str) -> bool:
        """Make a label that is missing; returns whether it can be set."""
        before = len(self.journal.shortfalls)
        self.journal.attempt(
            LABELS,
            f"Make the label {label!r} in {self.tickets.name}",
            lambda: self._make(label),
            lambda _: Action(f"Made the label {label!r} in {self.tickets.name}"),
        )
        return len(self.journal.shortfalls) == before

    def _make(self, label: str) -> None:
        try:
            self.tickets.create_label(label)
        except WriteFailedError:
            # Its answer was lost, or another run has just made it: what is there tells.
            known = self.tickets.labels()
            if isinstance(known, Unknown) or label.casefold() not in {one.casefold() for one in known}:
                raise

    def _assignable(self, logins: Sequence[str]) -> list[str]:
        answers = self.tickets.assignable(logins)
        for login in logins:
            answer = answers[login]
            if isinstance(answer, Unknown):
                message = f"Whether {login} can be assigned could not be found out: {answer.reason}."
                self.journal.fall_short(ASSIGNEES, message, answer.remedy)
            elif not answer:
                self.journal.fall_short(
                    ASSIGNEES,
                    f"{login} cannot be assigned in {self.tickets.name}.",
                    "Correct the login in assignees, or give that person access to the repository.",
                )
        return [login for login in logins if answers[login] is True]

    def _say_dropped(self, about: str, what: str, dropped: Sequence[str]) -> None:
        if dropped:
            self.journal.fall_short(about, f"GitHub did not set the {what} {', '.join(dropped)}.", _PUSH)


@dataclass(frozen=True)
class Boarding:
    """Puts a ticket into a lane of a board."""

    board: Board
    journal: Journal

    def put(self, issue: Issue | None, field: str, status: str, duplicates: Sequence[Issue] = ()) -> None:
        """Put the ticket into the lane, unless it is there. An `issue` of None is one that a dry run would open.

        Cards of its `duplicates`, such as a workflow of the board makes, are taken off.
        """
        lane = self.board.lane(field, status)
        if isinstance(lane, Unknown):
            self._cannot(lane)
            return
        card = self.board.card(issue, lane) if issue else None
        if isinstance(card, Unknown):
            self._cannot(card)
        elif card is None or card.option_id != lane.option_id:
            self._move(issue, card, lane)
        for duplicate in duplicates:
            self._take_off(duplicate, lane)

    def _take_off(self, issue: Issue, lane: Lane) -> None:
        card = self.board.card(issue, lane)
        if isinstance(card, Unknown):
            self._cannot(card)
        elif card is not None:
            self.journal.attempt(
                BOARD,
                f"Take the card of ticket #{issue.number} off the board {self.board.name}",
                lambda: self._removed(card, issue, lane),
                lambda _: Action(f"Took the card of the duplicate #{issue.number} off the board {self.board.name}"),
            )

    def _removed(self, card: Card, issue: Issue, lane: Lane) -> None:
        try:
            self.board.remove(card)
        except UnconfirmedError:
            if self.board.card(issue, lane) is not None:
                raise

    def _move(self, issue: Issue | None, card: Card | None, lane: Lane) -> None:
        if card is None:
            card = self._added(issue, lane)
        where = f"the lane {lane.option!r} of the board {self.board.name}"
        if card is None and not self.journal.dry_run:
            return
        self.journal.attempt(
            BOARD,
            f"Put it into {where}",
            lambda: self.board.move(card, lane) if card else None,
            lambda _: Action(f"Put the ticket into {where}"),
        )

    def _added(self, issue: Issue | None, lane: Lane) -> Card | None:
        def add() -> Card | None:
            if issue is None:
                return None
            try:
                return self.board.add(issue)
            except UnconfirmedError:
                there = self.board.card(issue, lane)
                if there is None or isinstance(there, Unknown):
                    raise
                return there

        done = Action(f"Put the ticket on the board {self.board.name}")
        return self.journal.attempt(BOARD, f"Put the ticket on the board {self.board.name}", add, lambda _: done)

    def _cannot(self, why: Unknown) -> None:
        message = f"The ticket was not put into its lane of the board: {why.reason}."
        self.journal.fall_short(BOARD, message, why.remedy)


def _lacking(wanted: Sequence[str], there: Sequence[str]) -> list[str]:
    """Return what is not there, in any case of letters: GitHub knows no difference."""
    known = {one.casefold() for one in there}
    return [one for one in wanted if one.casefold() not in known]
