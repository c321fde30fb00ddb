"""What commands need, whether it is there, and which rights a token has, judged by read requests only.

A need that could not be checked never counts as met. No write is attempted.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from enum import Enum

from ...dataclass import dataclass
from ..evidence import Hidden, NotOffered, Unknown
from ..findings import Finding, Status

EXAMINED = ("gate", "prepare", "publish", "announce", "deploy", "audit")
"""The commands that have needs."""
NEED, IN_FILE, OUTSIDE = "need", "workflow", "outside"
"""The `rule` of a finding: what a command needs, what the workflow file does, what guards the gate."""
_ROLE = "Give the owner of the token write access to that board (the board's Settings > Manage access)."
UNARCHIVE = "Unarchive it, or name another repository."


class Presence(Enum):
    """Whether a need is met.

    `UNAVAILABLE` should have been readable and was not: run again. `UNVERIFIABLE` cannot be checked without writing, or
    is hidden from this token.
    """

    THERE = "there"
    MISSING = "missing"
    UNAVAILABLE = "not seen"
    UNVERIFIABLE = "cannot be told"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True)
class Judgement:
    """Whether a need is met, with a message, a remedy and a place to look. `line` counts from 1."""

    presence: Presence
    message: str
    remedy: str = ""
    url: str = ""
    file: str = ""
    line: int | None = None


@dataclass(frozen=True)
class Need:
    """What `commands` need. `id` names it in reports; `rule` is `NEED`, `IN_FILE` or `OUTSIDE`.

    No command stops if an `advisory` one is missing.
    """

    id: str
    commands: Sequence[str]
    what: str
    rule: str = NEED
    advisory: bool = False

    @property
    def is_outside(self) -> bool:
        """Whether it guards the gate, and no command depends on it."""
        return self.rule == OUTSIDE


@dataclass(frozen=True)
class Row:
    """A need with its judgement."""

    need: Need
    judgement: Judgement

    @property
    def blocks(self) -> bool:
        """Whether a command would stop for it. A missing guard from outside stops none."""
        return self.finding.status.blocks

    @property
    def is_open(self) -> bool:
        """Whether it needs attention."""
        return self.finding.status not in (Status.PASS, Status.SKIPPED)

    @property
    def finding(self) -> Finding:
        """The finding for reports and annotations: the need's rule, with its id as the subject."""
        found = self.judgement
        status = _STATUSES[found.presence]
        weaker = status.blocks and (
            self.need.is_outside or self.need.advisory or found.presence is Presence.UNVERIFIABLE
        )
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
    Presence.UNAVAILABLE: Status.UNKNOWN,
    Presence.UNVERIFIABLE: Status.UNKNOWN,
    Presence.NOT_NEEDED: Status.SKIPPED,
}


def there(message: str, url: str = "") -> Judgement:
    """Judge a need to be met: it was seen."""
    return Judgement(Presence.THERE, message, url=url)


def missing(message: str, remedy: str, url: str = "") -> Judgement:
    """Judge a need not to be met: its absence was seen."""
    return Judgement(Presence.MISSING, message, remedy, url)


def unseen(why: Unknown) -> Judgement:
    """Judge a need unseen: it should have been readable, and was not."""
    return Judgement(Presence.UNAVAILABLE, sentence(why.reason), why.remedy)


def unverifiable(message: str, remedy: str, url: str = "") -> Judgement:
    """Judge a need untold: it cannot be checked without writing, or is hidden from this token."""
    return Judgement(Presence.UNVERIFIABLE, message, remedy, url)


def hidden(why: Unknown, advice: str = "") -> Judgement:
    """Judge an unknown answer: untold if it is hidden from this token (`advice` helps), missing if not offered."""
    if isinstance(why, NotOffered):
        return missing(sentence(why.reason), why.remedy)
    if isinstance(why, Hidden):
        return unverifiable(sentence(why.reason), f"{why.remedy} {advice}".strip())
    return unseen(why)


def not_needed(message: str) -> Judgement:
    """Judge a need not to apply."""
    return Judgement(Presence.NOT_NEEDED, message)


def sentence(reason: str) -> str:
    """Return a reason as a sentence. A first word that is not all letters (a repository, a host) keeps its case."""
    first = reason.partition(" ")[0]
    return f"{reason[:1].upper() if first.isalpha() else reason[:1]}{reason[1:].rstrip('.')}."


def in_file(kind: str, what: str) -> Need:
    """Return a need of the stack's workflow file, which is checked for any choice of commands."""
    return Need(kind, ("gate",), what, IN_FILE)


class TokenKind(Enum):
    """The kind of a token; the value is for messages."""

    NONE = "no token"
    OWN = "the workflow's own token"
    CLASSIC = "a classic token"
    APP = "the token of an app"
    FINE_GRAINED = "a fine-grained token"


@dataclass(frozen=True)
class TokenFacts:
    """A token's access to one repository, from `GET /repos/{owner}/{repo}`. `given_as` is the token's input.

    `may_push` is the permission of its user, None if no user owns it. `at_home` is False for the workflow's own
    token on any repository but its own.
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
    """A permission to write, as fine-grained tokens and apps name it."""

    CONTENTS = "contents: write"
    WORKFLOWS = "workflows: write"
    PULL_REQUESTS = "pull-requests: write"
    ISSUES = "issues: write"
    ACTIONS = "actions: write"
    PROJECTS = "projects: write"


_SCOPES = {Right.WORKFLOWS: "workflow", Right.PROJECTS: "project"}
_NEVER_OWN = {
    Right.WORKFLOWS: "can never change a file under .github/workflows, whatever the job's permissions",
    Right.PROJECTS: "belongs to one repository and can never see a project board",
}
# Read access is enough to open issues, and a project does not belong to a repository.
_WITHOUT_PUSHING = (Right.ISSUES, Right.PROJECTS)


def judge_right(right: Right, token: TokenFacts, commands: Sequence[str]) -> Judgement:
    """Return whether a token has a right that `commands` need."""
    if token.archived and right is not Right.PROJECTS:
        return missing(f"{token.repository} is archived: nothing can be written to it.", UNARCHIVE)
    remedy = how_to_get(right, token)
    if token.kind is TokenKind.NONE:
        return missing(f"The input {token.given_as} contains no token, and writing needs one.", remedy)
    who, lacks = f"The token in the input {token.given_as} ({token.kind.value})", _lacking(right, token)
    if lacks:
        return missing(f"{who} {lacks}.", remedy)
    if _is_known(right, token):
        return there(f"{who} has it.")
    refused = f"If it is refused, {' or '.join(commands)} reports which right is missing."
    if token.kind is TokenKind.CLASSIC and right is Right.PROJECTS:
        role = "has the scope for it; whether its owner may change the board cannot be checked without writing."
        return unverifiable(f"{who} {role} {refused}", _ROLE)
    return unverifiable(f"{who} {_hidden(token)} {refused}", remedy)


def how_to_get(right: Right, token: TokenFacts) -> str:
    """Return a remedy that names the tokens with a right."""
    name = right.value.partition(":")[0].replace("-", " ").capitalize()
    place = "for the organisation" if right is Right.PROJECTS else f"for {token.repository}"
    scopes = [*(["repo"] if _base_scopes(right, token) else []), *filter(None, [_SCOPES.get(right)])]
    own = "" if right in _NEVER_OWN or not token.at_home else f"In a workflow: {right.value} in the job's permissions. "
    plural = "scopes" if len(scopes) > 1 else "scope"
    return (
        f"{own}{'Or set' if own else 'Set'} {token.given_as} to an app's token or a fine-grained one with {name}: "
        f"write {place}, or to a classic one with the {plural} {' and '.join(scopes)}."
    )


def missing_scopes(right: Right, token: TokenFacts) -> list[str]:
    """Return the scopes that a classic token lacks for a right."""
    base = _base_scopes(right, token)
    lacks = ["repo"] if base and not base & token.scopes else []
    special = _SCOPES.get(right)
    return lacks + ([special] if special and special not in token.scopes else [])


def _base_scopes(right: Right, token: TokenFacts) -> Set[str]:
    if right is Right.PROJECTS:
        return frozenset()
    return frozenset({"public_repo", "repo"}) if token.is_public else frozenset({"repo"})


def _lacking(right: Right, token: TokenFacts) -> str:
    """Return what a token is known to lack, as the rest of a sentence; empty if nothing."""
    if token.kind is TokenKind.OWN and right in _NEVER_OWN:
        return _NEVER_OWN[right]
    if token.kind is TokenKind.OWN and not token.at_home:
        return f"can only write to the repository that the workflow is in, which is not {token.repository}"
    scopes = missing_scopes(right, token) if token.kind is TokenKind.CLASSIC else []
    if scopes:
        return f"lacks the scope {' and '.join(scopes)}"
    if token.may_push is False and right not in _WITHOUT_PUSHING:
        return f"belongs to a user with read access only to {token.repository}"
    if right is Right.CONTENTS and token.kind is not TokenKind.CLASSIC and not token.shows_merge_settings:
        return f"lacks contents: write on {token.repository}: GitHub does not show it the merge settings"
    return ""


def _is_known(right: Right, token: TokenFacts) -> bool:
    if token.kind is TokenKind.CLASSIC:
        # A board belongs to an owner, and has its own roles.
        return right is Right.ISSUES or (right is not Right.PROJECTS and token.may_push is True)
    return right is Right.CONTENTS and token.shows_merge_settings


def _hidden(token: TokenFacts) -> str:
    if token.kind is TokenKind.OWN:
        return "has the permissions of its job, which cannot be checked without writing."
    return "does not show whether it has this right: that cannot be checked without writing."
