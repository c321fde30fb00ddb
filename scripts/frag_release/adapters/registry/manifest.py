"""The manifest of an image: its digest, or that there is none.

OCI distribution specification 1.1, "Pulling manifests". A HEAD does not count as a pull (Docker Hub's
"Usage and limits"). Without the two index types in `Accept`, an image for several platforms looks absent.
"""

from __future__ import annotations

import hashlib
import json
import re

from ...domain.evidence import Answer, Image, Unknown
from ..http.messages import Response
from .access import STAYS, RegistryAccess

_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
HEADERS = {"Accept": ", ".join(_TYPES)}
_REFUSALS = (401, 403, 404)
"""What registries answer of what the login does not reach; 404 also of what is not there."""
_DIGEST_HEADER = "docker-content-digest"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MAX_BYTES = 4 * 1024 * 1024
"""What registries take at most as a manifest (OCI distribution specification, "Pushing Manifests")."""


def find_image(access: RegistryAccess, name: str, repository: str, tag: str) -> Answer[Image]:
    """Return the image with its digest, with None where the registry has no such image.

    HEAD is believed where it names a manifest and its digest. Some registries and proxies refuse it, or send it
    without a digest or a type: then what GET sends decides, which counts as a pull.
    """
    what = f"the image {name}:{tag}"
    path = f"/v2/{repository}/manifests/{tag}"
    response = access.ask("HEAD", path, what, HEADERS, repository=repository)
    if isinstance(response, Unknown):
        return response
    digest = _sent_digest(response)
    if digest:
        return Image(name, tag, digest)
    has_own_login = response.status in _REFUSALS and access.log_in_for(repository)
    if response.status == 401 and not has_own_login:
        # A login that was refused is not sent again: some registries lock it after a few times.
        return access.refused(response.status, what)
    response = access.ask("GET", path, what, HEADERS, _MAX_BYTES, repository)
    return response if isinstance(response, Unknown) else _read(access, response, name, tag)


def _read(access: RegistryAccess, response: Response, name: str, tag: str) -> Answer[Image]:
    what = f"the image {name}:{tag}"
    if response.status == 404:
        return Image(name, tag, None)
    if response.status != 200:
        return access.not_shown(response.status, what)
    digest = _computed_digest(response)
    return Image(name, tag, digest) if digest else Unknown(f"{access.host} sent no manifest for {what}", STAYS)


def _sent_digest(response: Response) -> str | None:
    is_manifest = response.header("content-type").partition(";")[0].strip().lower() in _TYPES
    digest = response.header(_DIGEST_HEADER)
    return digest if response.status == 200 and is_manifest and _DIGEST.fullmatch(digest) else None


def _computed_digest(response: Response) -> str | None:
    """Return the digest of the manifest in the body; None where there is none, or another was promised."""
    computed = f"sha256:{hashlib.sha256(response.body).hexdigest()}"
    promised = response.header(_DIGEST_HEADER).strip().lower() or computed
    return computed if _is_manifest(response.body) and promised == computed else None


def _is_manifest(body: bytes) -> bool:
    """Whether a body is a manifest by what is in it: the header that says so is lost on some ways."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict) or document.get("schemaVersion") != 2:
        return False
    return document.get("mediaType", _TYPES[0]) in _TYPES and ("layers" in document or "manifests" in document)
