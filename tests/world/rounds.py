"""Counts round trips one after the other, by holding requests until no more arrive.

A client that sends three requests at once and then two has made two round trips. Requests are held
until none has arrived for a quiet time; then all of them go on together: that is one round. A busy
machine may need longer than the quiet time between two that were sent at once: see `patiently` and `expected`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

_QUIET_SECONDS = 0.12
_MOST_SECONDS = 10.0


class Rounds:
    """A barrier for servers that share it; `sizes` has the number of requests of each finished round.

    Where `expected` tells the size of a round, it goes on as soon as so many have come, and without them only
    after 10 seconds: neither too early nor later than must be.
    """

    def __init__(self, quiet_seconds: float = _QUIET_SECONDS, expected: Sequence[int] = ()) -> None:
        self.quiet_seconds = quiet_seconds
        self.expected = expected
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
                left = self._last_arrival + self._patience(number) - time.monotonic()
                if left <= 0:
                    self._stop_following()
                else:
                    self._changed.wait(left)
        return number

    def _patience(self, number: int) -> float:
        if number > len(self.expected):
            return self.quiet_seconds
        return 0 if self._held >= self.expected[number - 1] else _MOST_SECONDS

    def _stop_following(self) -> None:
        self.sizes.append(self._held)
        self._held = 0
        self._changed.notify_all()


def patiently(
    limit: int, act: Callable[[Rounds], object], patience: Sequence[float] = (_QUIET_SECONDS, 0.5, 2.0)
) -> Rounds:
    """Count the rounds of `act`, which can be repeated; where they exceed a limit, again with more patience.

    No patience hides a round: a request that needs the answer to another can never come together with it.
    """
    for quiet_seconds in patience:
        act(rounds := Rounds(quiet_seconds))
        if rounds.count <= limit:
            break
    return rounds
