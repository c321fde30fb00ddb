"""What a token must be allowed for writing, in words for the person who has to make one."""

from __future__ import annotations

from typing import TypedDict

from ..clients.messages import Response
from ..domain.evidence import Unknown
from .github_api import RepositoryApi
from .github_payloads import read_payload

WORKFLOWS = ".github/workflows/"

_OWN_TOKEN = "The workflow's own token can never change a file under .github/workflows, whatever its job is permitted"
_REMEDY = (
    "One of these can: a classic personal access token with the scopes repo and workflow; a fine-grained one with "
    "Contents: write, Workflows: write and Pull requests: write for this repository; the token of a GitHub App "
    "with the permissions contents: write, workflows: write and pull-requests: write. "
    "Save it as a secret of the repository and pass that secret to the input token."
)


class Granted(TypedDict):
    """What the user that a token belongs to may do (`repos/get`)."""

    pull: bool
    push: bool


class Rights(TypedDict):
    """`repos/get`, as far as it tells of rights."""

    private: bool
    permissions: Granted


def remedy_for_writing(own_token: bool) -> str:
    """Say which tokens may write a workflow file, and where to put one."""
    return f"{_OWN_TOKEN}. {_REMEDY}" if own_token else f"{_REMEDY} {_OWN_TOKEN}."


def missing_right(api: RepositoryApi, path: str, own_token: bool) -> str:
    """Say what is known to be missing for changing `path`, and what to do; empty if nothing is.

    Known are only the workflow's own token, the scopes of classic tokens, and what their user may do.
    """
    lacks = _lacking(api, path, own_token)
    return f"{path} of {api.name} cannot be changed: {lacks}. {remedy_for_writing(own_token)}" if lacks else ""


def _lacking(api: RepositoryApi, path: str, own_token: bool) -> str:
    if api.credentials is None:
        return f"there is no token in the input {api.given_as}"
    if own_token and path.startswith(WORKFLOWS):
        return f"the token in the input {api.given_as} is the workflow's own"
    entry = api.entry()
    if isinstance(entry, Unknown):
        return ""
    rights = read_payload(entry.body, Rights)
    scopes = _missing_scopes(entry, path, rights)
    if scopes:
        return f"the token in the input {api.given_as} lacks the scope {scopes}"
    # An app is no user: nothing there tells of its rights. For others, `pull` shows that the list means them.
    granted = rights["permissions"] if rights and not api.credentials.authorization.startswith("Bearer ghs_") else None
    if granted and granted["pull"] and not granted["push"]:
        return f"the token in the input {api.given_as} belongs to somebody who may only read {api.name}"
    return ""


def _missing_scopes(entry: Response, path: str, rights: Rights | None) -> str:
    """Name the scopes that a classic token lacks; only those bring this header (docs: "Scopes for OAuth apps")."""
    if "x-oauth-scopes" not in entry.headers:
        return ""
    scopes = {scope.strip() for scope in entry.header("x-oauth-scopes").split(",")}
    is_public = rights is not None and not rights["private"]
    missing = [] if "repo" in scopes or (is_public and "public_repo" in scopes) else ["repo"]
    missing += ["workflow"] if path.startswith(WORKFLOWS) and "workflow" not in scopes else []
    return " and ".join(missing)
