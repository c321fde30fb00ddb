"""The AWX job of a deployment: found or launched, and followed to its end with its output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from ... import cancellation
from ...adapters.awx import Awx
from ...adapters.http.messages import quoted
from ...dataclass import dataclass, field
from ...domain.awx_jobs import Job, JobProgress, LaunchData, OnTimeout, Output, Template
from ...domain.evidence import Answer, Unknown
from ...errors import Cancelled, EvidenceError, ExpectedError, RefusedError, UsageError
from ...inputs.settings.awx import AwxSettings
from ..session import must
from ..waiting import Clock
from .awx_launching import CANCEL_SECONDS, LAST_SECONDS, Launching, cancel

MOST_CHARACTERS = 4_000_000
"""Most of a job's output that is printed as it comes; at its end come its last lines, and the rest is in AWX."""

_FIRST_POLL, _LONGEST_POLL = 2.0, 15.0
_MOST_LOST_LOOKS = 20
_SURELY_GONE = 3
GONE = "AWX has it no longer"
_LAST_POLLS, _LAST_POLL = 5, 2.0
_LAST_READS = 5

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
class Following:
    """Follows a job; `took` gets each new look at it, `told` each look; `settle` returns the job to follow from there.

    `printed` gets its output as it comes, `without_secrets`: whole lines, the last without its end.
    """

    awx: Awx
    clock: Clock
    without_secrets: Callable[[str], str]
    took: Callable[[Job], None]
    told: Callable[[JobProgress], None]
    printed: Callable[[str], None]
    settle: Callable[[Job], Job] = lambda job: job
    _line: int = 0
    _characters: int = 0

    def run(self, job: Job) -> bool:
        """Follow a job; returns whether it has ended, or else time is up. Raises EvidenceError where it is lost."""
        pause, lost, gone = _FIRST_POLL, 0, 0
        while True:
            job, note = self._look(job)
            lost, gone = (lost + 1, gone + 1 if note == GONE else 0) if note else (0, 0)
            job = job if note else self._settled(job)
            if job.is_over:
                self.end(job)
                return True
            self.told(JobProgress(job, note))
            if not note:
                self._print(job)
            if gone == _SURELY_GONE or lost > _MOST_LOST_LOOKS:
                raise _lost(job, note)
            if pause >= self.clock.remaining():
                return False
            self.clock.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_POLL)

    def _look(self, before: Job) -> tuple[Job, str]:
        """Look at the job; where it cannot be seen, it is as before, with a note."""
        answer = self.awx.job(before)
        if isinstance(answer, Unknown):
            return before, answer.reason
        if answer is None:
            return before, GONE
        self.took(answer)
        return answer, ""

    def _settled(self, job: Job) -> Job:
        chosen = self.settle(job)
        if chosen.id != job.id:
            self._line = 0
        return chosen

    def end(self, job: Job) -> None:
        """Print the rest of the output of a job that has ended, then how it ended."""
        self._print(job)
        self._print_rest(job)
        self.told(JobProgress(job))

    def _print_rest(self, job: Job) -> None:
        """Print what AWX writes down after the end, in any case the last lines, and say what is missing."""
        job = self._written(job)
        for _ in range(_LAST_READS):
            output = self._print(job, lambda lines: f"{_missing(lines, job, 'never came', 'never came')}\n")
            if isinstance(output, Output) and output.is_all:
                break
        else:
            output = self._print_end(job)
        if isinstance(output, Unknown):
            self.printed(f"[Some of the job's output could not be read ({output.reason}); see {job.url}]")
        elif job.has_begun and not job.output_complete:
            self.printed(f"[AWX had not written down all of the job's output; see {job.url}]")

    def _written(self, job: Job) -> Job:
        """Wait a little until all output is written down; after an error of AWX it may never be."""
        for _ in range(_LAST_POLLS):
            if job.output_complete or job.status in ("error", "canceled") or self.clock.remaining() <= _LAST_POLL:
                break
            self.clock.sleep(_LAST_POLL)
            job, _ = self._look(job)
        return job

    def _print(self, job: Job, gap: Callable[[int], str] | None = None) -> Answer[Output]:
        """Print what is new; returns what there was. Output that cannot be had stops nothing."""
        if self._characters >= MOST_CHARACTERS:
            return Output("", self._line, is_all=False)
        output = self.awx.output(job, self._line, gap)
        if isinstance(output, Output):
            self._show(output)
            if self._characters >= MOST_CHARACTERS:
                self.printed(f"[The job has more output; see {job.url}]")
        return output

    def _print_end(self, job: Job) -> Answer[Output]:
        """Print the last lines, with a word on those before."""
        output = self.awx.end_of_output(job, self._line)
        if isinstance(output, Output):
            if output.left_out:
                self.printed(_missing(output.left_out, job, "is left out", "are left out"))
            self._show(output)
        return output

    def _show(self, output: Output) -> None:
        self._line = output.next_line
        self._characters += len(output.text)
        if output.text:
            self.printed(self.without_secrets(output.text).removesuffix("\n"))


def _missing(lines: int, job: Job, how: str, how_many: str) -> str:
    what = f"1 line of output {how}" if lines == 1 else f"{lines:,} lines of output {how_many}"
    return f"[Here {what}; see {job.url}]"


def _lost(job: Job, note: str) -> EvidenceError:
    if note == GONE:
        return EvidenceError(
            f"The AWX job {job.id} of {job.name} was deleted while it was followed, so that nobody knows how it ended. "
            f"{job.url}",
            "Look at the site, and ask who deleted it. Running this again launches a new job.",
        )
    return EvidenceError(
        f"The AWX job {job.id} of {job.name} can no longer be seen, and may be running: {note}. {job.url}",
        "Look there. Running this again follows it as long as it runs.",
    )


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
