"""Runs entries under the stopwatch and tells what each of them took."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contestants import Contestant, Entry
from benchmarks.course import Proxies, Release

_STOPWATCH = Path(__file__).with_name("stopwatch.py")
_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class Sample:
    """One process from start to end. `delay` (ms) was added to every reply; `first_request` is after the start.

    `unpack_seconds` is what comes before the start.
    """

    name: str
    delay: int
    seconds: float
    first_request: float
    cpu_seconds: float
    peak_mib: float
    requests: int
    unpack_seconds: float


class VerdictError(Exception):
    """Somebody judged otherwise than the example is: what was measured is worth nothing."""


def measure(contestant: Contestant, release: Release, proxies: Proxies, delay: int, verdict: str = "deploy") -> Sample:
    """Measure one run; raises VerdictError where it does not come to `verdict`."""
    folder = Path(tempfile.mkdtemp(prefix="run-"))
    try:
        proxies.start_over(0)
        entry = contestant.enter(release, folder)
        proxies.start_over(delay / 1000)
        took = _under_the_stopwatch(entry)
        asked = proxies.requests()
    finally:
        shutil.rmtree(folder)
    if took["verdict"] != verdict:
        raise VerdictError(f"{contestant.name} says {took['verdict']!r} of {release.tag}:\n{took['log']}")
    return Sample(
        name=contestant.name,
        delay=delay,
        seconds=took["seconds"],
        first_request=asked[0].moment - took["began"] if asked else took["seconds"],
        cpu_seconds=took["cpu_seconds"],
        peak_mib=took["peak_kib"] / 1024,
        requests=len(asked),
        unpack_seconds=entry.unpack_seconds,
    )


def verdict_of(contestant: Contestant, release: Release) -> tuple[str, str]:
    """Return verdict and failed rules, as `rule:subject` with commas between them."""
    folder = Path(tempfile.mkdtemp(prefix="run-"))
    try:
        entry = contestant.enter(release, folder)
        subprocess.run(entry.command, env=entry.environment, cwd=folder, capture_output=True, check=False)
        return entry.outputs.get("verdict", ""), entry.outputs.get("failed-rules", "")
    finally:
        shutil.rmtree(folder)


def _under_the_stopwatch(entry: Entry) -> dict[str, Any]:
    result = entry.folder / "result.json"
    # The base interpreter, without site: what it is itself must not be more than what it measures.
    command = [sys.executable, "-I", "-S", str(_STOPWATCH), str(result), *entry.command]
    done = subprocess.run(
        command,
        env=dict(entry.environment),
        cwd=entry.folder,
        capture_output=True,
        timeout=_TIMEOUT_SECONDS,
        check=True,
    )
    took: dict[str, Any] = json.loads(result.read_text("utf-8"))
    log = (done.stdout + done.stderr).decode("utf-8", "replace")
    return took | {"verdict": entry.outputs.get("verdict", ""), "log": log}
