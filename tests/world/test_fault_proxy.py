from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from world.asking import get
from world.fault_proxy import Disturbance, Position, Stranger, positions_of
from world.faults import Reply, json_reply
from world.loopback import LoopbackServer, Request


class Counting(LoopbackServer):
    """Says how often it was asked."""

    asked = 0

    def answer(self, request: Request) -> Reply:
        """The number of this question."""
        self.asked += 1
        return json_reply(200, {"asked": self.asked})


@pytest.fixture
def server() -> Iterator[Counting]:
    """A server to disturb."""
    server = Counting()
    yield server
    server.stop()


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    """The other one."""
    stranger = Stranger()
    yield stranger
    stranger.stop()


def test_positions_are_those_of_any_run(server: Counting) -> None:
    """Commits and numbers do not tell positions apart, queries neither; the method and the k-th time do."""
    for path in (f"/commits/{'a' * 40}?page=2", f"/commits/{'b' * 40}", "/issues/7"):
        get(server.url + path)
    places = [("GET", "/commits/SHA", 1), ("GET", "/commits/SHA", 2), ("GET", "/issues/N", 1)]
    assert positions_of([server]) == [Position(0, *place) for place in places]


@pytest.mark.parametrize(("for_good", "statuses"), [(False, [200, 503, 200]), (True, [200, 503, 503])])
def test_a_fault_strikes_at_its_position(
    server: Counting, stranger: Stranger, for_good: bool, statuses: list[int]
) -> None:
    """It strikes the second of these requests, once or from there on, and no other path."""
    disturbance = Disturbance([server], Position(0, "GET", "/a", 2), "503", for_good, stranger)
    assert [get(f"{server.url}/a").status_code for _ in range(3)] == statuses
    assert get(f"{server.url}/b").status_code == 200
    disturbance.end()
    assert get(f"{server.url}/a").status_code == 200


@pytest.mark.parametrize(
    ("fault", "asked"), [("reset before the answer", 0), ("reset after it was done", 1), ("refused", 0)]
)
def test_a_connection_breaks(server: Counting, stranger: Stranger, fault: str, asked: int) -> None:
    """The client gets no answer; what was asked was done only if it broke after that."""
    disturbance = Disturbance([server], Position(0, "GET", "/a", 1), fault, True, stranger)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError, match="refused" if server._is_down else "reset"):
            get(f"{server.url}/a")
        assert server.asked == asked
        server.asked = 0
    disturbance.end()
    assert get(f"{server.url}/a").json() == {"asked": 1}
