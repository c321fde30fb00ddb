"""The journal of a run: what was planned, done and noted, and what failed without ending it. It implements dry run."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ..errors import ExpectedError

if TYPE_CHECKING:
    from ..domain.reports import Action

APART_SECONDS = 60.0
QUIET_SECONDS = 300.0
"""Time without a change after which a line is printed anyway, because a silent log looks dead."""

_T = TypeVar("_T")


class Look(Protocol):
    """The observed state of something long-running at one moment."""

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""

    @property
    def state(self) -> tuple[object, ...]:
        """What decides whether a look is news: two looks with the same state are not."""


_L = TypeVar("_L", bound=Look)


# Plain classes, here and in the session: each dataclass would delay the gate's first request by 0.5 ms.


class Shortfall:
    """Something that failed without ending the run; `about` is the rule of the finding that it becomes."""

    def __init__(self, about: str, message: str, remedy: str, url: str) -> None:
        self.about, self.message, self.remedy, self.url = about, message, remedy, url


class Journal:
    """Records what was planned or done. `log` prints a line of progress.

    With `dry_run` nothing is done: `do` only records the plan. `in_progress` are the plans of writes that are sent: if
    the run ends now, their outcome is unknown.
    """

    def __init__(self, log: Callable[[str], None]) -> None:
        self.log = log
        self.dry_run = False
        self.planned: list[str] = []
        self.actions: list[Action] = []
        self.notes: list[str] = []
        self.shortfalls: list[Shortfall] = []
        self.in_progress: list[str] = []

    def do(self, plan: str, work: Callable[[], _T], made: Callable[[_T], Action]) -> _T | None:
        """Do a step and record what it made, or only record `plan` in a dry run. Raises what `work` raises."""
        if self.dry_run:
            self.planned.append(plan)
            return None
        return self.write(plan, work, made)

    def write(self, plan: str, work: Callable[[], _T], made: Callable[[_T], Action]) -> _T:
        """Do a step that a dry run never reaches, and record what it made. Raises what `work` raises."""
        if self.dry_run:
            raise AssertionError("a dry run writes nothing")
        with self.writing(plan):
            result = work()
            self.record(made(result))
        return result

    @contextlib.contextmanager
    def writing(self, plan: str) -> Iterator[None]:
        """List `plan` as a write in progress until its outcome is known."""
        self.in_progress.append(plan)
        try:
            yield
        except ExpectedError:
            self.in_progress.remove(plan)
            raise
        self.in_progress.remove(plan)

    def attempt(self, about: str, plan: str, work: Callable[[], _T], made: Callable[[_T], Action]) -> _T | None:
        """Like `do`, but an expected error becomes a shortfall, and the run goes on."""
        try:
            return self.do(plan, work, made)
        except ExpectedError as error:
            self.fall_short(about, error.message, error.remedy)
            return None

    def record(self, action: Action) -> None:
        """Record what was made, and print it."""
        self.actions.append(action)
        self.log(f"{action.what} {action.url}".rstrip())

    def note(self, *notes: str) -> None:
        """Record what people should know, once each: a run may look at the same thing several times."""
        self.notes += [one for one in dict.fromkeys(notes) if one not in self.notes]

    def fall_short(self, about: str, message: str, remedy: str, url: str = "") -> None:
        """Record what could not be done, and its remedy."""
        self.shortfalls.append(Shortfall(about, message, remedy, url))

    def progress(self, line: Callable[[_L], str]) -> Throttle[_L]:
        """Return a throttle that prints a line for each look that is news."""
        return Throttle(lambda look: self.log(line(look)))


class Throttle(Generic[_L]):
    """Passes a look to `log` if it is news, at most one a minute; the first and the last are passed at once.

    `seconds` is a monotonic clock.
    """

    def __init__(self, log: Callable[[_L], None], seconds: Callable[[], float] = time.monotonic) -> None:
        self.log = log
        self.seconds = seconds
        self._state: tuple[object, ...] = ()
        self._last: float | None = None

    def __call__(self, look: _L) -> None:
        """Pass on a look that is news; one that comes too early is covered by a later look."""
        now = self.seconds()
        since = now - self._last if self._last is not None else QUIET_SECONDS
        if since < (QUIET_SECONDS if look.state == self._state else 0.0 if look.is_over else APART_SECONDS):
            return
        self._state, self._last = look.state, now
        self.log(look)
