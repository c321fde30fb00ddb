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


def full_name(image: str) -> str:
    """Return an image's name with its registry's one name in front, as Docker reads it: `nginx` is of Docker Hub."""
    first, mark, rest = image.partition("/")
    has_host = bool(mark) and ("." in first or ":" in first or first == "localhost")
    host, repository = (one_name(first), rest) if has_host else (DOCKER_HUB, image)
    return f"{host}/{repository if host != DOCKER_HUB or '/' in repository else f'library/{repository}'}"


def host_of_image(image: str) -> str:
    """Return the one name of the host in an image's name, `HOST/NAME`."""
    return one_name(image.partition("/")[0])
