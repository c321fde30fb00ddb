"""Answers that are asked for only once, however many threads want them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Once(Generic[_K, _V]):
    """Keeps what was answered for each key; a second thread waits for the first one's answer."""

    def __init__(self) -> None:
        self._answers: dict[_K, Future[_V]] = {}
        self._lock = threading.Lock()

    def get(self, key: _K, ask: Callable[[], _V]) -> _V:
        """Return the answer for `key`, from `ask` the first time. An exception is kept, too."""
        with self._lock:
            answer = self._answers.get(key)
            first = answer is None
            if answer is None:
                answer = self._answers[key] = Future()
        if first:
            try:
                answer.set_result(ask())
            except BaseException as error:
                answer.set_exception(error)
        return answer.result()

    def put(self, key: _K, value: _V) -> None:
        """Keep an answer that came along with another one; the one that is there already stays."""
        self.get(key, lambda: value)
