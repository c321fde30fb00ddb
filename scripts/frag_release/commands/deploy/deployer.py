"""The deployer, which is AWX or a step of the workflow, and the site check that follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from ... import cancellation
from ...adapters.http.retry import Deadline
from ...adapters.site import SiteClient
from ...dataclass import dataclass, field, replace
from ...domain.environments import names_of, note_of_variables
from ...domain.evidence import SUCCESS, Image
from ...domain.release_record import ReleaseRecord
from ...domain.reports import Action
from ...domain.reports.gate import GateReport
from ...domain.site import IMAGE_TAG, STACK_COMMIT, SiteLine, SiteLook, Values
from ...errors import ExpectedError
from ...inputs.settings.deploy import check_template
from ...render.deploy import job_line
from ..evidence.histories import approvals_of, own_run
from ..journal import Journal
from ..session import utc_now
from ..waiting import Clock
from .awx_job import AwxJob
from .recording import SECONDS, Recording, TakingBack

if TYPE_CHECKING:
    from ...adapters.github.deployments import NewRecord
    from ...adapters.registry import RegistryClient
    from ...domain.awx_jobs import Template, Variables
    from ...domain.deployment_records import Deployed
    from ...domain.evidence import Approval
    from ...domain.reports.deploy import OwnRecord
    from ...inputs.settings.deploy import DeploySettings
    from ..session import Session


_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 20.0
_BETWEEN = 3.0
"""Seconds between two consecutive looks that pass."""
_BEFORE_SECONDS = 10.0
"""Time limit of the look before the launch: a site that hangs must not delay a rollback."""
_SPARE_SECONDS = 300.0
"""Extra time after `wait-minutes`, which ends the waiting: for the first and last look, and for the report."""
_ENDINGS = {
    "failure": ("failed", "Open its log; the rollout may be partly done. Fix the cause, then re-run this job."),
    "cancelled": ("was cancelled", "Check the site: the rollout may be partly done. Re-run this job."),
    "skipped": ("was skipped, so nothing was deployed", "Check its condition and the steps before it."),
}


def site_values(judged: GateReport, image: Image, record: ReleaseRecord | None) -> Values:
    """Return the values of the placeholders: what is deployed; in a rollback, as recorded."""
    values = {IMAGE_TAG: image.tag, STACK_COMMIT: judged.commit}
    for facts in judged.facts.components:
        name = facts.pin.component.name
        pin = (record.component(name) if record else None) or facts.pin
        values |= {f"{name}-tag": pin.tag, f"{name}-namespace": pin.namespace}
    return values


def pair_of(judged: GateReport, record: ReleaseRecord | None) -> dict[str, dict[str, str]]:
    """Return the pair that is deployed (in a rollback, as recorded), with the digests of its images if known."""
    found = {}
    for facts in judged.facts.components:
        recorded = record.component(facts.pin.component.name) if record else None
        pin = recorded or facts.pin
        seen = facts.image.digest if isinstance(facts.image, Image) else ""
        digest = recorded.digest if recorded else seen
        found[facts.pin.component.name] = {"tag": pin.tag, "namespace": pin.namespace, "digest": digest or ""}
    return found


@dataclass
class SiteCheck:
    """Looks for `lines` at `urls` until that many `looks` in a row have passed.

    `on_progress` receives each look, and `seen` is the last one.
    """

    client: SiteClient
    urls: Sequence[str]
    lines: Sequence[SiteLine]
    values: Values
    looks: int
    on_progress: Callable[[SiteLook], None]
    clock: Clock
    seen: SiteLook | None = field(default=None, init=False)

    def before(self) -> SiteLook:
        """Look once, before the job is launched."""
        return self.client.within(_BEFORE_SECONDS).look(self.urls, self.lines, self.values)

    def run(self) -> SiteLook:
        """Return the look that completed the row, or else the last one.

        Even without time left, it looks once, and a row that has begun is completed.
        """
        held, pause = 0, _FIRST_PAUSE
        while True:
            look = self.client.look(self.urls, self.lines, self.values)
            held = held + 1 if look.passed else 0
            look = self.seen = replace(look, held=held, wanted=self.looks)
            self.on_progress(look)
            if look.is_over or (not look.passed and pause >= self.clock.remaining()):
                return look
            self.clock.sleep(_BETWEEN if look.passed else pause)
            pause = pause if look.passed else min(pause * 1.5, _LONGEST_PAUSE)


class Deployer(Protocol):
    """Deploys what was verified, itself or by another system."""

    @property
    def again(self) -> str:
        """What a further run does, as a sentence."""

    @property
    def was(self) -> str:
        """The success as the start of a sentence, in lower case."""

    def plan(self) -> str:
        """Check that the deployment is possible and return what would be done; raises ExpectedError. Writes nothing."""

    def deploy(self, recording: Recording) -> None:
        """Deploy and record it. Raises ExpectedError unless it succeeded or follows after this run."""


@dataclass(frozen=True)
class ByAwx:
    """An AWX job, launched or found, and followed to its end."""

    job: AwxJob
    journal: Journal
    again: str = "Running this again launches the job once more (if everything is in place, it changes nothing)."

    @property
    def was(self) -> str:
        """The job's success with its URL."""
        job = self.job.seen
        return f"the AWX job {job.id} was successful ({job.url})" if job else "the launch"

    def plan(self) -> str:
        """Check that the template can be launched."""
        template, _ = self.job.check()
        self.journal.note(*self.job.notes)
        return f"Launch the job template {template.name}, which accepts these variables: {template.url}"

    def deploy(self, recording: Recording) -> None:
        """Launch the job or find it, and follow it."""
        job = self.job
        job.before_launch = recording.file
        try:
            launched = job.start()
            if job.seen:
                verb = "Launched" if launched else "Found and followed"
                outputs = {"job-id": str(job.seen.id), "job-url": job.seen.url}
                self.journal.record(Action(f"{verb} the AWX job {job.seen.id}", job.seen.url, outputs, is_new=launched))
                recording.follow(job.seen, launched)
            job.follow()
        finally:
            self.journal.note(*job.notes)


@dataclass(frozen=True)
class ByOwnStep:
    """A workflow step between two runs of this command: `outcome` is empty in the first, that step's in the second."""

    outcome: str
    record: int
    again: str = "Re-running this job deploys once more."
    was: str = "the step that deploys succeeded"

    def plan(self) -> str:
        """Return what this command itself does, before that step or after it."""
        if self.outcome:
            return "Check the site and close the deployment record"
        return "Hand the verified image over to the step that deploys"

    def deploy(self, recording: Recording) -> None:
        """Before that step, file the record. After it, continue the record; raises ExpectedError if the step failed."""
        if not self.outcome:
            recording.file()
            return
        recording.go_on(self.record)
        if self.outcome != SUCCESS:
            how, remedy = _ENDINGS[self.outcome]
            raise ExpectedError(f"The step that deploys {how}.", remedy)


class Connected:
    """The services of this command. The time limit for AWX and the site starts with its creation."""

    def __init__(self, session: Session[DeploySettings]) -> None:
        settings = session.settings
        self._session = session
        self._waiting = session.services_for(settings.seconds + settings.wait_minutes * 60 + _SPARE_SECONDS)
        self.site = self._waiting.site
        self.registry = session.services.registry()

    def image_registry(self) -> RegistryClient:
        """The registry, with its own time budget."""
        return self._session.services_for(self._session.settings.seconds).registry()

    def clock(self) -> Clock:
        """The clock of the deployment itself, started now."""
        return Clock(utc_now, Deadline(self._session.settings.wait_minutes * 60).remaining, cancellation.sleep)

    def approvals(self) -> Sequence[Approval]:
        """Who approved this run, if GitHub reports it in time."""
        session, stack = self._session, self._session.settings.stack_repository
        builds = session.services_for(SECONDS).github().builds(stack)
        return approvals_of(builds, [own_run(session.context, stack)], session.journal)

    def taking_back(self) -> TakingBack:
        """The writer that marks the release from which a rollback goes back."""
        session, settings = self._session, self._session.settings
        forge, actor = session.services_for(settings.seconds).github(), session.context.actor
        stack, tickets_in = settings.stack_repository, settings.ticket_repository
        return TakingBack(forge, stack, tickets_in, actor, session.journal, utc_now, session.clock.sleep)

    def recording(self, new: NewRecord, deployed: Deployed, keep: Callable[[OwnRecord], None]) -> Recording:
        """The writer of the deployment record; `keep` receives each new state."""
        session, settings = self._session, self._session.settings
        stack, context = settings.stack_repository, session.context
        return Recording(
            lambda seconds: session.services_for(seconds).github().deployments(stack),
            session.journal,
            new if settings.deployment_record else None,
            deployed,
            f"{context.server_url}/{stack}/deployments/{quote(new.environment)}",
            context.run_url,
            settings.site.urls[0] if settings.site.urls else "",
            keep,
        )

    def deployer(self, image: Image, clock: Clock, moves_on: bool, keep: Callable[..., None]) -> Deployer:
        """The deployer of the image; `keep` receives news of the job.

        With `moves_on`, the image's tag may have moved since another run.
        """
        settings, journal = self._session.settings, self._session.journal
        if settings.awx is None:
            return ByOwnStep(settings.outcome or "", settings.deployment_id)
        chosen = settings.awx.filled(image)
        # Judge the variables as configured: the tag that fills a placeholder may contain any word.
        judge = partial(_judged, settings, settings.awx.variables)
        job = AwxJob(
            self._waiting.awx(chosen), chosen, clock, journal.progress(job_line), journal.log, judge=judge,
            moves_on=moves_on, alone=settings.is_production, keep=keep, writing=journal.writing,
        )  # fmt: skip
        return ByAwx(job, journal)


def _judged(settings: DeploySettings, variables: Variables, template: Template) -> Sequence[str]:
    """Return notes on a template outside production; raises UsageError for a production template."""
    if settings.is_production:
        return ()
    where, allowed = settings.environment, settings.production_template
    notes = (
        check_template(template.name, names_of(template), where, allowed),
        note_of_variables(variables, where),
    )
    return [note for note in notes if note]
