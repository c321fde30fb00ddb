"""No path leads from evidence that could not be had to a deployment: one test for each question and each fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from commands.conftest import World
from world.events import Event, push_tag
from world.github_server import TOKEN
from world.program import Outcome, with_little_time

pytestmark = pytest.mark.hurried

STACK, BACKEND = "fragalysis-stack", "fragalysis-backend"
QUESTIONS = {
    "workflow file": (f"{STACK}/contents/.github/workflows/", "pin-present:backend"),
    "tags of the year": (f"{STACK}/git/matching-refs/tags/2023", "tag-unique:stack"),
    "stack branch": (f"{STACK}/git/ref/heads/master", "tag-on-stack-branch:stack"),
    "stack comparison": (f"{STACK}/compare/", "tag-on-stack-branch:stack"),
    "component tag": (f"{BACKEND}/git/ref/tags/2023.05.1", "pin-exists:backend"),
    "branch of the tag's name": (f"{BACKEND}/git/ref/heads/2023.05.1", "pin-shadowed:backend"),
    "production branch": (f"{BACKEND}/git/ref/heads/production", "pin-on-branch:backend"),
    "component comparison": (f"{BACKEND}/compare/", "pin-on-branch:backend"),
    "CI runs": (f"{BACKEND}/actions/runs", "pin-ci:backend"),
    "branches of the tag's name": (f"{BACKEND}/activity", "pin-ci:backend"),
}
FAULTS: dict[str, Callable[[World, str], object]] = {
    "500": lambda world, path: world.github.fail("GET", path, status=500),
    "403": lambda world, path: world.github.fail("GET", path, status=403),
    "empty reply": lambda world, path: world.github.empty("GET", path),
    "a page instead of data": lambda world, path: world.github.html("GET", path),
}


def closed(outcome: Outcome, blocker: str) -> bool:
    """Whether the run was refused because `blocker` could not be verified, and every output says no."""
    assert outcome.findings("unknown").get(blocker) == "unknown", outcome.log
    outputs = outcome.outputs
    return (
        outcome.status == 1
        and (outputs["verdict"], outputs["deploy-production"], outputs["deploy-staging"])
        == ("blocked", "false", "false")
        and outputs["image-tag"] == ""
        and blocker in outputs["failed-rules"].split(",")
    )


@pytest.mark.sampled(20)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_without_a_true_answer_blocks(world: World, question: str, fault: str) -> None:
    """Whatever GitHub answers that is no answer, the rule that needed it is unknown and the release refused."""
    path, blocker = QUESTIONS[question]
    FAULTS[fault](world, path)
    assert closed(world.gate(timeout_seconds="50"), blocker)


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_a_registry_without_a_true_answer_blocks(world: World, status: int) -> None:
    """A registry that refuses, limits or fails never makes an image absent, let alone present."""
    world.registry.fail("*", "fragalysis-backend/manifests", status=status)
    assert closed(world.gate(timeout_seconds="50"), "pin-image:backend")


def test_a_registry_that_hangs_up_blocks(world: World) -> None:
    """A connection to the registry that is cut leaves the image unknown."""
    world.registry.drop("HEAD", "fragalysis-backend/manifests")
    assert closed(world.gate(timeout_seconds="50"), "pin-image:backend")


def test_a_dropped_connection_blocks(world: World) -> None:
    """A connection that is cut before the answer leaves the rule unknown."""
    world.github.drop("GET", f"{BACKEND}/compare/")
    assert closed(world.gate(timeout_seconds="50"), "pin-on-branch:backend")


def test_half_an_answer_blocks(world: World) -> None:
    """A body that ends too early is no answer."""
    world.github.truncate("GET", f"{BACKEND}/actions/runs", keep=40)
    assert closed(world.gate(timeout_seconds="50"), "pin-ci:backend")


def test_a_time_out_blocks(world: World) -> None:
    """Evidence that does not come within timeout-seconds is unknown, and the run ends in about that time."""
    over = world.github.hold("GET", f"{BACKEND}/compare/")
    outcome = with_little_time(
        lambda seconds: world.gate(timeout_seconds=seconds),
        lambda outcome: outcome.findings().get("pin-on-branch:backend"),
        seconds="3",
    )
    over.set()
    assert closed(outcome, "pin-on-branch:backend")


def test_a_lost_page_blocks(world: World) -> None:
    """Where the second page of CI runs cannot be had, the first is not taken for all."""
    commit = world.example.commits[BACKEND]["2023.05.1"]
    for number in range(120):
        world.github.add_run(f"xchem/{BACKEND}", "2023.05.1", commit, path=f".github/workflows/{number}.yaml")
    world.github.fail("GET", r"actions/runs\?.*page=2", status=500)
    assert closed(world.gate(timeout_seconds="50"), "pin-ci:backend")


@pytest.mark.parametrize("listed", [[], ["2023.06.1"]])
def test_a_list_of_tags_without_the_tag_itself_blocks(world: World, listed: list[str]) -> None:
    """A list that lacks the tag that is there may lack a higher one, too."""

    def cut(refs: list[dict[str, str]]) -> None:
        refs[:] = [ref for ref in refs if ref["ref"].removeprefix("refs/tags/") in listed]

    world.github.change_json("GET", "fragalysis-stack/git/matching-refs/tags/2023", cut)
    outcome = world.gate()
    assert closed(outcome, "tag-order:stack") and closed(outcome, "tag-unique:stack")


def test_a_component_that_the_token_may_not_see_is_unknown(world: World) -> None:
    """GitHub answers 404 for what a token may not see; that must not read as `no such tag`."""
    world.github.deny(f"xchem/{BACKEND}")
    outcome = world.gate()
    assert closed(outcome, "pin-exists:backend")
    assert "component-token" in outcome.log


def test_missing_ci_is_unknown(world: World) -> None:
    """A tag without any run of its own has no CI evidence: a green run of a branch at its commit is none."""
    commit = world.example.commits[BACKEND]["2023.05.1"]
    world.github.runs[:] = [run for run in world.github.runs if not run.repository.endswith("backend")]
    world.github.add_run(f"xchem/{BACKEND}", "production", commit)
    assert closed(world.gate(), "pin-ci:backend")


@pytest.mark.parametrize("inputs", [{}, {"check-ci": "false"}], ids=["full", "without CI"])
def test_a_wrong_token_is_unknown(world: World, inputs: dict[str, str]) -> None:
    """A token that GitHub refuses proves nothing about the release."""
    event = push_tag("2023.06.2", world.commit("2023.06.2"))
    given = {"token": "wrong", "registry-url": world.registry.url, **inputs}
    outcome = world.program.run(event, given, api_url=world.github.url)
    assert (outcome.status, outcome.outputs["deploy-production"]) == (1, "false")
    assert outcome.findings("pass", "fail").keys().isdisjoint({"pin-exists:backend", "tag-on-stack-branch:stack"})


WRONG = {
    "unknown command": {"command": "deliver"},
    "no flag": {"check-ci": "yes"},
    "no repository": {"backend-repository": "../x"},
    "plain http": {"github-api-url": "http://api.example"},
    "never allowed": {"allow": "pin-on-branch:backend@2023.05.1"},
    "no such rule": {"allow": "pin-luck:backend@2023.05.1"},
    "no such folder": {"local": "/nowhere/at-all"},
    "report that cannot be written": {"report": "/proc/nowhere/report.json"},
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_inputs_end_with_status_two_and_closed_outputs(world: World, case: str) -> None:
    """A bad input is named with its value, ends with status 2, and lets nothing pass."""
    event = push_tag("2023.06.2", world.commit("2023.06.2"))
    given = {"token": TOKEN, "registry-url": world.registry.url, **WRONG[case]}
    outcome = world.program.run(event, given, api_url=world.github.url)
    name, value = next(iter(WRONG[case].items()))
    assert (outcome.status, outcome.outputs["verdict"]) == (2, "blocked")
    assert outcome.outputs["deploy-production"] == "false"
    assert f"input {name}" in outcome.log and value in outcome.log
    assert "nothing was decided" in outcome.summary


def test_a_run_without_a_commit_stops(world: World) -> None:
    """Without a commit in GITHUB_SHA there is nothing to judge: status 2, outputs closed."""
    outcome = world.gate(Event("push", "refs/tags/2023.06.2", ""))
    assert (outcome.status, outcome.outputs["deploy-production"]) == (2, "false")


def test_a_fault_of_ours_is_status_three_with_closed_outputs(world: World, tmp_path: Path) -> None:
    """Where the program itself breaks, nothing is allowed and the log says that it is our fault."""
    program = world.program
    event = push_tag("2023.06.2", world.commit("2023.06.2"))
    where = tmp_path / "folder"
    where.mkdir()
    outcome = program.run(
        event,
        {"token": TOKEN, "registry-url": world.registry.url},
        api_url=world.github.url,
        environment={"GITHUB_STEP_SUMMARY": str(where)},
    )
    assert (outcome.status, outcome.outputs["deploy-production"]) == (3, "false")
    assert "fault" in outcome.log


def test_secrets_are_masked_and_never_printed(world: World) -> None:
    """Tokens and passwords are handed to the runner for masking and appear nowhere else, not even on errors."""
    world.github.fail("GET", "compare", status=500)
    given = {"token": TOKEN, "component-token": "s3cret-component", "registry-password": "s3cret-registry"}
    event = push_tag("2023.06.2", world.commit("2023.06.2"))
    outcome = world.program.run(event, {**given, "registry-url": world.registry.url}, api_url=world.github.url)
    masks = {line.removeprefix("::add-mask::") for line in outcome.log.splitlines() if line.startswith("::add-mask::")}
    assert masks == {TOKEN, "s3cret-component", "s3cret-registry"}
    rest = "\n".join(line for line in outcome.log.splitlines() if not line.startswith("::add-mask::"))
    everything = rest + outcome.summary + json.dumps(outcome.report) + json.dumps(dict(outcome.outputs))
    assert not any(secret in everything for secret in masks)
