"""The doctor's example on a runner: each choice examines what the workflows it stands for use."""

from __future__ import annotations

from pathlib import Path

import pytest

from process.gates import SWITCHES
from process.stage import APP_TOKEN, Stage
from world.awx import ROBOT, AwxServer
from world.events import dispatch
from world.example import STACK, WORKFLOW_FILE, Example
from world.github_people import GitHubPeople
from world.github_server import TOKEN, GitHubServer
from world.github_settings import GitHubSettings, Holder
from world.level_one import FULL
from world.registry import Registry
from world.site import Site

pytestmark = pytest.mark.process


@pytest.fixture
def stage(
    tmp_path: Path,
    bundled_action: Path,
    example: Example,
    github: GitHubServer,
    registry: Registry,
    awx: AwxServer,
    site: Site,
    people: GitHubPeople,
) -> Stage:
    """The worked example on servers whose GitHub tells an app's token from others."""
    github.parts.append(settings := GitHubSettings(github))
    app = {"contents": "write", "pull_requests": "write", "workflows": "write", "actions": "read", "metadata": "read"}
    settings.give(APP_TOKEN, Holder(None, permissions=app))
    example.stack.commit({WORKFLOW_FILE: FULL}, "ci: Take the example's file", branch="master")
    settings.of("xchem/fragalysis-stack").variables |= SWITCHES
    return Stage.of(tmp_path, bundled_action, example, github, registry, awx, site)


@pytest.mark.parametrize(
    ("examine", "job", "token", "missing"),
    [
        ("releasing", "releasing", "Token examined: the one in the input token", 7),
        ("tagging", "tagging", "Token examined: the one in the input token", 9),
        ("production", "deploying", "Token examined: the workflow's own.", 8),
    ],
)
def test_each_choice_examines_the_tokens_of_its_environment(
    stage: Stage, examine: str, job: str, token: str, missing: int
) -> None:
    """Releasing looks at the app's token, deploying at the workflow's own and at AWX; neither writes anything.

    The app may not see whether releases are immutable, so that is missing to the other alone. Tagging also asks whether
    the key could change the production branches, which nothing here keeps it from.
    """
    stage.github.requests.clear()
    event = dispatch("refs/heads/master", stage.example.commits[STACK]["2023.06.2"], examine=examine)
    run = stage.run("doctor.yaml", event)
    assert run.jobs == {job: "success"}, run.log
    summary = run.summaries[job]
    assert summary.startswith(f"## ⚠️ Ready to run, and open: {missing} guards missing")
    assert token in summary.splitlines()[4]
    assert {one.method for one in (*stage.github.requests, *stage.awx.requests)} <= {"GET", "HEAD"}
    assert stage.github.deployments.records == []
    assert bool(stage.awx.requests) is (job == "deploying")
    assert not any(secret in summary for secret in (TOKEN, APP_TOKEN, ROBOT.password))
