"""A release among so many that GitHub does not list them all."""

from __future__ import annotations

import pytest

from commands.stack import REPOSITORY, Stack


@pytest.mark.parametrize("many", [1050, 2050])
def test_a_release_is_published_in_a_repository_with_many(stack: Stack, many: int) -> None:
    """Behind the newest 1,000 GitHub answers 422: the release is made all the same, found again, and made once."""
    for number in range(many):
        stack.releases.add(REPOSITORY, f"2019.01.{number + 1}")
    stack.reviewed()
    first = stack.publish()
    asked = [one for one in stack.world.github.requests if one.request.path.endswith("/releases")]
    assert first.status == 0, first.log
    assert "Only the newest 1,000 releases were searched" in first.summary
    again = stack.publish()
    assert again.status == 0, again.log
    made = [(one.tag, one.draft, len(one.files)) for one in stack.releases.releases[many:]]
    assert made == [("2023.06.2", False, 1)]
    # One list of ten pages for the drafts, a page for the record, and the draft itself.
    assert len(asked) <= 12
