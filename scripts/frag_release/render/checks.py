"""What stands behind the columns of the pair's table and the edges of the picture: the rules of each column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..domain.findings import Finding
from ..domain.rules import CATALOGUE
from .wording import finding_mark, worst


@dataclass(frozen=True)
class Check:
    """A question that a reader asks of a pin or of the stack's tag, and the rules that answer it."""

    name: str
    rules: frozenset[str]

    def finding(self, findings: Sequence[Finding], subject: str) -> Finding | None:
        """The finding that answers it for `subject`; None where no rule was applied."""
        return worst([finding for finding in findings if finding.subject == subject and finding.rule in self.rules])


def _check(subject: str, column: str) -> Check:
    return Check(column, frozenset(one.id for one in CATALOGUE if (one.subject, one.column) == (subject, column)))


OF_COMPONENT = (TAG, BRANCH, CI, IMAGE) = tuple(_check("component", name) for name in ("tag", "branch", "CI", "image"))
OF_STACK = (STACK_TAG, STACK_BRANCH) = tuple(_check("stack", name) for name in ("tag", "branch"))
STACK_IMAGE = _check("stack", "image")

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
