"""`publish` and `announce` killed at any moment, again and again: they come to the end of an undisturbed run.

Not a part of the tests of every time: it is long, and what it does depends on the clock. `make torture` runs it.
"""

from __future__ import annotations

import random
import subprocess

import pytest

from commands.conftest import World
from commands.desk import FULL, TAG, Desk
from commands.stack import Stack
from commands.test_publish_killed import end, expected
from world.events import push_tag
from world.program import Running

pytestmark = pytest.mark.new_python

ROUNDS = range(25)
LONGEST = 3.0
"""Seconds within which every run is killed; undisturbed ones take about one."""


def killed(running: Running, seconds: float) -> bool:
    """Whether the run had to be killed after so many seconds."""
    try:
        running.process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        running.process.kill()
        running.process.wait()
        return True
    return False


@pytest.mark.parametrize("seed", ROUNDS)
def test_publish_killed_at_any_moment(stack: Stack, seed: int) -> None:
    """However often and wherever it is killed, a run that may end leaves one tag, one build and one whole release."""
    moments = random.Random(seed)
    commit = stack.reviewed()
    event = stack.push()
    kills = sum(killed(stack.start(event), moments.uniform(0.1, LONGEST)) for _ in range(moments.randint(1, 6)))
    last = stack.publish(event)
    assert last.status == 0, (kills, last.log)
    assert end(stack) == expected(commit, "push")


@pytest.mark.parametrize("seed", ROUNDS)
def test_announce_killed_at_any_moment(unseeded: World, seed: int) -> None:
    """However often and wherever it is killed, a run that may end leaves what an undisturbed one does."""
    moments = random.Random(seed)
    desk = Desk.of(unseeded)
    assert desk.announce(**FULL).status == 0
    undisturbed = desk.state()
    desk = Desk.of(unseeded)
    event = push_tag(TAG, unseeded.commit(TAG))
    kills = sum(killed(desk.start(event, FULL), moments.uniform(0.1, LONGEST)) for _ in range(moments.randint(1, 6)))
    last = desk.announce(**FULL)
    assert last.status == 0, (kills, last.log)
    assert desk.state() == undisturbed
