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
from ..session import require
from ..waiting import Clock
from .awx_launching import CANCEL_SECONDS, LAST_SECONDS, Launching, cancel

MOST_CHARACTERS = 4_000_000
"""Limit of a job's output that is printed as it comes; its last lines follow at the end, and the rest is in AWX."""

_FIRST_POLL, _LONGEST_POLL = 2.0, 15.0
_MOST_LOST_LOOKS = 20
_SURELY_GONE = 3
GONE = "AWX no longer has it"
_LAST_POLLS, _LAST_POLL = 5, 2.0
_LAST_READS = 5

_GOES_ON = "Running this again follows it while it runs, and does not launch a second one."
_LAUNCHES_BEHIND = "Running this again launches a job behind it, because the image's tag may have moved on."

_AGAIN = "Fix the cause, then run this again: it launches a new job."
_ASK_WHO = "Find out who cancelled it and why"
_ENDINGS = {
    "failed": (
        "failed: its playbook did not succeed everywhere",
        f"Open the job to find the task that failed; the rollout may be partly done. {_AGAIN}",
    ),
    "error": (
        "ended in an AWX error before it was complete",
        f"Open the job for AWX's explanation; the rollout may be partly done. {_AGAIN}",
    ),
    "canceled": (
        "was cancelled in AWX, but not by this run",
        f"{_ASK_WHO}; the rollout may be partly done. Running this again launches a new job.",
    ),
}
_ENDINGS_BEFORE_IT_BEGAN = {
    "failed": ("failed before it began", f"Nothing was deployed. Open the job to see what AWX lacks. {_AGAIN}"),
    "error": (
        "ended in an AWX error before it began",
        f"Nothing was deployed. Show the job to your AWX administrators. {_AGAIN}",
    ),
    "canceled": (
        "was cancelled in AWX before it began, but not by this run",
        f"Nothing was deployed. {_ASK_WHO}. Running this again launches a new job.",
    ),
}


@dataclass
class Following:
    """Follows a job.

    `on_update` receives each new state of it, `on_progress` each look; `settle` returns the job to follow next.
    `printed` receives its output as it comes, `without_secrets`: whole lines, the last without its line ending.
    """

    awx: Awx
    clock: Clock
    without_secrets: Callable[[str], str]
    on_update: Callable[[Job], None]
    on_progress: Callable[[JobProgress], None]
    printed: Callable[[str], None]
    settle: Callable[[Job], Job] = lambda job: job
    _line: int = 0
    _characters: int = 0

    def run(self, job: Job) -> bool:
        """Follow a job and return True when it has ended, False when time is up. Raises EvidenceError if it is lost."""
        pause, lost, gone = _FIRST_POLL, 0, 0
        while True:
            job, note = self._look(job)
            lost, gone = (lost + 1, gone + 1 if note == GONE else 0) if note else (0, 0)
            job = job if note else self._settled(job)
            if job.is_over:
                self.end(job)
                return True
            self.on_progress(JobProgress(job, note))
            if not note:
                self._print(job)
            if gone == _SURELY_GONE or lost > _MOST_LOST_LOOKS:
                raise _lost(job, note)
            if pause >= self.clock.remaining():
                return False
            self.clock.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_POLL)

    def _look(self, before: Job) -> tuple[Job, str]:
        """Look at the job; if that fails, return it as it was, with a note."""
        answer = self.awx.job(before)
        if isinstance(answer, Unknown):
            return before, answer.reason
        if answer is None:
            return before, GONE
        self.on_update(answer)
        return answer, ""

    def _settled(self, job: Job) -> Job:
        chosen = self.settle(job)
        if chosen.id != job.id:
            self._line = 0
        return chosen

    def end(self, job: Job) -> None:
        """Print the rest of an ended job's output, then how it ended."""
        self._print(job)
        self._print_rest(job)
        self.on_progress(JobProgress(job))

    def _print_rest(self, job: Job) -> None:
        """Print what AWX stores after the end, at least the last lines, and note what is missing."""
        job = self._written(job)
        for _ in range(_LAST_READS):
            output = self._print(job, lambda lines: f"{_missing(lines, job, 'never arrived', 'never arrived')}\n")
            if isinstance(output, Output) and output.is_all:
                break
        else:
            output = self._print_end(job)
        if isinstance(output, Unknown):
            self.printed(f"[Some of the job's output could not be read ({output.reason}); see {job.url}]")
        elif job.has_begun and not job.output_complete:
            self.printed(f"[AWX had not stored all of the job's output; see {job.url}]")

    def _written(self, job: Job) -> Job:
        """Wait briefly until all output is stored; after an AWX error it may never be."""
        for _ in range(_LAST_POLLS):
            if job.output_complete or job.status in ("error", "canceled") or self.clock.remaining() <= _LAST_POLL:
                break
            self.clock.sleep(_LAST_POLL)
            job, _ = self._look(job)
        return job

    def _print(self, job: Job, gap: Callable[[int], str] | None = None) -> Answer[Output]:
        """Print new output and return it. Unavailable output stops nothing."""
        if self._characters >= MOST_CHARACTERS:
            return Output("", self._line, is_all=False)
        output = self.awx.output(job, self._line, gap)
        if isinstance(output, Output):
            self._show(output)
            if self._characters >= MOST_CHARACTERS:
                self.printed(f"[The job has more output; see {job.url}]")
        return output

    def _print_end(self, job: Job) -> Answer[Output]:
        """Print the last lines, after a note on those left out."""
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
    return f"[{what}; see {job.url}]"


def _lost(job: Job, note: str) -> EvidenceError:
    if note == GONE:
        return EvidenceError(
            f"The AWX job {job.id} of {job.name} was deleted while it was followed, so how it ended is unknown. "
            f"{job.url}",
            "Check the site, and find out who deleted the job. Running this again launches a new one.",
        )
    return EvidenceError(
        f"The AWX job {job.id} of {job.name} can no longer be read and may still be running: {note}. {job.url}",
        "Check it there. Running this again follows it while it runs.",
    )


@dataclass
class AwxJob:
    """Launches the template that `settings` name, or finds its running job, and follows it.

    `on_progress` receives each look; `printed` the job's output as it comes: whole lines of foreign text, the last
    without its line ending, and without our own secrets. `seen` is the job at the newest look, also after an error;
    None if there is no job. `launched` is True if this run launched it or tried to; `notes` are for the report. With
    `moves_on`, the image's tag may have moved since a running job was launched: such a job is not followed, and AWX
    runs the new one after it. With `alone`, the launch is refused while another job of the template runs. `judge`
    returns notes on a template and raises UsageError if it is not for this environment. `keep` receives, by name, each
    state of the `job`, and as `launch_sent` whether a launch may have started one. `before_launch` is called just
    before a launch is sent. `writing` receives a description of each write.
    """

    awx: Awx
    settings: AwxSettings
    clock: Clock
    on_progress: Callable[[JobProgress], None]
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
        """Read the template and check that it can be launched; raises ExpectedError. Writes nothing."""
        settings = self.settings
        template = require(self.awx.template(settings.template, settings.organization), "The job template in AWX")
        self.notes += self.judge(template)
        if problem := template.problem():
            # A missing permission is a usage error, as it is at the launch.
            refused = RefusedError if template.only_checks or not template.has_project else UsageError
            raise refused(f"The job template {template.name} {problem[0]}. {template.url}", problem[1])
        data = require(self.awx.launch_data(template), f"What the job template {template.name} needs")
        problem = data.problem(settings.variables)
        if problem:
            raise RefusedError(f"The job template {template.name} {problem[0]}. {template.url}", problem[1])
        return template, data

    def start(self) -> bool:
        """Find a running job of the same launch, or launch one; return whether this run launched it.

        Raises ExpectedError. If a launch may have started a job, the job is searched for and never launched again.
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
        """Follow the job to its end and return it; raises ExpectedError unless it succeeded."""
        secrets = self.settings.without_secrets
        following = Following(self.awx, self.clock, secrets, self._took, self._tell, self.printed, self._settle)
        try:
            if following.run(self._job()):
                return self._succeeded()
            return self._out_of_time(following)
        except Cancelled as stop:
            cancellation.settle()
            raise Cancelled(*self._stop_following("The run was cancelled", LAST_SECONDS)) from stop
        finally:
            self.notes += self._doubts()

    @property
    def _goes_on(self) -> str:
        return _LAUNCHES_BEHIND if self.moves_on else _GOES_ON

    def _tell(self, look: JobProgress) -> None:
        self._unseen = look.note
        self.on_progress(look)

    def _took(self, job: Job) -> None:
        self.seen = job
        self._unseen = ""
        self.keep(job=job)

    def _launching(self) -> Launching:
        return Launching(
            self.awx,
            self.settings.variables,
            self.clock,
            on_update=self._took,
            note=self.notes.append,
            sent=lambda sent: self.keep(launch_sent=sent),
            log=self.printed,
            moves_on=self.moves_on,
            alone=self.alone,
        )

    def _job(self) -> Job:
        if self.seen is None:
            raise AssertionError("follow() was called before start()")
        return self.seen

    def _succeeded(self) -> Job:
        job = self._job()
        if job.succeeded:
            return job
        endings = _ENDINGS if job.has_begun else _ENDINGS_BEFORE_IT_BEGAN
        message, remedy = endings.get(job.status, endings["error"])
        raise ExpectedError(f"The AWX job {job.id} of {job.name} {message}.{self._why(job)} {job.url}", remedy)

    def _why(self, job: Job) -> str:
        """Return AWX's explanation of a job as a sentence, empty if there is none."""
        explanation = self.settings.without_secrets(job.explanation)
        return f" AWX reports {quoted(explanation)}." if explanation else ""

    def _out_of_time(self, following: Following) -> Job:
        """Look once more, then stop following; a job that ends before it is cancelled is judged by its end."""
        answer = self.awx.with_deadline(CANCEL_SECONDS).job(self._job())
        if isinstance(answer, Job):
            self._took(answer)
        else:
            self._unseen = answer.reason if answer else GONE
        if self._job().is_over:
            following.end(self._job())
            return self._succeeded()
        message, remedy = self._stop_following("Time is up (wait-minutes)", CANCEL_SECONDS)
        job = self._job()
        if job.is_over and job.status != "canceled":
            following.end(job)
            return self._succeeded()
        raise ExpectedError(message, remedy)

    def _interrupted(self, launching: Launching, template: Template) -> tuple[str, str]:
        """Stop following a job that was being launched; look briefly for one that AWX does not show yet."""
        found = self.seen or launching.glance(template, LAST_SECONDS)
        if found:
            self._took(found)
            # The launch and this look have used up most of the time.
            return self._stop_following("The run was cancelled", LAST_SECONDS / 2)
        where = self.awx.jobs_url(template)
        return (
            f"The run was cancelled while {template.name} was being launched; AWX shows no job of it yet: {where}",
            f"Check there whether one has started. {self._goes_on}",
        )

    def _left(self, job: Job) -> str:
        """Return the state of a job that is left alone, as it was last seen."""
        if self._unseen:
            return f"could not be read ({self._unseen}): it was {job.status} when last seen, and is left as it is."
        left = "running, as half a rollout is worse" if job.has_begun else "in AWX's queue and may begin at any time"
        return f"is {job.status}: it is left {left}.{self._why(job)}"

    def _stop_following(self, why: str, seconds: float) -> tuple[str, str]:
        """Leave the job, or have it cancelled within `seconds`; return the message and its remedy."""
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
            "Check the site: the rollout may be partly done. Running this again launches a new job, once this one has "
            "ended.",
        )
