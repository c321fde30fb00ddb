from __future__ import annotations

from pathlib import Path

import pytest

from adapters.github_desk import forge, unknown
from frag_release.adapters.github.repository import MOST_COMMITS
from frag_release.adapters.ports import Repository
from frag_release.domain.changes import Commit, History, NewFiles
from world.faults import Forward, Reply
from world.git import Repo
from world.github_server import GitHubServer

NAME = "xchem/long"
COMPARE = "/compare/"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository, to be filled and then put on the server."""
    return Repo.create(tmp_path / "long")


def on_server(github: GitHubServer, repo: Repo) -> Repository:
    """The repository on the server."""
    github.seed_from_git(repo, NAME)
    return forge(github.url).repository(NAME)


def test_branches_are_found_by_their_beginning(github: GitHubServer, repo: Repo) -> None:
    """All branches with the prefix are told, sorted, and no other; tags do not count."""
    head = repo.commit({}, "one")
    for name in ("release/2023.06.2", "release/2023.06.10", "releases"):
        repo.branch(name, head)
    repo.tag("release/9", head)
    repository = on_server(github, repo)
    assert repository.branches_starting("release/") == ["release/2023.06.10", "release/2023.06.2"]
    assert repository.branches_starting("none") == []
    assert repository.branches_starting("no:branch") == []
    assert repository.branches_starting("") == ["master", "release/2023.06.10", "release/2023.06.2", "releases"]


@pytest.mark.parametrize("status", [403, 404, 500])
def test_branches_that_cannot_be_listed_are_unknown(github: GitHubServer, repo: Repo, status: int) -> None:
    """A refused list is not an empty one."""
    repo.commit({}, "one")
    repository = on_server(github, repo)
    github.fail("GET", "/git/matching-refs/", status=status)
    unknown(repository.branches_starting("release/"))


def test_a_repository_without_any_branch_is_unknown(github: GitHubServer, repo: Repo) -> None:
    """A list of all branches without one is a lost list: only an empty repository has none, which is a 409."""
    repo.commit({}, "one")
    repository = on_server(github, repo)
    github.fail("GET", "/git/matching-refs/heads", status=200, body=[])
    assert "all branches" in unknown(repository.branches_starting("")).reason


def test_branches_made_meanwhile_are_seen(github: GitHubServer, repo: Repo) -> None:
    """The list is asked for each time: another run may have made a branch."""
    head = repo.commit({}, "one")
    repository = on_server(github, repo)
    assert repository.branches_starting("release/") == []
    forge(github.url).writer(NAME).create_branch("release/1", head)
    assert repository.branches_starting("release/") == ["release/1"]


def test_what_lies_between_two_commits(github: GitHubServer, repo: Repo) -> None:
    """What the newer brings, what going back takes away, and both for two that parted; whole messages, new files."""
    old = repo.commit({}, "old")
    new = repo.commit({"a": "1"}, "Fix (#447)\n\nFixes #1322 \u2603")
    other = repo.commit({"b": "1"}, "other", branch="other", parents=[old])
    repository = on_server(github, repo)
    newer = Commit(new, "Fix (#447)\n\nFixes #1322 \u2603")
    assert repository.history(old, new) == History([newer], (), new_files=NewFiles(["a"]))
    assert repository.history(new, old) == History((), [newer], lost_files=NewFiles(["a"]))
    assert repository.history(other, new) == History(
        [newer], [Commit(other, "other")], new_files=NewFiles(["a"]), lost_files=NewFiles(["b"])
    )
    assert repository.history(new, new) == History()


def test_six_hundred_commits_are_six_pages(github: GitHubServer, repo: Repo) -> None:
    """All commits of a long range come, newest first and each once, by pages of a hundred."""
    commits = repo.fast_history(601)
    repository = on_server(github, repo)

    found = repository.history(commits[0], commits[600])

    assert isinstance(found, History) and found.removed == ()
    assert [commit.sha for commit in found.added] == commits[:0:-1]
    assert found.added[0].message == "work 601"
    asked = [exchange.query for exchange in github.requests if COMPARE in exchange.path]
    assert sorted(int(query["page"][0]) for query in asked) == [1, 2, 3, 4, 5, 6]
    assert {query["per_page"][0] for query in asked} == {"100"}


@pytest.mark.parametrize("fault", ["fail", "drop", "truncate", "empty", "html"])
def test_a_lost_page_makes_the_history_unknown(github: GitHubServer, repo: Repo, fault: str) -> None:
    """Without one of the pages fewer commits are not said to be all."""
    commits = repo.fast_history(301)
    repository = on_server(github, repo)
    getattr(github, fault)("GET", "page=2$", **({"status": 500} if fault == "fail" else {}))
    unknown(repository.history(commits[0], commits[300]))


def test_a_page_sent_twice_makes_the_history_unknown(github: GitHubServer, repo: Repo) -> None:
    """Where a server ignores page numbers, the repeats are not counted as commits."""
    commits = repo.fast_history(301)
    repository = on_server(github, repo)
    kept: list[Reply] = []

    def keep(forward: Forward) -> Reply:
        kept.append(forward())
        return kept[0]

    github.add("GET", "page=1$", keep)
    github.add("GET", "page=[23]$", lambda _: kept[0])
    assert "300 commits" in unknown(repository.history(commits[0], commits[300])).reason


def test_more_than_can_be_read_is_unknown(github: GitHubServer, repo: Repo) -> None:
    """Over two thousand commits are not read; the answer says how many there are."""
    commits = repo.fast_history(2)
    repository = on_server(github, repo)
    body = {
        "status": "ahead",
        "base_commit": {"sha": commits[0]},
        "total_commits": 2001,
        "commits": [{"sha": commits[1], "commit": {"message": "work 2"}}],
    }
    github.fail("GET", COMPARE, status=200, body=body)
    assert MOST_COMMITS == 2000
    assert "2,001 commits" in unknown(repository.history(commits[0], commits[1])).reason
    assert len([each for each in github.requests if COMPARE in each.path]) == 1


def test_no_shared_history_is_unknown(github: GitHubServer, repo: Repo) -> None:
    """GitHub's word for it is told; any other 404 is not taken for it."""
    commits = repo.fast_history(2)
    repository = on_server(github, repo)
    github.fail("GET", COMPARE, status=404, body={"message": "No common ancestor between a and b."})
    assert "share no history" in unknown(repository.history(*commits)).reason
    github.planned.clear()
    assert "does not have" in unknown(repository.history(commits[0], "1" * 40)).reason


@pytest.mark.parametrize("commit", ["master", "1234567", "A" * 40, "", "../x"])
def test_only_commit_ids_are_compared(github: GitHubServer, repo: Repo, commit: str) -> None:
    """A name is never compared: it could stand for something else."""
    there = repo.commit({}, "one")
    repository = on_server(github, repo)
    github.requests.clear()
    unknown(repository.history(commit, there))
    unknown(repository.history(there, commit))
    assert github.requests == []


def test_a_comparison_with_another_base_is_unknown(github: GitHubServer, repo: Repo) -> None:
    """An answer about other commits than were asked for is not used."""
    commits = repo.fast_history(3)
    repository = on_server(github, repo)
    told = {"sha": commits[2], "commit": {"message": "work 3"}}
    body = {"status": "ahead", "base_commit": {"sha": commits[0]}, "total_commits": 1, "commits": [told]}
    github.fail("GET", COMPARE, status=200, body=body)
    unknown(repository.history(commits[1], commits[2]))
