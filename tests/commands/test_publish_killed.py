"""`publish` killed after each of its writes in turn, and run again: the end is the same as undisturbed."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from typing import Any

import pytest

from commands.stack import OWN_TOKEN, REPOSITORY, Stack
from commands.test_prepare import writes
from world.github_server import TOKEN
from world.killing import kill_after_write

TAG, DISPATCH = "POST /git/refs", "POST /actions/workflows/build-main.yaml/dispatches"
DRAFT, RECORD, PUBLICATION = "POST /releases", "POST /releases/N/assets", "PATCH /releases/N"
TOKENS: dict[str, tuple[Mapping[str, str], list[str], str]] = {
    "app": ({}, [TAG, DRAFT, RECORD, PUBLICATION], "push"),
    "own": (OWN_TOKEN, [TAG, DISPATCH, DRAFT, RECORD, PUBLICATION], "workflow_dispatch"),
}
"""By token: the environment that makes it so, the writes of an undisturbed run, and the event of the build."""


def end(stack: Stack) -> Mapping[str, Any]:
    """What there is in the end, but for times and numbers."""
    (release,) = stack.releases.releases
    (file,) = release.files
    record = json.loads(file.content)
    return {
        "tag": stack.tags()["2023.06.2"],
        "builds": [(run.event, run.head_sha) for run in stack.runs()],
        "release": (release.tag, release.title, release.draft, release.make_latest, file.name, file.state),
        "marked": release.body.startswith("<!-- frag-release-action: release notes of 2023.06.2 -->\n"),
        "record": (record["stack"]["commit"], record["verdict"], record["build"]["conclusion"], record["actions"]),
        "components": [(one["tag"], one["digest"][:7]) for one in record["components"]],
    }


def expected(commit: str, event: str) -> Mapping[str, Any]:
    """The end of an undisturbed run."""
    return {
        "tag": commit,
        "builds": [(event, commit)],
        "release": ("2023.06.2", "2023.06.2", False, "true", "release.json", "uploaded"),
        "marked": True,
        "record": (commit, "deploy", "success", []),
        "components": [("2023.05.1", "sha256:"), ("2023.05.4", "sha256:")],
    }


def written(stack: Stack) -> list[str]:
    """The writes of the last run, with N in place of numbers."""
    short = [one.replace(f"/repos/{REPOSITORY}", "") for one in writes(stack.world)]
    return ["/".join("N" if part.isdigit() else part for part in one.split("/")) for one in short]


@pytest.mark.parametrize("token", TOKENS)
def test_an_undisturbed_run_makes_these_writes(stack: Stack, token: str) -> None:
    """These writes in this order, and this end: what the kills below are counted by, and held against."""
    environment, all_writes, event = TOKENS[token]
    stack.builds.silent |= {TOKEN} if environment else set()
    commit = stack.reviewed()
    assert stack.publish(environment=environment).status == 0
    assert written(stack) == all_writes
    assert end(stack) == expected(commit, event)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("token", "number"),
    [(token, at) for token, (_, all_writes, _) in TOKENS.items() for at in range(1, len(all_writes))],
)
def test_killed_after_a_write_and_run_again_the_end_is_the_same(stack: Stack, token: str, number: int) -> None:
    """Whichever write was its last, the next run goes on from there: one tag, one build, one release."""
    environment, all_writes, event = TOKENS[token]
    stack.builds.silent |= {TOKEN} if environment else set()
    commit = stack.reviewed()
    kill_after_write(stack.world.github, stack.world.program, number)
    killed = stack.publish(environment=environment)
    stack.world.github.planned.clear()
    assert (killed.status, written(stack)) == (-signal.SIGKILL, all_writes[:number])
    again = stack.publish(environment=environment)
    assert again.status == 0, again.log
    assert end(stack) == expected(commit, event)
