"""The command `announce`: people hear of a release, on its ticket and on the board."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...inputs.settings.announce import read_announce_settings as read_settings
from ...render.release_notes import checked, ticket_body
from ..evidence.reviewed_commit import ticket_to_tell
from .announce import Announce

if TYPE_CHECKING:
    from ...adapters.ports.publishing import AnnouncingForge
    from ...domain.contents import Contents
    from ...domain.reports.announce import AnnounceReport
    from ...inputs.settings.announce import AnnounceSettings
    from ..session import Session
    from ..stack import Stack

__all__ = ["read_settings", "run"]


def run(session: Session[AnnounceSettings]) -> AnnounceReport:
    """Tell people of a release."""

    def body(contents: Contents, limit: int) -> str:
        return ticket_body(contents, session.context.server_url, limit)

    stack = session.stack_on(session.github)
    settings = _with_ticket(session.settings, stack)
    return Announce(settings, stack, session.now, session.journal, body, session.clock.sleep, checked).run()


def _with_ticket(settings: AnnounceSettings, stack: Stack[AnnouncingForge]) -> AnnounceSettings:
    """Return the settings with the ticket that the commit names, if none was given; nobody is assigned to that one."""
    tag = settings.stack_tag.text
    commit = None if settings.ticket else stack.repository.tags([tag])[tag]
    if not isinstance(commit, str):
        return settings  # that there is no such tag is told later
    known = (settings.ticket_repository, settings.tickets_from)
    ticket = ticket_to_tell(stack.writer, commit, stack.name, known)
    return replace(settings, ticket=ticket, assignees=(), project="") if ticket else settings
