"""Rules on a component's repository, its registry and its image: does the chosen tag stand for what it claims?"""

from __future__ import annotations

from collections.abc import Sequence

from ..evidence import PUSH, Image, Unknown
from ..facts import ComponentFacts, StackImageFacts
from ..findings import Outcome, Status
from ..origin import JudgedImage, Material, Origin
from .pin_ci import files_of, pin_ci
from .pins import AFTER_TAGGING, NO_SUCH_TAG, NO_TAG
from .rule import JUDGED, NOTHING_TO_SAY, Occasion, Rule, either, failed, passed, placed, rule, skipped, unknown, warned

_OFF = "Switched off by check-origin."
_SAY_IT = "Have the CI build it with provenance (docs/gate.md has the line), or set check-origin to check."
_NO_FAILURE = ("skipped", "neutral", "cancelled", "stale", "action_required")
"""Conclusions that say nothing against a commit: such a run did not come to an end, or had nothing to do."""
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


@rule(
    "pin-exists",
    ComponentFacts,
    when=JUDGED | {Occasion.COMPARISON},
    column="tag",
    fails_when="the repository has no such tag (the remedy names the nearest)",
    remedy="Pin a tag that exists, or push the missing tag to the component's repository.",
    allowable=False,
    mends_elsewhere=True,
)
def pin_exists(facts: ComponentFacts) -> Outcome:
    """The version chosen is a tag of the component's repository."""
    pin, repository = facts.pin, facts.pin.component.repository
    if not pin.tag:
        return skipped(NO_TAG)
    if isinstance(facts.commit, Unknown):
        return unknown(f"Whether {repository} has the tag {pin.tag!r}", facts.commit)
    if facts.is_planned:
        return passed(f"{repository} has {str(facts.commit)[:12]}, which the tag {pin.tag} is for.")
    if facts.commit:
        return passed(f"{repository} has the tag {pin.tag}, at {facts.commit[:12]}.")
    near = f" Nearest: {', '.join(facts.hints.near)}." if facts.hints.near else ""
    return failed(
        f"{repository} has no tag {pin.tag!r}.",
        f"Pin a tag that exists, or push the missing tag to {repository}.{near}{facts.newest}",
    )


@rule(
    "pin-shadowed",
    ComponentFacts,
    column="tag",
    fails_when="a *branch* has the tag's name: its build could pass for the tag's",
    remedy="Delete or rename the branch in the component's repository.",
    allowable=False,
    mends_elsewhere=True,
)
def pin_shadowed(facts: ComponentFacts) -> Outcome:
    """Nothing else in the repository bears the tag's name."""
    pin, repository = facts.pin, facts.pin.component.repository
    if not pin.tag:
        return skipped(NO_TAG)
    if isinstance(facts.shadow, Unknown):
        return unknown(f"Whether {repository} has a branch named {pin.tag!r}", facts.shadow)
    if facts.shadow is None:
        return passed(f"No branch of {repository} is named {pin.tag}.")
    beside, then = "beside the tag", "build the tag again"
    if facts.is_planned or facts.commit is None:
        beside, then = "as the tag would be", "run this again: it makes the tag" if facts.is_planned else "make the tag"
    return failed(
        f"{repository} has a branch named {pin.tag!r} {beside}: its build and its image could pass for the tag's.",
        f"Delete or rename the branch {pin.tag!r} in {repository}, then {then}.",
    )


@rule(
    "pin-on-branch",
    ComponentFacts,
    column="branch",
    fails_when="the tag's commit is not on a production branch (the remedy names the newest tag that is)",
    remedy="Pin a tag of the production branch, or merge the commit there and give it a new tag.",
    allowable=False,
    mends_elsewhere=True,
)
def pin_on_branch(facts: ComponentFacts) -> Outcome:
    """Only what was merged to production reaches production."""
    pin, component = facts.pin, facts.pin.component
    if not facts.commit or isinstance(facts.commit, Unknown):
        return skipped(NO_SUCH_TAG)
    wanted = either(component.branches)
    return placed(pin.tag, component.repository, component.branches, facts.placement) or failed(
        f"{pin.tag} of {component.repository} is not on {wanted}.",
        f"Pin a tag that is on {wanted}, or merge {facts.commit[:12]} there and give it a new tag.{facts.newest}",
    )


@rule(
    "pin-image",
    ComponentFacts,
    when=JUDGED | {Occasion.COMPARISON},
    column="image",
    fails_when='the registry has no such image (401/403/429/5xx are `unknown`, never "absent")',
    remedy="Let the component's CI push the image for that tag, or pin a tag whose image is there.",
    mends_elsewhere=True,
)
def pin_image(facts: ComponentFacts) -> Outcome:
    """The image that the stack is made from can be pulled."""
    pin = facts.pin
    if facts.image is None:
        return _not_looked_up(facts)
    if facts.is_planned:
        return skipped(AFTER_TAGGING)
    if not pin.tag:
        return skipped(NO_TAG)
    if isinstance(facts.image, Unknown):
        return unknown(f"The image {pin.image_name}:{pin.image_tag}", facts.image)
    if facts.image.digest:
        return passed(f"{facts.image.name}:{facts.image.tag} is in the registry, as {facts.image.digest[:19]}.")
    return failed(
        f"The registry has no image {facts.image.name}:{facts.image.tag}.",
        f"Run the CI of {pin.component.repository} for {pin.tag} again so that it pushes the image, or pin a tag "
        "whose image is there.",
    )


@rule(
    "branch-ci",
    ComponentFacts,
    when={Occasion.PLAN},
    column="CI",
    fails_when="prepare, for `new`: a finished run of a push to the production branch failed at that commit; the "
    "tag's own run is judged afterwards",
    remedy="Run it again until it passes, or mend the branch: then `new` is another commit.",
    mends_elsewhere=True,
)
def branch_ci(facts: ComponentFacts) -> Outcome:
    """What is about to be tagged has not failed on its branch."""
    component, runs = facts.pin.component, facts.branch_runs
    if runs is None:
        return NOTHING_TO_SAY  # no new tag is made of it, or check-ci is false
    what = f"The CI of {component.repository} on {either(component.branches)} for {str(facts.commit)[:12]}"
    if isinstance(runs, Unknown):
        return unknown(what, runs)
    pushed = sorted((run for run in runs if run.event == PUSH), key=lambda run: run.id)
    if failure := next((run for run in pushed if run.failed and run.conclusion not in _NO_FAILURE), None):
        return failed(
            f"{what} did not pass: {failure.file} ended as {failure.conclusion or 'unknown'}.",
            f"Open {failure.url} and run it again until it passes, or mend the branch and run this again.",
            failure.url,
        )
    over = [run for run in pushed if run.is_over]
    if over and len(over) == len(pushed):
        return passed(f"{what} did not fail: {files_of(over)}.", over[0].url)
    seen = f"{files_of([run for run in pushed if not run.is_over])} still runs" if pushed else "there was none"
    return passed(f"{what}: {seen}. The tag's own run decides.")


def _not_looked_up(facts: ComponentFacts) -> Outcome:
    pin, given_in = facts.pin, facts.pin.component.given_in("image")
    if pin.image_name is None:
        return warned(
            f"The image of {pin.component.repository} is not verified: {given_in} is none.",
            f"If the stack uses no image of it, leave it so. Otherwise name the image in {given_in}.",
            instead_of=Status.SKIPPED,
        )
    return warned(
        f"Whether the registry has {pin.image_name}:{pin.image_tag} is not verified: check-images is false.",
        "Set check-images to true.",
        instead_of=Status.SKIPPED,
    )


PROOF_RULES: tuple[Rule[ComponentFacts], ...] = (pin_exists, pin_shadowed, pin_on_branch, pin_ci, pin_image)
