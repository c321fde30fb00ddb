"""Builds of several tags are followed at the same time: the wait is the longest, and not the sum."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from commands.stack import REPOSITORY, Stack
from commands.test_new_tags import BACKEND_NAME, FRONTEND_NAME, Line, line  # noqa: F401 - a fixture
from frag_release.commands.building import OF_STACK, Building, Waits, together
from frag_release.commands.waiting import Clock
from frag_release.domain.builds import Build, Job
from frag_release.errors import ExpectedError
from world.faults import Reply
from world.github_builds import PASSED, GitHubBuilds, Look
from world.github_builds import Job as Shown
from world.github_releases import GitHubReleases
from world.hurried import SharedTime
from world.loopback import Request
from world.workflow_runs import Run

START = datetime.datetime(2026, 11, 28, 9, 0, tzinfo=datetime.timezone.utc)


@dataclass
class Simulated:
    """A clock that goes only when somebody waits."""

    seconds: float = 0.0
    limit: float = 3600.0

    @property
    def clock(self) -> Clock:
        """The clock as the commands take it."""
        return Clock(self.now, lambda: self.limit - self.seconds, self.sleep)

    def now(self) -> datetime.datetime:
        """The moment."""
        return START + datetime.timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.seconds += seconds


@dataclass
class Builds:
    """One run that appears after a minute, and ends when it has taken so many minutes."""

    time: Simulated
    minutes: float
    conclusion: str = "success"
    begins: float = field(default=-1.0)

    def of_tag(self, workflow: str, tag: str, commit: str) -> Sequence[Build]:
        """The run, once it is listed."""
        if self.begins < 0:
            self.begins = self.time.seconds + 60
        return [self._build()] if self.time.seconds >= self.begins else []

    def branch_lifetimes(self, name: str) -> Sequence[Any]:
        """No branch ever had the name."""
        return ()

    def past(self, workflow: str, limit: int) -> Sequence[Sequence[Job]]:
        """No build was before it."""
        return ()

    def latest(self, build: Build) -> Build:
        """The run as it is now."""
        return self._build()

    def jobs(self, build: Build) -> Sequence[Job]:
        """Nothing is told of its jobs."""
        return ()

    def _build(self) -> Build:
        is_over = self.time.seconds >= self.begins + self.minutes * 60
        state = ("completed", self.conclusion) if is_over else ("in_progress", None)
        return Build(
            7, "f.yaml", "push", "2026.11.1", "5" * 40, 1, state[0], state[1], "https://x.example/7", created=START
        )


def chain(time: Simulated, minutes: float, conclusion: str = "success") -> Waits[None]:
    """Follow one such build to its end, which must be good."""
    builds: Any = Builds(time, minutes, conclusion)
    building = Building(builds, "f.yaml", "2026.11.1", "5" * 40, False, lambda _: None, time.clock, words=OF_STACK)
    yield from building.starting(tag_is_new=True)
    yield from building.following()
    building.require_passed()


def test_the_wait_is_the_longest_chain_and_not_the_sum() -> None:
    """Backend 4 minutes and frontend 6 take 6, then the stack 15: with a minute each to appear 23, and not 28."""
    time = Simulated()
    together([chain(time, 4), chain(time, 6)], time.clock)
    assert 7 * 60 <= time.seconds < 7.5 * 60
    together([chain(time, 15)], time.clock)
    assert 23 * 60 <= time.seconds < 24 * 60


def test_one_that_fails_ends_the_wait() -> None:
    """A build that fails after 4 minutes is told then, and the one of 30 minutes is not waited for."""
    time = Simulated()
    with pytest.raises(ExpectedError, match="ended as failure"):
        together([chain(time, 30), chain(time, 4, "failure")], time.clock)
    assert time.seconds < 5.5 * 60


def test_the_limit_holds_for_all_together() -> None:
    """Where time is up before the longer one is over, that is said; the other had its time meanwhile."""
    time = Simulated(limit=600)
    with pytest.raises(ExpectedError, match="Time is up"):
        together([chain(time, 4), chain(time, 20)], time.clock)
    assert 570 < time.seconds <= 600


@dataclass
class TimedBuilds(GitHubBuilds):
    """Builds that take so many minutes by a clock, `minutes` by repository; each request takes a tenth of a second."""

    time: SharedTime = field(kw_only=True)
    minutes: Mapping[str, float] = field(kw_only=True)
    _began: dict[int, float] = field(default_factory=dict)

    def start(self, name: str, tag: str, commit: str, event: str = "push") -> Run:
        """Start a build of a tag now."""
        now = f"{self.time.start + datetime.timedelta(seconds=self.time.seconds):%Y-%m-%dT%H:%M:%SZ}"
        self.scripts[name] = (Look("in_progress", None, (Shown("build", "in_progress", None, now, None),)),)
        run = super().start(name, tag, commit, event)
        self._began[run.id] = self.time.seconds
        return run

    def reply(self, request: Request) -> Reply | None:
        """End what has taken its time; then as ever."""
        self.time.go_on(0.1)
        for run in self.server.runs:
            ends = self._began.get(run.id, 0.0) + self.minutes[run.repository] * 60
            if run.status != "completed" and self.time.seconds >= ends:
                self.again(run, PASSED)
        return super().reply(request)


def test_the_whole_way_takes_the_longest_chain(
    line: Line,  # noqa: F811
    builds: GitHubBuilds,
    releases_of: GitHubReleases,
    tmp_path: Path,
) -> None:
    """Backend 4 minutes, frontend 6, stack 15: from the form to the release it is 21 minutes, and less than one more.

    What people take to review and merge is left out; each request counts as a tenth of a second after the last one.
    """
    time, world = SharedTime(tmp_path / "time", START), line.world
    minutes = {BACKEND_NAME: 4, FRONTEND_NAME: 6, REPOSITORY: 15}
    world.github.parts[world.github.parts.index(builds)] = timed = TimedBuilds(world.github, time=time, minutes=minutes)
    world.program = time.program(world.program)
    stack = Stack(world, timed, releases_of)
    for name in (BACKEND_NAME, FRONTEND_NAME):
        world.registry.push(name, "2026.11.1", revision=line.heads[name])
    prepared = line.prepare(mode="pull-request", wait_minutes="30", stack_tag="")
    assert prepared.status == 0, prepared.log
    assert 6 * 60 <= time.seconds < 6.5 * 60
    commit = stack.merge()
    timed.pushes = world.registry.push(REPOSITORY, "2026.11.1", revision="0" * 40)
    published = stack.publish()
    assert published.status == 0, published.log
    assert [(one.repository, one.tag) for one in releases_of.releases if not one.draft] == [(REPOSITORY, "2026.11.1")]
    assert stack.tags()["2026.11.1"] == commit
    assert 21 * 60 <= time.seconds < 22 * 60
