"""What GitHub Actions does beyond lists of runs: builds that tags and dispatches start, with jobs that go on in time.

A build goes one look further each time somebody asks for its run by number, so that tests need no clock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from world.artifacts import GitHubArtifacts
from world.example import WORKFLOW_FILE
from world.faults import Reply, json_reply
from world.github_server import GitHubServer, page_reply
from world.loopback import Request
from world.workflow_runs import CI_FILE, Run, person

_DISPATCHES = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/actions/workflows/(?P<file>[^/]+)/dispatches")
_RUN = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/actions/runs/(?P<id>[0-9]+)(?P<more>/jobs|/pending_deployments)?")
_REFS = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/git/refs")
_PULLS = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/commits/(?P<sha>[0-9a-f]{40})/pulls")


@dataclass(frozen=True)
class Job:
    """A job as one look shows it; times are ISO 8601 in UTC."""

    name: str
    status: str = "completed"
    conclusion: str | None = "success"
    started_at: str = "2023-06-02T10:00:00Z"
    completed_at: str | None = "2023-06-02T10:03:20Z"


@dataclass(frozen=True)
class Pending:
    """An environment that a job waits for; the timer is in minutes, its start ISO 8601 in UTC."""

    environment: str
    users: Sequence[str] = ()
    teams: Sequence[str] = ()
    wait_timer: int = 0
    wait_timer_started_at: str | None = None


@dataclass(frozen=True)
class Look:
    """What one look at a build shows."""

    status: str
    conclusion: str | None = None
    jobs: Sequence[Job] = ()
    attempt: int = 1
    pending: Sequence[Pending] = ()


QUEUED = Look("queued")
RUNNING = Look("in_progress", None, (Job("build", "in_progress", None, completed_at=None),))
PASSED = Look("completed", "success", (Job("gate"), Job("build", completed_at="2023-06-02T10:12:00Z")))
FAILED = Look("completed", "failure", (Job("gate"), Job("build", conclusion="failure")))
WAITING = Look(
    "waiting",
    None,
    (Job("gate"), Job("build"), Job("Deploy to production", "waiting", None, completed_at=None)),
    pending=(Pending("awx/fragalysis-production", ("maintainer",), ("release",)),),
)
"""All is done but the job of production, which waits for its reviewers."""

CANCELLED = Look("completed", "cancelled", (Job("gate"), Job("build", conclusion="cancelled")))


@dataclass
class GitHubBuilds:
    """The part of a GitHub that runs builds of tags: `script` is what they show, look by look, the last for ever;
    `scripts` has that of some repositories, `workflows` file and name of the workflow that it is there.

    `starts` says whether anything is started at all, `filters` whether lists of runs are filtered. Tags that
    are made with a token of `silent` start nothing. Where `pushes` is a digest, builds say that they pushed it.
    """

    server: GitHubServer
    script: Sequence[Look] = (QUEUED, RUNNING, PASSED)
    scripts: dict[str, Sequence[Look]] = field(default_factory=dict)
    workflows: dict[str, tuple[str, str]] = field(default_factory=dict)
    starts: bool = True
    filters: bool = True
    silent: set[str] = field(default_factory=set)
    pushes: str = ""
    artifacts: GitHubArtifacts = field(init=False)
    _at: dict[int, int] = field(default_factory=dict)
    _scripts: dict[int, Sequence[Look]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.artifacts = GitHubArtifacts(self.server)

    def clear(self) -> None:
        """Back to builds that pass."""
        self.script, self.starts, self.filters = (QUEUED, RUNNING, PASSED), True, True
        self.pushes = ""
        self.scripts.clear()
        self.artifacts.found.clear()
        self.silent.clear()
        self._at.clear()
        self._scripts.clear()

    def start(self, name: str, tag: str, commit: str, event: str = "push") -> Run:
        """Start a build of a tag, as its push does."""
        usual = (WORKFLOW_FILE, "build main") if name.endswith("-stack") else (CI_FILE, "CI")
        path, title = self.workflows.get(name, usual)
        run = self.server.add_run(name, tag, commit, event=event, path=path, name=title)
        self._scripts[run.id], self._at[run.id] = self.scripts.get(name, self.script), 0
        self._show(run)
        if self.pushes:
            self.artifacts.pushed(run, self.pushes)
        return run

    def again(self, run: Run, *looks: Look) -> None:
        """Let a build show something else from now on, as when somebody runs it again."""
        self._scripts[run.id], self._at[run.id] = looks, 0
        self._show(run)

    def reply(self, request: Request) -> Reply | None:
        """Answers for dispatches, runs and jobs; sees tags being made."""
        if not self.filters:
            for name in ("branch", "head_sha", "event"):
                request.query.pop(name, None)
        if found := _DISPATCHES.fullmatch(request.path):
            return self._dispatch(found["name"], json.loads(request.body))
        if found := _RUN.fullmatch(request.path):
            if found["more"] == "/jobs":
                return self._jobs(request, int(found["id"]))
            if found["more"]:
                return json_reply(
                    200, [self._pending(found["name"], one) for one in self._look(int(found["id"])).pending]
                )
            self._go_on(int(found["id"]))
        if (found := _REFS.fullmatch(request.path)) and request.method == "POST":
            return self._made(found["name"], request)
        if found := _PULLS.fullmatch(request.path):
            return self._pulls(found["name"], found["sha"], request)
        return self.artifacts.reply(request)

    def _dispatch(self, name: str, body: dict[str, Any]) -> Reply:
        commit = self._commit(name, body["ref"])
        if commit is None:
            return json_reply(422, {"message": f"No ref found for: {body['ref']}", "status": "422"})
        if self.starts:
            self.start(name, body["ref"], commit, "workflow_dispatch")
        return Reply(204)

    def _commit(self, name: str, ref: str) -> str | None:
        for kind in ("tags", "heads"):
            path = f"/repos/{name}/git/ref/{kind}/{ref}"
            reply = self.server.emulated(Request("GET", path, {}, {"accept": "application/json"}, b"", path))
            if reply.status == 200:
                return str(json.loads(reply.body)["object"]["sha"])
        return None

    def _made(self, name: str, request: Request) -> Reply:
        reply = self.server.emulated(request)
        body = json.loads(request.body)
        token = request.headers.get("authorization", "").rpartition(" ")[2]
        if reply.status == 201 and body["ref"].startswith("refs/tags/") and self.starts and token not in self.silent:
            self.start(name, body["ref"].removeprefix("refs/tags/"), body["sha"])
        return reply

    def _go_on(self, number: int) -> None:
        """Let the build go one look further; the server's own runs then answer."""
        run = next((one for one in self.server.runs if one.id == number), None)
        if run and number in self._scripts:
            self._at[number] = min(self._at[number] + 1, len(self._scripts[number]) - 1)
            self._show(run)

    def _show(self, run: Run) -> None:
        look = self._look(run.id)
        run.status, run.conclusion, run.run_attempt = look.status, look.conclusion, look.attempt
        run.run_started_at = f"2023-06-{look.attempt:02}T09:00:00Z"

    def _look(self, number: int) -> Look:
        return self._scripts[number][self._at[number]] if number in self._scripts else PASSED

    def _jobs(self, request: Request, number: int) -> Reply:
        run = next(one for one in self.server.runs if one.id == number)
        jobs = [self._job(run, at, job) for at, job in enumerate(self._look(number).jobs)]
        return page_reply(self.server.url, request, "jobs", jobs)

    def _pending(self, name: str, one: Pending) -> dict[str, Any]:
        url = f"{self.server.url}/repos/{name}/environments/1"
        users = [{"type": "User", "reviewer": person(login, self.server.url)} for login in one.users]
        teams = [{"type": "Team", "reviewer": self._team(name)} for name in one.teams]
        return {
            "environment": {"id": 1, "node_id": "E_1", "name": one.environment, "url": url, "html_url": url},
            "wait_timer": one.wait_timer,
            "wait_timer_started_at": one.wait_timer_started_at,
            "current_user_can_approve": False,
            "reviewers": [*users, *teams],
        }

    def _team(self, name: str) -> dict[str, Any]:
        url = f"{self.server.url}/organizations/1/team/1"
        links = {"url": url, "html_url": url, "members_url": url, "repositories_url": url}
        facts = {"name": name, "slug": name, "description": None, "permission": "pull", "parent": None}
        return {**facts, **links, "id": 1, "node_id": "T_1", "type": "organization", "organization_id": 1}

    def _job(self, run: Run, at: int, job: Job) -> dict[str, Any]:
        number = run.id * 100 + at
        base = f"{self.server.url}/repos/{run.repository}"
        return {
            **vars(job),
            "id": number,
            "node_id": f"CR_{number}",
            "run_id": run.id,
            "run_url": f"{base}/actions/runs/{run.id}",
            "run_attempt": run.run_attempt,
            "head_sha": run.head_sha,
            "head_branch": run.head_branch,
            "workflow_name": run.name,
            "url": f"{base}/actions/jobs/{number}",
            "html_url": f"{self.server.url}/{run.repository}/actions/runs/{run.id}/job/{number}",
            "created_at": job.started_at,
            "check_run_url": f"{base}/check-runs/{number}",
            "labels": ["ubuntu-latest"],
            **dict.fromkeys(("runner_id", "runner_name", "runner_group_id", "runner_group_name")),
        }

    def _pulls(self, name: str, sha: str, request: Request) -> Reply:
        """The pull requests that became a commit: the emulator's merged ones."""
        asked = replace(request, path=f"/repos/{name}/pulls", target=f"/repos/{name}/pulls?state=all&per_page=100")
        reply = self.server.emulated(asked)
        found = [pull for pull in json.loads(reply.body) if pull["merge_commit_sha"] == sha]
        return replace(reply, body=json.dumps(found).encode())
