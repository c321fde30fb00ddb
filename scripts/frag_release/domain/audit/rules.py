"""The rules on a release of the past.

They are the gate's own. Where the gate asks about now (does this run build what the tag means, would this
release take production back), the past has its own question under the same id: has the tag, a component's
tag or an image changed since `release.json` was written, and was a higher release there already?
"""

from __future__ import annotations

from typing import Any

from ..evidence import Image, Unknown
from ..facts import ComponentFacts, Recorded, StackImageFacts
from ..findings import Finding, Outcome
from ..release_record import ASSET, ReleaseRecord
from ..rules import CATALOGUE
from ..rules.deployment import stack_image
from ..rules.origin import stack_contents
from ..rules.pin_ci import MUTABLE, pin_ci
from ..rules.proof import pin_exists, pin_image
from ..rules.rule import Rule, either, failed, passed, skipped, unknown
from ..rules.stack import tag_commit, tag_order
from .facts import PastStackFacts

_NO_RECORD = f"The release has no {ASSET} to compare with."
MOVED = (
    "Find out who moved it and why. What was released is no longer what the tag says: release anew, under a new tag."
)
PUSHED_AGAIN = (
    "Find out who pushed it and why. Deploy by digest what was released, or release anew from images that are known."
)


def _tag_stayed(facts: PastStackFacts) -> Outcome:
    record = facts.record
    if isinstance(record, Unknown):
        return unknown(f"{ASSET} of {facts.tag}", record)
    if record is None:
        return skipped(_NO_RECORD)
    if isinstance(facts.tag_commit, Unknown):
        return unknown(f"What {facts.tag} of {facts.repository} points at", facts.tag_commit)
    if facts.tag_commit == record.commit:
        return passed(f"{facts.tag} points at {record.commit[:12]}, the commit that was released.{_mutable(record)}")
    now = f"now points at {facts.tag_commit[:12]}" if facts.tag_commit else "no longer exists"
    return failed(f"{facts.tag} of {facts.repository} {now}, but {record.commit[:12]} was released.", MOVED)


def _went_forward(facts: PastStackFacts) -> Outcome:
    if facts.date is None or isinstance(facts.date, Unknown):
        why = facts.date or Unknown("neither the tag nor its commit bears a date", "Look at the tag.")
        return unknown(f"When {facts.tag} of {facts.repository} was made", why)
    if isinstance(facts.higher, Unknown):
        return unknown(f"Whether a higher release was there when {facts.tag} was made", facts.higher)
    wanted = either(facts.branches)
    if not facts.higher:
        return passed(f"No higher release was on {wanted} when {facts.tag} was made.")
    return failed(
        f"{facts.higher[-1]} was already released on {wanted} of {facts.repository} when {facts.tag} was made "
        f"({facts.date:%Y-%m-%d}): deploying it took production back.",
        "Nothing is to be done about it now. Release under higher tags only; to go back on purpose, deploy the "
        "older release as a rollback.",
    )


def _stack_image_stayed(facts: PastStackFacts) -> Outcome:
    record, image = facts.record, facts.image
    if record is None or isinstance(record, Unknown):
        return skipped(_NO_RECORD)
    if not record.digest or not record.image:
        return skipped(f"{ASSET} of {facts.tag} names no digest of the stack's image.")
    if image is None:
        return skipped("Switched off by check-images or stack-image.")
    if isinstance(image, Unknown):
        return unknown(f"The image {record.image}", image)
    if image.digest is None:
        return failed(f"The registry no longer has the image {image.name}:{image.tag}.", PUSHED_AGAIN)
    return _same_image(image, record.digest, f"{facts.tag} was released as", _mutable(record))


def _contents_as_recorded(facts: PastStackFacts) -> Outcome:
    record, image = facts.record, facts.image
    if not isinstance(record, ReleaseRecord) or not record.digest:
        return skipped(_NO_RECORD)
    if image is None or (isinstance(image, Image) and image.origins is None):
        return skipped("Not asked: check-images or check-origin is off, or the release is not among the newest.")
    name, _, tag = record.image.rpartition(":")
    seen = StackImageFacts(name, tag, record.digest, image, pair=facts.pair, origin_required=facts.origin_required)
    return stack_contents.judge(seen)


def _component_tag_stayed(facts: ComponentFacts) -> Outcome:
    record, repository = facts.recorded, facts.pin.component.repository
    now = facts.commit if isinstance(facts.commit, str) else ""
    if not isinstance(record, Recorded) or not (record.commit and now) or now == record.commit:
        return pin_exists.judge(facts)
    return failed(
        f"{facts.pin.tag} of {repository} now points at {now[:12]}, but {record.tag} was made of "
        f"{record.commit[:12]}: the tag was moved.",
        MOVED,
    )


def _ci_if_asked(facts: ComponentFacts) -> Outcome:
    return skipped("Switched off by check-ci.") if facts.runs is None else pin_ci.judge(facts)


def _component_image_stayed(facts: ComponentFacts) -> Outcome:
    record, image = facts.recorded, facts.image
    if image is None:
        used = facts.pin.component.image_name(facts.pin.namespace) is not None
        return skipped("Switched off by check-images." if used else "The stack uses no image of it.")
    if not isinstance(record, Recorded) or not record.digest or not isinstance(image, Image) or image.digest is None:
        return pin_image.judge(facts)
    return _same_image(image, record.digest, f"{record.tag} was made of", _mutable(record))


def _mutable(record: ReleaseRecord | Recorded) -> str:
    return "" if record.frozen else f" {MUTABLE}"


def _same_image(image: Image, digest: str, what: str, more: str = "") -> Outcome:
    name = f"{image.name}:{image.tag}"
    if image.digest == digest:
        return passed(f"{name} is in the registry, still as {digest[:19]}.{more}")
    return failed(
        f"{name} is now {(image.digest or '')[:19]}, but {what} {digest[:19]}: it was pushed again.", PUSHED_AGAIN
    )


_OF_THE_PAST: dict[str, Rule[Any]] = {
    one.id: one
    for one in (
        tag_commit.judged_by(_tag_stayed, PastStackFacts),
        tag_order.judged_by(_went_forward, PastStackFacts),
        stack_image.judged_by(_stack_image_stayed, PastStackFacts),
        stack_contents.judged_by(_contents_as_recorded, PastStackFacts),
        pin_exists.judged_by(_component_tag_stayed, ComponentFacts),
        pin_ci.judged_by(_ci_if_asked, ComponentFacts),
        pin_image.judged_by(_component_image_stayed, ComponentFacts),
    )
}
PAST_RULES: tuple[Rule[Any], ...] = tuple(_OF_THE_PAST.get(rule.id, rule) for rule in CATALOGUE)
"""The catalogue for releases of the past."""


def is_change(finding: Finding) -> bool:
    """Whether a finding says that something is no longer what was released: not of the past alone, that one."""
    return finding.remedy in (MOVED, PUSHED_AGAIN)
