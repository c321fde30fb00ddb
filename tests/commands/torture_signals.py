"""Two hundred signals of each kind to each of the seven commands, at moments and with servers chosen by seeds.

`make torture` runs it and prints how the runs ended. One run again: `-k 'deploy and SIGINT and 17'`.
"""

from __future__ import annotations

import os
import signal

import pytest

from commands.scenarios import SEVEN, scenario_of
from commands.signals import Course, Record, course_of, end_by_signal
from world.cancelling import parse_time

pytestmark = pytest.mark.new_python

SEEDS = range(int(os.environ.get("SIGNAL_SEEDS", "200")))
_courses: dict[str, Course] = {}
"""Measured once in each worker, before its first signal."""


@pytest.mark.parametrize("name", SEVEN)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_signal_at_any_moment(
    request: pytest.FixtureRequest, record_property: Record, name: str, number: signal.Signals, seed: int
) -> None:
    """It ends in time, says that it was cancelled and what was made, writes no more, and a re-run mends it."""
    if name not in _courses:
        _courses[name] = course_of(name, request)
    course = _courses[name]
    moment = parse_time(f"{name} {seed}", number, course.seconds, course.requests)
    print(moment)
    end_by_signal(scenario_of(name, request), moment, record_property)
