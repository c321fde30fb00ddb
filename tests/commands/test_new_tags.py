"""`prepare` with `new`: the head of a component's production branch is tagged, its CI followed, and the pair prepared."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import pytest

from commands.conftest import World, go_back
from commands.test_prepare import REPOSITORY, ask, file_at, head, next_tag, send, writes
from world.asking import get
from world.events import dispatch
from world.example import BACKEND, FRONTEND
from world.faults import Reply, json_reply
from world.github_builds import CANCELLED, FAILED, PASSED, GitHubBuilds
from world.github_server import TOKEN
from world.program import Outcome
from world.workflow_runs import NAMED

BACKEND_NAME, FRONTEND_NAME = f"xchem/{BACKEND}", f"xchem/{FRONTEND}"


@dataclass
class Line:
    """The worked example before its release, with a commit more on each production branch."""

    world: World
    builds: GitHubBuilds
    heads: dict[str, str]

    def prepare(self, environment: dict[str, str] | None = None, **inputs: str) -> Outcome:
        """Send the form, `new` twice; inputs by name with underscores."""
        event = dispatch("refs/heads/master", self.world.commit("2023.06.1"))
        given = {"command": "prepare", "token": TOKEN, "registry-url": self.world.registry.url, **NAMED, "mode": "commit"}
        given |= {"backend-tag": "new", "frontend-tag": "new", "stack-tag": "2026.01.1", "wait-minutes": "2"}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        return self.world.program.run(event, given, api_url=self.world.github.url, environment=environment)

    def tags(self, repository: str) -> dict[str, str]:
        """The tags of a component with their objects."""
        found = get(f"{self.world.github.url}/repos/{repository}/git/matching-refs/tags").json()
        return {one["ref"].removeprefix("refs/tags/"): one["object"]["sha"] for one in found}

    def made(self) -> list[tuple[str, str, str]]:
        """The tags of this month: repository, name, commit."""
        month = f"{datetime.datetime.now(datetime.timezone.utc):%Y.%m}."
        return [
            (name, tag, sha)
            for name in (BACKEND_NAME, FRONTEND_NAME)
            for tag, sha in self.tags(name).items()
            if tag.startswith(month)
        ]

    def both(self) -> list[tuple[str, str, str]]:
        """Both heads tagged, each with the first tag of this month."""
        return [(name, next_tag(), self.heads[name]) for name in (BACKEND_NAME, FRONTEND_NAME)]


@pytest.fixture
def line(unseeded: World, builds: GitHubBuilds) -> Line:
    """Both components have a new commit on production, and the registry has the images that their tags will push."""
    go_back(unseeded.example)
    example = unseeded.example
    files = {"viewer/migrations/0002_more.py": "more\n", "viewer/migrations/0003_most.py": "most\n"}
    heads = {
        BACKEND_NAME: example.backend.commit(files, "Add two tables (#501)", branch="production"),
        FRONTEND_NAME: example.frontend.commit({"js/app.js": "export const zoom = 4;\n"}, "Zoom (#95)", branch="production"),
    }
    world = unseeded.seed()
    for name, commit in heads.items():
        world.registry.push(name, next_tag(), revision=commit)
    builds.script = (PASSED,)
    return Line(world, builds, heads)


def test_two_new_tags_are_made_built_and_prepared(line: Line) -> None:
    """Both heads are tagged with this month's first tag, and the commit names that pair; again, nothing is made."""
    outcome = line.prepare()
    assert outcome.status == 0, outcome.log
    assert line.made() == line.both()
    assert outcome.outputs["backend-tag"] == outcome.outputs["frontend-tag"] == next_tag()
    assert outcome.outputs["backend-commit"] == line.heads[BACKEND_NAME]
    text = file_at(line.world, head(line.world))
    assert f"BE_IMAGE_TAG: {next_tag()} " in text and f"FE_IMAGE_TAG: {next_tag()} " in text
    assert "2 new files under migrations" in outcome.summary
    commit = head(line.world)
    line.world.github.requests.clear()
    again = line.prepare()
    assert (again.status, writes(line.world), line.made(), head(line.world)) == (0, [], line.both(), commit), again.log
    assert "nothing new on production of backend and frontend" in again.log
