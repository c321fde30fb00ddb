"""Being cancelled: a runner sends SIGINT, 7.5 seconds later SIGTERM, and after 2.5 more it kills (actions/runner)."""

from __future__ import annotations

import signal

from .. import cancellation

_CANCELLED = (signal.SIGINT, signal.SIGTERM)


def listen_for_signals() -> None:
    """From here on a signal cancels the run: whatever waits raises InterruptedRun. Further ones change nothing."""
    for number in _CANCELLED:
        signal.signal(number, lambda _number, _frame: cancellation.ask())


def hold_signals() -> None:
    """From here on signals change nothing: what became of the run is being told, and must not break off.

    A command that catches an InterruptedRun calls this first.
    """
    for number in _CANCELLED:
        signal.signal(number, signal.SIG_IGN)
    cancellation.settle()
