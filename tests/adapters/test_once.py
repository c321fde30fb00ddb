from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from frag_release.adapters.http import SingleFlight


def test_threads_share_one_answer() -> None:
    """However many threads ask at once, the question is put once and all get its answer."""
    once: SingleFlight[str, object] = SingleFlight()
    asked: list[object] = []
    together = threading.Barrier(8)

    def ask() -> object:
        asked.append(object())
        return asked[-1]

    def want() -> object:
        together.wait()
        return once.get("key", ask)

    with ThreadPoolExecutor(8) as pool:
        answers = {id(each.result()) for each in [pool.submit(want) for _ in range(8)]}
    assert len(asked) == len(answers) == 1


def test_a_fault_reaches_everyone() -> None:
    """An exception is not swallowed, and does not leave others waiting."""
    once: SingleFlight[str, int] = SingleFlight()

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            once.get("key", lambda: 1 // 0)


def test_what_came_along_is_kept_once() -> None:
    """An answer that came with another is used, but does not replace one that was given out."""
    once: SingleFlight[str, int] = SingleFlight()
    once.put("key", 1)
    once.put("key", 2)

    assert once.get("key", lambda: 3) == 1
