"""Which years of tags the evidence about a release looks at, by the day on which it is gathered."""

from __future__ import annotations

import datetime

import pytest

from forges.github_desk import STACK, forge
from frag_release.commands.evidence.stack import StackEvidence
from frag_release.domain.versions import parse_production_tag
from world.example import WORKFLOW_FILE
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
