from __future__ import annotations

from typing import Any

import pytest
import requests

from world.awx import LOOKER, OWNER, READER, ROBOT, SOMEBODY, SUPERUSER, AwxServer
from world.awx_jobs import ENDLESS, LINES, SUCCESSFUL, Account, Question


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
    assert ask(awx, "jobs/1/").json() == {"detail": "Not found."}
    assert ask(awx, "job_templates").headers["Location"].endswith("/job_templates/")


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
