"""The workflow "Release" on a runner: one form and one approval, from production branches to the ticket."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands.test_prepare import begin_in_one_month, next_tag
from process.gates import ACTION, ROOT
from world.act import Run, Runner
from world.asking import get
from world.events import dispatch
from world.example import BACKEND, FRONTEND, STACK, Example
from world.github_builds import PASSED, GitHubBuilds
from world.github_people import GitHubPeople
from world.github_releases import GitHubReleases
from world.github_server import COMPONENT_TOKEN, TOKEN, GitHubServer
from world.registry import Registry
from world.scene import push_images, seed_example
from world.stand_ins import fixed_gate, stand_ins

pytestmark = pytest.mark.process

TAG = "2026.01.1"


def send(folder: Path, commit: str, github: GitHubServer, registry: Registry, action: Path, **form: str) -> Run:
    """Fill in the form; an approval is given at once. The app's token is another than the workflow's own."""
    text = (ROOT / "examples" / "release.yaml").read_text("utf-8")
    for command in ("prepare", "publish"):
        line = f"        command: {command}\n"
        text = text.replace(line, f"{line}        registry-url: '{registry.url}'\n")
    names = ["client-id", "private-key", "owner", "repositories"]
    app = fixed_gate(folder / "app", {"token": COMPONENT_TOKEN}, inputs=names)
    instead = {ACTION: action, "actions/create-github-app-token": app}
    used = stand_ins(text, folder / "stand-ins", calls=folder / "calls", instead=instead)
    event = dispatch("refs/heads/master", commit, **form)
    variables = {"RELEASE_APP_CLIENT_ID": "Iv1", "STACK_NAMESPACE": "elsewhere"}
    return Runner(folder, used, server_url=github.url, token=TOKEN).run(text, event, variables=variables)


def test_one_form_and_one_approval_release_the_stack_once(
    tmp_path: Path,
    example: Example,
    github: GitHubServer,
    builds: GitHubBuilds,
    releases_of: GitHubReleases,
    people: GitHubPeople,
    registry: Registry,
    bundled_action: Path,
) -> None:
    """Both heads are tagged, committed, tagged as 2026.01.1, built, released and told; the same form makes no more."""
    begin_in_one_month()
    commit = example.commits[STACK]["2023.06.2"]
    heads = {
        BACKEND: example.backend.commit({"a.py": "a\n"}, "More (#501)", branch="production"),
        FRONTEND: example.frontend.commit({"a.js": "a\n"}, "More (#95)", branch="production"),
    }
    seed_example(github, example)
    push_images(registry, example)
    for name, head in heads.items():
        registry.push(f"xchem/{name}", next_tag(), revision=head)
    builds.script = (PASSED,)
    builds.pushes = registry.push(f"elsewhere/{STACK}", TAG, revision="0" * 40)
    form = {"backend": "new", "frontend": "new", "stack-tag": "", "ticket": ""}
    run = send(tmp_path / "first", commit, github, registry, bundled_action, **{**form, "stack-tag": TAG})
    assert run.jobs == {"plan": "success", "release": "success"}, run.log
    pair = ", ".join(f"{name.partition('-')[2]} {next_tag()} ({head[:7]})" for name, head in heads.items())
    assert run.outputs["plan.plan"]["plan-title"] == f"{TAG}: {pair}"
    assert run.outputs["release.prepare"]["plan"] == run.outputs["plan.plan"]["plan"] != ""
    head = get(f"{github.url}/repos/xchem/{STACK}/git/ref/heads/master").json()["object"]["sha"]
    assert run.outputs["release.publish"]["stack-commit"] == head != commit
    made = sorted((one.repository, one.tag) for one in releases_of.releases if not one.draft)
    names = [(f"xchem/{BACKEND}", next_tag()), (f"xchem/{FRONTEND}", next_tag()), (f"xchem/{STACK}", TAG)]
    assert made == names
    assert run.outputs["release.announce"]["ticket-url"]
    github.requests.clear()
    again = send(tmp_path / "again", head, github, registry, bundled_action, **form)
    assert again.jobs == {"plan": "success"}, again.log
    assert [one.method for one in github.requests if one.method != "GET"] == []
    assert again.outputs["plan.plan"]["plan"] == again.outputs["plan.plan"]["plan-title"] == ""
