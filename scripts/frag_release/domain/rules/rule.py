"""What a rule is: an id, texts for people, and a pure function from facts to an outcome."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from enum import Enum
from typing import Any, Generic, TypeVar

from ...dataclass import dataclass, replace
from ..evidence import Answer, Placement, Unknown
from ..facts import NOT_ASKED, About, Judged
from ..findings import Finding, Outcome, Status

Facts = TypeVar("Facts", bound=Judged, contravariant=True)
_Other = TypeVar("_Other", bound=Judged)


class Occasion(Enum):
    """When rules run."""

    GATE = "a build of a release"
    PLAN = "a release that is not tagged yet"
    PUBLICATION = "a commit that is about to be tagged"
    BASELINE = "a release that already runs and gets its record afterwards"
    BUILT = "the image that a build has pushed"
    DEPLOYMENT = "a release that is about to be deployed"
    AUDIT = "a past release"
    COMPARISON = "a past release that is only compared with its record"
    UNJUDGED = "a build that is not judged"

    @property
    def reports_only_blockers(self) -> bool:
        """Whether findings that do not block are left out."""
        return self in (Occasion.COMPARISON, Occasion.UNJUDGED)


JUDGED = frozenset(Occasion) - {Occasion.BUILT, Occasion.COMPARISON, Occasion.UNJUDGED}
"""The occasions on which a pair is judged."""
RUN = frozenset({Occasion.GATE, Occasion.DEPLOYMENT})
"""The occasions on which the run builds or deploys the tag."""


@dataclass(frozen=True)
class Rule(Generic[Facts]):
    """A rule of the catalogue: it judges one kind of facts (`of`), on the occasions in `when`.

    `fails_when` and `remedy` are the texts of docs/reference.md; a finding's own remedy is more precise. `column` is
    its column in the summary's table, empty if it has none.
    `allowable`: the `allow` input may turn its findings into warnings. `fixable_elsewhere`: what it finds can be fixed
    without another commit or tag of the stack, so the same run may pass later.
    """

    id: str
    of: type[Facts]
    fails_when: str
    remedy: str
    judge: Callable[[Facts], Outcome]
    when: Collection[Occasion] = JUDGED
    allowable: bool = True
    fixable_elsewhere: bool = False
    column: str = ""

    @property
    def subject(self) -> str:
        """The kind of facts it judges: `stack`, `component` or `pair`."""
        return self.of.kind

    def judged_by(self, judge: Callable[[_Other], Outcome], of: type[_Other]) -> Rule[Any]:
        """Return the same rule for another kind of facts, such as those of a past release."""
        other: dict[str, Any] = {"judge": judge, "of": of}
        return replace(self, **other)

    def apply(self, facts: Facts) -> Finding:
        """Return the finding on `facts`."""
        return self.finding(self.judge(facts), facts.about)

    def finding(self, outcome: Outcome, about: About) -> Finding:
        """Make an outcome of this rule a finding on the subject `about`."""
        fields = {**vars(outcome), "line": outcome.line or about.line}
        return Finding(self.id, about.subject, about.tag, file=about.file, **fields)


def rule(id: str, of: type[Facts], **row: Any) -> Callable[[Callable[[Facts], Outcome]], Rule[Facts]]:
    """Turn a function into a rule of the catalogue; `row` holds the rule's other fields."""
    return lambda judge: Rule(id, of, judge=judge, **row)


def passed(message: str, url: str = "") -> Outcome:
    """The rule holds."""
    return Outcome(Status.PASS, message, url=url)


def warned(
    message: str, remedy: str, url: str = "", instead_of: Status | None = None, line: int | None = None
) -> Outcome:
    """Worth a look, but does not block; `instead_of` is the status without the warning."""
    return Outcome(Status.WARN, message, remedy, url, line, demoted_from=instead_of)


def failed(message: str, remedy: str, url: str = "", line: int | None = None) -> Outcome:
    """The rule is broken."""
    return Outcome(Status.FAIL, message, remedy, url=url, line=line)


def unknown(what: str, why: Unknown, url: str = "", may_settle: bool = False) -> Outcome:
    """The rule could not be verified: `what` is unknown because of `why`; `url` leads to the details.

    With `may_settle` it can be verified once CI has run, so it is worth waiting.
    """
    message = f"Could not verify {what}: {why.reason.rstrip('.')}."
    return Outcome(Status.UNKNOWN, message, why.remedy, url, may_settle=may_settle)


def skipped(why: str) -> Outcome:
    """The rule is switched off or does not apply; if `why` is empty, there is no finding."""
    return Outcome(Status.SKIPPED, why)


NO_FINDING = skipped("")


def without_previous(why: Unknown | None) -> Outcome:
    """There is no previous release (None), it could not be read, or it was not looked up."""
    if why is None:
        return skipped("There is no previous release to compare with.")
    if why is NOT_ASKED:
        return skipped("This run judges no release, so the previous one was not looked up.")
    return warned(f"The previous release could not be read: {why.reason.rstrip('.')}.", why.remedy)


def placed(tag: str, repository: str, branches: Sequence[str], placement: Answer[Placement]) -> Outcome | None:
    """Return which of the branches a tag is on; None if it is on none of them, which the rule then reports."""
    if isinstance(placement, Unknown):
        return unknown(f"that {tag} is on {either(branches)} of {repository}", placement)
    found = either(sorted(placement.branches))
    return passed(f"{tag} is on {found} of {repository}.") if found else None


def either(names: Sequence[str]) -> str:
    """Return `a`, `a or b` or `a or b or c`, for a message."""
    return " or ".join(names)
