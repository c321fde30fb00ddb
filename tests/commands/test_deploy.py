"""`deploy` as a process: judged again, launched in a loopback AWX, followed, and seen on the site."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable

import pytest

from commands.deployment import AT_ONCE, NO_EXPECTATIONS, OTHER_DIGEST, REPOSITORY, TEMPLATE, Deployment
from commands.test_prepare import send
from world.awx import LOOKER, READER, ROBOT
from world.awx_jobs import CANCELED, ENDLESS, ERROR, FAILED, RUNNING, SUCCESSFUL, UPDATE_FAILED, Look
from world.events import dispatch, push_branch
from world.example import STACK
from world.faults import Reply
from world.github_server import TOKEN
from world.program import wait_until


def test_the_worked_example_is_deployed_and_seen(ready: Deployment) -> None:
    """Release 2023.06.2 is judged again, launched with its tag, followed to successful, and shown by the site."""
    ready.awx.templates[0].script = SUCCESSFUL
    outcome = ready.deploy()
    assert outcome.status == 0, outcome.log
    assert ready.launched() == [{"stack_image_tag": "2023.06.2"}]
    job = ready.awx.jobs[0]
    url = f"{ready.awx.url}/#/jobs/playbook/{job.id}/output"
    told = ("verdict", "deploy-production", "image-tag", "stack-commit", "job-id", "job-url", "job-status")
    assert {name: outcome.outputs[name] for name in told} == {
        "verdict": "deploy",
        "deploy-production": "true",
        "image-tag": "2023.06.2",
        "stack-commit": ready.world.commit("2023.06.2"),
        "job-id": str(job.id),
        "job-url": url,
        "job-status": "successful",
    }
    assert outcome.findings()["stack-image:stack"] == "pass"
    assert outcome.report is not None
    assert outcome.report["command"] == "deploy"
    assert outcome.report["stack"]["digest"] == ready.digest
    assert outcome.report["stack"]["image"] == "docker.io/xchem/fragalysis-stack:2023.06.2"
    assert outcome.report["job"]["url"] == url
    assert (outcome.report["site"]["status"], outcome.report["site"]["found"]) == (200, True)
    assert outcome.summary.startswith("## ✅ Deployed — `2023.06.2` on `production`\n")
    assert "### The way back" in outcome.summary
    assert "TASK [roll out]" in outcome.log


RELEASES = {"release.json": b"{}"}


def test_the_way_back_is_the_last_good_release(ready: Deployment) -> None:
    """A tag that was never released is passed over for the newest release with a release.json: one request."""
    ready.releases.add(REPOSITORY, "2023.06.1", files={"notes.txt": b""})
    ready.releases.add(REPOSITORY, "2023.05.2", files=RELEASES, draft=True)
    for tag in ("2023.05.1", "2023.04.1"):
        ready.releases.add(REPOSITORY, tag, files=RELEASES)
    ready.world.github.requests.clear()
    outcome = ready.deploy()
    assert outcome.status == 0, outcome.log
    assert "The last good release is [`2023.05.1`](" in outcome.summary
    assert "The previous tag, [`2023.06.1`](" in outcome.summary
    asked = [one.path for one in ready.world.github.requests if "/releases" in one.path]
    assert sorted(asked) == [f"/repos/{REPOSITORY}/releases", f"/repos/{REPOSITORY}/releases/tags/2023.06.2"]


def test_releases_that_cannot_be_seen_stop_no_deployment(ready: Deployment) -> None:
    """Where GitHub does not list the releases it is deployed all the same, and the card claims nothing."""
    ready.world.github.fail("GET", r"/releases\?", status=503)
    outcome = ready.deploy()
    assert outcome.status == 0, outcome.log
    assert "The previous tag is [`2023.06.1`](" in outcome.summary
    assert "It may have been blocked or never released" in outcome.summary


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"ungated": "true"}, "ungated"),
        ({"ungated": "true", "environment": "PRODUCTION"}, "ungated"),
        ({"ungated": "true", "environment": "awx/fragalysis-production"}, "ungated"),
        ({"ungated": "true", "environment": "alice"}, "ungated"),
        ({"expected_stack_commit": ""}, "expected-stack-commit"),
        ({"expected_backend_digest": ""}, "expected-backend-digest"),
        ({"expected_frontend_digest": ""}, "expected-frontend-digest"),
        ({"expected_stack_digest": ""}, "expected-stack-digest"),
        ({"image_tag": "2023.06.1"}, "image-tag"),
        ({"stack_image": "none"}, "stack-image"),
        ({"extra_vars": '{"a": 1}'}, "extra-vars"),
        ({"extra_vars": '{"{image-tag}": 1}'}, "extra-vars"),
        ({"extra_vars": '{"stack_image_tag": "2023.06.2"}', "image_tag": "2023.06.2"}, "extra-vars"),
    ],
)
def test_production_takes_no_shortcut(ready: Deployment, given: dict[str, str], name: str) -> None:
    """Ungated, without what was expected, or with another tag: wrong use, named, before anything is judged.

    The configuration file alone may be asked for: it could say that there is no such component.
    """
    ready.world.github.requests.clear()
    outcome = ready.deploy(**given)
    assert outcome.status == 2
    assert f" {name} " in outcome.log or f" {name}." in outcome.log
    judging = ("/git/", "/actions/", "/compare/", "/workflows/")
    assert not [one.path for one in ready.world.github.requests if any(part in one.path for part in judging)]
    assert ready.awx.requests == []


def test_a_moved_tag_is_refused(ready: Deployment) -> None:
    """A tag that was moved between gate and deployment is refused, naming the old and the new commit."""
    old, new = ready.world.commit("2023.06.2"), ready.world.commit("2023.06.1")
    send(ready.world, "PATCH", "/git/refs/tags/2023.06.2", {"sha": new, "force": True})
    outcome = ready.deploy()
    assert outcome.status == 1
    assert outcome.findings("fail", "unknown")["tag-commit:stack"] == "fail"
    assert old[:12] in outcome.summary
    assert new[:12] in outcome.summary
    assert (ready.awx.requests, outcome.outputs["verdict"]) == ([], "blocked")


def test_another_commit_than_the_judged_one_is_refused(ready: Deployment) -> None:
    """A run at another commit than the gate judged is refused, naming both."""
    judged = ready.world.commit("2023.06.1")
    outcome = ready.deploy(expected_stack_commit=judged)
    assert (outcome.status, outcome.outputs["failed-rules"]) == (1, "tag-commit:stack")
    assert judged in outcome.log
    assert ready.world.commit("2023.06.2") in outcome.log
    assert ready.awx.requests == []


@pytest.mark.parametrize("part", ["fragalysis-backend", "fragalysis-frontend", STACK])
def test_an_image_that_was_pushed_again_is_refused(ready: Deployment, part: str) -> None:
    """An image under the same tag with another digest than judged or built is refused, naming both digests."""
    world, tag = ready.world, {"fragalysis-backend": "2023.05.1", "fragalysis-frontend": "2023.05.4"}
    old = ready.digest if part == STACK else world.digests[part][tag[part]]
    inputs = ready.inputs()
    new = world.registry.push(f"xchem/{part}", tag.get(part, "2023.06.2"), revision="e" * 40)
    assert new != old
    outcome = ready.deploy(**{name.replace("-", "_"): value for name, value in inputs.items()})
    key = "stack-image:stack" if part == STACK else f"pin-image:{part.removeprefix('fragalysis-')}"
    assert (outcome.status, outcome.outputs["failed-rules"]) == (1, key)
    for text in (outcome.log, outcome.summary):
        assert old in text
        assert new in text
    assert ready.awx.requests == []


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_a_stack_image_that_cannot_be_seen_is_refused(ready: Deployment, status: int) -> None:
    """Absent fails; whatever else the registry answers is unknown, and blocks as well."""
    ready.world.registry.fail("*", f"/v2/{REPOSITORY}/manifests/", status=status)
    outcome = ready.deploy(timeout_seconds="50")
    assert (outcome.status, outcome.outputs["failed-rules"]) == (1, "stack-image:stack")
    assert outcome.findings()["stack-image:stack"] == ("fail" if status == 404 else "unknown")
    assert ready.awx.requests == []


def test_an_old_run_that_is_run_again_is_refused(ready: Deployment) -> None:
    """A re-run of 2023.06.1 would take production back, whatever its own gate had said then."""
    digest = ready.build("2023.06.1")
    outcome = ready.deploy(
        "2023.06.1",
        expected_stack_commit=ready.world.commit("2023.06.1"),
        expected_backend_digest=ready.world.digests["fragalysis-backend"]["2023.03.1"],
        expected_frontend_digest=ready.world.digests["fragalysis-frontend"]["2023.05.3"],
        expected_stack_digest=digest,
    )
    assert (outcome.status, outcome.outputs["failed-rules"]) == (1, "tag-order:stack")
    assert ready.awx.requests == []


def test_a_finding_that_is_allowed_is_loud(ready: Deployment) -> None:
    """An allowance for the stack's image at this tag deploys, and stands out in the summary."""
    outcome = ready.deploy(expected_stack_digest=OTHER_DIGEST, allow="stack-image:stack@2023.06.2")
    assert outcome.status == 0, outcome.log
    assert "**ALLOWED by hand:** `stack-image:stack`" in outcome.summary
    assert "had no effect" not in outcome.summary


def test_what_is_switched_off_is_loud(ready: Deployment) -> None:
    """Without check-ci a production deployment goes on, as in the gate, and the summary begins with it."""
    ready.world.github.runs.clear()
    outcome = ready.deploy(check_ci="false")
    assert outcome.status == 0, outcome.log
    assert "**CI not checked**" in outcome.summary.partition("### ")[0]


def test_a_dry_run_launches_nothing(ready: Deployment) -> None:
    """With dry-run all is verified, the template in AWX too, and nothing launched."""
    outcome = ready.deploy(dry_run="true")
    assert (outcome.status, ready.awx.launches) == (0, 0), outcome.log
    assert outcome.summary.startswith("## 📝 Planned, nothing launched — `2023.06.2` on `production`")
    assert ready.awx.requests != []
    ready.awx.templates[0].asks_variables = False
    refused = ready.deploy(dry_run="true")
    assert (refused.status, ready.awx.launches) == (1, 0)
    assert "accepts no variable stack" in refused.summary
    ready.awx.templates[0].asks_variables = True
    for account in (READER, LOOKER):
        unable = ready.deploy(dry_run="true", awx_username="", awx_password="", awx_token=account.token)
        assert (unable.status, ready.awx.launches) == (2, 0)
        assert "may not be launched by this account" in unable.summary and "scope Write" in unable.summary


def test_staging_takes_the_stack_branch(ready: Deployment) -> None:
    """A gated deployment of the stack branch to staging deploys latest, and expects nothing that was not given."""
    ready.build("latest")
    event = push_branch("master", ready.world.commit("2023.06.2"))
    outcome = ready.deploy(event, environment="awx/fragalysis-staging", **NO_EXPECTATIONS)
    assert outcome.status == 0, outcome.log
    assert ready.launched() == [{"stack_image_tag": "latest"}]
    assert outcome.outputs["verdict"] == "build-only"


def test_a_running_job_is_not_followed_for_an_image_that_moves_on(ready: Deployment) -> None:
    """latest may have been another image when a running job was launched: a new job is launched, and that one named."""
    ready.build("latest")
    before = ready.awx.add_job(ready.awx.templates[1], {"stack_image_tag": "latest"}, script=ENDLESS)
    event = push_branch("master", ready.world.commit("2023.06.2"))
    outcome = ready.deploy(event, environment="staging", **NO_EXPECTATIONS)
    assert (outcome.status, ready.awx.launches) == (0, 1), outcome.log
    assert outcome.outputs["job-id"] != str(before.id)
    assert f"The AWX job {before.id} is pending with the same variables, but the image" in outcome.summary


def test_staging_does_not_take_another_branch_but_ungated(ready: Deployment) -> None:
    """A branch goes to staging only where ungated says so; the summary says that nothing was judged."""
    event = dispatch("refs/heads/fix", ready.world.commit("2023.06.2"))
    given = {"environment": "staging", "image_tag": "fix", **NO_EXPECTATIONS}
    ready.build("fix")
    refused = ready.deploy(event, **given)
    assert (refused.status, ready.awx.requests) == (1, [])
    assert "set `ungated: true`" in refused.summary
    outcome = ready.deploy(event, ungated="true", **given)
    assert outcome.status == 0, outcome.log
    assert ready.launched() == [{"stack_image_tag": "fix"}]
    assert "bypass the gate" in outcome.summary


def test_a_template_may_take_the_image_by_digest(ready: Deployment) -> None:
    """The job gets exactly the digest that was held to what the build pushed; where nobody knows it, no job starts."""
    by_digest = {"extra_vars": '{"image": "{image-digest}"}', "verify_url": ""}
    outcome = ready.deploy(**by_digest)
    assert (outcome.status, ready.launched()) == (0, [{"image": ready.digest}]), outcome.log
    given = {"environment": "staging", "ungated": "true", **NO_EXPECTATIONS, **by_digest}
    refused = ready.deploy(**given)
    assert (refused.status, ready.awx.launches) == (2, 1)
    assert (
        "The input extra-vars contains {image-digest}" in refused.log
        and "Give expected-stack-digest" in refused.summary
    )


def test_staging_holds_to_what_was_expected(ready: Deployment) -> None:
    """What is expected of a build that is not judged is looked up, and refused where it differs."""
    ready.build("latest")
    event = push_branch("master", ready.world.commit("2023.06.2"))
    given = {**NO_EXPECTATIONS, "expected_backend_digest": OTHER_DIGEST, "environment": "staging"}
    outcome = ready.deploy(event, **given)
    assert (outcome.status, outcome.outputs["failed-rules"]) == (1, "pin-image:backend")
    assert ready.awx.requests == []


def test_a_branch_is_never_for_production(ready: Deployment) -> None:
    """Production takes a production tag: a branch with all that is expected is refused."""
    event = push_branch("master", ready.world.commit("2023.06.2"))
    outcome = ready.deploy(event, expected_stack_digest=ready.build("latest"))
    assert (outcome.status, ready.awx.requests) == (1, [])
    assert outcome.outputs["deploy-production"] == "false"
    assert "production accepts a production tag only in its own run" in outcome.summary


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (FAILED, "failed: its playbook did not succeed"),
        (ERROR, "ended in an AWX error"),
        (CANCELED, "was cancelled in AWX"),
    ],
)
def test_a_job_that_ends_badly_is_a_failure(ready: Deployment, script: list[Look], words: str) -> None:
    """Failed, error and canceled each have their own text, status 1, and the job's address."""
    ready.awx.templates[0].script = script
    outcome = ready.deploy()
    assert (outcome.status, ready.awx.launches) == (1, 1)
    assert words in outcome.summary
    assert outcome.outputs["job-status"] == script[-1].status
    assert outcome.outputs["job-url"] in outcome.summary
    assert (outcome.outputs["verdict"], outcome.outputs["deploy-production"]) == ("deploy", "false")
    assert len(ready.site.requests) == 1  # the look before the launch


def test_a_job_that_never_began_deployed_nothing(ready: Deployment) -> None:
    """A failed project update fails the job before it begins: heading and card say that nothing was deployed."""
    ready.awx.templates[0].script = UPDATE_FAILED
    outcome = ready.deploy()
    assert (outcome.status, ready.awx.launches) == (1, 1)
    assert outcome.summary.startswith("## ❌ Nothing deployed: the job never began — `2023.06.2` on `production`")
    assert "project update 75 of Stack playbooks failed" in outcome.summary
    assert "part of the rollout" not in outcome.summary
    assert outcome.report is not None
    assert (outcome.report["job"]["status"], outcome.report["job"]["began"]) == ("failed", False)


def test_time_is_up(ready: Deployment) -> None:
    """A job that goes on when time is up is left running, and its address told; the next run follows it."""
    ready.awx.templates[0].script = ENDLESS
    outcome = ready.deploy(wait_minutes="0")
    assert (outcome.status, ready.awx.launches) == (1, 1)
    assert "Time is up (wait-minutes)" in outcome.summary
    assert "it is left running" in outcome.summary
    assert outcome.report is not None
    assert outcome.report["job"]["url"] == outcome.outputs["job-url"] != ""
    job = ready.awx.jobs[0]
    job.script = [RUNNING] * (job.at + 1) + [AT_ONCE[-1]]
    again = ready.deploy()
    assert (again.status, ready.awx.launches) == (0, 1), again.log
    assert again.outputs["job-url"] == outcome.outputs["job-url"]


@pytest.mark.parametrize(("on_timeout", "state"), [("leave", "running"), ("cancel", "canceled")])
def test_a_cancelled_run_tells_of_the_job(ready: Deployment, on_timeout: str, state: str) -> None:
    """SIGINT, then SIGTERM: the job is left, or cancelled; outputs, report and summary have its address, status 1."""
    ready.awx.templates[0].script = ENDLESS
    running = ready.start(on_timeout=on_timeout)
    wait_until(lambda: bool(ready.awx.jobs) and ready.awx.jobs[0].at > 2)
    running.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    running.process.send_signal(signal.SIGTERM)
    outcome = running.finish()
    assert (outcome.status, ready.awx.launches) == (1, 1), outcome.log
    assert "The run was cancelled while the AWX job" in outcome.summary
    assert outcome.report is not None
    assert outcome.report["job"]["url"] == outcome.outputs["job-url"] != ""
    asked = any(one.path.endswith("/cancel/") for one in ready.awx.requests)
    assert asked is (on_timeout == "cancel")
    # A cancelled run cannot wait for long until AWX has cancelled the job.
    assert (asked and "AWX was asked to cancel it" in outcome.summary) or outcome.outputs["job-status"] == state


def test_a_run_that_is_cancelled_before_the_launch_is_answered(ready: Deployment) -> None:
    """SIGINT while AWX has not answered the launch: a job may start all the same, so nothing says "not launched"."""
    answer, asked = threading.Event(), threading.Event()

    def late(forward: Callable[[], Reply]) -> Reply:
        asked.set()
        answer.wait(100)
        return forward()

    ready.awx.add("POST", r"/launch/$", late)
    running = ready.start()
    assert asked.wait(100)
    running.process.send_signal(signal.SIGINT)
    outcome = running.finish()
    answer.set()
    assert (outcome.status, outcome.outputs["job-id"]) == (1, ""), outcome.log
    assert outcome.summary.startswith("## ❓ Not known whether it was launched — `2023.06.2` on `production`")
    assert f"{ready.awx.url}/#/templates/job_template/{ready.awx.templates[0].id}/jobs" in outcome.summary
    assert "ot launched" not in outcome.log.replace("Not known whether it was launched", "")


def test_a_run_that_is_cancelled_while_it_waits_for_the_site(ready: Deployment) -> None:
    """SIGINT while the site does not show it yet: what the job came to, what was seen, and status 1."""
    ready.site.page = "still the old one"
    running = ready.start()
    running.wait_for("The site: ")
    running.process.send_signal(signal.SIGINT)
    outcome = running.finish()
    assert (outcome.status, outcome.outputs["job-status"]) == (1, "successful"), outcome.log
    assert "The run was cancelled while it waited for the site, after the AWX job" in outcome.summary
    assert "is not there" in outcome.summary
    assert outcome.outputs["job-url"] in outcome.summary


def test_awx_that_cannot_be_reached(ready: Deployment) -> None:
    """An AWX that nobody answers for fails by its own text, with no job."""
    outcome = ready.deploy(awx_url="http://127.0.0.1:9", wait_minutes="0")
    assert (outcome.status, ready.awx.launches, outcome.outputs["job-id"]) == (1, 0, "")
    assert "127.0.0.1:9 cannot be reached" in outcome.summary
    assert outcome.summary.startswith("## ⛔ Not launched — ")


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"awx_password": "wrong"}, 1, "The login is wrong or has expired"),
        ({"awx_username": READER.username, "awx_password": READER.password}, 2, "the role Execute"),
        ({"awx_template": "Production"}, 1, "AWX has no job template"),
    ],
    ids=["401", "403", "no such template"],
)
def test_what_awx_refuses(ready: Deployment, given: dict[str, str], status: int, words: str) -> None:
    """A wrong login, a missing right and a template that is not there have their own texts, and no job."""
    outcome = ready.deploy(**given)
    assert (outcome.status, ready.awx.launches) == (status, 0), outcome.log
    assert words in outcome.summary
    assert "wrong" not in (outcome.outputs["job-id"], outcome.outputs["job-url"])


def test_two_templates_of_one_name(ready: Deployment) -> None:
    """Two organisations with a template of that name: refused, until the organisation is given."""
    ready.awx.add_template(TEMPLATE, organization="Operations", script=AT_ONCE)
    refused = ready.deploy()
    assert (refused.status, ready.awx.launches) == (1, 0)
    assert "AWX has 2 job templates" in refused.summary
    assert ready.deploy(awx_organization="Science").status == 0


def test_a_variable_that_awx_would_drop(ready: Deployment) -> None:
    """A template that does not ask for the variable is refused before a launch, else the job would deploy anything."""
    ready.awx.templates[0].asks_variables = False
    outcome = ready.deploy()
    assert (outcome.status, ready.awx.launches) == (1, 0)
    assert "accepts no variable stack" in outcome.summary


def test_a_variable_that_awx_dropped_all_the_same(ready: Deployment) -> None:
    """Where AWX ignores the variable only in the launch itself, the job is cancelled and the deployment refused."""

    def dropped(forward: object) -> Reply:
        template = ready.awx.templates[0]
        template.asks_variables, template.script = False, ENDLESS
        reply = forward()  # type: ignore[operator]
        assert isinstance(reply, Reply)
        return reply

    ready.awx.add("POST", r"/launch/$", dropped)
    outcome = ready.deploy()
    assert (outcome.status, ready.awx.launches) == (1, 1), outcome.log
    assert "which it ignored" in outcome.summary
    assert ready.awx.jobs[0].look.status == "canceled"
    assert outcome.outputs["job-url"] != ""


def test_a_launch_whose_answer_is_lost(ready: Deployment) -> None:
    """The job that a launch without an answer has started is found and followed; nothing is launched twice."""

    def lost(forward: object) -> Reply:
        forward()  # type: ignore[operator]
        return Reply(0, dropped=True)

    ready.awx.templates[0].script = (Look("pending"), *AT_ONCE)
    ready.awx.add("POST", r"/launch/$", lost)
    outcome = ready.deploy()
    assert (outcome.status, ready.awx.launches) == (0, 1), outcome.log
    assert "AWX did not answer the launch" in outcome.summary


def test_a_site_that_does_not_show_it(ready: Deployment) -> None:
    """A site that goes on with an older version: its own text, the job successful, what was seen, status 1."""
    ready.site.page = "<title>Fragalysis | `2023.06.1`</title> and 2023.06.21"
    outcome = ready.deploy(wait_minutes="0")
    assert (outcome.status, outcome.outputs["job-status"]) == (1, "successful")
    assert outcome.summary.startswith("## ❌ Not seen on the site — `2023.06.2` on `production`\n")
    job = ready.awx.jobs[0].id
    assert f"The AWX job {job} was successful" in outcome.summary
    assert "it answered 200 with 54 bytes, and" in outcome.summary
    assert outcome.report is not None
    assert outcome.report["site"]["excerpt"] == '"Fragalysis | `2023.06.1`"'
    assert outcome.report["job"]["status"] == "successful"
    assert outcome.outputs["deploy-production"] == "false"


def test_a_site_that_takes_its_time(ready: Deployment) -> None:
    """A site that is down at first, as while pods restart, is asked again until it shows the version."""
    ready.site.fail("GET", "/viewer/", status=503, times=2)
    outcome = ready.deploy()
    assert outcome.status == 0, outcome.log
    assert len(ready.site.requests) == 3  # one of them before the launch
    assert "The site before the launch: 127.0.0.1" in outcome.log
    assert "The site: 127.0.0.1" in outcome.log


def test_without_a_page_nobody_has_looked(ready: Deployment) -> None:
    """Without verify-url it is deployed, and the summary says that nobody has looked at the site."""
    outcome = ready.deploy(verify_url="", verify_text="")
    assert (outcome.status, ready.site.requests) == (0, []), outcome.log
    assert "no `verify-url` is set" in outcome.summary


def test_a_private_stack_image_is_found_by_its_own_name(ready: Deployment) -> None:
    """stack-image names the image where it is not the stack's repository, and its digest is what counts."""
    digest = ready.world.registry.push("dev/fragalysis-stack", "2023.06.2", revision="1" * 40)
    outcome = ready.deploy(stack_image="dev/fragalysis-stack", expected_stack_digest=digest)
    assert outcome.status == 0, outcome.log
    assert outcome.report is not None
    assert outcome.report["stack"]["image"] == "docker.io/dev/fragalysis-stack:2023.06.2"


def test_a_report_that_cannot_be_written_hides_no_job(ready: Deployment) -> None:
    """A report that cannot be written is wrong use, and outputs and summary have the job all the same."""
    outcome = ready.deploy(report="/dev/null/report.json")
    assert (outcome.status, ready.awx.launches) == (2, 1)
    assert outcome.outputs["job-status"] == "successful"
    assert outcome.outputs["job-url"] in outcome.summary
    assert "The input report names '/dev/null/report.json', which cannot be written" in outcome.log


def test_no_token_is_shown(ready: Deployment) -> None:
    """Beyond the commands that mask them, no login is in log, summary or report, even where the playbook prints it."""
    ready.awx.templates[0].script = (Look("pending"), Look("failed", (f"password={ROBOT.password}",)))
    outcome = ready.deploy()
    assert outcome.status == 1
    log = [line for line in outcome.log.splitlines() if not line.startswith("::add-mask::")]
    for secret in (ROBOT.password, TOKEN):
        assert secret not in "\n".join([*log, outcome.summary, json.dumps(outcome.report)])
    assert "password=***" in log
