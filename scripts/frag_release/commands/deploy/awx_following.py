"""An AWX job followed to its end, with its output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...adapters.awx.client import Awx
from ...domain.awx_jobs import Job, JobProgress, Output
from ...domain.evidence import Answer, Unknown
from ...errors import EvidenceError
from ..clock import Clock

MOST_CHARACTERS = 4_000_000
"""Most of a job's output that is printed as it comes; at its end come its last lines, and the rest is in AWX."""

_FIRST_POLL, _LONGEST_POLL = 2.0, 15.0
_MOST_LOST_LOOKS = 20
_SURELY_GONE = 3
GONE = "AWX has it no longer"
_LAST_POLLS, _LAST_POLL = 5, 2.0
_LAST_READS = 5


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
