"""A need of one or more commands, and how it stands. One that could not be seen is never taken for there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ..evidence import Hidden, NotOffered, Unknown
from ..findings import Finding, Status


class Presence(Enum):
    """How a need stands.

    `UNSEEN` should have been seen and was not: run again. `UNTOLD` is what nobody can see without writing, or
    what this token may not see.
    """

    THERE = "there"
    MISSING = "missing"
    UNSEEN = "not seen"
    UNTOLD = "cannot be told"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True)
class Judgement:
    """How a need stands, in words, with what to do and where to look. `line` counts from 1."""

    presence: Presence
    message: str
    remedy: str = ""
    url: str = ""
    file: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Need:
    """What `commands` need. `id` names it in reports; `outside` says that it guards the gate rather than a command.

    `in_file` says that the stack's workflow file has to be so, and `advisory` that no command stops for want of it.
    """

    id: str
    commands: Sequence[str]
    what: str
    outside: bool = False
    advisory: bool = False
    in_file: bool = False

    @property
    def rule(self) -> str:
        """What findings have as their rule."""
        return "outside" if self.outside else "workflow" if self.in_file else "need"


@dataclass(frozen=True)
class Row:
    """A need with its judgement."""

    need: Need
    judgement: Judgement

    @property
    def blocks(self) -> bool:
        """Whether a command would stop for it. What guards from outside stops none."""
        return self.finding.status.blocks

    @property
    def is_open(self) -> bool:
        """Whether somebody has to look at it."""
        return self.finding.status not in (Status.PASS, Status.SKIPPED)

    @property
    def finding(self) -> Finding:
        """The row as reports and annotations have it: the need's rule, and its id as the subject."""
        found = self.judgement
        status = _STATUSES[found.presence]
        weaker = status.blocks and (self.need.outside or self.need.advisory or found.presence is Presence.UNTOLD)
        return Finding(
            rule=self.need.rule,
            subject=self.need.id,
            tag="",
            status=Status.WARN if weaker else status,
            message=found.message,
            remedy=found.remedy,
            demoted_from=status if weaker else None,
            url=found.url,
            file=found.file,
            line=found.line,
        )


_STATUSES = {
    Presence.THERE: Status.PASS,
    Presence.MISSING: Status.FAIL,
    Presence.UNSEEN: Status.UNKNOWN,
    Presence.UNTOLD: Status.UNKNOWN,
    Presence.NOT_NEEDED: Status.SKIPPED,
}


def there(message: str, url: str = "") -> Judgement:
    """It was seen."""
    return Judgement(Presence.THERE, message, url=url)


def missing(message: str, remedy: str, url: str = "") -> Judgement:
    """It was seen not to be there."""
    return Judgement(Presence.MISSING, message, remedy, url)


def unseen(why: Unknown) -> Judgement:
    """It should have been seen, and was not."""
    return Judgement(Presence.UNSEEN, sentence(why.reason), why.remedy)


def untold(message: str, remedy: str, url: str = "") -> Judgement:
    """Nobody can see it without writing, or this token may not see it."""
    return Judgement(Presence.UNTOLD, message, remedy, url)


def hidden(why: Unknown, advice: str = "") -> Judgement:
    """It is not shown to this token, for which `advice` helps; or there is none; or else it should have been seen."""
    if isinstance(why, NotOffered):
        return missing(sentence(why.reason), why.remedy)
    if isinstance(why, Hidden):
        return untold(sentence(why.reason), f"{why.remedy} {advice}".strip())
    return unseen(why)


def not_needed(message: str) -> Judgement:
    """It does not apply."""
    return Judgement(Presence.NOT_NEEDED, message)


def sentence(reason: str) -> str:
    """Return a reason as a sentence of its own. Names of repositories and hosts, which hold signs, stay as they are."""
    first = reason.partition(" ")[0]
    return f"{reason[:1].upper() if first.isalpha() else reason[:1]}{reason[1:].rstrip('.')}."
