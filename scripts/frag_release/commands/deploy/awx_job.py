"""The AWX job of a deployment: found or launched, and followed to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial

from ... import cancellation
from ...adapters.awx.client import Awx
from ...adapters.http.messages import quoted
from ...domain.awx_jobs import Job, JobProgress, LaunchData, OnTimeout, Template
from ...errors import Cancelled, ExpectedError, RefusedError, UsageError
from ...inputs.settings.awx import AwxSettings
from ..answers import must
from ..clock import Clock
from .awx_cancelling import CANCEL_SECONDS, LAST_SECONDS, cancel
from .awx_following import GONE, Following
from .awx_launching import Launching

_GOES_ON = "Running this again follows it as long as it runs, and launches no second one."
_LAUNCHES_BEHIND = "Running this again launches a job behind it, because the image's tag may have moved on."

_AGAIN = "When that is mended, run this again: it launches a new job."
_ASK_WHO = "Ask who cancelled it and why"
_ENDINGS = {
    "failed": (
        "failed: its playbook did not get through everywhere",
        f"Open the job for the task that failed; a part of the rollout may be done. {_AGAIN}",
    ),
    "error": (
        "ended in an error of AWX, which could not run it to its end",
        f"Open the job for what AWX says; a part of the rollout may be done. {_AGAIN}",
    ),
    "canceled": (
        "was cancelled in AWX, by somebody or something else than this run",
        f"{_ASK_WHO}; a part of the rollout may be done. Running this again launches a new job.",
    ),
}
_ENDINGS_BEFORE_IT_BEGAN = {
    "failed": ("failed before it began", f"Nothing was deployed. Open the job for what AWX lacks. {_AGAIN}"),
    "error": (
        "ended in an error of AWX before it began",
        f"Nothing was deployed. Show the job to whoever runs AWX. {_AGAIN}",
    ),
    "canceled": (
        "was cancelled in AWX before it began, by somebody or something else than this run",
        f"Nothing was deployed. {_ASK_WHO}. Running this again launches a new job.",
    ),
}


@dataclass
class AwxJob:
    """Launches what `settings` name, or finds it launched already, and follows it.

    `told` gets each look, `printed` the job's output as it comes: whole lines of foreign text, the last without its
    end, and without our own secrets. `seen` is the newest look, also where an error has ended it: None where there
    is no job. `launched` says that this run has launched it, or tried to; `notes` are what people should know of how
    it came about. With `moves_on` the image's tag may have moved since a job that runs was launched: such a job is not
    followed, and AWX runs the new one after it. With `alone` it is refused while another job of the template runs.
    `judge` raises UsageError for a template that is not for this environment, and returns notes on it. `keep` gets, by
    name, each look at the `job`, and whether `launch_sent` may have started one. `before_launch` is called just before
    one is sent. `writing` gets what is being ordered.
    """

    awx: Awx
    settings: AwxSettings
    clock: Clock
    told: Callable[[JobProgress], None]
    printed: Callable[[str], None]
    seen: Job | None = None
    launched: bool = False
    notes: list[str] = field(default_factory=list)
    moves_on: bool = False
    alone: bool = False
    judge: Callable[[Template], Sequence[str]] = lambda _: ()
    keep: Callable[..., None] = lambda **_: None
    before_launch: Callable[[], None] = lambda: None
    writing: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext()
    _settle: Callable[[Job], Job] = lambda job: job
    _doubts: Callable[[], Sequence[str]] = tuple
    _unseen: str = ""

    def check(self) -> tuple[Template, LaunchData]:
        """Read the template and see that it can be launched; raises ExpectedError. Writes nothing."""
        settings = self.settings
        template = must(self.awx.template(settings.template, settings.organization), "The job template in AWX")
        self.notes += self.judge(template)
        if problem := template.problem():
            # A right that is missing is wrong use, as it is at the launch.
            refused = UsageError if template.has_project else RefusedError
            raise refused(f"The job template {template.name} {problem[0]}. {template.url}", problem[1])
        data = must(self.awx.launch_data(template), f"What the job template {template.name} needs")
        problem = data.problem(settings.variables)
        if problem:
            raise RefusedError(f"The job template {template.name} {problem[0]}. {template.url}", problem[1])
        return template, data

    def start(self) -> bool:
        """Find a running job of the same launch, or launch one; returns whether this run has launched it.

        Raises ExpectedError. Where it is not known whether there is a job, it is looked for, and never
        launched a second time.
        """
        launching = self._launching()
        try:
            template, _ = self.check()
            if not launching.resume(template):
                self.before_launch()
                self.launched = True
                with self.writing(f"Launch the job template {template.name} in AWX ({self.awx.jobs_url(template)})"):
                    launching.launch(template)
            self._settle, self._doubts = partial(launching.settle, template), partial(launching.doubts, template)
        except Cancelled as stop:
            cancellation.settle()
            if self.seen is None and not self.launched:
                message = "The run was cancelled before anything was launched in AWX."
                raise Cancelled(message, "Run it again.") from stop
            raise Cancelled(*self._interrupted(launching, template)) from stop
        return self.launched

    def follow(self) -> Job:
        """Follow the job until it has ended well, and return it; raises ExpectedError where it has not."""
        secrets = self.settings.without_secrets
        following = Following(self.awx, self.clock, secrets, self._took, self._tell, self.printed, self._settle)
        try:
            if following.run(self._job()):
                return self._succeeded()
            return self._out_of_time(following)
        except Cancelled as stop:
            cancellation.settle()
            raise Cancelled(*self._let_go("The run was cancelled", LAST_SECONDS)) from stop
        finally:
            self.notes += self._doubts()

    @property
    def _goes_on(self) -> str:
        return _LAUNCHES_BEHIND if self.moves_on else _GOES_ON

    def _tell(self, look: JobProgress) -> None:
        self._unseen = look.note
        self.told(look)

    def _took(self, job: Job) -> None:
        self.seen = job
        self._unseen = ""
        self.keep(job=job)

    def _launching(self) -> Launching:
        return Launching(
            self.awx,
            self.settings.variables,
            self.clock,
            took=self._took,
            note=self.notes.append,
            sent=lambda sent: self.keep(launch_sent=sent),
            say=self.printed,
            moves_on=self.moves_on,
            alone=self.alone,
        )

    def _job(self) -> Job:
        if self.seen is None:
            raise AssertionError("a job is started before it is followed")
        return self.seen

    def _succeeded(self) -> Job:
        job = self._job()
        if job.succeeded:
            return job
        endings = _ENDINGS if job.has_begun else _ENDINGS_BEFORE_IT_BEGAN
        message, remedy = endings.get(job.status, endings["error"])
        raise ExpectedError(f"The AWX job {job.id} of {job.name} {message}.{self._why(job)} {job.url}", remedy)

    def _why(self, job: Job) -> str:
        """Return a sentence with what AWX says of a job, if it says anything."""
        said = self.settings.without_secrets(job.explanation)
        return f" AWX says {quoted(said)}." if said else ""

    def _out_of_time(self, following: Following) -> Job:
        """Take a last look, and let the job go; one that ends before it is cancelled is judged."""
        answer = self.awx.anew(CANCEL_SECONDS).job(self._job())
        if isinstance(answer, Job):
            self._took(answer)
        else:
            self._unseen = answer.reason if answer else GONE
        if self._job().is_over:
            following.end(self._job())
            return self._succeeded()
        message, remedy = self._let_go("Time is up (wait-minutes)", CANCEL_SECONDS)
        job = self._job()
        if job.is_over and job.status != "canceled":
            following.end(job)
            return self._succeeded()
        raise ExpectedError(message, remedy)

    def _interrupted(self, launching: Launching, template: Template) -> tuple[str, str]:
        """Let go of a job that was being launched; one that AWX does not show yet is looked for a moment longer."""
        found = self.seen or launching.glance(template, LAST_SECONDS)
        if found:
            self._took(found)
            # The launch and this look have had most of the time.
            return self._let_go("The run was cancelled", LAST_SECONDS / 2)
        where = self.awx.jobs_url(template)
        return (
            f"The run was cancelled while {template.name} was being launched; AWX shows no job of it yet: {where}",
            f"Look there whether one has started. {self._goes_on}",
        )

    def _left(self, job: Job) -> str:
        """Say how a job is that is left, or was when it could be seen."""
        if self._unseen:
            return f"could not be seen ({self._unseen}): it was {job.status} when last seen, and is left as it is."
        left = "running, for half a rollout is worse" if job.has_begun else "in AWX's queue, and may begin at any time"
        return f"is {job.status}: it is left {left}.{self._why(job)}"

    def _let_go(self, why: str, seconds: float) -> tuple[str, str]:
        """Leave the job, or have it cancelled in so many seconds; returns what to say of it and what to do."""
        job = self._job()
        which = f"the AWX job {job.id} of {job.name}"
        if job.is_over:
            return f"{why} when {which} had ended as {job.status}. {job.url}", "Run it again."
        if self.settings.on_timeout is OnTimeout.LEAVE:
            remedy = f"{self._goes_on} For a job that takes longer, raise wait-minutes."
            return f"{why} while {which} {self._left(job)} {job.url}", remedy
        done = cancel(self.awx, job, self.clock, self._took, seconds)
        message = f"{why} while {which} was {job.status} (on-timeout: cancel): {done}. {job.url}"
        if self._job().is_over and not self._job().has_begun:
            return message, "Nothing was deployed: it had not begun. Running this again launches a new job."
        return (
            message,
            "Look at the site: a part of the rollout may be done. Running this again launches a new job, once this one "
            "has ended.",
        )
