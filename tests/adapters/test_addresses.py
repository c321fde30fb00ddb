from __future__ import annotations

import pytest

from frag_release.adapters.http.messages import host_of, origin, problem_with


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "https://example.org:8443/a",
        "http://127.0.0.1:5000/v2/",
        "http://127.8.9.1",
        "http://[::1]:80/",
        "http://localhost:3000",
    ],
)
def test_fit_addresses(url: str) -> None:
    """https may go anywhere, plain http to this machine."""
    assert problem_with(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "https://user@example.org",
        "https://user:password@example.org",
        "http://example.org@127.0.0.1/",
        "https://example.org:port",
        "https://",
        "//example.org",
        "file:///etc/passwd",
        "",
    ],
)
def test_unfit_addresses(url: str) -> None:
    """Plain http beyond this machine, passwords in addresses and other schemes are refused."""
    assert problem_with(url)


def test_an_origin_is_scheme_host_and_port() -> None:
    """The usual port is the same as none, and the host's case does not count."""
    assert origin("https://Example.org/a?b") == origin("https://example.org:443") == ("https", "example.org", 443)
    assert origin("https://example.org:444") != origin("https://example.org")


def test_a_host_is_shown_without_secrets() -> None:
    """What is shown of an address is its host, and a port that is not the usual one."""
    assert host_of("https://user:pw@example.org/a?token=x") == "example.org"
    assert host_of("http://[::1]:5000/") == "[::1]:5000"
    assert host_of("nonsense") == "an unreadable address"
