"""Builds of several tags are followed at the same time: the wait is the longest, and not the sum."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from frag_release.commands.building import OF_STACK, Building, Waits, together
from frag_release.commands.clock import Clock
from frag_release.domain.builds import Build, Job
from frag_release.errors import ExpectedError

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
    building.demand_passed()


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
