"""The command `audit`: every past release, judged by the same rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...adapters.http.pace import Pace
from ...inputs.settings.audit import read_audit_settings as read_settings
from .audit import Audit

if TYPE_CHECKING:
    from ...domain.reports.audit import AuditReport
    from ...inputs.settings.audit import AuditSettings
    from ..session import Session

__all__ = ["read_settings", "run"]


def run(session: Session[AuditSettings]) -> AuditReport:
    """Judge the past; writes nothing."""
    say = session.journal.say
    services = session.services_for(session.settings.seconds, Pace(say))
    stack = session.stack_on(services.forge())
    return Audit(session.settings, stack, services.registry(), session.now, say).run()
