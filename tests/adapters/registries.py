"""Asking registries of the tests."""

from __future__ import annotations

from frag_release.adapters.http import Http
from frag_release.adapters.http.retry import Deadline
from frag_release.adapters.registry import RegistryClient
from frag_release.domain.components import Login
from frag_release.domain.evidence import Answer, Image
from world.registry import Registry

TAG = "2023.05.1"
MANIFESTS = r"/manifests/"


def client(
    registry: Registry | None = None, username: str = "", password: str = "", *, url: str = "", seconds: float = 20
) -> RegistryClient:
    """A client that never really waits between two tries, with a login for a registry where one is given."""
    logins = {registry.host: Login(username, password)} if registry else {}
    return RegistryClient(Http(Deadline(seconds), sleep=lambda _: None), url, logins)


def image(asked: RegistryClient, registry: Registry, name: str) -> Answer[Image]:
    """What is asked about the one image `NAME:TAG` of a registry."""
    wanted = (f"{registry.host}/{name}", TAG)
    return asked.images([wanted])[wanted]
