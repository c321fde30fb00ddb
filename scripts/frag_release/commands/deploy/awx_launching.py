"""The launch of an AWX job: never twice, never lost, and given up if another run has launched the same.

`cancel` also serves a run that ends, within the few seconds that remain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ...adapters.awx import LAUNCH_SECONDS, Awx, UnconfirmedLaunchError
from ...adapters.http.messages import Unconfirmed, quoted
from ...dataclass import dataclass, field
from ...domain.awx_jobs import Job, Template, Variables, is_same_launch, may_be_same_launch
from ...domain.evidence import Answer, Denied, Unknown
from ...domain.findings import listed
from ...errors import EvidenceError, ExpectedError, RefusedError
from ..session import require
from ..waiting import Clock

CANCEL_SECONDS = 8.0
"""Time limit for AWX to cancel a job if no signal has come: AWX waits up to 5 s for its own dispatcher."""

LAST_SECONDS = 2.0
"""Time limit for a cancelled run to find its job, to have it cancelled, or to see the result: the run is killed 6.2 s
after its signal, of which a launch under way may have taken two."""

_LOOKS = 3

SEARCH_SECONDS = 30.0
"""Minimum time to search for a job after an unanswered launch; the search also lasts until AWX must have answered."""

_FIRST_SEARCH_POLL, _LONGEST_SEARCH_POLL = 2.0, 10.0
_SAY_EVERY = 30.0


def cancel(awx: Awx, job: Job, clock: Clock, on_update: Callable[[Job], None], seconds: float = CANCEL_SECONDS) -> str:
    """Have a job cancelled, wait briefly for it, and return the result as a clause for people.

    AWX has `seconds` to answer and as many again to show the effect. `on_update` receives each later state of the
    job, which may have ended before. Raises no ExpectedError.
    """
    asked = awx.with_deadline(seconds).cancel(job)
    looks = 1 if asked is False or (isinstance(asked, Unknown) and not isinstance(asked, Unconfirmed)) else _LOOKS
    job = _looked(awx.with_deadline(seconds), job, clock, on_update, looks)
    if job.is_over:
        return "it is canceled" if job.status == "canceled" else f"it had ended as {job.status}"
    return _cancel_result(asked, job)


def _looked(awx: Awx, job: Job, clock: Clock, on_update: Callable[[Job], None], looks: int) -> Job:
    """Return the job as last seen, after `looks` looks or when it has ended."""
    for number in range(looks):
        if number:
            clock.sleep(1.0)
        answer = awx.job(job)
        if not isinstance(answer, Job):
            break
        job = answer
        on_update(job)
        if job.is_over:
            break
    return job


def _cancel_result(asked: Answer[bool], job: Job) -> str:
    """Describe the cancellation of a job that was not seen to end."""
    seen = f"it was {job.status} when last seen"
    if isinstance(asked, Denied):
        launcher = f"{job.launched_by}, who launched it, " if job.launched_by else ""
        return (
            f"this account may not cancel it, and {seen}: only {launcher}the template's administrators and "
            f"superusers may ({asked.reason})"
        )
    if isinstance(asked, Unconfirmed):
        return f"AWX did not confirm the cancellation, and {seen} ({asked.reason})"
    if isinstance(asked, Unknown):
        return f"it could not be cancelled, and {seen.removeprefix('it ')} ({asked.reason})"
    return f"AWX was asked to cancel it, and {seen}" if asked else f"AWX has nothing to cancel, and {seen}"


@dataclass
class Launching:
    """Launches a template with `variables`. `on_update` receives the job as soon as there is one; `note`, notes on it.

    A job counts as started by our unanswered launch if its id is higher than all seen before (ids, not clocks, are
    compared), and our account launched it with exactly our variables and no other prompt. With `moves_on`, no job that
    was launched before is followed. With `alone`, nothing is launched or followed while a job of the template deploys
    something else. `sent` receives True before a launch is sent, and False once it certainly had no effect; `log`
    prints a line of progress.
    """

    awx: Awx
    variables: Variables
    clock: Clock
    on_update: Callable[[Job], None]
    note: Callable[[str], None]
    sent: Callable[[bool], None]
    log: Callable[[str], None]
    moves_on: bool = False
    alone: bool = False
    _newest: int = 0
    _others: Sequence[Job] = ()
    _own: int = 0
    _noted: set[int] = field(default_factory=set)
    _first: Job | None = None
    _has_looked: bool = False
    _unseen: str = ""

    def resume(self, template: Template) -> bool:
        """Find a running job of the same launch; return whether there is one.

        Raises EvidenceError if the jobs cannot be read, because a second job might then be launched; and RefusedError
        if ours must be `alone` and another job of the template has not ended.
        """
        running = require(self.awx.running_jobs(template), f"The jobs of {template.name}")
        jobs = require(self.awx.recent_jobs(template), f"The jobs of {template.name}")
        self._newest = max((job.id for job in jobs), default=0)
        same, others = self._parted(template, running)
        ours = same[0] if same else None
        if ours:
            self.on_update(ours)
        if others and self.alone:
            raise _not_alone(template, ours, others)
        self._note_others(same[1:], others)
        if ours:
            self._has_looked = True
            self.note(_resumed(ours))
        return ours is not None

    def settle(self, template: Template, job: Job) -> Job:
        """Return the job to follow: this one, or one with a lower id that was launched alike at the same moment.

        In favour of that one, ours is cancelled unless it has begun; a job of another run is never cancelled. The run
        with the higher id gives way, so that one job remains. Call this while ours waits, because AWX shows a job only
        once it answers the launch. A failed look cancels nothing. Raises ExpectedError if ours was cancelled too late.
        """
        if job.status == "canceled":
            return self._instead_of(template, job)
        if job.is_over or (self._has_looked and (job.has_begun or job.id != self._own)):
            return job
        now, same, others = self._beside(template, job, self._noted)
        gives_way = bool(same) and same[0].id < now.id == self._own and not now.has_begun
        self._note_others(same[gives_way:], others)
        return self._give_way(template, now, same[0]) if gives_way else job

    def _beside(
        self, template: Template, job: Job, known: Collection[int] = ()
    ) -> tuple[Job, Sequence[Job], Sequence[tuple[Job, str]]]:
        """Return the job as it is now, and the other running jobs, parted and without the `known` ones."""
        try:
            running = require(self.awx.running_jobs(template), f"The jobs of {template.name}")
            same, others = self._parted(template, [one for one in running if one.id not in (job.id, *known)])
        except EvidenceError as error:
            self._unseen = error.message.rstrip(".")
            return job, (), ()
        self._unseen, self._has_looked = "", True
        return next((one for one in running if one.id == job.id), job), same, others

    def doubts(self, template: Template) -> list[str]:
        """Return a note if it was never seen what else was launched at the moment of our launch."""
        what = "Whether another run launched the same at the same moment could not be determined"
        return [f"{what}: {self._unseen}. {self.awx.jobs_url(template)}"] if self._unseen else []

    def _give_way(self, template: Template, ours: Job, first: Job) -> Job:
        seen = [ours]

        def on_update(job: Job) -> None:
            seen.append(job)
            self.on_update(job)

        done = cancel(self.awx, ours, self.clock, on_update)
        self._first = first
        self._noted.add(first.id)
        self.note(
            f"The AWX job {first.id} was launched at the same moment with the same variables. Ours, the job {ours.id}, "
            f"was not needed, and {done}. {first.url}"
        )
        return self.settle(template, seen[-1]) if seen[-1].is_over else seen[-1]

    def _instead_of(self, template: Template, job: Job) -> Job:
        """Return the job to follow instead of a cancelled one, or that one itself if nothing replaces it.

        The run whose job we follow may have given way to a third one.
        """
        first = self._first
        if first is None and job.id != self._own and not job.has_begun:
            first = next((one for one in self._beside(template, job)[1] if one.id < job.id), None)
        if first is None:
            return job
        if job.has_begun:
            raise _too_late(job, first)
        self.note(f"The AWX job {job.id} was cancelled before it began: {first.id} is followed. {first.url}")
        self._first = None
        self.on_update(first)
        return first

    def _note_others(self, same: Sequence[Job], others: Sequence[tuple[Job, str]]) -> None:
        for job, how in (*((one, "with the same variables, too") for one in same), *others):
            self._noted.add(job.id)
            self.note(f"The AWX job {job.id} is {job.status} {how}; it is not followed. {job.url}")

    def _parted(self, template: Template, running: Sequence[Job]) -> tuple[Sequence[Job], Sequence[tuple[Job, str]]]:
        """Split running jobs into those of the same launch, lowest id first, and others with their difference.

        Slices of a sliced template belong to workflow jobs, which are in the list themselves.
        """
        jobs = [job for job in running if not (job.is_slice and template.sliced)]
        parted = [(job, self._difference(template, job)) for job in jobs]
        same = sorted((job for job, how in parted if not how), key=lambda job: job.id)
        return same, [(job, how) for job, how in parted if how]

    def _difference(self, template: Template, job: Job) -> str:
        """Describe how a running job differs from our launch; empty if it is the same launch."""
        if job.missing_variables(self.variables):
            return "with other variables"
        if secret := job.secret(self.variables):
            return f"with a secret answer ({', '.join(secret)}), which cannot be compared"
        same = may_be_same_launch(job, template, self.variables)
        if not same or not require(self._is_same(self.awx, job), f"How the AWX job {job.id} was launched"):
            how = "with the same variables, but was" if job.variables is not None else "and was"
            return f"{how} launched in another way"
        # A job that begins after our launch pulls what the tag holds now.
        may_be_older = self.moves_on and (job.has_begun or not self._own)
        return "with the same variables, but the image's tag may have moved on since" if may_be_older else ""

    def launch(self, template: Template) -> None:
        """Launch a job; raises ExpectedError. If unanswered, search for the job until AWX must have answered."""
        since = self.clock.now()
        self.sent(True)
        try:
            launched = self.awx.launch(template, self.variables)
        except UnconfirmedLaunchError as lost:
            waited = (self.clock.now() - since).total_seconds()
            job = self._search(template, lost, max(SEARCH_SECONDS, LAUNCH_SECONDS - waited))
            self.on_update(job)
            self.note(
                f"AWX did not answer the launch ({lost.message}), but its job {job.id} was found and is followed. "
                f"{job.url}"
            )
            return
        except ExpectedError:
            self.sent(False)
            raise
        job, self._own = launched.job, launched.job.id
        self.on_update(job)
        ignored = launched.ignored or job.missing_variables(self.variables)
        if ignored:
            raise self._without(job, ignored)

    def glance(self, template: Template, seconds: float) -> Job | None:
        """Look a few times, within `seconds`, for a job that our launch may have started."""
        awx, since = self.awx.with_deadline(seconds), self.clock.now()
        for wait in (0.0, 1.0, 1.0):
            if wait:
                self.clock.sleep(wait)
            found = self._ours(awx, template)
            if isinstance(found, Job):
                return found
            if isinstance(found, Unknown) and (self.clock.now() - since).total_seconds() >= seconds:
                break
        return None

    def _search(self, template: Template, lost: ExpectedError, seconds: float) -> Job:
        self.log(f"AWX did not answer the launch ({lost.message}): searching for its job for up to {seconds:.0f} s.")
        # With its own time limit: the answer may be missing because ours ran out.
        awx, waited, looked, pause = self.awx.with_deadline(2 * seconds), 0.0, False, _FIRST_SEARCH_POLL
        while True:
            found = self._ours(awx, template)
            if isinstance(found, Job):
                return found
            looked = looked or found is None
            if waited >= seconds:
                raise self._never_seen(template, lost, looked, seconds)
            pause = min(pause, seconds - waited)
            self.clock.sleep(pause)
            before, waited = waited, waited + pause
            if before // _SAY_EVERY < waited // _SAY_EVERY and waited < seconds:
                self.log(f"{_what_awx_shows(looked)} after {waited:.0f} s.")
            pause = min(pause * 1.5, _LONGEST_SEARCH_POLL)

    def _ours(self, awx: Awx, template: Template) -> Answer[Job | None]:
        """The job that our launch started, None if there is none. Sets `_others`: other new jobs of our account."""
        jobs, me = awx.recent_jobs(template), awx.me()
        if isinstance(jobs, Unknown):
            return jobs
        if isinstance(me, Unknown):
            return me
        new = [job for job in jobs if job.id > self._newest and job.launched_by == me]
        # Prefer the first launched: a second one would be from a concurrent run, which follows its own.
        for job in reversed(new):
            same = may_be_same_launch(job, template, self.variables) and self._is_same(awx, job)
            if isinstance(same, Unknown):
                return same
            if same:
                return job
        self._others = new
        return None

    def _is_same(self, awx: Awx, job: Job) -> Answer[bool]:
        """Whether a job is of the same launch. If AWX does not report its prompts, it must be from our account."""
        prompts = awx.prompts(job)
        if isinstance(prompts, Unknown):
            return prompts
        if prompts is not None:
            return is_same_launch(prompts, self.variables)
        me = awx.me()
        return me if isinstance(me, Unknown) else job.launched_by == me and job.variables is not None

    def _never_seen(self, template: Template, lost: ExpectedError, looked: bool, seconds: float) -> ExpectedError:
        others = ", ".join(f"{job.id} ({job.status}, {job.url})" for job in self._others[:5])
        secret = any(job.secret(self.variables) for job in self._others)
        how = "with a secret answer, which cannot be compared" if secret else "but in another way"
        started = f" Launched by the same account since, {how}: {others}." if others else ""
        return ExpectedError(
            f"AWX did not answer the launch of {template.name} ({lost.message}), and {_what_awx_shows(looked)} after "
            f"{seconds:.0f} s: {self.awx.jobs_url(template)}{'.' if others else ''}{started}",
            "Check there whether a job has started. Then run this again: a running job is followed, and no second one "
            "is launched.",
        )

    def _without(self, job: Job, ignored: Sequence[str]) -> ExpectedError:
        done = cancel(self.awx, job, self.clock, self.on_update)
        names = ", ".join(quoted(name) for name in ignored[:10])
        return RefusedError(
            f"AWX launched the job {job.id} of {job.name} without {names}, which it ignored. That would deploy "
            f"something else: {done}. {job.url}",
            "In AWX, enable Prompt on launch for the template's variables, or add questions for them to its survey. "
            "Check the site if the job had begun.",
        )


def _too_late(job: Job, first: Job) -> ExpectedError:
    return ExpectedError(
        f"The AWX job {job.id} of {job.name}, which this run launched and the job {first.id} made unnecessary, "
        f"was cancelled after it had begun: part of the rollout may be done twice. {job.url}",
        f"Wait until the job {first.id} has ended ({first.url}), then run this again: it launches a new job.",
    )


def _what_awx_shows(looked: bool) -> str:
    return "AWX shows no job of it" if looked else "AWX's jobs could not be read, either,"


def _resumed(job: Job) -> str:
    who = f" by {job.launched_by}" if job.launched_by else ""
    return (
        f"The AWX job {job.id} is already {job.status}, launched{who} at {job.created} with the same variables: it is "
        "followed, and no second one is launched. It deploys what the tag held when the image was pulled: if another "
        f"was pushed under the tag since, launch again when it has ended. {job.url}"
    )


def _who_may(others: Sequence[tuple[Job, str]]) -> str:
    launchers = sorted({job.launched_by for job, _ in others if job.launched_by})
    return f"{', '.join(launchers[:5]) or 'its launcher'}, an administrator of the template, or a superuser"


def _not_alone(template: Template, ours: Job | None, others: Sequence[tuple[Job, str]]) -> RefusedError:
    named = listed((f"{job.id} ({job.status}, {how}: {job.url})" for job, how in others), 5)
    few = len(others) == 1
    goes_on = f" The AWX job {ours.id}, which is of the same launch as this run's, goes on. {ours.url}" if ours else ""
    return RefusedError(
        f"The AWX job{'' if few else 's'} {named} of {template.name} {'has' if few else 'have'} not ended, and "
        f"deploy{'s' if few else ''} something else: the job that finishes last would win. Nothing was "
        f"launched.{goes_on}",
        f"Cancel {'it' if few else 'them'} in AWX, or wait until {'it has' if few else 'they have'} ended, then run "
        f"this again. {'It' if few else 'They'} can be cancelled by {_who_may(others)}.",
    )
