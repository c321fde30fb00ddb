"""The result of one rule on one subject, and the `allow` input: single findings that a person turns into warnings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from ..dataclass import dataclass, replace


class Status(str, Enum):
    """How a rule came out. `UNKNOWN` blocks exactly as `FAIL` does."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"

    @property
    def blocks(self) -> bool:
        """Whether a release with such a finding is refused."""
        return self in (Status.FAIL, Status.UNKNOWN)


@dataclass(frozen=True)
class Outcome:
    """What a rule's function says: without the rule's id and subject, which the rule adds.

    `line` is that of the workflow file, if it is another one than the pin's.
    """

    status: Status
    message: str
    remedy: str = ""
    url: str = ""
    line: int | None = None
    demoted_from: Status | None = None
    may_settle: bool = False


@dataclass(frozen=True)
class Finding:
    """The result of `rule` on `subject` (`stack`, `pair` or a component's name) at `tag`.

    `demoted_from` holds the status that a warning would have without what it warns of: a person allowed it by the
    `allow` input (`allowed`), a rollback, a build that is not judged, a check that was switched off (`SKIPPED`), or
    one that passed on less than it could (`PASS`). `may_settle` says that waiting may be enough.
    """

    rule: str
    subject: str
    tag: str
    status: Status
    message: str
    remedy: str = ""
    demoted_from: Status | None = None
    url: str = ""
    file: str = ""
    line: int | None = None
    allowed: bool = False
    may_settle: bool = False

    @property
    def key(self) -> str:
        """`rule:subject`, the name of this finding in outputs and in `allow`."""
        return f"{self.rule}:{self.subject}"


def had_passed(finding: Finding) -> bool:
    """Whether what the rule asks for was found, be it with a warning."""
    return Status.PASS in (finding.status, finding.demoted_from if finding.status is Status.WARN else None)


def demoted(finding: Finding, why: str = "", *, allowed: bool = False) -> Finding:
    """Make a warning of a finding that blocks; `why` is put before what it says."""
    if not finding.status.blocks:
        return finding
    message = f"{why}: {finding.message}" if why else finding.message
    return replace(finding, status=Status.WARN, demoted_from=finding.status, message=message, allowed=allowed)


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Keep the findings that refuse the release."""
    return [finding for finding in findings if finding.status.blocks]


def in_one_line(message: str, remedy: str) -> str:
    """Return what happened and what to do about it as sentences: a reason that a server gave may lack its full stop."""
    end = "" if not remedy or message.endswith((".", "!", "?", "…")) else "."
    return f"{message}{end} {remedy}".strip()


def listed(names: Iterable[str], most: int, between: str = ", ") -> str:
    """Return `a, b, c and 2 more`: at most so many names, and how many are left out."""
    each = list(names)
    left = len(each) - most
    return between.join(each[:most]) + (f" and {left} more" if left > 0 else "")


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
    return [_allowed(one) if any(each.covers(one) for each in allowances) else one for one in findings]


def unused_allowances(findings: Sequence[Finding], allowances: Sequence[Allowance]) -> list[Allowance]:
    """Return the allowances that changed nothing: their release is over, or they name another one."""
    return [one for one in allowances if not any(f.status.blocks and one.covers(f) for f in findings)]


def _allowed(finding: Finding) -> Finding:
    return demoted(finding, f"ALLOWED by the `allow` input although it is {finding.status.value}", allowed=True)
