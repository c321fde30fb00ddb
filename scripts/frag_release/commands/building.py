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
    who_lets_go,
)
from ..errors import EvidenceError, ExpectedError, RefusedError
from ..render.plan import hold_in_words
from .session import must
from .waiting import Clock

START_SECONDS = 120.0
"""How long a build may take to appear after the tag was pushed, or the workflow was dispatched."""

_SETTLE_SECONDS = 6.0
_PUSH_SECONDS = 5.0
"""How long a run of the tag's push is waited for where one that was dispatched is already listed."""

_PAUSES = (2.0, 4.0, 8.0)
"""Seconds between the looks: a registry that fails may come back, and one may show a tag a moment after the push."""

_PAST_RUNS = 5
_FIRST_POLL, _LONGEST_POLL = 2.0, 20.0
_MOST_DENIALS = 3
_MOST_BLIND = 3
"""After so many looks a build that waits is left, though GitHub does not say for whom: a job may wait for a moment."""

_ASKED_AFTER_SECONDS = 60.0

_T = TypeVar("_T")
Waits = Generator[float, None, _T]
"""Work that asks now and then to wait so many seconds, and returns what came of it."""

_BY_HAND = "By hand: Actions > the build workflow > Run workflow, with the tag as its ref."


def together(works: Sequence[Waits[_T]], clock: Clock) -> list[_T]:
    """Do all the work at the same time, in one thread: a wait of one is used by the others. Raises what one raises."""
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
    """Look for an image until it is there, a few times within the time left, and return the last look."""
    found = look()
    for pause in _PAUSES:
        if (not isinstance(found, Unknown) and found.digest) or pause >= clock.remaining():
            break
        clock.sleep(pause)
        found = look()
    return found


@dataclass(frozen=True)
class Words:
    """What to do where a build does not end well, in sentences; `limit` is the input that bounds the time.

    `refused` says what was not done, and `branch` what helps where a branch had the tag's name.
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
    "Nothing is lost: run this again, and it goes on following that build and makes the release when it has passed.",
    "The tag stays and the release was not made, so its name is not burned. If the commit is at fault, mend the "
    "branch; then prepare another pair, or publish the same one by hand, with the next tag in stack-tag.",
    "Look whether that workflow starts on a push of such tags and is not disabled, and whether a workflow execution "
    "protection leaves out the account that tags, or the event push (Settings > Actions > Policies; the organisation "
    "and the enterprise may have some, too). GitHub starts nothing for a tag that a workflow's own token has made, and "
    f"nothing if more than three tags are pushed at once. {_BY_HAND} Then run this again: it goes on from there.",
    _BY_HAND,
    "The release was not made.",
    "Release the same pair under the next free tag: name that tag in stack-tag.",
)
"""For the build of a release of the stack."""


@dataclass
class Building:
    """Follows the build of `tag` at `commit` by `workflow`.

    `own_token` says that the token is the workflow's own, whose tags start nothing. `seen` is the newest look;
    `told` gets it each time, and `writing` what is ordered. `started_by` and `note` are for people; `words` say what
    to do.
    """

    builds: Builds
    workflow: str
    tag: str
    commit: str
    own_token: bool
    told: Callable[[Progress], None]
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
        """The build as it was last seen, None if there is none yet."""
        return self.seen.build if self.seen else None

    def start(self, tag_is_new: bool) -> bool:
        """Do what `starting` says."""
        return together([self.starting(tag_is_new)], self.clock)[0]

    def starting(self, tag_is_new: bool) -> Waits[bool]:
        """Find the build, or have it started; returns whether this run started it. Raises ExpectedError.

        A tag that a workflow's own token makes starts nothing, so then, and only then, the workflow is
        dispatched. A tag that was there before may have a build that is only not listed yet.
        """
        dispatched = False
        found = yield from self._find((0.0 if tag_is_new else _SETTLE_SECONDS) if self.own_token else START_SECONDS)
        if found is None and self.own_token:
            dispatched = yield from self._dispatch()
            found = yield from self._find(START_SECONDS)
        if found is None:
            raise self._never_started()
        self._demand_the_tags_own(found)
        self.started_by = _how(found, dispatched)
        self.seen = Progress(self.clock.now(), found)
        return dispatched

    def is_there(self) -> bool:
        """Whether the tag has a build now; raises EvidenceError where that cannot be known."""
        return bool(must(self.builds.of_tag(self.workflow, self.tag, self.commit), f"The build of {self.tag}"))

    def follow(self) -> Progress:
        """Do what `following` says."""
        return together([self.following()], self.clock)[0]

    def following(self) -> Waits[Progress]:
        """Follow the build to its end and return the last look; raises ExpectedError where time is up.

        A build that waits for somebody is left: it may wait for days, and nothing is wrong with it. That GitHub fails
        for a while ends nothing: only time does, or a token that may no longer look.
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
                    what = f"The build of {self.tag} can no longer be seen: {look.reason}."
                    raise EvidenceError(what, self.words.resume)
                self.seen = replace(self._now(), now=self.clock.now(), note=look.reason)
            self.told(self.seen)
            if self.seen.is_over and not self.seen.note:
                return self.seen
            if pause >= self.clock.remaining():
                break
            yield pause
        if WAITING not in self._now().waits or self._now().note:
            raise self._out_of_time()
        self.seen = replace(self._now(), is_left=True)
        return self.seen

    def demand_over(self) -> None:
        """Demand that the build was followed to its end, and not left because it waits; raises ExpectedError."""
        seen = self._now()
        if seen.is_left and seen.build:
            what = f"The build of {self.tag} is not over ({_state(seen.build)}): {seen.build.url}"
            raise ExpectedError(what, f"{_waits(seen)} {self.words.resume}".lstrip())

    def demand_passed(self) -> None:
        """Demand that the build which is over has passed; raises ExpectedError."""
        seen = self._now()
        build = seen.build
        if build is None or build.passed:
            return
        broken = [job for job in seen.jobs if job.failed][:5]
        failed = ", ".join(f"{job.name} ended as {job.conclusion}" for job in broken)
        raise ExpectedError(
            f"The build of {build.branch} did not pass: it ended as {build.conclusion}"
            f"{f' ({failed})' if failed else ''}.",
            f"{self._mend(build)} {self.words.failed}",
        )

    def _mend(self, build: Build) -> str:
        days = days_between(build.created, self.clock.now())
        rerun = how_to_rerun(build.url, days, "its failed jobs")
        if not rerun:
            return f"The run is {days} days old, and GitHub re-runs nothing after {RERUN_DAYS}."
        return f"Mend what is wrong, then {rerun}, then run this again: it goes on from there."

    def _find(self, seconds: float) -> Waits[Build | None]:
        """Return the build of the tag, None where there is none yet after `seconds`.

        Where GitHub does not say, there is no knowing, so that nothing is started twice: it is asked again.
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
            self.told(Progress(self.clock.now(), note=f"waiting for the build of {self.tag} to appear{note}"))
            if pause >= self.clock.remaining():
                break
            yield pause
        must(found, f"The build of {self.tag}")
        raise self._never_started(f" before time was up ({self.words.limit})")

    def _demand_the_tags_own(self, build: Build) -> None:
        """Refuse a run that may be a branch's: it looks the same, and has deployed nothing."""
        existed = self.builds.branch_lifetimes(self.tag)
        if isinstance(existed, NotOffered):
            self.note = f"Whether a branch was named {self.tag} when it was built was not found: {existed.reason}."
            return
        if may_be_of_branch(build.created, must(existed, f"Whether a branch was named {self.tag}")):
            raise RefusedError(
                f"A branch was named {self.tag} when the run {build.url} was started, so that may be the branch's "
                f"build, which deploys nothing, and not the tag's. {self.words.refused}",
                self.words.branch,
            )

    def _is_the_build(self, found: Sequence[Build], waited: float) -> bool:
        """Whether the first one is what stands for the tag: a dispatched run only where its push started none."""
        return bool(found) and (found[0].event == "push" or self.own_token or waited >= _PUSH_SECONDS)

    def _looks(self, wanted: float = math.inf) -> Iterator[tuple[float, float]]:
        """Yield how long to wait after a look, longer and longer, and how many seconds were waited before it.

        One of the looks is after just so many seconds as are `wanted`.
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
            # It may have been started: what is there tells.
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
        """Add to a look what the build waits for, and whether it is to be left because of that."""
        if not look.waits:
            return look
        last = self._asked
        is_fresh = last and last.waits == look.waits and (look.now - last.now).total_seconds() < _ASKED_AFTER_SECONDS
        if last is None or not is_fresh or not last.hold.is_known:
            last = self._asked = replace(look, hold=self._hold(look))
        hold = last.hold
        self._blind = self._blind + 1 if look.is_held and not hold.is_known else 0
        unsaid = self._blind >= _MOST_BLIND and WAITING in look.waits
        late = hold.until is not None and (hold.until - look.now).total_seconds() > self.clock.remaining()
        return replace(look, hold=hold, is_left=look.is_held and (hold.needs_a_person or unsaid or late))

    def _hold(self, look: Progress) -> Hold:
        """Ask what the build waits for: the rules of an environment, or the concurrency group of another run."""
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
            raise AssertionError("a build is found before it is followed")
        return self.seen

    def _never_started(self, when: str = "") -> ExpectedError:
        return ExpectedError(
            f"The tag {self.tag} is there, but no run of {self.workflow} was started for it{when}.",
            self.words.never,
        )

    def _out_of_time(self) -> ExpectedError:
        seen = self._now()
        build = seen.build
        if seen.note:
            last = f" It was last seen {_state(build)}." if build else ""
            what = f"the build of {self.tag} could not be seen to its end: {seen.note}.{last}"
            return ExpectedError(f"Time is up ({self.words.limit}), and {what}", self.words.resume)
        state = f" ({_state(build)})" if build else ""
        return ExpectedError(
            f"Time is up ({self.words.limit}), and the build of {self.tag} is not over{state}.",
            f"{self.words.resume} For a build that takes longer, raise {self.words.limit}. {_waits(seen)}".rstrip(),
        )


def _how(build: Build, dispatched: bool) -> str:
    if dispatched:
        return "by dispatching the workflow at the tag, because what a workflow's own token pushes starts nothing"
    return "by the push of the tag" if build.event == "push" else "by a dispatch at the tag"


def _waits(seen: Progress) -> str:
    """Say what a build waits for, as a sentence; empty if nothing is known to hold it."""
    if behind := hold_in_words(seen.hold):
        return f"It {behind}."
    return who_lets_go(seen.build.status, seen.build.url) if seen.build and seen.build.is_held else ""


def _state(build: Build) -> str:
    return f"ended as {build.conclusion}" if build.is_over else build.state.replace("_", " ")
