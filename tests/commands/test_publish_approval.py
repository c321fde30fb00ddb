"""`publish` while its build waits for somebody: it ends well, says for whom, and its second trigger goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from commands.stack import REPOSITORY, Stack
from commands.test_prepare import send, writes
from commands.test_publish_follow import is_released
from world.events import Event
from world.example import WORKFLOW_FILE
from world.github_builds import PASSED, WAITING, Look

TAG = "2023.06.2"
APPROVAL = "waits for the approval of maintainer or the team release (environment awx/fragalysis-production)"


def ended(stack: Stack, **changed: Any) -> Event:
    """The end of the tag's build, as the event `workflow_run` tells of it, with other values for some of its fields."""
    run = {
        "event": "push",
        "conclusion": "success",
        "head_branch": TAG,
        "head_sha": stack.tags().get(TAG, "0" * 40),
        "path": WORKFLOW_FILE,
        "head_repository": {"full_name": REPOSITORY},
        "actor": {"login": "maintainer"},
    }
    return Event(
        "workflow_run", "refs/heads/master", stack.world.commit("2023.06.1"), {"workflow_run": {**run, **changed}}
    )


def test_a_build_that_waits_for_an_approval_is_left_and_released_when_it_has_ended(stack: Stack) -> None:
    """Status 0, `waiting`, for whom and where; its end makes the release, a second end makes nothing."""
    stack.reviewed()
    stack.builds.script = (WAITING,)
    outcome = stack.publish()
    assert (outcome.status, outcome.outputs["run-conclusion"]) == (0, "waiting"), outcome.log
    assert (outcome.outputs["release-url"], stack.releases.releases) == ("", [])
    assert APPROVAL in outcome.log
    assert outcome.summary.startswith(f"## ⏳ Tagged, the build waits — `{TAG}`")
    (run,) = stack.runs()
    assert f"/actions/runs/{run.id}) and choose *Review deployments*" in outcome.summary
    assert "`workflow_run`" in outcome.summary
    stack.builds.again(run, PASSED)
    again = stack.publish(ended(stack))
    assert (again.status, again.outputs["run-conclusion"], is_released(stack)) == (0, "success", True), again.log
    assert again.outputs["stack-tag"] == TAG and "its trailer Stack-Tag" in again.summary
    third = stack.publish(ended(stack))
    assert (third.status, writes(stack.world)) == (0, []), third.log
    assert third.outputs["release-url"] == again.outputs["release-url"]


def test_the_end_of_a_build_releases_nothing_that_nobody_reviewed(stack: Stack) -> None:
    """A person pushed the tag: the end of its build is no approval, and the summary says how to release it by hand."""
    before = stack.world.commit("2023.06.1")
    send(stack.world, "POST", "/git/refs", {"ref": f"refs/tags/{TAG}", "sha": before})
    outcome = stack.publish(ended(stack))
    assert (outcome.status, is_released(stack)) == (0, False), outcome.log
    assert f"No review of {TAG} was found" in outcome.log
    assert f"publish it by hand, with {TAG} in stack-tag" in outcome.log
    assert stack.publish(stack_tag=TAG).status == 0 and is_released(stack)


def test_the_end_of_a_build_makes_no_tag(stack: Stack) -> None:
    """Its tag was deleted meanwhile: nothing to publish, nothing written."""
    stack.reviewed()
    outcome = stack.publish(ended(stack))
    assert (outcome.status, stack.made_nothing()) == (0, True), outcome.log
    assert f"the tag {TAG} does not point at 000000000000, which was built" in outcome.summary


def test_a_build_behind_another_that_waits_for_an_approval_is_left(stack: Stack) -> None:
    """Its job is pending: the run of 2023.06.1 is in front and waits for somebody, who is not asked for this one."""
    stack.reviewed()
    held = replace(WAITING.jobs[-1], status="pending")
    stack.builds.script = (Look("pending", None, (*WAITING.jobs[:-1], held)),)
    other = stack.world.github.add_run(REPOSITORY, "2023.06.1", "1" * 40, path=WORKFLOW_FILE, status="waiting")
    outcome = stack.publish()
    assert (outcome.status, outcome.outputs["run-conclusion"]) == (0, "waiting"), outcome.log
    assert f"may wait behind 2023.06.1 (waiting for approval, {stack.world.github.url}/{REPOSITORY}" in outcome.log
    assert f"/actions/runs/{other.id}" in outcome.log


@pytest.mark.parametrize("status", [200, 403])
def test_a_build_that_waits_for_nobody_knows_whom_is_left(stack: Stack, status: int) -> None:
    """GitHub names nobody (a run that it holds itself), or may not say: left after three looks, and said so."""
    stack.reviewed()
    stack.builds.script = (replace(WAITING, pending=()),)
    if status != 200:
        stack.world.github.fail("GET", "/pending_deployments$", status=status)
    outcome = stack.publish()
    assert (outcome.status, outcome.outputs["run-conclusion"]) == (0, "waiting"), outcome.log
    assert "waits for an approval; whose could not be determined" in outcome.log
