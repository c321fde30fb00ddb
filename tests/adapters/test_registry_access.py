from __future__ import annotations

from pathlib import Path

import pytest

from adapters.asking import unknown
from adapters.echo import Echo
from adapters.registries import MANIFESTS, TAG, client, image
from adapters.tls import Proxy, over_tls
from frag_release.adapters.http import Http
from frag_release.adapters.http.retry import Deadline
from frag_release.adapters.registry import RegistryClient
from frag_release.domain.evidence import Image
from world.faults import Reply, json_reply
from world.registry import (
    PASSWORD,
    USERNAME,
    BasicRegistry,
    Registry,
    TokenRegistry,
)
from world.rounds import Rounds


@pytest.mark.parametrize("field_name", ["token", "access_token"])
def test_a_public_image_behind_a_token(token_registry: TokenRegistry, field_name: str) -> None:
    """Without a login a token is fetched, whatever its field is called, and opens the image."""
    digest = token_registry.push("xchem/backend", TAG)
    token_registry.tokens.field_name = field_name

    found = image(client(), token_registry, "xchem/backend")

    assert found == Image(f"{token_registry.host}/xchem/backend", TAG, digest)
    [asked] = token_registry.tokens.requests
    assert asked.query == {"service": ["registry.of.the.tests"], "scope": ["repository:xchem/backend:pull"]}
    assert "authorization" not in asked.headers


def test_one_token_serves_all_images(registry: Registry) -> None:
    """Two images are one question for the API, one for a token, and two HEADs beside each other."""
    pairs = [(f"{registry.host}/xchem/{name}", TAG) for name in ("backend", "frontend")]
    images = {pair: Image(*pair, registry.push(pair[0].partition("/")[2], TAG)) for pair in pairs}
    challenge = f'Bearer realm="{registry.url}/token"'
    registry.fail("GET", r"/v2/$", status=401, headers={"WWW-Authenticate": challenge})
    registry.fail("GET", "/token", status=200, body={"token": "for-both"})
    registry.rounds = Rounds(expected=[1, 1, 2])

    assert client().images(pairs) == images
    assert registry.rounds.sizes == [1, 1, 2]
    scopes = ["repository:xchem/backend:pull", "repository:xchem/frontend:pull"]
    assert registry.requests[1].query == {"scope": scopes}
    sent = [exchange.headers.get("authorization") for exchange in registry.requests]
    assert sent == [None, None, "Bearer for-both", "Bearer for-both"]


def test_a_private_image_needs_the_login(token_registry: TokenRegistry) -> None:
    """Behind a login: unknown without one, with words about it; seen with it; unknown with a wrong one."""
    digest = token_registry.push("xchem/secret", TAG)
    token_registry.tokens.private.add("xchem/secret")

    anonymous = unknown(image(client(), token_registry, "xchem/secret"))
    assert "it does not exist, or access is denied" in anonymous.reason
    assert "give registry-username and registry-password" in anonymous.remedy

    known = image(client(token_registry, USERNAME, PASSWORD), token_registry, "xchem/secret")
    assert known == Image(f"{token_registry.host}/xchem/secret", TAG, digest)

    wrong = unknown(image(client(token_registry, USERNAME, "wrong-secret"), token_registry, "xchem/secret"))
    assert "401" in wrong.reason
    assert "Check registry-username" in wrong.remedy
    assert "wrong-secret" not in str(wrong)


def test_the_password_goes_to_the_token_service_only(token_registry: TokenRegistry) -> None:
    """The registry sees the token, and the token service the password."""
    token_registry.push("xchem/backend", TAG)

    image(client(token_registry, USERNAME, PASSWORD), token_registry, "xchem/backend")

    schemes = [exchange.headers.get("authorization", "").split(" ")[0] for exchange in token_registry.requests]
    assert schemes == ["", "Bearer"]
    [asked] = token_registry.tokens.requests
    assert asked.headers["authorization"].startswith("Basic ")


def test_one_private_image_does_not_hide_the_other(token_registry: TokenRegistry) -> None:
    """Where the login for both is refused, each is asked for alone."""
    digest = token_registry.push("xchem/public", TAG)
    token_registry.push("xchem/secret", TAG)
    token_registry.tokens.fail("GET", "scope=.*scope=", status=403)
    token_registry.tokens.fail("GET", "secret", status=403)
    public, secret = (f"{token_registry.host}/xchem/{name}" for name in ("public", "secret"))

    found = client().images([(public, TAG), (secret, TAG)])

    assert found[public, TAG] == Image(public, TAG, digest)
    assert "403" in unknown(found[secret, TAG]).reason


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_for_a_part_of_what_was_asked_is_not_the_last_word(registry: Registry, status: int) -> None:
    """A token server that grants one of two images is asked for the other by itself, however it was refused."""
    names = [f"{registry.host}/xchem/{name}" for name in ("backend", "frontend")]
    images = {(name, TAG): Image(name, TAG, registry.push(name.partition("/")[2], TAG)) for name in names}
    registry.fail("GET", r"/v2/$", status=401, headers={"WWW-Authenticate": f'Bearer realm="{registry.url}/token"'})
    registry.fail("GET", "/token.*backend.*frontend", status=200, body={"token": "for-backend"})
    registry.fail("GET", "/token[?]scope=repository%3Axchem%2Ffrontend%3Apull$", status=200, body={"token": "alone"})
    registry.fail("HEAD", "frontend/manifests", status=status, times=1)

    assert client().images(list(images)) == images
    asked = [one for one in registry.requests if one.path.endswith(f"frontend/manifests/{TAG}")]
    assert [one.headers["authorization"] for one in asked] == ["Bearer for-backend", "Bearer alone"]


def test_basic_login(basic_registry: BasicRegistry) -> None:
    """A registry that wants Basic gets it from who has it; a wrong password is not tried twice."""
    digest = basic_registry.push("xchem/backend", TAG)
    expected = Image(f"{basic_registry.host}/xchem/backend", TAG, digest)

    assert image(client(basic_registry, USERNAME, PASSWORD), basic_registry, "xchem/backend") == expected
    assert "requires a login" in unknown(image(client(), basic_registry, "xchem/backend")).reason

    basic_registry.requests.clear()
    wrong = unknown(image(client(basic_registry, USERNAME, "wrong-secret"), basic_registry, "xchem/backend"))
    assert "Check registry-username" in wrong.remedy
    assert len([each for each in basic_registry.requests if "authorization" in each.headers]) == 1


def test_a_challenge_that_comes_late_is_followed_once(token_registry: TokenRegistry) -> None:
    """A registry whose front door is open may still ask for a token at the image."""
    digest = token_registry.push("xchem/backend", TAG)
    token_registry.fail("GET", "/v2/$", status=200)
    expected = Image(f"{token_registry.host}/xchem/backend", TAG, digest)

    assert image(client(), token_registry, "xchem/backend") == expected

    token_registry.requests.clear()
    token_registry.change_headers("HEAD", MANIFESTS, {})
    challenge = f'Bearer realm="{token_registry.tokens.url}/token",service="registry.of.the.tests"'
    token_registry.planned.clear()
    token_registry.fail("GET", "/v2/$", status=200)
    token_registry.fail("HEAD", MANIFESTS, status=401, headers={"WWW-Authenticate": challenge})
    unknown(image(client(), token_registry, "xchem/backend"))
    assert len([each for each in token_registry.requests if each.method == "HEAD"]) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_a_refused_token_is_unknown(token_registry: TokenRegistry, status: int) -> None:
    """Without a token nothing is known of the image."""
    token_registry.push("xchem/backend", TAG)
    token_registry.tokens.fail("GET", "/token", status=status)

    assert str(status) in unknown(image(client(), token_registry, "xchem/backend")).reason


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b'{"token": 7}', b'{"token": "a\\nb"}', b"<html>"])
def test_a_token_that_is_none_is_unknown(token_registry: TokenRegistry, body: bytes) -> None:
    """A reply without a usable token is no token, and no crash."""
    token_registry.tokens.add("GET", "/token", lambda _: Reply(200, (), body))

    assert "sent no token" in unknown(image(client(), token_registry, "xchem/backend")).reason


def test_an_anonymous_token_may_be_asked_for_elsewhere(
    registry: Registry, other_server: Echo, proxy: Proxy, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a login a token server of any other domain is asked, and its token goes to the registry alone."""
    digest = registry.push("xchem/backend", TAG)
    realm = "https://tokens.example.net:443/token"
    over_tls(other_server, certificate)
    proxy.routes["tokens.example.net:443"] = other_server.port
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    other_server.add("GET", "/token", lambda _: json_reply(200, {"token": "for-anybody"}))
    registry.fail("GET", "/v2/$", status=401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="s"'})
    asked = RegistryClient(Http(Deadline(20), str(certificate), sleep=lambda _: None))

    found = image(asked, registry, "xchem/backend")

    assert found == Image(f"{registry.host}/xchem/backend", TAG, digest)
    assert [one.headers.get("authorization") for one in other_server.requests] == [None]
    sent = [one.headers.get("authorization") for one in registry.requests]
    assert sent == [None, "Bearer for-anybody"]


def test_a_token_server_answers_itself(registry: Registry, other_server: Echo) -> None:
    """A redirect of the token server is not followed: it could lead into a network."""
    realm = f'Bearer realm="{registry.url}/token"'
    registry.fail("GET", "/v2/$", status=401, headers={"WWW-Authenticate": realm})
    registry.fail("GET", "/token", status=307, headers={"Location": f"{other_server.url}/token"})

    assert "redirects to another server" in unknown(image(client(), registry, "xchem/backend")).reason
    assert other_server.requests == []


@pytest.mark.parametrize(
    "challenge",
    [
        'Bearer realm="https://evil.example/token"',
        'Bearer realm="http://evil.example/token"',
        'Bearer service="x"',
        'Bearer realm="',
    ],
)
def test_a_login_elsewhere_is_sent_nothing(registry: Registry, challenge: str) -> None:
    """A registry that names somebody else's token service is not believed, and nobody gets the password."""
    registry.fail("GET", r"/v2/$", status=401, headers={"WWW-Authenticate": challenge})

    answer = unknown(image(client(registry, USERNAME, PASSWORD), registry, "one/backend"))

    assert "nothing was sent" in answer.reason
    assert all("authorization" not in exchange.headers for exchange in registry.requests)


def test_the_login_is_for_one_registry(basic_registry: BasicRegistry, registry: Registry) -> None:
    """Where images come from two registries, the login of one is not sent to the other."""
    private = basic_registry.push("xchem/backend", TAG)
    registry.push("one/backend", TAG)
    registry.fail("GET", "/v2/$", status=401, headers={"WWW-Authenticate": 'Basic realm="mine"'})
    names = [(f"{basic_registry.host}/xchem/backend", TAG), (f"{registry.host}/one/backend", TAG)]

    found = client(basic_registry, USERNAME, PASSWORD).images(names)

    assert found[names[0]] == Image(*names[0], private)
    answer = unknown(found[names[1]])
    assert f"registry-config with a login for {registry.host}" in answer.remedy
    assert all("authorization" not in exchange.headers for exchange in registry.requests)


def test_a_redirect_does_not_carry_the_token(token_registry: TokenRegistry, registry: Registry) -> None:
    """A registry that sends us to another server does not send our token along."""
    token_registry.push("xchem/backend", TAG)
    digest = registry.push("xchem/backend", TAG)
    target = f"{registry.url}/v2/xchem/backend/manifests/{TAG}"
    token_registry.fail("HEAD", MANIFESTS, status=307, headers={"Location": target})

    found = image(client(token_registry, USERNAME, PASSWORD), token_registry, "xchem/backend")

    assert found == Image(f"{token_registry.host}/xchem/backend", TAG, digest)
    assert "authorization" not in registry.requests[0].headers
