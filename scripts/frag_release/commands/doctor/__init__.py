"""The command `doctor`: which permission or setting is missing?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...inputs.settings.awx import AwxSettings
from ...inputs.settings.doctor import read_doctor_settings as read_settings
from .doctor import Deployment, Doctor

if TYPE_CHECKING:
    from ...domain.reports.doctor import DoctorReport
    from ...inputs.settings.doctor import DoctorSettings
    from ..session import Session

__all__ = ["read_settings", "run"]


def run(session: Session[DoctorSettings]) -> DoctorReport:
    """Look for what is missing; writes nothing."""
    settings, services = session.settings, session.services
    registry, awx = services.registry(), settings.awx
    deployment = Deployment(services.awx(awx), awx) if isinstance(awx, AwxSettings) else awx
    return Doctor(settings, session.stack_on(session.github), registry, deployment, services.site(), session.now).run()
