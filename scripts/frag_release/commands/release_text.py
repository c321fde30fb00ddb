"""The text of a release, with what changed in each component."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.publish_report import PublishReport
from ..forges.publishing import PublishingForge
from ..runner.settings.publish import PublishSettings


@dataclass(frozen=True)
class ReleaseText:
    """Gathers the changes and has them written down. `server_url` is where links lead."""

    forge: PublishingForge
    settings: PublishSettings
    server_url: str

    def body(self, report: PublishReport) -> str:
        """Return the body of the release in Markdown."""
        return f"Release {report.judged.tag}"
