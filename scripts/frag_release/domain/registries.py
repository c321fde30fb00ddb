"""Registries by their hosts, and the logins that belong to them."""

from __future__ import annotations

from dataclasses import dataclass, field

DOCKER_HUB = "docker.io"
_DOCKER_HUB_TOO = (DOCKER_HUB, "index.docker.io", "registry-1.docker.io")


@dataclass(frozen=True)
class Login:
    """User name and password for one registry."""

    username: str
    password: str = field(repr=False)


def one_name(host: str) -> str:
    """Return the one name of a registry's `HOST` or `HOST:PORT`: in lower case, and `docker.io` for Docker Hub."""
    name = host.lower()
    return DOCKER_HUB if name in _DOCKER_HUB_TOO else name


def host_of_image(image: str) -> str:
    """Return the one name of the host in an image's name, `HOST/NAME`."""
    return one_name(image.partition("/")[0])
