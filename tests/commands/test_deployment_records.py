"""The deployment records that `deploy` files: one an AWX job, and each tells the truth, however the run ended."""

from __future__ import annotations

import datetime
import signal
import threading
from typing import Any

import pytest

from commands.auditing import audit, releases_in
from commands.deployment import AT_ONCE, OLD, REPOSITORY, Deployment
from commands.test_prepare import send
from commands.test_rollback import newest, publish, record, roll_back
from frag_release.domain.deployment_records import Deployed
from world.awx_jobs import ENDLESS, FAILED, SUCCESSFUL, UPDATE_FAILED
from world.events import push_tag
from world.example import BACKEND, FRONTEND, WORKFLOW_FILE
from world.faults import Forward, Reply
from world.github_builds import FAILED as BUILD_FAILED
from world.github_builds import PASSED, GitHubBuilds, Look
from world.github_deployments import Deployment as Record
from world.github_deployments import Status
from world.program import Outcome, wait_until
from world.workflow_runs import Run

TAG = "2023.06.2"
BEFORE = "2023.05.1"
"""A release before the one that was left."""


def records(ready: Deployment) -> list[Record]:
    """What was filed, oldest first."""
    ready.world.github.assert_valid()
    return ready.world.github.deployments.records


def start(ready: Deployment, run: Run, **more: str) -> Any:
    """Start the deployment of the tag as a job of a run, in the attempt that it is at."""
    variables = {"GITHUB_RUN_ID": str(run.id), "GITHUB_RUN_ATTEMPT": str(run.run_attempt)}
    variables["GITHUB_JOB"] = "deploy-production"
    event, world = push_tag(TAG, ready.world.commit(TAG)), ready.world
    return world.program.start(event, ready.inputs(**more), api_url=world.github.url, environment=variables)


def leave_running(ready: Deployment, run: Run) -> None:
    """Launch a job, and cancel the run while that goes on."""
    ready.awx.templates[0].script = ENDLESS
    running = start(ready, run)
    wait_until(lambda: bool(ready.awx.jobs) and ready.awx.jobs[0].at > 2)
    running.process.send_signal(signal.SIGINT)
    assert running.finish().status == 1


@pytest.fixture
def run(ready: Deployment) -> Run:
    """The run of the tag's build."""
    path = ".github/workflows/build-main.yaml"
    return ready.world.github.add_run(REPOSITORY, TAG, ready.world.commit(TAG), path=path)


def test_a_deployment_is_recorded_from_launch_to_site(ready: Deployment, run: Run) -> None:
    """At the deployed commit, merging nothing, with tag, digests, pair and run; in_progress, then success."""
    ready.world.github.approvals[run.id] = [("maintainer", "awx/fragalysis-production")]
    outcome: Outcome = start(ready, run).finish()
    assert outcome.status == 0, outcome.log
    [filed] = records(ready)
    commit, job = ready.world.commit(TAG), ready.awx.jobs[0].id
    assert (filed.ref, filed.sha, filed.task, filed.environment) == (commit, commit, "deploy", "production")
    assert (filed.production_environment, filed.description) == (True, "Deployment of 2023.06.2")
    time = filed.payload.pop("time")
    digests = ready.world.digests
    assert filed.payload == {
        "by": "frag-release-action",
        "schema": 1,
        "tag": TAG,
        "digest": ready.digest,
        "verdict": "deploy",
        "left": "",
        "components": {
            "backend": {"tag": "2023.05.1", "namespace": "xchem", "digest": digests[BACKEND]["2023.05.1"]},
            "frontend": {"tag": "2023.05.4", "namespace": "xchem", "digest": digests[FRONTEND]["2023.05.4"]},
        },
        "awx-job": 0,
        "run": {"id": run.id, "attempt": 1, "job": "deploy-production"},
    }
    filed_at = datetime.datetime.fromisoformat(filed.created_at.replace("Z", "+00:00"))
    assert abs(filed_at - datetime.datetime.fromisoformat(time)) < datetime.timedelta(minutes=10)
    page = f"https://github.example/{REPOSITORY}/actions/runs/{run.id}/attempts/1"
    told = [(one.state, one.description, one.log_url, one.environment_url) for one in filed.statuses]
    site = f"{ready.site.url}/viewer/"
    assert told == [
        ("in_progress", f"AWX job {job}: pending", page, site),
        ("success", f"AWX job {job}: successful, and the site shows it", page, site),
    ]
    assert outcome.report is not None
    kept = outcome.report["deployment-record"]
    assert (kept["id"], kept["state"]) == (filed.id, "success")
    assert kept["url"] == f"https://github.example/{REPOSITORY}/deployments/production"
    assert outcome.report["site-seen-at"]
    assert f"| [{filed.id}]({kept['url']}): success, filed at " in outcome.summary
    assert ", seen at " in outcome.summary
    assert "Approved by maintainer (`awx/fragalysis-production`)." in outcome.summary


def test_what_launches_nothing_leaves_no_record(ready: Deployment) -> None:
    """A refusal by a rule, a template that is not there, a dry run, and deployment-record: false."""
    assert ready.deploy(expected_stack_commit=ready.world.commit("2023.06.1")).status == 1
    assert ready.deploy(awx_template="No such template").status == 1
    planned = ready.deploy(dry_run="true")
    assert planned.report is not None
    assert "File a deployment record of 2023.06.2 at the environment production" in planned.report["planned"]
    assert ready.deploy(deployment_record="false").status == 0
    assert (records(ready), len(ready.awx.jobs)) == ([], 1)


@pytest.mark.parametrize(
    ("script", "more", "states", "said"),
    [
        (FAILED, {}, ["in_progress", "failure"], "AWX job {}: failed"),
        (UPDATE_FAILED, {}, ["in_progress", "error"], "AWX job {}: failed before it began: nothing was deployed"),
        (ENDLESS, {"wait_minutes": "0"}, ["in_progress", "error"], "AWX job {}: "),
        (AT_ONCE, {"verify_text": "Other {image-tag}", "wait_minutes": "0"}, ["in_progress", "failure"],
         "AWX job {}: successful, but the site did not show it"),
    ],
    ids=["failed", "never began", "time is up", "not seen"],
)  # fmt: skip
def test_what_did_not_end_well_is_recorded_as_that(
    ready: Deployment, script: Any, more: dict[str, str], states: list[str], said: str
) -> None:
    """A job that failed, one that never began, one that is left running, and a site that shows something else."""
    ready.awx.templates[0].script = script
    assert ready.deploy(**more).status == 1
    [filed] = records(ready)
    assert filed.states == states
    assert filed.statuses[-1].description.startswith(said.format(ready.awx.jobs[0].id))


def test_a_refused_launch_is_an_error(ready: Deployment) -> None:
    """AWX takes no launch at that moment: the record that was just filed says that nothing was launched."""
    ready.awx.fail("POST", r"/launch/$", status=403, body={"detail": "You do not have permission."})
    assert ready.deploy().status in (1, 2)
    [filed] = records(ready)
    assert [(one.state, one.description) for one in filed.statuses] == [("error", "Nothing was launched")]


def test_a_cancelled_run_and_the_one_that_follows_its_job_share_a_record(ready: Deployment, run: Run) -> None:
    """The first says that it no longer follows the job; the second goes on with that record, and launches nothing."""
    leave_running(ready, run)
    [filed] = records(ready)
    assert filed.states == ["in_progress", "error"]
    assert filed.statuses[-1].description.endswith(": running when last seen: this run no longer follows it")
    ready.awx.jobs[0].script, ready.awx.jobs[0].at = SUCCESSFUL, len(SUCCESSFUL) - 2
    run.run_attempt = 2
    again = start(ready, run).finish()
    assert (again.status, ready.awx.launches) == (0, 1), again.log
    assert [one.id for one in records(ready)] == [filed.id]
    assert filed.states == ["in_progress", "error", "in_progress", "success"]
    assert filed.statuses[-1].log_url.endswith("/attempts/2")


def test_a_record_of_another_job_is_not_taken_for_one_that_has_none_yet(ready: Deployment, run: Run) -> None:
    """A run that follows a job files a record of its own beside one that names another job and has no status."""
    leave_running(ready, run)
    ready.world.github.deployments.clear()
    other = Deployed(TAG, ready.digest, job=999, run=run.id + 1, run_job="deploy-production").as_payload()
    left = ready.world.github.deployments.add(REPOSITORY, ready.world.commit(TAG), payload=other)
    ready.awx.jobs[0].script, ready.awx.jobs[0].at = SUCCESSFUL, len(SUCCESSFUL) - 2
    run.run_attempt = 2
    again = start(ready, run).finish()
    assert (again.status, ready.awx.launches) == (0, 1), again.log
    assert [one.states for one in records(ready)] == [[], ["in_progress", "success"]]
    assert left.statuses == []


def test_a_run_again_ends_what_an_earlier_attempt_has_left(ready: Deployment, run: Run) -> None:
    """GitHub took the record and no status of it; the job had ended by then. Of another run's nothing is said."""
    world = ready.world
    other = Deployed(TAG, ready.digest, run=run.id + 1, run_job="deploy-production").as_payload()
    left = world.github.deployments.add(REPOSITORY, world.commit(TAG), payload=other)
    world.github.fail("POST", "/statuses$", status=502, times=2)
    first = start(ready, run).finish()
    assert first.status == 0 and "could not be set to 'success'" in first.log, first.log
    run.run_attempt = 2
    again = start(ready, run).finish()
    assert (again.status, ready.awx.launches) == (0, 2), again.log
    _, earlier, newest_one = records(ready)
    assert [(one.state, one.description) for one in earlier.statuses] == [
        ("error", "an earlier attempt of the run did not record its end")
    ]
    assert (newest_one.states, left.states) == (["in_progress", "success"], [])


@pytest.mark.parametrize(
    ("silent", "said", "launches"),
    [("GitHub", "Nothing was launched", 0), ("AWX", "Whether AWX launched a job could not be determined", 1)],
)
def test_a_write_that_is_never_answered_leaves_no_record_unended(
    ready: Deployment, run: Run, silent: str, said: str, launches: int
) -> None:
    """A run is cancelled meanwhile: what GitHub has filed is looked for, told of and ended, whatever AWX does."""
    over = threading.Event()

    def carry_out_and_cancel(forward: Forward) -> Reply:
        forward()
        running.process.send_signal(signal.SIGTERM)
        if silent == "AWX":
            ready.awx.add("*", "", lambda _: hold())
        return hold()

    def hold() -> Reply:
        over.wait(60)
        return Reply(0, dropped=True)

    server, path = (ready.world.github, "/deployments$") if silent == "GitHub" else (ready.awx, "/launch/$")
    server.add("POST", path, carry_out_and_cancel, times=1)
    running = start(ready, run)
    outcome = running.finish()
    over.set()
    [filed] = records(ready)
    assert [(one.state, one.description) for one in filed.statuses] == [("error", said)], outcome.log
    assert (outcome.status, ready.awx.launches) == (1, launches)
    assert f"Filed the deployment record of {TAG} at the environment production ({filed.id})" in outcome.summary


def test_a_rollback_is_recorded_at_the_commit_that_it_went_back_to(ready: Deployment) -> None:
    """Whatever ref the form runs at; the record says which release was left."""
    newest(ready)
    assert roll_back(ready).status == 0
    [filed] = records(ready)
    assert (filed.sha, filed.task) == (ready.world.commit(OLD), "deploy:rollback")
    assert (filed.payload["tag"], filed.payload["left"]) == (OLD, TAG)
    assert filed.payload["components"]["backend"]["tag"] == "2023.03.1"


def test_outside_production_a_record_says_so(ready: Deployment) -> None:
    """GitHub is told that staging is no environment of production, and no release is left there."""
    publish(ready, record(ready, ready.build(OLD)))
    assert roll_back(ready, environment="awx/fragalysis-staging").status == 0
    [filed] = records(ready)
    assert (filed.environment, filed.production_environment, filed.payload["left"]) == (
        "awx/fragalysis-staging",
        False,
        "",
    )


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_record_that_cannot_be_filed_is_a_note(ready: Deployment, status: int) -> None:
    """Without the right, or while GitHub fails, it is deployed all the same; log and summary say what is missing."""
    body = {"message": "Resource not accessible by integration", "status": str(status)}
    ready.world.github.fail("POST", "/deployments", status=status, body=body)
    outcome = ready.deploy()
    assert (outcome.status, ready.awx.launches, records(ready)) == (0, 1, []), outcome.log
    for text in (outcome.log, outcome.summary):
        assert ("No deployment record was filed" in text) is (status != 500)
        assert ("deployments: write" in text) is (status != 500)
        assert ("Whether a deployment record was filed is unknown" in text) is (status == 500)


def test_a_record_whose_filing_is_not_answered_is_found_again(ready: Deployment) -> None:
    """GitHub files it and the answer is lost: no second one is filed, and it is closed as any."""
    ready.world.github.add("POST", "/deployments$", lambda forward: (forward(), Reply(0, dropped=True))[1])
    outcome = ready.deploy()
    assert outcome.status == 0, outcome.log
    assert [one.states for one in records(ready)] == [["in_progress", "success"]]


def went_back(ready: Deployment, to: str, left: str = OLD, **run: Any) -> Run:
    """A rollback from the release before the example's, which a run recorded; the release's text says nothing of it."""
    world, given = ready.world, {"event": "workflow_dispatch", "path": WORKFLOW_FILE, "repository": REPOSITORY, **run}
    name, ref = given.pop("repository"), given.pop("head_branch", TAG)
    made = world.github.add_run(name, ref, world.commit(TAG), **given)
    payload = Deployed(to, left=left, run=made.id, attempt=1, run_job="build").as_payload()
    facts = {"task": "deploy:rollback", "environment": "awx/fragalysis-production", "production_environment": True}
    filed = world.github.deployments.add(REPOSITORY, world.commit(OLD), payload=payload, **facts)
    told = f"https://github.example/{made.repository}/actions/runs/{made.id}/attempts/1"
    filed.statuses.append(Status("success", "AWX job 9: successful", told, created_at="2023-06-02T10:02:00Z"))
    return made


def test_production_takes_only_what_was_staged(ready: Deployment, builds: GitHubBuilds, run: Run) -> None:
    """Without a record of staging nothing is launched; with a believed one of the same digest it is deployed."""
    staging = {"environment": "awx/fragalysis-staging", "created_at": "2023-06-02T10:01:00Z"}
    payload = Deployed(TAG, "sha256:" + "9" * 64, run=run.id, run_job="build").as_payload()
    filed = ready.world.github.deployments.add(REPOSITORY, run.head_sha, payload=payload, **staging)
    told = f"https://github.example/{REPOSITORY}/actions/runs/{run.id}/attempts/1"
    filed.statuses.append(Status("success", "AWX job 9: successful", told, created_at="2023-06-02T10:02:00Z"))
    builds.again(run, PASSED)
    refused = ready.deploy(staging_minutes="30")
    assert (refused.status, refused.outputs["failed-rules"], ready.awx.launches) == (1, "staged:stack", 0), refused.log
    assert "The image that was there under this tag is another one, sha256:9999" in refused.log
    filed.payload["digest"] = ready.digest
    outcome = ready.deploy(staging_minutes="30")
    assert (outcome.status, ready.awx.launches) == (0, 1), outcome.log
    ready.world.github.assert_valid()


@pytest.mark.parametrize(
    ("run", "look", "good"),
    [
        ({}, PASSED, BEFORE),
        ({}, BUILD_FAILED, OLD),
        ({"repository": "xchem/fragalysis-backend"}, PASSED, OLD),
        ({"head_branch": "mine"}, PASSED, OLD),
    ],
    ids=["checks out", "a failed run's", "another repository's", "a branch's"],
)
def test_a_believed_record_alone_takes_a_release_back(
    ready: Deployment, builds: GitHubBuilds, run: Any, look: Look, good: str
) -> None:
    """The way back of gate and deploy leads past the release that was left; a forged record changes and refuses
    nothing."""
    released_before(ready)
    builds.again(went_back(ready, BEFORE, **run), look)
    for outcome in (ready.world.gate(), ready.deploy()):
        assert outcome.status == 0, outcome.log
        assert f"The last good release is [`{good}`](" in outcome.summary
    ready.world.github.assert_valid()


def test_records_from_before_a_repository_was_renamed_count(ready: Deployment, builds: GitHubBuilds) -> None:
    """Their runs are linked to by the old name; GitHub knows these runs by their numbers."""
    released_before(ready)
    builds.again(went_back(ready, BEFORE), PASSED)
    status = ready.world.github.deployments.records[-1].statuses[0]
    status.log_url = status.log_url.replace(REPOSITORY, "someone/old-stack")
    assert f"The last good release is [`{BEFORE}`](" in ready.world.gate().summary


def forge(ready: Deployment, number: int, left: str = OLD, **facts: Any) -> None:
    """File records of rollbacks that nobody believes, as anyone with deployments: write can."""
    given = {"environment": "awx/fragalysis-production", **facts}
    for at in range(number):
        payload = Deployed(BEFORE, left=left, run=at + 1, run_job="build").as_payload()
        world, flags = ready.world, {"task": "deploy:rollback", "production_environment": True}
        world.github.deployments.add(REPOSITORY, world.commit(OLD), payload=payload, **{**flags, **given})


@pytest.mark.parametrize("command", ["gate", "deploy"])
def test_a_believed_rollback_is_not_buried_under_others(ready: Deployment, builds: GitHubBuilds, command: str) -> None:
    """However many later records tell of the same release or of others, at this environment or at more of them."""
    released_before(ready)
    builds.again(went_back(ready, BEFORE), PASSED)
    forge(ready, 25)
    forge(ready, 80, left="2022.01.1")
    for place in ("a", "AWX/fragalysis-production", "b", "c"):
        forge(ready, 1, environment=place)
    outcome = ready.world.gate() if command == "gate" else ready.deploy()
    assert outcome.status == 0, outcome.log
    assert f"The last good release is [`{BEFORE}`](" in outcome.summary, outcome.summary
    ready.world.github.assert_valid()


def test_an_audit_marks_what_a_believed_rollback_left(ready: Deployment, builds: GitHubBuilds) -> None:
    """Though its text does not say so, and later records that nobody believes speak of it, too."""
    newest(ready)
    builds.again(went_back(ready, OLD, left=TAG), PASSED)
    forge(ready, 25, left=TAG)
    outcome = audit(ready.world)
    marked = {tag: one["taken-back"] for tag, one in releases_in(outcome).items() if tag in (OLD, TAG)}
    assert marked == {OLD: False, TAG: True}, outcome.log


def test_no_release_is_called_good_beside_more_records_than_are_judged(ready: Deployment) -> None:
    """Records that speak of our releases and are not judged may be a rollback; those of others cost nothing."""
    released_before(ready)
    forge(ready, 60, left="2022.01.1")
    assert f"The last good release is [`{OLD}`](" in ready.world.gate().summary
    asked = len(ready.world.github.requests)
    forge(ready, 60)
    outcome = ready.world.gate()
    assert "The last good release" not in outcome.summary and outcome.status == 0, outcome.summary
    assert "Whether a release was taken back could not be determined: there are more than the 5" in outcome.summary
    assert len(ready.world.github.requests) - asked < 150, "two requests for each of 54 records, beside the gate's"


def test_a_release_that_was_deployed_again_by_its_build_stands(
    ready: Deployment, builds: GitHubBuilds, run: Run
) -> None:
    """A later record of its own deployment, which is believed, counts; one that is not changes nothing."""
    world = ready.world
    released_before(ready)
    builds.again(went_back(ready, BEFORE), PASSED)
    again = world.github.add_run(REPOSITORY, OLD, world.commit(OLD), path=WORKFLOW_FILE)
    payload = Deployed(OLD, run=again.id, attempt=1, run_job="build").as_payload()
    facts = {"environment": "awx/fragalysis-production", "production_environment": True}
    filed = world.github.deployments.add(REPOSITORY, world.commit(OLD), payload=payload, **facts)
    told = f"https://github.example/{REPOSITORY}/actions/runs/{again.id}/attempts/1"
    filed.statuses.append(Status("success", "AWX job 9: successful", told, created_at="2023-06-02T10:02:00Z"))
    builds.again(again, BUILD_FAILED)
    assert f"The last good release is [`{BEFORE}`](" in ready.world.gate().summary
    builds.again(again, PASSED)
    assert f"The last good release is [`{OLD}`](" in ready.world.gate().summary


def released_before(ready: Deployment) -> None:
    """Release the two tags before the example's."""
    send(ready.world, "POST", "/git/refs", {"ref": f"refs/tags/{BEFORE}", "sha": ready.world.commit(OLD)})
    for tag in (OLD, BEFORE):
        ready.releases.add(REPOSITORY, tag, files={"release.json": b"{}"})


@pytest.mark.sampled(4)
@pytest.mark.parametrize("command", ["gate", "deploy"])
@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (r"/deployments\?", 403, "Whether a release was taken back could not be determined"),
        ("/deployments/[0-9]+/statuses", 500, "Whether a release was taken back could not be determined"),
        ("/actions/runs/[0-9]+$", 403, "Whether a release was taken back could not be determined"),
        (r"/releases\?", 403, "The releases could not be read"),
    ],
)
def test_a_release_is_not_called_good_if_that_cannot_be_seen(
    ready: Deployment, builds: GitHubBuilds, path: str, status: int, said: str, command: str
) -> None:
    """Without the records, or the releases, the card claims nothing and says why, and `deploy` warns; both pass."""
    released_before(ready)
    builds.again(went_back(ready, BEFORE), PASSED)
    body = {"message": "Resource not accessible by integration", "status": str(status)}
    ready.world.github.fail("GET", path, status=status, body=body)
    outcome = ready.world.gate() if command == "gate" else ready.deploy()
    assert outcome.status == 0, outcome.log
    assert said in outcome.summary and "The last good release" not in outcome.summary
    told = "::warning title=deploy::Whether a release was taken back could not be determined: "
    assert (told in outcome.log) is (command == "deploy")


def test_an_audit_says_that_rollbacks_could_not_be_seen(ready: Deployment) -> None:
    """If the deployment records cannot be read, log and summary warn that marks may be missing; nothing is blocked."""
    newest(ready)
    seen = audit(ready.world)
    body = {"message": "Resource not accessible by integration", "status": "403"}
    ready.world.github.fail("GET", r"/deployments\?", status=403, body=body)
    outcome = audit(ready.world)
    words = "Whether a release was taken back could not be determined: "
    assert (words in seen.log, outcome.status) == (False, seen.status), outcome.log
    assert f"::warning title=audit::{words}" in outcome.log and words in outcome.summary
