"""Who deploys: AWX, or a step of the workflow itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ...domain.evidence import SUCCESS
from ...domain.reports.report import Action
from ...errors import ExpectedError
from ..journal import Journal
from .awx_job import AwxJob
from .recording import Recording

_ENDINGS = {
    "failure": ("failed", "Open its log; a part of the rollout may be done. Once that is mended, re-run this job."),
    "cancelled": ("was cancelled", "Look at the site: a part of the rollout may be done. Re-run this job."),
    "skipped": ("was skipped, so nothing was deployed", "Look at its condition and at the steps before it."),
}


class Deployer(Protocol):
    """Deploys what was verified, or has it deployed."""

    @property
    def again(self) -> str:
        """What a further run does, as a sentence."""

    @property
    def was(self) -> str:
        """How it went, if it went well: the beginning of a sentence, in small letters."""

    def plan(self) -> str:
        """See that it can be done, and return what would be done; raises ExpectedError. Writes nothing."""

    def deploy(self, recording: Recording) -> None:
        """Deploy, and have it recorded; raises ExpectedError unless it ended well, or comes after this run."""


@dataclass(frozen=True)
class ByAwx:
    """A job of AWX, launched or found, and followed to its end."""

    job: AwxJob
    journal: Journal
    again: str = "Running this again launches the job once more (where all is as it should be, it changes nothing)."

    @property
    def was(self) -> str:
        """That the job was successful, and where."""
        job = self.job.seen
        return f"the AWX job {job.id} was successful ({job.url})" if job else "the launch"

    def plan(self) -> str:
        """See that the template can be launched."""
        template, _ = self.job.check()
        self.journal.note(*self.job.notes)
        return f"Launch the job template {template.name}, which takes these variables: {template.url}"

    def deploy(self, recording: Recording) -> None:
        """Launch the job or find it, and follow it."""
        job = self.job
        job.before_launch = recording.file
        try:
            launched = job.start()
            if job.seen:
                did = "Launched" if launched else "Found and followed"
                outputs = {"job-id": str(job.seen.id), "job-url": job.seen.url}
                self.journal.record(Action(f"{did} the AWX job {job.seen.id}", job.seen.url, outputs, is_new=launched))
                recording.follow(job.seen, launched)
            job.follow()
        finally:
            self.journal.note(*job.notes)


@dataclass(frozen=True)
class ByOwnStep:
    """A step of the workflow, between two runs of this command: `outcome` is empty in the first, GitHub's word then."""

    outcome: str
    record: int
    again: str = "Re-running this job deploys once more."
    was: str = "the step that deploys succeeded"

    def plan(self) -> str:
        """What is left to this command, before that step or after it."""
        if self.outcome:
            return "Look at the site, and close the deployment record"
        return "Hand the verified image over to the step that deploys"

    def deploy(self, recording: Recording) -> None:
        """File the record before that step; after it, go on with the record, and say how the step ended."""
        if not self.outcome:
            recording.file()
            return
        recording.go_on(self.record)
        if self.outcome != SUCCESS:
            how, remedy = _ENDINGS[self.outcome]
            raise ExpectedError(f"The step that deploys {how}.", remedy)
