from __future__ import annotations

from frag_release.adapters.http.retry import Deadline


def test_what_is_left_shrinks_to_nothing() -> None:
    """The time that is left goes down with the clock, ends at 0, and then has expired."""
    times = iter([100.0, 103.0, 103.0, 110.0, 110.0, 111.0])
    deadline = Deadline(10, lambda: next(times))

    assert deadline.remaining() == 7
    assert not deadline.expired
    assert deadline.remaining() == 0
    assert deadline.expired
    assert deadline.remaining() == 0
