"""Artifacts of workflow runs: GitHub's list of them, and the service of its own that a run uploads to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from world.faults import Reply, json_reply
from world.github_server import GitHubServer, page_reply
from world.loopback import LoopbackServer, Request
from world.workflow_runs import Run

_PATH = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/actions/runs/(?P<id>[0-9]+)/artifacts")


@dataclass
class Artifact:
    """A file that a run has uploaded. Change it freely: replies are made from what it is then."""

    id: int
    run: Run
    name: str
    created_at: str | None
    expired: bool = False
    run_id: int | None = None
    head_sha: str | None = None

    def as_json(self, base_url: str) -> dict[str, Any]:
        """The reply's `artifact` object; `run_id` and `head_sha` are the run's own unless they say otherwise."""
        repository = crc32(self.run.repository.encode())
        url = f"{base_url}/repos/{self.run.repository}/actions/artifacts/{self.id}"
        return {
            "id": self.id,
            "node_id": f"MDg6QXJ0aWZhY3Q{self.id}",
            "name": self.name,
            "size_in_bytes": 72,
            "url": url,
            "archive_download_url": f"{url}/zip",
            "expired": self.expired,
            "created_at": self.created_at,
            "updated_at": self.created_at,
            "expires_at": "2023-08-30T10:00:00Z",
            "digest": "sha256:" + "d" * 64,
            "workflow_run": {
                "id": self.run_id or self.run.id,
                "repository_id": repository,
                "head_repository_id": repository,
                "head_branch": self.run.head_branch,
                "head_sha": self.head_sha or self.run.head_sha,
            },
        }


@dataclass
class GitHubArtifacts:
    """The part of a GitHub that lists artifacts: those of all attempts of a run, the newest first."""

    server: GitHubServer
    found: list[Artifact] = field(default_factory=list)

    def add(self, run: Run, name: str) -> Artifact:
        """Upload an artifact, an hour after the run's attempt has begun."""
        moment = f"2023-06-{run.run_attempt:02}T10:00:00Z"
        self.found.append(Artifact(9_000_000_000 + len(self.found), run, name, moment))
        return self.found[-1]

    def pushed(self, run: Run, digest: str) -> Artifact:
        """Say which image a build has pushed, as the example's build does."""
        return self.add(run, f"stack-image-{digest.replace(':', '-')}")

    def reply(self, request: Request) -> Reply | None:
        """The list of a run's artifacts."""
        match = _PATH.fullmatch(request.path)
        if match is None or request.method != "GET":
            return None
        run = next((one for one in self.server.runs if one.id == int(match["id"])), None)
        if run is None or run.repository.lower() != match["name"].lower():
            return json_reply(404, {"message": "Not Found", "documentation_url": "x", "status": "404"})
        own = sorted((one for one in self.found if one.run is run), key=lambda one: -one.id)
        return page_reply(self.server.url, request, "artifacts", [one.as_json(self.server.url) for one in own])


class ArtifactService(LoopbackServer):
    """Where the stand-in of the upload action sends names: `POST /RUN-ID`, with the name as its body."""

    def __init__(self, artifacts: GitHubArtifacts) -> None:
        super().__init__()
        self._artifacts = artifacts

    def answer(self, request: Request) -> Reply:
        """Keep an artifact of a run that there is."""
        run = next(one for one in self._artifacts.server.runs if one.id == int(request.path[1:]))
        self._artifacts.add(run, request.body.decode())
        return Reply(201)
