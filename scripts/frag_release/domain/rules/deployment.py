"""Rules on what is about to be deployed, and what was judged and built, held against what is there at that moment."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...dataclass import dataclass, field
from ..evidence import Answer, Image, Unknown
from ..facts import About, StackImageFacts
from ..findings import Finding, Outcome, Status
from .proof import pin_image
from .rule import Occasion, Rule, failed, passed, rule, skipped, unknown, warned
from .stack import tag_commit

if TYPE_CHECKING:
    from ..deployment_records import Record, Staging


_ANEW = "Do not deploy it. Find out who changed it, and release anew under the next free tag."
_BEST_FIRST = (Status.PASS, Status.WARN, Status.UNKNOWN, Status.FAIL)


@dataclass(frozen=True)
class Expected:
    """What the gate judged and the build used; empty where nothing is expected.

    `digests` are those of the components' images, by the components' names.
    """

    stack_commit: str = ""
    stack_digest: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)


def differences(
    expected: Expected, commit: str, images: Mapping[str, Answer[Image]], tags: Mapping[str, str]
) -> list[Finding]:
    """Return a finding for each expectation that is not met, or of which nothing is known; it says old and new.

    `commit` is the stack's now; `images` has each component's image, `tags` the tag of each subject. The stack's
    own image has a rule, which needs no help from here.
    """
    found = []
    if expected.stack_commit and commit != expected.stack_commit:
        message = f"The stack was judged and built at {expected.stack_commit}, and {commit or 'no commit'} is it now."
        remedy = "Do not run this again. Give the commit you mean a new tag, which starts a run of its own."
        found.append(tag_commit.finding(failed(message, remedy), About("stack", tags.get("stack", ""))))
    for name, digest in expected.digests.items():
        image = images.get(name, Unknown("it was not looked up"))
        finding = _of_image(name, tags.get(name, ""), digest, image) if digest else None
        found += [finding] if finding else []
    return found


def _of_image(name: str, tag: str, expected: str, image: Answer[Image]) -> Finding | None:
    if isinstance(image, Unknown):
        what = f"Whether the {name}'s image is still {expected} could not be seen"
        return pin_image.finding(unknown(what, image), About(name, tag))
    if image.digest == expected:
        return None
    now = f"is {image.digest} now" if image.digest else "is gone"
    message = f"The image {image.name}:{image.tag} was {expected} when it was judged, and {now}."
    return pin_image.finding(failed(message, _ANEW), About(name, tag))


def with_differences(findings: Sequence[Finding], found: Sequence[Finding]) -> list[Finding]:
    """Put what differs in the place of what else was found by the same rule; a finding that blocks stays."""
    by_key = {one.key: one for one in found}
    kept = [by_key.pop(one.key, one) if not one.status.blocks else one for one in findings]
    blocked = {one.key for one in kept if one.status.blocks}
    return [*kept, *(one for key, one in by_key.items() if key not in blocked)]


@rule(
    "stack-image",
    StackImageFacts,
    when={Occasion.DEPLOYMENT, Occasion.AUDIT, Occasion.COMPARISON},
    column="image",
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


@rule(
    "staged",
    StackImageFacts,
    when={Occasion.DEPLOYMENT},
    column="image",
    fails_when="deploy to production, with `staging-minutes`: no deployment record of staging that is believed has the "
    "same digest of the stack's image, or it did not stay the newest there for so many minutes",
    remedy="Deploy that image to staging and let it run there, then run this again.",
    mends_elsewhere=True,
)
def staged(facts: StackImageFacts) -> Outcome:
    """What goes to production was on staging before, as the very same image."""
    staging = facts.staging
    if facts.rollback:
        return skipped("A rollback deploys what ran in production before.")
    if staging is None:
        return skipped("Only asked of a deployment to production, with staging-minutes.")
    if isinstance(staging, Unknown):
        return unknown(f"Whether {facts.tag} was on staging", staging)
    stays = [_stayed(facts.tag, staging, one) for one in staging.same if one.is_believed]
    return min(stays, key=lambda one: _BEST_FIRST.index(one.status), default=_never_staged(facts.tag, staging))


def _stayed(tag: str, staging: Staging, record: Record) -> Outcome:
    where, later, minutes = record.filed.environment, staging.after(record), staging.minutes
    told = f"{tag} is on {where} as the same image since {_at(record.since)}"
    replaced = next((one for one in later if one.is_believed), None)
    if replaced:
        return failed(
            f"{tag} was on {where} as the same image from {_at(record.since)}, and {replaced.tag} replaced it at "
            f"{_at(replaced.filed.created)}, before it had stayed for {minutes} minutes.",
            f"Deploy {tag} to {where} again, let it run for {minutes} minutes, then run this again.",
        )
    if unseen := next((one for one in later if one.unseen), None):
        return unknown(f"Whether {unseen.tag} has replaced {tag} on {where}", Unknown(unseen.doubt))
    if staging.now < staging.until(record):
        # Rounded up, so that nobody comes back some seconds too early.
        again = _at(staging.until(record) + datetime.timedelta(seconds=59))
        return failed(f"{told}, and has to stay there for {minutes} minutes.", f"Run this again at {again}, or later.")
    if later:
        claims = f"A record of {later[0].tag or 'something else'} claims to have replaced it, which is not believed"
        return warned(f"{told}. {claims}: {later[0].doubt}.", f"Look at the deployments of {where}.")
    return passed(f"{told}.")


def _never_staged(tag: str, staging: Staging) -> Outcome:
    if unseen := next((one for one in staging.same if one.unseen), None):
        return unknown(f"Whether the record of {tag} on {unseen.filed.environment} is true", Unknown(unseen.doubt))
    if staging.same:
        first = staging.same[0]
        why = f"A record of {first.filed.environment} claims it, and is not believed: {first.doubt}."
    elif staging.tagged:
        why = f"What was there under this tag is {staging.tagged[0]}, another image."
    else:
        why = "No deployment record of an environment whose name says `staging` has its digest."
    remedy = f"Deploy this image to staging, let it run there for {staging.minutes} minutes, then run this again."
    return failed(f"{tag} was not on staging as this image. {why}", remedy)


def _at(moment: datetime.datetime) -> str:
    return f"{moment:%H:%M} UTC on {moment:%Y-%m-%d}"


DEPLOYMENT_RULES: tuple[Rule[StackImageFacts], ...] = (stack_image, staged)
