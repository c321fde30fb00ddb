"""What is there at the moment of the deployment: the stack's image, and the components' where nobody has looked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from ...adapters.registry.client import RegistryClient
from ...domain.allow import apply_allowances, unused_allowances
from ...domain.components import NO_IMAGE
from ...domain.decision import reconsider
from ...domain.deployment_records import Staging
from ...domain.evidence import Answer, Image, Unknown
from ...domain.expectations import Expected, differences, with_differences
from ...domain.facts import NOT_ASKED, PublicRelease, StackImageFacts
from ...domain.origin import judged_pair
from ...domain.reports.gate import GateReport
from ...domain.rollback import as_rollback
from ...domain.rules import Occasion, judge
from ...inputs.settings.deploy import DeploySettings

Place = tuple[str, str]
"""The name of an image with its registry, and its tag."""


@dataclass(frozen=True)
class DeployEvidence:
    """Holds what was judged and built against what is there now.

    `registry` makes a client with time of its own: one that hangs while the components are looked up must not
    use up the time for the image that counts. `staging` is asked for a digest, its tag, and so many minutes.
    """

    settings: DeploySettings
    registry: Callable[[], RegistryClient]
    expected: Expected
    staging: Callable[[str, str, int], Answer[Staging]]

    def hold(self, judged: GateReport, name: str, tag: str) -> tuple[GateReport, Image]:
        """Return the gate's report with what was found beside it, and the image `name:tag` that is deployed."""
        components = self._unseen(judged)
        unasked = self._unasked(name, tag)
        seen = self._look(components.values(), set() if unasked else {(name, tag)})
        image = None if unasked else seen[name, tag]
        images = {facts.pin.component.name: facts.image for facts in judged.facts.components if facts.image}
        images |= {component: seen[place] for component, place in components.items()}
        stack = StackImageFacts(
            name,
            tag,
            self.expected.stack_digest,
            image,
            unasked,
            self._public(judged, tag),
            pair=judged_pair(judged.facts.components, images, self.expected.digests),
            origin_required=self.settings.origin_required,
            rollback=self.settings.rollback,
            staging=self._staging(seen.get((name, tag)), tag),
        )
        found = stack.image if isinstance(stack.image, Image) else Image(name, tag, None)
        return self._with(judged, stack, images), found

    def _staging(self, image: Answer[Image] | None, tag: str) -> Answer[Staging] | None:
        minutes = self.settings.staging_minutes
        if minutes is None:
            return None
        digest = image.digest if isinstance(image, Image) else None
        if not digest:
            return Unknown("the digest of the stack's image is not known")
        return self.staging(digest, tag, minutes)

    def _look(self, components: Collection[Place], stack: Collection[Place]) -> Mapping[Place, Answer[Image]]:
        """Return the images as they are now, with what they say of their making."""
        wanted = {*components, *stack}
        if not wanted or not self.settings.reads_origin:
            return self.registry().images(wanted) if wanted else {}
        return self.registry().images(wanted, origins=components, contents=stack)

    def _public(self, judged: GateReport, tag: str) -> Answer[PublicRelease | None]:
        """The release that this very tag has already; a rollback is held to its record, and some tags have none."""
        facts = judged.facts.stack
        return (
            facts.public
            if facts and tag == judged.tag_format.image_tag(judged.tag) and not self.settings.rollback
            else None
        )

    def _unasked(self, name: str, tag: str) -> str:
        if not tag:
            return "No image is built for this ref."
        if name == NO_IMAGE:
            return "The input stack-image is none."
        if not self.settings.gated and not self.expected.stack_digest:
            return "Switched off by ungated, and no digest was expected."
        return ""

    def _unseen(self, judged: GateReport) -> dict[str, Place]:
        """Return the images of which a digest is expected and that the gate, judging nothing, has not looked up."""
        found = {}
        for facts in judged.facts.components:
            name, place = facts.pin.component.name, facts.pin.place
            if self.expected.digests.get(name) and facts.image is NOT_ASKED and place:
                found[name] = place
        return found

    def _with(self, judged: GateReport, stack: StackImageFacts, images: Mapping[str, Answer[Image]]) -> GateReport:
        settings = self.settings
        tags = {"stack": judged.tag, **{facts.pin.component.name: facts.pin.tag for facts in judged.facts.components}}
        differing = differences(self.expected, judged.commit, images, tags)
        image = judge(Occasion.DEPLOYMENT, stack)
        if settings.rollback:
            differing = as_rollback(differing)
        findings = with_differences(judged.decision.findings, differing)
        decision = reconsider(judged.decision, [*findings, *apply_allowances(image, settings.allow)])
        unused = set(unused_allowances(image, settings.allow))
        still_unused = [one for one in judged.unused_allowances if one in unused]
        return replace(judged, decision=decision, unused_allowances=still_unused)
