"""The image that the build has pushed, by the build's own word: a rollback goes by its digest."""

from __future__ import annotations

from dataclasses import dataclass

from ...adapters.ports.publishing import Builds
from ...adapters.registry.client import RegistryClient
from ...domain.builds import Build
from ...domain.evidence import Answer, Image, Unknown
from ...domain.pushed_image import FORM, pushed_digest
from ...errors import EvidenceError, RefusedError
from ..building import a_few_looks
from ..clock import Clock


@dataclass(frozen=True)
class PushedImage:
    """The image `name` of the stack under the tag that was built."""

    builds: Builds
    registry: RegistryClient
    clock: Clock
    name: str
    tag: str

    def digest(self, build: Build) -> str:
        """Return the digest that the build says it pushed, empty where it says nothing.

        Raises EvidenceError where that, or the image, cannot be seen, and RefusedError where the registry has
        another image: hours lie between the push and this look, and every workflow of the repository can push.
        """
        artifacts = self.builds.artifacts(build)
        said = artifacts if isinstance(artifacts, Unknown) else pushed_digest(build, artifacts)
        if isinstance(said, Unknown):
            raise EvidenceError(
                f"Which image the build of {self.tag} pushed cannot be told: {said.reason}. The release was not made: "
                "it may never be changed once it is public, and its release.json would be the evidence of a rollback.",
                said.remedy,
            )
        self.demand(said or "")
        return said or ""

    def demand(self, said: str) -> None:
        """Demand that the registry has the image `said` to have been pushed, or any where nothing was said."""
        now = self._seen()
        if said and now != said:
            raise RefusedError(
                f"The build of {self.tag} pushed {said}, and {self.name}:{self.tag} is {now} now: another image was "
                "pushed under its tag. The release was not made.",
                "Find out who pushed the other image, and release anew under the next free tag. If stack-image names "
                "another place than the build pushes to, correct that and run this again.",
            )

    def note_beside(self, recorded: str) -> str:
        """Say that one look shows another image than was `recorded`; empty where it does not, or shows nothing."""
        found = self._look()
        now = "" if isinstance(found, Unknown) else found.digest or ""
        if not now or now == recorded:
            return ""
        return (
            f"release.json of {self.tag} records {recorded}, and {self.name}:{self.tag} is {now} now: another image "
            "was pushed under its tag. Find out who pushed it."
        )

    def saying_contents(self) -> Answer[Image]:
        """Return the image as it is now, with what it says went into it."""
        wanted = (self.name, self.tag)
        return self.registry.images([wanted], contents=[wanted])[wanted]

    @property
    def unnamed(self) -> str:
        """Say what comes of a build that does not say which image it has pushed."""
        return (
            f"{self.tag} cannot be rolled back to by the form: its build uploaded no artifact named {FORM}, so nobody "
            "can tell which image it pushed, and release.json records no digest. Add the steps that say it behind the "
            "push, as examples/build-main.yaml has them; the release after that can be rolled back to."
        )

    def _seen(self) -> str:
        """Return the digest in the registry, looking a few times within the time left; raises EvidenceError."""
        found = a_few_looks(self._look, self.clock)
        if isinstance(found, Unknown):
            raise self._unseen(
                found.reason, f"{found.remedy} Then run this again" if found.remedy else "Run this again"
            )
        if not found.digest:
            raise self._unseen("the registry has no such image", "Run this again when it is there")
        return found.digest

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
