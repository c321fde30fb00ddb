from __future__ import annotations

import pytest

from frag_release.clients.challenge import Challenge, parse_challenges, realm_may_be_asked


def test_a_bearer_challenge() -> None:
    """Parameters are found by name, in any case, quoted or not."""
    header = 'Bearer realm="https://auth.docker.io/token", Service=registry.docker.io,scope = "repository:a/b:pull"'

    parameters = {
        "realm": "https://auth.docker.io/token",
        "service": "registry.docker.io",
        "scope": "repository:a/b:pull",
    }
    assert parse_challenges(header) == [Challenge("bearer", parameters)]


def test_quoted_strings() -> None:
    """A comma, an escaped quote and what looks like another challenge stay inside their quotes."""
    header = r'Bearer realm="a, Basic realm=\"b\" \\ c",scope="repository:a:pull,push"'

    parameters = {"realm": r'a, Basic realm="b" \ c', "scope": "repository:a:pull,push"}
    assert parse_challenges(header) == [Challenge("bearer", parameters)]


def test_several_challenges() -> None:
    """Challenges that share a header are told apart, with or without parameters."""
    header = 'Negotiate, Basic realm="x", charset="UTF-8", NTLM TlRMTVNTUAAB==, bearer realm="y"'

    assert parse_challenges(header) == [
        Challenge("negotiate", {}),
        Challenge("basic", {"realm": "x", "charset": "UTF-8"}),
        Challenge("ntlm", {}),
        Challenge("bearer", {"realm": "y"}),
    ]


@pytest.mark.parametrize("header", ["", ",", '"', "=", 'realm="x"', 'Bearer realm="open', "\u00e4" * 9000])
def test_nonsense_is_no_realm(header: str) -> None:
    """What cannot be read names no realm, and does not raise."""
    assert all("realm" not in challenge.parameters for challenge in parse_challenges(header))


@pytest.mark.parametrize(
    ("realm", "registry"),
    [
        ("https://auth.docker.io/token", "https://registry-1.docker.io"),
        ("https://ghcr.io/token", "https://ghcr.io"),
        ("https://gitlab.com/jwt/auth", "https://registry.gitlab.com"),
        ("https://login.example.org/token", "https://example.org"),
        ("https://git.example.co.uk/token", "https://registry.example.co.uk"),
        ("https://eu.gcr.io/v2/token", "https://eu.gcr.io"),
        ("https://registry.example.org:5001/auth", "https://registry.example.org:5000"),
        ("http://127.0.0.1:5001/token", "http://127.0.0.1:5000"),
        ("http://localhost:5001/token", "http://127.0.0.1:5000"),
    ],
)
def test_realms_in_one_hand(realm: str, registry: str) -> None:
    """The registry's own host, its domain and hosts below that may be sent the login."""
    assert realm_may_be_asked(realm, registry)


@pytest.mark.parametrize(
    ("realm", "registry"),
    [
        ("https://evil.example/token", "https://registry-1.docker.io"),
        ("https://docker.io.evil.example/token", "https://registry-1.docker.io"),
        ("https://evildocker.io/token", "https://registry-1.docker.io"),
        ("http://auth.docker.io/token", "https://registry-1.docker.io"),
        ("https://evil.io/token", "https://ghcr.io"),
        ("https://evil.co.uk/token", "https://registry.co.uk"),
        ("https://evil.com.au/token", "https://registry.com.au"),
        ("https://us.gcr.io/token", "https://eu.gcr.io"),
        ("https://10.0.0.6/token", "https://10.0.0.5"),
        ("https://9.0.0.5/token", "https://10.0.0.5"),
        ("https://127.0.0.1/token", "https://registry.example.org"),
        ("http://localhost/token", "https://registry.example.org"),
        ("https://x@auth.docker.io/token", "https://registry-1.docker.io"),
        ("https://evil.local/token", "http://localhost:5000"),
        ("https://com/token", "https://example.com"),
        ("/token", "https://registry-1.docker.io"),
        ("", "https://registry-1.docker.io"),
    ],
)
def test_realms_in_other_hands(realm: str, registry: str) -> None:
    """Another domain, plain http, shared suffixes and addresses by number are not sent the login."""
    assert not realm_may_be_asked(realm, registry)
