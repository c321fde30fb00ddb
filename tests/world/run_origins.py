"""What tells on GitHub whose a workflow run is: the activity of branches, and the workflows with their real names."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from world.faults import Reply, json_reply
from world.loopback import Request
from world.workflow_runs import Run, person

_LISTS = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/(?P<list>activity|actions/workflows)")
_NO_COMMIT = "0" * 40


@dataclass(frozen=True)
class Activity:
    """One thing that happened to a branch; the time is ISO 8601 in UTC."""

    repository: str
    branch: str
    kind: str
    timestamp: str

    def as_json(self, number: int, base_url: str) -> dict[str, Any]:
        """The reply's `activity` object."""
        return {
            "id": number,
            "node_id": f"PSH_{number}",
            "before": _NO_COMMIT,
            "after": _NO_COMMIT,
            "ref": f"refs/heads/{self.branch}",
            "timestamp": self.timestamp,
            "activity_type": self.kind,
            "actor": person("somebody", base_url),
        }


@dataclass
class RunOrigins:
    """`activities` stand oldest first. `names` has the name of each workflow by its file, `states` its state.

    The workflows of a repository are those that ran there, and those of which the file is in `files`.
    """

    url: str
    runs: list[Run]
    activities: list[Activity] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    def clear(self) -> None:
        """Forget everything."""
        for kept in (self.activities, self.names, self.states, self.files):
            kept.clear()

    def branch(self, repository: str, name: str, created: str, deleted: str = "") -> None:
        """Let a branch have existed from one time to another; without the latter nobody has deleted it."""
        self.activities.append(Activity(repository, name, "branch_creation", created))
        if deleted:
            self.activities.append(Activity(repository, name, "branch_deletion", deleted))

    def reply(self, request: Request, repositories: Sequence[str]) -> Reply | None:
        """Answers for the two lists, of the `repositories` that there are (in lower case)."""
        found = _LISTS.fullmatch(request.path)
        if found is None or request.method != "GET" or found["name"].lower() not in repositories:
            return None
        items = (
            self._activity(found["name"], request) if found["list"] == "activity" else self._workflows(found["name"])
        )
        size = min(int(request.query.get("per_page", ["30"])[0]), 100)
        start = int(request.query.get("after" if found["list"] == "activity" else "page", ["0"])[0])
        shown = items[start : start + size]
        body: object = shown
        if found["list"] != "activity":
            body = {"total_count": len(items), "workflows": shown}
        return json_reply(200, body, self._next(request, start + size) if start + size < len(items) else {})

    def _activity(self, name: str, request: Request) -> list[dict[str, Any]]:
        """Newest first, as on GitHub."""
        (ref,) = request.query.get("ref", [""])
        own = [one for one in self.activities if one.repository.lower() == name.lower()]
        numbered = [one.as_json(at, self.url) for at, one in enumerate(own, 1) if ref == f"refs/heads/{one.branch}"]
        return sorted(numbered, key=lambda one: (one["timestamp"], one["id"]), reverse=True)

    def _workflows(self, name: str) -> list[dict[str, Any]]:
        ran = {run.path.partition("@")[0] for run in self.runs if run.repository.lower() == name.lower()}
        return [self._workflow(name, path) for path in sorted(ran | self.files)]

    def _workflow(self, name: str, path: str) -> dict[str, Any]:
        number = crc32(f"{name}/{path}".encode())
        url = f"{self.url}/repos/{name}/actions/workflows/{number}"
        return {
            "id": number,
            "node_id": f"W_{number}",
            "name": self.names.get(path, path),
            "path": path,
            "state": self.states.get(path, "active"),
            "created_at": "2023-01-01T09:00:00Z",
            "updated_at": "2023-01-01T09:00:00Z",
            "url": url,
            "html_url": url,
            "badge_url": url,
        }

    def _next(self, request: Request, start: int) -> dict[str, str]:
        """Pages of activity are told by a place in the list, those of workflows by a number."""
        kind = "after" if request.path.endswith("activity") else "page"
        query = urllib.parse.urlencode({**{name: one[0] for name, one in request.query.items()}, kind: start})
        return {"Link": f'<{self.url}{request.path}?{query}>; rel="next"'}
