"""Images and their registries: tags made from Git names, whose login goes where, and what a build says that it pushed.

No branch and no odd tag can pass for a release. Which image was pushed is told by the name of an artifact, which
nobody but the run itself can upload.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .builds import Artifact, Build
from .evidence import Answer, Unknown

MAX_LENGTH = 128
"""Longest image tag in characters (OCI distribution specification, "Pulling manifests")."""

_RESERVED = frozenset({"latest", "stable"})
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.-]+")
_HASH_LENGTH = 10
# Numbers of any length: what is too long for our own grammar may still be a release to another's.
_RELEASE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_TAG = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9._-]{{0,{MAX_LENGTH - 1}}}")
_HASHED = re.compile(rf".*-[0-9a-f]{{{_HASH_LENGTH}}}")


def is_image_tag(tag: str) -> bool:
    """Whether a registry can hold an image under this tag."""
    return _TAG.fullmatch(tag) is not None


def safe_image_tag(name: str, prefix: str = "") -> str:
    """Return an image tag for the Git tag or branch `name`; production tags begin with `prefix`.

    A name that is a legal image tag stays as it is. Where characters had to go, or where the result
    would be a production tag, `latest`, `stable` or what another name becomes, a short hash of the whole
    name is added: so `+2023.06.1` never becomes `2023.06.1`, and no two names share one image by accident.
    """
    safe = _NOT_ALLOWED.sub("-", name).lstrip(".-")[:MAX_LENGTH]
    if safe and safe == name and not _means_something(safe, prefix):
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
    stem = safe[: MAX_LENGTH - _HASH_LENGTH - 1].rstrip(".-") or "ref"
    return f"{stem}-{digest}"


def _means_something(tag: str, prefix: str) -> bool:
    forms = any(form.fullmatch(tag) for form in (_RELEASE, _HASHED))
    return tag.lower() in _RESERVED or forms or _RELEASE.fullmatch(tag.removeprefix(prefix)) is not None


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


FORM = "stack-image-sha256-…"
"""The artifact's name, for people: the digest with a dash for its colon."""

_NAME = re.compile(r"stack-image-(sha256)-([0-9a-f]{64})")
_AGAIN = "Re-run all jobs of the build, which then pushes and names one image; when it has passed, run this again."


def pushed_digest(build: Build, artifacts: Sequence[Artifact]) -> Answer[str | None]:
    """Return the digest that the newest attempt of `build` names, None where no attempt names any.

    An attempt that re-ran only later jobs has pushed nothing: then the earlier ones count. Several digests are
    an `Unknown`: nobody can say which of them was pushed last.
    """
    own = [one for one in artifacts if (one.run, one.head_sha) == (build.id, build.head_sha)]
    named = [(one, match) for one in own if (match := _NAME.fullmatch(one.name))]
    newest = [(one, match) for one, match in named if _may_be_of_newest(build, one)]
    digests = sorted({":".join(match.groups()) for _, match in newest or named})
    if len(digests) > 1:
        attempts = "its newest attempt" if newest else "its attempts"
        return Unknown(f"{attempts} named {' and '.join(digests[:3])}", _AGAIN)
    return digests[0] if digests else None


def _may_be_of_newest(build: Build, artifact: Artifact) -> bool:
    """Whether it is not known to be older than the newest attempt; both times are of the same server."""
    return build.started is None or artifact.created is None or artifact.created >= build.started
