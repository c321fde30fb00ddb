"""`announce`: tell people of a release, on its ticket and on the board; run again, it brings both up to date."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ... import __version__
from ...adapters.ports.ticketing import AnnouncingForge
from ...domain.contents import Contents
from ...domain.kept_text import KeptText
from ...domain.reports.announce import TICKET, AnnounceReport, shortfall
from ...domain.tickets import Issue, Ticket
from ...inputs.settings.announce import AnnounceSettings
from ..journal import Journal
from ..stack import Stack
from .contents import ReleaseContents
from .dressing import Boarding, Dressing
from .ticketing import Ticketing


@dataclass(frozen=True)
class Announce:
    """The command with all that it needs. `now` is in UTC; `body` makes the ticket's text in at most so many bytes.

    `sleep` waits so many seconds. `checked` finds the steps among the texts of ticked boxes.
    """

    settings: AnnounceSettings
    stack: Stack[AnnouncingForge]
    now: datetime.datetime
    journal: Journal
    body: Callable[[Contents, int], str]
    sleep: Callable[[float], None]
    checked: Callable[[Contents, Sequence[str]], Sequence[str]]

    def run(self) -> AnnounceReport:
        """Tell people; raises ExpectedError where the ticket itself could not be written."""
        settings, journal = self.settings, self.journal
        contents, findings = ReleaseContents(settings, self.stack, self.now.date(), journal).gather()
        issue, url, body = self._write(contents)
        short = [shortfall(one.about, contents.tag, one.message, one.remedy, one.url) for one in journal.shortfalls]
        where = Ticket(issue.repository, issue.number) if issue else None
        return AnnounceReport(
            version=__version__,
            time=self.now,
            contents=contents,
            repository=settings.told_in,
            where=where,
            url=url,
            is_existing=settings.ticket is not None,
            board=bool(settings.project) and settings.ticket is None and (issue is None or issue.is_open),
            dry_run=journal.dry_run,
            findings=(*findings, *short),
            checked=self.checked(contents, KeptText.of_ticket(contents.repository, contents.tag).ticked(body)),
        )

    def _write(self, contents: Contents) -> tuple[Issue | None, str, str]:
        """Return the ticket, the address of what was written, and what the ticket said before."""
        settings, tickets = self.settings, self.stack.forge.tickets(self.settings.told_in)
        kept = KeptText.of_ticket(contents.repository, contents.tag)
        ticketing = Ticketing(tickets, kept, lambda limit: self.body(contents, limit), self.journal, self.sleep)
        dressing = Dressing(tickets, self.journal)
        if settings.ticket:
            self._say_unused()
            issue, url = ticketing.existing(settings.ticket)
            dressing.label(issue, dressing.usable_labels(settings.labels))
            return issue, url, ""
        title = f"Release {contents.tag}"
        found = ticketing.find(title)
        is_closed = found is not None and not found.is_open
        labels = [] if is_closed else dressing.usable_labels(settings.labels)
        own = ticketing.own(found, title, labels)
        if is_closed:
            self._say_closed(found)
        else:
            dressing.label(own, labels)
            dressing.assign(own, settings.assignees)
            self._board(own, ticketing.closed)
        return own, own.url if own else "", found.body if found else ""

    def _say_closed(self, issue: Issue | None) -> None:
        """A closed ticket is done with: nobody is called, and no card is moved back."""
        settings = self.settings
        wanted = [("labels", settings.labels), ("assignees", settings.assignees), ("project", settings.project)]
        unused = [name for name, given in wanted if given]
        if issue and unused:
            self.journal.fall_short(
                TICKET,
                f"The ticket #{issue.number} is closed, so that {' and '.join(unused)} were left out.",
                "Reopen it, then run this again, if the release is still to be worked on.",
                issue.url,
            )

    def _say_unused(self) -> None:
        settings = self.settings
        unused = [name for name, given in (("assignees", settings.assignees), ("project", settings.project)) if given]
        if unused:
            self.journal.fall_short(
                TICKET,
                f"The inputs {' and '.join(unused)} were left out: an existing ticket gets a comment and labels alone.",
                "Leave the input ticket empty to have a ticket of the release's own.",
            )

    def _board(self, issue: Issue | None, duplicates: Sequence[Issue]) -> None:
        settings = self.settings
        if settings.project:
            board = self.stack.forge.board(settings.project)
            Boarding(board, self.journal).put(issue, settings.project_field, settings.project_status, duplicates)
