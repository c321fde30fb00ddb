"""Telling of a build while it runs: one line for each change, at most one a minute, and one now and then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..domain.builds import Progress

APART_SECONDS = 60.0
QUIET_SECONDS = 300.0
"""After so long without a change it is told again how long it has run: a silent log looks dead."""


@dataclass
class ToldProgress:
    """Gives a look at a build to `say` where it is news; the first and the last are told at once.

    `seconds` is a clock that never goes back.
    """

    say: Callable[[Progress], None]
    seconds: Callable[[], float]
    _state: tuple[object, ...] = field(default=(), init=False)
    _last: float | None = field(default=None, init=False)

    def __call__(self, progress: Progress) -> None:
        """Take a look; what is news too early is told with a later look."""
        now = self.seconds()
        since = now - self._last if self._last is not None else QUIET_SECONDS
        over = progress.build is not None and progress.build.is_over
        if since < (QUIET_SECONDS if progress.state == self._state else 0.0 if over else APART_SECONDS):
            return
        self._state, self._last = progress.state, now
        self.say(progress)
