"""Counts round trips one after the other, by holding requests until no more arrive.

A client that sends three requests at once and then two has made two round trips. Requests are held
until none has arrived for a quiet time; then all of them go on together: that is one round.
"""

from __future__ import annotations

import threading
import time


class Rounds:
    """A barrier for servers that share it; `sizes` has the number of requests of each finished round."""

    def __init__(self, quiet_seconds: float = 0.12) -> None:
        self.quiet_seconds = quiet_seconds
        self.sizes: list[int] = []
        self._held = 0
        self._last_arrival = 0.0
        self._changed = threading.Condition()

    @property
    def count(self) -> int:
        """How many rounds have gone on."""
        return len(self.sizes)

    def hold(self) -> int:
        """Returns when the caller's round goes on; gives that round's number, from 1."""
        with self._changed:
            self._held += 1
            self._last_arrival = time.monotonic()
            number = len(self.sizes) + 1
            while len(self.sizes) < number:
                left = self._last_arrival + self.quiet_seconds - time.monotonic()
                if left <= 0:
                    self._let_go()
                else:
                    self._changed.wait(left)
        return number

    def _let_go(self) -> None:
        self.sizes.append(self._held)
        self._held = 0
        self._changed.notify_all()
