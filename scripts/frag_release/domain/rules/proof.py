"""Rules on a component's repository, CI and registry: does the chosen tag stand for what it claims."""

from __future__ import annotations

from collections.abc import Sequence

from ..evidence import Image, Run, Unknown
from ..facts import ComponentFacts, Recorded
from ..findings import Outcome
from .ci_runs import is_named, latest_runs, names_of
from .pins import NO_TAG
from .rule import Rule, either, failed, passed, rule, skipped, unknown

MUTABLE = "That release is not immutable: anyone with write access can change its release.json."
NO_SUCH_TAG = "The tag itself was not found."


@rule(
    "pin-exists",
    "component",
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
    if facts.commit:
        return passed(f"{repository} has the tag {pin.tag}, at {facts.commit[:12]}.")
    near = f" Nearest: {', '.join(facts.hints.near)}." if facts.hints.near else ""
    return failed(
        f"{repository} has no tag {pin.tag!r}.",
        f"Pin a tag that exists, or push the missing tag to {repository}.{near}{_newest(facts)}",
    )


@rule(
    "pin-shadowed",
    "component",
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
    return failed(
        f"{repository} has a branch named {pin.tag!r} beside the tag: its build and its image could pass for the "
        "tag's.",
        f"Delete or rename the branch {pin.tag!r} in {repository}, then build the tag again.",
    )


@rule(
    "pin-on-branch",
    "component",
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
        f"Pin a tag that is on {wanted}, or merge {facts.commit[:12]} there and give it a new tag.{_newest(facts)}",
    )


@rule(
    "pin-ci",
    "component",
    fails_when="the tag's own CI run failed or was skipped or cancelled; missing or still running is `unknown`; "
    "a green *branch* run of the same commit does not count",
    remedy="Run the component's CI for that tag again until it passes, or pin a tag whose CI passed.",
    mends_elsewhere=True,
)
def pin_ci(facts: ComponentFacts) -> Outcome:
    """The component's CI has passed for this very tag."""
    pin, component = facts.pin, facts.pin.component
    if facts.runs is None:
        return skipped("Switched off by check-ci.")
    if not facts.commit or isinstance(facts.commit, Unknown):
        return skipped(NO_SUCH_TAG)
    if isinstance(facts.runs, Unknown):
        return unknown(f"The CI of {component.repository} for {pin.tag}", facts.runs)
    runs = latest_runs([run for run in facts.runs if run.head_sha == facts.commit])
    recorded = None if runs else _recorded_pass(facts)
    if recorded:
        return recorded
    if not component.ci_workflows:
        return _judge_runs(facts, runs)
    chosen = [run for run in runs if any(is_named(run, name) for name in component.ci_workflows)]
    missing = [name for name in component.ci_workflows if not any(is_named(run, name) for run in runs)]
    return _no_run(facts, f"of {', '.join(missing)}") if missing else _judge_runs(facts, chosen)


@rule(
    "pin-image",
    "component",
    fails_when='the registry has no such image (401/403/429/5xx are `unknown`, never "absent")',
    remedy="Let the component's CI push the image for that tag, or pin a tag whose image is there.",
    mends_elsewhere=True,
)
def pin_image(facts: ComponentFacts) -> Outcome:
    """The image that the stack is made from can be pulled."""
    pin = facts.pin
    if facts.image is None:
        used = pin.component.image_name(pin.namespace) is not None
        return skipped("Switched off by check-images." if used else "The stack uses no image of it.")
    if not pin.tag:
        return skipped(NO_TAG)
    if isinstance(facts.image, Unknown):
        return unknown(f"The image {pin.component.image_name(pin.namespace)}:{pin.tag}", facts.image)
    if facts.image.digest:
        return passed(f"{facts.image.name}:{facts.image.tag} is in the registry, as {facts.image.digest[:19]}.")
    return failed(
        f"The registry has no image {facts.image.name}:{facts.image.tag}.",
        f"Run the CI of {pin.component.repository} for {pin.tag} again so that it pushes the image, or pin a tag "
        "whose image is there.",
    )


PROOF_RULES: tuple[Rule[ComponentFacts], ...] = (pin_exists, pin_shadowed, pin_on_branch, pin_ci, pin_image)


def _judge_runs(facts: ComponentFacts, runs: Sequence[Run]) -> Outcome:
    if not runs:
        return _no_run(facts, "of a push of this tag")
    broken = [run for run in runs if run.status == "completed" and run.conclusion != "success"]
    if broken:
        return _broken(facts, broken)
    running = [run for run in runs if run.status != "completed"]
    if running:
        why = Unknown(
            f"{names_of(running)} is still {running[0].status.replace('_', ' ')}",
            f"Wait until it has ended ({running[0].url}), then run this again.",
        )
        return unknown(f"The CI of {facts.pin.component.repository} for {facts.pin.tag}", why, running[0].url)
    return passed(f"{names_of(runs)} passed for {facts.pin.tag}.", runs[0].url)


def _recorded_pass(facts: ComponentFacts) -> Outcome | None:
    """Return the pass that an earlier release proves: CI passed for what the pin still is, same commit, same image."""
    record = facts.recorded
    if not isinstance(record, Recorded) or _why_not(facts, record):
        return None
    how = f"release.json of {record.tag} recorded that it passed, for the same commit and the same image."
    mutable = "" if record.frozen else f" {MUTABLE}"
    return passed(f"GitHub has forgotten the run for {facts.pin.tag}; {how}{mutable}")


def _why_not(facts: ComponentFacts, record: Recorded) -> str:
    """Say why a record proves nothing; empty where it does."""
    if not record.ci_passed:
        return "its CI was not found to have passed then"
    if record.commit != facts.commit:
        return "the tag stood for another commit then"
    digest = facts.image.digest if isinstance(facts.image, Image) else None
    return "" if digest and record.digest == digest else "it was another image, or either is not known"


def _unhelpful_record(facts: ComponentFacts) -> str:
    record = facts.recorded
    if isinstance(record, Unknown):
        return f", and {record.reason}"
    return f", and release.json of {record.tag} does not stand in: {_why_not(facts, record)}" if record else ""


def _broken(facts: ComponentFacts, runs: Sequence[Run]) -> Outcome:
    pin, name = facts.pin, facts.pin.component.name
    ended = ", ".join(f"{run.name} ended as {run.conclusion or 'unknown'}" for run in runs)
    return failed(
        f"The CI of {pin.component.repository} did not pass for {pin.tag}: {ended}.",
        f"Open {runs[0].url}, mend what is wrong and run it again, or pin a tag whose CI passed. If that workflow "
        f"says nothing about the release, name those that do in {name}-ci-workflows.",
        runs[0].url,
    )


def _no_run(facts: ComponentFacts, what: str) -> Outcome:
    pin = facts.pin
    why = Unknown(
        f"there is no run {what} for {facts.commit}{_unhelpful_record(facts)}",
        f"If the tag was just pushed, wait and run this again. Otherwise push {pin.tag} to "
        f"{pin.component.repository} again: GitHub starts no run when more than three tags are pushed at once, and "
        "none for a tag that a workflow's own token made. A green run of a branch does not count.",
    )
    return unknown(f"The CI of {pin.component.repository} for {pin.tag}", why)


def _newest(facts: ComponentFacts) -> str:
    if not facts.hints.newest:
        return ""
    return f" The newest tag that is on {either(facts.pin.component.branches)} is {facts.hints.newest}."
