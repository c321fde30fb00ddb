"""What GitHub knows of people: who can be assigned, who may set labels, who wrote what, and boards of projects.

The emulator has issues, comments and labels, but no boards, lets everybody set everything, and has no apps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from world.faults import Reply, json_reply
from world.github_server import GitHubServer
from world.loopback import Request
from world.workflow_runs import person

_BOARD = re.compile(r"/(?P<kind>orgs|users)/(?P<owner>[^/]+)/projectsV2/(?P<number>[0-9]+)(/(?P<rest>.+))?")
_ASSIGNEE = re.compile(r"/repos/[^/]+/[^/]+/assignees/(?P<login>[^/]+)")
_ISSUES = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/issues(/.*)?")
_SETTING = re.compile(r"/repos/[^/]+/[^/]+/(labels|issues/[0-9]+/(labels|assignees))")
_MOMENT = "2023-06-02T10:00:00Z"


def by_app(login: str) -> dict[str, Any]:
    """What of an issue's JSON is different where an app wrote it."""
    return {"user": {"login": login, "type": "Bot"}, "author_association": "NONE"}


@dataclass
class Item:
    """A card: the issue's JSON, and the option by field id."""

    id: int
    issue: Mapping[str, Any]
    options: dict[int, str] = field(default_factory=dict)


@dataclass
class Project:
    """A board with single-select fields (name to the names of options), seen only with one of `tokens`.

    Ids of options are `FIELD-NUMBER`, such as `102-1`. A `page` is the most that a list sends at once. If it
    `takes_all`, each issue that is opened gets a card, as by a workflow of the board.
    """

    name: str
    fields: Mapping[str, Sequence[str]]
    tokens: Sequence[str]
    page: int = 100
    items: list[Item] = field(default_factory=list)
    is_public: bool = True
    takes_all: bool = False

    def as_json(self) -> dict[str, Any]:
        """The board itself."""
        _, owner, _, number = self.name.split("/")
        user = person(owner, "https://api.github.com")
        nothing = dict.fromkeys(("description", "closed_at", "short_description", "deleted_at", "deleted_by"))
        times = {"created_at": _MOMENT, "updated_at": _MOMENT}
        names = {"id": 1, "node_id": "PVT_1", "title": "Board", "number": int(number), "public": self.is_public}
        return {**names, **times, **nothing, "owner": user, "creator": user}

    def lanes(self) -> dict[str, list[str]]:
        """Title of each card with the names of its options."""
        names = {one["id"]: one["name"]["raw"] for each in self.fields_as_json() for one in each.get("options", [])}
        return {item.issue["title"]: [names[option] for option in item.options.values()] for item in self.items}

    def fields_as_json(self) -> list[dict[str, Any]]:
        """The fields as GitHub tells them, a title's first."""
        found = [self._field(100, "Title", "title")]
        for number, (name, options) in enumerate(self.fields.items(), 101):
            listed = [self._option(f"{number}-{at}", option) for at, option in enumerate(options)]
            found.append({**self._field(number, name, "single_select"), "options": listed})
        return found

    def _field(self, number: int, name: str, kind: str) -> dict[str, Any]:
        return {
            "id": number,
            "name": name,
            "data_type": kind,
            "project_url": "https://api.github.com/projects/1",
            "created_at": _MOMENT,
            "updated_at": _MOMENT,
        }

    @staticmethod
    def _option(number: str, name: str) -> dict[str, Any]:
        text = {"raw": name, "html": name}
        return {"id": number, "name": text, "description": {"raw": "", "html": ""}, "color": "GRAY"}


class GitHubPeople:
    """The part of a GitHub that knows people.

    `assignable` are the logins that can be assigned, `without_push` the tokens that may open issues and no
    more, `disabled` the repositories without issues, `changes` what is different in an issue's or comment's
    JSON by its id.
    """

    def __init__(self, server: GitHubServer) -> None:
        self._server = server
        self.projects: list[Project] = []
        self.assignable: set[str] = {"maintainer", "reviewer"}
        self.without_push: set[str] = set()
        self.disabled: set[str] = set()
        self.changes: dict[int, Mapping[str, Any]] = {}
        self._next = 170_000_000

    def clear(self) -> None:
        """Forget everything."""
        self.projects.clear()
        self.without_push.clear()
        self.disabled.clear()
        self.changes.clear()

    def add_project(self, project: Project) -> Project:
        """A board that somebody made."""
        self.projects.append(project)
        return project

    def add_card(self, project: Project, issue: Mapping[str, Any]) -> Item:
        """Put an issue's JSON on a board, in no lane."""
        self._next += 1
        project.items.append(item := Item(self._next, issue))
        return item

    def reply(self, request: Request) -> Reply | None:
        """Answers what the emulator lacks; issues and comments on their way are changed."""
        token = request.headers.get("authorization", "").partition(" ")[2]
        board = _BOARD.fullmatch(request.path)
        if board:
            return self._board_reply(board, token, request)
        login = _ASSIGNEE.fullmatch(request.path)
        if login:
            return Reply(204) if login["login"] in self.assignable else _refused(404, "Not Found")
        if request.method != "GET" and _SETTING.fullmatch(request.path) and token in self.without_push:
            return _refused(403, "Resource not accessible by personal access token")
        issues = _ISSUES.fullmatch(request.path)
        return self._issues_reply(issues["name"], token, request) if issues else None

    def _issues_reply(self, name: str, token: str, request: Request) -> Reply | None:
        if name.lower() in self.disabled:
            return _refused(410, "Issues are disabled for this repo")
        if request.method == "POST" and token in self.without_push:
            body = {key: value for key, value in json.loads(request.body).items() if key not in ("labels", "assignees")}
            content = json.dumps(body).encode()
            headers = {**request.headers, "content-length": str(len(content))}
            request = replace(request, body=content, headers=headers)
        reply = self._server.emulated(request)
        if reply.status not in (200, 201):
            return reply
        document = json.loads(reply.body)
        self._note(request, document)
        changed = [self._changed(one) for one in document] if isinstance(document, list) else self._changed(document)
        return replace(reply, body=json.dumps(changed).encode()).with_headers({"Content-Length": None})

    def _note(self, request: Request, document: Any) -> None:
        """Note what the emulator does not: an issue that is closed as a duplicate, the card of one that is opened."""
        if request.method == "PATCH" and json.loads(request.body).get("state_reason") == "duplicate":
            self.changes[document["id"]] = {"state_reason": "duplicate"}
        if request.method == "POST" and request.path.endswith("/issues"):
            for project in self.projects:
                if project.takes_all:
                    self.add_card(project, document)

    def _changed(self, one: dict[str, Any]) -> dict[str, Any]:
        change = self.changes.get(one.get("id", 0), {})
        user = {**(one.get("user") or {}), **change.get("user", {})}
        return {**one, **change, **({"user": user} if "user" in change else {})}

    def _board_reply(self, match: re.Match[str], token: str, request: Request) -> Reply:
        name = f"{match['kind']}/{match['owner']}/projects/{match['number']}"
        project = next((one for one in self.projects if one.name.lower() == name.lower()), None)
        if project is None or token not in project.tokens:
            refused = _refused(403, "Resource not accessible by integration")
            return refused if project else _refused(404, "Not Found")
        if match["rest"] is None:
            return json_reply(200, project.as_json())
        if request.method == "GET":
            listed = project.fields_as_json() if match["rest"] == "fields" else self._items(project, request)
            return self._page(listed, project, request)
        body = json.loads(request.body or b"{}")
        if request.method == "POST":
            return json_reply(201, self._item(self._added(project, body["id"])))
        item = next(one for one in project.items if f"items/{one.id}" == match["rest"])
        if request.method == "DELETE":
            project.items.remove(item)
            return Reply(204)
        item.options |= {one["id"]: one["value"] for one in body["fields"]}
        return json_reply(200, self._item(item))

    def _added(self, project: Project, number: int) -> Item:
        found = next((one for one in project.items if one.issue["id"] == number), None)
        return found or self.add_card(project, self._issue(number))

    def _issue(self, number: int) -> Mapping[str, Any]:
        for name in self._server.repositories:
            path = f"/repos/{name}/issues?state=all&per_page=100"
            asked = Request("GET", path.partition("?")[0], {}, {"accept": "application/json"}, b"", path)
            for issue in json.loads(self._server.emulate.ask(asked).body):
                if issue["id"] == number:
                    return dict(issue)
        raise AssertionError(f"no issue has the id {number}")

    def _items(self, project: Project, request: Request) -> list[dict[str, Any]]:
        fields = [int(one) for one in request.query.get("fields", ["100"])[0].split(",")]
        options = {one["id"]: one for each in project.fields_as_json() for one in each.get("options", [])}
        return [
            self._item(item)
            | {
                "content": item.issue,
                "fields": [
                    {"id": number, "name": "x", "data_type": "single_select", "value": options[item.options[number]]}
                    for number in fields
                    if number in item.options
                ],
            }
            for item in project.items
        ]

    @staticmethod
    def _item(item: Item) -> dict[str, Any]:
        times = {"created_at": _MOMENT, "updated_at": _MOMENT, "archived_at": None}
        return {"id": item.id, "content_type": "Issue", **times}

    def _page(self, listed: Sequence[Any], project: Project, request: Request) -> Reply:
        """A page by cursors, as boards have them."""
        start = int(request.query.get("after", ["0"])[0])
        size = min(project.page, int(request.query["per_page"][0]))
        query = "&".join(f"{key}={values[0]}" for key, values in request.query.items() if key != "after")
        url = f"{self._server.url}{request.path}?{query}&after={start + size}"
        link = {"Link": f'<{url}>; rel="next"'} if start + size < len(listed) else {}
        return json_reply(200, list(listed[start : start + size]), link)


def _refused(status: int, message: str) -> Reply:
    """A refusal as GitHub really sends it: its description does not name every one of these, so none is judged."""
    documentation = "https://docs.github.com/rest"
    body = {"message": message, "documentation_url": documentation, "status": str(status)}
    return json_reply(status, body, {"X-Made-By": "people"})
