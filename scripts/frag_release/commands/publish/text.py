"""The text of a release, with what changed in each component."""

from __future__ import annotations

from dataclasses import dataclass

from ...domain.contents import Contents
from ...domain.reports.publish import PublishReport
from ...forges.ticketing import AnnouncingForge
from ...render.release_notes import release_body
from ...runner.settings.publish import PublishSettings
from ..evidence.histories import with_changes


@dataclass(frozen=True)
class ReleaseText:
    """Gathers the changes and has them written down. `server_url` is where links lead.

    What cannot be read is told in the text: the release goes on without it.
    """

    forge: AnnouncingForge
    settings: PublishSettings
    server_url: str

    def body(self, report: PublishReport) -> str:
        """Return the body of the release in Markdown."""
        contents = with_changes(self.forge, self._contents(report), report.judged.repository)
        return release_body(contents, self.server_url)

    def _contents(self, report: PublishReport) -> Contents:
        judged, progress = report.judged, report.progress
        return Contents(
            repository=judged.repository,
            tag=judged.tag,
            commit=judged.commit,
            components=judged.facts.components,
            previous=judged.facts.previous,
            tickets_from=self.settings.tickets_from,
            findings=judged.decision.findings,
            image=report.image.rpartition(":")[0],
            digest=report.digest,
            build=progress.build if progress else None,
            jobs=progress.jobs if progress else (),
        )
