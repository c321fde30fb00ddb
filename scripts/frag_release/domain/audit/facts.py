"""The facts about a whole history of releases, gathered before any is judged, and where judging begins."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..components import NO_IMAGE, Component, Pin
from ..evidence import Answer, Image, Placement
from ..facts import NOT_ASKED, ComponentFacts, Images, PreviousRelease, StackFacts
from ..origin import JudgedImage
from ..release_record import ReleaseRecord
from ..tag_format import DEFAULT_FORMAT, MAX_DIGITS, TagFormat
from ..versions import ProductionTag, parse_production_tag

_START = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}(\.[0-9]{{1,{MAX_DIGITS}}}){{0,2}}\.?")


@dataclass(frozen=True)
class Since:
    """The first numbers of the first release; none of them means every release.

    `2023.` and `2023` are everything from 2023 on, `2023.06` everything from June 2023 on: numbers are
    compared, not letters.
    """

    numbers: tuple[int, ...] = ()
    text: str = ""

    def covers(self, tag: ProductionTag) -> bool:
        """Whether the release `tag` is judged."""
        version = (tag.version.major, tag.version.minor, tag.version.patch)
        return version[: len(self.numbers)] >= self.numbers


def since_of(tag: ProductionTag) -> Since:
    """Return what covers a release and all that are higher."""
    version = tag.version
    return Since((version.major, version.minor, version.patch), tag.text)


def parse_since(text: str) -> Since | None:
    """Read a production tag or the start of one; None for anything else. An empty text means every release."""
    if not text:
        return Since()
    # A fourth part would never be compared, so a full tag ends without a dot.
    if not _START.fullmatch(text) or (text.count(".") == 3):
        return None
    return Since(tuple(int(number) for number in text.rstrip(".").split(".")), text)


Moment = Answer[datetime.datetime | None]
Records = Answer[Mapping[str, Answer[ReleaseRecord]]]


@dataclass(frozen=True)
class StackTag:
    """A tag of the stack: its commit (None: no such tag), when it was made, and the pins at its commit."""

    name: str
    commit: Answer[str | None]
    date: Moment = NOT_ASKED
    placement: Answer[Placement] = NOT_ASKED
    pins: Sequence[Pin] = ()
    form: TagFormat = DEFAULT_FORMAT

    @property
    def production(self) -> ProductionTag | None:
        """The tag where it is a production tag."""
        return parse_production_tag(self.name, self.form)

    @property
    def on_branch(self) -> bool:
        """Whether it is known to be on a stack branch."""
        return isinstance(self.placement, Placement) and bool(self.placement.branches)


@dataclass(frozen=True)
class PastStackFacts(StackFacts):
    """What is known of a release's own tag. `higher` are the releases that were there already when it was made.

    `record` is its `release.json` (None: it has none), `image` what the registry holds under the image named
    there (None: switched off). `pair` are the components' images as they were recorded.
    """

    date: Moment = NOT_ASKED
    record: Answer[ReleaseRecord | None] = None
    image: Answer[Image] | None = None
    pair: Sequence[JudgedImage] = ()
    origin_required: bool = False


@dataclass(frozen=True)
class StackHistory:
    """Everything that an audit judges.

    `names` are all tags of the stack. Those looked at are in `tags`: production tags from `since` on, some below
    to compare with (`below` is what is known of the release under those), and others. `recorded` are older tags
    whose release has a `release.json`, for their commit alone. `pinned` has what is known of each pin, by
    its key; `images` what registries hold by name and tag (None: switched off).
    `stack_image` is the name that the stack's image is looked for under, empty for that in `release.json`,
    `none` for not at all. `origin_required` says that images have to say where they come from. `recorded_components`
    are those of a release, by its tag, that was made under another configuration than today's. `unread_rollbacks` is
    why the deployment records do not tell what was taken back, empty if they do.
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
        """The components that a release is judged by: those of its record, else today's."""
        return self.recorded_components.get(tag, self.components)

    @property
    def all_components(self) -> list[Component]:
        """Today's components, and those that only records have."""
        found = [*self.components, *(one for each in self.recorded_components.values() for one in each)]
        return list(dict.fromkeys(found))

    def record(self, tag: str) -> Answer[ReleaseRecord | None]:
        """What `release.json` of a release says, None where there is none."""
        return self.records.get(tag) if isinstance(self.records, Mapping) else self.records

    @property
    def checks_stack_images(self) -> bool:
        """Whether the stack's own images are to be compared with what was released, if images are looked at."""
        return self.stack_image != NO_IMAGE

    def stack_image_of(self, record: ReleaseRecord) -> tuple[str, str]:
        """Name and tag of the stack's image that was released, by the name it is looked for under today."""
        name, _, tag = record.image.rpartition(":")
        return self.stack_image or name, tag
