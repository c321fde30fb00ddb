from __future__ import annotations

import json
from typing import Literal

import pytest

from adapters.asking import SECRET, Sleeps, closed_port, response, unknown
from adapters.echo import Echo
from frag_release.adapters.http import Http
from frag_release.adapters.http.messages import Request, Unconfirmed, bearer
from frag_release.adapters.http.retry import Deadline
from world.loopback import HOST


def order(url: str, method: Literal["POST", "PATCH"] = "POST", path: str = "/") -> Request:
    """Something to write, with a secret in its body."""
    body = json.dumps({"text": SECRET}).encode()
    return Request(f"{url}{path}", "a new thing", method, credentials=bearer(SECRET, url, "it"), body=body)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_is_sent_as_it_is(http: Http, server: Echo, method: Literal["POST", "PATCH"]) -> None:
    """Method, body and credentials arrive, and the answer comes back."""
    assert response(http.send(order(server.url, method))).status == 200

    (sent,) = server.requests
    assert (sent.method, json.loads(sent.request.body)) == (method, {"text": SECRET})
    assert sent.headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("status", [201, 400, 401, 403, 404, 409, 422])
def test_an_answer_is_handed_on(http: Http, server: Echo, status: int) -> None:
    """What a server says to a write is for the client to judge."""
    server.fail("POST", "/", status=status)

    assert response(http.send(order(server.url))).status == status
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_in_trouble_is_not_asked_to_write_again(http: Http, server: Echo, sleeps: Sleeps, status: int) -> None:
    """After a 5xx the write may have been done, so it is neither repeated nor taken for refused."""
    server.fail("POST", "/", status=status, times=1)

    answer = http.send(order(server.url))

    assert isinstance(answer, Unconfirmed)
    assert "The outcome is unknown." in answer.remedy
    assert len(server.requests) == 1 and sleeps.seconds == []


@pytest.mark.parametrize("fault", ["drop", "truncate"])
def test_a_lost_answer_is_not_confirmed(http: Http, server: Echo, fault: str) -> None:
    """Where the connection breaks after the write was sent, it is sent no second time."""
    getattr(server, fault)("PATCH", "/", **({"keep": 3} if fault == "truncate" else {}))

    assert isinstance(http.send(order(server.url, "PATCH")), Unconfirmed)
    assert len(server.requests) == 1


def test_an_answer_that_comes_too_late_is_not_confirmed(server: Echo) -> None:
    """A server that is slow may still do it."""
    over = server.hold("POST", "/")

    # Of a clock that stands still: on a busy machine half a second may be over before anything is sent.
    assert isinstance(Http(Deadline(0.5, lambda: 0.0)).send(order(server.url)), Unconfirmed)
    over.set()


def test_what_was_never_sent_was_not_done(http: Http, server: Echo) -> None:
    """Without a connection, without time and without an address fit for it, nothing can have happened."""
    for answer in (
        http.send(order(f"http://{HOST}:{closed_port()}")),
        Http(Deadline(0)).send(order(server.url)),
        http.send(order("http://example.org")),
    ):
        assert not isinstance(unknown(answer), Unconfirmed)
    assert server.requests == []


@pytest.mark.parametrize("status", [403, 429])
def test_a_rate_limit_refuses_and_is_not_waited_for(http: Http, server: Echo, sleeps: Sleeps, status: int) -> None:
    """Too many requests are refused before anything is done; the person decides when to come back."""
    server.fail("POST", "/", status=status, headers={"Retry-After": "1"})

    answer = unknown(http.send(order(server.url)))

    assert not isinstance(answer, Unconfirmed)
    assert "takes no more requests" in answer.reason
    assert len(server.requests) == 1 and sleeps.seconds == []


@pytest.mark.parametrize("status", [307, 308])
def test_a_renamed_repository_gets_the_same_write(http: Http, server: Echo, status: int) -> None:
    """A redirect at home that keeps method and body is followed with both."""
    server.fail("POST", "/old", status=status, headers={"Location": "/new"})

    assert response(http.send(order(server.url, path="/old"))).status == 200

    assert [(each.method, each.path) for each in server.requests] == [("POST", "/old"), ("POST", "/new")]
    assert json.loads(server.requests[1].request.body) == {"text": SECRET}


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_loses_the_body_is_refused(http: Http, server: Echo, status: int) -> None:
    """A redirect after which others would send GET is not followed: nothing would be written."""
    server.fail("POST", "/old", status=status, headers={"Location": "/new"})

    assert not isinstance(unknown(http.send(order(server.url, path="/old"))), Unconfirmed)
    assert len(server.requests) == 1


def test_a_write_goes_to_no_other_server(http: Http, server: Echo, other_server: Echo) -> None:
    """What is to be written is for this server only, with or without credentials."""
    server.fail("POST", "/", status=307, headers={"Location": f"{other_server.url}/"})

    assert "another server" in unknown(http.send(order(server.url))).reason
    assert other_server.requests == []


@pytest.mark.parametrize("fault", ["drop", "fail"])
def test_no_error_holds_what_was_to_be_written(http: Http, server: Echo, fault: str) -> None:
    """Neither the answer nor the request itself shows the body or the token."""
    getattr(server, fault)("POST", "/", **({"status": 500} if fault == "fail" else {}))

    assert SECRET not in repr(http.send(order(server.url)))
    assert SECRET not in repr(order(server.url))
