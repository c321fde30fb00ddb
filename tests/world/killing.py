"""Kills a program in the very moment in which a server has done what it asked for, before it hears of that."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from world.faults import Faults, Forward, Reply, ending_at
from world.program import Program


def kill_after_write(server: Faults, program: Program, nth: int) -> None:
    """Have what runs of the program killed right after its `nth` write, from 1."""
    seen = 0

    def act(forward: Forward) -> Reply:
        nonlocal seen
        reply = forward()
        seen += 1
        if seen == nth:
            _kill(program.scratch)
            return Reply(0, dropped=True)
        return reply

    for method in ("POST", "PATCH", "PUT", "DELETE"):
        server.add(method, "", act)


def break_off(server: Faults, program: Program, nth: int, how: str) -> None:
    """Have the run of a program end at its `nth` write: `killed` right after it, or its answer `lost`."""
    if how == "killed":
        return kill_after_write(server, program, nth)
    lose = ending_at(nth, lost=True)
    for method in ("POST", "PATCH"):
        server.add(method, "", lose)
    return None


def _kill(scratch: Path) -> None:
    """Kill whatever works in a folder below this one."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and scratch in (entry / "cwd").readlink().parents:
                os.kill(int(entry.name), signal.SIGKILL)
