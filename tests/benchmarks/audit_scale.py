"""How an audit grows with its history: time, git processes and requests, beside each other.

    python tests/benchmarks/audit_scale.py

prints a Markdown table. Histories are generated; the GitHub is a light server on loopback that answers from
the same clones (the emulator of the tests is too slow for ten thousand commits), so its times leave the
network out.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    ROOT = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]

from world.clones_on_github import ClonesOnGithub
from world.example import STACK
from world.git import Repo
from world.histories import scaled_history

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
SCALES = ((10, 10), (1_000, 100), (10_000, 1_000))
"""Commits and tags in each of three repositories."""


@dataclass(frozen=True)
class Cost:
    """What one audit took, in seconds by the clock and of processors; `asked` counts git processes or requests."""

    seconds: float
    processor: float
    asked: int
    releases: int


def audit_clones(folder: Path, scratch: Path) -> Cost:
    """Audit clones in a process of its own, with a `git` on the PATH that keeps a diary."""
    diary, program = scratch / "diary", scratch / "bin" / "git"
    program.parent.mkdir(exist_ok=True)
    diary.unlink(missing_ok=True)
    program.write_text(f'#!/bin/sh\necho "$1" >> "{diary}"\nexec "{shutil.which("git")}" "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    seconds, processor, releases = _audit({"--local": str(folder)}, scratch, {"PATH": path})
    return Cost(seconds, processor, len(diary.read_text().splitlines()), releases)


def audit_github(repos: Mapping[str, Repo], scratch: Path, checked: bool = False) -> Cost:
    """Audit the same on a GitHub, whose replies are held to GitHub's description where that is `checked`."""
    server = ClonesOnGithub(repos, checked)
    try:
        seconds, processor, releases = _audit({"--github-api-url": server.url}, scratch, {})
        assert server.errors == [] and server.faults_of_replies == []
        return Cost(seconds, processor, len(server.requests), releases)
    finally:
        server.stop()


def _audit(options: Mapping[str, str], scratch: Path, environment: Mapping[str, str]) -> tuple[float, float, int]:
    report = scratch / "report.json"
    given = {
        "--stack-repository": f"xchem/{STACK}",
        "--stack-branch": "master",
        "--report": str(report),
        "--timeout-seconds": "3600",
        **options,
    }
    words = [word for pair in given.items() for word in pair]
    env = {"PATH": os.environ["PATH"], "HOME": str(scratch), **environment}
    started, used = time.monotonic(), _processor_seconds()
    done = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", str(SCRIPTS), "audit", *words],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds, processor = time.monotonic() - started, _processor_seconds() - used
    found = json.loads(report.read_text("utf-8"))
    assert found["complete"], done.stdout + done.stderr
    return seconds, processor, len(found["releases"])


def _processor_seconds() -> float:
    """Processor time of all child processes so far, which a busy machine does not lengthen."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Print the table."""
    names = ("commits", "tags", "clones: s", "processor s", "git processes", "GitHub: s", "processor s", "requests")
    print(f"| {' | '.join(names)} |")
    print(f"| {' | '.join(['---:'] * len(names))} |")
    for commits, tags in SCALES:
        with tempfile.TemporaryDirectory() as name:
            scratch = Path(name)
            repos = scaled_history(scratch / "clones", commits, tags)
            costs = audit_clones(scratch / "clones", scratch), audit_github(repos, scratch)
            assert [cost.releases for cost in costs] == [tags, tags]
        cells = [f"{cost.seconds:.1f} | {cost.processor:.1f} | {cost.asked:,}" for cost in costs]
        print(f"| {commits:,} | {tags:,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
