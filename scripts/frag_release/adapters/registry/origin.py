"""What an image says of its making, read from its registry: every digest on the way is checked.

The index, or manifest, is asked for by the digest that the tag has; then for each platform two requests: the
attestation's manifest and its statement, or the image's manifest and its configuration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from ...domain import provenance
from ...domain.evidence import RETRY, Answer, Image, Unknown
from ...domain.origin import Origin, Origins
from ...domain.provenance import Descriptor, Platform
from .access import RegistryAccess

_MAX_BYTES = 4 * 1024 * 1024
"""Most that is read of a manifest, a configuration or a statement."""
_TOO_LARGE = "Build with less provenance (mode=min), or set check-origin to off."
_INCOMPLETE = "Push the image again, whole: run the build of that tag once more."
_NO_PROVENANCE = "it has no provenance"

Document = dict[str, Any]
Parallel = Callable[[Sequence[Callable[[], Any]]], Sequence[Any]]


@dataclass(frozen=True)
class OriginReader:
    """Reads what the image `image`, whose digest is known, says. `labels` says that its labels may speak for it."""

    access: RegistryAccess
    parallel: Parallel
    image: Image
    repository: str
    headers: Mapping[str, str]
    labels: bool

    def read(self) -> Answer[Origins]:
        """Return what each platform says; platforms are asked about at once."""
        what, digest = f"the image {self.image.reference}", self.image.digest or ""
        document = self._document("manifests", Descriptor(digest), what)
        if isinstance(document, Unknown):
            return document
        platforms = provenance.platforms_in(digest, document, what)
        if isinstance(platforms, Unknown):
            return platforms
        only = document if "manifests" not in document else None
        said = self.parallel([partial(self._platform, one, only) for one in platforms])
        manifests = frozenset(one.image.digest for one in platforms)
        return Origins(manifests, tuple(answer for answers in said for answer in answers))

    def _platform(self, platform: Platform, manifest: Document | None) -> Sequence[Answer[Origin]]:
        """Return what a platform says, in each of its statements; `manifest` is its image's if that was read."""
        if platform.problem:
            return [platform.problem]
        found: list[Answer[Origin]] = []
        for attestation in platform.attestations:
            found += self._statements(platform, attestation)
        found = found or [Origin(silence=_NO_PROVENANCE)]
        if self.labels and not any(isinstance(one, Unknown) or one.commit for one in found):
            found = [_beside(self._labelled(platform, manifest), found)]
        return [one if isinstance(one, Unknown) else replace(one, platform=platform.name) for one in found]

    def _statements(self, platform: Platform, attestation: Descriptor) -> Sequence[Answer[Origin]]:
        what = self._what("the attestation", platform)
        manifest = self._document("manifests", attestation, what)
        listed = manifest if isinstance(manifest, Unknown) else provenance.provenance_in(manifest, what)
        if isinstance(listed, Unknown):
            return [listed]
        return [self._statement(platform, one) for one in listed]

    def _statement(self, platform: Platform, place: Descriptor) -> Answer[Origin]:
        what = self._what("the provenance", platform)
        statement = self._document("blobs", place, what)
        if isinstance(statement, Unknown):
            return statement
        return provenance.read_statement(statement, platform.image.digest, what)

    def _labelled(self, platform: Platform, manifest: Document | None) -> Answer[Origin]:
        what = self._what("the manifest", platform)
        found = manifest or self._document("manifests", platform.image, what)
        place = found if isinstance(found, Unknown) else provenance.configuration_in(found, what)
        if place is None or isinstance(place, Unknown):
            return place or Origin(silence=_NO_PROVENANCE)
        what = self._what("the configuration", platform)
        configuration = self._document("blobs", place, what)
        return configuration if isinstance(configuration, Unknown) else provenance.read_labels(configuration, what)

    def _what(self, part: str, platform: Platform) -> str:
        return f"{part} of {self.image.name}:{self.image.tag}{f' for {platform.name}' if platform.name else ''}"

    def _document(self, kind: Literal["manifests", "blobs"], place: Descriptor, what: str) -> Answer[Document]:
        """Return the JSON object with a digest, which its bytes must have."""
        if place.size > _MAX_BYTES:
            return Unknown(f"{what} has {place.size:,} bytes, and at most {_MAX_BYTES:,} are read", _TOO_LARGE)
        path = f"/v2/{self.repository}/{kind}/{place.digest}"
        headers = self.headers if kind == "manifests" else {}
        response = self.access.ask("GET", path, what, headers, _MAX_BYTES, self.repository)
        if isinstance(response, Unknown):
            return response
        if response.status == 404:
            return Unknown(f"{self.access.host} answered 404 when asked for {what}", _INCOMPLETE)
        if response.status != 200:
            return self.access.not_shown(response.status, what)
        if f"sha256:{hashlib.sha256(response.body).hexdigest()}" != place.digest:
            return Unknown(f"{self.access.host} sent something else for {what}: its digest is another", RETRY)
        return provenance.read_json(response.body, what)


def _beside(labelled: Answer[Origin], found: Sequence[Answer[Origin]]) -> Answer[Origin]:
    """Return what the labels say, with what the provenance, which names no commit, says of what went in."""
    said = next((one for one in found if isinstance(one, Origin)), Origin())
    if isinstance(labelled, Unknown):
        return labelled
    silence = f"{said.silence}, and {labelled.silence}" if labelled.silence else ""
    return replace(labelled, materials=said.materials, silence=silence)
