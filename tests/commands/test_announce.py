"""`announce` as a process: the ticket of a release, its people and its lane, written once and kept up to date."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from commands.conftest import World
from commands.test_prepare import ask, send
from world.asking import HEADERS
from world.emulate import STRANGERS
from world.events import Event, push_tag
from world.github_builds import GitHubBuilds
from world.github_people import GitHubPeople, Project
from world.github_releases import GitHubReleases
from world.github_server import COMPONENT_TOKEN, TOKEN
from world.program import Outcome

STACK = "xchem/fragalysis-stack"
MARKER = "<!-- frag-release-action: ticket of xchem/fragalysis-stack 2023.06.2 -->"
END = "<!-- frag-release-action: end of the part that is kept up to date -->"
BOARD = "orgs/m2ms/projects/3"
(STRANGER,) = STRANGERS
DIGEST = "sha256:" + "7" * 64


@dataclass
class Desk:
    """The worked example, released, and where people are told of it."""

    world: World
    people: GitHubPeople
    releases: GitHubReleases
    board: Project

    def announce(
        self, event: Event | None = None, environment: Mapping[str, str] | None = None, **inputs: str
    ) -> Outcome:
        """Announce 2023.06.2, by default on the push of its tag; inputs by name with underscores."""
        self.world.github.requests.clear()
        given: dict[str, str] = {"command": "announce", "token": TOKEN}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        event = event or push_tag("2023.06.2", self.world.commit("2023.06.2"))
        return self.world.program.run(event, given, api_url=self.world.github.url, environment=environment)

    def tickets(self) -> list[dict[str, Any]]:
        """All tickets of the stack, oldest first."""
        found = ask(self.world, "/issues?state=all&per_page=100")
        return sorted(found, key=lambda one: int(one["number"]))

    def ticket(self) -> dict[str, Any]:
        """The only ticket."""
        (found,) = self.tickets()
        return found

    def edit(self, number: int, **fields: object) -> None:
        """Change a ticket, as a person does."""
        send(self.world, "PATCH", f"/issues/{number}", fields)

    def write_as(self, token: str, title: str, body: str) -> dict[str, Any]:
        """Open a ticket with another token."""
        url = f"{self.world.github.url}/repos/{STACK}/issues"
        with requests.Session() as session:
            headers = {**HEADERS, "Authorization": f"Bearer {token}"}
            reply = session.post(url, json={"title": title, "body": body}, headers=headers, timeout=20)
        assert reply.ok, reply.text
        return dict(reply.json())

    def release(self) -> None:
        """Make the release as publish leaves it."""
        commits = self.world.example.commits
        record = {
            "schema": 1,
            "stack": {
                "repository": STACK,
                "tag": "2023.06.2",
                "commit": self.world.commit("2023.06.2"),
                "image": f"docker.io/{STACK}:2023.06.2",
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
        self.releases.add(STACK, "2023.06.2", files={"release.json": json.dumps(record).encode()})


@pytest.fixture
def desk(world: World, people: GitHubPeople, releases_of: GitHubReleases, builds: GitHubBuilds) -> Desk:
    """The worked example with a board of the lanes that are in use."""
    lanes = {"Priority": ["High"], "Status": ["Todo", "Push to Production", "Done"]}
    board = people.add_project(Project(BOARD, lanes, [COMPONENT_TOKEN], page=1))
    return Desk(world, people, releases_of, board)


def test_the_worked_example_gets_its_ticket(desk: Desk) -> None:
    """Release 2023.06.2 gets a ticket with the pair, the ticket #1322 that a backend commit names, and boxes."""
    outcome = desk.announce()
    assert outcome.status == 0, outcome.log
    ticket = desk.ticket()
    assert ticket["title"] == "Release 2023.06.2"
    body = ticket["body"]
    assert body.startswith(MARKER) and body.rstrip().endswith(END)
    assert "- [ ] xchem/fragalysis-stack#1322 (no ticket of this number is to be seen) (backend)" in body
    assert "backend `2023.05.1` and frontend `2023.05.4`" in body
    assert "2 commits without a ticket." in body
    told = {name: outcome.outputs[name] for name in ("ticket-number", "ticket-url", "stack-tag", "changed", "verdict")}
    assert told == {
        "ticket-number": str(ticket["number"]),
        "ticket-url": ticket["html_url"],
        "stack-tag": "2023.06.2",
        "changed": "true",
        "verdict": "build-only",
    }
    assert outcome.report and outcome.report["ticket"]["number"] == ticket["number"]
    assert outcome.report["tickets"] == {"repository": STACK, "added": [1322], "removed": []}
    assert outcome.summary.startswith("## ✅ Announced — [`Release 2023.06.2`]")
