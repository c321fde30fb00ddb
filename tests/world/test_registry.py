from __future__ import annotations

import re

import requests

from world.asking import ACCEPT, head
from world.registry import OCI_INDEX, PASSWORD, USERNAME, BasicRegistry, Registry, TokenRegistry


def test_an_open_registry_tells_digests(registry: Registry) -> None:
    """The digest of a pushed image is the registry's own; an absent tag is a 404; an index is one too."""
    digest = registry.push("world/open", "1.0")
    url = f"{registry.url}/v2/world/open/manifests"
    assert head(f"{url}/1.0").headers["Docker-Content-Digest"] == digest
    assert head(f"{url}/2.0").status_code == 404
    index = registry.push_index("world/open", "3.0")
    found = head(f"{url}/3.0")
    assert (found.headers["Docker-Content-Digest"], found.headers["Content-Type"]) == (index, OCI_INDEX)


def test_a_registry_fails_as_asked(registry: Registry) -> None:
    """Limits and missing headers can be had from the real registry."""
    registry.push("world/fault", "1.0")
    url = f"{registry.url}/v2/world/fault/manifests/1.0"
    registry.fail("HEAD", "/manifests/", status=429, headers={"Retry-After": "7"}, times=1)
    limited = head(url)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    registry.change_headers("HEAD", "/manifests/", {"Docker-Content-Digest": None})
    assert "Docker-Content-Digest" not in head(url).headers


def test_a_password_opens_the_basic_registry(basic_registry: BasicRegistry) -> None:
    """Without the password the registry asks for it; with it the image is there."""
    basic_registry.push("world/basic", "1.0")
    url = f"{basic_registry.url}/v2/world/basic/manifests/1.0"
    assert head(url).headers["WWW-Authenticate"].startswith("Basic ")
    with requests.Session() as session:
        assert session.head(url, headers=ACCEPT, auth=(USERNAME, PASSWORD), timeout=20).status_code == 200


def test_a_token_opens_the_token_registry(token_registry: TokenRegistry) -> None:
    """Following the challenge gives a token that opens a public image, and not a private one."""
    token_registry.push("world/public", "1.0")
    token_registry.push("world/private", "1.0")
    token_registry.tokens.private.add("world/private")
    statuses = {}
    for name in ("public", "private"):
        url = f"{token_registry.url}/v2/world/{name}/manifests/1.0"
        challenge = dict(re.findall(r'(\w+)="([^"]*)"', head(url).headers["WWW-Authenticate"]))
        realm = challenge.pop("realm")
        with requests.Session() as session:
            token = session.get(realm, params=challenge, timeout=20).json()["token"]
        statuses[name] = head(url, {"Authorization": f"Bearer {token}"}).status_code
    assert statuses == {"public": 200, "private": 401}
    expired = token_registry.tokens.token("world/public", ["pull"], lives_seconds=-100)
    url = f"{token_registry.url}/v2/world/public/manifests/1.0"
    assert head(url, {"Authorization": f"Bearer {expired}"}).status_code == 401
