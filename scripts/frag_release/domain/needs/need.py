"""A need of one or more commands, and how it stands. One that could not be seen is never taken for there.

A need that none of the chosen commands has is not looked for.
"""

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


EXAMINED = ("gate", "prepare", "publish", "announce", "deploy", "audit")
"""The commands that need anything."""

_JUDGING = ("gate", "prepare", "publish", "deploy")
_NEEDED_BY: dict[str, Sequence[str]] = {
    "stack-branch": EXAMINED,
    "workflow-file": EXAMINED,
    "component-repository": EXAMINED,
    "component-runs": _JUDGING,
    "component-image": _JUDGING,
    "stack-runs": ("publish", "announce"),
    "pull-requests-read": ("publish",),
    "contents-write": ("prepare", "publish"),
    "workflows-write": ("prepare",),
    "pull-requests-write": ("prepare",),
    "pull-request-setting": ("prepare",),
    "release-branch-rules": ("prepare",),
    "stack-branch-rules": ("prepare",),
    "component-contents-write": ("prepare",),
    "component-workflows-write": ("prepare",),
    "component-tag-rules": ("prepare",),
    "tag-rules": ("publish",),
    "build-start": ("publish",),
    "actions-write": ("publish",),
    "pushed-image": ("publish",),
    "ticket-repository": ("announce",),
    "issues-write": ("announce",),
    "board-lane": ("announce",),
    "board-write": ("announce",),
    "awx-login": ("deploy",),
    "awx-template": ("deploy",),
    "awx-variables": ("deploy",),
    "site-text": ("deploy",),
}
GUARDS: dict[str, tuple[str, str]] = {
    "tag-ruleset": ("Release managers alone make production tags, and nobody moves them", "settings/rules"),
    "component-tag-ruleset": ("Nobody moves production tags of {of}", "settings/rules"),
    "component-branch-bypass": ("The token that tags {of} cannot change its production branch", "settings/rules"),
    "environment-reviewers": ("Somebody approves deployments to {of}", "settings/environments"),
    "environment-people": ("More than one person can approve deployments to {of}", "settings/environments"),
    "environment-tags": ("Only tags of the form of production ones deploy to {of}", "settings/environments"),
    "environment-secrets": ("Credentials of AWX are secrets of {of} alone", "settings/secrets/actions"),
    "stack-branch-review": ("The stack branch changes by reviewed pull requests", "settings/rules"),
    "workflow-owners": ("Code owners review changes of the workflow file", "settings/rules"),
    "write-key": ("Keys that write are secrets of guarded environments alone", "settings/secrets/actions"),
    "moving-tag": ("What runs beside a token that writes is named by its commit", ""),
    "deployments-filed": ("GitHub files no deployments that are none, or are at another commit", ""),
    "dispatch-forms": ("The forms that GitHub shows are those of the stack branch", ""),
    "execution-protections": ("Workflow execution protections let a tag start its build", "settings/actions"),
    "run-retention": ("Workflow runs, the evidence of CI, are kept for 90 days", "settings/actions"),
    "release-immutability": ("Nobody can change a release and its release.json", "settings"),
}
"""What guards the gate from outside: what has to be so (`of` an environment or a repository), and its page there."""

_ADVISORY = frozenset({"pushed-image"})
"""What no command stops for."""


@dataclass(frozen=True)
class Selection:
    """The commands whose needs are looked for."""

    commands: Sequence[str]

    def need(self, kind: str, what: str, component: str = "") -> Need | None:
        """The need of a kind, for those of the commands that have it; None where none has."""
        commands = [one for one in self.commands if one in _NEEDED_BY[kind]]
        name = kind.replace("component", component or "component")
        return Need(name, commands, what, advisory=kind in _ADVISORY) if commands else None


def outside(kind: str, what: str) -> Need:
    """What guards the gate, whichever commands are chosen."""
    return Need(kind, ("gate",), what, outside=True)


def in_file(kind: str, what: str) -> Need:
    """What the stack's workflow file has to do with the gate, whichever commands are chosen."""
    return Need(kind, ("gate",), what, in_file=True)
