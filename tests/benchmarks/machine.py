"""What the figures were measured on: never its name, nor a path of it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

from benchmarks.contestants import PYTHONS
from world.emulate import node


def machine() -> str:
    """Name processor, operating system and programs, on one line."""
    cores = len(os.sched_getaffinity(0))
    programs = [
        f"Python {_version([PYTHONS[0], '--version'])}",
        f"Node {_version([node(), '--version'])}",
        f"gh {_version(['gh', '--version'])}",
    ]
    return f"{_processor()}, {cores} cores, {platform.system()}; {', '.join(programs)}"


def _processor() -> str:
    found = re.search(r"(?m)^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("utf-8"))
    return found[1].strip() if found else platform.machine()


def _version(command: list[str]) -> str:
    words = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"[0-9]+(\.[0-9]+)+", words)
    return found[0] if found else "of an unknown version"
