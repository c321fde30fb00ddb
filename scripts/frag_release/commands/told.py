"""Telling of a build or a job while it runs: one line for each change, and at most one a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

APART_SECONDS = 60.0


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
    """Gives a look to `say` where it is news; the first and the last are told at once."""

    say: Callable[[_L], None]
    seconds: Callable[[], float]
    _state: tuple[object, ...] = field(default=(), init=False)
    _last: float | None = field(default=None, init=False)

    def __call__(self, look: _L) -> None:
        """Take a look; what is news too early is told with a later look."""
        if look.state == self._state:
            return
        now = self.seconds()
        if self._last is not None and now - self._last < APART_SECONDS and not look.is_over:
            return
        self._state, self._last = look.state, now
        self.say(look)
