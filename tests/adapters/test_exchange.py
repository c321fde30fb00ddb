from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.asking import SECRET, Sleeps, closed_port, request, response, unknown
from adapters.drip import dripping
from adapters.echo import Echo
from adapters.tls import Proxy
from frag_release import __version__
from frag_release.adapters.http import Http
from frag_release.adapters.http.messages import Request, bearer
from frag_release.adapters.http.retry import Deadline
from frag_release.errors import UsageError
from world.faults import Reply
from world.loopback import HOST


@pytest.mark.parametrize("place", [".netrc", "elsewhere"])
def test_passwords_of_netrc_are_never_sent(
    http: Http,
    server: Echo,
    other_server: Echo,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    """A password for the host in netrc neither replaces our token nor is added where there is none."""
    netrc = Path(os.environ["HOME"]) / place
    netrc.write_text(f"machine {HOST} login somebody password of-netrc\n")
    netrc.chmod(0o600)
    if place != ".netrc":
        monkeypatch.setenv("NETRC", str(netrc))
    server.fail("GET", "/there", status=302, headers={"Location": f"{other_server.url}/x"})

    http.send(request(server.url, "/a", bearer(SECRET, server.url, "it")))
    http.send(request(server.url, "/b"))
    http.send(request(server.url, "/there", bearer(SECRET, server.url, "it")))

    sent = [exchange.headers.get("authorization") for exchange in server.requests]
    assert sent == [f"Bearer {SECRET}", None, f"Bearer {SECRET}"]
    assert [exchange.headers.get("authorization") for exchange in other_server.requests] == [None]


def test_credentials_go_to_their_origin_only(http: Http, server: Echo, other_server: Echo) -> None:
    """A token for one server is not sent to another, even if a request asks for it."""
    http.send(request(other_server.url, "/", bearer(SECRET, server.url, "it")))

    assert "authorization" not in other_server.requests[0].headers


def test_a_redirect_at_home_keeps_credentials(http: Http, server: Echo) -> None:
    """A repository that was renamed is still asked for with the token."""
    server.fail("GET", "/old", status=301, headers={"Location": "/new?a=b"})

    found = response(http.send(request(server.url, "/old", bearer(SECRET, server.url, "it"))))

    assert found.body == b'{"path": "/new"}'
    assert server.requests[1].headers["authorization"] == f"Bearer {SECRET}"


def test_a_redirect_away_drops_credentials_for_good(http: Http, server: Echo, other_server: Echo) -> None:
    """Neither the other server nor the way back from it carries the token."""
    server.fail("GET", "/away", status=307, headers={"Location": f"{other_server.url}/back"})
    other_server.fail("GET", "/back", status=308, headers={"Location": f"{server.url}/end"})

    http.send(request(server.url, "/away", bearer(SECRET, server.url, "it")))

    assert "authorization" not in other_server.requests[0].headers
    assert "authorization" not in server.requests[1].headers


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_another_server_does_not_say_that_there_is_nothing(
    http: Http, server: Echo, other_server: Echo, status: int
) -> None:
    """Asked by a redirect and without our login, its "not found" is no answer of the server that we asked."""
    server.fail("GET", "/git/ref/heads/2023.05.1", status=302, headers={"Location": f"{other_server.url}/store"})
    other_server.fail("GET", "/store", status=status)

    found = unknown(http.send(request(server.url, "/git/ref/heads/2023.05.1", bearer(SECRET, server.url, "it"))))

    assert f"redirects to {HOST}:{other_server.port}, which answered {status}" in found.reason


@pytest.mark.parametrize("target", ["http://example.org/", "ftp://127.0.0.1/", "http://user:pw@127.0.0.1/", "//["])
def test_a_redirect_to_an_unfit_address_is_refused(http: Http, server: Echo, target: str) -> None:
    """Where a request may not go, a redirect does not take it."""
    server.fail("GET", "/", status=302, headers={"Location": target})

    unknown(http.send(request(server.url)))
    assert len(server.requests) == 1


def test_redirects_without_end_are_given_up(http: Http, server: Echo) -> None:
    """A circle of redirects ends after five."""
    server.fail("GET", "/", status=302, headers={"Location": "/"})

    assert "redirects without end" in unknown(http.send(request(server.url))).reason
    assert len(server.requests) == 6


def test_a_redirect_from_https_to_http_is_refused(
    server: Echo, other_server: Echo, tls_url: str, certificate: Path
) -> None:
    """What began encrypted does not go on in the clear, on this machine neither."""
    other_server.fail("GET", "/", status=302, headers={"Location": f"{server.url}/x"})

    answer = Http(Deadline(20), str(certificate)).send(request(tls_url))

    assert "from https to plain http" in unknown(answer).reason
    assert server.requests == []


def test_a_redirect_does_not_lead_into_an_inner_network(
    other_server: Echo, tls_url: str, certificate: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public server cannot have us ask one that it cannot reach itself; one of this network can."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    proxy.routes["tokens.example.net:443"] = other_server.port
    other_server.fail("GET", "/in", status=302, headers={"Location": f"{tls_url}/x"})

    outside = unknown(Http(Deadline(20), str(certificate)).send(request("https://tokens.example.net", "/in")))
    inside = response(Http(Deadline(20), str(certificate)).send(request(tls_url, "/in")))

    assert "redirects into an internal network" in outside.reason
    assert inside.url == f"{tls_url}/x"


def test_plain_http_is_for_this_machine(http: Http) -> None:
    """An http address elsewhere is refused before anything is sent."""
    answer = unknown(http.send(Request("http://example.org/?token=hidden", "the answer")))

    assert "plain http" in answer.reason
    assert "hidden" not in str(answer)


def test_a_certificate_of_ones_own(other_server: Echo, tls_url: str, certificate: Path) -> None:
    """A private authority's certificate is trusted if `ca_file` names it, and only then."""
    trusted = Http(Deadline(20), str(certificate)).send(request(tls_url))
    sleeps = Sleeps()
    refused = unknown(Http(Deadline(20), sleep=sleeps).send(request(tls_url)))

    assert response(trusted).status == 200
    assert "certificate that is not trusted" in refused.reason
    assert "ca-file" in refused.remedy
    assert sleeps.seconds == []
    assert len(other_server.requests) == 1


def test_the_certificate_wins_over_the_environment(
    tls_url: str, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQUESTS_CA_BUNDLE of the runner does not replace the file that was named."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none"))

    assert response(Http(Deadline(20), str(certificate)).send(request(tls_url))).status == 200


def test_an_unusable_certificate_file_is_wrong_input(tmp_path: Path) -> None:
    """A file that is missing, no file, or holds no certificate is refused before anything is asked."""
    text = tmp_path / "text"
    text.write_text("hello")
    for file in (tmp_path / "none", tmp_path, text):
        with pytest.raises(UsageError, match="ca-file"):
            Http(Deadline(20), str(file))


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_https_goes_through_the_proxy(
    other_server: Echo,
    tls_url: str,
    certificate: Path,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """The proxy of the environment carries https as a tunnel."""
    monkeypatch.setenv(name, proxy.url)

    assert response(Http(Deadline(20), str(certificate)).send(request(tls_url))).status == 200
    assert proxy.asked == [f"CONNECT {HOST}:{other_server.port}"]


def test_no_proxy_is_honoured(tls_url: str, certificate: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host in NO_PROXY is reached straight."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", HOST)

    assert response(Http(Deadline(20), str(certificate)).send(request(tls_url))).status == 200
    assert proxy.asked == []


def test_a_dead_proxy_is_unknown_and_its_password_is_kept(
    tls_url: str, monkeypatch: pytest.MonkeyPatch, http: Http
) -> None:
    """Where the proxy does not answer, nothing is known, and its password is in no message."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:proxy-password@{HOST}:{closed_port()}")

    answer = unknown(http.send(request(tls_url)))

    assert "proxy" in answer.reason
    assert "proxy-password" not in str(answer)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"])
def test_plain_http_never_leaves_by_a_proxy(
    http: Http, server: Echo, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A token for this machine is not given to a proxy in the clear."""
    monkeypatch.setenv(name, f"http://{HOST}:{closed_port()}")

    assert response(http.send(request(server.url, "/", bearer(SECRET, server.url, "it")))).status == 200


def test_cookies_are_not_kept(http: Http, server: Echo) -> None:
    """No request depends on one before it."""
    server.change_headers("GET", "/", {"Set-Cookie": "a=b; Path=/"})

    http.send(request(server.url))
    http.send(request(server.url))

    assert "cookie" not in server.requests[1].headers


def test_connections_are_kept(http: Http, server: Echo) -> None:
    """Ten questions one after the other use one connection."""
    for _ in range(10):
        response(http.send(request(server.url)))

    assert len(server.connections) == 1


def test_an_answer_that_is_too_long_is_no_answer(http: Http, server: Echo) -> None:
    """A body over the limit is not read to its end, and not taken for the whole."""
    server.add("GET", "/", lambda _: Reply(200, (), b"x" * 1001))

    request = Request(server.url, "the answer", max_bytes=1000)
    assert "more than the limit of 1,000 bytes" in unknown(http.send(request)).reason
    assert response(http.send(Request(server.url, "the answer", max_bytes=1001))).status == 200


def test_an_answer_without_end_is_cut_off_at_the_limit(http: Http) -> None:
    """A body that never ends is left where the limit is passed, long before the deadline."""
    with dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000, pause=0) as url:
        answer = unknown(http.send(Request(url, "the answer", max_bytes=1000)))
    assert "more than the limit of 1,000 bytes" in answer.reason


def test_what_is_no_http_is_unknown(http: Http) -> None:
    """Bytes that are no HTTP come to nothing but an unknown."""
    with dripping(b"220 ftp.example.org ready\r\n\r\n") as url:
        unknown(http.send(request(url)))


def test_who_asks_is_said(http: Http, server: Echo) -> None:
    """The user agent is ours, with the version."""
    http.send(request(server.url))

    assert server.requests[0].headers["user-agent"] == f"frag-release-action/{__version__}"
