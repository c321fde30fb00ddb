"""The stack before a release, on servers that build and release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from commands.conftest import World
from commands.test_prepare import ask, head, prepare, send, writes
from world.asking import HEADERS, merge_pull
from world.events import Event
from world.example import STACK, WORKFLOW_FILE, workflow_text
from world.github_builds import GitHubBuilds
from world.github_releases import GitHubReleases
from world.github_server import TOKEN
from world.program import Outcome, Running
from world.workflow_runs import NAMED, Run

REPOSITORY = f"xchem/{STACK}"
MESSAGE = "build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2"
OWN_TOKEN = {"RUN_TOKEN": TOKEN}
"""The environment in which the token that is given is the workflow's own."""


@dataclass
class Stack:
    """The worked example before its release, on servers, with builds and releases."""

    world: World
    builds: GitHubBuilds
    releases: GitHubReleases

    def prepare(self, mode: str = "commit") -> Outcome:
        """Prepare the worked example's release, as the form does."""
        outcome = prepare(self.world, mode=mode)
        assert outcome.status == 0, outcome.log
        return outcome

    def merge(self, method: str = "merge", **message: str) -> str:
        """Merge the one open pull request, and return the commit that it became."""
        return merge_pull(f"{self.world.github.url}/repos/{REPOSITORY}", method, **message)

    def commit(self, message: str, files: dict[str, str], branch: str = "master") -> str:
        """Commit to a branch of the stack, as a person does."""
        at = head(self.world, branch)
        tree = [{"path": path, "mode": "100644", "type": "blob", "content": text} for path, text in files.items()]
        base = ask(self.world, f"/git/commits/{at}")["tree"]["sha"]
        made = send(self.world, "POST", "/git/trees", {"base_tree": base, "tree": tree})
        body = {"message": message, "tree": made["sha"], "parents": [at]}
        commit = str(send(self.world, "POST", "/git/commits", body)["sha"])
        send(self.world, "PATCH", f"/git/refs/heads/{branch}", {"sha": commit})
        return commit

    def push(self, before: str = "") -> Event:
        """The event of a push of master as it is now, from a commit that it was at before."""
        payload = {"before": before} if before else {}
        return Event("push", "refs/heads/master", head(self.world), payload)

    def reviewed(self, message: str = MESSAGE) -> str:
        """Commit the worked example's pair to master as prepare does in its mode commit; returns the commit."""
        return self.commit(message, {WORKFLOW_FILE: workflow_text("2023.05.1", "2023.05.4")})

    def publish(
        self, event: Event | None = None, environment: Mapping[str, str] | None = None, **inputs: str
    ) -> Outcome:
        """Publish for an event, by default the push of master; inputs by name with underscores."""
        return self.start(event, environment, **inputs).finish()

    def start(self, event: Event | None = None, environment: Mapping[str, str] | None = None, **inputs: str) -> Running:
        """Start to publish, for a test that does something meanwhile."""
        world = self.world
        event = event or self.push()
        world.github.requests.clear()
        given: dict[str, Any] = {"command": "publish", "token": TOKEN, "registry-url": world.registry.url, **NAMED}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        return world.program.start(event, given, api_url=world.github.url, environment=environment)

    def runs(self, tag: str = "2023.06.2") -> list[Run]:
        """The builds of a tag that were started."""
        return [run for run in self.world.github.runs if (run.repository, run.head_branch) == (REPOSITORY, tag)]

    def made_nothing(self) -> bool:
        """Whether no tag, no build and no release was made, and nothing else was written."""
        made = set(self.tags()) - {"2023.06.1"}
        return not made and not self.runs() and not self.releases.releases and writes(self.world) == []

    def tags(self) -> dict[str, str]:
        """The stack's tags with their commits."""
        found = ask(self.world, "/git/matching-refs/tags")
        return {one["ref"].removeprefix("refs/tags/"): one["object"]["sha"] for one in found}

    def delete_tag(self, name: str) -> None:
        """Delete a tag of the stack, as a person does."""
        with requests.Session() as session:
            url = f"{self.world.github.url}/repos/{REPOSITORY}/git/refs/tags/{name}"
            assert session.delete(url, headers=HEADERS, timeout=20).ok
