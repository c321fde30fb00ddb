"""The worked example, released, and where people are told of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from commands.conftest import World
from commands.test_prepare import ask, send
from world.asking import HEADERS
from world.events import Event, push_tag
from world.github_builds import GitHubBuilds
from world.github_people import GitHubPeople, Project
from world.github_releases import GitHubReleases
from world.github_server import COMPONENT_TOKEN, TOKEN
from world.hurried import hurried
from world.program import Outcome, Running
from world.scene import seed_example

REPOSITORY = "xchem/fragalysis-stack"
TAG = "2023.06.2"
BOARD = "orgs/m2ms/projects/3"
LANES = {"Priority": ["High"], "Status": ["Todo", "Push to Production", "Done"]}
DIGEST = "sha256:" + "7" * 64
FULL = {
    "ticket_token": COMPONENT_TOKEN,
    "project": BOARD,
    "labels": "release,urgent",
    "assignees": "maintainer,reviewer",
}
"""Everything that can be asked for."""


@dataclass
class Desk:
    """The worked example with its GitHub's people, a board, releases and builds."""

    world: World
    people: GitHubPeople
    releases: GitHubReleases
    builds: GitHubBuilds
    board: Project

    @classmethod
    def of(cls, world: World) -> Desk:
        """Set all up on an empty GitHub; the board is seen by the components' token alone. No image is needed."""
        github = world.github
        github.clear()
        seed_example(github, world.example, passed_ci=False)
        world.program = hurried(world.program)
        people, releases, builds = GitHubPeople(github), GitHubReleases(github), GitHubBuilds(github)
        github.parts += [people, releases, builds]
        return cls(world, people, releases, builds, people.add_project(Project(BOARD, LANES, [COMPONENT_TOKEN])))

    def announce(self, **inputs: str) -> Outcome:
        """Announce 2023.06.2 on the push of its tag; inputs by name with underscores."""
        return self.announce_for(push_tag(TAG, self.world.commit(TAG)), inputs)

    def announce_for(
        self, event: Event, inputs: Mapping[str, str], environment: Mapping[str, str] | None = None
    ) -> Outcome:
        """Announce for another event, or in another environment."""
        return self.start(event, inputs, environment).finish()

    def start(self, event: Event, inputs: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Running:
        """Start to announce, for a test that does something meanwhile."""
        self.world.github.requests.clear()
        given: dict[str, str] = {"command": "announce", "token": TOKEN}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        return self.world.program.start(event, given, api_url=self.world.github.url, environment=environment)

    def tickets(self) -> list[dict[str, Any]]:
        """All tickets of the stack, oldest first."""
        found = ask(self.world, "/issues?state=all&per_page=100")
        return sorted(found, key=lambda one: int(one["number"]))

    def ticket(self) -> dict[str, Any]:
        """The only ticket."""
        (found,) = self.tickets()
        return found

    def comments(self, number: int) -> list[str]:
        """The texts of the comments on a ticket."""
        return [one["body"] for one in ask(self.world, f"/issues/{number}/comments")]

    def edit(self, number: int, **fields: object) -> None:
        """Change a ticket, as a person does."""
        send(self.world, "PATCH", f"/issues/{number}", fields)

    def post_as(self, token: str, path: str, **body: str) -> dict[str, Any]:
        """Write an issue or a comment with another token."""
        with requests.Session() as session:
            headers = {**HEADERS, "Authorization": f"Bearer {token}"}
            url = f"{self.world.github.url}/repos/{REPOSITORY}{path}"
            reply = session.post(url, json=body, headers=headers, timeout=20)
        assert reply.ok, reply.text
        return dict(reply.json())

    def state(self) -> dict[str, Any]:
        """All that an announcement leaves behind."""
        tickets = [
            {
                **{name: one[name] for name in ("title", "body", "state")},
                "labels": sorted(label["name"] for label in one["labels"]),
                "assignees": sorted(user["login"] for user in one["assignees"]),
                "comments": self.comments(one["number"]),
            }
            for one in self.tickets()
        ]
        labels = sorted(label["name"] for label in ask(self.world, "/labels"))
        return {"tickets": tickets, "labels": labels, "lanes": self.board.lanes()}

    def release(self, **changed: Any) -> None:
        """Make the release as publish leaves it; `changed` replaces parts of its record."""
        commits = self.world.example.commits
        record = {
            "schema": 1,
            "stack": {
                "repository": REPOSITORY,
                "tag": TAG,
                "commit": self.world.commit(TAG),
                "image": f"docker.io/{REPOSITORY}:{TAG}",
                "digest": DIGEST,
            },
            "components": [
                {
                    "name": name,
                    "repository": f"xchem/fragalysis-{name}",
                    "tag": tag,
                    "namespace": "xchem",
                    "commit": commits[f"fragalysis-{name}"][tag],
                    "image": f"docker.io/xchem/fragalysis-{name}:{tag}",
                    "digest": "sha256:" + letter * 64,
                }
                for name, tag, letter in (("backend", "2023.05.1", "b"), ("frontend", "2023.05.4", "f"))
            ],
            "findings": [
                {"rule": "pin-ci", "subject": "backend", "status": "pass", "message": "passed"},
                {
                    "rule": "pin-ci",
                    "subject": "frontend",
                    "status": "warn",
                    "demoted-from": "fail",
                    "message": "The CI of frontend 2023.05.4 failed.",
                },
            ],
        }
        content = json.dumps({**record, **changed}).encode()
        self.releases.add(REPOSITORY, TAG, files={"release.json": content})
