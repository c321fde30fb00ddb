"""What a rule is: an id, words for people, and a pure function from facts to an outcome."""

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
    """When rules are asked."""

    GATE = "a build of a release"
    PLAN = "a release that is not tagged yet"
    PUBLICATION = "a commit that is about to be tagged"
    BASELINE = "a release that runs already, and gets its record afterwards"
    BUILT = "the image that a build has pushed"
    DEPLOYMENT = "what is about to be deployed"
    AUDIT = "a release of the past"
    COMPARISON = "a release of the past that is only held against its record"
    UNJUDGED = "a build that nothing is asked of"

    @property
    def tells_only_what_blocks(self) -> bool:
        """Whether what passes is not worth a line."""
        return self in (Occasion.COMPARISON, Occasion.UNJUDGED)


JUDGED = frozenset(Occasion) - {Occasion.BUILT, Occasion.COMPARISON, Occasion.UNJUDGED}
"""Whenever a pair is judged."""
RUN = frozenset({Occasion.GATE, Occasion.DEPLOYMENT})
"""Whenever a run is judged that builds or deploys the tag."""


@dataclass(frozen=True)
class Rule(Generic[Facts]):
    """A rule of the catalogue, `of` one kind of facts, asked `when` it is one of those occasions.

    `fails_when` and `remedy` are the words of docs/reference.md; a finding's own remedy is more precise. `column` is
    that of the summary's table under which it is shown, empty if it is told in words alone.
    `allowable` tells whether the `allow` input may turn it into a warning, `mends_elsewhere` whether what it
    finds wrong can be mended without another commit or tag of the stack, so that the same run may pass later.
    """

    id: str
    of: type[Facts]
    fails_when: str
    remedy: str
    judge: Callable[[Facts], Outcome]
    when: Collection[Occasion] = JUDGED
    allowable: bool = True
    mends_elsewhere: bool = False
    column: str = ""

    @property
    def subject(self) -> str:
        """What it is on: `stack`, `component` or `pair`."""
        return self.of.kind

    def judged_by(self, judge: Callable[[_Other], Outcome], of: type[_Other]) -> Rule[Any]:
        """Return the same rule, judging by other facts: those of a release of the past, say."""
        other: dict[str, Any] = {"judge": judge, "of": of}
        return replace(self, **other)

    def apply(self, facts: Facts) -> Finding:
        """Judge `facts`."""
        return self.finding(self.judge(facts), facts.about)

    def finding(self, outcome: Outcome, about: About) -> Finding:
        """Name an outcome by this rule, and by what it is about."""
        said = {**vars(outcome), "line": outcome.line or about.line}
        return Finding(self.id, about.subject, about.tag, file=about.file, **said)


def rule(id: str, of: type[Facts], **row: Any) -> Callable[[Callable[[Facts], Outcome]], Rule[Facts]]:
    """Make a function a rule of the catalogue, with the other fields of its row."""
    return lambda judge: Rule(id, of, judge=judge, **row)


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
    """The rule is switched off or does not apply; without a reason that nobody has to be told, there is no finding."""
    return Outcome(Status.SKIPPED, why)


NOTHING_TO_SAY = skipped("")


def without_previous(why: Unknown | None) -> Outcome:
    """There is no release before to compare with, or it could not be read, or nobody asked for it."""
    if why is None:
        return skipped("There is no previous release to compare with.")
    if why is NOT_ASKED:
        return skipped("No release is judged here, so the previous one was not looked up.")
    return warned(f"The previous release could not be read: {why.reason.rstrip('.')}.", why.remedy)


def placed(tag: str, repository: str, branches: Sequence[str], placement: Answer[Placement]) -> Outcome | None:
    """Return where a tag is; None if it is known to be on none of the branches, which is for the rule to tell."""
    if isinstance(placement, Unknown):
        return unknown(f"Whether {tag} is on {either(branches)} of {repository}", placement)
    found = either(sorted(placement.branches))
    return passed(f"{tag} is on {found} of {repository}.") if found else None


def either(names: Sequence[str]) -> str:
    """Return `a`, `a or b`, `a or b or c`, for a message."""
    return " or ".join(names)
