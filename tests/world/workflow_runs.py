"""Workflow runs as GitHub's REST API shows them; the emulator cannot be seeded with any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

CI_FILE = ".github/workflows/build-production.yaml"
"""The workflow that builds a component's tags, as it is called in the real repositories."""
CI_NAME = CI_FILE.rpartition("/")[2]
NAMED = {"backend-ci-workflows": CI_NAME, "frontend-ci-workflows": CI_NAME}
"""The inputs that name it, as a production tag wants them."""
FILTERED_LIMIT = 1000
"""GitHub returns no more than this of a filtered list (OpenAPI `actions/list-workflow-runs-for-repo`)."""


@dataclass
class Run:
    """One run; times are ISO 8601 in UTC. Change it freely: replies are made from what it is then.

    `name` is its title, which a workflow makes as it likes. `head_repository` is empty for its own.
    """

    repository: str
    id: int
    head_branch: str
    head_sha: str
    event: str = "push"
    status: str = "completed"
    conclusion: str | None = "success"
    path: str = CI_FILE
    name: str = "CI"
    head_repository: str = ""
    run_attempt: int = 1
    created_at: str = "2023-06-01T09:00:00Z"
    updated_at: str = "2023-06-01T09:04:00Z"
    run_started_at: str = "2023-06-01T09:00:00Z"
    pull_requests: list[Mapping[str, object]] = field(default_factory=list)

    @property
    def workflow_id(self) -> int:
        """Stable for a repository and a workflow file."""
        return crc32(f"{self.repository}/{self.path.partition('@')[0]}".encode())

    @property
    def workflow_names(self) -> tuple[str, str]:
        """What stands for the workflow in a path: its id or its file name."""
        return str(self.workflow_id), self.path.rpartition("/")[2]

    def fits(self, query: Mapping[str, Sequence[str]]) -> bool:
        """Whether the filters of the list endpoint let it pass; `status` also takes conclusions."""
        facts: dict[str, set[str | None]] = {
            "branch": {self.head_branch},
            "event": {self.event},
            "head_sha": {self.head_sha},
            "status": {self.status, self.conclusion},
        }
        return all(query[name][0] in facts[name] for name in facts if name in query)

    def as_json(self, base_url: str, with_pull_requests: bool = True) -> dict[str, Any]:
        """The reply's `workflow-run` object; `base_url` is the API's."""
        run_url = f"{base_url}/repos/{self.repository}/actions/runs/{self.id}"
        workflow_url = f"{base_url}/repos/{self.repository}/actions/workflows/{self.workflow_id}"
        repository = minimal_repository(self.repository, base_url)
        links = {key: f"{run_url}/{key.removesuffix('_url')}" for key in _RUN_LINKS}
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            **links,
            "node_id": f"WFR_{self.id}",
            "run_number": self.id,
            "workflow_id": self.workflow_id,
            "check_suite_id": self.id + 1,
            "check_suite_node_id": f"CS_{self.id + 1}",
            "check_suite_url": f"{base_url}/repos/{self.repository}/check-suites/{self.id + 1}",
            "display_title": f"{self.name} of {self.head_branch}",
            "url": run_url,
            "html_url": f"{base_url}/{self.repository}/actions/runs/{self.id}",
            "rerun_url": f"{run_url}/rerun",
            "workflow_url": workflow_url,
            "previous_attempt_url": None,
            "pull_requests": self.pull_requests if with_pull_requests else [],
            "referenced_workflows": [],
            "repository": repository,
            "head_repository": minimal_repository(self.head_repository or self.repository, base_url),
            "head_commit": _head_commit(self.head_sha, self.created_at),
        }


_PLAIN = (
    *("id", "name", "head_branch", "head_sha", "path", "event", "status", "conclusion", "run_attempt"),
    *("created_at", "updated_at", "run_started_at"),
)
_RUN_LINKS = ("jobs_url", "logs_url", "cancel_url", "artifacts_url")
_REPOSITORY_LINKS = (
    *("archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare"),
    *("contents", "contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs"),
    *("git_tags", "hooks", "issue_comment", "issue_events", "issues", "keys", "labels", "languages"),
    *("merges", "milestones", "notifications", "pulls", "releases", "stargazers", "statuses"),
    *("subscribers", "subscription", "tags", "teams", "trees"),
)
_OWNER_LINKS = (
    *("followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events"),
    "received_events",
)


def minimal_repository(name: str, base_url: str) -> dict[str, Any]:
    """The reply's `minimal-repository` object for `OWNER/NAME`."""
    owner, _, short = name.partition("/")
    url = f"{base_url}/repos/{name}"
    return {
        "id": crc32(name.encode()),
        "node_id": f"R_{short}",
        "name": short,
        "full_name": name,
        "owner": person(owner, base_url),
        "private": False,
        "html_url": f"{base_url}/{name}",
        "description": None,
        "fork": False,
        "url": url,
        **{f"{link}_url": f"{url}/{link}" for link in _REPOSITORY_LINKS},
    }


def person(login: str, base_url: str) -> dict[str, Any]:
    """The reply's `simple-user` object of a login."""
    url = f"{base_url}/users/{login}"
    return {
        "login": login,
        "id": crc32(login.encode()),
        "node_id": f"O_{login}",
        "avatar_url": f"{base_url}/avatars/{login}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{base_url}/{login}",
        "type": "Organization",
        "site_admin": False,
        **{f"{link}_url": f"{url}/{link}" for link in _OWNER_LINKS},
    }


def _head_commit(sha: str, moment: str) -> dict[str, Any]:
    person = {"name": "Test Person", "email": "person@example.org"}
    return {
        "id": sha,
        "tree_id": sha,
        "message": "work",
        "timestamp": moment,
        "author": person,
        "committer": person,
    }
