"""The command `audit`: every past release, judged by the same rules."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from ... import __version__
from ...adapters.http.pace import Pace
from ...domain.reports.audit import WatchReport
from ...inputs.settings.audit import read_audit_settings as read_settings
from .audit import Audit, values_under

if TYPE_CHECKING:
    from ...domain.reports.audit import AuditReport
    from ...domain.watch import Watch
    from ...inputs.settings.audit import AuditSettings
    from ..session import Session

__all__ = ["read_settings", "run"]

_SECONDS = 60.0
"""How long the look at production may take."""


def run(session: Session[AuditSettings]) -> AuditReport | WatchReport:
    """Look at what runs, and judge the past; writes nothing."""
    watch = _watch(session) if session.settings.site.urls else None
    if watch and session.settings.watches_only:
        return WatchReport(__version__, session.now, session.settings.stack_repository, watch)
    say = session.journal.say
    services = session.services_for(session.settings.seconds, Pace(say))
    stack = session.stack_on(services.forge())
    under = cache(partial(_under, session))
    report = Audit(session.settings, stack, services.registry(), session.now, say, under).run()
    return replace(report, watch=watch)


def _under(session: Session[AuditSettings], recorded: bytes) -> AuditSettings:
    """Return the settings by a recorded configuration, empty if there was none; `allow` is about today's components."""
    return read_settings(values_under(session.values, recorded), session.context)


def _watch(session: Session[AuditSettings]) -> Watch:
    """Look at production, with time of its own."""
    from .watching import Watching  # late: an audit without a site does not ask for it

    services = session.services_for(min(session.settings.seconds, _SECONDS))
    stack = session.stack_on(services.github())
    return Watching(session.settings, stack, services.site(), session.now).run()
