"""The text of a release, with what changed in each component."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ...adapters.ports.ticketing import AnnouncingForge
from ...domain.contents import Contents, gaps
from ...domain.evidence import Unknown
from ...domain.reports.publish import PublishReport
from ...inputs.settings.publish import PublishSettings
from ...render.release_notes import release_body
from ..evidence.histories import with_changes
from ..session import Session
from .releasing import Text

_PAUSE = 5.0
"""Seconds before what could not be read is asked for once more."""


@dataclass(frozen=True)
class ReleaseText:
    """Gathers the changes and has them written down; `new_forge` is for another look, for a forge remembers.

    What cannot be read is asked for once more, and then told in the text: the release goes on without it.
    """

    session: Session[PublishSettings]
    forge: AnnouncingForge
    new_forge: Callable[[], AnnouncingForge]

    def body(self, report: PublishReport) -> Text:
        """Return the body of the release in Markdown."""
        contents = with_changes(
            self.forge, self._contents(report), report.judged.repository, self.session.context.server_url
        )
        if gaps(contents):
            self.session.clock.sleep(_PAUSE)
            contents = self._again(contents)
        lost = [f"{what} could not be read: {why.reason}." for what, why in gaps(contents)]
        return Text(release_body(contents, self.session.context.server_url), lost)

    def _again(self, contents: Contents) -> Contents:
        forge = self.new_forge()
        if isinstance(contents.previous, Unknown):
            stack = self.session.stack_on(forge)
            found = stack.tag_facts(contents.tag, stack.branches(), self.session.clock.now().date())
            contents = replace(contents, previous=found[1])
        return with_changes(forge, contents, contents.repository, self.session.context.server_url)

    def _contents(self, report: PublishReport) -> Contents:
        judged, progress = report.judged, report.progress
        return Contents(
            repository=judged.repository,
            tag=judged.tag,
            commit=judged.commit,
            components=judged.facts.components,
            previous=judged.facts.previous,
            tickets_from=self.session.settings.tickets_from,
            findings=judged.decision.findings,
            image=report.image.rpartition(":")[0],
            digest=report.digest,
            build=progress.build if progress else None,
            jobs=progress.jobs if progress else (),
            approvals=report.approvals,
        )
