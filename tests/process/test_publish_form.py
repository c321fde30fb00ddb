"""The workflow "Publish release" on a runner: the example as users copy it, against the GitHub emulator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from process.gates import ACTION, ROOT
from process.releases import give_inputs
from world.act import Run, Runner
from world.events import push_branch
from world.example import STACK, WORKFLOW_FILE, Example, workflow_text
from world.github_builds import PASSED, GitHubBuilds
from world.github_releases import GitHubReleases
from world.github_server import TOKEN, GitHubServer
from world.registry import Registry
from world.scene import push_images, seed_example
from world.stand_ins import fixed_gate, stand_ins

pytestmark = pytest.mark.process

LAST_INPUT = "        timeout-seconds: '3000'  # the token of an app lives for an hour\n"


def send(folder: Path, commit: str, github: GitHubServer, registry: Registry, action: Path) -> Run:
    """Push the commit; the app's token is one that may write. Announcing is left to its own tests."""
    text = (ROOT / "examples" / "publish-release.yaml").read_text("utf-8").split("\n  announce:\n")[0]
    text = give_inputs(text, {"registry-url": registry.url}, LAST_INPUT)
    app = fixed_gate(folder / "app", {"token": TOKEN}, inputs=["client-id", "private-key"])
    instead = {ACTION: action, "actions/create-github-app-token": app}
    used = stand_ins(text, folder / "stand-ins", calls=folder / "calls", instead=instead)
    event = push_branch("master", commit)
    variables = {"RELEASE_APP_CLIENT_ID": "Iv1", "STACK_NAMESPACE": "elsewhere"}
    return Runner(folder, used, server_url=github.url).run(text, event, variables=variables)


def test_the_push_of_a_reviewed_pair_is_published_once(
    tmp_path: Path,
    example: Example,
    github: GitHubServer,
    builds: GitHubBuilds,
    releases_of: GitHubReleases,
    registry: Registry,
    bundled_action: Path,
) -> None:
    """2023.06.2's commit is tagged, built and released with its image, wherever that is; again it writes nothing."""
    for tag in ("2023.06.2", "2023.06.2-rc.1"):
        example.stack.delete(f"refs/tags/{tag}")
    before = example.commits[STACK]["2023.06.1"]
    files = {WORKFLOW_FILE: workflow_text("2023.05.1", "2023.05.4")}
    message = "build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2\n"
    example.stack.branch("master", before)
    commit = example.stack.commit(files, message, branch="master", parents=[before])
    seed_example(github, example)
    push_images(registry, example)
    digest = builds.pushes = registry.push(f"elsewhere/{STACK}", "2023.06.2", revision=commit)
    builds.script = (PASSED,)
    first = send(tmp_path / "first", commit, github, registry, bundled_action)
    assert first.jobs == {"publish": "success"}, first.log
    told = first.outputs["publish.publish"]
    assert (told["stack-tag"], told["stack-commit"], told["run-conclusion"]) == ("2023.06.2", commit, "success")
    assert [(one.tag, one.draft, len(one.files)) for one in releases_of.releases] == [("2023.06.2", False, 1)]
    assert json.loads(releases_of.releases[0].files[0].content)["stack"]["digest"] == digest
    assert first.summaries["publish"].startswith("## ✅ Published")
    github.requests.clear()
    second = send(tmp_path / "second", commit, github, registry, bundled_action)
    assert second.jobs == {"publish": "success"}, second.log
    assert second.outputs["publish.publish"]["release-url"] == told["release-url"]
    assert [one.method for one in github.requests if one.method != "GET"] == []
