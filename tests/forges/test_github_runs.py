from __future__ import annotations

import pytest

from forges.github_desk import BACKEND, TAG, add_runs, forge, unknown
from frag_release.domain.evidence import Run
from frag_release.forges.github_runs import file_of
from world.example import Example
from world.github_server import GitHubServer


def test_a_run_of_the_tag(github_example: GitHubServer, example: Example) -> None:
    """The push run of a tag is told with workflow, commit, status and address."""
    commit = example.commits["fragalysis-backend"][TAG]
    seeded = next(run for run in github_example.runs if run.head_branch == TAG)
    seeded.path = ".github/workflows/ci.yaml@refs/tags/2023.05.1"

    [run] = _runs(github_example)

    address = f"{github_example.url}/{BACKEND}/actions/runs/{seeded.id}"
    workflow = ".github/workflows/ci.yaml"
    assert run == Run(workflow, "CI", seeded.id, commit, "completed", "success", address, seeded.id)


def test_runs_of_others_are_left_out(github_example: GitHubServer, example: Example) -> None:
    """A run of another ref or another event is none of the tag's, even if the server sends it."""
    commit = example.commits["fragalysis-backend"][TAG]
    github_example.runs.clear()
    for branch, event in (("production", "push"), (TAG, "workflow_dispatch"), ("2023.05.1X", "push")):
        github_example.add_run(BACKEND, branch, commit, event=event)
    listed = [run.as_json(github_example.url) for run in github_example.runs]
    body = {"total_count": 3, "workflow_runs": listed}
    github_example.fail("GET", "/actions/runs", status=200, body=body)

    assert _runs(github_example) == []


def test_a_running_run_has_no_conclusion(github_example: GitHubServer, example: Example) -> None:
    """A run that has not ended is told as it is."""
    github_example.runs.clear()
    commit = example.commits["fragalysis-backend"][TAG]
    github_example.add_run(BACKEND, TAG, commit, status="in_progress", conclusion=None)

    [run] = _runs(github_example)

    assert (run.status, run.conclusion) == ("in_progress", None)


def test_every_page_of_runs_is_read(github_example: GitHubServer, example: Example) -> None:
    """All of 150 runs are told, not the first hundred."""
    add_runs(github_example, example, 149)

    assert len(_runs(github_example)) == 150


def test_too_many_runs_are_unknown(github_example: GitHubServer, example: Example) -> None:
    """GitHub ends a filtered list at 1000 runs, so of as many nobody knows whether they are all."""
    add_runs(github_example, example, 1000)

    asked = forge(github_example.url).runs.tag_runs(BACKEND, [TAG])
    assert "1,000 runs or more" in unknown(asked[TAG]).reason


def test_runs_that_were_counted_but_not_sent_are_unknown(github_example: GitHubServer) -> None:
    """A list that is shorter than its own count has lost something."""
    body = {"total_count": 2, "workflow_runs": []}
    github_example.fail("GET", "/actions/runs", status=200, body=body)

    unknown(forge(github_example.url).runs.tag_runs(BACKEND, [TAG])[TAG])


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("ci.yaml", "ci.yaml"), ("ci.yaml@refs/heads/x", "ci.yaml"), ("ci.yml@1.yaml@main", "ci.yml"),
        ("test@unit.yaml", "test@unit.yaml"), ("test@unit.yaml@main", "test@unit.yaml"),
    ],
)  # fmt: skip
def test_the_file_of_a_run(path: str, file: str) -> None:
    """What stands behind the file is a ref; an @ within its name is its own: two such workflows are two."""
    assert file_of(f".github/workflows/{path}") == f".github/workflows/{file}"


def _runs(server: GitHubServer) -> list[Run]:
    answer = forge(server.url).runs.tag_runs(BACKEND, [TAG])[TAG]
    assert isinstance(answer, list), answer
    return answer
