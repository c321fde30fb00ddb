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

NOT_ASKED = Unknown("this was not asked for")

Images = Mapping[tuple[str, str], Answer[Image]]
"""What registries hold, by the image's name with its registry, and its tag."""


@dataclass(frozen=True)
class About:
    """What a finding is about: the subject at its tag, and the place to look at."""

    subject: str
    tag: str
    file: str = ""
    line: int | None = None


class Judged(Protocol):
    """Facts that rules judge; `kind` is what those rules are on."""

    kind: ClassVar[str]

    @property
    def about(self) -> About:
        """What is found out by them is about that."""


@dataclass(frozen=True)
class PublicRelease:
    """The public release of a tag. `has_record` says whether it has a `release.json`, which names the image's `digest`.

    `digest` is empty where the file names none.
    """

    url: str
    has_record: bool
    digest: str = ""


@dataclass(frozen=True)
class StackFacts:
    """What is known of the stack's own release tag.

    `run_commit` is the commit that the workflow run builds, None in a terminal. `tag_commit` is what
    the tag points at now (None: no such tag). `siblings` are the tags of its year and all that
    are not below the release before it, `higher` the higher production tags that are on a stack branch. `compared`
    says which tags these were picked from, if they could not be all. `ci` are the runs of its commit, for the
    workflows that must have passed before it is tagged; `workflows` are those of the repository, asked for only where
    one of them is given by name. `rollback` tells that the release is deployed again: `run_commit` is then the one
    that its release.json recorded. `public` is the tag's release, None without one. `configuration` are the keys in
    which the configuration file at the commit differs from the one that rules.
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
    """What a remedy may propose instead: tags near the wanted one, and the newest on a production branch.

    `newest` is empty if none is claimed. `remark` has sentences on why, and on tags that were passed over.
    """

    near: Sequence[str] = ()
    newest: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Recorded:
    """What `release.json` of the release `tag` says of a component; `ci_passed` is what was found then.

    `frozen` says that nobody can have changed that since: the release is immutable. `taken_back` says that production
    went back from it.
    """

    tag: str
    commit: str
    digest: str
    ci_passed: bool
    frozen: bool = False
    taken_back: bool = False


@dataclass(frozen=True)
class ComponentFacts:
    """What is known of one pin. An `image` or `runs` of None was switched off, with the input's name.

    `runs` are all at a ref of the tag's name. `lifetimes` tell when a branch had that name, `workflows` which
    workflows the repository has: asked for only where one is given by name. `previous` is the pin of the release
    before, None where there is none. `recorded` is asked for only where no run of the pin is left; None where there
    is nothing to ask. `asked` is when all this was looked up, in UTC: what GitHub still keeps depends on it.
    `running_file` is the workflow file of this run, empty if the runner does not tell it, and None if it does not
    matter: this run does not build the pin, or somebody has named the file that is judged. `overrides` are the other
    places that the workflow takes the pin from, None if they were not looked for. With `is_planned` the tag is about to
    be made, at `commit`. `branch_runs` are those of the commit on its production branch, asked for where a tag is new.
    `tag_object` is the id of an annotated tag's own object, asked for only where the image names another commit.
    `origin_required` says that an image has to name its commit.
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
        """The component by its name, and the place of its pin."""
        return About(self.pin.component.name, self.pin.tag, self.pin.file, self.pin.line)

    @property
    def newest(self) -> str:
        """What to say of the newest tag, to stand behind a sentence; empty if there is nothing to say."""
        branches, newest = " or ".join(self.pin.component.branches), self.hints.newest
        named = f"The newest tag that is on {branches} is {newest}." if newest else ""
        return "".join(f" {part}" for part in (named, self.hints.remark) if part)

    @property
    def seen_runs(self) -> Sequence[Run]:
        """The runs, none if they were switched off or could not be seen."""
        return () if self.runs is None or isinstance(self.runs, Unknown) else self.runs

    @property
    def tag_runs(self) -> list[Run]:
        """The runs that a push of this name at the tag's commit has started, in a fixed order."""
        own = [run for run in self.seen_runs if run.head_sha == self.commit and run.event == PUSH]
        return sorted(own, key=lambda run: (run.workflow, run.id))


@dataclass(frozen=True)
class PreviousRelease:
    """The numerically next-lower production tag on a stack branch, and the pins it was made of."""

    tag: ProductionTag
    commit: str
    pins: Sequence[Pin]


@dataclass(frozen=True)
class Released:
    """The tags of the newest public releases that hold a `release.json`; `is_all` where no older releases are left.

    `taken_back` names those that were gone back from, and to which tag (empty if that is not known). `tag_format` is
    that of the stack. `unread` is why the deployment records do not tell of more of them, empty if they do.
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
        """The release that production has, as far as releases tell: the highest, or what that was taken back to."""
        return self._standing(self._highest_first)

    def last_taken_back_to(self, tag: str) -> str:
        """Return the highest release that was taken back to `tag`, empty if there is none."""
        return next((one.text for one in self._highest_first if self.taken_back.get(one.text) == tag), "")

    @property
    def _highest_first(self) -> list[ProductionTag]:
        return list(reversed(production_tags(self.tags, form=self.tag_format)))

    def _standing(self, tags: Sequence[ProductionTag]) -> str:
        # What stands between the two was passed over that night, and nobody knows why.
        while tags and tags[0].text in self.taken_back:
            to = self.taken_back[tags[0].text]
            tags = next((tags[at:] for at, one in enumerate(tags) if at and one.text == to), tags[1:])
        return tags[0].text if tags else ""


@dataclass(frozen=True)
class ReleaseFacts:
    """Everything that the gate judges. `previous` is None where there was no release before.

    It is not asked for where no release is judged, as for a pull request.
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
        """All that has rules, in the order of the findings."""
        return [*([self.stack] if self.stack else []), *self.components, self]


@dataclass(frozen=True)
class StackImageFacts:
    """The stack's image as it is in the registry now, beside the digest that is expected (empty: any).

    `image` is None where nothing needs to be known of it, for the reason `unasked`. `public` is the release that
    the tag has already, None without one or where that does not matter. `pair` are the components' images as they
    were judged; `origin_required` says that the image has to name them. `rollback` is that of `StackFacts`. `staging`
    is what was on staging, None if it need not have been there.
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
        """All that has rules."""
        return [self]
