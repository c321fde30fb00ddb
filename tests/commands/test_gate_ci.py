"""CI runs as evidence, asked of a GitHub on which others have built under the tag's name, or under a workflow's."""

from __future__ import annotations

import pytest

from commands.conftest import World
from commands.test_gate_fails_closed import closed
from world.program import Outcome
from world.workflow_runs import CI_FILE, Run

REPOSITORY, TAG = "xchem/fragalysis-backend", "2023.05.1"
OTHER = "9" * 40
"""A commit that is not the tag's."""
LATER = {"created_at": "2023-07-01T09:00:00Z", "run_started_at": "2023-07-01T09:00:00Z"}
ENDED = "2023-07-01T09:05:00Z"


def own(world: World) -> Run:
    """The run of the backend's tag."""
    commit = world.example.commits["fragalysis-backend"][TAG]
    return next(run for run in world.github.runs if (run.head_branch, run.head_sha) == (TAG, commit))


def message(outcome: Outcome, rule: str = "pin-ci", subject: str = "backend") -> str:
    """What is found by a rule, with its remedy."""
    assert outcome.report is not None, outcome.log
    (found,) = [one for one in outcome.report["findings"] if (one["rule"], one["subject"]) == (rule, subject)]
    return f"{found['message']} {found['remedy']}"


@pytest.mark.parametrize("event", ["push", "workflow_dispatch"])
def test_an_image_that_another_commit_may_have_pushed_is_refused(world: World, event: str) -> None:
    """A branch of the tag's name was built at another commit, and is gone: the digest may be that build's."""
    world.github.add_run(REPOSITORY, TAG, OTHER, event=event, **LATER, updated_at=ENDED)
    outcome = world.gate()
    assert closed(outcome, "pin-ci:backend")
    # The run is of 2023: GitHub would re-run it for 30 days alone.
    assert "re-runs nothing after 30 days" in message(outcome) and "999999999999" in message(outcome)
    # Built again, the tag's own image is the newest.
    own(world).run_started_at, own(world).updated_at = "2023-07-01T10:00:00Z", "2023-07-01T10:05:00Z"
    assert world.gate().outputs["verdict"] == "deploy"


def test_an_older_build_of_another_commit_that_is_run_again_is_refused(world: World) -> None:
    """Its number and its creation are older than the tag's, and it pushed its image later all the same."""
    world.github.runs.insert(0, Run(REPOSITORY, 4_000_000_000, TAG, OTHER, created_at="2023-01-01T09:00:00Z"))
    run = world.github.runs[0]
    run.run_attempt, run.run_started_at, run.updated_at = 2, LATER["run_started_at"], ENDED
    assert closed(world.gate(), "pin-ci:backend")


def test_a_build_of_another_commit_that_still_runs_is_refused(world: World) -> None:
    """What began before the tag was built may still push after it."""
    run = world.github.add_run(REPOSITORY, TAG, OTHER, status="in_progress", conclusion=None)
    run.created_at = run.run_started_at = run.updated_at = "2023-01-01T09:00:00Z"
    outcome = world.gate()
    assert closed(outcome, "pin-ci:backend")
    assert "has ended, or cancel it" in message(outcome)


def test_a_tag_that_was_moved_and_built_again_passes(world: World) -> None:
    """A build of another commit that had ended before the tag's began pushed nothing after it."""
    run = world.github.add_run(REPOSITORY, TAG, OTHER)
    run.created_at = run.run_started_at = "2023-01-01T09:00:00Z"
    run.updated_at = "2023-01-01T09:05:00Z"
    assert world.gate().outputs["verdict"] == "deploy"


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
@pytest.mark.parametrize("head_repository", ["", "stranger/fragalysis-backend"], ids=["own", "fork"])
def test_pull_requests_block_nobody(world: World, event: str, head_repository: str) -> None:
    """Whoever opens a pull request names its branch as he likes, and pushes no image under that name."""
    world.github.add_run(REPOSITORY, TAG, OTHER, event=event, head_repository=head_repository, **LATER)
    world.github.add_run(REPOSITORY, TAG, own(world).head_sha, event=event, head_repository=head_repository, **LATER)
    assert world.gate().outputs["verdict"] == "deploy"


@pytest.mark.parametrize("later", [True, False])
def test_a_failed_run_of_the_tag_is_not_hidden(world: World, later: bool) -> None:
    """A green run of the same workflow, commit and name, such as of a branch, hides no failed one."""
    red, green = own(world), world.github.add_run(REPOSITORY, TAG, own(world).head_sha)
    (red if later else green).conclusion = "failure"
    assert world.gate().findings("fail", "unknown") == {"pin-ci:backend": "fail"}


def test_a_later_attempt_of_the_same_run_counts(world: World) -> None:
    """A run that failed and was run again is shown by GitHub in its latest attempt: that one has passed."""
    run = own(world)
    run.run_attempt, run.run_started_at, run.updated_at = 2, LATER["run_started_at"], ENDED
    assert world.gate().outputs["verdict"] == "deploy"


def test_a_run_that_may_be_a_branchs_is_refused(world: World) -> None:
    """A branch of the tag's name existed when the run was created, and is gone: a new tag is the remedy."""
    world.github.origins.branch(REPOSITORY, TAG, "2023-06-01T08:00:00Z", "2023-06-02T08:00:00Z")
    outcome = world.gate()
    assert closed(outcome, "pin-ci:backend")
    assert "Give the same commit" in message(outcome) and "a new tag" in message(outcome)
    assert world.gate(check_ci="false").findings("unknown") == {}


def test_a_branch_of_another_time_is_no_reason_to_refuse(world: World) -> None:
    """A branch that was gone long before the tag's run, or came long after, did not start it."""
    world.github.origins.branch(REPOSITORY, TAG, "2023-01-01T08:00:00Z", "2023-01-02T08:00:00Z")
    world.github.origins.branch(REPOSITORY, TAG, "2024-01-01T08:00:00Z", "2024-01-02T08:00:00Z")
    outcome = world.gate()
    assert (outcome.outputs["verdict"], outcome.findings("warn")) == ("deploy", {})


@pytest.mark.parametrize("status", [404, 422])
def test_activity_that_github_does_not_tell_is_a_note(world: World, status: int) -> None:
    """The pass says that branches of that name were not checked, and blocks nobody."""
    world.github.fail("GET", "fragalysis-backend/activity", status=status)
    outcome = world.gate()
    assert (outcome.outputs["verdict"], outcome.findings("warn")) == ("deploy", {})
    assert f"It was not checked whether a branch had that name then: GitHub answered {status}" in message(outcome)


def test_nothing_is_asked_where_ci_is_not_checked(world: World) -> None:
    """`check-ci: false` spares the questions about runs, activity and workflows, and warns that nothing is verified."""
    outcome = world.gate(check_ci="false", backend_ci_workflows="build production")
    assert not [one.path for one in world.github.requests if "/act" in one.path]
    assert outcome.outputs["verdict"] == "deploy"
    assert outcome.findings("warn", "skipped") == {"pin-ci:backend": "warn", "pin-ci:frontend": "warn"}
    assert "check-ci is false" in message(outcome)


def test_the_title_of_a_run_is_not_its_workflow(world: World) -> None:
    """A green run of another workflow, titled like the one that is wanted, does not make up for the failed build."""
    origins, run = world.github.origins, own(world)
    origins.names |= {CI_FILE: "build production", ".github/workflows/label.yaml": "label"}
    run.name, run.conclusion = "Release 2023.05.1", "failure"
    world.github.add_run(REPOSITORY, TAG, run.head_sha, path=".github/workflows/label.yaml", name="build production")
    outcome = world.gate(backend_ci_workflows="build production")
    assert outcome.findings("fail", "unknown") == {"pin-ci:backend": "fail"}
    assert "build-production.yaml ended as failure" in message(outcome)
    assert "Release 2023.05.1" not in outcome.log + outcome.summary


@pytest.mark.parametrize(
    "given", ["build production", "build-production.yaml", ".github/workflows/build-production.yaml"]
)
def test_a_workflow_is_known_by_file_and_by_name_whatever_its_runs_are_titled(world: World, given: str) -> None:
    """The right workflow, whose runs have other titles and whose path names a ref, is found."""
    world.github.origins.names[CI_FILE] = "build production"
    run = own(world)
    run.name, run.path = "Release 2023.05.1", f"{CI_FILE}@refs/tags/{TAG}"
    outcome = world.gate(backend_ci_workflows=given)
    assert (outcome.outputs["verdict"], outcome.findings("warn")) == ("deploy", {}), outcome.log
    assert message(outcome).startswith("build-production.yaml passed for 2023.05.1.")
    lists = [one for one in world.github.requests if one.path.endswith("/actions/workflows")]
    assert len(lists) == (given == "build production")


def test_a_name_of_no_workflow_lists_what_ran(world: World) -> None:
    """A name that no workflow has is not the title of one: unknown, with the files that ran."""
    own(world).name = "build production"
    outcome = world.gate(backend_ci_workflows="build production")
    assert closed(outcome, "pin-ci:backend")
    assert "no workflow is named build production, and the files that ran are build-production.yaml" in message(outcome)


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_name_needs_the_list_of_workflows(world: World, status: int) -> None:
    """Where the list cannot be had it is not known which workflow is meant."""
    world.github.fail("GET", r"fragalysis-backend/actions/workflows(\?|$)", status=status)
    assert closed(world.gate(backend_ci_workflows="build production", timeout_seconds="50"), "pin-ci:backend")
    assert world.gate().outputs["verdict"] == "deploy"


def test_what_is_switched_off_is_a_warning(world: World) -> None:
    """Images that nobody looks up, and one that the stack is said not to use, are told with what to switch on."""
    unchecked = world.gate(check_images="false")
    assert unchecked.findings("warn") == {"pin-image:backend": "warn", "pin-image:frontend": "warn"}
    assert "Set check-images to true" in message(unchecked, "pin-image")
    none = world.gate(frontend_image="none")
    assert none.findings("warn") == {"pin-image:frontend": "warn"}
    assert "frontend-image is none" in message(none, "pin-image", "frontend")
    assert (unchecked.outputs["verdict"], none.outputs["verdict"]) == ("deploy", "deploy")


def test_a_pass_without_names_is_a_warning(world: World) -> None:
    """Without names a failed run that was deleted is not missed: the release may go on, with a word about it."""
    outcome = world.gate(backend_ci_workflows="", frontend_ci_workflows="")
    assert outcome.outputs["verdict"] == "deploy"
    assert outcome.findings("warn") == {"pin-ci:backend": "warn", "pin-ci:frontend": "warn"}
    assert "in backend-ci-workflows" in message(outcome)
    assert outcome.report is not None
    demoted = [one["demoted-from"] for one in outcome.report["findings"] if one["status"] == "warn"]
    assert demoted == ["pass", "pass"]
