"""Issues on GitHub, to read what a release ticket asks for."""

from __future__ import annotations

from typing import TypedDict

from ..domain.evidence import Answer, Unknown
from .github_api import RepositoryApi

_PERMISSION = "issues: read"


class Issue(TypedDict):
    """`issues/get`, which knows pull requests, too."""

    title: str
    body: str | None


def read_issue_text(api: RepositoryApi, number: int) -> Answer[str]:
    """Return title and body of an issue, a line between them."""
    what = f"issue {number}"
    response = api.get(f"/issues/{number}", what, permission=_PERMISSION)
    if isinstance(response, Unknown):
        return response
    if response.status == 404:
        seen = "." if api.credentials is None else f", or the token in {api.given_as} may not see it."
        remedy = f"Check the number. A private repository needs a token with {_PERMISSION} in ticket-token."
        return Unknown(f"there is no issue {number} in {api.name}{seen.rstrip('.')}", remedy)
    found = api.read(response, Issue, what)
    return found if isinstance(found, Unknown) else f"{found['title']}\n\n{found['body'] or ''}"
