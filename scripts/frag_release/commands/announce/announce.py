"""`announce`: tell people of a release, on its ticket and on the board; run again, it brings both up to date."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from ... import __version__
from ...domain.announcement import TICKET, AnnounceReport
from ...domain.contents import Contents
from ...domain.kept_text import KeptText
from ...domain.tickets import Issue, Ticket
from ...forges.ticketing import AnnouncingForge
from ...runner.settings.announce import AnnounceSettings
from .contents import ReleaseContents
from .desk import Desk
from .dressing import Boarding, Dressing
from .ticketing import Ticketing


@dataclass(frozen=True)
class Presentation:
    """How the command speaks: a line, and the ticket's text in at most so many bytes."""

    tell: Callable[[str], None]
    body: Callable[[Contents, int], str]


@dataclass(frozen=True)
class Announce:
    """The command with all that it needs. `now` is in UTC."""

    settings: AnnounceSettings
    forge: AnnouncingForge
    now: datetime.datetime
    speak: Presentation

    def run(self) -> AnnounceReport:
        """Tell people; raises ExpectedError where the ticket itself could not be written."""
        settings = self.settings
        desk = Desk(settings.stack_tag.text, settings.dry_run, self.speak.tell)
        contents, findings = ReleaseContents(settings, self.forge, self.now.date()).gather()
        desk.findings += findings
        issue, url = self._write(contents, desk)
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
            dry_run=settings.dry_run,
            planned=tuple(desk.planned),
            actions=tuple(desk.actions),
            findings=tuple(desk.findings),
        )

    def _write(self, contents: Contents, desk: Desk) -> tuple[Issue | None, str]:
        settings, tickets = self.settings, self.forge.tickets(self.settings.told_in)
        kept = KeptText.of_ticket(contents.repository, contents.tag)
        ticketing = Ticketing(tickets, kept, lambda limit: self.speak.body(contents, limit), desk)
        dressing = Dressing(tickets, desk)
        if settings.ticket:
            self._say_unused(desk)
            issue, url = ticketing.existing(settings.ticket)
            dressing.label(issue, dressing.usable_labels(settings.labels))
            return issue, url
        title = f"Release {contents.tag}"
        found = ticketing.find(title)
        is_closed = found is not None and not found.is_open
        labels = [] if is_closed else dressing.usable_labels(settings.labels)
        own = ticketing.own(found, title, labels)
        if is_closed:
            self._say_closed(found, desk)
        else:
            dressing.label(own, labels)
            dressing.assign(own, settings.assignees)
            self._board(own, desk)
        return own, own.url if own else ""

    def _say_closed(self, issue: Issue | None, desk: Desk) -> None:
        """A closed ticket is done with: nobody is called, and no card is moved back."""
        settings = self.settings
        wanted = [("labels", settings.labels), ("assignees", settings.assignees), ("project", settings.project)]
        unused = [name for name, given in wanted if given]
        if issue and unused:
            desk.fall_short(
                TICKET,
                f"The ticket #{issue.number} is closed, so that {' and '.join(unused)} were left out.",
                "Reopen it, then run this again, if the release is still to be worked on.",
                issue.url,
            )

    def _say_unused(self, desk: Desk) -> None:
        settings = self.settings
        unused = [name for name, given in (("assignees", settings.assignees), ("project", settings.project)) if given]
        if unused:
            desk.fall_short(
                TICKET,
                f"The inputs {' and '.join(unused)} were left out: an existing ticket gets a comment and labels alone.",
                "Leave the input ticket empty to have a ticket of the release's own.",
            )

    def _board(self, issue: Issue | None, desk: Desk) -> None:
        settings = self.settings
        if settings.project:
            board = self.forge.board(settings.project)
            Boarding(board, desk).put(issue, settings.project_field, settings.project_status)
