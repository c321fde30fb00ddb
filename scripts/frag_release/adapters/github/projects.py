"""GitHub's project boards, by the REST API (`/orgs/NAME/projectsV2/N`, and the same below `/users`).

Ids are REST's integers, not GraphQL's; an option's id changes when the field is edited, so it is looked up each time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, TypeVar

from ...domain.evidence import Unknown, Unseen, answered
from ...domain.findings import listed
from ...domain.tickets import Issue
from ..http.messages import host_of, quoted
from ..ports.publishing import BoardStatus, Card
from .api import Access, PlaceApi
from .writes import Advice, Step, Write, send, send_unanswered

_READ = "projects: read"
_PAGE = 100
_MOST_PAGES = 100
_MAX_BYTES = 64 * 1024 * 1024
_PROJECT = re.compile(
    r"(?P<kind>orgs|users)/(?P<owner>[A-Za-z0-9][A-Za-z0-9_-]{0,99})/projects/(?P<number>[1-9][0-9]{0,8})"
)
_SELECT = "single_select"
_SHOWN = 20

RIGHTS = (
    "In ticket-token, pass the token of an app with the organisation permission Projects: write, a fine-grained one "
    "with Projects: write for the organisation, or a classic one with the scope project (the only kind for a user's "
    "own board). The workflow's own token can never reach a project."
)
_GITHUB = "api.github.com"
_OLDER = (
    " A GitHub Enterprise Server whose REST API has no projects yet gives the same answer to any token: then leave "
    "project empty."
)
_ADVICE = Advice((), RIGHTS)

_T = TypeVar("_T")


class Name(TypedDict):
    """A name as it was entered."""

    raw: str


class Option(TypedDict):
    """An option of a field."""

    id: str
    name: Name


class Field(TypedDict):
    """`projects/list-fields-for-org`; `options` only for a field that has them."""

    id: int
    name: str
    data_type: str
    options: list[Option] | None


class Visibility(TypedDict):
    """`projects/get-for-org`: the visibility of a board."""

    public: bool


class Content(TypedDict):
    """The issue of an item."""

    id: int | None
    html_url: str | None


class FieldValue(TypedDict):
    """A field of an item. Its `value` may be of any type."""

    id: int


class Item(TypedDict):
    """`projects/list-items-for-org`. `content` is null if the token may not see it."""

    id: int
    content_type: str
    content: Content | None
    fields: list[FieldValue] | None


class AddedItem(TypedDict):
    """`projects/add-item-for-org`, and `projects/update-item-for-org`."""

    id: int


class ProjectApi(PlaceApi):
    """One project as one token sees it."""

    def __init__(self, access: Access, name: str) -> None:
        found = _PROJECT.fullmatch(name)
        root = f"/{found['kind']}/{found['owner']}/projectsV2/{found['number']}" if found else ""
        super().__init__(access, name, root)

    def confirm_absence(self) -> None:
        """Raise Unseen always: GitHub also returns 404 for projects that the token may not see."""
        raise Unseen(self.not_visible())

    def not_visible(self) -> Unknown:
        """Return the answer for a project that is missing or hidden."""
        who = f"the token in {self.given_as} may not see it"
        older = "" if host_of(self.api_url) == _GITHUB else _OLDER
        return Unknown(f"the board {self.name} was not found, or {who}", f"Check the input project. {RIGHTS}{older}")

    def lacks(self, permission: str) -> str:
        """Return which tokens may: some kinds of token cannot have the permission that GitHub names."""
        return RIGHTS

    def _malformed(self) -> Unknown:
        return Unknown(f"{quoted(self.name)} is not the name of a board", "Name it as orgs/NAME/projects/NUMBER.")


class GithubBoard:
    """One board; never cached. `own_token` if the token is the workflow's own."""

    def __init__(self, api: ProjectApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token

    @property
    def name(self) -> str:
        """`orgs/NAME/projects/NUMBER`, or `users/NAME/projects/NUMBER`."""
        return self._api.name

    @answered
    def status(self, field: str, option: str) -> BoardStatus:
        """The option of a field by their names, ignoring case."""
        if self._own_token:
            raise Unseen(Unknown(f"the workflow's own token cannot reach {self.name}", RIGHTS))
        fields = self._all("/fields", "the fields", Field)
        chosen = [one for one in fields if _same(one["name"], field)]
        if len(chosen) != 1 or chosen[0]["data_type"] != _SELECT:
            known = [one["name"] for one in fields if one["data_type"] == _SELECT]
            reason = f"the board {self.name} does not have exactly one single-select field {field!r}"
            raise Unseen(Unknown(reason, f"Name one of its fields in project-field{self._listed(known)}."))
        selected = chosen[0]
        options = selected.get("options") or []
        found = [one for one in options if _same(one["name"]["raw"], option)]
        if len(found) != 1:
            known = [one["name"]["raw"] for one in options]
            reason = (
                f"the field {selected['name']!r} of the board {self.name} does not have exactly one lane {option!r}"
            )
            raise Unseen(Unknown(reason, f"Name one of its lanes in project-status{self._listed(known)}."))
        return BoardStatus(selected["id"], selected["name"], found[0]["id"], found[0]["name"]["raw"])

    def _listed(self, names: Sequence[str]) -> str:
        """Return names for a remedy; none unless the board is public, since others may read the log of a run."""
        board = self._visibility()
        if isinstance(board, Unknown) or not board["public"]:
            return ", as the board shows them (it is not known to be public, so they are not listed here)"
        return f": {_named(names)}"

    @answered
    def _visibility(self) -> Visibility:
        return self._api.read(self._api.get("", "the board", permission=_READ), Visibility, "the board")

    @answered
    def card(self, issue: Issue, status: BoardStatus) -> Card | None:
        """The issue's item with its value of the lane's field."""
        items = self._all("/items", "the items", Item, {"fields": str(status.field_id)})
        found = next((one for one in items if _is_about(one, issue)), None)
        return Card(found["id"], _value(found, status)) if found else None

    def add(self, issue: Issue) -> Card:
        """Add an issue to the board."""
        payload = {"type": "Issue", "id": issue.id}
        what = f"ticket #{issue.number} on the board"
        return Card(send(self._api, self._write("POST", "/items", what, payload), AddedItem, False)["id"], "")

    def move(self, card: Card, status: BoardStatus) -> None:
        """Set the lane's field of a card."""
        payload = {"fields": [{"id": status.field_id, "value": status.option_id}]}
        what = f"the lane {status.option} of the board"
        send(self._api, self._write("PATCH", f"/items/{card.id}", what, payload), AddedItem, False)

    def remove(self, card: Card) -> None:
        """Take a card off the board (`projects/delete-item-for-org`); the issue stays."""
        what = "the removal of a duplicate's card from the board"
        send_unanswered(self._api, self._write("DELETE", f"/items/{card.id}", what, {}), False)

    def _write(self, method: Any, path: str, what: str, body: Mapping[str, Any]) -> Write:
        return Write(Step.BOARD, method, path, what, body, _ADVICE)

    def _all(self, path: str, what: str, kind: type[_T], query: Mapping[str, str] | None = None) -> list[_T]:
        asked: dict[str, str | int] = {**(query or {}), "per_page": _PAGE}
        first = self._api.get(path, what, asked, permission=_READ, max_bytes=_MAX_BYTES)
        return self._api.items(self._api.pages(first, what, _MOST_PAGES, _READ, _MAX_BYTES), kind, what)


def _is_about(item: Item, issue: Issue) -> bool:
    content = item.get("content")
    if item["content_type"] != "Issue" or content is None:
        return False
    return content.get("id") == issue.id or content.get("html_url") == issue.url


def _value(item: Mapping[str, Any], status: BoardStatus) -> str:
    """Return the id of an item's option; for a single select, GitHub sends the whole option."""
    for one in item.get("fields") or ():
        value = one.get("value")
        if one["id"] == status.field_id and isinstance(value, dict):
            return str(value.get("id", ""))
    return ""


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _named(names: Sequence[str]) -> str:
    return listed((repr(name[:80]) for name in names), _SHOWN) or "it has none"
