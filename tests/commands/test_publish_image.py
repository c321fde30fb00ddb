"""Which image `publish` records: the one that the build itself says it pushed, and no other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from commands.stack import OWN_TOKEN, REPOSITORY, Stack
from commands.test_prepare import writes
from world.faults import Forward, Reply
from world.github_builds import FAILED, PASSED, RUNNING
from world.github_server import TOKEN
from world.program import Outcome

pytestmark = pytest.mark.hurried

TAG = "2023.06.2"
NAME = f"docker.io/{REPOSITORY}:{TAG}"
ARTIFACTS = "/artifacts"
OTHER = "sha256:" + "9" * 64


def push(stack: Stack, content: str) -> str:
    """Push another image under the tag; returns its digest."""
    return stack.world.registry.push(REPOSITORY, TAG, revision=content * 40)


def recorded(stack: Stack) -> Any:
    """The digest in the `release.json` of the one public release."""
    (release,) = stack.releases.releases
    assert not release.draft
    return json.loads(release.files[0].content)["stack"]["digest"]


def is_public(stack: Stack) -> bool:
    """Whether there is a public release."""
    return any(not one.draft for one in stack.releases.releases)


def built(stack: Stack) -> Outcome:
    """Have the tag made and built, without following the build to a release."""
    stack.reviewed()
    stack.builds.script = (RUNNING, PASSED)
    outcome = stack.publish(follow="false")
    assert outcome.status == 0, outcome.log
    return outcome


def asked(stack: Stack) -> int:
    """How often the last run has asked for artifacts."""
    return len([one for one in stack.world.github.requests if one.path.endswith(ARTIFACTS)])


def test_the_builds_own_word_is_recorded_by_one_request(stack: Stack) -> None:
    """release.json has the digest of the artifact's name, as the registry has it; one request asks for artifacts."""
    stack.reviewed()
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert recorded(stack) == stack.builds.pushes
    assert asked(stack) == 1
    assert "The form cannot roll back to" not in outcome.log


def test_an_intruders_image_is_not_recorded(stack: Stack) -> None:
    """Another image was pushed under the tag after the build: status 1, both digests are named, nothing is released."""
    ours = stack.builds.pushes
    built(stack)
    theirs = push(stack, "e")
    outcome = stack.publish()
    assert outcome.status == 1, outcome.log
    assert not is_public(stack)
    for digest in (ours, theirs):
        assert digest in outcome.summary
    assert "another image was pushed under its tag" in outcome.log
    assert "release again under the next free tag" in outcome.log


def test_an_image_pushed_at_the_last_moment_is_not_released(stack: Stack) -> None:
    """Another image is pushed while release.json is uploaded: the draft stays one, both digests are named."""
    stack.reviewed()
    ours = stack.builds.pushes

    def intrude(forward: Forward) -> Reply:
        push(stack, "e")
        return forward()

    stack.world.github.add("POST", "/assets", intrude, times=1)
    outcome = stack.publish()
    assert outcome.status == 1, outcome.log
    assert [one.draft for one in stack.releases.releases] == [True]
    assert ours in outcome.summary


def test_a_registry_that_fails_at_the_last_moment_ends_in_run_again(stack: Stack) -> None:
    """Where the image cannot be seen once more before the release is public it stays a draft; the next run goes on."""
    stack.reviewed()

    def fail(forward: Forward) -> Reply:
        stack.world.registry.fail("*", f"/v2/{REPOSITORY}/manifests/", status=503)
        return forward()

    stack.world.github.add("POST", "/assets", fail, times=1)
    outcome = stack.publish(timeout_seconds="120")
    assert (outcome.status, is_public(stack)) == (1, False), outcome.log
    stack.world.registry.clear()
    again = stack.publish()
    assert (again.status, recorded(stack)) == (0, stack.builds.pushes), again.log


@pytest.mark.parametrize("own_token", [False, True], ids=["app", "own"])
def test_without_the_builds_word_nothing_is_recorded(stack: Stack, own_token: bool) -> None:
    """A build that says nothing is released with the digest null, a warning why, and the lines to add."""
    stack.builds.pushes = ""
    stack.builds.silent |= {TOKEN} if own_token else set()
    stack.reviewed()
    outcome = stack.publish(environment=OWN_TOKEN if own_token else {})
    assert outcome.status == 0, outcome.log
    assert recorded(stack) is None
    (warning,) = [line for line in outcome.log.splitlines() if line.startswith("::warning title=publish::")]
    assert f"The form cannot roll back to {TAG}" in warning
    assert "its build uploaded no artifact named stack-image-sha256-" in warning
    assert "uses: actions/upload-artifact@" in outcome.summary
    assert "✅ pushed" not in outcome.summary


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "name",
    [
        "stack-image-sha256-" + "A" * 64,
        "stack-image-sha256-" + "a" * 63,
        "stack-image-sha256-" + "a" * 65,
        "stack-image-sha256:" + "a" * 64,
        "my-stack-image-sha256-" + "a" * 64,
        "stack-image-sha256-" + "a" * 64 + "\n",
        "stack-image-sha256-" + "\N{ARABIC-INDIC DIGIT ONE}" * 64,
        "stack-image-sha512-" + "a" * 128,
    ],
)
def test_an_artifact_of_another_name_says_nothing(stack: Stack, name: str) -> None:
    """Only the very form is the build's word: lower-case hexadecimal, 64 of it, and nothing around it."""
    stack.builds.pushes = ""
    built(stack)
    stack.builds.artifacts.add(stack.runs()[0], name)
    assert stack.publish().status == 0
    assert recorded(stack) is None


@pytest.mark.parametrize("wrong", [{"run_id": 77}, {"head_sha": "7" * 40}])
def test_an_artifact_of_another_run_or_commit_says_nothing(stack: Stack, wrong: dict[str, Any]) -> None:
    """What is listed for the run, but says that it is of another run or commit, is not the build's word."""
    stack.builds.pushes = ""
    built(stack)
    artifact = stack.builds.artifacts.pushed(stack.runs()[0], push(stack, "e"))
    for field, value in wrong.items():
        setattr(artifact, field, value)
    assert stack.publish().status == 0
    assert recorded(stack) is None


def test_an_expired_artifact_is_still_the_builds_word(stack: Stack) -> None:
    """The name is all that counts, and it is listed after the content has gone."""
    built(stack)
    stack.builds.artifacts.found[0].expired = True
    assert stack.publish().status == 0
    assert recorded(stack) == stack.builds.pushes


def test_two_images_of_one_attempt_are_unknown(stack: Stack) -> None:
    """Two artifacts with different digests in one attempt: status 1, both named, nothing is released."""
    built(stack)
    stack.builds.artifacts.pushed(stack.runs()[0], OTHER)
    outcome = stack.publish()
    assert (outcome.status, is_public(stack)) == (1, False), outcome.log
    for digest in (stack.builds.pushes, OTHER):
        assert digest in outcome.log
    assert "Re-run all jobs of the build" in outcome.summary


def test_the_same_image_said_twice_is_one(stack: Stack) -> None:
    """Two artifacts with one digest contradict nothing."""
    built(stack)
    stack.builds.artifacts.pushed(stack.runs()[0], stack.builds.pushes)
    assert stack.publish().status == 0
    assert recorded(stack) == stack.builds.pushes


def test_the_newest_attempt_counts(stack: Stack) -> None:
    """The build was run again and pushed another image: that one is recorded, whatever the first attempt said."""
    built(stack)
    (run,) = stack.runs()
    stack.builds.again(run, replace(PASSED, attempt=2))
    second = push(stack, "2")
    stack.builds.artifacts.pushed(run, second)
    assert stack.publish().status == 0
    assert recorded(stack) == second


def test_where_only_a_later_job_was_run_again_the_first_attempt_counts(stack: Stack) -> None:
    """Re-run failed jobs after a failed deployment builds nothing anew: the image of attempt 1 is recorded."""
    stack.builds.script = (FAILED,)
    stack.reviewed()
    assert stack.publish().status == 1
    stack.builds.again(stack.runs()[0], replace(PASSED, attempt=2))
    assert stack.publish().status == 0
    assert recorded(stack) == stack.builds.pushes


def test_earlier_attempts_that_differ_are_unknown(stack: Stack) -> None:
    """Attempts 1 and 2 pushed different images, attempt 3 pushed none: status 1, nothing is released."""
    built(stack)
    (run,) = stack.runs()
    stack.builds.again(run, replace(PASSED, attempt=2))
    stack.builds.artifacts.pushed(run, push(stack, "2"))
    stack.builds.again(run, replace(PASSED, attempt=3))
    outcome = stack.publish()
    assert (outcome.status, is_public(stack)) == (1, False), outcome.log
    assert "Re-run all jobs of the build" in outcome.summary


def test_an_artifact_without_a_date_may_be_of_any_attempt(stack: Stack) -> None:
    """Where GitHub does not say when the other artifact was made, there is no telling which one counts: status 1."""
    built(stack)
    stack.builds.artifacts.pushed(stack.runs()[0], OTHER).created_at = None
    assert stack.publish().status == 1
    assert not is_public(stack)


@pytest.mark.parametrize(("status", "words"), [(502, "answered 502"), (403, "permission actions: read")])
def test_artifacts_that_github_does_not_list_stop_it(stack: Stack, status: int, words: str) -> None:
    """A list that cannot be had is no absence: status 1, nothing is released, and the next run goes on."""
    built(stack)
    body = {"message": "Resource not accessible by integration", "status": str(status)}
    stack.world.github.fail("GET", ARTIFACTS, status=status, body=body)
    outcome = stack.publish(timeout_seconds="120")
    assert (outcome.status, is_public(stack)) == (1, False), outcome.log
    assert words in outcome.log
    stack.world.github.planned.clear()
    assert stack.publish().status == 0
    assert recorded(stack) == stack.builds.pushes


def test_a_list_that_is_not_whole_stops_it(stack: Stack) -> None:
    """Where GitHub says that there are more artifacts than it sent, the one that counts may be missing: status 1."""
    built(stack)
    stack.world.github.change_json("GET", ARTIFACTS, lambda page: page.update(total_count=2))
    outcome = stack.publish()
    assert (outcome.status, is_public(stack)) == (1, False), outcome.log
    assert "only 1 of 2 artifacts" in outcome.log


def test_more_than_a_page_of_artifacts_is_read_to_the_end(stack: Stack) -> None:
    """A build with 120 other artifacts is no dead end: the second page is asked for."""
    built(stack)
    for number in range(120):
        stack.builds.artifacts.add(stack.runs()[0], f"log-{number}")
    assert stack.publish().status == 0
    assert (recorded(stack), asked(stack)) == (stack.builds.pushes, 2)


@pytest.mark.parametrize("given", [{"stack_image": "none"}, {"check_images": "false"}])
def test_where_no_image_is_looked_at_no_artifact_is_asked_for(stack: Stack, given: dict[str, Any]) -> None:
    """Without an image to look at nothing is recorded, and nothing said of rollbacks."""
    stack.reviewed()
    outcome = stack.publish(**given)
    assert (outcome.status, recorded(stack), asked(stack)) == (0, None, 0), outcome.log
    assert "The form cannot roll back to" not in outcome.log


def test_what_is_public_keeps_its_record(stack: Stack) -> None:
    """Run again after an intruder's push nothing is written; the report has what is recorded and warns of the other."""
    stack.reviewed()
    assert stack.publish().status == 0
    ours = stack.builds.pushes
    theirs = push(stack, "e")
    outcome = stack.publish()
    assert (outcome.status, writes(stack.world)) == (0, []), outcome.log
    assert recorded(stack) == ours
    assert outcome.report is not None
    assert outcome.report["stack"]["digest"] == ours
    (warning,) = [line for line in outcome.log.splitlines() if line.startswith("::warning title=publish::")]
    assert ours in warning and theirs in warning
