"""The build of a tag: found or started, and followed to its end; several at the same time."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TypeVar

from ..domain.branch_activity import may_be_of_branch
from ..domain.builds import Build, Progress, UsualTimes, usual_times
from ..domain.evidence import Answer, Denied, Image, NotOffered, Unknown
from ..errors import EvidenceError, ExpectedError, RefusedError
from ..forges.publishing import Builds
from ..forges.writer import UnconfirmedError
from .answers import must
from .clock import Clock

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


_T = TypeVar("_T")
Waits = Generator[float, None, _T]
"""Work that asks now and then to wait so many seconds, and returns what came of it."""


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


_BY_HAND = "By hand: Actions > the build workflow > Run workflow, with the tag as its ref."
OF_STACK = Words(
    "timeout-seconds",
    "Nothing is lost: run this again, and it goes on following that build and makes the release when it has passed.",
    "Mend what is wrong and re-run its failed jobs, then run this again: it goes on from there. The tag stays and the "
    "release was not made, so its name is not burned. If the commit is at fault, mend the branch; then prepare another "
    "pair, or publish the same one by hand, with the next tag in stack-tag.",
    "Look whether that workflow starts on a push of such tags and is not disabled. GitHub starts nothing for a tag "
    "that a workflow's own token has made, and nothing where more than three tags are pushed at once. "
    f"{_BY_HAND} Then run this again: it goes on from there.",
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

        That GitHub fails for a while ends nothing: only time does, or a token that may no longer look.
        """
        past = self.builds.past(self.workflow, _PAST_RUNS)
        usual = UsualTimes() if isinstance(past, Unknown) else usual_times(past)
        denied = 0
        for pause, _ in self._looks():
            look = self._look(usual)
            if isinstance(look, Progress):
                self.seen = look
            else:
                denied = denied + 1 if isinstance(look, Denied) else 0
                if denied == _MOST_DENIALS:
                    what = f"The build of {self.tag} can no longer be seen: {look.reason}."
                    raise EvidenceError(what, self.words.resume)
                self.seen = replace(self._now(), now=self.clock.now(), note=look.reason)
            self.told(self.seen)
            if self.seen.build and self.seen.build.is_over and not self.seen.note:
                return self.seen
            if pause >= self.clock.remaining():
                break
            yield pause
        raise self._out_of_time()

    def demand_passed(self) -> None:
        """Demand that the build which is over has passed; raises ExpectedError."""
        seen = self._now()
        build = seen.build
        if build is None or build.passed:
            return
        failed = ", ".join(f"{job.name} ended as {job.conclusion}" for job in seen.failed_jobs[:5])
        raise ExpectedError(
            f"The build of {build.branch} did not pass: it ended as {build.conclusion}"
            f"{f' ({failed})' if failed else ''}.",
            self.words.failed,
        )

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
        waits = f" It waits for somebody to approve it: {build.url}" if build and build.is_held else ""
        return ExpectedError(
            f"Time is up ({self.words.limit}), and the build of {self.tag} is not over{state}.",
            f"{self.words.resume} For a build that takes longer, raise {self.words.limit}.{waits}",
        )


def _how(build: Build, dispatched: bool) -> str:
    if dispatched:
        return "by dispatching the workflow at the tag, because what a workflow's own token pushes starts nothing"
    return "by the push of the tag" if build.event == "push" else "by a dispatch at the tag"


def _state(build: Build) -> str:
    state = "waiting for approval" if build.is_held else build.status.replace("_", " ")
    return f"ended as {build.conclusion}" if build.is_over else state
