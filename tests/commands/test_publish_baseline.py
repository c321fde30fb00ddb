"""`publish` with `baseline`: a record of the release that runs already."""

from __future__ import annotations

import json
from typing import Any

import pytest

from commands.stack import REPOSITORY, Stack
from commands.test_prepare import send, writes
from world.events import dispatch
from world.program import Outcome

TAG = "2023.06.1"


def baseline(stack: Stack, **more: str) -> Outcome:
    """Fill in the form on master, and send it."""
    event = dispatch("refs/heads/master", stack.world.commit(TAG))
    return stack.publish(event, None, **{"stack_tag": TAG, "baseline": "true", **more})


def the_record(stack: Stack) -> dict[str, Any]:
    """The only file of the only release."""
    (release,) = stack.releases.releases
    (file,) = release.files
    assert (release.tag, release.draft, file.name) == (TAG, False, "release.json")
    return dict(json.loads(file.content))


def test_a_release_that_runs_gets_its_record(stack: Stack) -> None:
    """Tag, pair and digest as they are now; no tag and no build; CI that is gone only warns; once."""
    digest = stack.world.registry.push(REPOSITORY, TAG, revision="1" * 40)
    stack.world.github.runs.clear()
    plan = baseline(stack, dry_run="true")
    assert plan.status == 0 and stack.made_nothing(), plan.log
    assert plan.report and plan.report["planned"] == [f"Publish the release {TAG} with its release.json"]
    outcome = baseline(stack)
    assert outcome.status == 0, outcome.log
    record = the_record(stack)
    assert record["stack"] == {
        "repository": REPOSITORY,
        "tag": TAG,
        "commit": stack.world.commit(TAG),
        "image": f"docker.io/{REPOSITORY}:{TAG}",
        "digest": digest,
        "digest-source": "baseline",
    }
    assert [one["tag"] for one in record["components"]] == ["2023.03.1", "2023.05.3"]
    assert (list(stack.tags()), stack.runs(TAG), record["build"]) == ([TAG], [], None)
    assert outcome.findings("fail", "unknown") == {} and outcome.findings("warn")["pin-ci:backend"] == "warn"
    assert stack.releases.releases[0].make_latest == "true"
    assert "release.json is a baseline" in outcome.log and "this release runs already" in outcome.log
    again = baseline(stack)
    assert (again.status, writes(stack.world)) == (0, []), again.log
    assert f"The release {TAG} already has a release.json" in again.log


def test_the_record_is_added_to_a_release_made_by_hand(stack: Stack) -> None:
    """What people wrote there stays."""
    stack.world.registry.push(REPOSITORY, TAG, revision="1" * 40)
    release = stack.releases.add(REPOSITORY, TAG)
    release.body = "By hand."
    assert baseline(stack).status == 0
    assert (release.body, the_record(stack)["stack"]["digest-source"]) == ("By hand.", "baseline")


def test_the_record_of_an_immutable_release_stands_in_its_text(stack: Stack) -> None:
    """GitHub takes no file into it, so the text holds the record, once; every reader of records finds it there."""
    digest = stack.world.registry.push(REPOSITORY, TAG, revision="1" * 40)
    release = stack.releases.add(REPOSITORY, TAG)
    release.body, release.immutable = "By hand.", True
    plan = baseline(stack, dry_run="true")
    assert plan.report and plan.report["planned"] == [
        f"Add release.json to the text of the release {TAG}, which is immutable"
    ]
    assert (baseline(stack).status, release.files) == (0, [])
    text = release.body
    assert text.startswith(f"<!-- frag-release-action: record of {REPOSITORY} {TAG} -->\n<details>")
    assert text.endswith("-->\n\nBy hand.") and digest in text
    again = baseline(stack)
    assert (again.status, writes(stack.world), release.body) == (0, [], text), again.log
    stack.reviewed()
    outcome = stack.publish()
    assert f"The last good release is [`{TAG}`](" in outcome.summary, outcome.log
    release.body = text.replace("```json", "```yaml")
    broken = baseline(stack)
    assert broken.status == 1 and "contains a release.json that was edited" in broken.log


def test_a_release_that_a_higher_one_overtook_gets_its_record(stack: Stack) -> None:
    """Where the next tag exists before the release could be made, the run names the baseline, which is not the latest.

    The image could not be read after the build had passed, and people went on.
    """
    stack.reviewed()
    stack.world.registry.fail("*", f"/v2/{REPOSITORY}/manifests/", status=503)
    assert stack.publish(timeout_seconds="20").status == 1
    stack.world.registry.clear()
    body = {"ref": "refs/tags/2023.06.3", "sha": stack.commit("docs: More", {"MORE.md": "x"})}
    send(stack.world, "POST", "/git/refs", body)
    late = stack.publish(None, None, stack_tag="2023.06.2")
    assert (late.status, late.outputs["failed-rules"]) == (1, "tag-order:stack"), late.log
    assert "If 2023.06.2 was built and deployed before, record it" in late.log and "baseline: true" in late.summary
    assert baseline(stack, stack_tag="2023.06.2").status == 0
    (release,) = stack.releases.releases
    assert (release.tag, release.draft, release.make_latest) == ("2023.06.2", False, "false")


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({}, 1, f"The registry has no image docker.io/{REPOSITORY}:{TAG}"),
        ({"stack_tag": "2023.06.9"}, 1, f"{REPOSITORY} has no tag 2023.06.9"),
        ({"stack_tag": ""}, 2, "The input stack-tag is empty, but the input baseline is true."),
        ({"stack_image": "none"}, 2, "The input stack-image cannot be none"),
    ],
)
def test_what_cannot_be_gone_back_to_gets_no_record(
    stack: Stack, given: dict[str, str], status: int, words: str
) -> None:
    """Without the image, the tag, or their names nothing is written, and the run says what is missing."""
    if not given:
        stack.world.registry.fail("*", f"/v2/{REPOSITORY}/manifests/", status=404)
    outcome = baseline(stack, **given)
    assert (outcome.status, stack.made_nothing()) == (status, True), outcome.log
    assert words in outcome.log
