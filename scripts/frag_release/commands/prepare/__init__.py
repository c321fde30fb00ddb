"""The command `prepare`: from a form to a reviewed change of two lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...inputs.settings.prepare import read_prepare_settings as read_settings
from .prepare import Prepare

if TYPE_CHECKING:
    from ...domain.reports.prepare import PrepareReport
    from ...inputs.settings.prepare import PrepareSettings
    from ..session import Session

__all__ = ["read_settings", "run"]


def run(session: Session[PrepareSettings]) -> PrepareReport:
    """Plan, show, and write."""
    services = session.services
    today, registry = session.now.astimezone(session.settings.timezone).date(), services.registry()
    tagging = None
    if session.settings.is_new:
        from .new_tags import NewTags  # late, as the next: only some runs tag
        from .tagging import Tagging

        known = NewTags(session.settings, session.journal, today)
        tagging = Tagging(session, services.github, registry, known)
    return Prepare(session, lambda: session.stack_on(services.forge()), registry, today, tagging).run()
