"""The facts about a whole history of releases, and the rules on a past release."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...dataclass import dataclass, field
from ..components import NO_IMAGE, Component, Pin
from ..evidence import Answer, Image, Placement, Unknown
from ..facts import NOT_ASKED, ComponentFacts, Images, PreviousRelease, Recorded, StackFacts, StackImageFacts
from ..findings import Finding, Outcome
from ..origin import JudgedImage
from ..refs import DEFAULT_FORMAT, MAX_DIGITS, TagFormat
from ..release_record import ASSET, ReleaseRecord
from ..rules import CATALOGUE
from ..rules.deployment import stack_image
from ..rules.pin_ci import note_if_mutable, pin_ci
from ..rules.proof import pin_exists, pin_image, stack_contents
from ..rules.rule import Rule, either, failed, passed, skipped, unknown
from ..rules.stack import tag_commit, tag_order
from ..versions import ProductionTag, parse_production_tag

Moment = Answer[datetime.datetime | None]
Records = Answer[Mapping[str, Answer[ReleaseRecord]]]

MOVED = "Find out who moved it and why. The tag no longer points at what was released: release again, under a new tag."
PUSHED_AGAIN = (
    "Find out who pushed it and why. Deploy the released image by its digest, or release again from known images."
)

_NO_RECORD = f"The release has no {ASSET} to compare with."
_START = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}(\.[0-9]{{1,{MAX_DIGITS}}}){{0,2}}\.?")


@dataclass(frozen=True)
class Since:
    """The first numbers of the first release; without numbers every release is meant.

    `2023.` and `2023` stand for everything from 2023 on, `2023.06` for everything from June 2023 on: numbers are
    compared, not text.
    """

    numbers: tuple[int, ...] = ()
    text: str = ""

    def covers(self, tag: ProductionTag) -> bool:
        """Whether `tag` is not below it, so that its release is judged."""
        return tag.numbers[: len(self.numbers)] >= self.numbers


def since_of(tag: ProductionTag) -> Since:
    """Return the `Since` that covers a release and all higher ones."""
    return Since(tag.numbers, tag.text)


def parse_since(text: str) -> Since | None:
    """Read a production tag or the start of one; None for anything else. An empty text means every release."""
    if not text:
        return Since()
    # A dot after the third number would promise a fourth, which is never compared.
    if not _START.fullmatch(text) or (text.count(".") == 3):
        return None
    return Since(tuple(int(number) for number in text.rstrip(".").split(".")), text)


@dataclass(frozen=True)
class StackTag:
    """A tag of the stack: its commit (None: no such tag), its date, and the pins at its commit."""

    name: str
    commit: Answer[str | None]
    date: Moment = NOT_ASKED
    placement: Answer[Placement] = NOT_ASKED
    pins: Sequence[Pin] = ()
    form: TagFormat = DEFAULT_FORMAT

    @property
    def production(self) -> ProductionTag | None:
        """The tag if it is a production tag, else None."""
        return parse_production_tag(self.name, self.form)

    @property
    def on_branch(self) -> bool:
        """Whether it is known to be on a stack branch."""
        return isinstance(self.placement, Placement) and bool(self.placement.branches)


@dataclass(frozen=True)
class PastStackFacts(StackFacts):
    """The facts about a release's own tag. `higher` are the higher releases that existed when it was made.

    `record` is its `release.json` (None: it has none), `image` what the registry has under the image named
    there (None: switched off). `pair` are the components' images as recorded.
    """

    date: Moment = NOT_ASKED
    record: Answer[ReleaseRecord | None] = None
    image: Answer[Image] | None = None
    pair: Sequence[JudgedImage] = ()
    origin_required: bool = False


@dataclass(frozen=True)
class StackHistory:
    """Everything that an audit judges.

    `names` are all tags of the stack. Those that were read are in `tags`: production tags from `since` on, some lower
    ones to compare with (`below` is the release below those), and others. `recorded` are older tags whose release has
    a `release.json`, only for their commit. `pinned` has the facts about each pin, by its key; `images` what the
    registries have, by name and tag (None: switched off).
    `stack_image` is the name under which the stack's image is looked up: empty for the one in `release.json`, `none`
    to skip it. With `origin_required` images have to name their commit. `recorded_components` are the components of
    releases made under another configuration than today's, by tag. `unread_rollbacks` is why the deployment records
    do not show what was taken back, empty if they do.
    """

    repository: str
    branches: Sequence[str]
    components: Sequence[Component]
    since: Since
    names: Sequence[str]
    tags: Sequence[StackTag]
    below: Answer[PreviousRelease | None] = None
    recorded: Mapping[str, StackTag] = field(default_factory=dict)
    pinned: Mapping[tuple[Component, str, str], ComponentFacts] = field(default_factory=dict)
    images: Images | None = None
    records: Records = field(default_factory=dict)
    stack_image: str = ""
    origin_required: bool = False
    tag_format: TagFormat = DEFAULT_FORMAT
    recorded_components: Mapping[str, Sequence[Component]] = field(default_factory=dict)
    unread_rollbacks: str = ""

    def components_of(self, tag: str) -> Sequence[Component]:
        """The components that a release is judged with: those of its record, else today's."""
        return self.recorded_components.get(tag, self.components)

    @property
    def all_components(self) -> list[Component]:
        """Today's components, and those that are only in records."""
        found = [*self.components, *(one for each in self.recorded_components.values() for one in each)]
        return list(dict.fromkeys(found))

    def record(self, tag: str) -> Answer[ReleaseRecord | None]:
        """The `release.json` of a release, None if it has none."""
        return self.records.get(tag) if isinstance(self.records, Mapping) else self.records

    @property
    def checks_stack_images(self) -> bool:
        """Whether the stack's own images are compared with what was released, if images are checked at all."""
        return self.stack_image != NO_IMAGE

    def stack_image_of(self, record: ReleaseRecord) -> tuple[str, str]:
        """Name and tag of the released stack image; the name is the one under which it is looked up today."""
        name, _, tag = record.image.rpartition(":")
        return self.stack_image or name, tag


def _tag_stayed(facts: PastStackFacts) -> Outcome:
    record = facts.record
    if isinstance(record, Unknown):
        return unknown(f"{ASSET} of {facts.tag}", record)
    if record is None:
        return skipped(_NO_RECORD)
    if isinstance(facts.tag_commit, Unknown):
        return unknown(f"what {facts.tag} of {facts.repository} points at", facts.tag_commit)
    if facts.tag_commit == record.commit:
        note = note_if_mutable(record.frozen)
        return passed(f"{facts.tag} points at {record.commit[:12]}, the commit that was released.{note}")
    now = f"now points at {facts.tag_commit[:12]}" if facts.tag_commit else "no longer exists"
    return failed(f"{facts.tag} of {facts.repository} {now}, but {record.commit[:12]} was released.", MOVED)


def _went_forward(facts: PastStackFacts) -> Outcome:
    if facts.date is None or isinstance(facts.date, Unknown):
        why = facts.date or Unknown("neither the tag nor its commit has a date", "Check the tag.")
        return unknown(f"when {facts.tag} of {facts.repository} was made", why)
    if isinstance(facts.higher, Unknown):
        return unknown(f"that no higher release existed when {facts.tag} was made", facts.higher)
    wanted = either(facts.branches)
    if not facts.higher:
        return passed(f"No higher release was on {wanted} when {facts.tag} was made.")
    return failed(
        f"{facts.higher[-1]} was already released on {wanted} of {facts.repository} when {facts.tag} was made "
        f"({facts.date:%Y-%m-%d}): deploying it took production back.",
        "This cannot be changed now. Release under higher tags only; to go back on purpose, deploy the older release "
        "as a rollback.",
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
        return unknown(f"the image {record.image}", image)
    if image.digest is None:
        return failed(f"The registry no longer has the image {image.name}:{image.tag}.", PUSHED_AGAIN)
    return _same_image(image, record, f"{facts.tag} was released as")


def _contents_as_recorded(facts: PastStackFacts) -> Outcome:
    record, image = facts.record, facts.image
    if not isinstance(record, ReleaseRecord) or not record.digest:
        return skipped(_NO_RECORD)
    if image is None or (isinstance(image, Image) and image.origins is None):
        return skipped("Not checked: check-images or check-origin is off, or the release is not among the newest.")
    name, _, tag = record.image.rpartition(":")
    seen = StackImageFacts(name, tag, record.digest, image, pair=facts.pair, origin_required=facts.origin_required)
    return stack_contents.judge(seen)


def _component_tag_stayed(facts: ComponentFacts) -> Outcome:
    record, repository = facts.recorded, facts.pin.component.repository
    now = facts.commit if isinstance(facts.commit, str) else ""
    if not isinstance(record, Recorded) or not (record.commit and now) or now == record.commit:
        return pin_exists.judge(facts)
    return failed(
        f"{facts.pin.tag} of {repository} now points at {now[:12]}, but {record.tag} was made from "
        f"{record.commit[:12]}: the tag was moved.",
        MOVED,
    )


def _ci_if_asked(facts: ComponentFacts) -> Outcome:
    return skipped("Switched off by check-ci.") if facts.runs is None else pin_ci.judge(facts)


def _component_image_stayed(facts: ComponentFacts) -> Outcome:
    record, image = facts.recorded, facts.image
    if image is None:
        return skipped("Switched off by check-images." if facts.pin.image_name else "The stack uses no image of it.")
    if not isinstance(record, Recorded) or not record.digest or not isinstance(image, Image) or image.digest is None:
        return pin_image.judge(facts)
    return _same_image(image, record, f"{record.tag} was made from")


def _same_image(image: Image, record: ReleaseRecord | Recorded, what: str) -> Outcome:
    name, digest = f"{image.name}:{image.tag}", record.digest[:19]
    if image.digest == record.digest:
        return passed(f"{name} is in the registry, still as {digest}.{note_if_mutable(record.frozen)}")
    return failed(f"{name} is now {(image.digest or '')[:19]}, but {what} {digest}: it was pushed again.", PUSHED_AGAIN)


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
    """Whether a finding is about something that has changed since the release."""
    return finding.remedy in (MOVED, PUSHED_AGAIN)
