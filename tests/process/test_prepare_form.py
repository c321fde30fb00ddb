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


def send(
    folder: Path, example: Example, github: GitHubServer, registry: Registry, action: Path | None, **inputs: str
) -> Run:
    """Fill in the form and run it; the app's token is one that may write. Without an action it is only recorded."""
    text = (ROOT / "examples" / "prepare-release.yaml").read_text("utf-8")
    text = give_inputs(text, {"registry-url": registry.url}, LAST_INPUT)
    app = fixed_gate(folder / "app", {"token": TOKEN}, inputs=["client-id", "private-key"])
    instead = {"actions/create-github-app-token": app, **({ACTION: action} if action else {})}
    used = stand_ins(text, folder / "stand-ins", calls=folder / "calls", instead=instead)
    event = dispatch("refs/heads/master", example.commits[STACK]["2023.06.1"], **{**FORM, **inputs})
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


KEEP, NEWEST, NOW = "keep today's", "newest tag", "tag production now"


@pytest.mark.parametrize(("backend", "frontend", "asked"), [
    ((KEEP, ""), (KEEP, "2023.05.4"), ("", "2023.05.4")),
    ((NEWEST, ""), (NOW, ""), ("newest", "new")),
    ((NOW, "4be1c0a"), (NEWEST, "2023.05.4"), ("new@4be1c0a", "newest and 2023.05.4")),
])  # fmt: skip
def test_what_the_form_asks_for(
    tmp_path: Path,
    example: Example,
    github: GitHubServer,
    registry: Registry,
    backend: tuple[str, str],
    frontend: tuple[str, str],
    asked: tuple[str, str],
) -> None:
    """Each choice, with its field filled in or empty, is what stands here; a token for components only with "now"."""
    chosen = {"backend": backend[0], "backend-at": backend[1], "frontend": frontend[0], "frontend-at": frontend[1]}
    run = send(tmp_path, example, github, registry, None, mode="commit", **chosen)
    assert run.jobs == {"prepare": "success"}, run.log
    (call,) = [one for one in run.calls if one.action == ACTION]
    assert (call.inputs["backend-tag"], call.inputs["frontend-tag"]) == asked
    assert call.inputs["component-token"] == (TOKEN if NOW in (backend[0], frontend[0]) else "")


@pytest.mark.parametrize(("choice", "words"), [
    (NEWEST, ["cannot be 'newest and 2023.05.1'", "leave the field empty for the newest tag, or keep today's"]),
    (NOW, ["cannot be 'new@2023.05.1'", "7 to 40 hexadecimal digits of a commit; or only a tag"]),
])  # fmt: skip
def test_two_choices_at_once_are_refused_in_words(
    tmp_path: Path,
    example: Example,
    github: GitHubServer,
    registry: Registry,
    bundled_action: Path,
    choice: str,
    words: list[str],
) -> None:
    """The newest tag, or the head, beside a tag in the field: the run says what to do, and asks GitHub nothing."""
    github.requests.clear()
    run = send(tmp_path, example, github, registry, bundled_action, mode="commit", backend=choice)
    assert run.jobs == {"prepare": "failure"}, run.log
    (error,) = [one for one in run.annotations if one.level == "error" and "backend-tag" in one.message]
    assert all(one in error.message for one in words), error.message
    assert github.requests == []
