"""Being cancelled: heard where the program waits, and by nothing that catches errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest

from frag_release import cancellation
from frag_release.errors import Cancelled


@pytest.fixture(autouse=True)
def _settled() -> Iterator[None]:
    yield
    cancellation.settle()


WAITS: dict[str, Callable[[], object]] = {
    "check": cancellation.check,
    "sleep": lambda: cancellation.sleep(60),
    "no seconds": lambda: cancellation.sleep(0),
    "an answer": lambda: cancellation.is_done(Future(), 60),
}


@pytest.mark.parametrize("wait", WAITS)
def test_a_cancelled_run_waits_for_nothing(wait: str) -> None:
    """Once the run is cancelled every wait ends it, until it is settled; and no `except Exception` catches that."""
    cancellation.ask()
    with pytest.raises(Cancelled) as caught:
        WAITS[wait]()
    assert not isinstance(caught.value, Exception)
    cancellation.settle()
    cancellation.check()


@pytest.mark.parametrize("wait", ["sleep", "an answer"])
def test_a_wait_ends_when_the_run_is_cancelled(wait: str) -> None:
    """A wait that is under way ends long before its time."""
    threading.Timer(0.2, cancellation.ask).start()
    with pytest.raises(Cancelled):
        WAITS[wait]()


def test_a_write_on_its_way_is_waited_for_a_moment() -> None:
    """The answer to a write that comes within its time counts, for it says what was made."""
    answer: Future[str] = Future()
    cancellation.ask()
    threading.Timer(0.3, lambda: answer.set_result("made")).start()
    assert cancellation.is_done(answer, 60, spare=30) is True
    never: Future[str] = Future()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        cancellation.is_done(never, 60, spare=0.5)
    assert time.monotonic() - start >= 0.4
