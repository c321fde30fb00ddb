"""Rules on what is about to be deployed."""

from __future__ import annotations

from ..evidence import Unknown
from ..facts import StackImageFacts
from ..findings import Outcome
from .rule import Rule, failed, passed, rule, skipped, unknown


@rule(
    "stack-image",
    "stack",
    fails_when="deploy: the stack image is absent or has another digest than expected",
    remedy="Deploy what was built: release it anew under the next free tag, and find out who pushed the other image.",
)
def stack_image(facts: StackImageFacts) -> Outcome:
    """What AWX will pull is what the build pushed."""
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


DEPLOYMENT_RULES: tuple[Rule[StackImageFacts], ...] = (stack_image,)
