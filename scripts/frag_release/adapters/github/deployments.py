"""Deployment records of one repository on GitHub: creating and reading them, and the runs that reported them."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from ...dataclass import dataclass, replace
from ...domain.builds import Build, Job
from ...domain.deployment_records import MOST_CHARACTERS, Filed, Listed, Status, read_deployed
from ...domain.evidence import TooLong, Unseen, answered
from .api import ACTIONS, RepositoryApi
from .builds import NamedEnvironment, read_jobs, read_run
from .refs import parse_time
from .runs import PAGE
from .writes import Advice, Step, Write, send

READ = "deployments: read"

_ADVICE = Advice(rights="It needs deployments: write, under permissions of the job or as a permission of the token.")
_LONG_AGO = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
# Of any repository: it may have been renamed since. A run is requested from this one, which has none of another's.
_RUN = re.compile(r"https?://[^/]+/[^/]+/[^/]+/actions/runs/([1-9][0-9]{0,17})(?:/.*)?", re.I)


class DeploymentFacts(TypedDict):
    """`repos/get-deployment`; `created_at` is ISO 8601. `production_environment` may be missing."""

    id: int
    sha: str
    task: str
    environment: str
    created_at: str
    production_environment: bool | None
    payload: object


class StatusFacts(TypedDict):
    """`repos/get-deployment-status`; `created_at` is ISO 8601."""

    id: int
    state: str
    description: str
    created_at: str
    log_url: str | None


class EnvironmentNames(TypedDict):
    """`repos/get-all-environments`."""

    environments: list[NamedEnvironment]


@dataclass(frozen=True)
class NewRecord:
    """A record to create. `commit` is the one that is deployed; `environment` may be long and have any characters."""

    commit: str
    environment: str
    is_production: bool
    task: str
    description: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class NewStatus:
    """A status to add to a record; each URL is empty if there is none."""

    state: str
    description: str
    log_url: str
    environment_url: str


class GithubDeployments:
    """The deployment records of one repository; never cached."""

    def __init__(self, api: RepositoryApi, own_token: bool) -> None:
        self._api = api
        self._own_token = own_token

    @answered
    def newest(self, environment: str = "", task: str = "") -> Sequence[Filed]:
        """The newest records, without their statuses, newest first: one request for one page."""
        return self._listed(environment, task, 1).found

    @answered
    def listed(self, pages: int, environment: str = "", task: str = "") -> Listed:
        """The same of so many pages, each of them a request."""
        return self._listed(environment, task, pages)

    def _listed(self, environment: str, task: str, pages: int) -> Listed:
        what = "the deployment records"
        query: dict[str, str | int] = {"per_page": PAGE}
        query |= {name: value for name, value in (("environment", environment), ("task", task)) if value}
        first = self._api.get("/deployments", what, query, permission=READ)
        read = self._api.first_pages(first, what, pages, READ)
        found = self._api.items(read.found, DeploymentFacts, what)
        # GitHub ignores the case of an environment's name, and filters that it does not know.
        wanted = [one for one in found if not environment or one["environment"].lower() == environment.lower()]
        records = {one["id"]: _filed(one) for one in wanted if not task or one["task"] == task}
        return Listed([records[number] for number in sorted(records, reverse=True)], read.is_all)

    @answered
    def one(self, number: int) -> Filed | None:
        """The record of that number, without its statuses: one request; None if there is none."""
        what = f"the deployment record {number}"
        found = self._api.one(f"/deployments/{number}", what, DeploymentFacts, permission=READ)
        return _filed(found) if found else None

    @answered
    def with_statuses(self, filed: Filed) -> Filed:
        """The same record with its newest statuses: one request."""
        what = f"the statuses of the deployment record {filed.id}"
        response = self._api.get(f"/deployments/{filed.id}/statuses", what, {"per_page": PAGE}, permission=READ)
        newest = sorted(self._api.read(response, list[StatusFacts], what), key=lambda one: -one["id"])
        return replace(filed, statuses=[status for one in newest if (status := _status(one))])

    @answered
    def run(self, number: int) -> Build | None:
        """A run of this repository; None if there is none of that number."""
        return read_run(self._api, number)

    @answered
    def jobs(self, number: int) -> Sequence[Job]:
        """The jobs of all attempts of a run."""
        return read_jobs(self._api, number, "all")

    @answered
    def has_environment(self, name: str) -> bool:
        """Whether an environment of that name exists, ignoring case; a record for a missing one would create it."""
        what = "the environments"
        response = self._api.get("/environments", what, {"per_page": PAGE}, permission=ACTIONS)
        found = self._api.read(response, EnvironmentNames, what)
        if any(one["name"].lower() == name.lower() for one in found["environments"]):
            return True
        if self._api.next_page(response, what):
            raise Unseen(TooLong(f"there are more than the {PAGE} environments that are read", "Leave out the record."))
        return False

    def file(self, record: NewRecord) -> Filed:
        """Create a record, without a merge or required checks; raises as `send` does."""
        body = {
            "ref": record.commit,
            "task": record.task,
            "auto_merge": False,
            "required_contexts": [],
            "payload": dict(record.payload),
            "environment": record.environment,
            "description": record.description[:MOST_CHARACTERS],
            "production_environment": record.is_production,
        }
        write = Write(Step.DEPLOYMENT, "POST", "/deployments", "a deployment record", body, _ADVICE)
        return _filed(send(self._api, write, DeploymentFacts, self._own_token))

    def tell(self, filed: Filed, status: NewStatus) -> None:
        """Add a status to a record; raises as `send` does."""
        urls = {"log_url": status.log_url, "environment_url": status.environment_url}
        body = {"state": status.state, "description": status.description[:MOST_CHARACTERS]}
        body |= {name: url for name, url in urls.items() if url}
        path, what = f"/deployments/{filed.id}/statuses", f"a status of the deployment record {filed.id}"
        send(self._api, Write(Step.DEPLOYMENT, "POST", path, what, body, _ADVICE), StatusFacts, self._own_token)


def _status(facts: StatusFacts) -> Status | None:
    created, run = parse_time(facts["created_at"]), _RUN.fullmatch(facts["log_url"] or "")
    return Status(facts["state"], facts["description"], created, int(run[1]) if run else 0) if created else None


def _filed(facts: DeploymentFacts) -> Filed:
    created = parse_time(facts["created_at"])
    return Filed(
        facts["id"],
        facts["sha"],
        facts["environment"],
        facts["task"],
        bool(facts.get("production_environment")),
        created or _LONG_AGO,
        read_deployed(_object(facts.get("payload"))),
    )


def _object(payload: object) -> object:
    """The payload as an object: GitHub keeps it as it was sent, as an object or as JSON text."""
    try:
        return json.loads(payload) if isinstance(payload, str) else payload
    except (ValueError, RecursionError):
        return None
