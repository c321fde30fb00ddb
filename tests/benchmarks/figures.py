"""What many samples come to: medians with their spread, and whether the targets are met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.contestants import BARE, BUNDLE, JAVASCRIPT, SHELL
from benchmarks.measuring import Sample

MOST_TO_FIRST_REQUEST = 0.4
MOST_OF_JAVASCRIPT = {0: 1.2, 50: 1.0, 150: 1.0}
MOST_BYTES, MOST_FILES = 3_000_000, 400
MOST_OF_SHELL = 0.5
SHELL_DELAY = 50
MOST_SECONDS_BARE = 4.0
MOST_MIB = 60.0


@dataclass(frozen=True)
class Figures:
    """The samples of one contestant at one delay: medians, quartiles of the time, the highest peak.

    `cold_seconds` is from the download, with its unpacking, to the end.
    """

    name: str
    delay: int
    runs: int
    seconds: float
    lower: float
    upper: float
    first_request: float
    cpu_seconds: float
    peak_mib: float
    requests: int
    unpack_seconds: float
    cold_seconds: float


@dataclass(frozen=True)
class Target:
    """Something that was promised: `found` must be at most `most`. `unit` is put behind both."""

    words: str
    most: float
    found: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether the promise is kept."""
        return self.found <= self.most


def summarise(samples: Sequence[Sample]) -> list[Figures]:
    """Put the samples of each contestant and delay together, in the order of their first appearance."""
    groups: dict[tuple[int, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.delay, sample.name), []).append(sample)
    return [_figures(group) for _, group in sorted(groups.items(), key=lambda item: item[0][0])]


def targets(figures: Sequence[Figures]) -> list[Target]:
    """Hold the figures against what is promised."""
    by = {(one.name, one.delay): one for one in figures}
    delays = sorted({one.delay for one in figures})
    ours = [one for one in figures if one.name == BUNDLE]
    found = [Target("bundle: start to first request", MOST_TO_FIRST_REQUEST, by[BUNDLE, 0].first_request, " s")]
    for delay in delays:
        ratio = by[BUNDLE, delay].seconds / by[JAVASCRIPT, delay].seconds
        found.append(Target(f"bundle to JavaScript action, {delay} ms", MOST_OF_JAVASCRIPT[delay], ratio, " times"))
    ratio = by[BUNDLE, SHELL_DELAY].seconds / by[SHELL, SHELL_DELAY].seconds
    found.append(Target(f"bundle to shell script, {SHELL_DELAY} ms", MOST_OF_SHELL, ratio, " times"))
    bare = max(one.seconds for one in figures if one.name == BARE)
    found.append(Target("bare checkout, cold, at any delay", MOST_SECONDS_BARE, bare, " s"))
    found.append(Target("bundle: peak memory", MOST_MIB, max(one.peak_mib for one in ours), " MiB"))
    return found


def size_targets(size: tuple[int, int]) -> list[Target]:
    """Hold what a runner downloads of a release against what is promised."""
    megabytes, files = size[0] / 1e6, size[1]
    return [
        Target("bundle: download", MOST_BYTES / 1e6, megabytes, " MB"),
        Target("bundle: files in it", MOST_FILES, files, ""),
    ]


def _figures(group: Sequence[Sample]) -> Figures:
    seconds = [one.seconds for one in group]
    lower, _, upper = statistics.quantiles(seconds, n=4, method="inclusive") if len(group) > 1 else seconds * 3
    return Figures(
        name=group[0].name,
        delay=group[0].delay,
        runs=len(group),
        seconds=statistics.median(seconds),
        lower=lower,
        upper=upper,
        first_request=statistics.median(one.first_request for one in group),
        cpu_seconds=statistics.median(one.cpu_seconds for one in group),
        peak_mib=max(one.peak_mib for one in group),
        requests=round(statistics.median(one.requests for one in group)),
        unpack_seconds=statistics.median(one.unpack_seconds for one in group),
        cold_seconds=statistics.median(one.unpack_seconds + one.seconds for one in group),
    )
