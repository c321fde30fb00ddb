"""A need of one or more commands, how it stands, and which rights a token has, as far as reading tells.

One that could not be seen is never taken for there. Nothing is ever tried out.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from enum import Enum

from ...dataclass import dataclass
from ..evidence import Hidden, NotOffered, Unknown
from ..findings import Finding, Status

EXAMINED = ("gate", "prepare", "publish", "announce", "deploy", "audit")
"""The commands that need anything."""
NEED, IN_FILE, OUTSIDE = "need", "workflow", "outside"
"""What findings have as their rule: what a command needs, what the workflow file does, what guards the gate."""
_ROLE = "Let whoever the token belongs to write to that board (the board's Settings > Manage access)."
UNARCHIVE = "Take it out of the archive, or name another repository."


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
    """What `commands` need. `id` names it in reports; `rule` is `NEED`, `IN_FILE` or `OUTSIDE`.

    `advisory` says that no command stops for want of it.
    """

    id: str
    commands: Sequence[str]
    what: str
    rule: str = NEED
    advisory: bool = False

    @property
    def is_outside(self) -> bool:
        """Whether it guards the gate rather than a command."""
        return self.rule == OUTSIDE


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
        weaker = status.blocks and (self.need.is_outside or self.need.advisory or found.presence is Presence.UNTOLD)
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


def in_file(kind: str, what: str) -> Need:
    """What the stack's workflow file has to do with the gate, whichever commands are chosen."""
    return Need(kind, ("gate",), what, IN_FILE)


class TokenKind(Enum):
    """What kind of token asks; the value is for people."""

    NONE = "no token"
    OWN = "the workflow's own token"
    CLASSIC = "a classic token"
    APP = "the token of an app"
    FINE_GRAINED = "a fine-grained token"


@dataclass(frozen=True)
class TokenFacts:
    """A token and one repository, as that repository's entry tells. `given_as` is the input that the token is from.

    `may_push` is what the user behind it may do, None where no user is. `at_home` is False for the workflow's
    own token on another repository than its own.
    """

    kind: TokenKind
    given_as: str
    repository: str
    is_public: bool
    scopes: Set[str] = frozenset()
    may_push: bool | None = None
    may_administer: bool = False
    shows_merge_settings: bool = False
    at_home: bool = True
    archived: bool = False


class Right(Enum):
    """A right to write, as fine-grained tokens and apps name it."""

    CONTENTS = "contents: write"
    WORKFLOWS = "workflows: write"
    PULL_REQUESTS = "pull-requests: write"
    ISSUES = "issues: write"
    ACTIONS = "actions: write"
    PROJECTS = "projects: write"


_SCOPES = {Right.WORKFLOWS: "workflow", Right.PROJECTS: "project"}
_NEVER_OWN = {
    Right.WORKFLOWS: "can never change a file under .github/workflows, whatever its job is permitted",
    Right.PROJECTS: "belongs to one repository and can never see a project board",
}
# Everybody who may read a repository may open issues in it, and a project is no part of one.
_WITHOUT_PUSHING = (Right.ISSUES, Right.PROJECTS)


def judge_right(right: Right, token: TokenFacts, commands: Sequence[str]) -> Judgement:
    """Judge whether a token has a right that `commands` need."""
    if token.archived and right is not Right.PROJECTS:
        return missing(f"{token.repository} is archived: nothing can be written to it.", UNARCHIVE)
    remedy = how_to_get(right, token)
    if token.kind is TokenKind.NONE:
        return missing(f"There is no token in the input {token.given_as}, and nobody can write without one.", remedy)
    who, lacks = f"The token in the input {token.given_as} ({token.kind.value})", _lacking(right, token)
    if lacks:
        return missing(f"{who} {lacks}.", remedy)
    if _is_known(right, token):
        return there(f"{who} has it.")
    refused = f"When it is refused, {' or '.join(commands)} says so, naming the right."
    if token.kind is TokenKind.CLASSIC and right is Right.PROJECTS:
        role = "has the scope for it; whether its owner may change the board cannot be told without writing."
        return untold(f"{who} {role} {refused}", _ROLE)
    return untold(f"{who} {_hidden(token)} {refused}", remedy)


def how_to_get(right: Right, token: TokenFacts) -> str:
    """Say which tokens have a right."""
    name = right.value.partition(":")[0].replace("-", " ").capitalize()
    place = "for the organisation" if right is Right.PROJECTS else f"for {token.repository}"
    scopes = [*(["repo"] if _base_scopes(right, token) else []), *filter(None, [_SCOPES.get(right)])]
    own = "" if right in _NEVER_OWN or not token.at_home else f"In a workflow: {right.value} in the job's permissions. "
    plural = "scopes" if len(scopes) > 1 else "scope"
    return (
        f"{own}{'Or' if own else 'Give'} in {token.given_as} the token of an app or a fine-grained one with {name}: "
        f"write {place}, or a classic one with the {plural} {' and '.join(scopes)}."
    )


def missing_scopes(right: Right, token: TokenFacts) -> list[str]:
    """Name the scopes that a classic token lacks for a right."""
    base = _base_scopes(right, token)
    lacks = ["repo"] if base and not base & token.scopes else []
    special = _SCOPES.get(right)
    return lacks + ([special] if special and special not in token.scopes else [])


def _base_scopes(right: Right, token: TokenFacts) -> Set[str]:
    if right is Right.PROJECTS:
        return frozenset()
    return frozenset({"public_repo", "repo"}) if token.is_public else frozenset({"repo"})


def _lacking(right: Right, token: TokenFacts) -> str:
    """Say what a token is known to lack; empty if nothing is."""
    if token.kind is TokenKind.OWN and right in _NEVER_OWN:
        return _NEVER_OWN[right]
    if token.kind is TokenKind.OWN and not token.at_home:
        return f"can only write to the repository that the workflow is in, which is not {token.repository}"
    scopes = missing_scopes(right, token) if token.kind is TokenKind.CLASSIC else []
    if scopes:
        return f"lacks the scope {' and '.join(scopes)}"
    if token.may_push is False and right not in _WITHOUT_PUSHING:
        return f"belongs to somebody who may only read {token.repository}"
    if right is Right.CONTENTS and token.kind is not TokenKind.CLASSIC and not token.shows_merge_settings:
        return f"lacks contents: write on {token.repository}: GitHub does not show it the merge settings"
    return ""


def _is_known(right: Right, token: TokenFacts) -> bool:
    if token.kind is TokenKind.CLASSIC:
        # A board is of an owner, and has roles of its own.
        return right is Right.ISSUES or (right is not Right.PROJECTS and token.may_push is True)
    return right is Right.CONTENTS and token.shows_merge_settings


def _hidden(token: TokenFacts) -> str:
    if token.kind is TokenKind.OWN:
        return "has what its job's permissions give it, which cannot be told without writing."
    return "does not show this right: it cannot be told without writing."
