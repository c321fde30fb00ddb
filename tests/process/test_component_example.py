"""A component's workflow on a runner: it builds, pushes with its origin, and has the stack built by the real `gh`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from process.gates import ROOT
from world.act import Run, Runner
from world.events import Event, push_branch, push_tag
from world.example import BACKEND, FRONTEND, STACK, Example
from world.github_builds import GitHubBuilds
from world.github_server import COMPONENT_TOKEN, GitHubServer
from world.github_settings import GitHubSettings, Holder
from world.scene import seed_example
from world.stand_ins import fixed_gate, stand_ins

pytestmark = pytest.mark.process

VARIABLES = {"DOCKERHUB_USERNAME": "pusher", "STACK_APP_CLIENT_ID": "Iv2"}


def push(folder: Path, event: Event, github: GitHubServer, repository: str, **variables: str) -> Run:
    """Run the workflow for a push; `gh` reaches the GitHub by a proxy, as it speaks to this host without TLS."""
    text = (ROOT / "examples" / "component.yaml").read_text("utf-8")
    if repository.endswith(FRONTEND):
        edited = text.replace("  COMPONENT: be ", "  COMPONENT: fe ")
        assert edited != text
        text = edited
    app = fixed_gate(folder / "app", {"token": COMPONENT_TOKEN}, inputs=["client-id", "private-key"])
    instead = {"actions/create-github-app-token": app}
    used = stand_ins(text, folder / "stand-ins", calls=folder / "calls", instead=instead)
    env = {"http_proxy": github.url, "GH_HOST": "github.localhost"}
    return Runner(folder, used, repository, server_url=github.url, env=env).run(text, event, variables=variables)


@pytest.fixture
def dispatched(github: GitHubServer, builds: GitHubBuilds, example: Example) -> GitHubServer:
    """The worked example on a GitHub that shows workflows, and lets the app start builds and do nothing else."""
    github.parts.append(settings := GitHubSettings(github))
    settings.give(COMPONENT_TOKEN, Holder(None, permissions={"actions": "write", "metadata": "read"}))
    seed_example(github, example)
    github.requests.clear()
    return github


@pytest.mark.parametrize(("component", "short", "branch"), [(BACKEND, "be", "production"), (FRONTEND, "fe", "staging")])
def test_a_push_to_a_branch_has_the_stack_built_for_staging(
    tmp_path: Path, example: Example, dispatched: GitHubServer, component: str, short: str, branch: str
) -> None:
    """The image is named like the branch, and `build main` is started with it at the stack's branch: two requests."""
    commit = example.commits[component]["2023.05.1" if component == BACKEND else "2023.05.4"]
    run = push(tmp_path, push_branch(branch, commit), dispatched, f"xchem/{component}", **VARIABLES)
    assert run.jobs == {"build": "success", "stack": "success"}, run.log
    (built,) = [one.inputs for one in run.calls if one.action == "docker/build-push-action"]
    assert (built["tags"], built["push"]) == (f"xchem/{component}:{branch}", "true")
    asked, order = dispatched.requests
    assert (asked.method, order.method) == ("GET", "POST")
    assert order.path.startswith(f"/repos/xchem/{STACK}/actions/workflows/") and order.status == 204
    inputs = {f"{short}_namespace": "xchem", f"{short}_image_tag": branch}
    assert json.loads(order.request.body) == {"ref": "master", "inputs": inputs}


def test_a_tag_and_a_component_without_the_app_start_nothing(
    tmp_path: Path, example: Example, dispatched: GitHubServer
) -> None:
    """A tag is left to the form, and without the app's variable the job is skipped: green, and nothing is asked."""
    commit, name = example.commits[BACKEND]["2023.05.1"], f"xchem/{BACKEND}"
    tagged = push(tmp_path / "tag", push_tag("2023.05.1", commit), dispatched, name, **VARIABLES)
    alone = push(tmp_path / "alone", push_branch("production", commit), dispatched, name, DOCKERHUB_USERNAME="pusher")
    assert tagged.jobs == alone.jobs == {"build": "success"}
    assert dispatched.requests == []
