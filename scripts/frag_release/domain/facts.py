"""The facts that the rules judge, gathered before any rule runs."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

from ..dataclass import dataclass, field
from .components import Pin
from .evidence import PUSH, Answer, Image, Lifetime, Placement, Run, Unknown, Workflow
from .refs import DEFAULT_FORMAT, TagFormat
from .versions import ProductionTag, production_tags

if TYPE_CHECKING:  # they take long to import, and few runs need them
    from .deployment_records import Staging
    from .origin import JudgedImage
    from .overrides import Override

NOT_ASKED = Unknown("this was not looked up")

Images = Mapping[tuple[str, str], Answer[Image]]
"""What registries have, by image name (with the registry) and tag."""


@dataclass(frozen=True)
class About:
    """What a finding is about: the subject at its tag, and the place in a file."""

    subject: str
    tag: str
    file: str = ""
    line: int | None = None


class Judged(Protocol):
    """Facts that rules judge; `kind` is the subject of those rules."""

    kind: ClassVar[str]

    @property
    def about(self) -> About:
        """What findings on these facts are about."""


@dataclass(frozen=True)
class PublicRelease:
    """The public release of a tag, whether it has a `release.json`, and the image's `digest` there (empty: none)."""

    url: str
    has_record: bool
    digest: str = ""


@dataclass(frozen=True)
class StackFacts:
    """The facts about the stack's own release tag.

    `run_commit` is the commit that the workflow run builds, None in a terminal. `tag_commit` is what the tag points
    at now (None: no such tag). `siblings` are the tags of its year and all that are not below the release before it,
    `higher` the higher production tags on a stack branch; `compared` describes the tags that these were picked from,
    if not all could be read. `ci` are the runs of its commit, for the workflows that must have passed before it is
    tagged; `workflows` are the repository's, looked up only if one of those is given by name. In a `rollback` the
    release is deployed again, and `run_commit` is the one in its release.json. `public` is the tag's release, None
    without one. `configuration` are the keys in which the configuration file at the commit differs from the default
    branch's.
    """

    kind: ClassVar[str] = "stack"

    repository: str
    branches: Sequence[str]
    tag: ProductionTag
    run_commit: str | None
    tag_commit: Answer[str | None] = NOT_ASKED
    placement: Answer[Placement] = NOT_ASKED
    siblings: Answer[Sequence[str]] = NOT_ASKED
    higher: Answer[Sequence[str]] = NOT_ASKED
    compared: str = ""
    ci: Answer[Sequence[Run]] = NOT_ASKED
    ci_workflows: Sequence[str] = ()
    workflows: Answer[Sequence[Workflow]] = NOT_ASKED
    rollback: bool = False
    public: Answer[PublicRelease | None] = NOT_ASKED
    configuration: Answer[Sequence[str]] = ()

    @property
    def about(self) -> About:
        """The stack at that tag."""
        return About(self.kind, self.tag.text)


@dataclass(frozen=True)
class Hints:
    """What a remedy may propose: tags similar to the wanted one, and the newest on a production branch.

    `newest` is empty if unknown. `remark` has sentences on why, and on tags that were passed over.
    """

    near: Sequence[str] = ()
    newest: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Recorded:
    """What `release.json` of the release `tag` records of a component; `ci_passed` is the result at that time.

    `frozen`: the release is immutable, so the record cannot have been changed. `taken_back`: production went back
    from that release.
    """

    tag: str
    commit: str
    digest: str
    ci_passed: bool
    frozen: bool = False
    taken_back: bool = False


@dataclass(frozen=True)
class ComponentFacts:
    """The facts about one pin. `image` or `runs` are None if their check is switched off.

    `runs` are all runs at a ref of the tag's name. `lifetimes` are the times in which a branch had that name,
    `workflows` those of the repository, looked up only if one is given by name. `previous` is the pin of the release
    before, None if there is none. `recorded` is looked up only if no run of the pin is left, else None. `asked` is when
    all this was looked up, in UTC: what GitHub still keeps depends on it.
    `running_file` is the workflow file of this run: empty if the runner does not name it, None if it does not matter,
    because this run does not build the pin or the judged file was named by an input. `overrides` are the other places
    that the workflow takes the pin from, None if they were not searched. With `is_planned` the tag is about to be
    created, at `commit`. `branch_runs` are those of the commit on its production branch, looked up for a new tag.
    `tag_object` is the id of an annotated tag's object, looked up only if the image names another commit.
    With `origin_required` an image has to name its commit.
    """

    kind: ClassVar[str] = "component"

    pin: Pin
    commit: Answer[str | None] = NOT_ASKED
    shadow: Answer[str | None] = NOT_ASKED
    placement: Answer[Placement] = NOT_ASKED
    runs: Answer[Sequence[Run]] | None = NOT_ASKED
    lifetimes: Answer[Sequence[Lifetime]] = NOT_ASKED
    workflows: Answer[Sequence[Workflow]] = NOT_ASKED
    image: Answer[Image] | None = NOT_ASKED
    previous: Answer[Pin | None] = NOT_ASKED
    hints: Hints = field(default_factory=Hints)
    recorded: Answer[Recorded | None] = None
    running_file: str | None = None
    overrides: Answer[tuple[Override, ...]] | None = None
    asked: datetime.datetime | None = None
    is_planned: bool = False
    branch_runs: Answer[Sequence[Run]] | None = None
    tag_object: Answer[str | None] = None
    origin_required: bool = False

    @property
    def about(self) -> About:
        """The component, and the place of its pin."""
        return About(self.pin.component.name, self.pin.tag, self.pin.file, self.pin.line)

    @property
    def newest(self) -> str:
        """A sentence on the newest tag and the remark, to append to a message; empty if there is neither."""
        branches, newest = " or ".join(self.pin.component.branches), self.hints.newest
        named = f"The newest tag that is on {branches} is {newest}." if newest else ""
        return "".join(f" {part}" for part in (named, self.hints.remark) if part)

    @property
    def seen_runs(self) -> Sequence[Run]:
        """The runs, none if they were switched off or could not be read."""
        return () if self.runs is None or isinstance(self.runs, Unknown) else self.runs

    @property
    def tag_runs(self) -> list[Run]:
        """The runs at the tag's commit that a push of this name started, in a fixed order."""
        own = [run for run in self.seen_runs if run.head_sha == self.commit and run.event == PUSH]
        return sorted(own, key=lambda run: (run.workflow, run.id))


@dataclass(frozen=True)
class PreviousRelease:
    """The numerically next-lower production tag on a stack branch, and its pins."""

    tag: ProductionTag
    commit: str
    pins: Sequence[Pin]


@dataclass(frozen=True)
class Released:
    """The tags of the newest public releases with a `release.json`; `is_all` if there are no older releases.

    `taken_back` maps those that production went back from to the tag it went back to (empty if unknown). `tag_format`
    is the stack's. `unread` is why the deployment records may miss some of them, empty if they do not.
    """

    tags: Sequence[str]
    is_all: bool
    taken_back: Mapping[str, str] = field(default_factory=dict)
    tag_format: TagFormat = DEFAULT_FORMAT
    unread: str = ""

    def below(self, tag: ProductionTag) -> str:
        """Return the release below `tag` that ran last and was not taken back, empty if there is none among them."""
        return self._standing([one for one in self._highest_first if one.version < tag.version])

    def taken_back_below(self, tag: ProductionTag) -> list[str]:
        """Return the releases below `tag` that were taken back, the highest first."""
        return [one.text for one in self._highest_first if one.version < tag.version and one.text in self.taken_back]

    def above(self, tag: ProductionTag) -> str:
        """Return the highest production tag above `tag` that was not taken back, empty if there is none."""
        higher = (one.text for one in self._highest_first if one.version > tag.version)
        return next((one for one in higher if one not in self.taken_back), "")

    @property
    def running(self) -> str:
        """The release that production has, judging by the releases: the highest, or what that was taken back to."""
        return self._standing(self._highest_first)

    def last_taken_back_to(self, tag: str) -> str:
        """Return the highest release that was taken back to `tag`, empty if there is none."""
        return next((one.text for one in self._highest_first if self.taken_back.get(one.text) == tag), "")

    @property
    def _highest_first(self) -> list[ProductionTag]:
        return list(reversed(production_tags(self.tags, form=self.tag_format)))

    def _standing(self, tags: Sequence[ProductionTag]) -> str:
        # Releases between the two were passed over by that rollback, for unknown reasons.
        while tags and tags[0].text in self.taken_back:
            to = self.taken_back[tags[0].text]
            tags = next((tags[at:] for at, one in enumerate(tags) if at and one.text == to), tags[1:])
        return tags[0].text if tags else ""


@dataclass(frozen=True)
class ReleaseFacts:
    """Everything that the gate judges. `previous` is None if there was no release before.

    It is not looked up if no release is judged, as for a pull request.
    """

    kind: ClassVar[str] = "pair"

    stack: StackFacts | None
    components: Sequence[ComponentFacts]
    previous: Answer[PreviousRelease | None] = NOT_ASKED

    @property
    def about(self) -> About:
        """The pair of that release."""
        return About(self.kind, self.stack.tag.text if self.stack else "")

    @property
    def parts(self) -> Sequence[Judged]:
        """All facts that rules judge, in the order of the findings."""
        return [*([self.stack] if self.stack else []), *self.components, self]


@dataclass(frozen=True)
class StackImageFacts:
    """The stack's image in the registry now, and the digest that is expected (empty: any).

    `image` is None if it was not looked up, for the reason `unasked`. `public` is the release that the tag already
    has, None without one or if it does not matter. `pair` are the components' images as they were judged; with
    `origin_required` the image has to name them. `rollback` is that of `StackFacts`. `staging` is what was on
    staging, None if it need not have been there.
    """

    kind: ClassVar[str] = "stack"

    name: str
    tag: str
    expected: str = ""
    image: Answer[Image] | None = NOT_ASKED
    unasked: str = ""
    public: Answer[PublicRelease | None] = None
    pair: Sequence[JudgedImage] = ()
    origin_required: bool = False
    rollback: bool = False
    staging: Answer[Staging] | None = None

    @property
    def about(self) -> About:
        """The stack at the tag of the image."""
        return About(self.kind, self.tag)

    @property
    def parts(self) -> Sequence[Judged]:
        """All facts that rules judge."""
        return [self]
