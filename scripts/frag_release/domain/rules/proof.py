"""Rules on a component's repository and registry: does the chosen tag stand for what it claims."""

from __future__ import annotations

from ..evidence import PUSH, Unknown
from ..facts import ComponentFacts
from ..findings import Outcome, Status
from .pin_ci import files_of, pin_ci
from .pins import AFTER_TAGGING, NO_SUCH_TAG, NO_TAG
from .rule import JUDGED, NOTHING_TO_SAY, Occasion, Rule, either, failed, passed, rule, skipped, unknown, warned


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
    if isinstance(facts.placement, Unknown):
        return unknown(f"Whether {pin.tag} is on {wanted} of {component.repository}", facts.placement)
    if facts.placement.branches:
        return passed(f"{pin.tag} is on {either(sorted(facts.placement.branches))} of {component.repository}.")
    return failed(
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
        return unknown(f"The image {pin.component.image_name(pin.namespace)}:{pin.image_tag}", facts.image)
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


PROOF_RULES: tuple[Rule[ComponentFacts], ...] = (pin_exists, pin_shadowed, pin_on_branch, pin_ci, pin_image)

_NO_FAILURE = ("skipped", "neutral", "cancelled", "stale", "action_required")
"""Conclusions that say nothing against a commit: such a run did not come to an end, or had nothing to do."""


def _not_looked_up(facts: ComponentFacts) -> Outcome:
    pin, given_in = facts.pin, facts.pin.component.given_in("image")
    image = pin.component.image_name(pin.namespace)
    if image is None:
        return warned(
            f"The image of {pin.component.repository} is not verified: {given_in} is none.",
            f"If the stack uses no image of it, leave it so. Otherwise name the image in {given_in}.",
            instead_of=Status.SKIPPED,
        )
    return warned(
        f"Whether the registry has {image}:{pin.image_tag} is not verified: check-images is false.",
        "Set check-images to true.",
        instead_of=Status.SKIPPED,
    )
