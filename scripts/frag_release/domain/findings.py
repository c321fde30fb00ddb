"""The result of one rule on one subject, and the `allow` input, which turns single findings into warnings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from ..dataclass import dataclass, replace


class Status(str, Enum):
    """The result of a rule. `UNKNOWN` blocks exactly as `FAIL` does."""

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
    """What a rule's function returns; the rule adds its id and the subject.

    `line` is that of the workflow file, if it is not the pin's.
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

    `demoted_from` is the status that a warning would otherwise have: the finding was allowed by the `allow` input
    (`allowed`), belongs to a rollback or to a build that is not judged, its check was switched off (`SKIPPED`), or it
    passed on weak evidence (`PASS`). With `may_settle` waiting may be enough.
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
    """Whether the rule holds, possibly with a warning."""
    return Status.PASS in (finding.status, finding.demoted_from if finding.status is Status.WARN else None)


def demoted(finding: Finding, why: str = "", *, allowed: bool = False) -> Finding:
    """Turn a finding that blocks into a warning; `why` is put before its message."""
    if not finding.status.blocks:
        return finding
    message = f"{why}: {finding.message}" if why else finding.message
    return replace(finding, status=Status.WARN, demoted_from=finding.status, message=message, allowed=allowed)


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings that block the release."""
    return [finding for finding in findings if finding.status.blocks]


def in_one_line(message: str, remedy: str) -> str:
    """Join a message and its remedy; a message without a full stop, such as a server's reason, gets one."""
    end = "" if not remedy or message.endswith((".", "!", "?", "…")) else "."
    return f"{message}{end} {remedy}".strip()


def listed(names: Iterable[str], most: int, between: str = ", ") -> str:
    """Return `a, b, c and 2 more`: at most so many names, and how many are left out."""
    each = list(names)
    left = len(each) - most
    return between.join(each[:most]) + (f" and {left} more" if left > 0 else "")


@dataclass(frozen=True)
class Allowance:
    """`RULE:SUBJECT@TAG`: a finding of that rule on that subject at that tag does not block."""

    rule: str
    subject: str
    tag: str

    def __str__(self) -> str:
        return f"{self.rule}:{self.subject}@{self.tag}"

    def covers(self, finding: Finding) -> bool:
        """Whether this allowance applies to `finding`."""
        return (self.rule, self.subject, self.tag) == (finding.rule, finding.subject, finding.tag)


def apply_allowances(findings: Sequence[Finding], allowances: Sequence[Allowance]) -> list[Finding]:
    """Turn the blocking findings that are allowed into warnings, marked as such."""
    return [_allowed(one) if any(each.covers(one) for each in allowances) else one for one in findings]


def unused_allowances(findings: Sequence[Finding], allowances: Sequence[Allowance]) -> list[Allowance]:
    """Return the allowances that had no effect: their release is over, or they name another one."""
    return [one for one in allowances if not any(f.status.blocks and one.covers(f) for f in findings)]


def _allowed(finding: Finding) -> Finding:
    return demoted(finding, f"ALLOWED by the `allow` input although it is {finding.status.value}", allowed=True)
