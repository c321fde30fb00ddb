"""The workflow "Publish release" on a runner: the example as users copy it, against the GitHub emulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from process.gates import ACTION, ROOT
from process.releases import give_inputs
from world.act import Run, Runner
from world.asking import HEADERS, get
from world.events import Event, dispatch, push_branch
from world.example import STACK, WORKFLOW_FILE, Example, workflow_text
from world.github_builds import PASSED, WAITING, GitHubBuilds
from world.github_people import GitHubPeople
from world.github_releases import GitHubReleases
from world.github_server import TOKEN, GitHubServer
from world.registry import Registry
from world.scene import push_images, seed_example
from world.stand_ins import fixed_gate, stand_ins

pytestmark = pytest.mark.process

REPOSITORY, TAG = f"xchem/{STACK}", "2023.06.2"
LAST_INPUT = "        timeout-seconds: '3000'  # an app's token is valid for an hour\n"


def send(folder: Path, event: Event, github: GitHubServer, registry: Registry, action: Path) -> Run:
    """Start the workflow by an event; the app's token is one that may write."""
    text = (ROOT / "examples" / "publish-release.yaml").read_text("utf-8")
    text = give_inputs(text, {"registry-url": registry.url}, LAST_INPUT)
    app = fixed_gate(folder / "app", {"token": TOKEN}, inputs=["client-id", "private-key"])
    instead = {ACTION: action, "actions/create-github-app-token": app}
    used = stand_ins(text, folder / "stand-ins", calls=folder / "calls", instead=instead)
    variables = {"RELEASE_APP_CLIENT_ID": "Iv1", "STACK_NAMESPACE": "elsewhere"}
    return Runner(folder, used, server_url=github.url, token=TOKEN).run(text, event, variables=variables)


def reviewed(example: Example) -> str:
    """Bring the example to just after the merge of 2023.06.2, and return that commit."""
    for tag in (TAG, f"{TAG}-rc.1"):
        example.stack.delete(f"refs/tags/{tag}")
    before = example.commits[STACK]["2023.06.1"]
    message = f"build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: {TAG}\n"
    example.stack.branch("master", before)
    files = {WORKFLOW_FILE: workflow_text("2023.05.1", "2023.05.4")}
    return example.stack.commit(files, message, branch="master", parents=[before])


def ended(commit: str, **changed: str) -> Event:
    """The end of the tag's build, which is told at the head of master; with other values for some of its fields."""
    run = {"event": "push", "conclusion": "success", "head_branch": TAG, "head_sha": commit, "path": WORKFLOW_FILE}
    more = {"head_repository": {"full_name": REPOSITORY}, "actor": {"login": "maintainer"}}
    return Event("workflow_run", "refs/heads/master", commit, {"workflow_run": {**run, **more, **changed}})


def unwritten(github: GitHubServer, run: Callable[[], Run]) -> Run:
    """A run of both jobs, which must write nothing."""
    github.requests.clear()
    outcome = run()
    assert [one.method for one in github.requests if one.method != "GET"] == [], outcome.log
    assert outcome.jobs == {"publish": "success", "announce": "success"}, outcome.log
    return outcome


def edit(github: GitHubServer, ticket: dict[str, Any]) -> None:
    """Edit our part of a ticket, which announce then mends."""
    body = {"body": ticket["body"].replace("### Remaining steps", "### Steps")}
    with requests.Session() as session:
        address = f"{github.url}/repos/{REPOSITORY}/issues/{ticket['number']}"
        assert session.patch(address, json=body, headers=HEADERS, timeout=20).ok


def test_a_reviewed_pair_is_published_when_its_build_was_approved(
    tmp_path: Path,
    example: Example,
    github: GitHubServer,
    builds: GitHubBuilds,
    releases_of: GitHubReleases,
    people: GitHubPeople,
    registry: Registry,
    bundled_action: Path,
) -> None:
    """The push tags 2023.06.2 and leaves its build waiting; its end makes release and ticket, and again nothing.

    Who approved that build stands in release.json and in the ticket. A dry run for that tag writes neither.
    """
    commit = reviewed(example)
    seed_example(github, example)
    push_images(registry, example)
    digest = builds.pushes = registry.push(f"elsewhere/{STACK}", TAG, revision=commit)
    builds.script = (WAITING,)
    first = send(tmp_path / "first", push_branch("master", commit), github, registry, bundled_action)
    assert first.jobs == {"publish": "success"}, first.log
    assert first.outputs["publish.publish"]["run-conclusion"] == "waiting"
    (run,) = [one for one in github.runs if one.head_branch == TAG]
    builds.again(run, PASSED)
    github.approvals[run.id] = [("reviewer", "awx/fragalysis-production")]
    second = send(tmp_path / "second", ended(commit), github, registry, bundled_action)
    assert second.jobs == {"publish": "success", "announce": "success"}, second.log
    told = second.outputs["publish.publish"]
    assert (told["stack-tag"], told["stack-commit"], told["run-conclusion"]) == (TAG, commit, "success")
    assert [(one.tag, one.draft, len(one.files)) for one in releases_of.releases] == [(TAG, False, 1)]
    record = json.loads(releases_of.releases[0].files[0].content)
    assert record["stack"]["digest"] == digest
    assert [(one["by"], one["environments"]) for one in record["approved-by"]] == [
        ("reviewer", ["awx/fragalysis-production"])
    ]
    [ticket] = get(f"{github.url}/repos/{REPOSITORY}/issues?state=all").json()
    assert "Approved by reviewer (`awx/fragalysis-production`)" in ticket["body"]
    assert second.outputs["announce.announce"]["ticket-url"]
    third = unwritten(github, lambda: send(tmp_path / "third", ended(commit), github, registry, bundled_action))
    assert third.outputs["publish.publish"]["release-url"] == told["release-url"]
    other = send(tmp_path / "other", ended(commit, head_branch="master"), github, registry, bundled_action)
    assert other.jobs == {}, other.log
    edit(github, ticket)
    by_hand = dispatch("refs/heads/master", commit, **{"stack-tag": TAG, "baseline": "false", "dry-run": "true"})
    unwritten(github, lambda: send(tmp_path / "dry", by_hand, github, registry, bundled_action))
