"""The command `announce`: people hear of a release, on its ticket and on the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...render.release_notes import ticket_body
from ...runner.settings.announce import read_announce_settings as read_settings
from .announce import Announce

if TYPE_CHECKING:
    from ...domain.contents import Contents
    from ...domain.reports.announce import AnnounceReport
    from ...runner.settings.announce import AnnounceSettings
    from ..session import Session

__all__ = ["read_settings", "run"]


def run(session: Session[AnnounceSettings]) -> AnnounceReport:
    """Tell people of a release."""

    def body(contents: Contents, limit: int) -> str:
        return ticket_body(contents, session.context.server_url, limit)

    stack = session.stack_on(session.services.github())
    return Announce(session.settings, stack, session.now, session.journal, body, session.clock.sleep).run()
