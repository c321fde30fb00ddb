"""The report of a gate, which is also part of those of `publish` and `deploy`."""

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

if TYPE_CHECKING:  # the gate itself does not use AWX
    from ..awx_jobs import AwxForm

VERDICTS = {
    Verdict.DEPLOY: "May be deployed to production",
    Verdict.BLOCKED: "Blocked",
    Verdict.BUILD_ONLY: "Build only",
}


@dataclass(frozen=True)
class GateReport(Report):
    """The question, the evidence and the decision. `time` is in UTC.

    `image_name` is the name of the stack's image without its tag, empty if the command is not given it.
    `released` is what is known of the releases, for the way back, and `awx` what people enter there by hand.
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
        """The stack's tag, empty if the ref is not a tag."""
        return self.ref.tag

    @property
    def production_tag(self) -> ProductionTag | None:
        """The stack's tag if it is a production tag."""
        return parse_production_tag(self.tag, self.tag_format)

    @property
    def stack_image(self) -> str:
        """The stack's image as it will be built, with the default name if no other is given; empty if none is built."""
        tag = self.decision.image_tag
        return f"{self.image_name or default_stack_image(self.repository)}:{tag}" if tag else ""

    @property
    def previous(self) -> PreviousRelease | None:
        """The previous release, None if there is none or it could not be read."""
        return self.facts.previous if isinstance(self.facts.previous, PreviousRelease) else None

    @property
    def last_good(self) -> str | None:
        """The newest released tag below the judged one, empty if there is none; None if unknown.

        Released means: with a public `release.json`, which `publish` adds when the build has passed. A release that was
        taken back is not good; the one that production went back to is.
        """
        tag = self.production_tag
        if tag is None or isinstance(self.released, Unknown):
            return None
        found = self.released.below(tag)
        return found if found or self.released.is_all else None

    @property
    def taken_back(self) -> Sequence[str]:
        """The releases below the judged tag that were taken back, as far as was checked."""
        tag = self.production_tag
        if tag and isinstance(self.released, Released):
            return self.released.taken_back_below(tag)
        recorded = [facts.recorded for facts in self.facts.components if isinstance(facts.recorded, Recorded)]
        return list(dict.fromkeys(one.tag for one in recorded if one.taken_back))

    @property
    def verdict(self) -> Verdict:
        """The gate's verdict."""
        return self.decision.verdict

    @property
    def findings(self) -> Sequence[Finding]:
        """The gate's findings."""
        return self.decision.findings

    @property
    def headline(self) -> str:
        """The verdict in words, and the ref, with its kind if it is not a tag, since a branch may be named like one."""
        kind = "" if self.tag else f"{self.decision.kind.value} "
        return f"{VERDICTS[self.verdict]}: {kind}{self.ref.name}"

    @property
    def line(self) -> str:
        """The verdict and the release, with its pair or the rules that block it."""
        name = tag_name(self.tag) if self.tag else path_name(self.ref.name, f"a {self.decision.kind.value}")
        if self.verdict is Verdict.DEPLOY:
            return joined(f"{name} may be deployed to production", pair(self.facts.components))
        if self.verdict is Verdict.BLOCKED:
            return joined(f"{name} is blocked", rules(self.failed_rules))
        return f"{VERDICTS[self.verdict]}: {name}"

    def remarks(self) -> list[Remark]:
        """A notice on a tag that is not for production, and warnings of unused allowances."""
        is_other = self.decision.kind is RefKind.OTHER_TAG
        notice = [Remark("notice", "Not for production", self.decision.reason)] if is_other else []
        return [*notice, *unused_remarks(self.unused_allowances)]

    def outputs(self) -> dict[str, str]:
        """What the following jobs depend on."""
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
        """The report in the schema that all commands and `release.json` share."""
        return self.of_release(
            self.ref, self.facts, self.repository, tag=self.tag, commit=self.commit, image=self.stack_image
        )


@dataclass(frozen=True)
class JudgedReport(Report):
    """The report of a command that continues from a gate's report, `judged`."""

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
        """The time of the judgement, in UTC."""
        return self.judged.time

    @property
    def findings(self) -> Sequence[Finding]:
        """The gate's findings."""
        return self.judged.findings

    @property
    def verdict(self) -> Verdict:
        """The gate's verdict."""
        return self.judged.verdict


def unused_remarks(allowances: Sequence[Allowance]) -> list[Remark]:
    """Return a warning for each allowance that had no effect."""
    message = "changed nothing: there is no such finding in this release. Remove it from allow."
    return [Remark("warning", "Unused allowance", f"{one} {message}") for one in allowances]
