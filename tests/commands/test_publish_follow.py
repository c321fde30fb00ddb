"""`publish` as a process: its build is started once, found among others, and followed to whatever end."""

from __future__ import annotations

import signal
import time
from dataclasses import replace

import pytest

from commands.stack import OWN_TOKEN, REPOSITORY, Stack
from commands.test_prepare import head, send, writes
from world.example import WORKFLOW_FILE
from world.faults import Forward, Reply
from world.github_builds import CANCELLED, FAILED, PASSED, QUEUED, RUNNING, Job, Look
from world.github_server import TOKEN

DISPATCH = f"POST /repos/{REPOSITORY}/actions/workflows/build-main.yaml/dispatches"
RUN = r"/actions/runs/[0-9]+$"


def dispatches(stack: Stack) -> int:
    """How often the last run of the program has dispatched a build."""
    return writes(stack.world).count(DISPATCH)


def is_released(stack: Stack) -> bool:
    """Whether the release is public."""
    return [(one.tag, one.draft) for one in stack.releases.releases] == [("2023.06.2", False)]


@pytest.mark.parametrize(
    ("look", "conclusion", "words"),
    [
        (FAILED, "failure", "it ended as failure (build ended as failure)"),
        (CANCELLED, "cancelled", "it ended as cancelled (build ended as cancelled)"),
    ],
)
def test_a_build_that_does_not_pass_is_not_released(stack: Stack, look: Look, conclusion: str, words: str) -> None:
    """A failed or cancelled build ends with status 1, names job and run, and leaves the tag without a release."""
    stack.reviewed()
    stack.builds.script = (look,)
    outcome = stack.publish()
    (run,) = stack.runs()
    assert outcome.status == 1, outcome.log
    assert "2023.06.2" in stack.tags() and stack.releases.releases == []
    assert (outcome.outputs["run-conclusion"], outcome.outputs["release-url"]) == (conclusion, "")
    assert outcome.outputs["run-url"].endswith(f"/actions/runs/{run.id}")
    assert words in outcome.log
    assert outcome.summary.startswith("## ⛔ Not published yet")
    assert "GitHub re-runs nothing after 30." in outcome.summary  # it is of 2023


@pytest.mark.hurried
def test_a_build_that_is_run_again_is_taken_up(stack: Stack) -> None:
    """After a failure somebody re-runs the build: the next publish follows attempt 2, starts nothing, and releases."""
    stack.reviewed()
    stack.builds.script = (FAILED,)
    assert stack.publish().status == 1
    stack.builds.again(stack.runs()[0], *(replace(look, attempt=2) for look in (RUNNING, PASSED)))
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert (len(stack.runs()), dispatches(stack), is_released(stack)) == (1, 0, True)
    assert "attempt 2: success" in outcome.summary
    assert outcome.outputs["run-conclusion"] == "success"


@pytest.mark.hurried
def test_jobs_that_appear_late_are_followed_to_the_end(stack: Stack) -> None:
    """A build is over when the run is, not when the jobs that are known so far are; all are in the table."""
    gate, build = Job("gate"), Job("build", "in_progress", None, completed_at=None)
    late = (gate, Job("build"), Job("deploy-production", completed_at="2023-06-02T10:01:40Z"))
    stack.reviewed()
    stack.builds.script = (QUEUED, Look("in_progress", None, (gate,)), Look("completed", "success", late))
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert outcome.report is not None
    jobs = [(job["name"], job["conclusion"], job["seconds"]) for job in outcome.report["build"]["jobs"]]
    assert jobs == [("gate", "success", 200.0), ("build", "success", 200.0), ("deploy-production", "success", 100.0)]
    assert "| deploy-production" in outcome.summary.replace("[", "") and "1 min 40 s" in outcome.summary
    assert build.name in outcome.log


@pytest.mark.hurried
def test_a_build_that_never_starts_is_told(stack: Stack) -> None:
    """Where the pushed tag starts nothing, the run ends with status 1 and says how to start it; it resumes then."""
    stack.reviewed()
    stack.builds.starts = False
    outcome = stack.publish(timeout_seconds="60")
    assert outcome.status == 1, outcome.log
    assert f"no run of {WORKFLOW_FILE} was started for it before time was up" in outcome.log
    assert "Run workflow, with the tag as its ref" in outcome.summary
    assert (dispatches(stack), stack.releases.releases) == (0, [])
    stack.builds.starts = True
    stack.builds.start(REPOSITORY, "2023.06.2", stack.tags()["2023.06.2"], "workflow_dispatch")
    again = stack.publish()
    assert again.status == 0, again.log
    assert "started by a dispatch at the tag" in again.log
    assert is_released(stack)


@pytest.mark.hurried
def test_time_that_is_up_ends_the_wait_and_a_new_run_resumes(stack: Stack) -> None:
    """timeout-seconds ends the wait with status 1, the run's address and how to resume, and then it is resumed."""
    stack.reviewed()
    stack.builds.script = (RUNNING,)
    outcome = stack.publish(timeout_seconds="120")
    (run,) = stack.runs()
    assert outcome.status == 1, outcome.log
    assert "Time is up (timeout-seconds)" in outcome.summary and "run this again" in outcome.summary
    assert outcome.outputs["run-url"].endswith(f"/actions/runs/{run.id}")
    assert outcome.outputs["run-conclusion"] == ""
    stack.builds.again(run, PASSED)
    again = stack.publish()
    assert again.status == 0, again.log
    assert (len(stack.runs()), is_released(stack)) == (1, True)


@pytest.mark.hurried
def test_a_github_that_fails_for_a_while_ends_nothing(stack: Stack) -> None:
    """Bad gateways and a rate limit while the build appears and while it is followed are waited out."""
    stack.reviewed()
    stack.builds.script = (RUNNING, PASSED)
    limit = {"message": "You have exceeded a secondary rate limit. Please wait.", "status": "403"}
    stack.world.github.fail("GET", r"build-main.yaml/runs\?branch", status=502, times=4)
    stack.world.github.fail("GET", RUN, status=403, body=limit, headers={"Retry-After": "1"}, times=1)
    stack.world.github.fail("GET", RUN, status=502, times=3)
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    assert (len(stack.runs()), is_released(stack)) == (1, True)


@pytest.mark.hurried
def test_a_token_that_expires_meanwhile_is_told(stack: Stack) -> None:
    """A token that is refused again and again while the build runs ends the wait, and says that nothing is lost."""
    stack.reviewed()
    stack.builds.script = (RUNNING,)
    stack.world.github.fail("GET", RUN, status=401, body={"message": "Bad credentials", "status": "401"})
    outcome = stack.publish()
    assert outcome.status == 1, outcome.log
    assert "can no longer be read" in outcome.summary and "Nothing is lost: run this again" in outcome.summary


@pytest.mark.hurried
def test_a_run_that_is_deleted_meanwhile_is_told(stack: Stack) -> None:
    """A run that somebody deletes is not waited for until time is up."""
    stack.reviewed()
    stack.builds.script = (RUNNING,)
    stack.world.github.fail("GET", RUN, status=404, body={"message": "Not Found", "status": "404"})
    outcome = stack.publish()
    assert outcome.status == 1, outcome.log
    assert "was deleted while it was followed" in outcome.summary


def answer_lost(forward: Forward) -> Reply:
    """Do what is asked, and hang up."""
    forward()
    return Reply(0, dropped=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_run_tells_how_far_it_came(stack: Stack, number: signal.Signals) -> None:
    """However often it is cancelled, it writes report, outputs and summary with the run's address; then it resumes."""
    stack.reviewed()
    stack.builds.script = (RUNNING,)
    running = stack.start()
    running.wait_for("The build was started by the push of the tag")
    while running.process.poll() is None:
        running.process.send_signal(number)
        time.sleep(0.0005)
    outcome = running.finish()
    (run,) = stack.runs()
    url = f"/actions/runs/{run.id}"
    assert outcome.status == 1, outcome.log
    assert outcome.outputs["run-url"].endswith(url) and outcome.outputs["stack-tag"] == "2023.06.2"
    assert outcome.summary.startswith("## ⛔ Not published yet — `2023.06.2`\n\n**The run was cancelled.")
    assert url in outcome.summary and "Tagged" in outcome.summary
    assert outcome.report is not None
    assert outcome.report["build"]["url"].endswith(url)
    if number is signal.SIGINT:
        stack.builds.again(run, PASSED)
        assert stack.publish().status == 0
        assert (len(stack.runs()), is_released(stack)) == (1, True)


def test_without_following_the_release_waits_for_another_run(stack: Stack) -> None:
    """With follow: false the tag is made and the run is named; a run after the build's end makes the release."""
    stack.reviewed()
    stack.builds.script = (RUNNING, PASSED)
    outcome = stack.publish(follow="false")
    assert outcome.status == 0, outcome.log
    assert outcome.summary.startswith("## ⏳ Tagged, the build goes on")
    assert outcome.outputs["run-url"] and stack.releases.releases == []
    stack.builds.again(stack.runs()[0], PASSED)
    assert stack.publish(follow="false").status == 0
    assert is_released(stack)


def test_without_following_a_build_that_has_failed_is_a_failure(stack: Stack) -> None:
    """follow: false does not hide that the build is over, and did not pass: status 1."""
    stack.reviewed()
    stack.builds.script = (FAILED,)
    outcome = stack.publish(follow="false")
    assert outcome.status == 1, outcome.log
    assert "The build of 2023.06.2 did not pass: it ended as failure." in outcome.summary
    assert stack.releases.releases == []


class TestStart:
    """The build is started by the push of the tag or, with the workflow's own token, by a dispatch: never by both."""

    def test_another_token_dispatches_nothing(self, stack: Stack) -> None:
        """The push of the tag by an app starts the build, and nothing is dispatched."""
        stack.reviewed()
        outcome = stack.publish()
        assert outcome.status == 0, outcome.log
        assert (dispatches(stack), [run.event for run in stack.runs()]) == (0, ["push"])
        assert "started by the push of the tag" in outcome.summary

    def test_the_workflows_own_token_dispatches_once(self, stack: Stack) -> None:
        """What the own token pushes starts nothing, so the workflow is dispatched at the tag; a second run does not."""
        stack.builds.silent.add(TOKEN)
        stack.reviewed()
        outcome = stack.publish(environment=OWN_TOKEN)
        assert outcome.status == 0, outcome.log
        assert (dispatches(stack), [run.event for run in stack.runs()]) == (1, ["workflow_dispatch"])
        assert "Started the build of 2023.06.2 by dispatching the workflow at the tag, because" in outcome.summary
        assert stack.publish(environment=OWN_TOKEN).status == 0
        assert (writes(stack.world), len(stack.runs())) == ([], 1)

    def test_the_own_token_does_not_dispatch_what_a_person_has_pushed(self, stack: Stack) -> None:
        """A tag that a person pushed has its build already: the own token finds it and dispatches nothing."""
        commit = stack.reviewed()
        send(stack.world, "POST", "/git/refs", {"ref": "refs/tags/2023.06.2", "sha": commit})
        stack.builds.silent.add(TOKEN)
        outcome = stack.publish(environment=OWN_TOKEN)
        assert outcome.status == 0, outcome.log
        assert (dispatches(stack), [run.event for run in stack.runs()]) == (0, ["push"])

    @pytest.mark.hurried
    def test_nothing_is_dispatched_while_github_does_not_say(self, stack: Stack) -> None:
        """Where the list of runs cannot be had, a build may be there: the own token starts none."""
        stack.builds.silent.add(TOKEN)
        stack.reviewed()
        stack.world.github.fail("GET", r"build-main.yaml/runs\?branch", status=502)
        outcome = stack.publish(environment=OWN_TOKEN, timeout_seconds="120")
        assert (outcome.status, dispatches(stack)) == (1, 0), outcome.log
        assert "2023.06.2" in stack.tags()

    def test_a_dispatch_without_an_answer_is_not_sent_twice(self, stack: Stack) -> None:
        """Where the answer to the dispatch is lost, the build that it started is found."""
        stack.builds.silent.add(TOKEN)
        stack.reviewed()
        stack.world.github.add("POST", "/dispatches$", answer_lost, times=1)
        outcome = stack.publish(environment=OWN_TOKEN)
        assert outcome.status == 0, outcome.log
        assert (dispatches(stack), len(stack.runs())) == (1, 1)

    def test_only_a_run_of_the_tag_at_its_commit_belongs_to_it(self, stack: Stack) -> None:
        """Newer runs of another commit, branch, event or workflow are not followed, though they failed."""
        commit, parent, server = stack.reviewed(), stack.world.commit("2023.06.1"), stack.world.github
        broken = {"path": WORKFLOW_FILE, "name": "build main", "conclusion": "failure"}

        def surrounded(forward: Forward) -> Reply:
            reply = forward()
            server.add_run(REPOSITORY, "2023.06.2", parent, **broken)
            server.add_run(REPOSITORY, "master", commit, **broken)
            server.add_run(REPOSITORY, "2023.06.20", commit, **broken)
            server.add_run(REPOSITORY, "2023.06.2", commit, **{**broken, "event": "schedule"})
            server.add_run(REPOSITORY, "2023.06.2", commit, **{**broken, "path": ".github/workflows/x/build-main.yaml"})
            return reply

        server.add("POST", "/git/refs$", surrounded, times=1)
        # As a GitHub whose filters let everything pass.
        stack.builds.filters = False
        outcome = stack.publish()
        assert outcome.status == 0, outcome.log
        assert is_released(stack)

    def test_a_branch_with_the_tags_name_is_refused(self, stack: Stack) -> None:
        """The build of a branch named 2023.06.2 looks like the tag's, so nothing is published beside one."""
        stack.reviewed()
        send(stack.world, "POST", "/git/refs", {"ref": "refs/heads/2023.06.2", "sha": head(stack.world)})
        outcome = stack.publish()
        assert (outcome.status, stack.made_nothing()) == (1, True), outcome.log
        assert "has a branch named 2023.06.2" in outcome.summary
