"""Kills a program in the very moment in which a server has done what it asked for, before it hears of that."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from world.faults import Faults, Forward, Reply


def kill_after_write(server: Faults, folder: Path, nth: int) -> None:
    """Have the program below `folder`, a child of this process, killed right after its `nth` write, from 1."""
    seen = 0

    def act(forward: Forward) -> Reply:
        nonlocal seen
        reply = forward()
        seen += 1
        if seen == nth:
            _kill(folder)
            return Reply(0, dropped=True)
        return reply

    for method in ("POST", "PATCH", "PUT", "DELETE"):
        server.add(method, "", act)


def _kill(folder: Path) -> None:
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            is_child = entry.name.isdigit() and f"\nPPid:\t{os.getpid()}\n" in (entry / "status").read_text()
            if is_child and str(folder).encode() in (entry / "cmdline").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)
