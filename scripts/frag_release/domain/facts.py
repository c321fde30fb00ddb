"""The facts that the rules judge, gathered before any rule runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .components import Pin
from .evidence import Answer, Image, Placement, Run, Unknown
from .versions import ProductionTag, production_tags

NOT_ASKED = Unknown("this was not asked for")


@dataclass(frozen=True)
class StackFacts:
    """What is known of the stack's own release tag.

    `run_commit` is the commit that the workflow run builds, None in a terminal. `tag_commit` is what
    the tag points at now (None: no such tag). `siblings` are the tags of its year and all that
    are not below the release before it, `higher` the
    higher production tags that are on a stack branch. `compared` says which tags these were picked from, where
    they could not be all. `ci` are the runs of its commit, for the
    workflows that must have passed before it is tagged. `rollback` tells that the release is deployed
    again: `run_commit` is then the one that its release.json recorded.
    """

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
    rollback: bool = False


@dataclass(frozen=True)
class Hints:
    """What a remedy may propose instead: tags near the wanted one, and the newest that is eligible."""

    near: Sequence[str] = ()
    newest: str = ""


@dataclass(frozen=True)
class Recorded:
    """What `release.json` of the release `tag` says of a component; `ci_passed` is what was found then."""

    tag: str
    commit: str
    digest: str
    ci_passed: bool


@dataclass(frozen=True)
class ComponentFacts:
    """What is known of one pin. An `image` or `runs` of None was switched off, with the input's name.

    `previous` is the pin of the release before, None where there is none. `recorded` is asked for only where no run of
    the pin is left; None where there is nothing to ask.
    """

    pin: Pin
    commit: Answer[str | None] = NOT_ASKED
    shadow: Answer[str | None] = NOT_ASKED
    placement: Answer[Placement] = NOT_ASKED
    runs: Answer[Sequence[Run]] | None = NOT_ASKED
    image: Answer[Image] | None = NOT_ASKED
    previous: Answer[Pin | None] = NOT_ASKED
    hints: Hints = field(default_factory=Hints)
    recorded: Answer[Recorded | None] = None


@dataclass(frozen=True)
class PreviousRelease:
    """The numerically next-lower production tag on a stack branch, and the pins it was made of."""

    tag: ProductionTag
    commit: str
    pins: Sequence[Pin]


@dataclass(frozen=True)
class Released:
    """The tags of the newest public releases that hold a `release.json`; `is_all` where no older releases are left."""

    tags: Sequence[str]
    is_all: bool

    def below(self, tag: ProductionTag) -> str:
        """Return the highest production tag below `tag`, empty where there is none among them."""
        return next((one.text for one in reversed(production_tags(self.tags)) if one.version < tag.version), "")

    def above(self, tag: ProductionTag) -> str:
        """Return the highest production tag of all if it is above `tag`, else nothing."""
        return next((one.text for one in reversed(production_tags(self.tags)) if one.version > tag.version), "")


@dataclass(frozen=True)
class ReleaseFacts:
    """Everything that the gate judges. `previous` is None where there was no release before.

    It is not asked for where no release is judged, as for a pull request.
    """

    stack: StackFacts | None
    components: Sequence[ComponentFacts]
    previous: Answer[PreviousRelease | None] = NOT_ASKED


@dataclass(frozen=True)
class StackImageFacts:
    """The stack's image as it is in the registry now, beside the digest that is expected (empty: any).

    `image` is None where nothing needs to be known of it, for the reason `unasked`.
    """

    name: str
    tag: str
    expected: str = ""
    image: Answer[Image] | None = NOT_ASKED
    unasked: str = ""
