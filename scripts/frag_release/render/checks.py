"""What stands behind the columns of the pair's table and the edges of the picture: groups of rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..domain.findings import Finding
from .wording import finding_mark, worst


@dataclass(frozen=True)
class Check:
    """A question that a reader asks of a pin or of the stack's tag, and the rules that answer it."""

    name: str
    rules: frozenset[str]

    def finding(self, findings: Sequence[Finding], subject: str) -> Finding | None:
        """The finding that answers it for `subject`; None where no rule was applied."""
        return worst([finding for finding in findings if finding.subject == subject and finding.rule in self.rules])


TAG = Check(
    "tag", frozenset({"pin-present", "pin-effective", "hidden-override", "pin-grade", "pin-exists", "pin-shadowed"})
)
BRANCH = Check("branch", frozenset({"pin-on-branch"}))
CI = Check("CI", frozenset({"pin-ci", "branch-ci"}))
IMAGE = Check("image", frozenset({"pin-image", "pin-origin"}))
OF_COMPONENT = (TAG, BRANCH, CI, IMAGE)

STACK_TAG = Check("tag", frozenset({"tag-commit", "tag-unique", "tag-order", "tag-style", "tag-released"}))
STACK_BRANCH = Check("branch", frozenset({"tag-on-stack-branch"}))
STACK_IMAGE = Check("image", frozenset({"stack-image", "staged", "stack-contents"}))
OF_STACK = (STACK_TAG, STACK_BRANCH)

NOT_CHECKED = "➖ not checked"


def marked(check: Check, findings: Sequence[Finding], subject: str) -> str:
    """The mark with its word."""
    finding = check.finding(findings, subject)
    return finding_mark(finding) if finding else NOT_CHECKED


def in_short(checks: Sequence[Check], findings: Sequence[Finding], subject: str) -> list[str]:
    """Each check with how it came out, such as `✅ tag passed`."""
    return [_named(marked(check, findings, subject), check.name) for check in checks]


def _named(mark: str, name: str) -> str:
    sign, _, word = mark.partition(" ")
    return f"{sign} {name} {word}"
