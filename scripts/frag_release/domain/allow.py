"""The `allow` input: single findings that a person turns into warnings, each dying with its tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .findings import Finding, demoted


@dataclass(frozen=True)
class Allowance:
    """`RULE:SUBJECT@TAG`: a finding of that rule on that subject at that tag is no reason to refuse."""

    rule: str
    subject: str
    tag: str

    def __str__(self) -> str:
        return f"{self.rule}:{self.subject}@{self.tag}"

    def covers(self, finding: Finding) -> bool:
        """Whether this allowance is meant for `finding`."""
        return (self.rule, self.subject, self.tag) == (finding.rule, finding.subject, finding.tag)


def apply_allowances(findings: Sequence[Finding], allowances: Sequence[Allowance]) -> list[Finding]:
    """Turn the blocking findings that are allowed into warnings that say so."""
    return [_demote(finding) if _is_allowed(finding, allowances) else finding for finding in findings]


def unused_allowances(findings: Sequence[Finding], allowances: Sequence[Allowance]) -> list[Allowance]:
    """Return the allowances that changed nothing: their release is over, or they name another one."""
    return [one for one in allowances if not any(f.status.blocks and one.covers(f) for f in findings)]


def _is_allowed(finding: Finding, allowances: Sequence[Allowance]) -> bool:
    return finding.status.blocks and any(allowance.covers(finding) for allowance in allowances)


def _demote(finding: Finding) -> Finding:
    why = f"ALLOWED by the `allow` input although it is {finding.status.value}"
    return demoted(finding, why, allowed=True)
