"""Pull requests on GitHub, within one repository."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

from ...domain.evidence import Answer, TooLong, Unknown
from ..ports.repository import PullRequest, UnconfirmedError, WriteFailedError
from .api import RepositoryApi
from .orders import Order, RaceError, Step, carry_out

_READ = "pull-requests: read"
_MOST_PAGES = 50


class Login(TypedDict):
    """A user."""

    login: str


class Home(TypedDict):
    """The repository that a branch is in; its id stays when it is renamed."""

    id: int


class Head(TypedDict):
    """The branch that is proposed; its repository may have been deleted."""

    ref: str
    repo: Home | None


class Base(TypedDict):
    """The branch that it is proposed for."""

    ref: str
    repo: Home


class Pull(TypedDict):
    """One item of `pulls/list`, and `pulls/create`."""

    number: int
    html_url: str
    title: str
    body: str | None
    user: Login | None
    head: Head
    base: Base


class GithubPulls:
    """The pull requests of one repository; never from a memory."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token

    def open_into(self, base: str) -> Answer[Sequence[PullRequest]]:
        """All open ones into `base` from branches of this repository."""
        what = f"the pull requests into {base}"
        query: dict[str, str | int] = {"state": "open", "base": base, "per_page": 100}
        first = self._api.get("/pulls", what, query, permission=_READ)
        pages = first if isinstance(first, Unknown) else self._api.pages(first, what, _MOST_PAGES, _READ)
        if isinstance(pages, TooLong):
            return TooLong(pages.reason, f"Close pull requests into {base} that nobody needs.")
        if isinstance(pages, Unknown):
            return pages
        pulls = self._api.items(pages, Pull, what)
        if isinstance(pulls, Unknown):
            return pulls
        own = [_pull_request(each) for each in pulls if each["base"]["ref"] == base and is_from_here(each)]
        return list({each.number: each for each in own}.values())

    def open(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open one, or return the one that is open for `branch`."""
        existing = self._existing(branch, base)
        if isinstance(existing, PullRequest):
            return existing
        if isinstance(existing, Unknown):
            raise WriteFailedError(f"No pull request was opened: {existing.reason}", existing.remedy)
        order = {"title": title, "head": branch, "base": base, "body": body}
        try:
            return self._send("POST", "/pulls", f"a pull request from {branch}", order)
        except (UnconfirmedError, _ExistsError) as error:
            existing = self._existing(branch, base)
            if isinstance(existing, PullRequest):
                return existing
            if isinstance(error, UnconfirmedError):
                raise
            raise WriteFailedError(
                error.args[0], "Look at the repository's pull requests, then run this again."
            ) from error

    def update(self, number: int, title: str, body: str) -> PullRequest:
        """Replace title and body."""
        return self._send("PATCH", f"/pulls/{number}", f"pull request #{number}", {"title": title, "body": body})

    def _existing(self, branch: str, base: str) -> PullRequest | Unknown | None:
        found = self.open_into(base)
        return found if isinstance(found, Unknown) else next((one for one in found if one.branch == branch), None)

    def _send(self, method: Literal["POST", "PATCH"], path: str, what: str, body: dict[str, Any]) -> PullRequest:
        try:
            pull = carry_out(self._api, Order(Step.PULL_REQUEST, method, path, what, body), Pull, self._own_token)
        except RaceError as error:  # no words of pull requests are among those, but words change
            raise WriteFailedError(f"GitHub refused {what}: {error}", "Run this again.") from error
        except WriteFailedError as error:
            if "pull request already exists" in error.message:
                raise _ExistsError(error.message) from error
            raise
        return _pull_request(pull)


class _ExistsError(Exception):
    """GitHub says that there is one already."""


def is_from_here(pull: Pull) -> bool:
    """Whether a pull request is of a branch of the repository itself, and not of a fork."""
    return pull["head"]["repo"] is not None and pull["head"]["repo"]["id"] == pull["base"]["repo"]["id"]


def _pull_request(pull: Pull) -> PullRequest:
    return PullRequest(
        number=pull["number"],
        url=pull["html_url"],
        owner=pull["user"]["login"] if pull["user"] else "ghost",  # as GitHub shows a deleted account
        branch=pull["head"]["ref"],
        base=pull["base"]["ref"],
        title=pull["title"],
        body=pull["body"] or "",
    )
