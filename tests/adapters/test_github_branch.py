from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.github_desk import forge
from frag_release.adapters.ports import Repository
from frag_release.domain.evidence import Placement
from world.clones_on_github import ClonesOnGithub
from world.faults import Forward, Misbehaviour, Reply
from world.git import Repo

NAME = "xchem/long"


@pytest.fixture
def long(tmp_path: Path) -> Repo:
    """A branch of 250 commits beside one of another root."""
    repo = Repo.create(tmp_path / "long", default_branch="production")
    repo.commit({}, "elsewhere", branch="other", parents=[])
    repo.fast_history(250)
    return repo


@pytest.fixture
def server(long: Repo) -> Iterator[ClonesOnGithub]:
    """A GitHub that serves it."""
    server = ClonesOnGithub({NAME: long}, checked=True)
    yield server
    server.stop()
    assert server.errors == [] and server.faults_of_replies == []


def asked(long: Repo) -> list[str]:
    """Thirty commits of the branch, the first and the last among them, and one that is not on it."""
    commits = long.git("rev-list", "production").split()
    return [*commits[::9], commits[-1], long.head("other")]


def expected(long: Repo) -> dict[str, bool]:
    """Whether each is on the branch."""
    return {commit: commit != long.head("other") for commit in asked(long)}


def placed(repository: Repository, long: Repo) -> dict[str, bool]:
    """What the forge says of each."""
    answers = repository.placements(asked(long), ["production"])
    assert all(isinstance(answer, Placement) for answer in answers.values()), answers
    return {commit: bool(answer.branches) for commit, answer in answers.items() if isinstance(answer, Placement)}


def compared(server: ClonesOnGithub) -> int:
    """How many comparisons were asked for."""
    return sum("/compare/" in one.path for one in server.requests)


def test_many_commits_are_found_in_a_list_of_pages(server: ClonesOnGithub, long: Repo) -> None:
    """Thirty commits of a branch of 250 take its head and three pages; what is in none is not on the branch."""
    assert placed(forge(server.url).repository(NAME), long) == expected(long)
    assert (len(server.requests), compared(server)) == (4, 0)


def test_a_long_branch_is_compared_where_that_is_less(server: ClonesOnGithub, long: Repo) -> None:
    """Where there are more pages than commits to place, each is compared, after one look at the first page."""
    long.fast_history(3000)
    server.stop()
    longer = ClonesOnGithub({NAME: long}, checked=True)
    try:
        commits = long.git("rev-list", "production").split()[::110]
        found = forge(longer.url).repository(NAME).placements(commits, ["production"])
        assert all(isinstance(answer, Placement) and answer.branches for answer in found.values())
        assert (len(commits), compared(longer), len(longer.requests)) == (30, 30, 32)
    finally:
        longer.stop()


def rewritten(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Misbehaviour:
    """A reply whose list of commits is changed on its way."""

    def act(real: Forward) -> Reply:
        reply = real()
        return Reply(200, reply.headers, json.dumps(change(json.loads(reply.body))).encode())

    return act


DAMAGE: dict[str, Misbehaviour] = {
    "a commit is lost": rewritten(lambda rows: rows[:50] + rows[51:]),
    "a page is empty": rewritten(lambda rows: []),
    "the end is lost": rewritten(lambda rows: rows[:-1]),
    "no list": rewritten(lambda rows: [{"sha": row["sha"]} for row in rows]),
}


@pytest.mark.parametrize("page", ["per_page=100$", "page=2$"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_list_with_a_gap_denies_nothing(server: ClonesOnGithub, long: Repo, damage: str, page: str) -> None:
    """A list from which a parent is missing is not believed: every commit is compared, and none is denied."""
    server.add("GET", f"/commits\\?.*{page}", DAMAGE[damage])
    assert placed(forge(server.url).repository(NAME), long) == expected(long)
    assert compared(server) == len(expected(long))


def test_dates_come_with_the_list(server: ClonesOnGithub, long: Repo) -> None:
    """The date of a lightweight tag on the branch is known from the list; only the others are asked for."""
    commits = asked(long)
    for number, commit in enumerate(commits):
        long.tag(f"1.0.{number}", commit)
    long.tag("1.1.0", commits[0], annotated=True)
    server.stop()
    tagged = ClonesOnGithub({NAME: long}, checked=True)
    try:
        repository = forge(tagged.url).repository(NAME)
        names = repository.tags_starting([""])
        assert isinstance(names, list)
        repository.placements(commits, ["production"])
        before = len(tagged.requests)
        dates = repository.tag_dates(names)
        # That of the tag on the other root, and the object of the annotated one.
        assert len(tagged.requests) - before == 2
        for name in names:
            seconds = long.git("for-each-ref", "--format=%(creatordate:unix)", f"refs/tags/{name}")
            date = dates[name]
            assert date is not None and f"{date.timestamp():.0f}" == seconds  # type: ignore[union-attr]
    finally:
        tagged.stop()
