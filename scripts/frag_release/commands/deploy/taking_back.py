"""After a rollback: the release that production left says so, in its text and on its ticket. Best effort, both."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ...adapters.ports.publishing import AnnouncingForge
from ...domain.evidence import Answer, Unknown
from ...domain.facts import Released
from ...domain.kept_text import KeptText
from ...domain.reports.report import Action
from ...domain.rollback import Mark, as_text, came_again, left_by, went_back
from ...domain.tickets import Ticket
from ...errors import ExpectedError, RefusedError
from ..announce.ticketing import Ticketing
from ..answers import must
from ..journal import Journal

_RELEASE = (
    "It needs contents: write, and a token with Workflows: write if workflow files have changed since that release. "
    "The way back may lead there until its text says so."
)
_TICKET = "It needs issues: write in the ticket's repository."


@dataclass(frozen=True)
class TakingBack:
    """Writes what a rollback means for the releases of `repository`, whose tickets are in `told_in`."""

    forge: AnnouncingForge
    repository: str
    told_in: str
    actor: str
    journal: Journal
    now: Callable[[], datetime.datetime]
    sleep: Callable[[float], None]

    def after(self, released: Answer[Released], tag: str) -> None:
        """Mark the release that was left for `tag`, and say of `tag` that it runs again. Raises nothing expected."""
        if isinstance(released, Unknown):
            why = released.reason
            self.journal.note(f"Which release was left could not be seen, so none is marked as taken back: {why}.")
            return
        left = left_by(released, tag)
        if left:
            self._tell(Mark(self.repository, left), tag, went_back(tag, self.now(), self.actor))
        if tag in released.taken_back:
            self._tell(Mark(self.repository, tag), None, came_again(self.now(), self.actor))

    def _tell(self, mark: Mark, to: str | None, event: str) -> None:
        what = f"{mark.tag} was taken back to {to}" if to else f"{mark.tag} was deployed again"
        events = [event]
        try:
            events = self._tell_release(mark, to, event, what)
        except ExpectedError as error:
            self.journal.note(f"The text of the release does not say that {what}: {error.message} {_RELEASE}")
        try:
            self._tell_ticket(mark, events)
        except ExpectedError as error:
            self.journal.note(f"The ticket does not say that {what}: {error.message} {_TICKET}")

    def _tell_release(self, mark: Mark, to: str | None, event: str, what: str) -> list[str]:
        """Bring the release's text up to date, which even an immutable one allows; returns what it says then."""
        releases = self.forge.releases(self.repository)
        public = must(releases.public(mark.tag), f"The release {mark.tag}")
        if public is None or mark.gone_back_to(public.body) == to:
            return mark.events(public.body) if public else []
        body = mark.with_event(public.body, event)
        if body is None:
            raise RefusedError("there is no room, or the line that ends our part is gone.")
        self.journal.do(
            f"Say in the text of the release that {what}",
            partial(releases.update, public, public.title, body),
            lambda _: Action(f"Said in the text of the release that {what}", public.url),
        )
        return mark.events(body)

    def _tell_ticket(self, mark: Mark, events: list[str]) -> None:
        """Say the same in one comment on the release's ticket, if it has one."""
        tickets = self.forge.tickets(self.told_in)
        own = Ticketing(tickets, KeptText.of_ticket(self.repository, mark.tag), lambda _: "", self.journal, self.sleep)
        issue = own.find(f"Release {mark.tag}") if events else None
        if issue:
            comment = Ticketing(tickets, mark.kept, lambda _: as_text(events), self.journal, self.sleep)
            comment.existing(Ticket(issue.repository, issue.number))
