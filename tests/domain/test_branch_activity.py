"""When a branch existed, by the activity that is listed for it: an event without its other end is open on that side."""

from __future__ import annotations

import datetime

import pytest

from domain.worked_example import NOON
from frag_release.domain.evidence import CREATION, DELETION, Lifetime, lifetimes, may_be_of_branch

PUSH = "push"


def at(hour: int) -> datetime.datetime:
    """So many hours after noon."""
    return NOON + datetime.timedelta(hours=hour)


CASES = {
    "nothing": ([], [False] * 5),
    "whole": ([(CREATION, 1), (DELETION, 3)], [False, True, True, True, False]),
    "still there": ([(CREATION, 1)], [False, True, True, True, True]),
    "creation not listed": ([(DELETION, 3)], [True, True, True, True, False]),
    "only a push listed": ([(PUSH, 2)], [True] * 5),
    "pushed between": ([(CREATION, 1), (PUSH, 2), ("force_push", 2), (DELETION, 3)], [False, True, True, True, False]),
    "twice": ([(CREATION, 0), (DELETION, 1), (CREATION, 3), (DELETION, 4)], [True, True, False, True, True]),
    "second creation not listed": ([(CREATION, 0), (DELETION, 1), (DELETION, 3)], [True, True, True, True, False]),
    "first deletion not listed": ([(CREATION, 1), (CREATION, 2), (DELETION, 3)], [False, True, True, True, False]),
    "a word of later years": ([("branch_rename", 2)], [True] * 5),
}


@pytest.mark.parametrize(("activity", "existed"), CASES.values(), ids=CASES.keys())
def test_lifetimes(activity: list[tuple[str, int]], existed: list[bool]) -> None:
    """At each full hour from noon to four the branch existed or not, at the latest where nothing says otherwise."""
    found = lifetimes([(kind, at(hour)) for kind, hour in activity])
    assert [any(one.start <= at(hour) <= one.end for one in found) for hour in range(5)] == existed


@pytest.mark.parametrize(
    ("seconds", "may"),
    [(-3661, False), (-3659, True), (-1800, True), (0, True), (1, True), (299, True), (301, False)],
)
def test_a_run_may_be_of_a_branch_until_five_minutes_after_it(seconds: int, may: bool) -> None:
    """Of a branch from eleven to noon: a run may be created a minute early, by clocks, and five minutes late."""
    branch = Lifetime(at(-1), NOON)
    assert may_be_of_branch(NOON + datetime.timedelta(seconds=seconds), [branch]) is may


def test_a_run_of_an_unknown_time_may_be_of_any_branch() -> None:
    """Without a time it cannot be told from a branch's, if there ever was one."""
    assert may_be_of_branch(None, [Lifetime(at(0), at(1))])
    assert not may_be_of_branch(None, [])
