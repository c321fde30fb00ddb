"""Issues on GitHub: those that commands read, and the tickets that `announce` writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Literal, TypedDict, TypeVar

from ...domain.evidence import Answer, Answers, TooLong, Unknown, Unseen, answered
from ...domain.tickets import Author, Comment, Found, Issue, same_title
from ..http import SingleFlight
from ..http.messages import Response
from .api import RepositoryApi
from .payloads import read_payload
from .repository import is_named, is_private
from .writes import Advice, Refusal, Step, Write, send, send_unanswered

_READ = "issues: read"
_PAGE = 100
_MOST_PAGES = 100
_MAX_BYTES = 64 * 1024 * 1024
"""A page may have a hundred bodies of 65,536 characters."""

_WORKFLOWS = "github-actions[bot]"
"""The author of everything written with the workflow's own token."""

_DISABLED = re.compile(r"Issues (are|has been) disabled", re.I)
_ADVICE = Advice(
    (
        Refusal(
            _DISABLED,
            "Turn on Settings > General > Features > Issues of that repository, or name another one in "
            "ticket-repository.",
            right=False,
        ),
        Refusal(
            re.compile(r"\blocked\b", re.I),
            "The conversation of the ticket is locked: unlock it, or name another one in ticket.",
            right=False,
        ),
        Refusal(
            re.compile(r"assignees: invalid"),
            "One of the assignees can no longer be assigned there: correct the input assignees.",
            right=False,
        ),
    ),
    "An app or a fine-grained token needs Issues: write for the ticket's repository, a classic one the scope repo, and "
    "the workflow's own token issues: write under permissions of its job. That token reaches no other "
    "repository: for one, pass the token of a person or an app in ticket-token.",
)

_T = TypeVar("_T")


class UserFacts(TypedDict):
    """Who wrote something."""

    login: str
    type: str


class LabelFacts(TypedDict):
    """A label."""

    name: str | None


class Link(TypedDict):
    """What only an issue that is a pull request has."""

    url: str | None


class IssueFacts(TypedDict):
    """`issues/get`, which also returns pull requests."""

    id: int
    number: int
    repository_url: str
    html_url: str
    title: str
    body: str | None
    state: str
    user: UserFacts | None
    author_association: str | None
    labels: list[LabelFacts | str]
    assignees: list[UserFacts] | None
    pull_request: Link | None


class CommentFacts(TypedDict):
    """`issues/get-comment`."""

    id: int
    html_url: str
    body: str | None
    user: UserFacts | None
    author_association: str | None


class GithubTickets:
    """The issues of one repository; never cached."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token
        self._login: SingleFlight[str, str] = SingleFlight()

    @property
    def name(self) -> str:
        """`OWNER/NAME`."""
        return self._api.name

    @answered
    def is_private(self) -> bool:
        """Whether read access to the repository is restricted."""
        return is_private(self._api)

    def titles(self, numbers: Collection[int]) -> Mapping[int, Answer[str | None]]:
        """The title of each issue, requested in parallel."""
        asked = list(dict.fromkeys(numbers))
        return dict(zip(asked, self._api.http.parallel([partial(self._title, one) for one in asked]), strict=True))

    @answered
    def of_release(self, title: str, has_our_part: Callable[[str], bool]) -> Found:
        """All issues with the same title or with our part; open and closed, oldest first.

        They are listed, since GitHub's search lags behind; newest first, so that even a truncated list reaches back
        past the release.
        """
        query: dict[str, str | int] = {"state": "all", "sort": "created", "direction": "desc"}
        items, is_all = self._first("/issues", "the issues", IssueFacts, query)
        issues = [each for each in items if not each.get("pull_request")]
        found = {
            each["id"]: each
            for each in issues
            if same_title(each["title"], title) or has_our_part(each.get("body") or "")
        }
        ordered = sorted(found.values(), key=lambda each: each["number"])
        return Found([_issue(each) for each in ordered], 0 if is_all else len(items))

    @answered
    def issue(self, number: int) -> Issue:
        """An issue or a pull request; a transferred one as it is now."""
        what = f"issue {number}"
        return _issue(self._read(self._api.get(f"/issues/{number}", what, permission=_READ), IssueFacts, what))

    def may_be_ours(self, author: Author) -> bool:
        """Whether the workflow's own token or this one can have written it.

        The token of an app cannot find out whose it is, so any app is accepted for it: administrators install apps.
        """
        if author.login == _WORKFLOWS or self._own_token:
            return author.login == _WORKFLOWS and author.is_app
        own = self._login.get("", self._own_login)
        return author.login == own if own else author.is_app

    def _own_login(self) -> str:
        """The token's owner, empty if unknown; an app's token may not ask (`users/get-authenticated`)."""
        ask, url = answered(self._api.get_url), f"{self._api.api_url}/user"
        response = ask(url, "the token's own user", permission="metadata: read")
        facts = None if isinstance(response, Unknown) else read_payload(response.body, UserFacts)
        return facts["login"] if facts else ""

    def create(self, title: str, body: str, labels: Sequence[str]) -> Issue:
        """Open an issue."""
        payload = {"title": title, "body": body, **({"labels": list(labels)} if labels else {})}
        return _issue(self._send("POST", "/issues", f"the ticket {title}", payload, IssueFacts))

    def rewrite(self, issue: Issue, body: str) -> Issue:
        """Replace the body."""
        what = f"the new text of ticket #{issue.number}"
        return _issue(self._send("PATCH", f"/issues/{issue.number}", what, {"body": body}, IssueFacts))

    def close_duplicate(self, issue: Issue, of: Issue, body: str) -> None:
        """Close an issue as a duplicate (`issues/update`), and replace its body in the same request."""
        payload = {"state": "closed", "state_reason": "duplicate", "body": body}
        what = f"the closing of ticket #{issue.number}, a duplicate of #{of.number},"
        self._send("PATCH", f"/issues/{issue.number}", what, payload, IssueFacts)

    @answered
    def comments(self, number: int) -> Sequence[Comment]:
        """All comments, oldest first."""
        found = self._all(f"/issues/{number}/comments", f"the comments on ticket #{number}", CommentFacts)
        return [_comment(each) for each in found]

    def add_comment(self, number: int, body: str) -> Comment:
        """Write a comment."""
        path, what = f"/issues/{number}/comments", f"a comment on ticket #{number}"
        return _comment(self._send("POST", path, what, {"body": body}, CommentFacts))

    def rewrite_comment(self, comment: Comment, body: str) -> Comment:
        """Replace the text of a comment."""
        path, what = f"/issues/comments/{comment.id}", "the new text of a comment"
        return _comment(self._send("PATCH", path, what, {"body": body}, CommentFacts))

    def delete_comment(self, comment: Comment, number: int) -> None:
        """Delete a comment (`issues/delete-comment`)."""
        what = f"the deletion of a duplicate comment on ticket #{number}"
        write = Write(Step.TICKET, "DELETE", f"/issues/comments/{comment.id}", what, advice=_ADVICE)
        send_unanswered(self._api, write, self._own_token)

    @answered
    def labels(self) -> Sequence[str]:
        """The labels of the repository."""
        return _names(self._all("/labels", "the labels", LabelFacts))

    def create_label(self, name: str) -> None:
        """Make a label."""
        payload = {"name": name, "description": "Made by frag-release-action"}
        self._send("POST", "/labels", f"the label {name}", payload, LabelFacts)

    def add_labels(self, number: int, labels: Sequence[str]) -> Sequence[str]:
        """Add labels to an issue."""
        path, what = f"/issues/{number}/labels", f"labels for ticket #{number}"
        return _names(self._send("POST", path, what, {"labels": list(labels)}, list[LabelFacts]))

    def assignable(self, logins: Sequence[str]) -> Answers[bool]:
        """Whether each can be assigned: 204 or 404 (`issues/check-user-can-be-assigned`)."""
        answers = self._api.http.parallel([partial(self._is_assignable, login) for login in logins])
        return dict(zip(logins, answers, strict=True))

    def assign(self, number: int, logins: Sequence[str]) -> Sequence[str]:
        """Assign people; GitHub silently leaves out those whom the token may not assign."""
        path, what = f"/issues/{number}/assignees", f"assignees for ticket #{number}"
        return _issue(self._send("POST", path, what, {"assignees": list(logins)}, IssueFacts)).assignees

    @answered
    def _title(self, number: int) -> str | None:
        what = f"issue {number}"
        response = self._api.get(f"/issues/{number}", what, permission=_READ)
        if response.status in (404, 410):
            return None
        found = self._api.read(response, IssueFacts, what)
        if not is_named(self._api, _repository_of(found)):
            raise Unseen(Unknown(f"{what} of {self.name} was transferred to another repository, which may be private"))
        return found["title"]

    @answered
    def _is_assignable(self, login: str) -> bool:
        what = f"whether {login} can be assigned in"
        response = self._api.get(f"/assignees/{login}", what, permission=_READ)
        self._api.expect(response.status in (204, 404), what)
        return response.status == 204

    def _all(self, path: str, what: str, kind: type[_T]) -> list[_T]:
        found, is_all = self._first(path, what, kind, {})
        if not is_all:
            raise Unseen(TooLong(f"GitHub lists only {len(found):,} of {what} of {self.name}"))
        return found

    def _first(self, path: str, what: str, kind: type[_T], query: Mapping[str, str | int]) -> tuple[list[_T], bool]:
        """Return what is listed, and whether it is complete."""
        first = self._api.get(path, what, {**query, "per_page": _PAGE}, permission=_READ, max_bytes=_MAX_BYTES)
        pages = self._api.first_pages(first, what, _MOST_PAGES, _READ, _MAX_BYTES)
        found = [one for page in pages.found for one in self._read(page, list[kind], what)]  # type: ignore[valid-type]
        return found, pages.is_all

    def _read(self, response: Response, kind: type[_T], what: str) -> _T:
        words = self._api.words(response)
        if response.status == 410 and _DISABLED.search(words):
            raise Unseen(Unknown(f"issues are disabled in {self.name}", _ADVICE.refusals[0].remedy))
        if response.status == 410:
            raise Unseen(Unknown(f"{what} of {self.name} was deleted", "Name another one."))
        if response.status == 404:
            raise Unseen(self._hidden(what))
        return self._api.read(response, kind, what)

    def _hidden(self, what: str) -> Unknown:
        who = f"the token in {self._api.given_as} may not see it" if self._api.credentials else "is not public"
        return Unknown(
            f"{what} of {self.name} was not found, or {who}",
            f"Check the name and the number. A private repository, or one of another owner, needs a token with {_READ} "
            "in ticket-token: the workflow's own token reaches only its own repository.",
        )

    def _send(self, method: Literal["POST", "PATCH"], path: str, what: str, body: dict[str, Any], kind: type[_T]) -> _T:
        return send(self._api, Write(Step.TICKET, method, path, what, body, _ADVICE), kind, self._own_token)


def _repository_of(facts: IssueFacts) -> str:
    return "/".join(facts["repository_url"].rsplit("/", 2)[-2:])


def _issue(facts: IssueFacts) -> Issue:
    return Issue(
        id=facts["id"],
        repository=_repository_of(facts),
        number=facts["number"],
        url=facts["html_url"],
        title=facts["title"],
        body=facts.get("body") or "",
        is_open=facts["state"] == "open",
        author=_author(facts),
        labels=_names(facts["labels"]),
        assignees=tuple(each["login"] for each in facts.get("assignees") or ()),
    )


def _comment(facts: CommentFacts) -> Comment:
    return Comment(facts["id"], facts["html_url"], facts.get("body") or "", _author(facts))


def _author(facts: IssueFacts | CommentFacts) -> Author:
    user = facts.get("user")
    association = facts.get("author_association") or ""
    if user is None:  # as GitHub shows a deleted account
        return Author("ghost")
    return Author(user["login"], association, user["type"] == "Bot")


def _names(labels: Sequence[LabelFacts | str]) -> tuple[str, ...]:
    names = (each if isinstance(each, str) else each["name"] for each in labels)
    return tuple(name for name in names if name)
