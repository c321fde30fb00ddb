"""One line for each change, at most one a minute, and one now and then."""

from __future__ import annotations

from domain.test_builds import NOON, build, job
from frag_release.commands.journal import Throttle
from frag_release.domain.builds import Progress

WAITING = Progress(NOON, note="waiting for the build to appear")
QUEUED = Progress(NOON, build("queued"))
RUNNING = Progress(NOON, build(), [job("build", 2)])
PASSED = Progress(NOON, build("completed", "success"), [job("build", 2, 9)])


def told(looks: list[tuple[float, Progress]]) -> list[tuple[float, Progress]]:
    """Which of the looks, each at its second, are told."""
    heard: list[tuple[float, Progress]] = []
    moment = [0.0]
    tell = Throttle[Progress](lambda progress: heard.append((moment[0], progress)), lambda: moment[0])
    for moment[0], look in looks:
        tell(look)
    return heard


def test_each_change_is_told_once() -> None:
    """Looks that show the same make one line."""
    assert told([(0, QUEUED), (70, RUNNING), (90, RUNNING), (140, RUNNING)]) == [(0, QUEUED), (70, RUNNING)]


def test_changes_within_a_minute_make_one_line() -> None:
    """What changes too early is told a minute after the last line, as it is then."""
    assert told([(0, WAITING), (5, QUEUED), (30, RUNNING), (61, RUNNING)]) == [(0, WAITING), (61, RUNNING)]


def test_the_end_is_told_at_once() -> None:
    """Nobody waits a minute to hear that it is over; and it is told once."""
    assert told([(0, RUNNING), (5, PASSED), (8, PASSED)]) == [(0, RUNNING), (5, PASSED)]


def test_what_goes_on_for_long_is_told_again() -> None:
    """Without any change there is a line after five minutes, with the time that it has taken."""
    assert told([(0, RUNNING), (299, RUNNING), (301, RUNNING), (400, RUNNING)]) == [(0, RUNNING), (301, RUNNING)]
