from __future__ import annotations

import pytest

from frag_release.adapters.registry.access import Challenge, parse_challenges, realm_may_be_asked


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
    assert realm_may_be_asked(realm, registry, with_login=True)


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
    assert not realm_may_be_asked(realm, registry, with_login=True)


@pytest.mark.parametrize(
    ("realm", "registry"),
    [
        ("https://auth.docker.io/token", "https://registry-1.docker.io"),
        ("https://tokens.example.net/token", "https://ghcr.io"),
        ("https://tokens.example.net:8443/token", "https://registry.example.org:5000"),
        ("https://93.184.216.34/token", "https://ghcr.io"),
        ("https://[2606:2800:220:1::1]/token", "https://ghcr.io"),
        ("https://tokens.example.net/token", "http://127.0.0.1:5000"),
        ("https://10.0.0.6/token", "https://10.0.0.5"),
        ("https://login.internal/token", "https://registry.internal"),
        ("https://login/token", "https://registry:5000"),
        ("http://127.0.0.1:5001/token", "http://127.0.0.1:5000"),
    ],
)
def test_without_a_login_any_realm_may_be_asked(realm: str, registry: str) -> None:
    """Where nothing is sent there is nothing to lose: whose the realm is does not matter."""
    assert realm_may_be_asked(realm, registry, with_login=False)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "localhost.", "LOCALHOST", "x.localhost", "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]",
        "[fd00::1]", "[::]", "10.0.0.6", "10.0.0.6.", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "metadata.google.internal",
        "printer.local", "nas.home.arpa", "intranet", "wiki.corp", "router.lan", "127.0.0.1.",
        "\uff11\uff12\uff17.0.0.1",
        "127\u30020\u30020\u30021", "x.\uff4cocalhost",
        "[64:ff9b::a00:1]", "[2002:a00:1::1]", "[::10.0.0.1]", "[64:ff9b::a9fe:a9fe]",
    ],
)  # fmt: skip
def test_no_registry_of_the_world_sends_us_into_a_network(host: str) -> None:
    """A public registry names no address of this machine, of an inner network or of a cloud's own services."""
    assert not realm_may_be_asked(f"https://{host}/token", "https://ghcr.io", with_login=False)


@pytest.mark.parametrize("realm", ["http://tokens.example.net/token", "https://x@tokens.example.net/", "/token", ""])
def test_without_a_login_a_realm_is_https_all_the_same(realm: str) -> None:
    """Plain http, a name in the address and what is no address are asked by nobody."""
    assert not realm_may_be_asked(realm, "https://ghcr.io", with_login=False)
