"""Rules on what is about to be deployed."""

from __future__ import annotations

from ..evidence import Image, Unknown
from ..facts import StackImageFacts
from ..findings import Outcome
from .rule import Rule, failed, passed, rule, skipped, unknown


@rule(
    "stack-image",
    "stack",
    fails_when="deploy: the stack image is absent, or has another digest than expected or than its release records",
    remedy="Deploy what was built: release it anew under the next free tag, and find out who pushed the other image.",
)
def stack_image(facts: StackImageFacts) -> Outcome:
    """What AWX will pull is what the build pushed."""
    if other := _other_than_released(facts):
        return other
    if facts.image is None:
        return skipped(facts.unasked)
    reference = f"{facts.name}:{facts.tag}"
    if isinstance(facts.image, Unknown):
        return unknown(f"The image {reference}", facts.image)
    now = facts.image.digest
    if now is None:
        return failed(
            f"The registry has no image {reference}.",
            "Look whether the build has pushed it, under this very name (input stack-image) and tag.",
        )
    if not facts.expected:
        return passed(f"{reference} is in the registry, as {now}. No digest was expected of it.")
    if now == facts.expected:
        return passed(f"{reference} is in the registry, as {now}, which is the digest that was expected.")
    return failed(
        f"The image {reference} was {facts.expected} and is {now} now: another image was pushed under its tag.",
        "Do not deploy it. Find out who pushed it, and release anew under the next free tag.",
    )


def _other_than_released(facts: StackImageFacts) -> Outcome | None:
    """Hold what is to be deployed to the release that its tag has already; None where that says nothing against it."""
    public, there = facts.public, facts.image.digest if isinstance(facts.image, Image) else None
    wanted = facts.expected or there
    if public is None or not wanted:
        return None
    if isinstance(public, Unknown):
        return unknown(f"Whether {facts.tag} was released as another image", public)
    if public.digest in ("", wanted):
        return None
    return failed(
        f"{facts.tag} is released as {public.digest}, by its release.json, and {wanted} was to be deployed under that "
        "tag: another build pushed over it.",
        "Do not deploy it. Find out who built or pushed it, and release anew under the next free tag.",
        public.url,
    )


DEPLOYMENT_RULES: tuple[Rule[StackImageFacts], ...] = (stack_image,)
