"""The time that all gathering of evidence has together."""

from __future__ import annotations

import time
from collections.abc import Callable


class Deadline:
    """A moment `seconds` from now; `clock` counts seconds and never goes back."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """The seconds that are left, never below 0."""
        return max(0.0, self._end - self._clock())

    @property
    def expired(self) -> bool:
        """Whether no time is left."""
        return self.remaining() <= 0
