"""Being cancelled: a runner sends SIGINT, 7.5 seconds later SIGTERM, and after 2.5 more it kills (actions/runner)."""

from __future__ import annotations

import signal
from types import FrameType

from ..errors import InterruptedRun

_CANCELLED = (signal.SIGINT, signal.SIGTERM)


def raise_on_signals() -> None:
    """From here on each signal raises InterruptedRun; a second one ends what the first still waits for."""
    for number in _CANCELLED:
        signal.signal(number, _interrupt)


def hold_signals() -> None:
    """From here on signals change nothing: what became of the run is being told, and must not break off.

    A command that catches an InterruptedRun calls this first.
    """
    for number in _CANCELLED:
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise InterruptedRun("The run was cancelled, so nothing was decided.", "Run it again.")
