"""The workflow run, read once from the environment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..dataclass import dataclass, field

PUBLIC_API = "https://api.github.com"
PUBLIC_SERVER = "https://github.com"

_WORKFLOW = re.compile(r"([^/]+/[^/]+)/(.+?\.ya?ml)@.+", re.I | re.S)
_ACTION_FOLDER = re.compile(r".*/_actions/([^/]+/[^/]+)/.+", re.S)


@dataclass(frozen=True)
class Context:
    """The workflow run; almost empty in a terminal (`on_runner` False).

    Variables: docs.github.com, "Variables reference". `event` is the webhook payload that started the run, `run_token`
    the workflow's own token, to tell others from it. `job` is the job's key in the workflow file. `workflow` is the
    repository and file of the workflow that runs, both empty if the runner does not name them; `action` is
    `OWNER/NAME` of this action. `clone` is the repository that a terminal's working folder is a clone of, empty if it
    is not needed or unknown.
    """

    on_runner: bool = False
    repository: str = ""
    ref: str = ""
    sha: str = ""
    event_name: str = ""
    event: Mapping[str, Any] = field(default_factory=dict)
    api_url: str = PUBLIC_API
    server_url: str = PUBLIC_SERVER
    output_file: str = ""
    summary_file: str = ""
    run_token: str = ""
    run_id: int = 0
    run_attempt: int = 0
    job: str = ""
    actor: str = ""
    workflow: tuple[str, str] = ("", "")
    action: str = ""
    clone: str = ""

    @property
    def default_branch(self) -> str:
        """The default branch of this repository according to the event, else empty."""
        return self._in_event("repository", "default_branch")

    @property
    def pushed_from(self) -> str:
        """The commit that the branch was at before the push that started this run, else empty."""
        return self._in_event("before")

    @property
    def pushed_message(self) -> str:
        """The message of the commit that was pushed to a branch, according to the event, else empty."""
        is_ours = bool(self.sha) and self._in_event("head_commit", "id") == self.sha
        return self._in_event("head_commit", "message") if is_ours else ""

    @property
    def pull_request_base(self) -> str:
        """The commit of the base branch that a pull request, or a merge queue's group, is compared with, else empty."""
        if isinstance(self.event.get("merge_group"), Mapping):
            return self._in_event("merge_group", "base_sha")
        return self._in_event("pull_request", "base", "sha")

    def _in_event(self, *keys: str) -> str:
        """The text under these keys of the event; empty if there is none."""
        found: Any = self.event
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, str) else ""

    @property
    def run_url(self) -> str:
        """The page of this run's attempt, empty in a terminal."""
        at = f"/attempts/{self.run_attempt}" if self.run_attempt else ""
        is_known = self.run_id and self.repository and self.server_url.startswith(("https://", "http://"))
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}{at}" if is_known else ""

    @property
    def by_hand(self) -> str:
        """How this run was requested, for people: by hand, and by whom if that is known."""
        return f"by hand by {self.actor}" if self.actor else "by hand"


def read_context(environ: Mapping[str, str]) -> Context:
    """Read the context; a variable or an event that is missing or malformed counts as empty."""
    return Context(
        on_runner=environ.get("GITHUB_ACTIONS") == "true",
        repository=environ.get("GITHUB_REPOSITORY", ""),
        ref=environ.get("GITHUB_REF", ""),
        sha=environ.get("GITHUB_SHA", ""),
        event_name=environ.get("GITHUB_EVENT_NAME", ""),
        event=_event(environ.get("GITHUB_EVENT_PATH", "")),
        api_url=environ.get("GITHUB_API_URL") or PUBLIC_API,
        server_url=environ.get("GITHUB_SERVER_URL") or PUBLIC_SERVER,
        output_file=environ.get("GITHUB_OUTPUT", ""),
        summary_file=environ.get("GITHUB_STEP_SUMMARY", ""),
        run_token=environ.get("RUN_TOKEN", ""),
        run_id=_number(environ.get("GITHUB_RUN_ID", "")),
        run_attempt=_number(environ.get("GITHUB_RUN_ATTEMPT", "")),
        job=environ.get("GITHUB_JOB", ""),
        actor=environ.get("GITHUB_ACTOR", ""),
        workflow=_workflow(environ.get("GITHUB_WORKFLOW_REF", "")),
        action=environ.get("GITHUB_ACTION_REPOSITORY", "") or _action(environ.get("GITHUB_ACTION_PATH", "")),
    )


def _workflow(reference: str) -> tuple[str, str]:
    """Read `OWNER/NAME/.github/workflows/FILE@REF`."""
    match = _WORKFLOW.fullmatch(reference)
    return (match[1], match[2]) if match else ("", "")


def _action(folder: str) -> str:
    """Read the runner's folder of an action, `…/_actions/OWNER/NAME/REF`: a composite may have no other source."""
    match = _ACTION_FOLDER.fullmatch(folder.replace("\\", "/"))
    return match[1] if match else ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _event(path: str) -> Mapping[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            event = json.load(file)
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
