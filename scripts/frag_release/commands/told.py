"""Telling of a build while it runs: one line for each change, and at most one a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..domain.builds import Progress

APART_SECONDS = 60.0


@dataclass
class ToldProgress:
    """Gives a look at a build to `say` where it is news; the first and the last are told at once."""

    say: Callable[[Progress], None]
    seconds: Callable[[], float]
    _state: tuple[object, ...] = field(default=(), init=False)
    _last: float | None = field(default=None, init=False)

    def __call__(self, progress: Progress) -> None:
        """Take a look; what is news too early is told with a later look."""
        if progress.state == self._state:
            return
        now, over = self.seconds(), progress.build is not None and progress.build.is_over
        if self._last is not None and now - self._last < APART_SECONDS and not over:
            return
        self._state, self._last = progress.state, now
        self.say(progress)
