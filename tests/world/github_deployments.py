"""Deployment records as GitHub's REST API keeps them; the emulator has none."""

from __future__ import annotations

import datetime
import json
import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML

from world.events import Event
from world.faults import Reply, json_reply
from world.loopback import Request
from world.workflow_runs import person

FIRST_RECORD = 6_000_000_000
_PATHS = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/deployments(?:/(?P<id>[0-9]+)(?P<statuses>/statuses)?)?")
_ENVIRONMENT = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/environments")
_FILTERS = ("environment", "task", "sha", "ref")
_INPUT = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")


@dataclass
class Status:
    """One status of a record, as it was told."""

    state: str
    description: str = ""
    log_url: str = ""
    environment_url: str = ""
    created_at: str = ""


@dataclass
class Deployment:
    """One record, as it was filed; `sha` is what GitHub makes of the ref. Statuses stand oldest first."""

    repository: str
    id: int
    ref: str
    sha: str
    task: str = "deploy"
    environment: str = "production"
    description: str = ""
    payload: Any = field(default_factory=dict)
    production_environment: bool = False
    created_at: str = ""
    statuses: list[Status] = field(default_factory=list)

    @property
    def states(self) -> list[str]:
        """The states, oldest first."""
        return [one.state for one in self.statuses]


def now() -> str:
    """Now, as GitHub writes it."""
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Deployments:
    """`records` stand oldest first. `environments` are those that were there before, and those that records made."""

    url: str
    records: list[Deployment] = field(default_factory=list)
    environments: set[str] = field(default_factory=set)

    def clear(self) -> None:
        """Forget everything."""
        self.records.clear()
        self.environments.clear()

    def add(self, repository: str, sha: str, **facts: Any) -> Deployment:
        """File a record."""
        given = {"ref": sha, "created_at": now(), **facts}
        made = Deployment(repository, FIRST_RECORD + len(self.records), sha=sha, **given)
        self.records.append(made)
        self.environments.add(made.environment.lower())
        return made

    def reply(
        self, request: Request, repositories: Sequence[str], resolve: Callable[[str, str], str | None]
    ) -> Reply | None:
        """Answer for `repositories` (in lower case); `resolve` finds the commit of a ref of a repository."""
        if found := _ENVIRONMENT.fullmatch(request.path):
            return self._environments(found["name"]) if found["name"].lower() in repositories else None
        match = _PATHS.fullmatch(request.path)
        if match is None or match["name"].lower() not in repositories:
            return None
        own = [one for one in self.records if one.repository.lower() == match["name"].lower()]
        body = json.loads(request.body) if request.method == "POST" else {}
        if match["id"] is None:
            return self._file(match["name"], body, resolve) if body else self._list(own, request)
        record = next((one for one in own if one.id == int(match["id"])), None)
        if record is None:
            return json_reply(404, {"message": "Not Found", "status": "404"})
        if not match["statuses"]:
            return json_reply(200, self._record(record))
        if body:
            told = {name: str(body.get(name, "")) for name in ("state", "description", "log_url", "environment_url")}
            record.statuses.append(Status(**told, created_at=now()))
            return json_reply(201, self._status(record, len(record.statuses) - 1))
        return json_reply(200, [self._status(record, at) for at in reversed(range(len(record.statuses)))])

    def _environments(self, repository: str) -> Reply:
        times, base = dict.fromkeys(("created_at", "updated_at"), now()), f"{self.url}/repos/{repository}/environments"
        urls = {name: f"{base}/{name}" for name in sorted(self.environments)}
        shown = [
            {"id": at, "node_id": f"EN_{at}", "name": name, "url": url, "html_url": url, **times}
            for at, (name, url) in enumerate(urls.items(), 1)
        ]
        return json_reply(200, {"total_count": len(shown), "environments": shown})

    def _file(self, name: str, body: Mapping[str, Any], resolve: Callable[[str, str], str | None]) -> Reply:
        sha = resolve(name, body["ref"])
        if sha is None:
            return json_reply(422, {"message": f"No ref found for: {body['ref']}", "status": "422"})
        if body.get("auto_merge", True) or body.get("required_contexts") != []:
            return json_reply(409, {"message": "Conflict: Commit status checks failed for master", "status": "409"})
        given = {name: value for name, value in body.items() if name not in ("auto_merge", "required_contexts")}
        record = self.add(name, sha, **{name: value for name, value in given.items() if name != "ref"})
        record.ref = body["ref"]
        return json_reply(201, self._record(record))

    def _list(self, own: Sequence[Deployment], request: Request) -> Reply:
        wanted = {name: request.query[name][0] for name in _FILTERS if name in request.query}
        fitting = [one for one in own if all(getattr(one, name) == value for name, value in wanted.items())]
        size, page = (int(request.query.get(key, [usual])[0]) for key, usual in (("per_page", "30"), ("page", "1")))
        shown = fitting[::-1][(page - 1) * size : page * size]
        query = urllib.parse.urlencode({**{name: value[0] for name, value in request.query.items()}, "page": page + 1})
        more = {"Link": f'<{self.url}{request.path}?{query}>; rel="next"'} if page * size < len(fitting) else {}
        return json_reply(200, [self._record(one) for one in shown], more)

    def _record(self, one: Deployment) -> dict[str, Any]:
        url = f"{self.url}/repos/{one.repository}"
        return {
            "url": f"{url}/deployments/{one.id}",
            "id": one.id,
            "node_id": f"DE_{one.id}",
            "sha": one.sha,
            "ref": one.ref,
            "task": one.task,
            "payload": one.payload,
            "original_environment": one.environment,
            "environment": one.environment,
            "description": one.description,
            "creator": person("github-actions", self.url),
            "created_at": one.created_at,
            "updated_at": one.created_at,
            "statuses_url": f"{url}/deployments/{one.id}/statuses",
            "repository_url": url,
            "transient_environment": False,
            "production_environment": one.production_environment,
        }

    def _status(self, record: Deployment, at: int) -> dict[str, Any]:
        one, url = record.statuses[at], f"{self.url}/repos/{record.repository}"
        return {
            "url": f"{url}/deployments/{record.id}/statuses/{at + 1}",
            "id": at + 1,
            "node_id": f"DES_{record.id}_{at + 1}",
            "state": one.state,
            "creator": person("github-actions", self.url),
            "description": one.description,
            "environment": record.environment,
            "target_url": one.log_url,
            "created_at": one.created_at,
            "updated_at": one.created_at,
            "deployment_url": f"{url}/deployments/{record.id}",
            "repository_url": url,
            "environment_url": one.environment_url,
            "log_url": one.log_url,
        }


def filing_jobs(workflow: str, event: Event) -> dict[str, str]:
    """The jobs of a workflow for which GitHub files a deployment by itself, and the environment of each.

    A job with `environment:` files one whatever it does, unless that says `deployment: false` (GitHub, March 2026).
    """
    given = event.payload.get("inputs") or {}
    found = {}
    for key, job in YAML(typ="safe").load(workflow)["jobs"].items():
        place = job.get("environment") or {}
        place = place if isinstance(place, dict) else {"name": place}
        if place and place.get("deployment", True):
            found[key] = _INPUT.sub(lambda name: str(given.get(name[1], "")), place["name"])
            assert "${{" not in found[key], f"what {found[key]} comes to is not known here"
    return found


@dataclass
class JobDeployments:
    """Files what GitHub files for the jobs of a run, by their own lines: at the run's ref, whatever they do.

    `took` is for a runner's `on_job`.
    """

    deployments: Deployments
    repository: str
    event: Event
    environments: Mapping[str, str]
    filed: dict[str, Deployment] = field(default_factory=dict)

    def took(self, job: str, result: str) -> None:
        """A job has begun, or ended with this result."""
        if job not in self.environments:
            return
        if not result:
            ref = self.event.ref.split("/", 2)[-1]
            place = self.environments[job]
            self.filed[job] = self.deployments.add(self.repository, self.event.sha, ref=ref, environment=place)
        state = {"": "in_progress", "success": "success"}.get(result, "failure")
        self.filed[job].statuses.append(Status(state, created_at=now()))
