"""`publish` where somebody has dispatched the build workflow at the tag, with whatever inputs, beside its own build."""

from __future__ import annotations

from typing import Any

import pytest

from commands.stack import OWN_TOKEN, REPOSITORY, Stack
from commands.test_prepare import send
from commands.test_publish_follow import dispatches, is_released
from world.github_builds import FAILED, PASSED, Look
from world.github_server import TOKEN

TAG = "2023.06.2"


def tagged(stack: Stack, pushed: Look, dispatched: Look) -> None:
    """The reviewed commit with the tag that a person pushed, and with a run that was dispatched at it afterwards."""
    commit = stack.reviewed()
    stack.builds.script = (pushed,)
    send(stack.world, "POST", "/git/refs", {"ref": f"refs/tags/{TAG}", "sha": commit})
    stack.builds.script = (dispatched,)
    stack.builds.start(REPOSITORY, TAG, commit, "workflow_dispatch")


@pytest.mark.parametrize("environment", [{}, OWN_TOKEN], ids=["app", "own"])
def test_a_dispatched_run_that_passed_hides_no_failed_build(stack: Stack, environment: dict[str, str]) -> None:
    """The push of the tag failed, a later dispatch passed: status 1, the failed run is named, nothing is released."""
    tagged(stack, FAILED, PASSED)
    outcome = stack.publish(environment=environment)
    pushed, _ = stack.runs()
    assert (outcome.status, outcome.outputs["run-conclusion"]) == (1, "failure"), outcome.log
    assert outcome.outputs["run-url"].endswith(f"/actions/runs/{pushed.id}")
    assert stack.releases.releases == []


def test_a_dispatched_run_that_failed_undoes_no_build(stack: Stack) -> None:
    """The push of the tag passed, a later dispatch failed: the release is made of the build that passed."""
    tagged(stack, PASSED, FAILED)
    outcome = stack.publish()
    assert (outcome.status, outcome.outputs["run-conclusion"]) == (0, "success"), outcome.log
    assert "started by the push of the tag" in outcome.log
    assert is_released(stack)


def test_a_build_that_is_listed_late_is_waited_for(stack: Stack) -> None:
    """A dispatched run that GitHub lists before the run of the push is not taken for the tag's build."""
    tagged(stack, FAILED, PASSED)

    def without_the_push(page: Any) -> None:
        page["workflow_runs"] = [run for run in page["workflow_runs"] if run["event"] != "push"]
        page["total_count"] = len(page["workflow_runs"])

    stack.world.github.change_json("GET", r"build-main.yaml/runs\?.*branch", without_the_push, times=2)
    outcome = stack.publish()
    assert (outcome.status, stack.releases.releases) == (1, []), outcome.log


def test_where_the_push_starts_nothing_the_newest_dispatch_counts(stack: Stack) -> None:
    """Of the own token's tag a dispatched run is the build; after a failure the newer one of a person is released."""
    stack.builds.silent.add(TOKEN)
    stack.reviewed()
    stack.builds.script = (FAILED,)
    assert stack.publish(environment=OWN_TOKEN).status == 1
    stack.builds.script = (PASSED,)
    stack.builds.start(REPOSITORY, TAG, stack.tags()[TAG], "workflow_dispatch")
    outcome = stack.publish(environment=OWN_TOKEN)
    assert (outcome.status, dispatches(stack), is_released(stack)) == (0, 0, True), outcome.log


def test_a_newer_run_of_the_push_hides_no_failed_one(stack: Stack) -> None:
    """Two runs look like those of the tag's push, and the older failed: it is followed, and nothing is released."""
    commit = stack.reviewed()
    stack.builds.script = (FAILED,)
    send(stack.world, "POST", "/git/refs", {"ref": f"refs/tags/{TAG}", "sha": commit})
    stack.builds.script = (PASSED,)
    stack.builds.start(REPOSITORY, TAG, commit)
    outcome = stack.publish()
    failed, _ = stack.runs()
    assert (outcome.status, stack.releases.releases) == (1, []), outcome.log
    assert outcome.outputs["run-url"].endswith(f"/actions/runs/{failed.id}")


def test_a_branchs_build_is_not_taken_for_the_tags(stack: Stack) -> None:
    """A branch of the tag's name was built at the commit, deployed nothing, and is gone: a new tag is the remedy."""
    commit = stack.reviewed()
    stack.builds.start(REPOSITORY, TAG, commit).created_at = "2023-06-01T10:00:00Z"
    stack.world.github.origins.branch(REPOSITORY, TAG, "2023-06-01T09:59:00Z", "2023-06-01T10:02:00Z")
    stack.builds.starts = False
    outcome = stack.publish()
    assert (outcome.status, stack.releases.releases) == (1, []), outcome.log
    assert "may be the build of the branch" in outcome.log and "under the next free tag" in outcome.log


@pytest.mark.parametrize("status", [403, 500])
def test_a_build_is_not_believed_where_branches_are_not_known(stack: Stack, status: int) -> None:
    """Whose build it is could not be found out: status 1, run it again, no release."""
    stack.reviewed()
    stack.world.github.fail("GET", "fragalysis-stack/activity", status=status)
    outcome = stack.publish()
    assert (outcome.status, stack.releases.releases) == (1, []), outcome.log


@pytest.mark.parametrize("status", [404, 422])
def test_a_build_is_released_with_a_note_where_github_does_not_tell_of_branches(stack: Stack, status: int) -> None:
    """404 and 422 block nobody: the release is made, and a warning says what was not looked up."""
    stack.reviewed()
    stack.world.github.fail("GET", "fragalysis-stack/activity", status=status)
    outcome = stack.publish()
    assert (outcome.status, is_released(stack)) == (0, True), outcome.log
    assert "Whether a branch was named 2023.06.2 during its build is unknown" in outcome.log
