"""Being cancelled: asked for by the main thread, and heard wherever the program waits.

An exception out of a signal handler would come up anywhere: inside an import, in the middle of `Thread.start`, or
between a write and the line that records it. So a signal only asks; whatever waits looks whether it was asked.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, wait
from typing import TypeVar

from .errors import Cancelled

_STEP_SECONDS = 0.1
WRITE_SECONDS = 2.0
"""How long a write that is on its way is still waited for: its answer says what was made."""

_T = TypeVar("_T")

_asked = threading.Event()


def ask() -> None:
    """Cancel the run: from here on every wait raises Cancelled, until `settle`."""
    _asked.set()


def settle() -> None:
    """What the run leaves behind is being seen to: what that needs may be waited for again."""
    _asked.clear()


def check() -> None:
    """Raise Cancelled if the run was cancelled."""
    if _asked.is_set():
        raise Cancelled


def sleep(seconds: float) -> None:
    """Wait so many seconds; raises Cancelled as soon as the run is cancelled."""
    check()
    if _asked.wait(seconds):
        raise Cancelled


def is_done(answer: Future[_T], seconds: float, spare: float = 0.0) -> bool:
    """Wait until there is an answer, for so many seconds at most; returns whether there is one.

    Raises Cancelled if there is none `spare` seconds after the run was cancelled.
    """
    end = time.monotonic() + seconds
    while not answer.done():
        left = end - time.monotonic()
        if _asked.is_set():
            spare -= _STEP_SECONDS
            if spare < 0:
                raise Cancelled
        if left <= 0:
            return False
        wait([answer], min(left, _STEP_SECONDS))
    return True
