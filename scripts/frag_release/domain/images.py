"""Images and their registries: names, logins, and image tags made from Git names.

The image tag of a branch, or of another tag, never looks like a release.
"""

from __future__ import annotations

import hashlib
import re

from ..dataclass import dataclass, field

MAX_LENGTH = 128
"""Longest image tag in characters (OCI distribution specification, "Pulling manifests")."""

DOCKER_HUB = "docker.io"

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
"""The digest of an image or of any other object in a registry."""

_DOCKER_HUB_TOO = (DOCKER_HUB, "index.docker.io", "registry-1.docker.io")
_RESERVED = frozenset({"latest", "stable"})
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.-]+")
_HASH_LENGTH = 10
# Numbers of any length: what is too long for our grammar may still be a release to other tools.
_RELEASE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_TAG = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9._-]{{0,{MAX_LENGTH - 1}}}")
_HASHED = re.compile(rf".*-[0-9a-f]{{{_HASH_LENGTH}}}")


@dataclass(frozen=True)
class Login:
    """User name and password for one registry."""

    username: str
    password: str = field(repr=False)


def is_image_tag(tag: str) -> bool:
    """Whether a registry can hold an image under this tag."""
    return _TAG.fullmatch(tag) is not None


def safe_image_tag(name: str, prefix: str) -> str:
    """Return an image tag for the Git tag or branch `name`; production tags begin with `prefix`.

    A name that is a valid image tag stays as it is. If characters had to be replaced, or if the result
    would be a production tag, `latest`, `stable` or the tag of another name, a short hash of the whole
    name is added: `+2023.06.1` never becomes `2023.06.1`, and no two names share one image by accident.
    """
    safe = _NOT_ALLOWED.sub("-", name).lstrip(".-")[:MAX_LENGTH]
    if safe and safe == name and not _means_something(safe, prefix):
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
    stem = safe[: MAX_LENGTH - _HASH_LENGTH - 1].rstrip(".-") or "ref"
    return f"{stem}-{digest}"


def _means_something(tag: str, prefix: str) -> bool:
    is_release = any(map(_RELEASE.fullmatch, (tag, tag.removeprefix(prefix))))
    return tag.lower() in _RESERVED or is_release or _HASHED.fullmatch(tag) is not None


def canonical_host(host: str) -> str:
    """Return the canonical name of a registry's `HOST` or `HOST:PORT`: lower case, and `docker.io` for Docker Hub."""
    name = host.lower()
    return DOCKER_HUB if name in _DOCKER_HUB_TOO else name


def full_name(image: str) -> str:
    """Return an image's name with its registry's canonical name, as Docker reads it: `nginx` is of Docker Hub."""
    first, mark, rest = image.partition("/")
    has_host = bool(mark) and ("." in first or ":" in first or first == "localhost")
    host, repository = (canonical_host(first), rest) if has_host else (DOCKER_HUB, image)
    return f"{host}/{repository if host != DOCKER_HUB or '/' in repository else f'library/{repository}'}"


def host_of_image(image: str) -> str:
    """Return the canonical name of the host in an image's name, `HOST/NAME`."""
    return canonical_host(image.partition("/")[0])
