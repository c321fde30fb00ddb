"""The gate's first questions, which are on their way before most of the program is imported."""

from __future__ import annotations

from commands.conftest import World
from world.events import push_branch


def asked(world: World) -> list[str]:
    """Every question to GitHub so far."""
    return [f"{one.method} {one.request.target}" for one in world.github.requests]


def test_no_question_is_asked_twice(world: World) -> None:
    """What was asked ahead is not asked again by the gate."""
    outcome = world.gate()

    assert outcome.outputs["verdict"] == "deploy", outcome.log
    assert sorted(asked(world)) == sorted(set(asked(world)))


def test_a_push_to_the_branch_costs_two_files(world: World) -> None:
    """Where no production tag is judged the two files are all that is asked: a build of the branch is one round."""
    commit = world.commit("2023.06.2")
    outcome = world.gate(push_branch("master", commit))

    assert outcome.outputs["verdict"] == "build-only", outcome.log
    assert sorted(asked(world)) == [
        "GET /repos/xchem/fragalysis-stack/contents/.github/frag-release.yaml",
        f"GET /repos/xchem/fragalysis-stack/contents/.github/workflows/build-main.yaml?ref={commit}",
    ]


def test_an_early_question_without_an_answer_blocks_like_any_other(world: World) -> None:
    """What cannot be had is unknown to the gate, said once and in its own words, and nothing is deployed."""
    world.github.fail("GET", "matching-refs", status=403)
    outcome = world.gate()

    assert (outcome.status, outcome.outputs["deploy-production"]) == (1, "false")
    assert outcome.findings("unknown").keys() >= {"tag-unique:stack", "tag-order:stack"}
    assert "Traceback" not in outcome.log
    assert "Exception in thread" not in outcome.log
