"""The record of a release that runs already: what can be seen of it now, so that it can be gone back to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ...adapters.ports.publishing import PublishingForge, Releases
from ...adapters.registry.client import RegistryClient
from ...domain.facts import ReleaseFacts
from ...domain.findings import Finding
from ...domain.release_record import ASSET
from ...domain.releases import Release
from ...domain.reports.report import Action
from ...domain.review import Reviewed
from ...domain.rollback import as_rollback
from ...domain.rules import judge_publication
from ...errors import RefusedError
from ...inputs.settings.publish import PublishSettings
from ..answers import must
from ..journal import Journal
from ..stack import Stack
from .releasing import Releasing, Text, as_bytes

_RUNS = "Only a warning, for this release runs already"
_NOTE = (
    f"{ASSET} is a baseline: it says what the tag, the pair and the image are now, and no build has named that image. "
    "A rollback takes it with a warning."
)


def judge_baseline(facts: ReleaseFacts) -> tuple[ReleaseFacts, list[Finding]]:
    """Judge a release that runs already: it is not built, so what is found of its components only warns."""
    stack = replace(facts.stack, rollback=True) if facts.stack else None
    facts = replace(facts, stack=stack)
    # Nothing is deployed, so nothing goes back: what the rule on the order says of rollbacks would be untrue.
    found = [one for one in judge_publication(facts) if one.rule != "tag-order"]
    return facts, as_rollback(found, _RUNS)


@dataclass(frozen=True)
class Baseline:
    """Looks at the release that is named in `stack-tag`, and writes down what it sees."""

    stack: Stack[PublishingForge]
    settings: PublishSettings
    registry: RegistryClient
    journal: Journal

    def review(self) -> Reviewed:
        """Return the tag with its commit; raises RefusedError if there is no such tag."""
        tag = self.settings.stack_tag
        commit = must(self.stack.forge.publisher(self.stack.name).tag(tag), f"The tag {tag}")
        if commit is None:
            raise RefusedError(
                f"{self.stack.name} has no tag {tag}, so it is not what runs today.",
                "Name the release that production runs in stack-tag.",
            )
        how = f"it runs already; its record was asked for {self.stack.context.by_hand}"
        return Reviewed(tag, commit, how)

    def plan(self) -> list[str]:
        """Return what would be done; raises RefusedError if GitHub would not take it."""
        public, tag = self._public(), self.settings.stack_tag
        if public and public.has_whole(ASSET):
            return []
        return [f"Add {ASSET} to the release {tag}" if public else f"Publish the release {tag} with its {ASSET}"]

    def seen(self) -> dict[str, Any]:
        """Return what the report says of the image; raises EvidenceError and RefusedError if it cannot be seen."""
        name, tag = self.settings.stack_image, self.settings.stack_tag
        image = must(self.registry.images({(name, tag)})[name, tag], f"The image {name}:{tag}")
        if not image.digest:
            raise RefusedError(
                f"The registry has no image {name}:{tag}, so the release {tag} cannot be gone back to.",
                "Name the release that runs today in stack-tag, and its image in stack-image.",
            )
        return {"image": f"{name}:{tag}", "digest": image.digest, "is_baseline": True}

    def write(self, document: Mapping[str, Any], text: Callable[[], Text]) -> Release:
        """Add the record to the public release, or make that; one that has a record keeps it."""
        public, tag = self._public(), self.settings.stack_tag
        if public and public.has_whole(ASSET):
            self.journal.note(f"The release {tag} has a {ASSET} already, which stays as it is.")
            return public
        self.journal.note(_NOTE)
        if public is None:
            return Releasing(
                self._releases, tag, text, as_bytes(document), self._demand_tag(document), self.journal
            ).run()[0]
        if broken := public.asset(ASSET):
            self._releases.delete(public, broken)
        self.journal.write(
            f"Add {ASSET} to the release {tag}",
            partial(self._releases.upload, public, ASSET, as_bytes(document)),
            lambda _: Action(f"Added {ASSET} to the release {tag}", public.url),
        )
        return public

    def _demand_tag(self, document: Mapping[str, Any]) -> Callable[[], None]:
        def demand() -> None:
            if self.review().commit != document["stack"]["commit"]:
                raise RefusedError(f"The tag {self.settings.stack_tag} was moved meanwhile.", "Run this again.")

        return demand

    @property
    def _releases(self) -> Releases:
        return self.stack.forge.releases(self.stack.name)

    def _public(self) -> Release | None:
        tag = self.settings.stack_tag
        public = must(self._releases.public(tag), f"The release {tag}")
        if public and public.immutable and not public.has_whole(ASSET):
            raise RefusedError(
                f"The release {tag} is immutable and has no {ASSET}: GitHub takes no file into it any more. A release "
                "of another name would need a tag, and the push of a tag starts the build.",
                "Until the next release it can be gone back to by hand only: deploy its image yourself. Publish the "
                "next release with this action.",
            )
        return public
