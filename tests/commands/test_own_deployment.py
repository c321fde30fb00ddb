"""`deploy` for a stack that a step of the workflow's own deploys: one call before that step, and one after it."""

from __future__ import annotations

import signal

import pytest

from commands.deployment import NO_EXPECTATIONS, OLD, REPOSITORY, Deployment
from commands.test_deployment_records import records
from commands.test_prepare import send
from commands.test_rollback import newest, publish, record
from world.events import push_tag
from world.github_deployments import Deployment as Record
from world.program import Outcome, Running, wait_until

TAG = "2023.06.2"
OF_AWX = ("awx-url", "awx-username", "awx-password", "awx-template")


def call(ready: Deployment, **more: str) -> Outcome:
    """Call the command for a production tag, or for what `event` is, with nothing that AWX would be given."""
    return begin(ready, **more).finish()


def begin(ready: Deployment, **more: str) -> Running:
    """Start the same."""
    world = ready.world
    given = {name: text for name, text in ready.inputs(**more).items() if name not in OF_AWX}
    variables = {"GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "deploy-production"}
    event = push_tag(TAG, world.commit(TAG))
    given |= {"deployer": "none"}
    return world.program.start(event, given, api_url=world.github.url, environment=variables)


def test_the_step_between_two_calls_is_verified_recorded_and_seen(ready: Deployment) -> None:
    """First the image by digest and an open record, before anything is deployed; then the site, and the record ends."""
    ready.site.page = "Stack 2023.06.1"
    first = call(ready)
    assert first.status == 0, first.log
    image = f"docker.io/{REPOSITORY}@{ready.digest}"
    told = ("verdict", "deploy-production", "image-tag", "stack-image", "job-id", "job-status")
    assert [first.outputs[name] for name in told] == ["deploy", "true", TAG, image, "", ""]
    assert first.outputs["headline"] == "Verified, and handed over: 2023.06.2 on production"
    assert first.summary.startswith(f"## 🚀 Verified, and handed over — `{TAG}` on `production`\n")
    [filed] = records(ready)
    assert first.outputs["deployment-id"] == str(filed.id)
    assert (filed.states, "awx-job" in filed.payload) == (["in_progress"], False)
    ready.site.page = f"Stack {TAG}"
    second = call(ready, deployment_outcome="success", deployment_id=str(filed.id))
    assert second.status == 0, second.log
    assert second.outputs["headline"].startswith("2023.06.2 deployed to production")
    assert second.outputs["stack-image"] == ""
    assert [(one.state, one.description) for one in filed.statuses] == [
        ("in_progress", "Verified: the step that deploys is next"),
        ("success", "The step that deploys succeeded, and the site shows it"),
    ]
    assert second.report is not None
    assert (second.report["deployment-outcome"], second.report["job"]) == ("success", None)
    assert len(records(ready)) == 1
    assert (ready.awx.requests, ready.awx.jobs) == ([], [])
    for text in (first.log, first.summary, second.log, second.summary, str(first.report), str(second.report)):
        assert "awx" not in text.lower()


@pytest.mark.parametrize(
    ("outcome", "state", "headline"),
    [
        ("failure", "failure", "The deployment failed: 2023.06.2 on production"),
        ("cancelled", "error", "Not known to be deployed: 2023.06.2 on production"),
        ("skipped", "error", "Nothing deployed: the step was skipped: 2023.06.2 on production"),
    ],
)
def test_a_step_that_did_not_succeed_is_no_deployment(
    ready: Deployment, outcome: str, state: str, headline: str
) -> None:
    """Whatever the site shows, the run ends with 1, the record tells the truth, and production is not opened."""
    filed = open_record(ready)
    ended = call(ready, deployment_outcome=outcome, deployment_id=str(filed.id))
    assert (ended.status, filed.states) == (1, ["in_progress", state]), ended.log
    assert (ended.outputs["headline"], ended.outputs["deploy-production"]) == (headline, "false")


def open_record(ready: Deployment) -> Record:
    """The record that the first call has left; the site shows the release."""
    assert call(ready).status == 0
    ready.site.page = f"Stack {TAG}"
    return records(ready)[0]


def test_a_site_that_shows_something_else_is_no_success(ready: Deployment) -> None:
    """The step succeeded, and the site does not hold: 1, and the record is closed as a failure."""
    filed = open_record(ready)
    ended = call(
        ready, deployment_outcome="success", deployment_id=str(filed.id), wait_minutes="0", verify_text="No {image-tag}"
    )
    assert (ended.status, filed.states) == (1, ["in_progress", "failure"]), ended.log
    assert "The step that deploys succeeded, but the site did not show it in time" in ended.log
    assert "Re-running this job deploys once more." in ended.summary


def test_what_changed_since_the_first_call_is_no_success(ready: Deployment) -> None:
    """An image that was pushed again meanwhile may be what was deployed; a newer tag changes nothing."""
    filed = open_record(ready)
    send(ready.world, "POST", "/git/refs", {"ref": "refs/tags/2023.06.4", "sha": ready.world.commit(TAG)})
    assert call(ready, deployment_outcome="success", deployment_id=str(filed.id)).status == 0
    ready.build(content="1")
    ended = call(ready, deployment_outcome="success", deployment_id=str(filed.id))
    assert (ended.status, filed.states[-1]) == (1, "error"), ended.log
    assert ended.findings("fail") == {"stack-image:stack": "fail"}
    assert ended.outputs["headline"].startswith("Deployed, but not verified: 2023.06.2 on production")


def test_what_is_refused_hands_nothing_over(ready: Deployment) -> None:
    """By a rule: no record, no image; and a dry run plans both and hands over nothing either."""
    refused = call(ready, expected_stack_commit=ready.world.commit("2023.06.1"))
    assert (refused.status, refused.outputs["stack-image"]) == (1, "")
    assert "Nothing was handed over." in refused.summary
    planned = call(ready, dry_run="true")
    assert (planned.status, planned.outputs["stack-image"]) == (0, "")
    assert planned.report is not None
    assert planned.report["planned"] == [
        "Hand the verified image over to the step that deploys",
        "File a deployment record of 2023.06.2 at the environment production",
    ]
    after = call(ready, dry_run="true", deployment_outcome="skipped")
    assert (after.status, records(ready)) == (0, [])


def test_a_record_of_something_else_is_not_closed(ready: Deployment) -> None:
    """A number of another deployment, of none, or no number is a note, and the site decides; 1 is no number of ours."""
    ready.site.page = f"Stack {TAG}"
    other = ready.world.github.deployments.add(REPOSITORY, ready.world.commit(OLD), environment="production")
    for number, note in (
        (str(other.id), "is not of this deployment"), ("123", "is not of this deployment"), ("", "is empty"),
    ):  # fmt: skip
        ended = call(ready, deployment_outcome="success", deployment_id=number)
        assert (ended.status, other.states) == (0, []), ended.log
        assert note in ended.summary


def test_a_cancelled_second_call_says_so_in_the_record(ready: Deployment) -> None:
    """It waits for the site, and is stopped: nobody knows, so the record is an error and the next one is told why."""
    filed = open_record(ready)
    more = {"deployment_outcome": "success", "deployment_id": str(filed.id), "verify_text": "No {image-tag}"}
    running = begin(ready, wait_minutes="5", **more)
    asked = len(ready.site.requests)
    wait_until(lambda: len(ready.site.requests) > asked)
    running.process.send_signal(signal.SIGINT)
    ended = running.finish()
    assert (ended.status, filed.states) == (1, ["in_progress", "error"]), ended.log
    assert "after the step that deploys succeeded" in ended.log


def test_a_rollback_takes_the_release_back_in_the_second_call(ready: Deployment) -> None:
    """Before the step nothing says so; after it the text of the release that was left does."""
    newest(ready)
    publish(ready, record(ready, ready.build(OLD)))
    ready.site.page = f"Stack {OLD}"
    more = {"rollback": "true", "ref": OLD, **NO_EXPECTATIONS}
    first = call(ready, **more)
    assert first.status == 0, first.log
    [filed] = records(ready)
    assert (filed.task, filed.payload["left"]) == ("deploy:rollback", TAG)
    left = next(one for one in ready.releases.releases if one.tag == TAG)
    assert "Taken back" not in left.body
    second = call(ready, deployment_outcome="success", deployment_id=str(filed.id), **more)
    assert (second.status, filed.states[-1]) == (0, "success"), second.log
    assert f"Taken back to {OLD}" in left.body


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"deployment_outcome": "succeeded"}, "deployment-outcome"),
        ({"deployment_id": "7"}, "deployment-outcome is empty"),
        ({"deployment_id": "x7", "deployment_outcome": "success"}, "deployment-id"),
        ({"awx_url": "https://awx.example"}, "awx-url is given, but deployer is none"),
        ({"extra_vars": "{}"}, "extra-vars is given, but deployer is none"),
        ({"on_timeout": "leave"}, "on-timeout is given, but deployer is none"),
    ],
)
@pytest.mark.sampled(3)
def test_what_contradicts_itself_is_a_wrong_use(ready: Deployment, more: dict[str, str], said: str) -> None:
    """An outcome that GitHub has no word for, an id without one, inputs of another deployer: 2, and nothing done."""
    given = {name: text for name, text in ready.inputs().items() if name not in OF_AWX} | {"deployer": "none"}
    given |= {name.replace("_", "-"): text for name, text in more.items()}
    event, world = push_tag(TAG, ready.world.commit(TAG)), ready.world
    ended = world.program.run(event, given, api_url=world.github.url)
    assert (ended.status, records(ready)) == (2, []), ended.log
    assert said in ended.log
