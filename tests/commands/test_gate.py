"""The gate as a process against a GitHub and a registry: verdicts, evidence, and the price of it."""

from __future__ import annotations

import datetime
import json

import pytest

from commands.conftest import World
from world.events import dispatch, merge_group, pull_request, push_branch, push_tag
from world.example import BACKEND, FRONTEND, STACK, add_off_production_release, release_stack
from world.provenance import Built
from world.registry import PASSWORD, USERNAME, BasicRegistry, TokenRegistry
from world.rounds import Rounds, patiently

PASSED = {
    "tag-on-stack-branch:stack",
    "tag-commit:stack",
    "tag-unique:stack",
    "tag-order:stack",
    "tag-style:stack",
    "tag-released:stack",
    "pair-changed:pair",
    "hidden-override:backend",
    "hidden-override:frontend",
    *(
        f"pin-{what}:{name}"
        for name in ("backend", "frontend")
        for what in (
            "present",
            "effective",
            "grade",
            "exists",
            "shadowed",
            "on-branch",
            "ci",
            "image",
            "origin",
            "order",
        )
    ),
}


OTHER_COMMANDS = (
    "plan", "plan-title", "commit", "pull-request-number", "pull-request-url", "release-url", "run-url",
    "run-conclusion", "ticket-number", "ticket-url", "job-id", "job-url", "job-status", "production-tag",
    "production-matches", "deployment-id", "stack-image",
)  # fmt: skip
"""The outputs that are empty after a gate."""


def test_the_worked_example_may_be_deployed(world: World) -> None:
    """Release 2023.06.2 of backend 2023.05.1 and frontend 2023.05.4 is allowed, on full evidence."""
    outcome = world.gate()
    assert outcome.status == 0, outcome.log
    assert outcome.findings() == dict.fromkeys(PASSED, "pass")
    backend, frontend = world.digests[BACKEND]["2023.05.1"], world.digests[FRONTEND]["2023.05.4"]
    components = json.loads(outcome.outputs["components"])
    assert {name: one["digest"] for name, one in components.items()} == {"backend": backend, "frontend": frontend}
    assert outcome.outputs == {
        "components": outcome.outputs["components"],
        "verdict": "deploy",
        "deploy-production": "true",
        "deploy-staging": "true",
        "image-tag": "2023.06.2",
        "stack-tag": "2023.06.2",
        "stack-commit": world.commit("2023.06.2"),
        "backend-tag": "2023.05.1",
        "backend-namespace": "xchem",
        "backend-commit": world.example.commits[BACKEND]["2023.05.1"],
        "backend-digest": backend,
        "backend-image": f"docker.io/xchem/fragalysis-backend@{backend}",
        "frontend-tag": "2023.05.4",
        "frontend-namespace": "xchem",
        "frontend-commit": world.example.commits[FRONTEND]["2023.05.4"],
        "frontend-digest": frontend,
        "frontend-image": f"docker.io/xchem/fragalysis-frontend@{frontend}",
        **dict.fromkeys(OTHER_COMMANDS, ""),
        "changed": "false",
        "failed-rules": "",
        "headline": "2023.06.2 may be deployed to production: backend 2023.05.1, frontend 2023.05.4",
        "headline-url": "",
        "report-path": outcome.outputs["report-path"],
    }
    assert outcome.report is not None
    assert outcome.report["previous"]["tag"] == "2023.06.1"


def test_a_release_before_that_cannot_be_read(world: World) -> None:
    """Where the file of the release before is not to be had, the rules that compare warn, and claim nothing."""
    world.github.fail("GET", f"/contents/.*ref={world.commit('2023.06.1')}", status=503)
    outcome = world.gate()
    assert (outcome.status, outcome.outputs["verdict"]) == (0, "deploy"), outcome.log
    assert outcome.findings("warn") == {
        "pin-order:backend": "warn",
        "pin-order:frontend": "warn",
        "pair-changed:pair": "warn",
    }
    assert "could not be read" in outcome.log
    assert "no previous release" not in outcome.log


@pytest.mark.parametrize(("annotated", "origin"), [(False, "off"), (False, "check"), (True, "check")])
def test_a_release_stays_within_the_limits_of_requests_and_round_trips(
    unseeded: World, token_registry: TokenRegistry, annotated: bool, origin: str
) -> None:
    """A release of this year costs at most 24 requests to GitHub, and 4 round trips with the registry's login.

    What its images say costs three more round trips, and three requests to the registry for each.
    """
    unseeded.registry = token_registry
    example, year = unseeded.example, datetime.datetime.now(datetime.timezone.utc).year
    release_stack(example, f"{year}.01.1", "2023.03.1", "2023.05.3", annotated=annotated)
    commit = release_stack(example, f"{year}.01.2", "2023.05.1", "2023.05.4", annotated=annotated)
    for name, component_tag in ((BACKEND, "2023.05.1"), (FRONTEND, "2023.05.4")):
        repository = example.repositories[f"{example.owner}/{name}"]
        repository.delete(f"refs/tags/{component_tag}")
        repository.tag(component_tag, example.commits[name][component_tag], annotated=annotated)
    world = unseeded.seed()
    for name, component_tag in ((BACKEND, "2023.05.1"), (FRONTEND, "2023.05.4")):
        built = Built(example.commits[name][component_tag], f"https://github.com/{example.owner}/{name}")
        token_registry.push_built(f"{example.owner}/{name}", component_tag, built)

    def gate(rounds: Rounds) -> None:
        world.github.requests.clear()
        token_registry.requests.clear()
        world.github.rounds = world.registry.rounds = token_registry.tokens.rounds = rounds
        outcome = world.gate(push_tag(f"{year}.01.2", commit), check_origin=origin)
        assert outcome.outputs["verdict"] == "deploy", outcome.log

    limit = 4 if origin == "off" else 7
    assert patiently(limit, gate).count <= limit
    assert len(world.github.requests) <= (28 if annotated else 24)
    assert len(token_registry.requests) == (1 + 2 if origin == "off" else 1 + 2 * 4)
    assert token_registry.tokens.requests, "the registry asked for no login"


def test_a_backend_off_production_is_refused_with_a_better_tag_named(unseeded: World) -> None:
    """A backend tag that is not on `production` blocks; the annotation names file and line, the remedy a tag."""
    add_off_production_release(unseeded.example)
    outcome = unseeded.seed().gate("2023.06.3")
    assert outcome.status == 1
    assert outcome.findings("fail", "unknown") == {"pin-on-branch:backend": "fail"}
    assert outcome.outputs["deploy-production"] == "false"
    assert outcome.outputs["image-tag"] == ""
    assert "::error title=pin-on-branch (backend),file=.github/workflows/build-main.yaml,line=" in outcome.log
    assert "The newest tag that is on production is 2023.05.1." in outcome.log


def test_remedies_add_two_round_trips_and_ten_requests_at_most(unseeded: World) -> None:
    """Looking for a better tag costs at most 2 round trips and 10 requests on top."""
    add_off_production_release(unseeded.example)
    world = unseeded.seed()

    def gate(rounds: Rounds) -> None:
        world.github.requests.clear()
        world.github.rounds = world.registry.rounds = rounds
        world.gate("2023.06.3")

    assert patiently(6, gate).count <= 6
    # Lists of the stack's tags of 2024 to today come on top: the example is old.
    listed = [one for one in world.github.requests if "fragalysis-stack/git/matching-refs" in one.path]
    assert len(world.github.requests) - len(listed) + 1 <= 30


def test_an_override_is_refused_for_a_production_tag(world: World) -> None:
    """A dispatch at a production tag with another backend is refused by `pin-effective`."""
    event = dispatch("refs/tags/2023.06.2", world.commit("2023.06.2"), be_image_tag="2023.03.1")
    outcome = world.gate(event, backend_tag="2023.03.1")
    assert outcome.status == 1
    assert outcome.findings("fail", "unknown") == {"pin-effective:backend": "fail"}


def test_a_moved_tag_is_refused(world: World) -> None:
    """A run whose commit is no longer the tag's is refused: the run builds something else."""
    outcome = world.gate(push_tag("2023.06.2", world.commit("2023.06.1")))
    assert outcome.status == 1
    assert outcome.findings("fail")["tag-commit:stack"] == "fail"


def test_an_old_release_is_refused_by_order(world: World) -> None:
    """Running 2023.06.1 again, with 2023.06.2 released, would take production back."""
    outcome = world.gate("2023.06.1")
    assert outcome.findings("fail", "unknown") == {"tag-order:stack": "fail"}


def test_another_ref_than_the_runs_own_never_deploys(world: World) -> None:
    """A run of a branch that asks about a good release is told so, and may deploy nothing."""
    event = push_branch("master", world.commit("2023.06.2"))
    outcome = world.gate(event, ref="refs/tags/2023.06.2")
    assert outcome.status == 0
    assert (outcome.outputs["verdict"], outcome.outputs["deploy-production"]) == ("build-only", "false")
    assert outcome.outputs["deploy-staging"] == "false"


def test_a_branch_needs_two_requests(world: World) -> None:
    """A build of the stack branch reads its file, asks for the configuration file, and nothing else."""
    outcome = world.gate(push_branch("master", world.commit("2023.06.2")))
    assert (outcome.status, outcome.outputs["verdict"], outcome.outputs["image-tag"]) == (
        0,
        "build-only",
        "latest",
    )
    assert sorted(one.path for one in world.github.requests) == [
        "/repos/xchem/fragalysis-stack/contents/.github/frag-release.yaml",
        "/repos/xchem/fragalysis-stack/contents/.github/workflows/build-main.yaml",
    ]


def test_a_pull_request_that_changes_a_pin_is_judged(unseeded: World) -> None:
    """One to a pair with a bad backend is blocked, in a merge queue, too; one that changes no pin is not judged."""
    example = unseeded.example
    add_off_production_release(example)
    base, bad = example.commits[STACK]["2023.06.2"], example.commits[STACK]["2023.06.3"]
    world = unseeded.seed()
    for event in (pull_request(7, bad, base, bad), merge_group(7, bad, base)):
        blocked = world.gate(event)
        assert (blocked.status, blocked.outputs["verdict"]) == (1, "blocked")
        assert blocked.findings("fail", "unknown") == {"pin-on-branch:backend": "fail"}
    same = world.gate(pull_request(8, base, example.commits[STACK]["2023.06.2-rc.1"], base))
    assert (same.status, same.outputs["verdict"], same.outputs["image-tag"]) == (0, "build-only", "")


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "skipped", "timed_out", "neutral", "new_word"])
def test_ci_that_did_not_pass_is_refused(world: World, conclusion: str) -> None:
    """Any end of the tag's own CI but success refuses the release."""
    for run in world.github.runs:
        run.conclusion = conclusion
    assert world.gate().findings("fail") == {"pin-ci:backend": "fail", "pin-ci:frontend": "fail"}


def test_a_finding_can_be_allowed_for_one_tag(world: World) -> None:
    """`allow` turns one finding at one tag into a loud warning; an allowance of another tag changes nothing."""
    for run in world.github.runs:
        if run.repository.endswith("backend"):
            run.conclusion = "failure"
    assert world.gate(allow="pin-ci:backend@2023.03.1").status == 1
    allowed = world.gate(allow="pin-ci:backend@2023.05.1")
    assert (allowed.status, allowed.outputs["deploy-production"]) == (0, "true")
    assert allowed.findings("warn") == {"pin-ci:backend": "warn"}
    assert "ALLOWED" in allowed.log


def test_other_releases_of_the_same_version_are_refused(unseeded: World) -> None:
    """A tag 2023.6.2 beside 2023.06.2 makes it unclear which of them is running."""
    unseeded.example.stack.tag("2023.6.2", unseeded.commit("2023.06.1"))
    assert unseeded.seed().gate().findings("fail") == {"tag-unique:stack": "fail"}


def test_the_same_pair_again_is_a_warning(unseeded: World) -> None:
    """A release without a new component is allowed, with a word about it."""
    release_stack(unseeded.example, "2023.06.3", "2023.05.1", "2023.05.4")
    outcome = unseeded.seed().gate("2023.06.3")
    assert (outcome.status, outcome.findings("warn")) == (0, {"pair-changed:pair": "warn"})


def test_an_image_that_is_not_there_is_refused(world: World) -> None:
    """A tag without an image in the registry fails; it is not merely unknown."""
    absent = {"frontend_image": "docker.io/xchem/never-pushed"}
    assert world.gate(**absent).findings("fail", "unknown") == {"pin-image:frontend": "fail"}


@pytest.mark.parametrize(
    ("user", "status", "found"),
    [({}, 1, {"pin-image:backend": "unknown", "pin-image:frontend": "unknown"}), ({"password": PASSWORD}, 0, {})],
    ids=["without login", "with login"],
)
def test_a_registry_behind_a_login(
    unseeded: World, basic_registry: BasicRegistry, user: dict[str, str], status: int, found: dict[str, str]
) -> None:
    """A registry that wants a login gives unknown without one, and evidence with it."""
    unseeded.registry = basic_registry
    world = unseeded.seed()
    login = {"registry_username": USERNAME, "registry_password": user["password"]} if user else {}
    outcome = world.gate(**login)
    assert (outcome.status, outcome.findings("fail", "unknown")) == (status, found), outcome.log
