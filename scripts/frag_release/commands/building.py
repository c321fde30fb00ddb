"""The build of a tag: found or started, and followed to its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..domain.builds import Build, Progress, UsualTimes, usual_times
from ..domain.evidence import Answer, Unknown
from ..errors import EvidenceError, ExpectedError
from ..forges.publishing import Builds
from ..forges.writer import WriteFailedError
from .answers import must
from .clock import Clock

START_SECONDS = 120.0
"""How long a build may take to appear after the tag was pushed, or the workflow was dispatched."""

_SETTLE_SECONDS = 10.0
_PAST_RUNS = 5
_FIRST_POLL, _LONGEST_POLL = 2.0, 20.0
_MOST_LOST_LOOKS = 10


@dataclass
class Building:
    """Follows the build of `tag` at `commit` by `workflow`.

    `own_token` says that the token is the workflow's own, whose tags start nothing. `seen` is the newest look;
    `told` gets it each time. `started_by` is for people.
    """

    builds: Builds
    workflow: str
    tag: str
    commit: str
    own_token: bool
    told: Callable[[Progress], None]
    clock: Clock
    seen: Progress | None = None
    started_by: str = ""

    def start(self, tag_is_new: bool) -> bool:
        """Find the build, or have it started; returns whether this run started it. Raises ExpectedError.

        A tag that a workflow's own token makes starts nothing, so then, and only then, the workflow is
        dispatched. A tag that was there before may have a build that is only not listed yet.
        """
        settled = 0.0 if tag_is_new else _SETTLE_SECONDS
        found = self._find(settled if self.own_token else START_SECONDS)
        dispatched = False
        if found is None and self.own_token:
            dispatched = self._dispatch()
            found = self._find(START_SECONDS)
        if found is None:
            raise self._never_started()
        self.started_by = self._how(found, dispatched)
        self.seen = Progress(self.clock.now(), found)
        return dispatched

    def follow(self) -> Progress:
        """Follow the build to its end and return the last look; raises ExpectedError where time is up."""
        past = self.builds.past(self.workflow, _PAST_RUNS)
        usual = {} if isinstance(past, Unknown) else usual_times(past)
        pause, lost = _FIRST_POLL, 0
        while True:
            look = self._look(usual)
            lost = lost + 1 if look.note else 0
            self.seen = look
            self.told(look)
            if look.build and look.build.is_over and not look.note:
                return look
            if lost > _MOST_LOST_LOOKS:
                raise EvidenceError(f"The build of {self.tag} can no longer be seen: {look.note}.", self._resume())
            if pause >= self.clock.remaining():
                raise self._out_of_time()
            self.clock.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_POLL)

    def _find(self, seconds: float) -> Build | None:
        pause, waited = _FIRST_POLL, 0.0
        while True:
            found: Sequence[Build] = must(
                self.builds.of_tag(self.workflow, self.tag, self.commit), f"The build of {self.tag}"
            )
            if found:
                return found[0]
            if waited >= seconds or pause >= self.clock.remaining():
                return None
            if waited == 0.0:
                self.told(Progress(self.clock.now(), note=f"waiting for the build of {self.tag} to appear"))
            self.clock.sleep(pause)
            waited += pause
            pause = min(pause * 1.5, _LONGEST_POLL)

    def _dispatch(self) -> bool:
        try:
            self.builds.start(self.workflow, self.tag)
        except WriteFailedError:
            # It may have been started all the same: what is there tells.
            if self._find(_SETTLE_SECONDS) is None:
                raise
        return True

    def _look(self, usual: UsualTimes) -> Progress:
        before = self.seen.build if self.seen else None
        if before is None:
            raise AssertionError("a build is found before it is followed")
        build: Answer[Build] = self.builds.latest(before)
        jobs = build if isinstance(build, Unknown) else self.builds.jobs(build)
        if isinstance(build, Unknown) or isinstance(jobs, Unknown):
            why = build if isinstance(build, Unknown) else jobs
            note = why.reason if isinstance(why, Unknown) else ""
            return Progress(self.clock.now(), before, self.seen.jobs if self.seen else (), usual, note)
        return Progress(self.clock.now(), build, jobs, usual)

    def _how(self, build: Build, dispatched: bool) -> str:
        if dispatched:
            return "by dispatching the workflow at the tag, because what a workflow's own token pushes starts nothing"
        return "by the push of the tag" if build.event == "push" else "by a dispatch at the tag"

    def _never_started(self) -> ExpectedError:
        return ExpectedError(
            f"The tag {self.tag} is there, but no run of {self.workflow} was started for it.",
            "Look whether that workflow has the trigger push with tags, and whether Actions are switched on and not "
            f"full. Then run this again: it goes on from the tag. {self._by_hand()}",
        )

    def _out_of_time(self) -> ExpectedError:
        build = self.seen.build if self.seen else None
        state = f", which is {build.status.replace('_', ' ')}" if build else ""
        return ExpectedError(
            f"Time is up (timeout-seconds) while the build of {self.tag}{state}, goes on: {build.url if build else ''}",
            self._resume(),
        )

    def _resume(self) -> str:
        return (
            "Nothing is lost: run this again, and it goes on following that build and makes the release when it has "
            "passed. For a build that takes longer, raise timeout-seconds."
        )

    def _by_hand(self) -> str:
        return f"By hand: Actions > the build workflow > Run workflow, with the tag {self.tag} as its ref."
