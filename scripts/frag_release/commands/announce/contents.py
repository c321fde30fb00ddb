"""Gathering what a release consists of, from the commit of its tag and from what it left behind."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...adapters.ports.ticketing import AnnouncingForge
from ...domain.builds import Build, Job
from ...domain.components import Pin
from ...domain.contents import Contents, gaps
from ...domain.evidence import Answer, Approval, Image, Unknown
from ...domain.facts import NOT_ASKED, ComponentFacts
from ...domain.findings import Finding
from ...domain.release_record import ASSET, ReleaseRecord
from ...domain.reports.announce import CONTENTS, shortfall
from ...errors import RefusedError
from ...inputs.settings.announce import AnnounceSettings
from ..answers import must
from ..evidence.approvals import approvals_of, own_run
from ..evidence.histories import with_changes
from ..journal import Journal
from ..stack import Stack


@dataclass(frozen=True)
class ReleaseContents:
    """Looks at a release; without one of the forge's releases only checks and digests are not known."""

    settings: AnnounceSettings
    stack: Stack[AnnouncingForge]
    today: datetime.date
    journal: Journal

    def gather(self) -> tuple[Contents, list[Finding]]:
        """Return the release, and what could not be found out about it.

        Raises EvidenceError and RefusedError where there is no telling what was released.
        """
        settings, tag = self.settings, self.settings.stack_tag.text
        commit = self._commit(tag)
        pins = self._pins(commit)
        record, findings = self._record(tag, commit)
        build, jobs = self._build(tag, commit)
        contents = Contents(
            repository=settings.stack_repository,
            tag=tag,
            commit=commit,
            components=[self._facts(pin, record) for pin in pins],
            previous=self.stack.tag_facts(tag, self.stack.branches(), self.today)[1],
            tickets_from=settings.tickets_from,
            findings=record.findings if record else (),
            image=record.image.rpartition(":")[0] if record else "",
            digest=record.digest if record else "",
            build=build,
            jobs=jobs,
            approvals=self._approvals(record, build),
            checklist=settings.checklist,
        )
        server = self.stack.context.server_url
        contents = with_changes(self.stack.forge, contents, settings.told_in, server, settings.home)
        return contents, [*findings, *_gaps(contents)]

    def _approvals(self, record: ReleaseRecord | None, build: Answer[Build | None]) -> list[Approval]:
        """Who approved it, by `release.json`, by the run of the build and by this one."""
        stack, told = self.stack, list(record.approvals) if record else []
        runs = (own_run(stack.context, stack.name), build.id if isinstance(build, Build) else 0)
        seen = approvals_of(stack.forge.builds(stack.name), runs, self.journal)
        return [*told, *(one for one in seen if one not in told)]

    def _commit(self, tag: str) -> str:
        commit = must(self.stack.repository.tags([tag])[tag], f"The tag {tag}")
        if commit is None:
            raise RefusedError(
                f"{self.stack.name} has no tag {tag}, so there is nothing to announce.",
                "Publish the release first, or correct the input stack-tag.",
            )
        return commit

    def _pins(self, commit: str) -> tuple[Pin, ...]:
        file = self.settings.workflow_file
        pins = self.stack.required_pins([commit])[commit]
        for pin in pins:
            if pin.problem or not pin.tag:
                why = str(pin.problem) if pin.problem else f"{pin.variable} is empty"
                raise RefusedError(
                    f"The {pin.component.name} of the release cannot be told from {file} at {commit[:12]}: {why}.",
                    "Correct the inputs that say where the pins are: workflow-file and the names of its variables.",
                    file,
                    pin.line,
                )
        return pins

    def _record(self, tag: str, commit: str) -> tuple[ReleaseRecord | None, list[Finding]]:
        """Return what the release left behind; without it, or with one of another commit, a finding says so."""
        record = self.stack.forge.release_record(self.stack.name, tag)
        if isinstance(record, Unknown):
            message = f"What checks the release passed could not be read: {record.reason}."
            return None, [shortfall(CONTENTS, tag, message, record.remedy)]
        if record and record.commit != commit:
            message = f"{ASSET} of the release is about {record.commit[:12]}, and the tag stands for {commit[:12]}."
            return None, [shortfall(CONTENTS, tag, message, "Find out who moved the tag: it should never be.")]
        return record, []

    def _build(self, tag: str, commit: str) -> tuple[Answer[Build | None], Answer[Sequence[Job]]]:
        builds = self.stack.forge.builds(self.stack.name)
        found = builds.of_tag(self.settings.workflow_file, tag, commit)
        if isinstance(found, Unknown) or not found:
            return (found, ()) if isinstance(found, Unknown) else (None, ())
        return found[0], builds.jobs(found[0])

    def _facts(self, pin: Pin, record: ReleaseRecord | None) -> ComponentFacts:
        """Return what the release recorded of a pin, if it is the same pin; else the commit alone."""
        recorded = record.component(pin.component.name) if record else None
        facts = ComponentFacts(pin, runs=NOT_ASKED)
        if recorded is None or recorded.tag != pin.tag:
            repository = self.stack.forge.repository(pin.component.repository)
            return replace(facts, commit=repository.tags([pin.tag])[pin.tag])
        name, _, tag = recorded.image.rpartition(":")
        image = Image(name, tag, recorded.digest or None) if recorded.image else None
        return replace(facts, commit=recorded.commit, image=image or NOT_ASKED)


def _gaps(contents: Contents) -> list[Finding]:
    return [
        shortfall(CONTENTS, contents.tag, f"{what} could not be read: {why.reason}.", why.remedy)
        for what, why in gaps(contents)
    ]
