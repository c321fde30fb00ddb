"""Where images come from, as a user of the commands meets it: refused in the gate, in publish and in deploy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from commands.auditing import audit
from commands.conftest import World
from commands.deployment import Deployment
from commands.stack import REPOSITORY, Stack
from world.example import BACKEND, FRONTEND
from world.github_server import TOKEN
from world.loopback import Request
from world.program import Outcome
from world.provenance import Built, material
from world.rounds import Rounds, patiently

TAG = "2023.06.2"
OTHER = "sha256:" + "9" * 64


def message(outcome: Outcome, key: str) -> str:
    """The message of a finding."""
    assert outcome.report is not None
    (found,) = [one for one in outcome.report["findings"] if f"{one['rule']}:{one['subject']}" == key]
    return str(found["message"])


def test_an_image_of_another_commit_is_refused_with_both_named(world: World) -> None:
    """The backend's CI built another commit than the tag's; `allow` and `off` are the ways around."""
    commits = world.example.commits[BACKEND]
    world.registry.push_built(f"xchem/{BACKEND}", "2023.05.1", Built(commits["2023.03.1"]))
    outcome = world.gate()
    assert (outcome.status, outcome.outputs["failed-rules"]) == (1, "pin-origin:backend"), outcome.log
    for tag in ("2023.03.1", "2023.05.1"):
        assert commits[tag][:12] in message(outcome, "pin-origin:backend")
    assert "says that it was built from" in outcome.summary
    assert world.gate(check_origin="off").findings()["pin-origin:backend"] == "skipped"


def test_an_image_that_says_nothing_passes_unless_it_has_to(world: World) -> None:
    """Absence is skipped with its reason; with `require` it is unknown."""
    world.registry.push(f"xchem/{BACKEND}", "2023.05.1", revision="1" * 40)
    outcome = world.gate()
    assert (outcome.status, outcome.findings()["pin-origin:backend"]) == (0, "skipped"), outcome.log
    assert "its labels name no repository" in message(outcome, "pin-origin:backend")
    assert world.gate(check_origin="require").findings("fail", "unknown") == {"pin-origin:backend": "unknown"}


def test_a_git_context_may_have_seen_the_annotated_tag_itself(unseeded: World) -> None:
    """BuildKit that was given a tag writes down the tag's own object: it is the tag's, and costs no request more."""
    example = unseeded.example
    backend = example.repositories[f"xchem/{BACKEND}"]
    commit = example.commits[BACKEND]["2023.05.1"]
    backend.delete("refs/tags/2023.05.1")
    backend.tag("2023.05.1", commit, annotated=True)
    world = unseeded.seed()
    path = f"/repos/xchem/{BACKEND}/git/ref/tags/2023.05.1"
    headers = {"authorization": f"Bearer {TOKEN}"}
    own = json.loads(world.github.emulated(Request("GET", path, {}, headers, b"", path)).body)["object"]["sha"]
    assert own != commit
    world.registry.push_built(f"xchem/{BACKEND}", "2023.05.1", Built(own, git=True))
    outcome = world.gate()
    assert outcome.findings()["pin-origin:backend"] == "pass", outcome.log
    asked = len(world.github.requests)
    world.github.requests.clear()
    assert world.gate(check_origin="off").status == 0
    assert len(world.github.requests) == asked


@dataclass(frozen=True)
class Cost:
    """Requests to GitHub, requests to the registry, and round trips."""

    github: int
    registry: int
    rounds: int


@pytest.mark.parametrize(
    ("platforms", "origin", "cost"),
    [
        (0, "off", Cost(25, 3, 4)),
        (1, "off", Cost(25, 3, 4)),
        (0, "check", Cost(25, 3 + 2 * 2, 5)),
        (1, "check", Cost(25, 3 + 2 * 3, 6)),
        (2, "check", Cost(25, 3 + 2 * (3 + 2), 6)),
    ],
)
def test_what_origin_costs_a_passing_gate(world: World, platforms: int, origin: str, cost: Cost) -> None:
    """Of each image two requests for its labels, or three for provenance and two for each further platform.

    GitHub is asked for nothing more: 24, and the frontend's annotated tag. The registry is asked for its login and for
    each image by its tag.
    """
    for name, tag in ((BACKEND, "2023.05.1"), (FRONTEND, "2023.05.4")) if platforms else ():
        world.registry.push_built(f"xchem/{name}", tag, *[Built(world.example.commits[name][tag])] * platforms)
    asked: list[int] = []

    def gate(rounds: Rounds) -> None:
        world.github.requests.clear()
        world.registry.requests.clear()
        world.github.rounds = world.registry.rounds = rounds
        outcome = world.gate(check_origin=origin)
        world.github.rounds = world.registry.rounds = None
        assert outcome.outputs["verdict"] == "deploy", outcome.log
        asked[:] = [len(world.github.requests), len(world.registry.requests)]

    rounds = patiently(cost.rounds, gate)
    assert Cost(asked[0], asked[1], rounds.count) == cost, rounds.sizes


def pair_of(world: World, backend: str = "") -> list[Mapping[str, Any]]:
    """What went into the stack's image: the worked example's pair, or with another backend's digest."""
    digest = backend or world.digests[BACKEND]["2023.05.1"]
    frontend = world.digests[FRONTEND]["2023.05.4"]
    return [material(f"xchem/{BACKEND}", digest), material(f"xchem/{FRONTEND}", frontend, "2023.05.4")]


def test_a_stack_of_another_backend_is_not_released(stack: Stack) -> None:
    """The build pulled another backend than the one that was judged: nothing is public, and both are named."""
    registry = stack.world.registry
    stack.builds.pushes = registry.push_built(REPOSITORY, TAG, Built("5" * 40, materials=pair_of(stack.world, OTHER)))
    stack.reviewed()
    outcome = stack.publish()
    assert (outcome.status, outcome.outputs["failed-rules"]) == (1, "stack-contents:stack"), outcome.log
    assert not stack.releases.releases
    for digest in (OTHER, stack.world.digests[BACKEND]["2023.05.1"]):
        assert digest in outcome.summary
    assert "The release was not made" in outcome.log


def test_a_released_stack_has_its_contents_in_the_record(stack: Stack) -> None:
    """A platform's image of the judged index is the judged pair; the record and `audit` say so."""
    world, registry = stack.world, stack.world.registry
    commit = world.example.commits[BACKEND]["2023.05.1"]
    index = registry.push_built(f"xchem/{BACKEND}", "2023.05.1", Built(commit), Built(commit))
    platform = registry.manifests_of(f"xchem/{BACKEND}", index)[1]
    stack.builds.pushes = registry.push_built(REPOSITORY, TAG, Built("5" * 40, materials=pair_of(world, platform)))
    stack.reviewed()
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    (release,) = stack.releases.releases
    record = json.loads(release.files[0].content)
    found = {f"{one['rule']}:{one['subject']}": one["status"] for one in record["findings"]}
    assert (found["stack-contents:stack"], found["pin-origin:backend"]) == ("pass", "pass")
    assert record["components"][0]["built-from"] == commit

    audited = audit(world, check_images="true", since=TAG)
    assert audited.report is not None
    (judged,) = [one for one in audited.report["releases"] if one["tag"] == TAG]
    again = {f"{one['rule']}:{one['subject']}": one["status"] for one in judged["findings"]}
    assert (again["stack-contents:stack"], again["pin-origin:backend"]) == ("pass", "pass")


@pytest.mark.parametrize("backend", [OTHER, ""], ids=["other", "judged"])
def test_a_stack_of_another_backend_is_not_deployed(ready: Deployment, backend: str) -> None:
    """Nothing is launched for an image that says it holds another pair; the judged one goes to production."""
    built = Built("5" * 40, materials=pair_of(ready.world, backend))
    ready.digest = ready.world.registry.push_built(REPOSITORY, TAG, built)
    outcome = ready.deploy()
    if backend:
        assert (outcome.status, outcome.outputs["failed-rules"]) == (1, "stack-contents:stack"), outcome.log
        assert OTHER in message(outcome, "stack-contents:stack")
        assert ready.launched() == []
    else:
        assert (outcome.status, outcome.findings()["stack-contents:stack"]) == (0, "pass"), outcome.log
        assert len(ready.launched()) == 1
