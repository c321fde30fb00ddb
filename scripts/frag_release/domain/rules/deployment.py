"""Rules on what is about to be deployed."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from ..evidence import Image, Unknown
from ..facts import StackImageFacts
from ..findings import Outcome, Status
from .rule import Occasion, Rule, failed, passed, rule, skipped, unknown, warned

if TYPE_CHECKING:  # few runs ask for records
    from ..deployment_records import Record, Staging

_BEST_FIRST = (Status.PASS, Status.WARN, Status.UNKNOWN, Status.FAIL)


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
