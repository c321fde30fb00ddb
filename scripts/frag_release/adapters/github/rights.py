"""What a token must be allowed for writing, in words for the person who has to make one."""

from __future__ import annotations

from typing import TypedDict

from ...domain.evidence import Answer, Unknown
from ...domain.needs.rights import Right, TokenFacts, TokenKind, missing_scopes
from ..http.messages import Response
from .api import RepositoryApi
from .payloads import read_payload

WORKFLOWS = ".github/workflows/"

_OWN_TOKEN = "The workflow's own token can never change a file under .github/workflows, whatever its job is permitted"
_REMEDY = (
    "One of these can: a classic personal access token with the scopes repo and workflow; a fine-grained one with "
    "Contents: write, Workflows: write and Pull requests: write for this repository; the token of a GitHub App "
    "with the permissions contents: write, workflows: write and pull-requests: write. "
    "Save it as a secret of an environment, run the job in it, and pass that secret to the input token."
)


class Granted(TypedDict):
    """What the user that a token belongs to may do (`repos/get`)."""

    pull: bool
    push: bool
    admin: bool


class Visibility(TypedDict):
    """`repos/get`, as far as it tells anybody of rights."""

    private: bool
    archived: bool


class Rights(TypedDict):
    """`repos/get`, as far as it tells the owner of a token of rights."""

    permissions: Granted


class MergeSettings(TypedDict):
    """`repos/get`, as it is shown to who may write contents."""

    allow_merge_commit: bool


def remedy_for_writing(own_token: bool) -> str:
    """Say which tokens may write a workflow file, and where to put one."""
    return f"{_OWN_TOKEN}. {_REMEDY}" if own_token else f"{_REMEDY} {_OWN_TOKEN}."


def missing_right(api: RepositoryApi, path: str, own_token: bool) -> str:
    """Say what is known to be missing for changing `path`, and what to do; empty if nothing is.

    Known are only the workflow's own token, the scopes of classic tokens, and what their user may do.
    """
    lacks = _lacking(api, path, own_token)
    return f"{path} of {api.name} cannot be changed: {lacks}. {remedy_for_writing(own_token)}" if lacks else ""


def read_token(api: RepositoryApi, own_token: bool, at_home: bool = True) -> Answer[TokenFacts]:
    """Return what the repository's entry tells of the token; `at_home` is as in `TokenFacts`."""
    entry = api.entry()
    if isinstance(entry, Unknown):
        return entry
    seen = api.read(entry, Visibility, "the entry")
    if isinstance(seen, Unknown):
        return seen
    kind = token_kind(api, entry, own_token)
    rights = read_payload(entry.body, Rights) if kind in (TokenKind.CLASSIC, TokenKind.FINE_GRAINED) else None
    # `pull` shows that the list means the user: for an app, which is none, it may say no to everything.
    granted = rights["permissions"] if rights and rights["permissions"]["pull"] else None
    return TokenFacts(
        kind,
        api.given_as,
        api.name,
        is_public=not seen["private"],
        scopes=_scopes(entry),
        may_push=granted["push"] if granted else None,
        may_administer=granted["admin"] if granted else False,
        shows_merge_settings=read_payload(entry.body, MergeSettings) is not None,
        at_home=at_home,
        archived=seen["archived"],
    )


def token_kind(api: RepositoryApi, entry: Response, own_token: bool) -> TokenKind:
    """Tell what kind a token is by what GitHub answered to it (docs: "Scopes for OAuth apps") and by its prefix."""
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
    token = read_token(api, own_token)
    if isinstance(token, Unknown):
        return ""
    right = Right.WORKFLOWS if path.startswith(WORKFLOWS) else Right.CONTENTS
    scopes = missing_scopes(right, token) if token.kind is TokenKind.CLASSIC else []
    if scopes:
        return f"the token in the input {api.given_as} lacks the scope {' and '.join(scopes)}"
    if token.may_push is False:
        return f"the token in the input {api.given_as} belongs to somebody who may only read {api.name}"
    return ""
