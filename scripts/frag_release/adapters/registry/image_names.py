"""Names of images, and where the registry of each is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...domain.registries import DOCKER_HUB, one_name
from ..http.addresses import is_loopback

_DOCKER_HUB_URL = "https://registry-1.docker.io"
_HOST = re.compile(r"(?P<host>[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?P<port>:[0-9]{1,5})?")
# OCI distribution specification, "Pulling manifests".
_REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_MOST_CHARACTERS = 255


@dataclass(frozen=True)
class ImagePlace:
    """The address of a registry, and the name of an image's repository in it."""

    registry: str
    repository: str


def locate(name: str, registry_url: str = "") -> ImagePlace | None:
    """Return where an image `HOST/NAME` is, at `registry_url` if given; None for other names."""
    first, _, repository = name.partition("/")
    host = _HOST.fullmatch(first)
    hub = one_name(first) == DOCKER_HUB
    if hub and "/" not in repository:
        repository = f"library/{repository}"
    if host is None or not _REPOSITORY.fullmatch(repository) or len(name) > _MOST_CHARACTERS:
        return None
    usual = _DOCKER_HUB_URL if hub else f"{_scheme(host['host'])}://{first.lower()}"
    return ImagePlace(registry_url.rstrip("/") or usual, repository)


def _scheme(host: str) -> str:
    return "http" if is_loopback(host.strip("[]")) else "https"
