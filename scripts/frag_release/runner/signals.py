"""Being cancelled: a runner sends SIGINT, 7.5 seconds later SIGTERM, and after 2.5 more it kills (actions/runner)."""

from __future__ import annotations

import signal
import time
from types import FrameType

from ..errors import InterruptedRun

TOGETHER_SECONDS = 5.0
"""Signals that come within so many seconds are one cancellation: its error must be let out in peace."""

_CANCELLED = (signal.SIGINT, signal.SIGTERM)


def raise_on_signals() -> None:
    """From here on a signal raises InterruptedRun; a much later one ends what the first still waits for."""
    last: float | None = None

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if last is None or now - last >= TOGETHER_SECONDS:
            last = now
            raise InterruptedRun("The run was cancelled, so nothing was decided.", "Run it again.")

    for number in _CANCELLED:
        signal.signal(number, interrupt)


def hold_signals() -> None:
    """From here on signals change nothing: what became of the run is being told, and must not break off.

    A command that catches an InterruptedRun calls this first.
    """
    for number in _CANCELLED:
        signal.signal(number, signal.SIG_IGN)
