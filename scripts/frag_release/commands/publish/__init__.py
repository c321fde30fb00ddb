"""The command `publish`: what was reviewed becomes a tag, a build and a release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...inputs.settings.publish import read_publish_settings as read_settings
from .publish import Publish
from .releasing import ReleaseText

if TYPE_CHECKING:
    from ...domain.reports.publish import NothingReport, PublishReport
    from ...inputs.settings.publish import PublishSettings
    from ..session import Session

__all__ = ["read_settings", "run"]


def run(session: Session[PublishSettings]) -> PublishReport | NothingReport:
    """Find what was reviewed, and publish it."""
    services = session.services
    forge = session.github
    text = ReleaseText(session, forge, services.github)
    return Publish(
        session, session.stack_on(forge), lambda: session.stack_on(services.github()), services.registry(), text.body
    ).run()
