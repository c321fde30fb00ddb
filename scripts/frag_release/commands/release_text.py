"""The text of a release, with what changed in each component."""

from __future__ import annotations

from dataclasses import dataclass

from ..domain.contents import Contents, changes_between
from ..domain.publish_report import PublishReport
from ..forges.ticketing import AnnouncingForge
from ..render.release_notes import release_body
from ..runner.settings.publish import PublishSettings
from .histories import titles_of, with_histories


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
        return release_body(self._contents(report), self.server_url)

    def _contents(self, report: PublishReport) -> Contents:
        judged, facts = report.judged, report.judged.facts
        pins = [one.pin for one in facts.components]
        changes = with_histories(self.forge, changes_between(pins, facts.previous))
        source = self.settings.tickets_from
        return Contents(
            repository=judged.repository,
            tag=judged.tag,
            commit=judged.commit,
            components=facts.components,
            previous=facts.previous,
            tickets_from=source,
            changes=changes,
            titles=titles_of(self.forge.tickets(source), changes),
            findings=judged.decision.findings,
            image=report.image.rpartition(":")[0],
            digest=report.digest,
            build=report.progress.build if report.progress else None,
            jobs=report.progress.jobs if report.progress else (),
        )
