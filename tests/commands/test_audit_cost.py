"""What an audit costs does not grow as its history does, where it need not."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.audit_scale import audit_clones, audit_github
from world.histories import scaled_history


def test_git_processes_do_not_grow_with_the_tags(tmp_path: Path) -> None:
    """An audit of 300 tags starts as many git processes as one of 10."""
    counts = {}
    for tags in (10, 300):
        scratch = tmp_path / str(tags)
        scaled_history(scratch / "clones", 300, tags)
        cost = audit_clones(scratch / "clones", scratch)
        assert cost.releases == tags
        counts[tags] = cost.asked
    assert counts[10] == counts[300] <= 44


@pytest.mark.parametrize(
    ("commits", "tags", "requests"),
    [
        # In each of three repositories the tags and the head of the branch; the components' other branches; releases.
        # Each file. Every fourth tag is annotated: one of its own. Ten commits of a branch are compared, ...
        # Before that the configuration file, which is not there, and the repository, which shows that it is not.
        (10, 10, 2 + 3 * 2 + 2 + 1 + 10 + 3 * 2 + 3 * 10),
        # ... thirty are looked for on the two pages of its 150 commits.
        (150, 30, 2 + 3 * 2 + 2 + 1 + 30 + 3 * 7 + 3 * 2),
    ],
)
def test_requests_are_those_that_must_be(tmp_path: Path, commits: int, tags: int, requests: int) -> None:
    """Each file and annotated tag is one request; commits are compared, or listed by the hundred, whichever is less."""
    repos = scaled_history(tmp_path / "clones", commits, tags)
    cost = audit_github(repos, tmp_path, checked=True)
    assert (cost.releases, cost.asked) == (tags, requests)
