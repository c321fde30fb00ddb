"""The command `announce`: announces a release on its ticket and on the board. A second run updates both."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ... import __version__
from ...adapters.ports import UnconfirmedError, WriteFailedError
from ...adapters.ports.publishing import AnnouncingForge, Board, BoardStatus, Card, Tickets
from ...dataclass import dataclass, replace
from ...domain.builds import Build, Job
from ...domain.components import Pin
from ...domain.contents import Contents, gaps
from ...domain.evidence import Answer, Approval, Image, Unknown
from ...domain.facts import NOT_ASKED, ComponentFacts
from ...domain.findings import Finding
from ...domain.release_record import ASSET, KeptText, ReleaseRecord
from ...domain.reports import Action
from ...domain.reports.announce import ASSIGNEES, BOARD, CONTENTS, LABELS, TICKET, AnnounceReport, shortfall
from ...domain.tickets import Issue, Ticket
from ...errors import RefusedError
from ...inputs.settings.release import AnnounceSettings
from ...inputs.settings.release import read_announce_settings as read_settings
from ...render.release_notes import checked, ticket_body
from ...render.wording import listed
from ..evidence.histories import approvals_of, own_run, ticket_to_announce, with_changes
from ..journal import Journal
from ..session import WithSession, require
from ..stack import Stack
from .ticketing import Ticketing

if TYPE_CHECKING:
    from ..session import Session

__all__ = ["read_settings", "run"]

_PUSH = (
    "Setting it needs triage or push rights in the ticket's repository. GitHub silently drops what a token may not "
    "set: pass a token with these rights in ticket-token."
)


@dataclass(frozen=True)
class ReleaseContents:
    """Reads a release. Without a release on the forge only its checks and digests are unknown."""

    settings: AnnounceSettings
    stack: Stack[AnnouncingForge]
    today: datetime.date
    journal: Journal

    def gather(self) -> tuple[Contents, list[Finding]]:
        """Return the release, and a finding for each part that could not be read.

        Raises EvidenceError and RefusedError if it cannot be determined what was released.
        """
        settings, tag = self.settings, self.settings.stack_tag.text
        commit = self._commit(tag)
        pins = self._pins(commit)
        record, findings = self._record(tag, commit)
        build, jobs = self._build(tag, commit)
        contents = Contents(
            repository=settings.stack_repository,
            tag=tag,
            commit=commit,
            components=[self._facts(pin, record) for pin in pins],
            previous=self.stack.tag_facts(tag, self.stack.branches(), self.today)[1],
            tickets_from=settings.tickets_from,
            findings=record.findings if record else (),
            image=record.image.rpartition(":")[0] if record else "",
            digest=record.digest if record else "",
            build=build,
            jobs=jobs,
            approvals=self._approvals(record, build),
            checklist=settings.checklist,
        )
        server = self.stack.context.server_url
        contents = with_changes(self.stack.forge, contents, settings.updated_in, server, settings.home)
        return contents, [*findings, *_gaps(contents)]

    def _approvals(self, record: ReleaseRecord | None, build: Answer[Build | None]) -> list[Approval]:
        """Who approved it, according to `release.json`, the run of the build and this run."""
        stack, recorded = self.stack, list(record.approvals) if record else []
        runs = (own_run(stack.context, stack.name), build.id if isinstance(build, Build) else 0)
        seen = approvals_of(stack.forge.builds(stack.name), runs, self.journal)
        return [*recorded, *(one for one in seen if one not in recorded)]

    def _commit(self, tag: str) -> str:
        commit = require(self.stack.repository.tags([tag])[tag], f"The tag {tag}")
        if commit is None:
            raise RefusedError(
                f"{self.stack.name} has no tag {tag}, so there is nothing to announce.",
                "Publish the release first, or correct the input stack-tag.",
            )
        return commit

    def _pins(self, commit: str) -> tuple[Pin, ...]:
        file = self.settings.workflow_file
        pins = self.stack.required_pins([commit])[commit]
        for pin in pins:
            if pin.problem or not pin.tag:
                why = str(pin.problem) if pin.problem else f"{pin.variable} is empty"
                raise RefusedError(
                    f"The {pin.component.name} of the release cannot be read from {file} at {commit[:12]}: {why}.",
                    "Correct the inputs that locate the pins: workflow-file and the names of its variables.",
                    file,
                    pin.line,
                )
        return pins

    def _record(self, tag: str, commit: str) -> tuple[ReleaseRecord | None, list[Finding]]:
        """Return the record that the release left, or a finding if it is unreadable or of another commit."""
        record = self.stack.forge.release_record(self.stack.name, tag)
        if isinstance(record, Unknown):
            message = f"Which checks the release passed could not be read: {record.reason}."
            return None, [shortfall(CONTENTS, tag, message, record.remedy)]
        if record and record.commit != commit:
            message = f"{ASSET} of the release is about {record.commit[:12]}, but the tag points at {commit[:12]}."
            return None, [shortfall(CONTENTS, tag, message, "Find out who moved the tag: it should never be moved.")]
        return record, []

    def _build(self, tag: str, commit: str) -> tuple[Answer[Build | None], Answer[Sequence[Job]]]:
        builds = self.stack.forge.builds(self.stack.name)
        found = builds.of_tag(self.settings.workflow_file, tag, commit)
        if isinstance(found, Unknown) or not found:
            return (found, ()) if isinstance(found, Unknown) else (None, ())
        return found[0], builds.jobs(found[0])

    def _facts(self, pin: Pin, record: ReleaseRecord | None) -> ComponentFacts:
        """Return what the release recorded for a pin; only the commit if it recorded another pin."""
        recorded = record.component(pin.component.name) if record else None
        facts = ComponentFacts(pin, runs=NOT_ASKED)
        if recorded is None or recorded.tag != pin.tag:
            repository = self.stack.forge.repository(pin.component.repository)
            return replace(facts, commit=repository.tags([pin.tag])[pin.tag])
        name, _, tag = recorded.image.rpartition(":")
        image = Image(name, tag, recorded.digest or None) if recorded.image else None
        return replace(facts, commit=recorded.commit, image=image or NOT_ASKED)


def _gaps(contents: Contents) -> list[Finding]:
    return [
        shortfall(CONTENTS, contents.tag, f"{what} could not be read: {why.reason}.", why.remedy)
        for what, why in gaps(contents)
    ]


@dataclass(frozen=True)
class LabelsAndAssignees:
    """Sets labels and assignees on a ticket of one repository."""

    tickets: Tickets
    journal: Journal

    def usable_labels(self, wanted: Sequence[str]) -> list[str]:
        """Create the missing labels; return those that can be set."""
        known = self.tickets.labels() if wanted else ()
        if isinstance(known, Unknown):
            message = f"The labels of {self.tickets.name} could not be listed: {known.reason}."
            self.journal.fall_short(LABELS, message, known.remedy)
            return []
        names = {label.casefold() for label in known}
        return [label for label in wanted if label.casefold() in names or self._made(label)]

    def label(self, issue: Issue | None, labels: Sequence[str]) -> None:
        """Add to a ticket the labels that it does not have yet."""
        missing = _missing(labels, issue.labels) if issue else []
        if not issue or not missing:
            return
        shown = ", ".join(missing)
        now = self.journal.attempt(
            LABELS,
            f"Label the ticket with {shown}",
            lambda: self.tickets.add_labels(issue.number, missing),
            lambda _: Action(f"Labelled the ticket with {shown}", issue.url),
        )
        self._report_dropped(LABELS, "label", _missing(missing, now) if now is not None else [])

    def assign(self, issue: Issue | None, logins: Sequence[str]) -> None:
        """Assign the people who can be assigned: GitHub refuses the whole request for one who cannot."""
        wanted = _missing(self._assignable(logins), issue.assignees if issue else ())
        if not wanted:
            return
        shown = ", ".join(wanted)
        now = self.journal.attempt(
            ASSIGNEES,
            f"Assign {shown}",
            lambda: self.tickets.assign(issue.number, wanted) if issue else (),
            lambda _: Action(f"Assigned {shown}", issue.url if issue else ""),
        )
        self._report_dropped(ASSIGNEES, "assignee", _missing(wanted, now) if now is not None else [])

    def _made(self, label: str) -> bool:
        """Create a missing label; return whether it can be set."""
        before = len(self.journal.shortfalls)
        self.journal.attempt(
            LABELS,
            f"Create the label {label!r} in {self.tickets.name}",
            lambda: self._make(label),
            lambda _: Action(f"Created the label {label!r} in {self.tickets.name}"),
        )
        return len(self.journal.shortfalls) == before

    def _make(self, label: str) -> None:
        try:
            self.tickets.create_label(label)
        except WriteFailedError:
            # The response was lost, or another run has just created it: the list shows whether it exists.
            known = self.tickets.labels()
            if isinstance(known, Unknown) or label.casefold() not in {one.casefold() for one in known}:
                raise

    def _assignable(self, logins: Sequence[str]) -> list[str]:
        answers = self.tickets.assignable(logins)
        for login in logins:
            answer = answers[login]
            if isinstance(answer, Unknown):
                message = f"Whether {login} can be assigned could not be determined: {answer.reason}."
                self.journal.fall_short(ASSIGNEES, message, answer.remedy)
            elif not answer:
                self.journal.fall_short(
                    ASSIGNEES,
                    f"{login} cannot be assigned in {self.tickets.name}.",
                    "Correct the login in assignees, or give that person access to the repository.",
                )
        return [login for login in logins if answers[login] is True]

    def _report_dropped(self, about: str, what: str, dropped: Sequence[str]) -> None:
        if dropped:
            self.journal.fall_short(about, f"GitHub did not set the {what} {', '.join(dropped)}.", _PUSH)


@dataclass(frozen=True)
class BoardPlacement:
    """Sets the status of a ticket on a board."""

    board: Board
    journal: Journal

    def put(self, issue: Issue | None, field: str, status: str, duplicates: Sequence[Issue] = ()) -> None:
        """Set the ticket's status unless it is set. `issue` is None for a ticket that a dry run would open.

        Cards of its `duplicates`, which a workflow of the board may have added, are removed.
        """
        column = self.board.status(field, status)
        if isinstance(column, Unknown):
            self._fall_short(column)
            return
        card = self.board.card(issue, column) if issue else None
        if isinstance(card, Unknown):
            self._fall_short(card)
        elif card is None or card.option_id != column.option_id:
            self._move(issue, card, column)
        for duplicate in duplicates:
            self._remove(duplicate, column)

    def _remove(self, issue: Issue, column: BoardStatus) -> None:
        card = self.board.card(issue, column)
        if isinstance(card, Unknown):
            self._fall_short(card)
        elif card is not None:
            self.journal.attempt(
                BOARD,
                f"Remove the card of ticket #{issue.number} from the board {self.board.name}",
                lambda: self._delete_card(card, issue, column),
                lambda _: Action(f"Removed the card of the duplicate #{issue.number} from the board {self.board.name}"),
            )

    def _delete_card(self, card: Card, issue: Issue, column: BoardStatus) -> None:
        try:
            self.board.remove(card)
        except UnconfirmedError:
            if self.board.card(issue, column) is not None:
                raise

    def _move(self, issue: Issue | None, card: Card | None, column: BoardStatus) -> None:
        if card is None:
            card = self._added(issue, column)
        where = f"{column.option!r} on the board {self.board.name}"
        if card is None and not self.journal.dry_run:
            return
        self.journal.attempt(
            BOARD,
            f"Move it to {where}",
            lambda: self.board.move(card, column) if card else None,
            lambda _: Action(f"Moved the ticket to {where}"),
        )

    def _added(self, issue: Issue | None, column: BoardStatus) -> Card | None:
        def add() -> Card | None:
            if issue is None:
                return None
            try:
                return self.board.add(issue)
            except UnconfirmedError:
                there = self.board.card(issue, column)
                if there is None or isinstance(there, Unknown):
                    raise
                return there

        done = Action(f"Added the ticket to the board {self.board.name}")
        return self.journal.attempt(BOARD, f"Add the ticket to the board {self.board.name}", add, lambda _: done)

    def _fall_short(self, why: Unknown) -> None:
        message = f"The ticket's status on the board was not set: {why.reason}."
        self.journal.fall_short(BOARD, message, why.remedy)


def _missing(wanted: Sequence[str], there: Sequence[str]) -> list[str]:
    """Return the names that are missing, compared without regard to case, as GitHub does."""
    known = {one.casefold() for one in there}
    return [one for one in wanted if one.casefold() not in known]


@dataclass(frozen=True)
class Announce(WithSession[AnnounceSettings]):
    """The command and its collaborators."""

    session: Session[AnnounceSettings]
    stack: Stack[AnnouncingForge]

    def run(self) -> AnnounceReport:
        """Announce the release; raises ExpectedError if the ticket itself could not be written."""
        settings, journal = self.settings, self.journal
        contents, findings = ReleaseContents(settings, self.stack, self.session.now.date(), journal).gather()
        issue, url, body = self._write(contents)
        short = [shortfall(one.about, contents.tag, one.message, one.remedy, one.url) for one in journal.shortfalls]
        where = Ticket(issue.repository, issue.number) if issue else None
        return AnnounceReport(
            version=__version__,
            time=self.session.now,
            contents=contents,
            repository=settings.updated_in,
            where=where,
            url=url,
            is_existing=settings.ticket is not None,
            board=bool(settings.project) and settings.ticket is None and (issue is None or issue.is_open),
            dry_run=journal.dry_run,
            findings=(*findings, *short),
            checked=checked(contents, KeptText.of_ticket(contents.repository, contents.tag).ticked(body)),
        )

    def _ticketing(self, contents: Contents, tickets: Tickets) -> Ticketing:
        kept, server = KeptText.of_ticket(contents.repository, contents.tag), self.session.context.server_url
        sleep = self.session.clock.sleep
        return Ticketing(tickets, kept, lambda limit: ticket_body(contents, server, limit), self.journal, sleep)

    def _write(self, contents: Contents) -> tuple[Issue | None, str, str]:
        """Return the ticket, the URL of what was written, and the ticket's text before."""
        settings, tickets = self.settings, self.stack.forge.tickets(self.settings.updated_in)
        ticketing = self._ticketing(contents, tickets)
        on_ticket = LabelsAndAssignees(tickets, self.journal)
        if settings.ticket:
            self._report_unused()
            issue, url = ticketing.existing(settings.ticket)
            on_ticket.label(issue, on_ticket.usable_labels(settings.labels))
            return issue, url, ""
        title = f"Release {contents.tag}"
        found = ticketing.find(title)
        is_closed = found is not None and not found.is_open
        labels = [] if is_closed else on_ticket.usable_labels(settings.labels)
        own = ticketing.own(found, title, labels)
        if is_closed:
            self._report_closed(found)
        else:
            on_ticket.label(own, labels)
            on_ticket.assign(own, settings.assignees)
            self._board(own, ticketing.closed)
        return own, own.url if own else "", found.body if found else ""

    def _report_closed(self, issue: Issue | None) -> None:
        """Report what was left out: on a closed ticket no one is assigned, and no card is moved."""
        settings = self.settings
        wanted = {"labels": settings.labels, "assignees": settings.assignees, "project": settings.project}
        unused = [name for name, given in wanted.items() if given]
        if issue and unused:
            self.journal.fall_short(
                TICKET,
                f"The ticket #{issue.number} is closed, so {listed(unused)} were left out.",
                "If the release still needs work, reopen the ticket, then run this again.",
                issue.url,
            )

    def _report_unused(self) -> None:
        wanted = {"assignees": self.settings.assignees, "project": self.settings.project}
        unused = [name for name, given in wanted.items() if given]
        if unused:
            self.journal.fall_short(
                TICKET,
                f"The inputs {listed(unused)} were left out: an existing ticket gets only a comment and labels.",
                "To open a ticket for the release itself, leave the input ticket empty.",
            )

    def _board(self, issue: Issue | None, duplicates: Sequence[Issue]) -> None:
        settings = self.settings
        if settings.project:
            board = self.stack.forge.board(settings.project)
            BoardPlacement(board, self.journal).put(issue, settings.project_field, settings.project_status, duplicates)


def run(session: Session[AnnounceSettings]) -> AnnounceReport:
    """Announce a release."""
    stack = session.stack_on(session.github)
    session.settings = _with_ticket(session.settings, stack)
    return Announce(session, stack).run()


def _with_ticket(settings: AnnounceSettings, stack: Stack[AnnouncingForge]) -> AnnounceSettings:
    """Return the settings with the ticket that the commit names if none was given, and then without assignees."""
    tag = settings.stack_tag.text
    commit = None if settings.ticket else stack.repository.tags([tag])[tag]
    if not isinstance(commit, str):
        return settings  # a missing tag is reported later
    known = (settings.ticket_repository, settings.tickets_from)
    ticket = ticket_to_announce(stack.writer, commit, stack.name, known)
    return replace(settings, ticket=ticket, assignees=(), project="") if ticket else settings
