"""The build of a tag: found or started, and followed to its end; several at the same time."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from ..adapters.ports import UnconfirmedError
from ..adapters.ports.publishing import Builds
from ..dataclass import dataclass, replace
from ..domain.builds import Build, Hold, Progress, UsualTimes, usual_times
from ..domain.evidence import (
    RERUN_DAYS,
    WAITING,
    Answer,
    Denied,
    Image,
    NotOffered,
    Unknown,
    days_between,
    how_to_rerun,
    may_be_of_branch,
    who_approves,
)
from ..errors import EvidenceError, ExpectedError, RefusedError
from ..render.plan import hold_in_words
from .session import require
from .waiting import Clock

START_SECONDS = 120.0
"""Time limit for a build to appear after the tag was pushed or the workflow was dispatched."""

_SETTLE_SECONDS = 6.0
_PUSH_SECONDS = 5.0
"""Time to wait for the run of the tag's push if a dispatched run is already listed."""

_PAUSES = (2.0, 4.0, 8.0)
"""Seconds between looks: a failing registry may recover, and a tag may appear a moment after its push."""

_PAST_RUNS = 5
_FIRST_POLL, _LONGEST_POLL = 2.0, 20.0
_MOST_DENIALS = 3
_MOST_BLIND = 3
"""Looks after which a waiting build is left although GitHub reports no reason: a job may wait for a moment."""

_ASKED_AFTER_SECONDS = 60.0

_T = TypeVar("_T")
Waits = Generator[float, None, _T]
"""Work that yields seconds to wait, and returns its result."""

_BY_HAND = "By hand: Actions > the build workflow > Run workflow, with the tag as its ref."


def together(works: Sequence[Waits[_T]], clock: Clock) -> list[_T]:
    """Do all work concurrently in one thread: while one waits, others run. Raises what any of them raises."""
    results: dict[int, _T] = {}
    now, due = 0.0, [(0.0, number) for number in range(len(works))]
    while due:
        at, number = heapq.heappop(due)
        if at > now:
            clock.sleep(at - now)
            now = at
        try:
            heapq.heappush(due, (now + next(works[number]), number))
        except StopIteration as end:
            results[number] = end.value
    return [results[number] for number in range(len(works))]


def a_few_looks(look: Callable[[], Answer[Image]], clock: Clock) -> Answer[Image]:
    """Look a few times, within the time left, until an image exists; return the last answer."""
    found = look()
    for pause in _PAUSES:
        if (not isinstance(found, Unknown) and found.digest) or pause >= clock.remaining():
            break
        clock.sleep(pause)
        found = look()
    return found


@dataclass(frozen=True)
class Words:
    """Remedies for a build that does not succeed, in sentences; `limit` is the input that limits the time.

    `refused` states what was not done; `branch` is the remedy if a branch had the tag's name.
    """

    limit: str
    resume: str
    failed: str
    never: str
    by_hand: str
    refused: str
    branch: str


OF_STACK = Words(
    "timeout-seconds",
    "Nothing is lost: run this again, and it continues to follow that build and creates the release once it passes.",
    "The tag stays and no release was created, so its name is not burned. If the commit is at fault, fix the "
    "branch; then prepare another pair, or publish the same one by hand, with the next tag in stack-tag.",
    "Check that the workflow is enabled and starts on a push of such tags, and that no workflow execution protection "
    "excludes the tagging account or the event push (Settings > Actions > Policies; the organisation and the "
    "enterprise may have some, too). GitHub starts nothing for a tag that a workflow's own token created, and nothing "
    f"if more than three tags are pushed at once. {_BY_HAND} Then run this again: it continues from there.",
    _BY_HAND,
    "The release was not created.",
    "Release the same pair under the next free tag: name that tag in stack-tag.",
)
"""For the build of a release of the stack."""


@dataclass
class Building:
    """Follows the build of `tag` at `commit` by `workflow`.

    `own_token` is True if the token is the workflow's own, whose tags start nothing. `seen` is the newest look, which
    `on_progress` receives each time; `writing` receives a description of each write. `started_by` and `note` are for
    people; `words` are the remedies.
    """

    builds: Builds
    workflow: str
    tag: str
    commit: str
    own_token: bool
    on_progress: Callable[[Progress], None]
    clock: Clock
    writing: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext()
    words: Words = OF_STACK
    seen: Progress | None = None
    started_by: str = ""
    note: str = ""
    _asked: Progress | None = None
    _blind: int = 0

    @property
    def build(self) -> Build | None:
        """The build as last seen, None if there is none yet."""
        return self.seen.build if self.seen else None

    def start(self, tag_is_new: bool) -> bool:
        """Run `starting` alone."""
        return together([self.starting(tag_is_new)], self.clock)[0]

    def starting(self, tag_is_new: bool) -> Waits[bool]:
        """Find the build or start it; return whether this run started it. Raises ExpectedError.

        Only a tag created with a workflow's own token starts nothing, so only then is the workflow dispatched. A tag
        that existed before may have a build that is not listed yet.
        """
        dispatched = False
        found = yield from self._find((0.0 if tag_is_new else _SETTLE_SECONDS) if self.own_token else START_SECONDS)
        if found is None and self.own_token:
            dispatched = yield from self._dispatch()
            found = yield from self._find(START_SECONDS)
        if found is None:
            raise self._never_started()
        self._refuse_build_of_branch(found)
        self.started_by = _how(found, dispatched)
        self.seen = Progress(self.clock.now(), found)
        return dispatched

    def is_there(self) -> bool:
        """Whether the tag has a build now; raises EvidenceError if that could not be determined."""
        return bool(require(self.builds.of_tag(self.workflow, self.tag, self.commit), f"The build of {self.tag}"))

    def follow(self) -> Progress:
        """Run `following` alone."""
        return together([self.following()], self.clock)[0]

    def following(self) -> Waits[Progress]:
        """Follow the build to its end and return the last look; raises ExpectedError if time is up.

        A build that waits for a person is left: it may wait for days, and nothing is wrong with it. Temporary failures
        of GitHub end nothing; only the time limit does, or a token that has lost its permission.
        """
        past = self.builds.past(self.workflow, _PAST_RUNS)
        usual = UsualTimes() if isinstance(past, Unknown) else usual_times(past)
        denied = 0
        for pause, _ in self._looks():
            look = self._look(usual)
            if isinstance(look, Progress):
                self.seen = self._with_hold(look)
            else:
                denied = denied + 1 if isinstance(look, Denied) else 0
                if denied == _MOST_DENIALS:
                    what = f"The build of {self.tag} can no longer be read: {look.reason}."
                    raise EvidenceError(what, self.words.resume)
                self.seen = replace(self._now(), now=self.clock.now(), note=look.reason)
            self.on_progress(self.seen)
            if self.seen.is_over and not self.seen.note:
                return self.seen
            if pause >= self.clock.remaining():
                break
            yield pause
        if WAITING not in self._now().waits or self._now().note:
            raise self._out_of_time()
        self.seen = replace(self._now(), is_left=True)
        return self.seen

    def require_over(self) -> None:
        """Raise ExpectedError if the build was left because it waits, instead of followed to its end."""
        seen = self._now()
        if seen.is_left and seen.build:
            what = f"The build of {self.tag} is not over ({_state(seen.build)}): {seen.build.url}"
            raise ExpectedError(what, f"{_waits(seen)} {self.words.resume}".lstrip())

    def require_passed(self) -> None:
        """Raise ExpectedError unless the ended build passed."""
        seen = self._now()
        build = seen.build
        if build is None or build.passed:
            return
        broken = [job for job in seen.jobs if job.failed][:5]
        failed = ", ".join(f"{job.name} ended as {job.conclusion}" for job in broken)
        raise ExpectedError(
            f"The build of {build.branch} did not pass: it ended as {build.conclusion}"
            f"{f' ({failed})' if failed else ''}.",
            f"{self._how_to_fix(build)} {self.words.failed}",
        )

    def _how_to_fix(self, build: Build) -> str:
        days = days_between(build.created, self.clock.now())
        rerun = how_to_rerun(build.url, days, "its failed jobs")
        if not rerun:
            return f"The run is {days} days old, and GitHub re-runs nothing after {RERUN_DAYS}."
        return f"Fix the cause, then {rerun}, then run this again: it continues from there."

    def _find(self, seconds: float) -> Waits[Build | None]:
        """Return the build of the tag, None if there is none after `seconds`.

        Raises ExpectedError if time is up, or if GitHub gives no answer, so that nothing is started twice.
        """
        denied = 0
        found: Answer[Sequence[Build]] = ()
        for pause, waited in self._looks(seconds):
            found = self.builds.of_tag(self.workflow, self.tag, self.commit)
            denied = denied + 1 if isinstance(found, Denied) else 0
            if denied == _MOST_DENIALS:
                break
            if not isinstance(found, Unknown) and (self._is_the_build(found, waited) or waited >= seconds):
                return found[0] if found else None
            note = f": {found.reason}" if isinstance(found, Unknown) else ""
            self.on_progress(Progress(self.clock.now(), note=f"waiting for the build of {self.tag} to appear{note}"))
            if pause >= self.clock.remaining():
                break
            yield pause
        require(found, f"The build of {self.tag}")
        raise self._never_started(f" before time was up ({self.words.limit})")

    def _refuse_build_of_branch(self, build: Build) -> None:
        """Refuse a run that may be a branch's: it looks the same, but deployed nothing."""
        existed = self.builds.branch_lifetimes(self.tag)
        if isinstance(existed, NotOffered):
            self.note = f"Whether a branch was named {self.tag} during its build is unknown: {existed.reason}."
            return
        if may_be_of_branch(build.created, require(existed, f"Whether a branch was named {self.tag}")):
            raise RefusedError(
                f"A branch was named {self.tag} when the run {build.url} started, so this may be the build of the "
                f"branch, which deploys nothing, instead of the tag's. {self.words.refused}",
                self.words.branch,
            )

    def _is_the_build(self, found: Sequence[Build], waited: float) -> bool:
        """Whether the first one is the tag's build: a dispatched run is, only if the push started none."""
        return bool(found) and (found[0].event == "push" or self.own_token or waited >= _PUSH_SECONDS)

    def _looks(self, wanted: float = math.inf) -> Iterator[tuple[float, float]]:
        """Yield the growing pause after each look, and the seconds waited before it.

        One of the looks is after exactly `wanted` seconds.
        """
        waited, pause = 0.0, _FIRST_POLL
        while True:
            wait = min(pause, wanted - waited) if waited < wanted else pause
            yield wait, waited
            waited += wait
            pause = min(pause * 1.5, _LONGEST_POLL)

    def _dispatch(self) -> Waits[bool]:
        try:
            with self.writing(f"Dispatch {self.workflow} at {self.tag}"):
                self.builds.start(self.workflow, self.tag)
        except UnconfirmedError:
            # It may have been started: look for it.
            if (yield from self._find(_SETTLE_SECONDS)) is None:
                raise
        return True

    def _look(self, usual: UsualTimes) -> Answer[Progress]:
        before = self._now().build
        build = self.builds.latest(before) if before else None
        if isinstance(build, Unknown):
            return build
        if build is None:
            raise ExpectedError(
                f"The run that built {self.tag} was deleted while it was followed.",
                f"Run this again once the tag has a run. {self.words.by_hand}",
            )
        jobs = self.builds.jobs(build)
        return jobs if isinstance(jobs, Unknown) else Progress(self.clock.now(), build, jobs, usual)

    def _with_hold(self, look: Progress) -> Progress:
        """Add what the build waits for, and whether it is left because of that."""
        if not look.waits:
            return look
        last = self._asked
        is_fresh = last and last.waits == look.waits and (look.now - last.now).total_seconds() < _ASKED_AFTER_SECONDS
        if last is None or not is_fresh or not last.hold.is_known:
            last = self._asked = replace(look, hold=self._hold(look))
        hold = last.hold
        self._blind = self._blind + 1 if look.is_held and not hold.is_known else 0
        unexplained = self._blind >= _MOST_BLIND and WAITING in look.waits
        late = hold.until is not None and (hold.until - look.now).total_seconds() > self.clock.remaining()
        return replace(look, hold=hold, is_left=look.is_held and (hold.needs_a_person or unexplained or late))

    def _hold(self, look: Progress) -> Hold:
        """Read what the build waits for: the rules of an environment, or another run's concurrency group."""
        if look.build is None:
            return Hold()
        if WAITING in look.waits:
            found = self.builds.pending_deployments(look.build)
            return Hold(unseen=found.reason) if isinstance(found, Unknown) else Hold(found)
        runs = self.builds.unfinished(self.workflow)
        if isinstance(runs, Unknown):
            return Hold(unseen=runs.reason)
        return Hold(others=[one for one in runs if one.id != look.build.id])

    def _now(self) -> Progress:
        if self.seen is None:
            raise AssertionError("following() was called before starting()")
        return self.seen

    def _never_started(self, when: str = "") -> ExpectedError:
        return ExpectedError(
            f"The tag {self.tag} exists, but no run of {self.workflow} was started for it{when}.",
            self.words.never,
        )

    def _out_of_time(self) -> ExpectedError:
        seen = self._now()
        build = seen.build
        if seen.note:
            last = f" It was last seen {_state(build)}." if build else ""
            what = f"the build of {self.tag} could not be followed to its end: {seen.note}.{last}"
            return ExpectedError(f"Time is up ({self.words.limit}), and {what}", self.words.resume)
        state = f" ({_state(build)})" if build else ""
        return ExpectedError(
            f"Time is up ({self.words.limit}), and the build of {self.tag} is not over{state}.",
            f"{self.words.resume} If the build takes longer, raise {self.words.limit}. {_waits(seen)}".rstrip(),
        )


def _how(build: Build, dispatched: bool) -> str:
    if dispatched:
        return "by dispatching the workflow at the tag, because pushes with a workflow's own token start nothing"
    return "by the push of the tag" if build.event == "push" else "by a dispatch at the tag"


def _waits(seen: Progress) -> str:
    """Return what a build waits for as a sentence, empty if nothing is known to hold it."""
    if behind := hold_in_words(seen.hold):
        return f"It {behind}."
    return who_approves(seen.build.status, seen.build.url) if seen.build and seen.build.is_held else ""


def _state(build: Build) -> str:
    return f"ended as {build.conclusion}" if build.is_over else build.state.replace("_", " ")
