"""Rules on what is about to be deployed: is it still what was judged and built?"""

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


_RELEASE_AGAIN = "Do not deploy it. Find out who pushed it, and release again under the next free tag."
_BEST_FIRST = (Status.PASS, Status.WARN, Status.UNKNOWN, Status.FAIL)


@dataclass(frozen=True)
class Expected:
    """What the gate judged and the build used; empty values are not checked.

    `digests` are those of the components' images, by component name.
    """

    stack_commit: str = ""
    stack_digest: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)


def differences(
    expected: Expected, commit: str, images: Mapping[str, Answer[Image]], tags: Mapping[str, str]
) -> list[Finding]:
    """Return a finding, with old and new value, for each expectation that is not met or could not be verified.

    `commit` is the stack's now; `images` has each component's image, `tags` the tag of each subject. The stack's
    own image is left to its rule, `stack-image`.
    """
    found = []
    if expected.stack_commit and commit != expected.stack_commit:
        message = f"The stack was judged and built at {expected.stack_commit}, but is at {commit or 'no commit'} now."
        remedy = "Do not run this again. Give the commit you mean a new tag, which starts a run of its own."
        found.append(tag_commit.finding(failed(message, remedy), About("stack", tags.get("stack", ""))))
    for name, digest in expected.digests.items():
        image = images.get(name, Unknown("it was not looked up"))
        finding = _of_image(name, tags.get(name, ""), digest, image) if digest else None
        found += [finding] if finding else []
    return found


def _of_image(name: str, tag: str, expected: str, image: Answer[Image]) -> Finding | None:
    if isinstance(image, Unknown):
        return pin_image.finding(unknown(f"that the {name}'s image is still {expected}", image), About(name, tag))
    if image.digest == expected:
        return None
    now = f"is {image.digest} now" if image.digest else "is gone"
    message = f"The image {image.name}:{image.tag} was {expected} when it was judged, but {now}."
    return pin_image.finding(failed(message, _RELEASE_AGAIN), About(name, tag))


def with_differences(findings: Sequence[Finding], found: Sequence[Finding]) -> list[Finding]:
    """Replace findings by the differences `found` under the same key; a finding that blocks stays."""
    by_key = {one.key: one for one in found}
    kept = [by_key.pop(one.key, one) if not one.status.blocks else one for one in findings]
    blocked = {one.key for one in kept if one.status.blocks}
    return [*kept, *(one for key, one in by_key.items() if key not in blocked)]


@rule(
    "stack-image",
    StackImageFacts,
    when={Occasion.DEPLOYMENT, Occasion.AUDIT, Occasion.COMPARISON},
    column="image",
    fails_when="deploy: the stack image is missing, or its digest is not the expected one or the one that its release "
    "records",
    remedy="Deploy what was built: release it again under the next free tag, and find out who pushed the other image.",
)
def stack_image(facts: StackImageFacts) -> Outcome:
    """The image that will be pulled is the one that the build pushed."""
    if other := _other_than_released(facts):
        return other
    if facts.image is None:
        return skipped(facts.unasked)
    reference = f"{facts.name}:{facts.tag}"
    if isinstance(facts.image, Unknown):
        return unknown(f"the image {reference}", facts.image)
    now = facts.image.digest
    if now is None:
        return failed(
            f"The registry has no image {reference}.",
            "Check that the build has pushed it, under this very name (input stack-image) and tag.",
        )
    if not facts.expected:
        return passed(f"{reference} is in the registry, as {now}. No digest is expected.")
    if now == facts.expected:
        return passed(f"{reference} is in the registry, as {now}, which is the expected digest.")
    return failed(
        f"The image {reference} was {facts.expected} and is {now} now: another image was pushed under its tag.",
        _RELEASE_AGAIN,
    )


def _other_than_released(facts: StackImageFacts) -> Outcome | None:
    """Compare the image to be deployed with the public release of its tag; None unless they differ."""
    public, there = facts.public, facts.image.digest if isinstance(facts.image, Image) else None
    wanted = facts.expected or there
    if public is None or not wanted:
        return None
    if isinstance(public, Unknown):
        return unknown(f"that {facts.tag} was not released as another image", public)
    if public.digest in ("", wanted):
        return None
    return failed(
        f"release.json of {facts.tag} records {public.digest}, but {wanted} was to be deployed under that tag: another "
        "build pushed over it.",
        _RELEASE_AGAIN,
        public.url,
    )


@rule(
    "staged",
    StackImageFacts,
    when={Occasion.DEPLOYMENT},
    column="image",
    fails_when="deploy to production, with `staging-minutes`: no believed deployment record of staging has the same "
    "digest of the stack's image, or it was not the newest there for that many minutes",
    remedy="Deploy that image to staging and let it run there, then run this again.",
    fixable_elsewhere=True,
)
def staged(facts: StackImageFacts) -> Outcome:
    """The image that goes to production was on staging before."""
    staging = facts.staging
    if facts.rollback:
        return skipped("A rollback deploys what ran in production before.")
    if staging is None:
        return skipped("Only checked for a deployment to production, with staging-minutes.")
    if isinstance(staging, Unknown):
        return unknown(f"that {facts.tag} was on staging", staging)
    stays = [_stayed(facts.tag, staging, one) for one in staging.same if one.is_believed]
    return min(stays, key=lambda one: _BEST_FIRST.index(one.status), default=_never_staged(facts.tag, staging))


def _stayed(tag: str, staging: Staging, record: Record) -> Outcome:
    where, later, minutes = record.filed.environment, staging.after(record), staging.minutes
    message = f"{tag} has been on {where} as the same image since {_at(record.since)}"
    replaced = next((one for one in later if one.is_believed), None)
    if replaced:
        return failed(
            f"{tag} was on {where} as the same image from {_at(record.since)}, but {replaced.tag} replaced it at "
            f"{_at(replaced.filed.created)}, before it had stayed for {minutes} minutes.",
            f"Deploy {tag} to {where} again, let it run for {minutes} minutes, then run this again.",
        )
    if unseen := next((one for one in later if one.unseen), None):
        return unknown(f"that {unseen.tag} has not replaced {tag} on {where}", Unknown(unseen.doubt))
    if rolling := next((one for one in later if one.goes_on), None):
        why = Unknown("its deployment goes on", "Run this again when that deployment has ended.")
        return unknown(f"that {rolling.tag} has not replaced {tag} on {where}", why)
    if staging.now < staging.until(record):
        # Rounded up, so that the time shown is not some seconds too early.
        again = _at(staging.until(record) + datetime.timedelta(seconds=59))
        return failed(f"{message}, but must stay there for {minutes} minutes.", f"Run this again at {again}, or later.")
    if later:
        claims = f"A record of {later[0].tag or 'something else'} claims to have replaced it, which is not believed"
        return warned(f"{message}. {claims}: {later[0].doubt}.", f"Check the deployments of {where}.")
    return passed(f"{message}.")


def _never_staged(tag: str, staging: Staging) -> Outcome:
    if unseen := next((one for one in staging.same if one.unseen), None):
        return unknown(f"the record of {tag} on {unseen.filed.environment}", Unknown(unseen.doubt))
    if staging.same:
        first = staging.same[0]
        why = f"A record of {first.filed.environment} claims it, but is not believed: {first.doubt}."
    elif staging.tagged:
        why = f"The image that was there under this tag is another one, {staging.tagged[0]}."
    else:
        why = "No deployment record of an environment whose name contains `staging` has its digest."
    remedy = f"Deploy this image to staging, let it run there for {staging.minutes} minutes, then run this again."
    return failed(f"{tag} was not on staging as this image. {why}", remedy)


def _at(moment: datetime.datetime) -> str:
    return f"{moment:%H:%M} UTC on {moment:%Y-%m-%d}"


DEPLOYMENT_RULES: tuple[Rule[StackImageFacts], ...] = (stack_image, staged)
