"""What a ref is and what may be done with it: the gate's table of refs as code."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from ..dataclass import dataclass, replace
from .components import safe_image_tag
from .findings import Finding, Status, blocking, demoted
from .refs import DEFAULT_FORMAT, Ref, TagFormat, wrong_v
from .versions import parse_production_tag

_QUEUES = "gh-readonly-queue/"
"""Start of the branches that a merge queue makes, whose event is `merge_group`."""


class RefKind(str, Enum):
    """What is built, by the full name of its ref; a short name may be a branch or a tag."""

    PRODUCTION_TAG = "production tag"
    OTHER_TAG = "tag"
    STACK_BRANCH = "stack branch"
    OTHER_BRANCH = "branch"
    PULL_REQUEST = "pull request"
    OTHER = "other ref"


class Verdict(str, Enum):
    """Whether the run may go on to production, may only build, or must stop."""

    DEPLOY = "deploy"
    BUILD_ONLY = "build-only"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Circumstances:
    """What the gate decides on.

    `own_ref`: the ref is the run's own (or this is a terminal, which deploys nothing). `pins_changed` only matters
    for pull requests; None if it could not be determined. `released_as` is the tag that a pushed commit was made for,
    empty if for none. `tag_format` is the stack's.
    """

    ref: Ref
    event: str
    stack_branches: Sequence[str]
    production: bool = True
    own_ref: bool = True
    pins_changed: bool | None = False
    released_as: str = ""
    tag_format: TagFormat = DEFAULT_FORMAT

    @property
    def kind(self) -> RefKind:
        """The row of the gate's table that applies."""
        # It runs at the base branch, for code of a stranger: it must not count as a build of the branch.
        if self.event == "pull_request_target":
            return RefKind.OTHER
        if self.event == "merge_group":
            return RefKind.PULL_REQUEST if self.ref.branch.startswith(_QUEUES) else RefKind.OTHER
        if self.ref.tag:
            is_production = parse_production_tag(self.ref.tag, self.tag_format)
            return RefKind.PRODUCTION_TAG if is_production else RefKind.OTHER_TAG
        if self.ref.branch:
            return RefKind.STACK_BRANCH if self.ref.branch in self.stack_branches else RefKind.OTHER_BRANCH
        if self.ref.is_pull and self.event == "pull_request":
            return RefKind.PULL_REQUEST
        return RefKind.OTHER

    @property
    def judged(self) -> bool:
        """Whether the rules decide; otherwise anything may be built and nothing reaches production."""
        if not self.production:
            return False
        if self.kind is RefKind.PULL_REQUEST:
            return self.pins_changed is not False
        return self.kind is RefKind.PRODUCTION_TAG

    @property
    def is_push_of_branch(self) -> bool:
        """Whether this is a push of the stack branch, not a dispatch on it."""
        return self.kind is RefKind.STACK_BRANCH and self.event == "push"


@dataclass(frozen=True)
class Decision:
    """The gate's answer. `reason` is one sentence for people; `image_tag` is empty if nothing is built."""

    verdict: Verdict
    kind: RefKind
    reason: str
    findings: Sequence[Finding]
    image_tag: str = ""
    deploy_production: bool = False
    deploy_staging: bool = False


def decide(circumstances: Circumstances, findings: Sequence[Finding]) -> Decision:
    """Apply the gate's table of refs. If the ref is not judged, `findings` that block become warnings."""
    if not circumstances.judged:
        is_left = circumstances.released_as and circumstances.is_push_of_branch
        return (_left_to_its_tag if is_left else _unjudged)(circumstances, [demoted(finding) for finding in findings])
    kind, name = circumstances.kind, circumstances.ref.name
    blockers = blocking(findings)
    if blockers:
        return Decision(Verdict.BLOCKED, kind, _why_blocked(blockers), findings)
    if kind is RefKind.PULL_REQUEST:
        reason = "The chosen pair passed every check that was made. It is deployed by a tag, after the merge."
        return Decision(Verdict.BUILD_ONLY, kind, reason, findings)
    if not circumstances.own_ref:
        reason = f"{name} passed every check that was made, but this run belongs to another ref, so it deploys nothing."
        return Decision(Verdict.BUILD_ONLY, kind, reason, findings)
    reason = f"{name} passed every check that was made and may be deployed to production."
    image = circumstances.tag_format.image_tag(name)
    return Decision(Verdict.DEPLOY, kind, reason, findings, image, deploy_production=True, deploy_staging=True)


def reconsider(decision: Decision, findings: Sequence[Finding]) -> Decision:
    """Return the decision with other findings, such as later ones; it never becomes less strict."""
    blockers = blocking(findings)
    if blockers:
        return Decision(Verdict.BLOCKED, decision.kind, _why_blocked(blockers), findings)
    return replace(decision, findings=findings)


def _why_blocked(blockers: Sequence[Finding]) -> str:
    failures = sum(finding.status is Status.FAIL for finding in blockers)
    unknown = len(blockers) - failures
    parts = [_count(failures, "failed")] if failures else []
    parts += [_count(unknown, "could not be completed")] if unknown else []
    return f"{' and '.join(parts)}."


def _count(number: int, what: str) -> str:
    return f"{number} check{'' if number == 1 else 's'} {what}"


def _left_to_its_tag(circumstances: Circumstances, findings: Sequence[Finding]) -> Decision:
    name, tag = circumstances.ref.name, circumstances.released_as
    reason = (
        f"This commit of {name} is the release {tag}, so its build is left to that tag: nothing is built here. If the "
        f"tag is never created, dispatch this workflow on {name}."
    )
    return Decision(Verdict.BUILD_ONLY, circumstances.kind, reason, findings)


def _unjudged(circumstances: Circumstances, findings: Sequence[Finding]) -> Decision:
    kind, name, form = circumstances.kind, circumstances.ref.name, circumstances.tag_format
    reasons = {
        RefKind.PRODUCTION_TAG: f"{name} is a production tag, but production is switched off here by the input "
        "`production: false`.",
        RefKind.OTHER_TAG: f"{name} is not a production tag ({form.numbers} such as {form.like()}), so it will "
        f"not reach production. {wrong_v(name, form, 'tag-format')}".rstrip(),
        RefKind.STACK_BRANCH: f"{name} is the stack branch: it is built as `latest`, and only a production tag "
        "reaches production.",
        RefKind.OTHER_BRANCH: f"{name} is a branch: it is built, and only a production tag reaches production.",
        RefKind.PULL_REQUEST: "This pull request is not judged: it changes no pin, or production is switched off.",
        RefKind.OTHER: "Only tags and branches are built; this run belongs to neither.",
    }
    images = {
        RefKind.PRODUCTION_TAG: form.image_tag(name),
        RefKind.OTHER_TAG: safe_image_tag(name, form.prefix),
        RefKind.STACK_BRANCH: "latest",
        RefKind.OTHER_BRANCH: safe_image_tag(name, form.prefix),
    }
    staging = kind in (RefKind.PRODUCTION_TAG, RefKind.OTHER_TAG, RefKind.STACK_BRANCH)
    return Decision(
        Verdict.BUILD_ONLY,
        kind,
        reasons[kind],
        findings,
        images.get(kind, ""),
        deploy_staging=staging and circumstances.own_ref,
    )
