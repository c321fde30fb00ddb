"""Rules on what images say of their making: the commit that they were built from, and the images that went in."""

from __future__ import annotations

from collections.abc import Sequence

from ..evidence import Image, Unknown
from ..facts import ComponentFacts, StackImageFacts
from ..findings import Outcome, Status
from ..origin import JudgedImage, Material, Origin
from .pins import NO_SUCH_TAG, NO_TAG
from .rule import Occasion, Rule, failed, passed, rule, skipped, unknown, warned

_OFF = "Switched off by check-origin."
_SAY_IT = "Have the CI build it with provenance (docs/gate.md has the line), or set check-origin to check."
_WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.WARN, Status.SKIPPED, Status.PASS)


@rule(
    "pin-origin",
    ComponentFacts,
    column="image",
    fails_when="the image says that it was built from another commit than the tag's; one that says nothing is "
    "`skipped`, one whose word cannot be read `unknown`",
    remedy="Run the component's CI for that tag again, so that it pushes an image of its commit, or pin another tag.",
    mends_elsewhere=True,
)
def pin_origin(facts: ComponentFacts) -> Outcome:
    """The image under the tag was built from the tag's commit, by its own word."""
    image, tag = facts.image, facts.pin.tag
    if not tag:
        return skipped(NO_TAG)
    if not isinstance(image, Image) or not image.digest:
        return skipped("No image was seen that could say where it comes from.")
    if image.origins is None:
        return skipped(_OFF)
    if not isinstance(facts.commit, str):
        return skipped(NO_SUCH_TAG)
    if isinstance(image.origins, Unknown):
        return unknown(f"Which commit {image.name}:{tag} was built from", image.origins)
    return _worst([_of_platform(facts, image, facts.commit, one) for one in image.origins.platforms], image)


@rule(
    "stack-contents",
    StackImageFacts,
    when={Occasion.BUILT, Occasion.DEPLOYMENT, Occasion.AUDIT},
    column="image",
    fails_when="publish, deploy: the stack image says that other images went into it than the pair that was judged",
    remedy="Build the stack anew from the digests that the gate gives out, under the next free tag.",
)
def stack_contents(facts: StackImageFacts) -> Outcome:
    """The stack's image holds the pair that was judged, by its own word."""
    image, judged = facts.image, [one for one in facts.pair if one.digest]
    if image is None:
        return skipped(facts.unasked)
    if not isinstance(image, Image) or not image.digest or (facts.expected and image.digest != facts.expected):
        return skipped("The stack's image was not seen, so nothing it says.")
    if image.origins is None:
        return skipped(_OFF)
    if not judged:
        return skipped("No image of the pair was looked up to compare with.")
    if isinstance(image.origins, Unknown):
        return _mild(facts, unknown(f"What went into {image.name}:{image.tag}", image.origins))
    return _mild(facts, _worst([_of_contents(facts, image, one, judged) for one in image.origins.platforms], image))


def _of_platform(facts: ComponentFacts, image: Image, commit: str, origin: Origin | Unknown) -> Outcome:
    what = f"{image.name}:{image.tag}"
    if isinstance(origin, Unknown):
        return unknown(f"Which commit {what} was built from", origin)
    what, repository = _on(what, origin), facts.pin.component.repository
    if not origin.commit:
        return _silent(f"{what} does not say which commit it was built from: {origin.silence}.", facts.origin_required)
    says = f"{what} says that it was built from {origin.commit[:12]}{'-dirty' * origin.dirty}"
    if (origin.source or origin.by_labels) and not origin.is_of(repository):
        return _silent(_of_another(says, origin, repository), facts.origin_required)
    if not commit.startswith(origin.commit):
        if isinstance(facts.tag_object, Unknown):
            return unknown(f"Whether {origin.commit[:12]} is the tag {image.tag} itself", facts.tag_object)
        if not (facts.tag_object or "").startswith(origin.commit):
            return failed(
                f"{says}, and the tag {facts.pin.tag} of {repository} is at {commit[:12]}.",
                f"Run the CI of {repository} for {facts.pin.tag} again so that it pushes an image of {commit[:12]}, or "
                "pin another tag. If the image was pushed by hand, find out who did.",
            )
    if origin.dirty:
        return warned(
            f"{says}: files were changed and not committed when it was built.",
            f"Have the CI of {repository} build the image from a clean checkout.",
        )
    return passed(f"{says} of {repository}.")


def _of_another(says: str, origin: Origin, repository: str) -> str:
    if not origin.source:
        return f"{says}, but its labels name no repository, so they may be those of its base image."
    place = origin.source if "/" in origin.source else "a repository that cannot be read"
    return f"{says} of {place}, not of {repository}."


def _of_contents(
    facts: StackImageFacts, image: Image, origin: Origin | Unknown, judged: Sequence[JudgedImage]
) -> Outcome:
    what = f"{image.name}:{image.tag}"
    if isinstance(origin, Unknown):
        return unknown(f"What went into {what}", origin)
    what = _on(what, origin)
    if not origin.materials:
        why = origin.silence if origin.materials is None and origin.silence else "its provenance lists no image"
        return _silent(f"{what} does not say which images went into it: {why}.", facts.origin_required)
    return _worst([_of_judged(what, one, origin.materials) for one in judged], image)


def _of_judged(what: str, judged: JudgedImage, materials: Sequence[Material]) -> Outcome:
    also = frozenset() if isinstance(judged.manifests, Unknown) else judged.manifests
    wrong = [one for one in materials if one.name == judged.name and one.digest not in {judged.digest, *also}]
    found = [one for one in materials if one.digest in {judged.digest, *also}]
    if not wrong and found:
        return passed(f"{what} says that {judged.name}@{found[0].digest[:19]} went into it, as it was judged.")
    if any(not one.digest for one in wrong):
        why = Unknown("it does not say by which digest", "Build the stack again so that its provenance says it.")
        return unknown(f"Which {judged.name} went into {what}", why)
    if isinstance(judged.manifests, Unknown):
        return unknown(f"Whether the {judged.name} that was judged went into {what}", judged.manifests)
    others = [f"{one.name}@{one.digest}" for one in (wrong or materials) if one.name and one.digest][:3]
    return failed(
        f"{what} says that {' and '.join(others) or 'other images'} went into it, and {judged.name}@{judged.digest} "
        "was judged.",
        "Do not deploy it. Build the stack from the digests that the gate gives out (`image` of each component in its "
        "output components), under the next free tag.",
    )


def _mild(facts: StackImageFacts, outcome: Outcome) -> Outcome:
    """What cannot be read does not stop a rollback, whose evidence is its record; a contradiction does."""
    if facts.rollback and outcome.status is Status.UNKNOWN:
        remedy = "Nothing to do for the rollback. Look at it by day."
        return warned(f"{outcome.message} Only a warning: release.json is the evidence of a rollback.", remedy)
    return outcome


def _silent(message: str, required: bool) -> Outcome:
    if not required:
        return skipped(message)
    return Outcome(Status.UNKNOWN, f"{message} The input check-origin requires it.", _SAY_IT)


def _worst(outcomes: Sequence[Outcome], image: Image) -> Outcome:
    """Return the outcome that decides where there are several: what one platform does not say, nobody knows."""
    if not outcomes:
        why = Unknown("its index lists no platform", "Push the image again, whole.")
        return unknown(f"What {image.name}:{image.tag} says", why)
    return min(outcomes, key=lambda one: _WORST_FIRST.index(one.status))


def _on(what: str, origin: Origin) -> str:
    return f"{what} ({origin.platform})" if origin.platform else what


ORIGIN_RULES: tuple[Rule[ComponentFacts], ...] = (pin_origin,)
CONTENTS_RULES: tuple[Rule[StackImageFacts], ...] = (stack_contents,)
