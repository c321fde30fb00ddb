"""The image that the build has pushed: a rollback goes by its digest, so nothing is released without that."""

from __future__ import annotations

from dataclasses import dataclass

from ...clients.registry import RegistryClient
from ...domain.evidence import Answer, Image, Unknown
from ...errors import EvidenceError
from ..clock import Clock

_PAUSES = (2.0, 4.0, 8.0)
"""Seconds between the looks: a registry that fails may come back, and one may show a tag a moment after the push."""


@dataclass(frozen=True)
class PushedImage:
    """The image `name` of the stack under the tag that was built."""

    registry: RegistryClient
    clock: Clock
    name: str
    tag: str

    def digest(self) -> str:
        """Return its digest, looking a few times within the time left; raises EvidenceError where it cannot be seen."""
        found = self._look()
        for pause in _PAUSES:
            if (not isinstance(found, Unknown) and found.digest) or pause >= self.clock.remaining():
                break
            self.clock.sleep(pause)
            found = self._look()
        if isinstance(found, Unknown):
            raise self._unseen(
                found.reason, f"{found.remedy} Then run this again" if found.remedy else "Run this again"
            )
        if not found.digest:
            raise self._unseen("the registry has no such image", "Run this again when it is there")
        return found.digest

    def glance(self) -> str:
        """Return its digest as one look shows it, empty where it does not."""
        found = self._look()
        return "" if isinstance(found, Unknown) else found.digest or ""

    def _look(self) -> Answer[Image]:
        return self.registry.images({(self.name, self.tag)})[self.name, self.tag]

    def _unseen(self, why: str, again: str) -> EvidenceError:
        return EvidenceError(
            f"The build of {self.tag} passed, but its image {self.name}:{self.tag} could not be seen: {why}. The "
            "release was not made: it may never be changed once it is public, and without the image's digest it "
            "could not be the evidence of a rollback.",
            f"{again}: it goes on from the tag and the build. Where the build pushes under another name, give that in "
            "stack-image; where it pushes nothing, none.",
        )
