"""`make bench`: measures the gate beside its rivals, writes the page and the picture, says what is missed.

`--quick` measures each once, which shows that all of it works and is good for nothing else.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import audit_scale
from benchmarks.contestants import BARE, BARE_AGAIN, BUNDLE, BUNDLE_AGAIN, ROOT, Contestant, build_contestants
from benchmarks.course import BAD, GOOD, Course
from benchmarks.figures import size_targets, summarise, targets
from benchmarks.machine import machine
from benchmarks.measuring import Sample, VerdictError, measure, verdict_of
from benchmarks.page import page
from benchmarks.plot import draw
from benchmarks.scale import Scale, measure_scale

DELAYS = (0, 50, 150)
RUNS, BARE_RUNS, SCALE_RUNS = 10, 4, 5
_PROGRAMS = ("gh", "jq", "curl", "docker-registry")
_OURS = (BUNDLE, BUNDLE_AGAIN, BARE, BARE_AGAIN)
_FOUND_BAD = {BAD: "pin-on-branch:backend", GOOD: "tag-order:stack"}
"""What is wrong once the bad release is tagged: with it, the good one is no longer the highest."""


def main(arguments: Sequence[str]) -> int:
    """Measure all; returns 1 where a target is missed, 2 where a program is."""
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        print(f"Not on this machine: {', '.join(missing)}. Install the packages of these names.", file=sys.stderr)
        return 2
    quick = "--quick" in arguments
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        built = Path(scratch) / "built"
        built.mkdir()
        contestants = build_contestants(built)
        samples = _race(contestants, Path(scratch) / "course", quick)
        (Path(scratch) / "scale").mkdir()
        scales = list(measure_scale(contestants[0].built, Path(scratch) / "scale", 1 if quick else SCALE_RUNS))
        sizes = {one.name: one.size for one in contestants if one.size[1] and not one.again}
    audits = "" if quick else _audits()
    minutes = round((time.monotonic() - began) / 60)
    folder = ROOT / "build" / "benchmarks" if quick else ROOT / "docs"
    missed = _write(samples, sizes, scales, audits, minutes, folder)
    return 1 if missed else 0


def _audits() -> str:
    """The table that the audit's own benchmark prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        audit_scale.main()
    return printed.getvalue().strip()


def _race(contestants: Sequence[Contestant], folder: Path, quick: bool) -> list[Sample]:
    samples: list[Sample] = []
    with Course(folder) as course:
        release = course.release(GOOD)
        for contestant in contestants:
            measure(contestant, release, course.proxies, 0)  # to warm the servers; counts for nothing
        for turn in range(1 if quick else RUNS):
            for delay in DELAYS:
                for contestant in contestants:
                    if turn < BARE_RUNS or contestant.name not in (BARE, BARE_AGAIN):
                        samples.append(measure(contestant, release, course.proxies, delay))
            print(f"turn {turn + 1} of {RUNS}", flush=True)
        _judge_bad_releases(contestants, course)
    return samples


def _judge_bad_releases(contestants: Sequence[Contestant], course: Course) -> None:
    course.add_bad_release()
    for tag, rules in _FOUND_BAD.items():
        for contestant in contestants:
            # The second use stops before it starts: its first one fails, as it should.
            if not contestant.again and verdict_of(contestant, course.release(tag)) != ("blocked", rules):
                raise VerdictError(f"{contestant.name} judges {tag} otherwise than all others")


def _write(
    samples: Sequence[Sample],
    sizes: Mapping[str, tuple[int, int]],
    scales: Sequence[Scale],
    audits: str,
    minutes: int,
    folder: Path,
) -> bool:
    """Write what was measured, show the page, and return whether a target is missed."""
    figures = summarise(samples)
    promised = [*size_targets(sizes[BUNDLE]), *targets(figures)]
    raw = ROOT / "build" / "benchmarks"
    raw.mkdir(parents=True, exist_ok=True)
    everything = {
        "samples": [dataclasses.asdict(one) for one in samples],
        "scale": [dataclasses.asdict(one) for one in scales],
    }
    (raw / "samples.json").write_text(json.dumps(everything, indent=1) + "\n", "utf-8")
    text = page(machine(), figures, sizes, promised, scales, audits, max(minutes, 1))
    (folder / "benchmarks.md").write_text(text, "utf-8")
    shown = [one for one in figures if one.name not in (BUNDLE_AGAIN, BARE_AGAIN)]
    (folder / "benchmark.svg").write_text(draw(shown, _OURS), "utf-8")
    print(text)
    return not all(one.met for one in promised)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
