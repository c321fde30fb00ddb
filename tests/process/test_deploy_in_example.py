"""The examples deploy for real: from the push of a tag through a loopback AWX to a site that shows it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from commands.deployment import OLD, REPOSITORY, old_record
from process.stage import TEMPLATES, Stage
from world.awx import ROBOT, AwxServer
from world.events import dispatch, push_tag
from world.example import STACK, Example
from world.faults import Forward, Reply
from world.github_releases import GitHubReleases
from world.github_server import TOKEN, GitHubServer
from world.registry import Registry
from world.site import Site

pytestmark = pytest.mark.process


@pytest.fixture
def stage(
    tmp_path: Path,
    bundled_action: Path,
    example: Example,
    github: GitHubServer,
    registry: Registry,
    awx: AwxServer,
    site: Site,
) -> Stage:
    """The worked example, tagged, on servers."""
    return Stage.of(tmp_path, bundled_action, example, github, registry, awx, site)


def recorded(stage: Stage) -> list[tuple[object, ...]]:
    """What each deployment record says, oldest first; the AWX job is the one that its statuses name."""
    stage.github.assert_valid()
    found: list[tuple[object, ...]] = []
    for one in stage.github.deployments.records:
        [job] = {re.match("AWX job ([0-9]+)", told.description)[1] for told in one.statuses}  # type: ignore[index]
        said, where = one.payload, (one.environment, one.production_environment, one.task)
        found.append((one.sha, *where, said["tag"], said["digest"], int(job), one.states))
    return found


def test_a_release_goes_all_the_way_to_the_site(stage: Stage) -> None:
    """Gate, build, staging, production: AWX gets the tag twice, the digests are the gate's, and the site shows it.

    What was deployed where is recorded in that order, by `deploy` alone.
    """
    commit = stage.example.commits[STACK]["2023.06.2"]
    run = stage.run("build-main.yaml", push_tag("2023.06.2", commit))

    assert run.exit_code == 0, run.log
    assert run.jobs == dict.fromkeys(("gate", "build", "deploy-staging", "deploy-production"), "success")
    assert stage.launched() == {key: {"stack_image_tag": "2023.06.2"} for key in TEMPLATES}
    gate = run.outputs["gate.gate"]
    for place in ("staging", "production"):
        summary = run.summaries[f"deploy-{place}"]
        assert summary.startswith(f"## ✅ Deployed — `2023.06.2` on `awx/fragalysis-{place}`\n")
        for digest in (gate["backend-digest"], gate["frontend-digest"]):
            assert digest[:19] in summary
        assert stage.digest in summary
        assert "it answered 200 with" in summary
    assert len(stage.site.requests) == 2 * (1 + 3)  # before each launch, and three in a row after it
    assert recorded(stage) == [
        (commit, f"awx/fragalysis-{place}", is_production, "deploy", "2023.06.2", stage.digest, job.id,
         ["in_progress", "success"])
        for (place, is_production), job in zip((("staging", False), ("production", True)), stage.awx.jobs, strict=True)
    ]  # fmt: skip
    [pair] = {json.dumps(one.payload["components"]) for one in stage.github.deployments.records}
    assert gate["backend-digest"] in pair and gate["frontend-digest"] in pair
    assert TOKEN not in "".join(run.summaries.values())
    assert ROBOT.password not in "".join(run.summaries.values())


def test_an_image_that_was_pushed_in_between_is_deployed_nowhere(stage: Stage) -> None:
    """An image that is not the one which the build pushed stops staging and production, naming both digests."""
    other = stage.registry.push(REPOSITORY, "2023.06.2", revision="e" * 40)
    run = stage.run("build-main.yaml", push_tag("2023.06.2", stage.example.commits[STACK]["2023.06.2"]))

    assert run.jobs == {"gate": "success", "build": "success", "deploy-staging": "failure"}
    assert (stage.awx.jobs, recorded(stage)) == ([], [])
    assert stage.digest in run.log
    assert other in run.log


def test_a_build_that_is_run_again_after_the_release_pushes_nothing(stage: Stage, releases_of: GitHubReleases) -> None:
    """The job build alone is run after the release, behind a gate that passed before it: it asks again, and stops."""
    commit = stage.example.commits[STACK]["2023.06.2"]
    document = old_record(stage.example, stage.images, stage.digest)
    document["stack"] |= {"tag": "2023.06.2", "commit": commit, "image": f"docker.io/{REPOSITORY}:2023.06.2"}

    def release_afterwards(forward: Forward) -> Reply:
        reply = forward()
        releases_of.add(REPOSITORY, "2023.06.2", files={"release.json": json.dumps(document).encode()})
        return reply

    stage.github.add("GET", "/releases/tags/2023.06.2", release_afterwards, times=1)
    run = stage.run("build-main.yaml", push_tag("2023.06.2", commit))

    assert run.jobs == {"gate": "success", "build": "failure"}, run.log
    assert run.outputs["build.again"]["failed-rules"] == "tag-released:stack"
    assert not [call for call in run.calls if call.action == "docker/build-push-action"]
    assert stage.awx.jobs == []


def test_the_form_goes_back(stage: Stage, releases_of: GitHubReleases) -> None:
    """The form with the older tag, run at the newest, deploys that by its release.json, with no CI run left.

    The release that was left says so.
    """
    digest = stage.registry.push(REPOSITORY, OLD, revision="0" * 40)
    document = old_record(stage.example, stage.images, digest)
    releases_of.add(REPOSITORY, OLD, files={"release.json": json.dumps(document).encode()})
    left = releases_of.add(REPOSITORY, "2023.06.2", files={"release.json": b"{}"})
    stage.github.runs.clear()
    commit = stage.example.commits[STACK]["2023.06.2"]
    given = {"tag": OLD, "environment": "production", "rollback": "true", "dry-run": "false"}
    # What the variables say of builds by now says nothing of that one.
    event = dispatch("refs/tags/2023.06.2", commit, **given)
    run = stage.run("deploy.yaml", event, variables={"STACK_NAMESPACE": "elsewhere", "PRODUCTION": "false"})

    assert run.exit_code == 0, run.log
    assert stage.launched() == {"Production Fragalysis Stack": {"stack_image_tag": OLD}}
    assert run.outputs["deploy.deploy"]["job-status"] == "successful"
    assert run.summaries["deploy"].startswith(f"## ✅ Deployed — rollback to `{OLD}` on `awx/fragalysis-production`\n")
    assert f"Taken back to {OLD} at " in left.body
    [(at, place, *_, tag, _, _, states)] = recorded(stage)
    assert (at, place, tag, states) == (
        stage.example.commits[STACK][OLD], "awx/fragalysis-production", OLD, ["in_progress", "success"],
    )  # fmt: skip
