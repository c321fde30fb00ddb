"""The action itself in the example workflow, run on real repositories: the gate's table of refs."""

from __future__ import annotations

import re

import pytest

from process.releases import BOTH_FORGES, Releases
from world.events import dispatch, pull_request, push_branch, push_tag
from world.example import (
    BACKEND_LINE,
    WORKFLOW_FILE,
    add_branch_like_tag,
    add_off_production_release,
    workflow_text,
)

pytestmark = pytest.mark.process

PRODUCTION_LIKE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
IMAGE_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@pytest.mark.sampled(1)
@BOTH_FORGES
def test_a_good_release_reaches_production(releases: Releases) -> None:
    """Stack 2023.06.2 from backend 2023.05.1 and frontend 2023.05.4 is built by digest and deployed."""
    run = releases.run(push_tag("2023.06.2", releases.commit("2023.06.2")))

    outputs = run.outputs["gate.gate"]
    assert run.exit_code == 0, run.log
    assert outputs["verdict"] == "deploy"
    assert outputs["image-tag"] == outputs["stack-tag"] == "2023.06.2"
    assert outputs["stack-commit"] == releases.commit("2023.06.2")
    assert (outputs["backend-tag"], outputs["frontend-tag"]) == ("2023.05.1", "2023.05.4")
    assert outputs["backend-digest"] == releases.digests["xchem/fragalysis-backend:2023.05.1"]
    assert outputs["failed-rules"] == ""
    assert run.deployed_to() == {"deploy-staging", "deploy-production"}
    contexts = next(call.inputs["build-contexts"] for call in run.calls if "build-contexts" in call.inputs)
    assert contexts.splitlines() == [
        f"{image}=docker-image://docker.io/{image.partition(':')[0]}@{digest}"
        for image, digest in releases.digests.items()
    ]


@BOTH_FORGES
def test_a_release_candidate_does_not_reach_production(releases: Releases) -> None:
    """Tag 2023.06.2-rc.1 goes to staging under its own name, and a notice says why not to production."""
    run = releases.run(push_tag("2023.06.2-rc.1", releases.commit("2023.06.2-rc.1")))

    assert run.outputs["gate.gate"]["verdict"] == "build-only"
    assert run.outputs["gate.gate"]["image-tag"] == "2023.06.2-rc.1"
    assert run.deployed_to() == {"deploy-staging"}
    assert not run.ran("deploy-production")
    assert [note for note in run.annotations if note.level == "notice" and "production" in note.message]


@BOTH_FORGES
def test_a_branch_named_like_a_release_does_not_reach_production(releases: Releases) -> None:
    """A branch called 2023.06.2 is a branch: deployed nowhere, its image not called 2023.06.2."""
    commit = add_branch_like_tag(releases.example)

    run = releases.run(push_branch("2023.06.2", commit))

    outputs = run.outputs["gate.gate"]
    assert (outputs["verdict"], outputs["deploy-production"]) == ("build-only", "false")
    assert outputs["deploy-staging"] == "false"
    assert not PRODUCTION_LIKE.fullmatch(outputs["image-tag"])
    assert run.deployed_to() == set()


@BOTH_FORGES
def test_a_pin_off_production_stops_the_release(releases: Releases) -> None:
    """Where the backend's tag is not on production, the gate fails at the line of the pin, and all ends."""
    commit = add_off_production_release(releases.example)

    run = releases.run(push_tag("2023.06.3", commit))

    assert run.jobs == {"gate": "failure"}
    assert run.outputs["gate.gate"]["verdict"] == "blocked"
    assert "pin-on-branch:backend" in run.outputs["gate.gate"]["failed-rules"].split(",")
    [note] = [note for note in run.annotations if "pin-on-branch" in note.properties.get("title", "")]
    assert note.level == "error"
    assert note.properties["file"] == WORKFLOW_FILE
    assert note.properties["line"] == str(BACKEND_LINE)
    assert "2023.05.2" in note.message


@pytest.mark.sampled(1)
@BOTH_FORGES
def test_the_summary_of_a_run_starts_with_the_verdict(releases: Releases) -> None:
    """The job summary says first what was decided, and holds both pins."""
    run = releases.run(push_tag("2023.06.2", releases.commit("2023.06.2")))

    summary = run.summaries["gate"]
    assert "2023.06.2" in summary.partition("\n")[0]
    assert "2023.05.1" in summary
    assert "2023.05.4" in summary


def test_the_stack_branch_is_built_as_latest(releases: Releases) -> None:
    """A push to master makes the image `latest`, which goes to staging."""
    run = releases.run(push_branch("master", releases.example.stack.head()))

    outputs = run.outputs["gate.gate"]
    assert (outputs["verdict"], outputs["image-tag"]) == ("build-only", "latest")
    assert run.deployed_to() == {"deploy-staging"}


def test_a_releases_commit_is_left_to_its_tag(releases: Releases) -> None:
    """The push of a commit that prepare made builds nothing on master, is green, and says which tag builds it."""
    message = "build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2\n"
    run = releases.run(push_branch("master", releases.example.stack.head(), message))

    outputs = run.outputs["gate.gate"]
    assert (outputs["verdict"], outputs["image-tag"], outputs["deploy-staging"]) == ("build-only", "", "false")
    assert (run.exit_code, run.jobs) == (0, {"gate": "success"}), run.log
    assert "is the release 2023.06.2, so its build is left to that tag" in run.summaries["gate"]


def test_another_branch_is_built_and_goes_nowhere(releases: Releases) -> None:
    """A branch is built under its name made safe; staging and production do not see it."""
    commit = releases.example.stack.branch("fix/some-thing")

    run = releases.run(dispatch("refs/heads/fix/some-thing", commit))

    outputs = run.outputs["gate.gate"]
    assert (outputs["verdict"], outputs["deploy-staging"]) == ("build-only", "false")
    assert IMAGE_TAG.fullmatch(outputs["image-tag"])
    assert run.jobs == {"gate": "success", "build": "success"}


@pytest.mark.parametrize(
    ("backend", "verdict", "gate"),
    [("2023.03.1", "build-only", "success"), ("2023.05.2", "blocked", "failure")],
)
def test_a_pull_request_that_changes_a_pin_is_judged(releases: Releases, backend: str, verdict: str, gate: str) -> None:
    """The new pair of a pull request is judged as a release's would be; nothing is built either way."""
    stack = releases.example.stack
    base = stack.head()
    files = {WORKFLOW_FILE: workflow_text(backend, "2023.05.4")}
    head = stack.commit(files, "build: try another", branch="change", parents=[base])

    run = releases.run(pull_request(7, head=head, base=base, merge=head))

    outputs = run.outputs["gate.gate"]
    assert (outputs["verdict"], outputs["image-tag"]) == (verdict, "")
    assert run.jobs == {"gate": gate}


def test_with_production_off_a_release_is_only_built(releases: Releases) -> None:
    """The variable PRODUCTION, `false`, keeps even a good release out of production."""
    run = releases.run(push_tag("2023.06.2", releases.commit("2023.06.2")), variables={"PRODUCTION": "false"})

    assert run.outputs["gate.gate"]["verdict"] == "build-only"
    assert run.ran("build")
    assert not run.ran("deploy-production")


def test_a_dispatch_may_build_from_latest(releases: Releases) -> None:
    """A component's build dispatches the stack's with be_image_tag=latest: built so, and to staging."""
    head = releases.example.stack.head()

    run = releases.run(dispatch("refs/heads/master", head, be_image_tag="latest"))

    outputs = run.outputs["gate.gate"]
    assert (outputs["verdict"], outputs["image-tag"]) == ("build-only", "latest")
    assert (outputs["backend-tag"], outputs["frontend-tag"]) == ("latest", "2023.05.4")
    assert run.deployed_to() == {"deploy-staging"}


def test_a_dispatch_at_a_release_with_another_pair_is_refused(releases: Releases) -> None:
    """At a production tag only the file's pair may be built: pin-effective refuses any other."""
    event = dispatch("refs/tags/2023.06.2", releases.commit("2023.06.2"), be_image_tag="2023.03.1")

    run = releases.run(event)

    assert run.jobs == {"gate": "failure"}
    assert "pin-effective:backend" in run.outputs["gate.gate"]["failed-rules"].split(",")


def test_a_variable_that_changes_the_pair_of_a_release_is_refused(releases: Releases) -> None:
    """A repository variable left over from a test is an override too."""
    event = push_tag("2023.06.2", releases.commit("2023.06.2"))

    run = releases.run(event, variables={"FE_NAMESPACE": "somebody"})

    assert run.jobs == {"gate": "failure"}
    assert "pin-effective:frontend" in run.outputs["gate.gate"]["failed-rules"].split(",")


def test_odd_tags_do_not_take_the_image_of_a_release(releases: Releases) -> None:
    """Tags that no image can have collide with no release, and not with each other."""
    commit = releases.commit("2023.06.1")
    images = []
    for tag in ("+2023.06.1", "+latest", "\N{ROCKET}2023.06.1"):
        releases.example.stack.tag(tag, commit)
        outputs = releases.run(push_tag(tag, commit)).outputs["gate.gate"]
        assert (outputs["verdict"], outputs["deploy-production"]) == ("build-only", "false")
        images.append(outputs["image-tag"])

    assert len(set(images)) == 3
    for image in images:
        assert IMAGE_TAG.fullmatch(image)
        assert not PRODUCTION_LIKE.fullmatch(image)
        assert image not in ("latest", "stable")


@pytest.mark.sampled(1)
@BOTH_FORGES
def test_no_token_is_printed(releases: Releases) -> None:
    """Neither log nor summary has the token, whatever the verdict."""
    run = releases.run(push_tag("2023.06.2", releases.commit("2023.06.2")))

    assert run.jobs["gate"] == "success"
    assert "2023.06.2" in run.summaries["gate"]
    assert releases.token not in run.log
    assert releases.token not in "".join(run.summaries.values())
