"""The manifest of an image: its digest, or that there is none.

OCI distribution specification 1.1, "Pulling manifests". A HEAD does not count as a pull (Docker Hub's
"Usage and limits"). Without the two index types in `Accept`, an image for several platforms looks absent.
"""

from __future__ import annotations

import hashlib
import json
import re

from ..domain.evidence import Answer, Image, Unknown
from .messages import Response
from .registry_access import RegistryAccess

_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_HEADERS = {"Accept": ", ".join(_TYPES)}
_DIGEST_HEADER = "docker-content-digest"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MAX_BYTES = 4 * 1024 * 1024
"""What registries take at most as a manifest (OCI distribution specification, "Pushing Manifests")."""


def find_image(access: RegistryAccess, name: str, repository: str, tag: str) -> Answer[Image]:
    """Return the image with its digest, with None where the registry has no such image."""
    what = f"the image {name}:{tag}"
    path = f"/v2/{repository}/manifests/{tag}"
    response, read_digest = access.ask("HEAD", path, what, _HEADERS), _sent_digest
    if isinstance(response, Response) and response.status == 200 and not response.header(_DIGEST_HEADER):
        response, read_digest = access.ask("GET", path, what, _HEADERS, _MAX_BYTES), _computed_digest
    if isinstance(response, Unknown):
        return response
    if response.status == 404:
        return Image(name, tag, None)
    if response.status in (401, 403):
        return access.refused(response.status, what)
    if response.status != 200:
        return Unknown(f"{access.host} answered {response.status} when asked for {what}")
    is_manifest = response.header("content-type").partition(";")[0].strip() in _TYPES
    digest = read_digest(response) if is_manifest else None
    return Image(name, tag, digest) if digest else Unknown(f"{access.host} sent no manifest for {what}")


def _sent_digest(response: Response) -> str | None:
    digest = response.header(_DIGEST_HEADER)
    return digest if _DIGEST.fullmatch(digest) else None


def _computed_digest(response: Response) -> str | None:
    """Return the digest of the manifest in the body; None where there is none, or another was promised."""
    computed = f"sha256:{hashlib.sha256(response.body).hexdigest()}"
    promised = response.header(_DIGEST_HEADER) or computed
    return computed if _is_manifest(response.body) and promised == computed else None


def _is_manifest(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("schemaVersion") == 2
