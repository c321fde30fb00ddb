"""Rules on a component's repository and its image in the registry: is the chosen tag what it claims to be?"""

from __future__ import annotations

from collections.abc import Sequence

from ..evidence import PUSH, Image, Unknown
from ..facts import ComponentFacts, StackImageFacts
from ..findings import Outcome, Status
from ..origin import JudgedImage, Material, Origin
from .pin_ci import files_of, pin_ci
from .pins import AFTER_TAGGING, NO_SUCH_TAG, NO_TAG
from .rule import JUDGED, NO_FINDING, Occasion, Rule, either, failed, passed, placed, rule, skipped, unknown, warned

_OFF = "Switched off by check-origin."
_ADD_PROVENANCE = "Have the CI build it with provenance (docs/gate.md has the line), or set check-origin to check."
_NO_FAILURE = ("skipped", "neutral", "cancelled", "stale", "action_required")
"""Conclusions that are no evidence against a commit: such a run did not finish, or had nothing to do."""
_WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.WARN, Status.SKIPPED, Status.PASS)


@rule(
    "pin-origin",
    ComponentFacts,
    column="image",
    fails_when="the image says that it was built from a commit other than the tag's; if it names no commit, this is "
    "`skipped`, and if its provenance cannot be read, `unknown`",
    remedy="Run the component's CI for that tag again, so that it pushes an image of its commit, or pin another tag.",
    fixable_elsewhere=True,
)
def pin_origin(facts: ComponentFacts) -> Outcome:
    """The image under the tag states that it was built from the tag's commit."""
    image, tag = facts.image, facts.pin.tag
    if not tag:
        return skipped(NO_TAG)
    if not isinstance(image, Image) or not image.digest:
        return skipped("There is no image whose origin could be read.")
    if image.origins is None:
        return skipped(_OFF)
    if not isinstance(facts.commit, str):
        return skipped(NO_SUCH_TAG)
    if isinstance(image.origins, Unknown):
        return unknown(f"which commit {image.name}:{tag} was built from", image.origins)
    return _worst([_of_platform(facts, image, facts.commit, one) for one in image.origins.platforms], image)


@rule(
    "stack-contents",
    StackImageFacts,
    when={Occasion.BUILT, Occasion.DEPLOYMENT, Occasion.AUDIT},
    column="image",
    fails_when="publish, deploy: the stack image says that it was built from images other than the pair that was "
    "judged",
    remedy="Build the stack again from the digests in the gate's outputs, under the next free tag.",
)
def stack_contents(facts: StackImageFacts) -> Outcome:
    """The stack's image states that it was built from the pair that was judged."""
    image, judged = facts.image, [one for one in facts.pair if one.digest]
    if image is None:
        return skipped(facts.unasked)
    if not isinstance(image, Image) or not image.digest or (facts.expected and image.digest != facts.expected):
        return skipped("The stack's image was not found as expected, so its contents were not read.")
    if image.origins is None:
        return skipped(_OFF)
    if not judged:
        return skipped("No image of the pair was looked up to compare with.")
    if isinstance(image.origins, Unknown):
        return _mild(facts, unknown(f"what went into {image.name}:{image.tag}", image.origins))
    return _mild(facts, _worst([_of_contents(facts, image, one, judged) for one in image.origins.platforms], image))


def _of_platform(facts: ComponentFacts, image: Image, commit: str, origin: Origin | Unknown) -> Outcome:
    what = f"{image.name}:{image.tag}"
    if isinstance(origin, Unknown):
        return unknown(f"which commit {what} was built from", origin)
    what, repository = _on(what, origin), facts.pin.component.repository
    if not origin.commit:
        return _silent(
            f"{what} does not say which commit it was built from: {origin.why_no_commit}.", facts.origin_required
        )
    claim = f"{what} says that it was built from {origin.commit[:12]}{'-dirty' * origin.dirty}"
    if (origin.source or origin.by_labels) and not origin.is_of(repository):
        return _silent(_of_another(claim, origin, repository), facts.origin_required)
    if not commit.startswith(origin.commit):
        if isinstance(facts.tag_object, Unknown):
            return unknown(f"whether {origin.commit[:12]} is the tag object of {image.tag}", facts.tag_object)
        if not (facts.tag_object or "").startswith(origin.commit):
            return failed(
                f"{claim}, but the tag {facts.pin.tag} of {repository} is at {commit[:12]}.",
                f"Run the CI of {repository} for {facts.pin.tag} again so that it pushes an image of {commit[:12]}, or "
                "pin another tag. If the image was pushed by hand, find out who did.",
            )
    if origin.dirty:
        return warned(
            f"{claim}: it was built with uncommitted changes.",
            f"Have the CI of {repository} build the image from a clean checkout.",
        )
    return passed(f"{claim} of {repository}.")


def _of_another(claim: str, origin: Origin, repository: str) -> str:
    if not origin.source:
        return f"{claim}, but its labels name no repository, so they may be those of its base image."
    place = origin.source if "/" in origin.source else "a repository that cannot be read"
    return f"{claim} of {place}, not of {repository}."


def _of_contents(
    facts: StackImageFacts, image: Image, origin: Origin | Unknown, judged: Sequence[JudgedImage]
) -> Outcome:
    what = f"{image.name}:{image.tag}"
    if isinstance(origin, Unknown):
        return unknown(f"what went into {what}", origin)
    what = _on(what, origin)
    if not origin.materials:
        why = (
            origin.why_no_commit
            if origin.materials is None and origin.why_no_commit
            else "its provenance lists no image"
        )
        return _silent(f"{what} does not say which images went into it: {why}.", facts.origin_required)
    return _worst([_of_judged(what, one, origin.materials) for one in judged], image)


def _of_judged(what: str, judged: JudgedImage, materials: Sequence[Material]) -> Outcome:
    also = frozenset() if isinstance(judged.manifests, Unknown) else judged.manifests
    wrong = [one for one in materials if one.name == judged.name and one.digest not in {judged.digest, *also}]
    found = [one for one in materials if one.digest in {judged.digest, *also}]
    if not wrong and found:
        return passed(f"{what} says that {judged.name}@{found[0].digest[:19]} went into it, which was judged.")
    if any(not one.digest for one in wrong):
        why = Unknown(
            "its provenance does not name the digest", "Build the stack again so that its provenance names it."
        )
        return unknown(f"which {judged.name} went into {what}", why)
    if isinstance(judged.manifests, Unknown):
        return unknown(f"that the {judged.name} that was judged went into {what}", judged.manifests)
    others = [f"{one.name}@{one.digest}" for one in (wrong or materials) if one.name and one.digest][:3]
    return failed(
        f"{what} says that {' and '.join(others) or 'other images'} went into it, but {judged.name}@{judged.digest} "
        "was judged.",
        "Do not deploy it. Build the stack from the digests in the gate's output `components` (`image` of each), "
        "under the next free tag.",
    )


def _mild(facts: StackImageFacts, outcome: Outcome) -> Outcome:
    """Unreadable provenance does not block a rollback, whose evidence is its record; a contradiction does."""
    if facts.rollback and outcome.status is Status.UNKNOWN:
        remedy = "Nothing to do for the rollback. Look into it later."
        return warned(f"{outcome.message} Only a warning: release.json is the evidence of a rollback.", remedy)
    return outcome


def _silent(message: str, required: bool) -> Outcome:
    if not required:
        return skipped(message)
    return Outcome(Status.UNKNOWN, f"{message} The input check-origin requires it.", _ADD_PROVENANCE)


def _worst(outcomes: Sequence[Outcome], image: Image) -> Outcome:
    """Return the worst of the outcomes, one for each platform: it decides for the image."""
    if not outcomes:
        why = Unknown("its index lists no platform", "Push the image again, with all its platforms.")
        return unknown(f"what {image.name}:{image.tag} was built from", why)
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
    fixable_elsewhere=True,
)
def pin_exists(facts: ComponentFacts) -> Outcome:
    """The chosen version is a tag of the component's repository."""
    pin, repository = facts.pin, facts.pin.component.repository
    if not pin.tag:
        return skipped(NO_TAG)
    if isinstance(facts.commit, Unknown):
        return unknown(f"that {repository} has the tag {pin.tag!r}", facts.commit)
    if facts.is_planned:
        return passed(f"{repository} has {str(facts.commit)[:12]}, the commit to be tagged as {pin.tag}.")
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
    fails_when="a *branch* has the tag's name: its build could be mistaken for the tag's",
    remedy="Delete or rename the branch in the component's repository.",
    allowable=False,
    fixable_elsewhere=True,
)
def pin_shadowed(facts: ComponentFacts) -> Outcome:
    """No branch of the repository has the tag's name."""
    pin, repository = facts.pin, facts.pin.component.repository
    if not pin.tag:
        return skipped(NO_TAG)
    if isinstance(facts.shadow, Unknown):
        return unknown(f"that no branch of {repository} is named {pin.tag!r}", facts.shadow)
    if facts.shadow is None:
        return passed(f"No branch of {repository} is named {pin.tag}.")
    then = "build the tag again" if facts.commit is not None else "create the tag"
    then = "run this again: it creates the tag" if facts.is_planned else then
    return failed(
        f"{repository} has a branch named {pin.tag!r}, like the tag: its build and image could be mistaken for the "
        "tag's.",
        f"Delete or rename the branch {pin.tag!r} in {repository}, then {then}.",
    )


@rule(
    "pin-on-branch",
    ComponentFacts,
    column="branch",
    fails_when="the tag's commit is not on a production branch (the remedy names the newest tag that is)",
    remedy="Pin a tag of the production branch, or merge the commit there and give it a new tag.",
    allowable=False,
    fixable_elsewhere=True,
)
def pin_on_branch(facts: ComponentFacts) -> Outcome:
    """Only what was merged to the production branch reaches production."""
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
    fixable_elsewhere=True,
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
        return unknown(f"the image {pin.image_name}:{pin.image_tag}", facts.image)
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
    remedy="Re-run it until it passes, or fix the branch: then `new` is another commit.",
    fixable_elsewhere=True,
)
def branch_ci(facts: ComponentFacts) -> Outcome:
    """The commit that is about to be tagged has not failed on its branch."""
    component, runs = facts.pin.component, facts.branch_runs
    if runs is None:
        return NO_FINDING  # it gets no new tag, or check-ci is false
    what = f"CI of {component.repository} on {either(component.branches)} for {str(facts.commit)[:12]}"
    if isinstance(runs, Unknown):
        return unknown(f"the {what}", runs)
    pushed = sorted((run for run in runs if run.event == PUSH), key=lambda run: run.id)
    if failure := next((run for run in pushed if run.failed and run.conclusion not in _NO_FAILURE), None):
        return failed(
            f"The {what} did not pass: {failure.file} ended as {failure.conclusion or 'unknown'}.",
            f"Open {failure.url} and re-run it until it passes, or fix the branch and run this again.",
            failure.url,
        )
    over = [run for run in pushed if run.is_over]
    if over and len(over) == len(pushed):
        return passed(f"The {what} did not fail: {files_of(over)}.", over[0].url)
    state = f"{files_of([run for run in pushed if not run.is_over])} is still running" if pushed else "there is no run"
    return passed(f"The {what}: {state}. The tag's own run decides.")


def _not_looked_up(facts: ComponentFacts) -> Outcome:
    pin, given_in = facts.pin, facts.pin.component.given_in("image")
    if pin.image_name is None:
        return warned(
            f"The image of {pin.component.repository} is not verified: {given_in} is none.",
            f"If the stack uses no image of it, leave it. Otherwise name the image in {given_in}.",
            instead_of=Status.SKIPPED,
        )
    return warned(
        f"The image {pin.image_name}:{pin.image_tag} is not verified: check-images is false.",
        "Set check-images to true.",
        instead_of=Status.SKIPPED,
    )


PROOF_RULES: tuple[Rule[ComponentFacts], ...] = (pin_exists, pin_shadowed, pin_on_branch, pin_ci, pin_image)
