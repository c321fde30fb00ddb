"""The form "Prepare release" on a runner: the example workflow as users copy it, against the GitHub emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from process.gates import ACTION, ROOT
from process.releases import give_inputs
from world.act import Run, Runner
from world.asking import get
from world.events import dispatch
from world.example import STACK, Example
from world.github_server import TOKEN, GitHubServer
from world.registry import Registry
from world.scene import push_images, seed_example
from world.stand_ins import fixed_gate, stand_ins

pytestmark = pytest.mark.process

FORM = {
    "backend": "keep today's",
    "backend-at": "2023.05.1",
    "frontend": "newest tag",
    "frontend-at": "",
    "stack-tag": "2023.06.2",
    "ticket": "",
    "dry-run": "false",
}
LAST_INPUT = "        wait-minutes: '30'\n"


def send(folder: Path, example: Example, github: GitHubServer, registry: Registry, action: Path, **inputs: str) -> Run:
    """Fill in the form and run it; the app's token is one that may write."""
    text = (ROOT / "examples" / "prepare-release.yaml").read_text("utf-8")
    text = give_inputs(text, {"registry-url": registry.url}, LAST_INPUT)
    app = fixed_gate(folder / "app", {"token": TOKEN}, inputs=["client-id", "private-key"])
    instead = {ACTION: action, "actions/create-github-app-token": app}
    used = stand_ins(text, folder / "stand-ins", calls=folder / "calls", instead=instead)
    event = dispatch("refs/heads/master", example.commits[STACK]["2023.06.1"], **FORM, **inputs)
    return Runner(folder, used, server_url=github.url).run(text, event, variables={"RELEASE_APP_CLIENT_ID": "Iv1"})


@pytest.mark.parametrize("mode", ["pull-request", "commit"])
def test_the_form_makes_the_worked_example_once(
    mode: str, tmp_path: Path, example: Example, github: GitHubServer, registry: Registry, bundled_action: Path
) -> None:
    """The form with 2023.05.1 and 2023.05.4 makes one change for 2023.06.2; sent twice, it makes nothing twice."""
    for tag in ("2023.06.2", "2023.06.2-rc.1"):
        example.stack.delete(f"refs/tags/{tag}")
    example.stack.branch("master", example.commits[STACK]["2023.06.1"])
    seed_example(github, example)
    push_images(registry, example)
    first = send(tmp_path / "first", example, github, registry, bundled_action, mode=mode)
    assert first.jobs == {"prepare": "success"}, first.log
    assert first.outputs["prepare.prepare"]["changed"] == "true"
    assert first.outputs["prepare.prepare"]["stack-tag"] == "2023.06.2"
    github.requests.clear()
    second = send(tmp_path / "second", example, github, registry, bundled_action, mode=mode)
    assert second.jobs == {"prepare": "success"}, second.log
    assert second.outputs["prepare.prepare"]["changed"] == "false"
    assert [one.method for one in github.requests if one.method != "GET"] == []
    branch = "master" if mode == "commit" else "release/2023.06.2"
    found = get(f"{github.url}/repos/xchem/{STACK}/git/ref/heads/{branch}").json()
    assert found["object"]["sha"] == first.outputs["prepare.prepare"]["commit"]
