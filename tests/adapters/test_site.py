"""Looking at the deployed site."""

from __future__ import annotations

import pytest

from adapters.drip import dripping
from adapters.echo import Echo
from frag_release.adapters.http import Http
from frag_release.adapters.http.retry import Deadline
from frag_release.adapters.site import MAX_BYTES, SiteClient
from frag_release.domain.site import SiteLine, SiteLook
from world.faults import Forward, Reply

TAG = "2023.06.1"
VALUES = {"image-tag": TAG}


def page(server: Echo, content: bytes, status: int = 200) -> None:
    """Have the server answer everything with this."""

    def act(forward: Forward) -> Reply:
        del forward
        return Reply(status, (("Content-Type", "text/html"),), content)

    server.add("GET", "/page", act)


def look(http: Http, server: Echo, path: str = "/page", text: str = "{image-tag}") -> SiteLook:
    """Look for the tag."""
    return SiteClient(http).look([f"{server.url}{path}"], [SiteLine(text)], VALUES)


def test_a_page_with_the_tag_passes(http: Http, server: Echo) -> None:
    """200 and the tag: passed, with what stands around it, markup left out."""
    page(server, b"<html><title>T</title><body class='x'>Stack <b>2023.06.1</b>, all well</body></html>")
    seen = look(http, server)
    assert (seen.passed, seen.status, seen.size, seen.problem) == (True, 200, 84, "")
    assert seen.excerpt == '"T Stack 2023.06.1 , all well"'


@pytest.mark.parametrize(("status", "found"), [(200, False), (404, True), (204, True), (401, True)])
def test_anything_else_does_not(http: Http, server: Echo, status: int, found: bool) -> None:
    """The tag without 200, or 200 without the tag, is no success; the title is shown."""
    page(server, b"<title>Fragalysis\n::error::x</title> " + (TAG.encode() if found else b"2023.06.12"), status)
    seen = look(http, server)
    assert not seen.passed
    if status == 200:
        assert seen.excerpt == '"Fragalysis ::error::x"'


def test_a_server_that_fails_is_asked_once_a_look(http: Http, server: Echo) -> None:
    """A 503 says so at once: whoever waits for the site asks again in their own time."""
    server.fail("GET", "/page", status=503)
    seen = look(http, server)
    assert seen.seen == f"127.0.0.1:{server.port} answered 503 when asked for the site"
    assert len(server.requests) == 1


def test_redirects_stay_on_the_server(http: Http, server: Echo, other_server: Echo) -> None:
    """A redirect within the site is followed; one to another server is not, and says where it led."""
    page(server, TAG.encode())
    server.add("GET", "/start", lambda _: Reply(302, (("Location", "/page"),)))
    assert look(http, server, "/start").passed
    server.add("GET", "/away", lambda _: Reply(302, (("Location", f"{other_server.url}/page"),)))
    seen = look(http, server, "/away")
    assert (seen.passed, seen.status) == (False, 0)
    assert f"redirects to another server, 127.0.0.1:{other_server.port}" in seen.problem
    assert other_server.requests == []


def test_a_page_that_is_too_large_is_no_answer(http: Http, server: Echo) -> None:
    """More than 1 MiB is not read, even if the tag were in it."""
    page(server, TAG.encode() + b" " * MAX_BYTES)
    assert "more than the limit of 1,048,576 bytes" in look(http, server).problem


def test_a_page_that_never_ends_takes_its_time_and_no_more() -> None:
    """A server that drips is given up when the time of a request is over."""
    with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n") as url:
        seen = SiteClient(Http(Deadline(0.5))).look([f"{url}/"], [SiteLine("{image-tag}")], VALUES)
    assert not seen.passed
    assert seen.problem


def test_what_is_no_text_is_no_trouble(http: Http, server: Echo) -> None:
    """Bytes that are not UTF-8 are looked through all the same."""
    page(server, b"\xff\xfe\x00 2023.06.1 \x80")
    assert look(http, server).passed


def test_every_page_is_asked_for_once_a_look(http: Http, server: Echo) -> None:
    """Of several pages each has its status or its problem, and the lines are those of the first."""
    page(server, TAG.encode())
    server.add("GET", "/gone", lambda _: Reply(404))
    server.fail("GET", "/down", status=503)
    urls = [f"{server.url}{path}" for path in ("/page", "/gone", "/down")]
    seen = SiteClient(http).look(urls, [SiteLine("{image-tag}")], VALUES)
    assert (seen.found, seen.passed) == (True, False)
    assert [one.status for one in seen.others] == [404, 0]
    assert "answered 503" in seen.others[1].problem
    assert len(server.requests) == 3
