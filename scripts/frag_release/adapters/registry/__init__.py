"""Registries of container images: does an image exist, with what digest, and from what was it built?"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

from ...dataclass import dataclass, replace
from ...domain import origin
from ...domain.components import DOCKER_HUB, Login, canonical_host, is_image_tag
from ...domain.evidence import RETRY, Answer, Image, Unknown, Unseen, answered, seen
from ...domain.origin import Descriptor, Origin, Origins, Platform
from ...errors import UsageError
from ..http import Http
from ..http.messages import Response, is_loopback, problem_with
from .access import STAYS, RegistryAccess

_MAX_DOCUMENT_BYTES = 4 * 1024 * 1024
"""Limit of a manifest, a configuration or a statement."""
_TOO_LARGE = "Build with less provenance (mode=min), or set check-origin to off."
_INCOMPLETE = "Push the complete image again: re-run the build of that tag."
_NO_PROVENANCE = "it has no provenance"

Document = dict[str, Any]
Parallel = Callable[[Sequence[Callable[[], Any]]], Sequence[Any]]
_DOCKER_HUB_URL = "https://registry-1.docker.io"
_HOST = re.compile(r"(?P<host>[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?P<port>:[0-9]{1,5})?")
# OCI distribution specification, "Pulling manifests".
_REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_MOST_CHARACTERS = 255
_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
HEADERS = {"Accept": ", ".join(_TYPES)}
_REFUSALS = (401, 403, 404)
"""Answers of registries for what the login cannot access; 404 also for what does not exist."""
_DIGEST_HEADER = "docker-content-digest"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MAX_BYTES = 4 * 1024 * 1024
"""Registries' own limit of a manifest (OCI distribution specification, "Pushing Manifests")."""


@dataclass(frozen=True)
class OriginReader:
    """Reads the origin of `image`, whose digest is known. With `labels`, its labels count if provenance has none."""

    access: RegistryAccess
    parallel: Parallel
    image: Image
    repository: str
    headers: Mapping[str, str]
    labels: bool

    @answered
    def read(self) -> Origins:
        """Return the origin of each platform, read concurrently."""
        what, digest = f"the image {self.image.reference}", self.image.digest or ""
        document = self._document("manifests", Descriptor(digest), what)
        platforms = seen(origin.platforms_in(digest, document, what))
        only = document if "manifests" not in document else None
        found = self.parallel([partial(self._platform, one, only) for one in platforms])
        manifests = frozenset(one.image.digest for one in platforms)
        return Origins(manifests, tuple(answer for answers in found for answer in answers))

    def _platform(self, platform: Platform, manifest: Document | None) -> Sequence[Answer[Origin]]:
        """Return a platform's origin by each of its statements; `manifest` is its image's if that was read."""
        if platform.problem:
            return [platform.problem]
        found: list[Answer[Origin]] = []
        for attestation in platform.attestations:
            found += self._statements(platform, attestation)
        found = found or [Origin(why_no_commit=_NO_PROVENANCE)]
        if self.labels and not any(isinstance(one, Unknown) or one.commit for one in found):
            found = [self._labelled(platform, manifest, found)]
        return [one if isinstance(one, Unknown) else replace(one, platform=platform.name) for one in found]

    def _statements(self, platform: Platform, attestation: Descriptor) -> Sequence[Answer[Origin]]:
        what = self._what("the attestation", platform)
        try:
            listed = seen(origin.provenance_in(self._document("manifests", attestation, what), what))
        except Unseen as error:
            return [error.unknown]
        return [self._statement(platform, one) for one in listed]

    @answered
    def _statement(self, platform: Platform, place: Descriptor) -> Origin:
        what = self._what("the provenance", platform)
        return seen(origin.read_statement(self._document("blobs", place, what), platform.image.digest, what))

    @answered
    def _labelled(self, platform: Platform, manifest: Document | None, found: Sequence[Answer[Origin]]) -> Origin:
        """Return the origin by the labels, with the materials of the provenance, which names no commit."""
        stated = next((one for one in found if isinstance(one, Origin)), Origin())
        labelled = self._labels(platform, manifest)
        why_no_commit = f"{stated.why_no_commit}, and {labelled.why_no_commit}" if labelled.why_no_commit else ""
        return replace(labelled, materials=stated.materials, why_no_commit=why_no_commit)

    def _labels(self, platform: Platform, manifest: Document | None) -> Origin:
        what = self._what("the manifest", platform)
        place = seen(origin.configuration_in(manifest or self._document("manifests", platform.image, what), what))
        if place is None:
            return Origin(why_no_commit=_NO_PROVENANCE)
        what = self._what("the configuration", platform)
        return seen(origin.read_labels(self._document("blobs", place, what), what))

    def _what(self, part: str, platform: Platform) -> str:
        return f"{part} of {self.image.name}:{self.image.tag}{f' for {platform.name}' if platform.name else ''}"

    def _document(self, kind: Literal["manifests", "blobs"], place: Descriptor, what: str) -> Document:
        """Return the JSON object at `place`; raises Unseen unless its bytes have that digest."""
        if place.size > _MAX_DOCUMENT_BYTES:
            reason = f"{what} has {place.size:,} bytes, over the limit of {_MAX_DOCUMENT_BYTES:,}"
            raise Unseen(Unknown(reason, _TOO_LARGE))
        path = f"/v2/{self.repository}/{kind}/{place.digest}"
        headers = self.headers if kind == "manifests" else {}
        response = self.access.ask("GET", path, what, headers, _MAX_DOCUMENT_BYTES, self.repository)
        if response.status == 404:
            raise Unseen(Unknown(f"{self.access.host} answered 404 when asked for {what}", _INCOMPLETE))
        if response.status != 200:
            raise Unseen(self.access.not_shown(response.status, what))
        if f"sha256:{hashlib.sha256(response.body).hexdigest()}" != place.digest:
            reason = f"{self.access.host} sent something else for {what}: its digest differs"
            raise Unseen(Unknown(reason, RETRY))
        return seen(origin.read_json(response.body, what))


@dataclass(frozen=True)
class ImagePlace:
    """The address of a registry, and the name of an image's repository in it."""

    registry: str
    repository: str


def locate(name: str, registry_url: str = "") -> ImagePlace | None:
    """Return the place of an image `HOST/NAME`, at `registry_url` if given; None for other names."""
    first, _, repository = name.partition("/")
    host = _HOST.fullmatch(first)
    hub = canonical_host(first) == DOCKER_HUB
    if hub and "/" not in repository:
        repository = f"library/{repository}"
    if host is None or not _REPOSITORY.fullmatch(repository) or len(name) > _MOST_CHARACTERS:
        return None
    usual = _DOCKER_HUB_URL if hub else f"{_scheme(host['host'])}://{first.lower()}"
    return ImagePlace(registry_url.rstrip("/") or usual, repository)


def _scheme(host: str) -> str:
    return "http" if is_loopback(host.strip("[]")) else "https"


def find_image(access: RegistryAccess, name: str, repository: str, tag: str) -> Image:
    """Return the image with its digest, which is None if the registry has no such image.

    A HEAD is trusted if it names a manifest type and a digest. Some registries and proxies refuse it or omit one of
    them: then a GET decides, which counts as a pull.
    """
    what = f"the image {name}:{tag}"
    path = f"/v2/{repository}/manifests/{tag}"
    response = access.ask("HEAD", path, what, HEADERS, repository=repository)
    digest = _sent_digest(response)
    if digest:
        return Image(name, tag, digest)
    has_own_login = response.status in _REFUSALS and access.log_in_for(repository)
    if response.status == 401 and not has_own_login:
        # Do not send a refused login again: some registries lock it after a few attempts.
        raise Unseen(access.refused(response.status, what))
    response = access.ask("GET", path, what, HEADERS, _MAX_BYTES, repository)
    if response.status == 404:
        return Image(name, tag, None)
    if response.status != 200:
        raise Unseen(access.not_shown(response.status, what))
    digest = _computed_digest(response)
    if digest is None:
        raise Unseen(Unknown(f"{access.host} sent no valid manifest for {what}", STAYS))
    return Image(name, tag, digest)


def _sent_digest(response: Response) -> str | None:
    is_manifest = response.header("content-type").partition(";")[0].strip().lower() in _TYPES
    digest = response.header(_DIGEST_HEADER)
    return digest if response.status == 200 and is_manifest and _DIGEST.fullmatch(digest) else None


def _computed_digest(response: Response) -> str | None:
    """Return the digest of the manifest in the body; None if there is none, or the header has another digest."""
    computed = f"sha256:{hashlib.sha256(response.body).hexdigest()}"
    promised = response.header(_DIGEST_HEADER).strip().lower() or computed
    return computed if _is_manifest(response.body) and promised == computed else None


def _is_manifest(body: bytes) -> bool:
    """Whether a body is a manifest by its content: some proxies lose the header with the type."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict) or document.get("schemaVersion") != 2:
        return False
    return document.get("mediaType", _TYPES[0]) in _TYPES and ("layers" in document or "manifests" in document)


class RegistryClient:
    """Reads images from registries.

    `registry_url` replaces the registry in an image's name. `logins` has the login of each registry by its host's
    `canonical_host`; others are read without. Raises UsageError if the address cannot be used.
    """

    def __init__(self, http: Http, registry_url: str = "", logins: Mapping[str, Login] | None = None) -> None:
        problem = problem_with(registry_url) if registry_url else ""
        if problem:
            raise UsageError(f"The input registry-url {problem}.", "Use a URL such as https://registry-1.docker.io.")
        self._http = http
        self._registry_url = registry_url
        self._logins = logins or {}

    def images(
        self,
        wanted: Collection[tuple[str, str]],
        origins: Collection[tuple[str, str]] = (),
        contents: Collection[tuple[str, str]] = (),
    ) -> Mapping[tuple[str, str], Answer[Image]]:
        """Return the image of each (name with the registry's host, tag), in three round trips.

        For those in `origins` and `contents` the origin is read, in three more; for `contents` the labels, which may be
        inherited from a base image, do not count.
        """
        places = {pair: locate(pair[0], self._registry_url) for pair in wanted}
        registries = {place.registry for place in places.values() if place}
        read = {**dict.fromkeys(contents, False), **dict.fromkeys(origins, True)}
        calls = [partial(self._in_registry, url, places, read) for url in sorted(registries)]
        found = {pair: _without_request(*pair, place) for pair, place in places.items()}
        for answers in self._http.parallel(calls):
            found.update(answers)
        return found

    def _in_registry(
        self,
        url: str,
        places: Mapping[tuple[str, str], ImagePlace | None],
        read: Mapping[tuple[str, str], bool],
    ) -> dict[tuple[str, str], Answer[Image]]:
        here = {
            pair: place.repository
            for pair, place in places.items()
            if place and place.registry == url and is_image_tag(pair[1])
        }
        if not here:
            return {}
        access = RegistryAccess(self._http, url, self._logins.get(canonical_host(urlsplit(url).netloc)))
        access.log_in(set(here.values()))
        calls = [
            partial(self._image, access, name, repository, tag, read.get((name, tag)))
            for (name, tag), repository in here.items()
        ]
        return dict(zip(here, self._http.parallel(calls), strict=True))

    @answered
    def _image(self, access: RegistryAccess, name: str, repository: str, tag: str, labels: bool | None) -> Image:
        """Return an image; `labels` is whether its labels count, None if its origin is not read."""
        image = find_image(access, name, repository, tag)
        if labels is None or not image.digest:
            return image
        reader = OriginReader(access, self._http.parallel, image, repository, HEADERS, labels)
        return replace(image, origins=reader.read())


def _without_request(name: str, tag: str, place: ImagePlace | None) -> Answer[Image]:
    if place is None:
        return Unknown(f"{name!r} is not an image name", "Use one such as docker.io/owner/image.")
    # No registry accepts such a tag, so nothing can exist under it.
    return Image(name, tag, None)
