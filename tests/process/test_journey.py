"""A whole release on a real runner: prepare, merge, publish with its build and deployment, gate, announce; twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from commands.deployment import REPOSITORY
from commands.test_prepare import begin_in_one_month, next_tag
from process.journey import BOARD, NEW, TAG, Journey, RunnerBuilds, in_one_line, record_of
from process.stage import APP_TOKEN, TEMPLATES, Stage
from world.act import Run
from world.artifacts import ArtifactService
from world.awx import AwxServer
from world.buildah import why_not
from world.example import BACKEND, FRONTEND, STACK, Example
from world.github_people import GitHubPeople, Project
from world.github_releases import GitHubReleases
from world.github_server import GitHubServer
from world.registry import Registry
from world.site import Site
from world.stand_ins import read_calls
from world.workflow_runs import Run as WorkflowRun

pytestmark = pytest.mark.process


@pytest.fixture
def heads(example: Example) -> dict[str, str]:
    """A commit more on each production branch."""
    begin_in_one_month()
    return {
        f"xchem/{BACKEND}": example.backend.commit({"tables.py": "TWO = 2\n"}, "Add two (#501)", branch="production"),
        f"xchem/{FRONTEND}": example.frontend.commit({"app.js": "zoom(4);\n"}, "Zoom (#95)", branch="production"),
    }


def tagged_and_built(journey: Journey, heads: Mapping[str, str]) -> None:
    """Each head has the first tag of this month alone, whose own run has pushed its image with its origin."""
    tag = next_tag()
    assert [journey.tags(name, commit) for name, commit in heads.items()] == [[tag], [tag]]
    runs = [run for run in journey.stage.github.runs if run.head_sha in heads.values()]
    assert [(run.head_branch, run.conclusion) for run in runs] == [(tag, "success")] * 2
    for name, commit in heads.items():
        calls = read_calls(journey.stage.folder / name / "calls")
        (pushed,) = [one.inputs for one in calls if one.action == "docker/build-push-action"]
        assert pushed["tags"] == f"{name}:{tag}"
        assert pushed["labels"].split() == [
            f"org.opencontainers.image.revision={commit}",
            f"org.opencontainers.image.source={journey.stage.github.url}/{name}",
        ]


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


def built_from(journey: Journey, heads: Mapping[str, str], record: Mapping[str, Any]) -> None:
    """The record has the digests that the registry has, and the stack's image begins with the layers of the backend."""
    registry, released = journey.stage.registry, record["stack"]["digest"]
    digest, layers = registry.pushed_by_others(REPOSITORY, TAG)
    assert (released == digest, digest != journey.stage.digest) == (True, journey.stage.builds_images)
    images = [registry.pushed_by_others(name, next_tag()) for name in heads]
    assert [one["digest"] for one in record["components"]] == [one for one, _ in images]
    if journey.stage.builds_images:
        assert layers[: len(images[0][1])] == images[0][1]


def refused(journey: Journey) -> str:
    """Build the released tag once more, which its release forbids."""
    run = journey.gate()
    assert run.jobs == {"gate": "failure"}, run.log
    assert run.outputs["gate.gate"]["failed-rules"] == "tag-released:stack"
    return "refused: it is released"


@pytest.mark.sampled(0)
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
def test_a_release_from_the_form_to_the_ticket(heads: dict[str, str], journey: Journey, tmp_path: Path) -> None:
    """Two tags are made and built, the pair proposed, merged, tagged, built, deployed, released and told; once.

    All three images are real where buildah works: the stack's is made from those two.
    """
    journey.stage.builds_images = why_not(tmp_path / "try") is None
    before = journey.head()
    journey.step("prepare", lambda: in_one_line(journey.prepare(NEW)))
    tagged_and_built(journey, heads)
    journey.step("prepare again", lambda: in_one_line(journey.prepare(NEW)))
    assert journey.writes() == []
    journey.step("merge", lambda: f"as {journey.merge()[:12]}")
    journey.step("publish, announce", lambda: in_one_line(journey.publish(before)))
    journey.step("gate on the tag", lambda: refused(journey))
    assert journey.writes() == []

    record = record_of(journey)
    assert (record["stack"]["tag"], record["stack"]["commit"]) == (TAG, journey.head())
    built_from(journey, heads, record)
    assert [one["tag"] for one in record["components"]] == [next_tag()] * 2
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
