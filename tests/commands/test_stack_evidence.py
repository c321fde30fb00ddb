"""Which tags the evidence about a release looks at, and what it makes of those that are higher."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import pytest

from forges.github_desk import STACK, forge, unknown
from frag_release.commands.evidence.stack import StackEvidence
from frag_release.domain.evidence import Answer
from frag_release.domain.versions import parse_production_tag
from world.example import WORKFLOW_FILE, Example
from world.github_server import GitHubServer

TAGS = f"/repos/{STACK}/git/matching-refs/tags/"


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
    """The tag's year and those since; on the last day of a year also the next, which has begun further east."""
    tag = parse_production_tag("2023.06.1")
    assert tag
    evidence = StackEvidence(forge(github_example.url).repository(STACK), ["master"], WORKFLOW_FILE)
    evidence.gather(tag, None, (), datetime.date.fromisoformat(day))
    listed = {one.path.removeprefix(TAGS) for one in github_example.requests if one.path.startswith(TAGS)}
    assert sorted(year for year in listed if year >= "2023.") == years


def higher(github: GitHubServer, example: Example) -> Answer[Sequence[str]]:
    """Which tags above 2023.06.2 are on the stack branch, by the end of June 2023."""
    github.emulate.reset()
    github.seed_from_git(example.stack, STACK)
    tag = parse_production_tag("2023.06.2")
    assert tag
    evidence = StackEvidence(forge(github.url).repository(STACK), ["master"], WORKFLOW_FILE)
    facts, _ = evidence.gather(tag, None, (), datetime.date(2023, 6, 30))
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
    assert "of 21 higher tags" in unknown(higher(github, example)).reason
    example.stack.tag("2023.07.22", example.commits["fragalysis-stack"]["2023.06.2"])
    assert higher(github, example) == ["2023.07.22"]
