"""Being cancelled: asked for at any moment, and heard only where the program waits.

An exception out of a signal handler would come up anywhere: in the middle of `Thread.start`, in a finalizer, which
swallows it, or between a write and the line that records it. So a handler only asks; whatever waits, in any thread,
looks whether it was asked.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import TypeVar

from .errors import InterruptedRun

_STEP_SECONDS = 0.1
WRITE_SECONDS = 2.0
"""How long a write that is on its way is still waited for: its answer says what was made."""

_T = TypeVar("_T")


@dataclass
class _Cancellation:
    is_asked: bool = False


_state = _Cancellation()


def ask() -> None:
    """Cancel the run: from here on every wait raises InterruptedRun, until `settle`. Safe in a signal handler."""
    _state.is_asked = True


def settle() -> None:
    """What became of the run is being told: what that needs may be waited for again."""
    _state.is_asked = False


def check() -> None:
    """Raise InterruptedRun if the run was cancelled."""
    if _state.is_asked:
        raise InterruptedRun("The run was cancelled, so nothing was decided.", "Run it again.")


def sleep(seconds: float) -> None:
    """Wait so many seconds; raises InterruptedRun as soon as the run is cancelled."""
    end = time.monotonic() + seconds
    check()
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _STEP_SECONDS))
        check()


def is_done(answer: Future[_T], seconds: float, spare: float = 0.0) -> bool:
    """Wait until there is an answer, for so many seconds at most; returns whether there is one.

    Raises InterruptedRun if there is none `spare` seconds after the run was cancelled.
    """
    end = time.monotonic() + seconds
    while not answer.done():
        left = end - time.monotonic()
        if _state.is_asked:
            spare -= _STEP_SECONDS
            if spare < 0:
                check()
        if left <= 0:
            return False
        wait([answer], min(left, _STEP_SECONDS))
    return True
