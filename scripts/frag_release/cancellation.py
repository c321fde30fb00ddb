"""Cancellation: requested by the main thread, and noticed by everything that waits.

An exception from a signal handler could be raised anywhere: inside an import, in the middle of `Thread.start`, or
between a write and the line that records it. So a signal only sets a flag, which is checked during every wait.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, wait
from typing import TypeVar

from .errors import Cancelled

_STEP_SECONDS = 0.1
WRITE_SECONDS = 2.0
"""How long to wait for the answer to a write in progress, which shows what was made."""

_T = TypeVar("_T")

_asked = threading.Event()


def ask() -> None:
    """Cancel the run: every wait raises Cancelled, until `settle`."""
    _asked.set()


def settle() -> None:
    """Allow waiting again, to clean up after the cancellation."""
    _asked.clear()


def check() -> None:
    """Raise Cancelled if the run was cancelled."""
    if _asked.is_set():
        raise Cancelled


def sleep(seconds: float) -> None:
    """Wait; raises Cancelled as soon as the run is cancelled."""
    check()
    if _asked.wait(seconds):
        raise Cancelled


def is_done(answer: Future[_T], seconds: float, spare: float = 0.0) -> bool:
    """Wait for an answer, at most `seconds`; returns whether there is one.

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
