"""Runs of a workflow on GitHub: which belong to a tag, which tell what is usual, and one that is gone."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.github_desk import STACK, forge, unknown
from frag_release.adapters.ports.publishing import Builds
from frag_release.domain.builds import Build
from frag_release.domain.evidence import Unknown
from world.example import WORKFLOW_FILE
from world.github_builds import PASSED, GitHubBuilds, Job, Look
from world.github_server import GitHubServer

COMMIT = "a" * 40


def builds_of(server: GitHubServer) -> Builds:
    """The builds of the worked example's stack."""
    return forge(server.url).builds(STACK)


def passed(builds: GitHubBuilds, branch: str, name: str) -> None:
    """A run of a branch or a tag that has passed, with one job of that name."""
    builds.script = (Look("completed", "success", (Job(name),)),)
    builds.start(STACK, branch, COMMIT)


def test_what_is_usual_is_told_by_releases_first(github_example: GitHubServer, builds: GitHubBuilds) -> None:
    """Of older releases and newer branch builds the releases are taken, and branch builds where there are too few."""
    for number in range(3):
        passed(builds, f"2023.0{number + 1}.1", "release")
    for _ in range(4):
        passed(builds, "master", "branch")
    server = builds_of(github_example)
    for limit, names in ((2, ["release"] * 2), (5, ["release"] * 3 + ["branch"] * 2)):
        past = server.past(WORKFLOW_FILE, limit)
        assert not hasattr(past, "reason"), past
        assert [job.name for jobs in past for job in jobs] == names


def test_only_runs_that_passed_are_usual(github_example: GitHubServer, builds: GitHubBuilds) -> None:
    """A run that failed, and one that goes on, say nothing of how long a run takes."""
    for look in (Look("completed", "failure", (Job("build"),)), Look("in_progress", None, (Job("build"),))):
        builds.script = (look,)
        builds.start(STACK, "2023.05.1", COMMIT)
    assert builds_of(github_example).past(WORKFLOW_FILE, 5) == []


def test_runs_of_the_push_come_first(github_example: GitHubServer, builds: GitHubBuilds) -> None:
    """Of all runs that belong to a tag those of its push lead, the newest of them first, whatever was dispatched."""
    builds.script = (PASSED,)
    started = [
        builds.start(STACK, "2023.05.1", COMMIT, event)
        for event in ("workflow_dispatch", "push", "push", "workflow_dispatch")
    ]
    found = builds_of(github_example).of_tag(WORKFLOW_FILE, "2023.05.1", COMMIT)
    assert isinstance(found, list)
    assert [one.id for one in found] == [started[at].id for at in (2, 1, 3, 0)]


def test_a_run_that_was_deleted_is_none_and_a_lost_one_unknown(
    github_example: GitHubServer, builds: GitHubBuilds
) -> None:
    """Nobody waits for what is gone; what could not be seen is another matter."""
    gone = Build(7, WORKFLOW_FILE, "push", "2023.05.1", COMMIT, 1, "in_progress", None, "")
    assert builds_of(github_example).latest(gone) is None
    github_example.fail("GET", r"/actions/runs/7$", status=502)
    assert "502" in unknown(builds_of(github_example).latest(gone)).reason


def test_a_run_of_something_else_is_no_answer(github_example: GitHubServer, builds: GitHubBuilds) -> None:
    """A reply about another commit than was followed is not believed."""
    run = builds.start(STACK, "2023.05.1", COMMIT)
    followed = Build(run.id, WORKFLOW_FILE, "push", "2023.05.1", "b" * 40, 1, "in_progress", None, "")
    assert "something else" in unknown(builds_of(github_example).latest(followed)).reason


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "pull_request_review"])
def test_a_run_of_a_pull_request_is_none_of_the_commits(github_example: GitHubServer, event: str) -> None:
    """A pull request's run has the same head, but tests another merge: the failed run of the push stays the newest."""
    pushed = github_example.add_run(STACK, "master", COMMIT, conclusion="failure")
    github_example.add_run(STACK, "master", COMMIT, event=event)
    found = builds_of(github_example).of_commit(COMMIT, ["master"])
    assert isinstance(found, list)
    assert [(run.id, run.conclusion) for run in found] == [(pushed.id, "failure")]


def test_a_thousand_nightly_runs_do_not_bury_that_of_the_push(github_example: GitHubServer) -> None:
    """A commit that is long the head of its branch has more runs than GitHub lists: those that count are asked for."""
    pushed = github_example.add_run(STACK, "master", COMMIT)
    for _ in range(1000):
        github_example.add_run(STACK, "master", COMMIT, event="schedule")
    found = builds_of(github_example).of_commit(COMMIT, ["master"])
    assert isinstance(found, list) and [run.id for run in found] == [pushed.id]


def test_more_runs_of_pushes_than_are_listed_are_unknown(github_example: GitHubServer) -> None:
    """Of a thousand runs that count nobody knows whether they are all, and to run this again does not help."""
    for _ in range(1000):
        github_example.add_run(STACK, "master", COMMIT)
    why = unknown(builds_of(github_example).of_commit(COMMIT, ["master"]))
    assert "1,000 runs or more" in why.reason and "does not help" in why.remedy


def test_runs_that_were_counted_but_not_sent_are_unknown(github_example: GitHubServer, builds: GitHubBuilds) -> None:
    """Of a tag's two builds GitHub sends the older one alone: nobody knows how the newest ended."""
    builds.script = (PASSED,)
    builds.start(STACK, "2023.05.1", COMMIT)
    builds.start(STACK, "2023.05.1", COMMIT, "workflow_dispatch")
    github_example.change_json("GET", "/runs", lambda page: page["workflow_runs"].pop(0))
    server = builds_of(github_example)
    assert "only 1 of 2 runs" in unknown(server.of_tag(WORKFLOW_FILE, "2023.05.1", COMMIT)).reason
    assert "only 1 of 2 runs" in unknown(server.of_commit(COMMIT, ["2023.05.1"])).reason


def test_the_jobs_of_a_run_are_those_of_all_its_pages(github_example: GitHubServer, builds: GitHubBuilds) -> None:
    """GitHub lists 100 jobs on a page: of 101 the last, which deployed, still counts for a deployment record."""
    builds.script = (Look("completed", "success", tuple(Job(f"job {at}") for at in range(1, 102))),)
    run = builds.start(STACK, "2023.05.1", COMMIT)
    door = forge(github_example.url)
    jobs = door.deployments(STACK).jobs(run.id)
    assert not isinstance(jobs, Unknown)
    assert [job.name for job in jobs] == [f"job {at}" for at in range(1, 102)]


def test_a_job_that_is_lost_between_two_pages_is_missed(github_example: GitHubServer, builds: GitHubBuilds) -> None:
    """Jobs of a re-run move others to the next page: the one that failed must not be absent from what decides."""
    builds.script = (Look("completed", "success", tuple(Job(f"job {at}") for at in range(1, 103))),)
    run = builds.start(STACK, "2023.05.1", COMMIT)

    def moved(page: dict[str, Any]) -> None:
        page["jobs"][0]["id"] = run.id * 100

    github_example.change_json("GET", r"/jobs\?.*page=2", moved)
    found = forge(github_example.url).deployments(STACK).jobs(run.id)
    assert "only 101 of 102 jobs" in unknown(found).reason
