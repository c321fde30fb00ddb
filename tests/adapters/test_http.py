from __future__ import annotations

import threading
import time
from email.utils import formatdate

import pytest

from adapters.asking import Sleeps, closed_port, request, response, unknown
from adapters.drip import dripping
from adapters.echo import Echo
from frag_release.adapters.http import Http
from frag_release.adapters.http.messages import Request
from frag_release.adapters.http.retry import Deadline
from world.faults import Reply
from world.loopback import HOST


def test_an_answer_is_told_whole(http: Http, server: Echo) -> None:
    """Status, headers with lower-case names, and body."""
    found = response(http.send(request(server.url, "/a")))

    assert found.status == 200
    assert found.header("content-type").startswith("application/json")
    assert found.header("none") == ""
    assert found.body == b'{"path": "/a"}'


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403, 404, 409, 410, 418, 422])
def test_refusals_are_for_the_client_to_judge(http: Http, server: Echo, sleeps: Sleeps, status: int) -> None:
    """A status below 500 that asks for nothing is handed on, and not asked for again."""
    server.add("GET", "/", lambda _: Reply(status))

    assert response(http.send(request(server.url))).status == status
    assert sleeps.seconds == []
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_three_times(http: Http, server: Echo, sleeps: Sleeps, status: int) -> None:
    """Trouble that lasts is unknown after three tries with growing waits; trouble that passes is none."""
    server.fail("GET", "/", status=status)
    assert str(status) in unknown(http.send(request(server.url))).reason
    assert len(server.requests) == 3
    assert sleeps.seconds == [0.5, 1.0]

    server.clear()
    server.fail("GET", "/", status=status, times=2)
    assert response(http.send(request(server.url))).status == 200


def test_a_server_that_cannot_is_not_asked_again(http: Http, server: Echo) -> None:
    """501 does not pass by waiting."""
    server.fail("GET", "/", status=501)

    assert "501" in unknown(http.send(request(server.url))).reason
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", ["drop", "truncate"])
def test_a_broken_connection_is_tried_again(http: Http, server: Echo, fault: str) -> None:
    """No answer and half an answer are unknown if they last, and nothing if they pass."""
    getattr(server, fault)("GET", "/", **({"keep": 3} if fault == "truncate" else {}))
    assert "broke off" in unknown(http.send(request(server.url))).reason
    assert len(server.requests) == 3

    server.clear()
    getattr(server, fault)("GET", "/", times=1, **({"keep": 3} if fault == "truncate" else {}))
    assert response(http.send(request(server.url))).body == b'{"path": "/"}'


def test_a_closed_port_says_what_the_system_says(http: Http) -> None:
    """The reason holds the host and the operating system's words, no address and no query."""
    port = closed_port()

    answer = unknown(http.send(request(f"http://{HOST}:{port}", "/path?token=hidden")))

    assert f"{HOST}:{port}" in answer.reason
    assert "Connection refused" in answer.reason
    assert "hidden" not in str(answer)


@pytest.mark.parametrize("value", ["7", "date"])
def test_retry_after_is_honoured(http: Http, server: Echo, sleeps: Sleeps, value: str) -> None:
    """Seconds and HTTP dates are waited for, of rate limits and of servers in trouble."""
    at = time.time()
    told = formatdate(at + 7, usegmt=True) if value == "date" else value
    server.fail("GET", "/limit", status=429, headers={"Retry-After": told}, times=1)
    server.fail("GET", "/trouble", status=503, headers={"Retry-After": told}, times=1)

    assert response(http.send(request(server.url, "/limit"))).status == 200
    assert response(http.send(request(server.url, "/trouble"))).status == 200
    assert len(sleeps.seconds) == 2
    assert all(7 - lost(at) <= seconds <= 8 for seconds in sleeps.seconds)


def lost(since: float) -> float:
    """What a wait until a whole second may be shorter: the part of a second, and the time that has passed."""
    return 1 + time.time() - since


def test_the_reset_of_a_limit_is_waited_for(http: Http, server: Echo, sleeps: Sleeps) -> None:
    """Where nothing remains, the time of the reset counts, of 403 and of 429."""
    at = time.time()
    limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(at) + 5)}
    server.fail("GET", "/", status=403, headers=limits, times=1)
    server.fail("GET", "/", status=429, headers=limits, times=1)

    assert response(http.send(request(server.url))).status == 200
    assert len(sleeps.seconds) == 2
    assert all(6 - lost(at) <= seconds <= 6 for seconds in sleeps.seconds)


def test_a_limit_that_outlasts_the_deadline_is_given_up_at_once(http: Http, server: Echo, sleeps: Sleeps) -> None:
    """A wait that does not fit is not begun; the remedy says when to come back."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}
    server.fail("GET", "/", status=403, headers={**headers, "Retry-After": "3600"})
    since = time.time()

    answer = unknown(http.send(request(server.url)))

    assert sleeps.seconds == []
    assert len(server.requests) == 1
    assert "takes no more requests" in answer.reason
    # The day may change meanwhile.
    assert any(time.strftime("%Y-%m-%d", time.gmtime(at + 3600)) in answer.remedy for at in (since, time.time()))


def test_a_limit_without_a_time_is_waited_a_minute(server: Echo) -> None:
    """A secondary limit in words alone costs a minute, then two; then it is given up."""
    sleeps = Sleeps()
    body = {"message": "You have exceeded a secondary rate limit."}
    server.fail("GET", "/", status=403, body=body)

    unknown(Http(Deadline(600), sleep=sleeps).send(request(server.url)))

    assert sleeps.seconds == [60.0, 120.0]
    assert len(server.requests) == 3


def test_the_reset_counts_only_where_nothing_remains(server: Echo) -> None:
    """GitHub always tells the next reset: of a secondary limit it says nothing."""
    sleeps = Sleeps()
    body = {"message": "You have exceeded a secondary rate limit."}
    limits = {"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": str(int(time.time()) + 5)}
    server.fail("GET", "/", status=403, body=body, headers=limits, times=1)

    response(Http(Deadline(600), sleep=sleeps).send(request(server.url)))

    assert sleeps.seconds == [60.0]


@pytest.mark.parametrize("value", ["soon", "-1", "1.5", "٣", "Thu, 99 Foo 2026", "9" * 400])
def test_nonsense_times_do_no_harm(http: Http, server: Echo, value: str) -> None:
    """A time that cannot be read is as good as none."""
    headers = {"Retry-After": value.encode().decode("latin-1"), "X-RateLimit-Remaining": "0"}
    server.fail("GET", "/", status=429, headers={**headers, "X-RateLimit-Reset": value.encode().decode("latin-1")})

    unknown(http.send(request(server.url)))


def test_silence_ends_with_the_deadline(server: Echo) -> None:
    """A server that does not answer costs no more than the time that is left."""
    over = server.hold("GET", "/")
    began = time.monotonic()

    answer = unknown(Http(Deadline(0.5)).send(request(server.url)))

    assert time.monotonic() - began < 45
    over.set()
    assert "time for gathering evidence was over" in answer.reason
    assert "timeout-seconds" in answer.remedy


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Drop: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    ],
)
def test_a_dripping_answer_ends_with_the_deadline(start: bytes, drop: bytes) -> None:
    """A server that sends byte by byte, in the status line, a header or the body, does not stretch it."""
    with dripping(start, drop) as url:
        began = time.monotonic()
        answer = unknown(Http(Deadline(0.6)).send(request(url)))
        assert time.monotonic() - began < 20
    assert "time for gathering evidence was over" in answer.reason


def test_nothing_is_asked_after_the_deadline(server: Echo) -> None:
    """When the time is over, a question fails at once."""
    unknown(Http(Deadline(0)).send(request(server.url)))

    assert server.requests == []


def test_questions_beside_each_other_keep_their_order(http: Http, server: Echo) -> None:
    """Twenty questions go out beside each other, eight at a time; the answers come in their order."""
    running, most, lock, together = 0, 0, threading.Lock(), threading.Barrier(8)

    def answer(number: int) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        if number < 8:
            together.wait(20)
        body = response(http.send(request(server.url, f"/{number}"))).body
        with lock:
            running -= 1
        return body

    bodies = http.parallel([lambda number=number: answer(number) for number in range(20)])  # type: ignore[misc]

    assert bodies == [b'{"path": "/%d"}' % number for number in range(20)]
    assert most == 8


def test_a_fault_of_ours_is_no_unknown(http: Http, server: Echo) -> None:
    """An error in our own code is raised where it was asked, not taken for missing evidence."""
    request = Request(server.url, "the answer", headers=7)  # type: ignore[arg-type]

    with pytest.raises(TypeError):
        http.send(request)


def test_time_can_be_given_anew(server: Echo) -> None:
    """Where no time is left, the same connections can be given some, and the old ones stay out of time."""
    spent = Http(Deadline(0))

    assert response(spent.with_deadline(20).send(request(server.url))).status == 200
    assert "time for gathering evidence was over" in unknown(spent.send(request(server.url))).reason
