"""Writes to GitHub, and what its refusals mean.

A missing permission comes as 403, as 404 (for a repository that can be read) or as 422, with words that
depend on the kind of token; so the words are checked before the status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Literal, TypedDict, TypeVar

from ...dataclass import dataclass, field
from ...domain.evidence import Answer, Unknown, Unseen, answered
from ...domain.needs import Right, TokenFacts, TokenKind, missing_scopes
from ...errors import ExpectedError
from ..http.messages import Response, Unconfirmed, quoted
from ..ports import UnconfirmedError, WriteFailedError, WriteRefusedError
from .api import PlaceApi, RepositoryApi, accepted_permissions, known_refusal
from .payloads import read_payload

WORKFLOWS = ".github/workflows/"

_OWN_TOKEN = "The workflow's own token can never change a file under .github/workflows, whatever its job's permissions"
_REMEDY = (
    "Use one of these: a classic personal access token with the scopes repo and workflow; a fine-grained one with "
    "Contents: write, Workflows: write and Pull requests: write for this repository; or the token of a GitHub App "
    "with the permissions contents: write, workflows: write and pull-requests: write. "
    "Save it as a secret of an environment, run the job in that environment, and pass the secret in the input token."
)
_RACE = re.compile(r"not a fast[ -]forward|Reference already exists|Reference does not exist|Expected branch to point")
_WORKFLOWS = re.compile(r"refusing to allow|without `?workflows?`? (scope|permission)|required scopes.*workflow")
_NO_PULL_REQUESTS = re.compile(r"not permitted to create or approve pull requests")
_PROTECTION = re.compile(
    r"GH006|GH013|rule violation|protected (branch|ref)|through a pull request|Reference (update failed|cannot be)"
    r"|Cannot (create|update|delete|force-push)|status checks?\b|verified signature|merge commits",
    re.I,
)
_NO_REASON = re.compile(r"Reference update failed\W*", re.I)
"""GitHub's whole message if git itself refuses a name, or a rule that GitHub does not name."""
_FOR_PULL_REQUESTS = (
    "An app or a fine-grained token needs the permission pull-requests: write, a classic token the scope repo, and "
    "the workflow's own token pull-requests: write under permissions of its job."
)
_SETTING = (
    "Turn on Settings > Actions > General > Workflow permissions > Allow GitHub Actions to create and approve pull "
    "requests (in the organisation's settings first, if it is greyed out), or pass the token of a person or an app "
    "in the input token."
)
_SEND_PULL_REQUEST = "Use mode: pull-request, or let the owner of the token bypass the rule."
_BYPASS_RULE = "Exclude this branch from the rule, or let the owner of the token bypass it."
_BLOCKED_NAME = (
    "GitHub gives no reason. Either a branch is in the way: git allows no branch below the name of another, such as "
    "release/2023.06.1 next to one named release; rename that one. Or a rule is. " + _BYPASS_RULE
)
DONE_UNREAD = (
    "GitHub reports success, but its reply is unusable. Run this again: what exists already is detected first."
)
"""The remedy for a write whose reply has a success status and unusable contents."""
_T = TypeVar("_T")


class Granted(TypedDict):
    """What the user behind a token may do (`repos/get`)."""

    pull: bool
    push: bool
    admin: bool


class Visibility(TypedDict):
    """`repos/get`: what any token is shown."""

    private: bool
    archived: bool


class Rights(TypedDict):
    """`repos/get`: what the token of a user is shown about permissions."""

    permissions: Granted


class MergeSettings(TypedDict):
    """`repos/get`: what only tokens with write access to contents are shown."""

    allow_merge_commit: bool


def remedy_for_writing(own_token: bool) -> str:
    """Return which tokens may write a workflow file, and where to put one."""
    return f"{_OWN_TOKEN}. {_REMEDY}" if own_token else f"{_REMEDY} {_OWN_TOKEN}."


def missing_right(api: RepositoryApi, path: str, own_token: bool) -> str:
    """Return what is known to be missing for changing `path`, and what to do; empty if nothing is known.

    Only the workflow's own token, the scopes of classic tokens and the access of a token's user can be known.
    """
    lacks = _lacking(api, path, own_token)
    return f"{path} of {api.name} cannot be changed: {lacks}. {remedy_for_writing(own_token)}" if lacks else ""


def read_token(api: RepositoryApi, own_token: bool, at_home: bool = True) -> TokenFacts:
    """Return what the repository's entry shows about the token; `at_home` is as in `TokenFacts`. Raises Unseen."""
    entry = api.entry()
    shown = api.read(entry, Visibility, "the entry")
    kind = token_kind(api, entry, own_token)
    rights = read_payload(entry.body, Rights) if kind in (TokenKind.CLASSIC, TokenKind.FINE_GRAINED) else None
    # Only with `pull` is the list about a user: for an app, which is not one, all of it may be false.
    granted = rights["permissions"] if rights and rights["permissions"]["pull"] else None
    return TokenFacts(
        kind,
        api.given_as,
        api.name,
        is_public=not shown["private"],
        scopes=_scopes(entry),
        may_push=granted["push"] if granted else None,
        may_administer=granted["admin"] if granted else False,
        shows_merge_settings=read_payload(entry.body, MergeSettings) is not None,
        at_home=at_home,
        archived=shown["archived"],
    )


def token_kind(api: RepositoryApi, entry: Response, own_token: bool) -> TokenKind:
    """Return the kind of a token, by GitHub's response headers (docs: "Scopes for OAuth apps") and its prefix."""
    if api.credentials is None:
        return TokenKind.NONE
    if own_token:
        return TokenKind.OWN
    if "x-oauth-scopes" in entry.headers:
        return TokenKind.CLASSIC
    return TokenKind.APP if api.credentials.authorization.startswith("Bearer ghs_") else TokenKind.FINE_GRAINED


def _scopes(entry: Response) -> frozenset[str]:
    return frozenset(scope.strip() for scope in entry.header("x-oauth-scopes").split(",") if scope.strip())


def _lacking(api: RepositoryApi, path: str, own_token: bool) -> str:
    if api.credentials is None:
        return f"there is no token in the input {api.given_as}"
    if own_token and path.startswith(WORKFLOWS):
        return f"the token in the input {api.given_as} is the workflow's own"
    token = answered(read_token)(api, own_token)
    if isinstance(token, Unknown):
        return ""
    right = Right.WORKFLOWS if path.startswith(WORKFLOWS) else Right.CONTENTS
    scopes = missing_scopes(right, token) if token.kind is TokenKind.CLASSIC else []
    if scopes:
        return f"the token in the input {api.given_as} lacks the scope {' and '.join(scopes)}"
    if token.may_push is False:
        return f"the token in the input {api.given_as} belongs to a user without push access to {api.name}"
    return ""


class Step(Enum):
    """What a write is part of; the remedy for a refusal depends on it."""

    OBJECT = "object"
    OWN_BRANCH = "own branch"
    STACK_BRANCH = "stack branch"
    PULL_REQUEST = "pull request"
    TAG = "tag"
    RELEASE = "release"
    TICKET = "ticket"
    BOARD = "board"
    DEPLOYMENT = "deployment record"


class RaceError(Exception):
    """GitHub reports that a branch is not where it was expected."""


@dataclass(frozen=True)
class Refusal:
    """The remedy for a refusal with these words; `right` if a permission or a setting is missing."""

    words: re.Pattern[str]
    remedy: str
    right: bool = True


@dataclass(frozen=True)
class Advice:
    """Remedies for a refused write: by GitHub's words, and in `rights` if the token lacks the permission."""

    refusals: Sequence[Refusal] = ()
    rights: str = ""


@dataclass(frozen=True)
class Write:
    """One write. `what` names it in messages; `advice` takes precedence over the remedies for all writes."""

    step: Step
    method: Literal["POST", "PATCH", "DELETE"]
    path: str
    what: str
    body: Mapping[str, Any] = field(default_factory=dict)
    advice: Advice = field(default_factory=Advice)


def send(api: PlaceApi, write: Write, kind: type[_T], own_token: bool) -> _T:
    """Send a write and return the payload of GitHub's reply.

    Raises WriteRefusedError, WriteFailedError (as UnconfirmedError if it may have been done) and RaceError.
    """
    response = confirmed(api, write, api.write(write.method, write.path, write.what, write.body), own_token)
    try:
        return api.read(response, kind, write.what)
    except Unseen as error:
        raise UnconfirmedError(error.unknown.reason, DONE_UNREAD) from error


def send_unanswered(api: PlaceApi, write: Write, own_token: bool) -> None:
    """Send a write whose reply has no contents to use; raises as `send` does."""
    confirmed(api, write, api.write(write.method, write.path, write.what, write.body), own_token)


def confirmed(api: PlaceApi, write: Write, response: Answer[Response], own_token: bool) -> Response:
    """Return the response to a write if it reports success; raises as `send` does."""
    if isinstance(response, Unconfirmed):
        raise UnconfirmedError(response.reason, response.remedy)
    if isinstance(response, Unknown):
        raise WriteFailedError(response.reason, response.remedy)
    if response.status not in (200, 201, 204):
        raise _refusal(api, write, response, own_token)
    return response


def _refusal(api: PlaceApi, write: Write, response: Response, own_token: bool) -> Exception:
    words = api.words(response)
    if _RACE.search(words) and write.step not in (Step.RELEASE, Step.TICKET, Step.BOARD, Step.DEPLOYMENT):
        return RaceError(words)
    message = f"GitHub refused {write.what} of {api.name}: {response.status} {quoted(words)}"
    advised = next((one for one in write.advice.refusals if one.words.search(words)), None)
    if advised:
        return (WriteRefusedError if advised.right else WriteFailedError)(message, advised.remedy)
    if _WORKFLOWS.search(words):
        return WriteRefusedError(message, remedy_for_writing(own_token))
    known = _known_remedy(write.step, response.status, words, api.given_as)
    if known:
        return WriteRefusedError(message, known)
    if response.status == 404:
        hidden = answered(api.confirm_absence)()
        if hidden:
            return WriteFailedError(hidden.reason, hidden.remedy)
    if response.status in (403, 404):
        return _missing_permission(write, message, accepted_permissions(response), own_token)
    return WriteFailedError(message, "Nothing was done. Run this again; if it persists, report it with this line.")


def _known_remedy(step: Step, status: int, words: str, given_as: str) -> str:
    """Return the remedy for a refusal that its words or status explain; empty for the others."""
    known = known_refusal(status, words)
    if known:
        return known.remedy_for(given_as)
    if _NO_PULL_REQUESTS.search(words):
        return _SETTING
    if step is Step.OWN_BRANCH and _NO_REASON.fullmatch(words):
        return _BLOCKED_NAME
    if step in (Step.OWN_BRANCH, Step.STACK_BRANCH) and _PROTECTION.search(words):
        return _SEND_PULL_REQUEST if step is Step.STACK_BRANCH else _BYPASS_RULE
    return ""


def _missing_permission(write: Write, message: str, accepted: str, own_token: bool) -> ExpectedError:
    """GitHub also uses 404 to hide what a token may not do (docs: "Troubleshooting the REST API")."""
    needs = f" GitHub requires {accepted}." if accepted else ""
    usual = _FOR_PULL_REQUESTS if write.step is Step.PULL_REQUEST else remedy_for_writing(own_token)
    remedy = write.advice.rights or usual
    return WriteRefusedError(f"{message}: the token lacks the permission for it.{needs}", remedy)
