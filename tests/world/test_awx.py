from __future__ import annotations

import concurrent.futures
from typing import Any

import pytest
import requests

from world.awx import LOOKER, OWNER, READER, ROBOT, SOMEBODY, SUPERUSER, AwxServer
from world.awx_jobs import ENDLESS, LINES, NO_RUNNER, SUCCESSFUL, UPDATE_FAILED, Account, Look, Question


def ask(awx: AwxServer, path: str, account: Account = ROBOT, method: str = "GET", **more: Any) -> requests.Response:
    """Ask for a path below the API with the account's token."""
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Bearer {account.token}"}
        url = f"{awx.url}{awx.prefix}{path}"
        return session.request(method, url, headers=headers, timeout=20, allow_redirects=False, **more)


def test_a_job_goes_on_by_being_looked_at(awx: AwxServer) -> None:
    """A launched job shows one state after the other, and its output grows to all its lines."""
    template = awx.add_template("Deploy")
    launched = ask(awx, f"job_templates/{template.id}/launch/", method="POST", json={"extra_vars": {"tag": "1"}})
    assert (launched.status_code, launched.json()["status"]) == (201, "pending")
    path = f"jobs/{launched.json()['job']}/"
    seen = [ask(awx, path).json()["status"] for _ in range(4)]
    assert seen == ["waiting", "running", "successful", "successful"]
    events = ask(awx, f"{path}job_events/?start_line__gte=2").json()["results"]
    assert [event["stdout"] for event in events] == list(LINES[2:])


def test_what_is_not_prompted_for_is_ignored(awx: AwxServer) -> None:
    """Without prompting only the survey's variables are taken; the others come back, and the job does without."""
    template = awx.add_template("Deploy", asks_variables=False, survey=[Question("tag")], variables={"size": 3})
    body = {"extra_vars": {"tag": "1", "size": 9}}
    answer = ask(awx, f"job_templates/{template.id}/launch/", method="POST", json=body).json()
    assert answer["ignored_fields"] == {"extra_vars": {"size": 9}}
    assert awx.jobs[0].variables == {"size": 3, "tag": "1"}


def test_errors_are_those_of_awx(awx: AwxServer) -> None:
    """A field that is none is a 400, a missing answer too; who may only read gets a 403, who is nobody a 401."""
    template = awx.add_template("Deploy", survey=[Question("tag", required=True)])
    launch = f"job_templates/{template.id}/launch/"
    assert ask(awx, "job_templates/?nam=Deploy").status_code == 400
    refused = ask(awx, launch, method="POST", json={})
    assert (refused.status_code, refused.json()) == (400, {"variables_needed_to_start": ["'tag' value missing"]})
    assert ask(awx, launch, READER, "POST", json={}).status_code == 403
    assert ask(awx, launch, LOOKER, "POST", json={}).status_code == 403
    found = ask(awx, f"job_templates/{template.id}/", LOOKER).json()
    assert found["summary_fields"]["user_capabilities"]["start"] is False
    bare = awx.add_template("Bare", project=False)
    refused = ask(awx, f"job_templates/{bare.id}/launch/", SUPERUSER, "POST", json={})
    needs = {"resources_needed_to_start": ["Job Template project is missing or undefined."]}
    assert (refused.status_code, refused.json()) == (400, needs)
    assert ask(awx, launch, Account(0, "", "", "wrong")).status_code == 401
    assert ask(awx, "jobs/1/").json() == {"detail": "No Job matches the given query."}
    assert ask(awx, "workflow_jobs/1/").json() == {"detail": "No WorkflowJob matches the given query."}
    assert ask(awx, "job_templates/1/").json() == {"detail": "No JobTemplate matches the given query."}
    nowhere = ask(awx, "nothing/")
    assert (nowhere.status_code, nowhere.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert ask(awx, "job_templates").headers["Location"].endswith("/job_templates/")


def test_every_wrong_login_is_told_alike(awx: AwxServer) -> None:
    """A wrong token, a wrong password and none get one 401, which names Bearer; a good one is told the version."""
    words = "Authentication credentials were not provided. To establish a login session, visit /api/login/."
    url = f"{awx.url}{awx.prefix}me/"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic d3Jvbmc6d3Jvbmc="}):
        with requests.Session() as session:
            session.trust_env = False
            refused = session.get(url, headers=headers, timeout=20)
        assert (refused.status_code, refused.json()) == (401, {"detail": words})
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert "X-API-Product-Version" not in refused.headers
    known = ask(awx, "me/")
    assert (known.headers["X-API-Product-Version"], known.headers["X-API-Product-Name"]) == ("24.6.1", "AWX")


def test_an_upgrade_redirects_everything(awx: AwxServer) -> None:
    """While it upgrades both questions and orders are redirected to a page, and nothing is done."""
    template = awx.add_template("Deploy")
    awx.upgrading = 2
    answers = [ask(awx, "me/"), ask(awx, f"job_templates/{template.id}/launch/", method="POST", json={})]
    assert [(one.status_code, one.headers["Location"]) for one in answers] == [(302, "/migrations_notran/")] * 2
    assert (awx.launches, ask(awx, "me/").status_code) == (0, 200)


def test_a_job_can_be_seen_only_when_its_launch_is_answered(awx: AwxServer) -> None:
    """A launch is one transaction: until the POST is answered there is no job, and two at one moment make two."""
    template = awx.add_template("Deploy")
    answer = awx.hold("POST", "/launch/")
    path = f"job_templates/{template.id}/launch/"
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        both = [pool.submit(ask, awx, path, method="POST", json={}) for _ in range(2)]
        listed = ask(awx, f"job_templates/{template.id}/jobs/").json()
        answer.set()
        made = {one.result().json()["job"] for one in both}
    assert listed["count"] == 0
    assert made == {job["id"] for job in ask(awx, f"job_templates/{template.id}/jobs/").json()["results"]}
    assert len(made) == 2


def test_jobs_are_chosen_by_status(awx: AwxServer) -> None:
    """The jobs of a template that have not ended are asked for by their statuses, however many have ended since."""
    template = awx.add_template("Deploy")
    jobs = [awx.add_job(template, {}, script=[Look(status)]) for status in ("new", "running", "failed", "successful")]
    found = ask(awx, f"job_templates/{template.id}/jobs/?status__in=new,pending,waiting,running").json()
    assert [one["id"] for one in found["results"]] == [jobs[0].id, jobs[1].id]


def test_what_never_began_has_no_start(awx: AwxServer) -> None:
    """A failed project update ends the job before it starts; an error of AWX is explained in a traceback alone."""
    failed, broken = (
        awx.add_job(awx.add_template("Deploy"), {}, script=script) for script in (UPDATE_FAILED, NO_RUNNER)
    )
    for job, words in ((failed, ("job_explanation", "Previous Task Failed: ")), (broken, ("result_traceback", "Key"))):
        ask(awx, f"jobs/{job.id}/")
        shown = ask(awx, f"jobs/{job.id}/").json()
        assert shown["started"] is None and shown["finished"] is not None
        assert words[1] in shown[words[0]]
    assert shown["job_explanation"] == ""


@pytest.mark.parametrize(("looks", "seen"), [(1, ["canceled"]), (3, ["running", "running", "canceled"])])
def test_a_running_job_takes_its_time_to_be_cancelled(awx: AwxServer, looks: int, seen: list[str]) -> None:
    """A cancellation is accepted (202), shows after so many looks, and is refused once the job is over."""
    template = awx.add_template("Deploy")
    job = awx.add_job(template, {}, at=2)
    job.script = [*job.script[:3], *[job.script[2]] * 5]
    awx.cancel_looks = looks
    path = f"jobs/{job.id}/"
    assert ask(awx, f"{path}cancel/", method="POST").status_code == 202
    assert [ask(awx, path).json()["status"] for _ in range(looks)] == seen
    assert ask(awx, f"{path}cancel/", method="POST").status_code == 403
    assert ask(awx, f"{path}cancel/").json() == {"can_cancel": False}


def test_who_may_cancel(awx: AwxServer) -> None:
    """Who launched a job, the template's admins and superusers; of an ended one a superuser alone gets the 405."""
    template = awx.add_template("Deploy", script=ENDLESS)
    expected = {READER: (403, 403), ROBOT: (403, 403), SOMEBODY: (202, 403), OWNER: (202, 403), SUPERUSER: (202, 405)}
    for kind in ("jobs", "workflow_jobs"):
        for account, statuses in expected.items():
            job = awx.add_job(template, {}, SOMEBODY, is_workflow=kind == "workflow_jobs")
            running = ask(awx, f"{kind}/{job.id}/cancel/", account, "POST")
            job.script, job.cancelled_at = SUCCESSFUL[-1:], None
            ended = ask(awx, f"{kind}/{job.id}/cancel/", account, "POST")
            assert (running.status_code, ended.status_code) == statuses
    assert ask(awx, f"jobs/{job.id}/cancel/").status_code == 404
