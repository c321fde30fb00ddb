from __future__ import annotations

import datetime
from typing import Any

import pytest

from adapters.github_desk import BACKEND, TAG, add_runs, forge, unknown
from frag_release.adapters.github.runs import file_of
from frag_release.domain.evidence import Lifetime, NotOffered, Run
from world.example import Example
from world.github_server import GitHubServer
from world.run_origins import Activity
from world.workflow_runs import CI_FILE


def test_a_run_of_the_tag(github_example: GitHubServer, example: Example) -> None:
    """The push run of a tag is told with workflow, commit, status and address."""
    commit = example.commits["fragalysis-backend"][TAG]
    seeded = next(run for run in github_example.runs if run.head_branch == TAG)
    seeded.path = ".github/workflows/ci.yaml@refs/tags/2023.05.1"

    [run] = _runs(github_example)

    address = f"{github_example.url}/{BACKEND}/actions/runs/{seeded.id}"
    workflow = ".github/workflows/ci.yaml"
    created = datetime.datetime.fromisoformat(seeded.created_at.replace("Z", "+00:00"))
    assert run == Run(
        workflow,
        commit,
        "completed",
        "success",
        address,
        seeded.id,
        seeded.workflow_id,
        created=created,
        started=created,
        changed=created + datetime.timedelta(minutes=4),
    )


PULLS = ("pull_request", "pull_request_target", "pull_request_review")


def test_runs_of_others_are_left_out(github_example: GitHubServer, example: Example) -> None:
    """A run of another name, of a pull request or of a fork is none of the tag's, even if the server sends it."""
    commit = example.commits["fragalysis-backend"][TAG]
    github_example.runs.clear()
    for branch in ("production", "2023.05.1X", "2023.05.1\n"):
        github_example.add_run(BACKEND, branch, commit)
    for event in PULLS:
        github_example.add_run(BACKEND, TAG, commit, event=event)
        github_example.add_run(BACKEND, TAG, commit, event=event, head_repository="stranger/fragalysis-backend")
    github_example.add_run(BACKEND, TAG, commit, event="dynamic", head_repository="stranger/fragalysis-backend")
    listed = [run.as_json(github_example.url) for run in github_example.runs]
    listed.append({**listed[-1], "id": 1, "head_repository": None})
    body = {"total_count": len(listed), "workflow_runs": listed}
    github_example.fail("GET", "/actions/runs", status=200, body=body)

    assert _runs(github_example) == []


@pytest.mark.parametrize("event", ["workflow_dispatch", "create", "release", "repository_dispatch"])
def test_runs_of_every_other_event_are_told(github_example: GitHubServer, example: Example, event: str) -> None:
    """Whatever starts a run at a ref of that name, it may push an image: all are told, with what started them."""
    github_example.runs.clear()
    github_example.add_run(BACKEND, TAG, "9" * 40, event=event)

    assert [(run.event, run.head_sha) for run in _runs(github_example)] == [(event, "9" * 40)]


@pytest.mark.parametrize("event", PULLS)
def test_strangers_cannot_bury_the_runs_of_a_tag(github_example: GitHubServer, example: Example, event: str) -> None:
    """A thousand runs of pull requests whose branch has the tag's name hide neither its own runs nor others there."""
    github_example.add_run(BACKEND, TAG, "9" * 40, event="workflow_dispatch")
    for _ in range(1000):
        github_example.add_run(BACKEND, TAG, "8" * 40, event=event, head_repository="stranger/fragalysis-backend")

    assert {run.event for run in _runs(github_example)} == {"push", "workflow_dispatch"}


def test_the_title_of_a_run_is_not_kept(github_example: GitHubServer, example: Example) -> None:
    """Who pushes chooses the title (run-name), so a run says only its file and the id of its workflow."""
    seeded = next(run for run in github_example.runs if run.head_branch == TAG)
    seeded.name = "build production"

    [run] = _runs(github_example)

    assert "build production" not in str(run)
    assert run.workflow_id == seeded.workflow_id


def test_workflows_have_the_names_of_their_files(github_example: GitHubServer) -> None:
    """Every page of the list is read: id, file and name of each, and whether its file is gone."""
    origins = github_example.origins
    origins.files |= {f".github/workflows/w{number:03}.yaml" for number in range(150)}
    origins.names[CI_FILE] = "build production"
    origins.states[".github/workflows/w149.yaml"] = "deleted"

    found = forge(github_example.url).runs.workflows(BACKEND)

    assert isinstance(found, list) and len(found) == 151
    assert [(one.file, one.deleted) for one in found if one.name == "build production"] == [(CI_FILE, False)]
    assert [one.file for one in found if one.deleted] == [".github/workflows/w149.yaml"]
    assert len({one.id for one in found}) == 151


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 403},
        {"status": 404},
        {"status": 500},
        {"status": 200, "body": {"total_count": 2, "workflows": []}},
        {"status": 200, "body": []},
    ],
)
def test_workflows_that_are_not_told_are_unknown(github_example: GitHubServer, reply: dict[str, Any]) -> None:
    """A refusal, a fault or a list that lacks some is no list of workflows."""
    github_example.fail("GET", r"/actions/workflows(\?|$)", **reply)

    unknown(forge(github_example.url).runs.workflows(BACKEND))


def test_a_branch_existed_from_its_creation_to_its_deletion(github_example: GitHubServer) -> None:
    """A branch that came twice has two lifetimes; one of another name has none."""
    origins = github_example.origins
    origins.branch(BACKEND, TAG, "2023-06-01T08:00:00Z", "2023-06-01T10:00:00Z")
    origins.branch(BACKEND, TAG, "2023-07-01T08:00:00Z", "2023-07-01T10:00:00Z")
    origins.branch(BACKEND, f"{TAG}-rc.1", "2023-05-01T08:00:00Z")
    origins.branch(f"{BACKEND}-2", TAG, "2023-05-01T08:00:00Z")

    assert _lifetimes(github_example) == [
        Lifetime(moment("2023-06-01T08:00:00"), moment("2023-06-01T10:00:00")),
        Lifetime(moment("2023-07-01T08:00:00"), moment("2023-07-01T10:00:00")),
    ]


def test_a_name_that_no_branch_had_has_no_lifetime(github_example: GitHubServer) -> None:
    """An empty list says that no branch ever had the name; what the server sends of others is not believed."""
    assert _lifetimes(github_example) == []
    others = [Activity(BACKEND, name, "push", "2023-06-01T08:00:00Z") for name in ("2023.05.10", "v/2023.05.1")]
    body = [one.as_json(7, github_example.url) for one in others]
    github_example.fail("GET", "/activity", status=200, body=body)
    assert _lifetimes(github_example) == []


def test_every_page_of_activity_is_read(github_example: GitHubServer) -> None:
    """The creation of a branch stands on the last page of its activity, behind 150 pushes; a thousand are too many."""
    origins = github_example.origins
    origins.branch(BACKEND, TAG, "2023-06-01T08:00:00Z")
    origins.activities += [Activity(BACKEND, TAG, "push", f"2023-06-02T08:{at % 60:02}:00Z") for at in range(150)]

    [found] = _lifetimes(github_example)
    assert found.start == moment("2023-06-01T08:00:00")

    origins.activities += [Activity(BACKEND, TAG, "push", "2023-06-03T08:00:00Z")] * 900
    unknown(forge(github_example.url).runs.branch_lifetimes(BACKEND, [TAG])[TAG])


@pytest.mark.parametrize("status", [404, 422])
def test_activity_that_github_does_not_tell_is_not_offered(github_example: GitHubServer, status: int) -> None:
    """404 and 422 say neither that there was such a branch nor that there was none."""
    github_example.fail("GET", "/activity", status=status)

    found = forge(github_example.url).runs.branch_lifetimes(BACKEND, [TAG])[TAG]

    assert isinstance(found, NotOffered) and str(status) in found.reason


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 401},
        {"status": 403},
        {"status": 403, "body": {"message": "Upgrade to GitHub Pro or make this repository public."}},
        {"status": 500},
        {"status": 200, "body": {"activity": []}},
        {"status": 200, "body": [{"ref": f"refs/heads/{TAG}", "timestamp": "yesterday", "activity_type": "push"}]},
    ],
)
def test_activity_that_cannot_be_read_is_unknown(github_example: GitHubServer, reply: dict[str, Any]) -> None:
    """A refusal, a fault or another answer is no evidence of branches, whatever its words are."""
    github_example.fail("GET", "/activity", **reply)

    found = unknown(forge(github_example.url).runs.branch_lifetimes(BACKEND, [TAG])[TAG])
    assert not isinstance(found, NotOffered)


def test_a_lost_page_of_activity_is_unknown(github_example: GitHubServer) -> None:
    """Where the second page is not found, whether the branch existed is not known."""
    github_example.origins.activities += [Activity(BACKEND, TAG, "push", "2023-06-02T08:00:00Z")] * 150
    github_example.fail("GET", r"/activity\?.*after=", status=404)

    found = unknown(forge(github_example.url).runs.branch_lifetimes(BACKEND, [TAG])[TAG])
    assert not isinstance(found, NotOffered)


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


def moment(text: str) -> datetime.datetime:
    """That time, in UTC."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)


def _lifetimes(server: GitHubServer) -> list[Lifetime]:
    answer = forge(server.url).runs.branch_lifetimes(BACKEND, [TAG])[TAG]
    assert isinstance(answer, list), answer
    return answer


def _runs(server: GitHubServer) -> list[Run]:
    answer = forge(server.url).runs.tag_runs(BACKEND, [TAG])[TAG]
    assert isinstance(answer, list), answer
    return answer
