"""A tag that is released already: nothing is built under it again, and only what was released is deployed again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from commands.conftest import World
from commands.deployment import OTHER_DIGEST, REPOSITORY, Deployment, old_record
from world.events import dispatch
from world.github_releases import GitHubReleases

pytestmark = pytest.mark.hurried

TAG = "2023.06.2"
DIGEST = "sha256:" + "5" * 64
RELEASE = f"/repos/{REPOSITORY}/releases/tags/{TAG}"


def record_of(world: World, digest: str | None, **stack: Any) -> bytes:
    """A `release.json` of the worked example's release."""
    document = old_record(world.example, world.digests, "")
    document["stack"] |= {"tag": TAG, "commit": world.commit(TAG), "image": f"docker.io/{REPOSITORY}:{TAG}"}
    document["stack"] |= {"digest": digest, **stack}
    return json.dumps(document).encode()


def test_a_released_tag_is_not_built_again(world: World, releases_of: GitHubReleases) -> None:
    """The tag's public release records a digest: blocked by tag-released alone, naming it and what to do instead."""
    releases_of.add(REPOSITORY, TAG, files={"release.json": record_of(world, DIGEST)})
    outcome = world.gate()
    assert (outcome.status, outcome.outputs["verdict"]) == (1, "blocked"), outcome.log
    assert outcome.findings("fail", "unknown") == {"tag-released:stack": "fail"}
    assert DIGEST.removeprefix("sha256:") in outcome.summary
    assert "To deploy it again with the stack's form, if it has one" in outcome.log


def test_a_dispatch_at_a_released_tag_is_refused(world: World, releases_of: GitHubReleases) -> None:
    """By hand it is the same: the build of a released tag cannot be dispatched."""
    releases_of.add(REPOSITORY, TAG, files={"release.json": record_of(world, DIGEST)})
    outcome = world.gate(dispatch(f"refs/tags/{TAG}", world.commit(TAG)))
    assert outcome.findings("fail", "unknown") == {"tag-released:stack": "fail"}


def test_a_released_tag_can_be_allowed_by_name(world: World, releases_of: GitHubReleases) -> None:
    """allow turns the finding into a warning, for this one tag."""
    releases_of.add(REPOSITORY, TAG, files={"release.json": record_of(world, DIGEST)})
    outcome = world.gate(allow=f"tag-released:stack@{TAG}")
    assert (outcome.status, outcome.findings()["tag-released:stack"]) == (0, "warn"), outcome.log


@pytest.mark.parametrize("kind", ["none", "draft", "of another tag", "without a record", "without a digest"])
def test_a_tag_without_a_recorded_image_is_built(world: World, releases_of: GitHubReleases, kind: str) -> None:
    """No release, a draft, and a release that records no image stop nothing: one request, and it says what it saw."""
    whole, null = record_of(world, DIGEST), record_of(world, None)
    tag, files = {
        "of another tag": ("2023.06.1", {"release.json": whole}),
        "draft": (TAG, {"release.json": whole}),
        "without a record": (TAG, {"notes.txt": b""}),
        "without a digest": (TAG, {"release.json": null}),
        "none": ("2023.05.1", {}),
    }[kind]
    releases_of.add(REPOSITORY, tag, files=files, draft=kind == "draft")
    world.github.requests.clear()
    outcome = world.gate()
    assert (outcome.status, outcome.findings()["tag-released:stack"]) == (0, "pass"), outcome.log
    # The list of releases is asked for the card alone.
    asked = [one.path for one in world.github.requests if "/releases/" in one.path]
    assert asked[:1] == [RELEASE]
    assert len(asked) == (2 if kind == "without a digest" else 1)
    seen = {"without a record": "has no release.json", "without a digest": "names no digest"}
    assert seen.get(kind, "has no public release yet") in outcome.log + outcome.summary


@pytest.mark.parametrize("pattern", [RELEASE, "/releases/assets/"])
def test_a_release_that_cannot_be_looked_up_blocks(world: World, releases_of: GitHubReleases, pattern: str) -> None:
    """A bad gateway in place of the release, or of its record, is unknown: blocked, run again."""
    releases_of.add(REPOSITORY, TAG, files={"release.json": record_of(world, DIGEST)})
    world.github.fail("GET", pattern, status=502)
    outcome = world.gate(timeout_seconds="20")
    assert outcome.status == 1, outcome.log
    assert outcome.findings("fail", "unknown") == {"tag-released:stack": "unknown"}
    assert "run this again" in outcome.log


@pytest.mark.parametrize("content", [b"{", b'{"schema": 1}'])
def test_a_record_that_cannot_be_read_blocks(world: World, releases_of: GitHubReleases, content: bytes) -> None:
    """Nobody knows what was released: unknown, and the finding says what is wrong with the file."""
    releases_of.add(REPOSITORY, TAG, files={"release.json": content})
    outcome = world.gate()
    assert outcome.findings("fail", "unknown") == {"tag-released:stack": "unknown"}, outcome.log
    assert "cannot be used" in outcome.log


def test_a_record_that_has_not_arrived_blocks(world: World, releases_of: GitHubReleases) -> None:
    """A release.json whose upload broke off says nothing yet: unknown."""
    releases_of.add(REPOSITORY, TAG, files={"release.json": b""}).files[0].state = "open"
    outcome = world.gate()
    assert outcome.findings("fail", "unknown") == {"tag-released:stack": "unknown"}, outcome.log
    assert "is incomplete" in outcome.log


def test_a_deployment_of_what_was_released_goes_on(ready: Deployment) -> None:
    """A lone re-run of the deployment after the release, with the recorded digest, launches."""
    ready.releases.add(REPOSITORY, TAG, files={"release.json": record_of(ready.world, ready.digest)})
    outcome = ready.deploy()
    assert (outcome.status, ready.awx.launches) == (0, 1), outcome.log
    assert "tag-released:stack" not in outcome.findings()


def test_a_deployment_of_another_image_than_was_released_is_refused(ready: Deployment) -> None:
    """The tag was built over after its release: the new image is expected and there, and still refused, naming both."""
    ready.releases.add(REPOSITORY, TAG, files={"release.json": record_of(ready.world, OTHER_DIGEST)})
    outcome = ready.deploy()
    assert (outcome.status, ready.awx.requests) == (1, []), outcome.log
    assert outcome.outputs["failed-rules"] == "stack-image:stack"
    for digest in (OTHER_DIGEST, ready.digest):
        assert digest in outcome.summary


def test_staging_is_held_to_the_release_too(ready: Deployment) -> None:
    """From the form, where no digest is expected, the image that is there must be the released one."""
    ready.releases.add(REPOSITORY, TAG, files={"release.json": record_of(ready.world, OTHER_DIGEST)})
    outcome = ready.deploy(environment="awx/fragalysis-staging", expected_stack_digest="")
    assert (outcome.status, ready.awx.requests) == (1, []), outcome.log
    assert outcome.outputs["failed-rules"] == "stack-image:stack"


def test_a_release_that_cannot_be_looked_up_launches_nothing(ready: Deployment) -> None:
    """Where GitHub does not say whether the tag is released already, it is unknown: nothing is launched, run again."""
    ready.world.github.fail("GET", RELEASE, status=503)
    outcome = ready.deploy(timeout_seconds="20")
    assert (outcome.status, ready.awx.requests) == (1, []), outcome.log
    assert outcome.findings("fail", "unknown") == {"stack-image:stack": "unknown"}
