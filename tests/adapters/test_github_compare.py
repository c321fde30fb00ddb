from __future__ import annotations

from datetime import datetime, timezone

import pytest

from adapters.github_desk import BACKEND, TAG, backend, unknown
from frag_release.domain.evidence import Placement
from world.example import Example
from world.git import Repo
from world.github_server import GitHubServer


def test_placements(github_example: GitHubServer, example: Example) -> None:
    """The head and its ancestors are on a branch, with their dates; a commit ahead of it is not."""
    commits = example.commits["fragalysis-backend"]
    head, older, ahead = commits[TAG], commits["2023.03.1"], commits["2023.05.2"]

    answers = backend(github_example.url).placements([head, older, ahead], ["production"])

    assert {commit: answer.branches for commit, answer in answers.items() if isinstance(answer, Placement)} == {
        head: {"production"},
        older: {"production"},
        ahead: frozenset(),
    }
    placement = answers[older]
    assert isinstance(placement, Placement)
    assert placement.committed == _committed(example.backend, older)
    assert placement.committed.tzinfo is not None


def test_a_diverged_commit_is_not_on_the_branch(github: GitHubServer, example: Example) -> None:
    """Where branch and commit have each gone their own way, the commit is not on it."""
    commit = example.commits["fragalysis-backend"]["2023.05.2"]
    example.backend.commit({"README.md": "More\n"}, "Go on", branch="production")
    github.seed_from_git(example.backend, BACKEND)

    answer = backend(github.url).placements([commit], ["production"])[commit]

    assert answer == Placement(frozenset())


def test_no_common_history_is_not_on_the_branch(github_example: GitHubServer, example: Example) -> None:
    """GitHub's 404 for histories without a common ancestor says that the commit is not on the branch."""
    commit = example.commits["fragalysis-backend"]["2023.05.2"]
    message = {"message": "No common ancestor between a and b."}
    github_example.fail("GET", "/compare/", status=404, body=message)

    assert backend(github_example.url).placements([commit], ["production"])[commit] == Placement(frozenset())


def test_a_commit_that_is_not_found_is_unknown(github_example: GitHubServer) -> None:
    """A plain 404 of a comparison is neither a yes nor a no."""
    missing = "4" * 40

    unknown(backend(github_example.url).placements([missing], ["production"])[missing])


@pytest.mark.parametrize("status", ["identical", "behind"])
def test_a_comparison_of_other_commits_is_unknown(github_example: GitHubServer, example: Example, status: str) -> None:
    """A yes that names another base, or another common ancestor, is not believed."""
    commits = example.commits["fragalysis-backend"]
    head, off = commits[TAG], commits["2023.05.2"]
    dated = {"sha": head, "commit": {"committer": {"date": "2023-05-02T09:00:00Z"}}}
    body = {"status": status, "base_commit": {"sha": head}, "merge_base_commit": dated}
    github_example.fail("GET", "/compare/", status=200, body=body)

    unknown(backend(github_example.url).placements([off], ["production"])[off])
    other_base = {**body, "base_commit": {"sha": off}}
    github_example.planned.clear()
    github_example.fail("GET", "/compare/", status=200, body=other_base)
    unknown(backend(github_example.url).placements([head], ["production"])[head])


@pytest.mark.parametrize("status", ["ahead", "diverged", "", "sideways"])
def test_a_comparison_that_contradicts_itself_is_unknown(
    github_example: GitHubServer, example: Example, status: str
) -> None:
    """A commit that is the common ancestor is not ahead of the branch, and other words mean nothing."""
    head = example.commits["fragalysis-backend"][TAG]
    dated = {"sha": head, "commit": {"committer": {"date": "2023-05-02T09:00:00Z"}}}
    body = {"status": status, "base_commit": {"sha": head}, "merge_base_commit": dated}
    github_example.fail("GET", "/compare/", status=200, body=body)

    unknown(backend(github_example.url).placements([head], ["production"])[head])


def test_comparisons_name_commits_only(github_example: GitHubServer, example: Example) -> None:
    """Both sides of a comparison are full commit ids, so that no name can stand for something else."""
    head = example.commits["fragalysis-backend"][TAG]
    older = example.commits["fragalysis-backend"]["2023.03.1"]

    backend(github_example.url).placements([older], ["production"])

    paths = [exchange.path for exchange in github_example.requests if "/compare/" in exchange.path]
    assert paths == [f"/repos/{BACKEND}/compare/{head}...{older}"]


def test_one_branch_that_contains_the_commit_is_enough(github_example: GitHubServer, example: Example) -> None:
    """A branch that is missing or cannot be seen does not hide another one that has the commit."""
    commit = example.commits["fragalysis-backend"][TAG]
    github_example.fail("GET", "/git/ref/heads/staging$", status=500)

    found = backend(github_example.url).placements([commit], ["none", "staging", "production"])[commit]

    assert isinstance(found, Placement)
    assert found.branches == {"production"}


def test_a_branch_that_cannot_be_seen_is_no_no(github_example: GitHubServer, example: Example) -> None:
    """Not being on one branch says nothing while the other cannot be seen."""
    commit = example.commits["fragalysis-backend"]["2023.05.2"]
    github_example.fail("GET", "/git/ref/heads/staging$", status=500)

    unknown(backend(github_example.url).placements([commit], ["production", "staging"])[commit])


def test_no_branch_at_all_is_unknown(github_example: GitHubServer, example: Example) -> None:
    """Where none of the branches exists, nothing can be said about a commit."""
    commit = example.commits["fragalysis-backend"][TAG]

    answer = unknown(backend(github_example.url).placements([commit], ["prodution"])[commit])

    assert "has no branch" in answer.reason
    assert "prodution" in answer.reason


def _committed(repo: Repo, commit: str) -> datetime:
    return datetime.fromtimestamp(int(repo.git("show", "-s", "--format=%ct", commit)), timezone.utc)
