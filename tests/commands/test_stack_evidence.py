"""Which tags the evidence about a release looks at, and what it makes of those that are higher."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pytest

from adapters.github_desk import STACK, forge, unknown
from commands.conftest import World
from frag_release.commands.evidence.stack import StackEvidence
from frag_release.domain.components import Pin
from frag_release.domain.evidence import Answer
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.versions import parse_production_tag
from world.example import Example
from world.faults import json_reply
from world.github_server import GitHubServer

TAGS = f"/repos/{STACK}/git/matching-refs/tags/"


def no_pins(commits: Sequence[str]) -> dict[str, tuple[Pin, ...]]:
    """Reads no file."""
    return dict.fromkeys(commits, ())


@pytest.mark.parametrize(
    ("day", "years"),
    [
        ("2023-06-30", ["2023."]),
        ("2023-12-30", ["2023."]),
        ("2023-12-31", ["2023.", "2024."]),
        ("2025-01-01", ["2023.", "2024.", "2025."]),
    ],
)
def test_the_years_in_which_a_higher_tag_may_be(github_example: GitHubServer, day: str, years: list[str]) -> None:
    """The tag's year, beside the list of all; if that is too long, also the years since.

    On the last day of a year the next one has begun further east.
    """
    tag = parse_production_tag("2023.06.1", DEFAULT_FORMAT)
    assert tag
    for is_too_long, listed in ((False, ["2023."]), (True, years)):
        if is_too_long:
            github_example.add("GET", "/matching-refs/tags$", lambda forward: json_reply(200, too_many_tags()))
        github_example.requests.clear()
        evidence = StackEvidence(forge(github_example.url).repository(STACK), ["master"], no_pins)
        evidence.gather(tag, datetime.date.fromisoformat(day))
        asked = {one.path.removeprefix(TAGS) for one in github_example.requests if one.path.startswith(TAGS)}
        assert sorted(asked) == listed


def too_many_tags() -> list[dict[str, Any]]:
    """A page with more tags than are listed."""
    points_at = {"type": "commit", "sha": "0" * 40, "url": "https://x"}
    some = {"node_id": "x", "url": "https://x.example", "object": points_at}
    return [{**some, "ref": f"refs/tags/2001.1.{number}"} for number in range(30_001)]


def higher(github: GitHubServer, example: Example) -> Answer[Sequence[str]]:
    """Which tags above 2023.06.2 are on the stack branch, by the end of June 2023."""
    github.emulate.reset()
    github.seed_from_git(example.stack, STACK)
    tag = parse_production_tag("2023.06.2", DEFAULT_FORMAT)
    assert tag
    evidence = StackEvidence(forge(github.url).repository(STACK), ["master"], no_pins)
    facts, _ = evidence.gather(tag, datetime.date(2023, 6, 30))
    return facts.higher


@pytest.fixture
def off(example: Example) -> str:
    """A commit of the stack that is not on its branch."""
    before = example.commits["fragalysis-stack"]["2023.06.1"]
    return example.stack.commit({"f": "1"}, "off the branch", branch="side", parents=[before])


def test_a_higher_tag_that_cannot_be_placed_makes_the_order_unknown(
    github: GitHubServer, example: Example, off: str
) -> None:
    """That none is found on the branch means nothing while it is unknown where one of them is; one found counts."""
    example.stack.tag("2023.06.3", off, annotated=True)
    assert higher(github, example) == []
    github.fail("GET", "/git/tags/", status=503)
    assert "503" in unknown(higher(github, example)).reason
    example.stack.tag("2023.06.4", example.commits["fragalysis-stack"]["2023.06.2"])
    assert higher(github, example) == ["2023.06.4"]


def test_of_many_higher_tags_the_highest_twenty_are_looked_at(github: GitHubServer, example: Example, off: str) -> None:
    """Twenty that are off the branch are none; with one more nobody knows, unless one is found on the branch."""
    for number in range(1, 21):
        example.stack.tag(f"2023.07.{number}", off)
    assert higher(github, example) == []
    example.stack.tag("2023.07.21", off)
    why = unknown(higher(github, example))
    assert "of 21 higher tags" in why.reason
    assert "Delete those that are not releases" in why.remedy  # to look again would show the same
    example.stack.tag("2023.07.22", example.commits["fragalysis-stack"]["2023.06.2"])
    assert higher(github, example) == ["2023.07.22"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("2031.01.1", "tag-order"),
        ("20231.1.1", "tag-order"),
        ("02024.01.1", "tag-order"),
        ("2023.0006.03", "tag-order"),
        ("02023.06.2", "tag-unique"),
        ("2023.6.2", "tag-unique"),
        ("000002023.06.0002", "tag-unique"),
    ],
)
def test_tags_are_compared_by_number_however_they_are_written(unseeded: World, name: str, rule: str) -> None:
    """A tag that is higher, or the same version, is found whatever year it is of and however it is written."""
    unseeded.example.stack.tag(name, unseeded.commit("2023.06.2"))
    outcome = unseeded.seed().gate()
    assert outcome.findings("fail") == {f"{rule}:stack": "fail"}
    assert (outcome.status, outcome.outputs["verdict"]) == (1, "blocked")
    assert name in outcome.summary


def test_tags_of_other_years_that_are_lower_or_off_the_branch(unseeded: World, off: str) -> None:
    """Tags that are lower, off the branch or not of three numbers stand in nobody's way."""
    on = unseeded.commit("2023.06.2")
    for name, commit in {"1.0.0": on, "02022.1.1": on, "3000": on, "3000.1.1-rc.1": on, "2031.01.1": off}.items():
        unseeded.example.stack.tag(name, commit)
    outcome = unseeded.seed().gate()
    assert (outcome.status, outcome.outputs["verdict"]) == (0, "deploy"), outcome.log


@pytest.mark.parametrize("name", ["02023.06.01", "2009.1.1"])
def test_the_release_before_is_found_in_any_year_and_spelling(unseeded: World, name: str) -> None:
    """The release before is the numerically next lower one, also where no tag of the last years is written so."""
    stack = unseeded.example.stack
    for tag in ("2023.06.1", "2023.06.2-rc.1"):
        stack.delete(f"refs/tags/{tag}")
    stack.tag(name, unseeded.commit("2023.06.1"))
    outcome = unseeded.seed().gate()
    assert outcome.report is not None
    assert outcome.report["previous"]["tag"] == name


def test_a_list_of_all_tags_that_cannot_be_had(world: World) -> None:
    """Without the whole list nobody knows whether a higher tag or a twin is there: both rules block."""
    world.github.fail("GET", "/matching-refs/tags$", status=503)
    outcome = world.gate()
    assert outcome.findings("unknown") == {"tag-unique:stack": "unknown", "tag-order:stack": "unknown"}
    assert (outcome.status, outcome.outputs["deploy-production"]) == (1, "false")


def test_a_list_of_all_tags_that_lacks_the_tag_itself(world: World) -> None:
    """A whole list without the tag, which is there, may lack others too."""
    world.github.add("GET", "/matching-refs/tags$", lambda forward: json_reply(200, []))
    outcome = world.gate()
    assert outcome.findings("unknown") == {"tag-unique:stack": "unknown", "tag-order:stack": "unknown"}


def test_a_list_that_may_lack_the_tag_is_no_list(github_example: GitHubServer) -> None:
    """If the tag's own look fails, too, nobody knows whether the list without it is whole: no order is claimed."""
    tag = parse_production_tag("2023.06.2", DEFAULT_FORMAT)
    assert tag
    github_example.add("GET", "/matching-refs/tags", lambda forward: json_reply(200, []))
    github_example.fail("GET", "/git/ref/tags/2023.06.2$", status=503)
    evidence = StackEvidence(forge(github_example.url).repository(STACK), ["master"], no_pins)
    facts, previous = evidence.gather(tag, datetime.date(2023, 6, 30))
    for answer in (facts.siblings, facts.higher, previous):
        assert "the list of tags of xchem/fragalysis-stack lacks 2023.06.2, and " in unknown(answer).reason


def test_more_tags_than_are_listed(world: World) -> None:
    """With over 30,000 tags those of the years in question are judged, and the findings say that these are all."""
    world.github.add("GET", "/matching-refs/tags$", lambda forward: json_reply(200, too_many_tags()))
    outcome = world.gate()
    assert (outcome.status, outcome.outputs["verdict"]) == (0, "deploy"), outcome.log
    assert outcome.report is not None
    told = {one["rule"]: one["message"] for one in outcome.report["findings"]}
    for rule in ("tag-order", "tag-unique"):
        assert "more than 30,000 tags" in told[rule] and "2023." in told[rule]
