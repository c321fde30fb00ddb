from __future__ import annotations

from benchmarks.contestants import BARE, BUNDLE, JAVASCRIPT, SHELL
from benchmarks.figures import Figures, size_targets, summarise, targets
from benchmarks.measuring import Sample


def sample(seconds: float, *, name: str = BUNDLE, delay: int = 0, peak: float = 30, requests: int = 20) -> Sample:
    """A run that sent its first request after a tenth of its time."""
    return Sample(name, delay, seconds, seconds / 10, seconds / 2, peak, requests, seconds / 4)


def figures(name: str, delay: int, seconds: float, *, first: float = 0.1, peak: float = 30) -> Figures:
    """What ten equal runs come to."""
    return Figures(name, delay, 10, seconds, seconds, seconds, first, seconds, peak, 20, 0.1, seconds + 0.1)


def test_samples_come_to_medians_quartiles_and_the_highest_peak() -> None:
    """Of 1, 2, 3, 4 and 9 s the median is 3, the middle half is from 2 to 4, and one long run moves neither."""
    (found,) = summarise([sample(seconds, peak=seconds * 10) for seconds in (9, 1, 4, 2, 3)])

    assert found == Figures(BUNDLE, 0, 5, 3, 2, 4, 0.3, 1.5, 90, 20, 0.75, 3.75)


def test_samples_are_told_apart_by_delay_and_contestant() -> None:
    """The order is that of the delays, then that in which the contestants came."""
    samples = [sample(2, delay=50), sample(1, name=SHELL), sample(3)]

    assert [(one.delay, one.name, one.seconds) for one in summarise(samples)] == [
        (0, SHELL, 1), (0, BUNDLE, 3), (50, BUNDLE, 2),
    ]  # fmt: skip


def test_what_is_downloaded_has_targets() -> None:
    """At most 3 MB in 400 files."""
    assert [one.met for one in size_targets((3_000_000, 401))] == [True, False]


def test_every_target_is_held_against_its_figure() -> None:
    """Times, ratios and memory are judged at their own limits; what is just at a limit is met."""
    measured = [
        figures(BUNDLE, 0, 0.36, first=0.4, peak=61), figures(JAVASCRIPT, 0, 0.3), figures(BARE, 0, 3),
        figures(BUNDLE, 50, 0.7), figures(JAVASCRIPT, 50, 0.5), figures(SHELL, 50, 2), figures(BARE, 50, 4.2),
    ]  # fmt: skip
    found = {one.words: (round(one.found, 2), one.met) for one in targets(measured)}

    assert found == {
        "bundle: start to first request": (0.4, True),
        "bundle to JavaScript action, 0 ms": (1.2, True),
        "bundle to JavaScript action, 50 ms": (1.4, False),
        "bundle to shell script, 50 ms": (0.35, True),
        "bare checkout, cold, at any delay": (4.2, False),
        "bundle: peak memory": (61, False),
    }
