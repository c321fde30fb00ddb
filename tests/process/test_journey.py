"""A whole release on a real runner: prepare, merge, publish with its build and deployment, gate, announce; twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.deployment import REPOSITORY
from process.journey import BOARD, TAG, Journey, RunnerBuilds, in_one_line, record_of
from process.stage import APP_TOKEN, TEMPLATES, Stage
from world.act import Run
from world.artifacts import ArtifactService
from world.awx import AwxServer
from world.example import STACK, Example
from world.github_people import GitHubPeople, Project
from world.github_releases import GitHubReleases
from world.github_server import GitHubServer
from world.registry import Registry
from world.site import Site
from world.workflow_runs import Run as WorkflowRun

pytestmark = pytest.mark.process


@pytest.fixture
def journey(
    tmp_path: Path,
    bundled_action: Path,
    example: Example,
    github: GitHubServer,
    registry: Registry,
    awx: AwxServer,
    site: Site,
    releases_of: GitHubReleases,
    people: GitHubPeople,
) -> Iterator[Journey]:
    """The worked example before its release, on servers whose builds a runner really runs."""
    for tag in (TAG, f"{TAG}-rc.1"):
        example.stack.delete(f"refs/tags/{tag}")
    example.stack.branch("master", example.commits[STACK]["2023.06.1"])
    stage = Stage.of(tmp_path, bundled_action, example, github, registry, awx, site)
    journey = Journey(stage, releases_of, people, print)
    people.add_project(Project(BOARD, {"Status": ("Todo", "Push to production")}, [APP_TOKEN]))
    builds = RunnerBuilds(github, carry_out=journey.build)
    github.parts.append(builds)
    service = ArtifactService(builds.artifacts)
    stage.uploads, journey.builds = service.url, builds
    yield journey
    builds.clear()
    service.stop()
    assert (builds.faults, service.errors) == ([], [])


def refused(journey: Journey) -> str:
    """Build the released tag once more, which its release forbids."""
    run = journey.gate()
    assert run.jobs == {"gate": "failure"}, run.log
    assert run.outputs["gate.gate"]["failed-rules"] == "tag-released:stack"
    return "refused: it is released"


@pytest.mark.timeout(300)
def test_an_image_that_is_pushed_over_the_build_is_not_released(journey: Journey) -> None:
    """Between build and release somebody pushes under the tag: refused, naming both digests; nothing is public."""
    theirs: list[str] = []

    def intruded(run: WorkflowRun) -> Run:
        done = journey.build(run)
        theirs.append(journey.stage.registry.push(REPOSITORY, TAG, revision="e" * 40))
        return done

    before = journey.head()
    journey.prepare()
    journey.merge()
    journey.builds.carry_out = intruded
    run = journey.publish(before)
    assert run.jobs == {"publish": "failure"}, run.log
    for digest in (journey.stage.digest, *theirs):
        assert digest in run.summaries["publish"]
    assert [one for one in journey.releases.releases if not one.draft] == []


@pytest.mark.timeout(300)
def test_a_release_from_the_form_to_the_ticket(journey: Journey) -> None:
    """The pair is proposed, merged, tagged, built, deployed, released and announced; a second time nothing is."""
    before = journey.head()
    journey.step("prepare", lambda: in_one_line(journey.prepare()))
    journey.step("prepare again", lambda: in_one_line(journey.prepare()))
    assert journey.writes() == []
    journey.step("merge", lambda: f"as {journey.merge()[:12]}")
    journey.step("publish, announce", lambda: in_one_line(journey.publish(before)))
    journey.step("gate on the tag", lambda: refused(journey))
    assert journey.writes() == []

    record = record_of(journey)
    assert (record["stack"]["tag"], record["stack"]["commit"]) == (TAG, journey.head())
    assert record["stack"]["digest"] == journey.stage.digest
    jobs = {job["name"]: job["conclusion"] for job in record["build"]["jobs"]}
    assert jobs == dict.fromkeys(("gate", "build", "deploy-staging", "deploy-production"), "success")
    assert journey.stage.launched() == {name: {"stack_image_tag": TAG} for name in TEMPLATES}
    assert journey.stage.site.shown == TAG
    (ticket,) = journey.ask("/issues?state=open")
    assert ticket["title"] == f"Release {TAG}"
    assert [one["login"] for one in ticket["assignees"]] == ["maintainer"]
    assert journey.people.projects[0].lanes() == {f"Release {TAG}": ["Push to production"]}

    state = journey.state()
    journey.step("publish again", lambda: in_one_line(journey.publish(before)))
    assert journey.writes() == []
    journey.step("gate again", lambda: refused(journey))
    assert journey.writes() == []
    assert journey.state() == state
