"""The report of a gate, which also stands in those of `publish` and `deploy`."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ...dataclass import dataclass
from ..components import default_stack_image
from ..decision import Decision, RefKind, Verdict
from ..evidence import Answer, Unknown
from ..facts import NOT_ASKED, PreviousRelease, Recorded, Released, ReleaseFacts
from ..findings import Allowance, Finding
from ..refs import DEFAULT_FORMAT, Ref, TagFormat
from ..versions import ProductionTag, parse_production_tag
from . import Remark, Report, as_word, component_outputs, joined, pair, path_name, rules, tag_name

if TYPE_CHECKING:  # the gate itself knows nothing of AWX
    from ..awx_jobs import AwxForm

VERDICTS = {
    Verdict.DEPLOY: "May be deployed to production",
    Verdict.BLOCKED: "Blocked",
    Verdict.BUILD_ONLY: "Build only",
}


@dataclass(frozen=True)
class GateReport(Report):
    """What was asked, what was seen and what was decided. `time` is in UTC.

    `image_name` is the name of the stack's image without its tag, empty where the command is not told it.
    `released` is what has been seen of the releases, for the way back, and `awx` what is typed there by hand.
    """

    command: ClassVar[str] = "gate"

    version: str
    time: datetime.datetime
    ref: Ref
    repository: str
    commit: str
    decision: Decision
    facts: ReleaseFacts
    unused_allowances: Sequence[Allowance] = ()
    image_name: str = ""
    released: Answer[Released] = NOT_ASKED
    awx: AwxForm | None = None
    tag_format: TagFormat = DEFAULT_FORMAT

    @property
    def tag(self) -> str:
        """The stack's tag, empty where the ref is none."""
        return self.ref.tag

    @property
    def production_tag(self) -> ProductionTag | None:
        """The stack's tag if it is one of production."""
        return parse_production_tag(self.tag, self.tag_format)

    @property
    def stack_image(self) -> str:
        """The stack's image as it will be built, by its default name where nobody has told it; empty for none."""
        tag = self.decision.image_tag
        return f"{self.image_name or default_stack_image(self.repository)}:{tag}" if tag else ""

    @property
    def previous(self) -> PreviousRelease | None:
        """The previous release, None where there is none or it could not be read."""
        return self.facts.previous if isinstance(self.facts.previous, PreviousRelease) else None

    @property
    def last_good(self) -> str | None:
        """The newest tag below the judged one that was released, empty where none was; None where nobody knows.

        Released means: with a public `release.json`, which `publish` leaves when the build has passed. One that was
        taken back is not good: what production went back to then is.
        """
        tag = self.production_tag
        if tag is None or isinstance(self.released, Unknown):
            return None
        found = self.released.below(tag)
        return found if found or self.released.is_all else None

    @property
    def taken_back(self) -> Sequence[str]:
        """The releases below the judged tag that production went back from, as far as anybody has looked."""
        tag = self.production_tag
        if tag and isinstance(self.released, Released):
            return self.released.taken_back_below(tag)
        told = [facts.recorded for facts in self.facts.components if isinstance(facts.recorded, Recorded)]
        return list(dict.fromkeys(one.tag for one in told if one.taken_back))

    @property
    def verdict(self) -> Verdict:
        """What was decided."""
        return self.decision.verdict

    @property
    def findings(self) -> Sequence[Finding]:
        """What was found."""
        return self.decision.findings

    @property
    def headline(self) -> str:
        """The verdict in words, and what it is about. A branch may be called like a release: its kind is told."""
        kind = "" if self.tag else f"{self.decision.kind.value} "
        return f"{VERDICTS[self.verdict]}: {kind}{self.ref.name}"

    @property
    def line(self) -> str:
        """The verdict and the release, with the pair or what is wrong with it."""
        name = tag_name(self.tag) if self.tag else path_name(self.ref.name, f"a {self.decision.kind.value}")
        if self.verdict is Verdict.DEPLOY:
            return joined(f"{name} may be deployed to production", pair(self.facts.components))
        if self.verdict is Verdict.BLOCKED:
            return joined(f"{name} is blocked", rules(self.failed_rules))
        return f"{VERDICTS[self.verdict]}: {name}"

    def remarks(self) -> list[Remark]:
        """That a tag is not for production, and allowances that changed nothing."""
        is_other = self.decision.kind is RefKind.OTHER_TAG
        notice = [Remark("notice", "Not for production", self.decision.reason)] if is_other else []
        return [*notice, *unused_remarks(self.unused_allowances)]

    def outputs(self) -> dict[str, str]:
        """What the next jobs go by."""
        decision = self.decision
        return {
            "verdict": self.verdict.value,
            "deploy-production": as_word(decision.deploy_production),
            "deploy-staging": as_word(decision.deploy_staging),
            "image-tag": decision.image_tag,
            "stack-tag": self.tag,
            "stack-commit": self.commit,
            "failed-rules": ",".join(self.failed_rules),
            **component_outputs(self.facts.components),
        }

    def as_json(self) -> dict[str, Any]:
        """The report by the schema that `release.json` and other tools read."""
        return self.of_release(
            self.ref, self.facts, self.repository, tag=self.tag, commit=self.commit, image=self.stack_image
        )


@dataclass(frozen=True)
class JudgedReport(Report):
    """The report of a command that goes on from what a gate has `judged`."""

    if TYPE_CHECKING:

        @property
        def judged(self) -> GateReport:
            """The gate's report."""

    @property
    def version(self) -> str:
        """The version of the action."""
        return self.judged.version

    @property
    def time(self) -> datetime.datetime:
        """When it was judged, in UTC."""
        return self.judged.time

    @property
    def findings(self) -> Sequence[Finding]:
        """What was found when it was judged."""
        return self.judged.findings

    @property
    def verdict(self) -> Verdict:
        """What was decided about the ref or commit."""
        return self.judged.verdict


def unused_remarks(allowances: Sequence[Allowance]) -> list[Remark]:
    """Say which allowances changed nothing."""
    message = "changed nothing: there is no such finding in this release. Remove it from allow."
    return [Remark("warning", "Unused allowance", f"{one} {message}") for one in allowances]
