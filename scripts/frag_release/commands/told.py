"""Telling of a build or a job while it runs: one line for each change, at most one a minute, and one now and then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

APART_SECONDS = 60.0
QUIET_SECONDS = 300.0
"""After so long without a change it is told again how long it has run: a silent log looks dead."""


class Look(Protocol):
    """What was seen at one moment of something that takes its time."""

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""

    @property
    def state(self) -> tuple[object, ...]:
        """What makes a line of news: two looks with the same state have none."""


_L = TypeVar("_L", bound=Look)


@dataclass
class ToldProgress(Generic[_L]):
    """Gives a look to `say` where it is news; the first and the last are told at once.

    `seconds` is a clock that never goes back.
    """

    say: Callable[[_L], None]
    seconds: Callable[[], float]
    _state: tuple[object, ...] = field(default=(), init=False)
    _last: float | None = field(default=None, init=False)

    def __call__(self, look: _L) -> None:
        """Take a look; what is news too early is told with a later look."""
        now = self.seconds()
        since = now - self._last if self._last is not None else QUIET_SECONDS
        if since < (QUIET_SECONDS if look.state == self._state else 0.0 if look.is_over else APART_SECONDS):
            return
        self._state, self._last = look.state, now
        self.say(look)
