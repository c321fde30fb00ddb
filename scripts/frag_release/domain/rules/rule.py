"""What a rule is: an id, words for people, and a pure function from facts to an outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..evidence import Unknown
from ..facts import NOT_ASKED
from ..findings import Finding, Outcome, Status

Facts = TypeVar("Facts", contravariant=True)
_Other = TypeVar("_Other")


@dataclass(frozen=True)
class Rule(Generic[Facts]):
    """A rule of the catalogue.

    `fails_when` and `remedy` are the words of docs/reference.md; a finding's own remedy is more precise. `column` is
    that of the summary's table under which it is shown, empty if it is told in words alone.
    `allowable` tells whether the `allow` input may turn it into a warning, `mends_elsewhere` whether what it
    finds wrong can be mended without another commit or tag of the stack, so that the same run may pass later.
    """

    id: str
    subject: str
    fails_when: str
    remedy: str
    judge: Callable[[Facts], Outcome]
    allowable: bool = True
    mends_elsewhere: bool = False
    column: str = ""

    def judged_by(self, judge: Callable[[_Other], Outcome]) -> Rule[_Other]:
        """Return the same rule, judging by other facts: those of a release of the past, say."""
        return Rule(
            self.id,
            self.subject,
            self.fails_when,
            self.remedy,
            judge,
            self.allowable,
            self.mends_elsewhere,
            self.column,
        )

    def apply(self, facts: Facts, subject: str, tag: str, file: str = "", line: int | None = None) -> Finding:
        """Judge `facts` and name the result by this rule and `subject` at `tag`, with the place to look at."""
        outcome = self.judge(facts)
        return Finding(
            rule=self.id,
            subject=subject,
            tag=tag,
            status=outcome.status,
            message=outcome.message,
            remedy=outcome.remedy,
            demoted_from=outcome.demoted_from,
            url=outcome.url,
            file=file,
            line=outcome.line or line,
            may_settle=outcome.may_settle,
        )


def rule(
    id: str,
    subject: str,
    fails_when: str,
    remedy: str,
    allowable: bool = True,
    mends_elsewhere: bool = False,
    column: str = "",
) -> Callable[[Callable[[Facts], Outcome]], Rule[Facts]]:
    """Make a function a rule of the catalogue."""

    def decorate(judge: Callable[[Facts], Outcome]) -> Rule[Facts]:
        return Rule(id, subject, fails_when, remedy, judge, allowable, mends_elsewhere, column)

    return decorate


def passed(message: str, url: str = "") -> Outcome:
    """The rule holds."""
    return Outcome(Status.PASS, message, url=url)


def warned(
    message: str, remedy: str, url: str = "", instead_of: Status | None = None, line: int | None = None
) -> Outcome:
    """Worth a look, but no reason to refuse; `instead_of` is the status without what is warned of."""
    return Outcome(Status.WARN, message, remedy, url, line, demoted_from=instead_of)


def failed(message: str, remedy: str, url: str = "", line: int | None = None) -> Outcome:
    """The rule is broken."""
    return Outcome(Status.FAIL, message, remedy, url=url, line=line)


def unknown(what: str, why: Unknown, url: str = "", may_settle: bool = False) -> Outcome:
    """The rule could not be verified: `what` could not be found out, because of `why`; `url` may tell more.

    `may_settle` says that it can be verified once CI has run, which is worth waiting for.
    """
    return Outcome(Status.UNKNOWN, f"{what}: {why.reason.rstrip('.')}.", why.remedy, url, may_settle=may_settle)


def skipped(why: str) -> Outcome:
    """The rule is switched off or does not apply."""
    return Outcome(Status.SKIPPED, why)


def without_previous(why: Unknown | None) -> Outcome:
    """There is no release before to compare with, or it could not be read, or nobody asked for it."""
    if why is None:
        return skipped("There is no previous release to compare with.")
    if why is NOT_ASKED:
        return skipped("No release is judged here, so the previous one was not looked up.")
    return warned(f"The previous release could not be read: {why.reason.rstrip('.')}.", why.remedy)


def either(names: Sequence[str]) -> str:
    """Return `a`, `a or b`, `a or b or c`, for a message."""
    return " or ".join(names)
