from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from adapters.asking import Sleeps, closed_port, unknown
from adapters.echo import Echo
from frag_release.adapters.awx import Awx, UnconfirmedLaunchError
from frag_release.adapters.awx.api import AwxRefusedError
from frag_release.adapters.http import Http
from frag_release.adapters.http.messages import basic, bearer
from frag_release.domain.awx_jobs import Job, LaunchData, Output, Template
from frag_release.domain.evidence import Denied, Unknown
from frag_release.errors import ExpectedError, RefusedError
from world import awx_jobs
from world.awx import READER, ROBOT, SOMEBODY, SUPERUSER, AwxServer
from world.awx_jobs import Account, Look, Question
from world.awx_shapes import job_json, template_json
from world.faults import JSON, Reply
from world.loopback import HOST

VARIABLES = {"stack_image_tag": "2023.06.2"}


@pytest.fixture
def client(awx: AwxServer, http: Http) -> Awx:
    """The robot's client."""
    return as_(awx, http, ROBOT)


@pytest.fixture
def gateway(http: Http) -> Iterator[AwxServer]:
    """An AWX behind the gateway of the Ansible Automation Platform."""
    server = AwxServer("/api/controller/v2/")
    yield server
    server.stop()


def as_(awx: AwxServer, http: Http, account: Account) -> Awx:
    """A client with the account's token."""
    return Awx(http, awx.url, awx.prefix, bearer(account.token, awx.url, "awx-token"))


def template(client: Awx, name: str = "Deploy", organization: str = "") -> Template:
    """The template, which must be there."""
    found = client.template(name, organization)
    assert isinstance(found, Template), found
    return found


def output(client: Awx, job: Job, start: int, gap: Callable[[int], str] | None = None) -> Output:
    """The output, which must be readable."""
    found = client.output(job, start, gap)
    assert isinstance(found, Output), found
    return found


def test_a_template_is_found_by_its_exact_name(awx: AwxServer, client: Awx) -> None:
    """Of names that only begin alike the one that was asked for is found, with its organisation and page."""
    awx.add_template("Deploy the stack & more")
    made = awx.add_template("Deploy", organization="Operations")
    found = template(client)
    assert found == Template(made.id, "Deploy", "Operations", False, f"{awx.url}/#/templates/job_template/{made.id}")
    assert template(client, "Deploy the stack & more").id == awx.templates[0].id
    assert all(one.path.endswith("/") for one in awx.requests)


def test_a_database_that_ignores_case_finds_no_other_template(awx: AwxServer, client: Awx) -> None:
    """What AWX finds by another spelling is refused, and its name told."""
    awx.add_template("DEPLOY")
    found = template_json(awx.templates[0], awx.prefix)
    awx.fail("GET", "name=Deploy", status=200, body={"count": 1, "next": None, "results": [found]})
    with pytest.raises(RefusedError, match="no job template"):
        client.template("other")
    with pytest.raises(RefusedError, match='There is "DEPLOY"'):
        client.template("Deploy")
    awx.fail("GET", "name=DEPLOY&", status=200, body={"count": 1, "next": None, "results": [found]})
    with pytest.raises(RefusedError, match='in the organisation "science"'):
        client.template("DEPLOY", "science")


def test_a_name_in_two_organisations_is_ambiguous_until_one_is_named(awx: AwxServer, client: Awx) -> None:
    """Two templates of one name are refused with the organisations they are in; with one named it is found."""
    awx.add_template("Deploy", organization="Science")
    second = awx.add_template("Deploy", organization="Operations")
    with pytest.raises(RefusedError) as caught:
        client.template("Deploy")
    assert '2 job templates "Deploy", in the organisations "Science", "Operations"' in caught.value.message
    assert "awx-organization" in caught.value.remedy
    assert template(client, organization="Operations").id == second.id
    assert awx.requests[-1].query["organization__name"] == ["Operations"]


def test_all_pages_are_read(awx: AwxServer, client: Awx) -> None:
    """The 201st template of one name is on the second page, and makes the name ambiguous all the same."""
    for _ in range(201):
        awx.add_template("Deploy")
    with pytest.raises(RefusedError, match="201 job templates"):
        client.template("Deploy")


def test_a_next_page_elsewhere_is_not_asked_for(awx: AwxServer, client: Awx, other_server: Echo) -> None:
    """A list that goes on on another server is not believed."""
    awx.fail("GET", "job_templates", status=200, body={"count": 1, "next": f"{other_server.url}/x", "results": []})
    assert "another server" in unknown(client.template("Deploy")).reason
    assert other_server.requests == []


def test_a_missing_template_is_refused(awx: AwxServer, client: Awx) -> None:
    """Where no template has the name, or none in the organisation, that is said with what to do."""
    awx.add_template("Deploy")
    with pytest.raises(RefusedError) as caught:
        client.template("Deploy", "Nobody")
    assert 'no job template "Deploy" in the organisation "Nobody"' in caught.value.message
    assert "awx-template" in caught.value.remedy


def test_the_gateway_of_the_platform(gateway: AwxServer, http: Http) -> None:
    """Behind another prefix everything works, and pages for people are the platform's own."""
    made = gateway.add_template("Deploy")
    client = as_(gateway, http, ROBOT)
    found = template(client)
    assert found.url == f"{gateway.url}/execution/templates/job-template/{made.id}"
    job = client.launch(found, VARIABLES).job
    assert job.url == f"{gateway.url}/execution/jobs/playbook/{gateway.jobs[0].id}/output"
    assert isinstance(client.job(job), Job)
    assert all(one.path.startswith("/api/controller/v2/") for one in gateway.requests)


def test_user_name_and_password(awx: AwxServer, http: Http) -> None:
    """Basic authentication works, with a password that is not ASCII; a wrong one is told apart from a missing right."""
    awx.accounts.append(Account(20, "ann", "pässwörd:x", "-"))
    awx.add_template("Deploy")
    assert template(Awx(http, awx.url, awx.prefix, basic("ann", "pässwörd:x", awx.url))).name == "Deploy"
    wrong = unknown(Awx(http, awx.url, awx.prefix, basic("ann", "s3cr3t-guess", awx.url)).template("Deploy"))
    assert "401" in wrong.reason and "Authentication credentials were not provided" in wrong.reason
    assert "awx-password" in wrong.remedy
    assert "s3cr3t-guess" not in str(wrong)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, LaunchData(True)),
        ({"asks_variables": False}, LaunchData(False)),
        (
            {"asks_variables": False, "survey": [Question("a", required=True), Question("b")]},
            LaunchData(False, frozenset("ab"), ("a",)),
        ),
        ({"asks_variables": False, "survey": [Question("a")], "survey_enabled": False}, LaunchData(False)),
        (
            {"passwords": ["ssh_password"], "inventory": False},
            LaunchData(True, needed_passwords=("ssh_password",), needs_inventory=True),
        ),
    ],
)
def test_launch_data(awx: AwxServer, client: Awx, settings: dict[str, Any], expected: LaunchData) -> None:
    """What a template asks for is read, the survey only where it counts; nothing is launched."""
    awx.add_template("Deploy", **settings)
    assert client.launch_data(template(client)) == expected
    assert {one.method for one in awx.requests} == {"GET"}


def test_a_launch(awx: AwxServer, client: Awx) -> None:
    """One POST with the variables as an object makes the job that comes back."""
    made = awx.add_template("Deploy")
    launched = client.launch(template(client), VARIABLES)
    (post,) = [one for one in awx.requests if one.method == "POST"]
    assert post.request.body == b'{"extra_vars": {"stack_image_tag": "2023.06.2"}}'
    job = launched.job
    assert (launched.ignored, job.template, job.status, job.variables) == ([], made.id, "pending", VARIABLES)
    assert (job.launched_by, job.url) == ("robot", f"{awx.url}/#/jobs/playbook/{job.id}/output")
    assert awx.launches == 1


def test_ignored_variables_are_named(awx: AwxServer, client: Awx) -> None:
    """What AWX has dropped comes back by name with the job."""
    awx.add_template("Deploy", asks_variables=False)
    assert client.launch(template(client), {"b": 1, "a": 2}).ignored == ["a", "b"]
    awx.fail("POST", "launch", status=201, body={**job_json(awx.jobs[0], awx.prefix), "ignored_fields": {"limit": "x"}})
    assert client.launch(template(client), {}).ignored == ["limit"]


def test_a_sliced_template_starts_a_workflow(awx: AwxServer, client: Awx) -> None:
    """A sliced template's job is the workflow: looked at, cancelled and shown as such, and found beside its slices."""
    awx.add_template("Deploy", slices=2)
    found = template(client)
    job = client.launch(found, VARIABLES).job
    assert job.is_workflow and job.url.endswith(f"/#/jobs/workflow/{job.id}/output")
    assert isinstance(now := client.job(job), Job) and now.status == "waiting"
    listed = client.recent_jobs(found)
    assert not isinstance(listed, Unknown)
    assert [(one.id, one.is_slice) for one in listed] == [(job.id + 2, True), (job.id + 1, True), (job.id, False)]
    assert client.output(job, 0) == Output("", 0)
    assert client.prompts(job) is None
    assert client.cancel(job) is True


@pytest.mark.parametrize(
    ("account", "settings", "error", "words"),
    [
        (READER, {}, AwxRefusedError, '403 ("You do not have permission'),
        (Account(0, "", "", "wrong"), {}, AwxRefusedError, "401"),
        (
            ROBOT,
            {"survey": [Question("a", required=True)]},
            RefusedError,
            "variables_needed_to_start: 'a' value missing",
        ),
        (ROBOT, {"passwords": ["ssh_password"]}, RefusedError, "passwords_needed_to_start: ssh_password"),
        (ROBOT, {"inventory": False}, RefusedError, "resources_needed_to_start: Job Template inventory is missing"),
    ],
)
def test_a_refused_launch(
    awx: AwxServer, http: Http, account: Account, settings: dict[str, Any], error: type[ExpectedError], words: str
) -> None:
    """What AWX says to a launch that it refuses is told with what helps; for a missing right the status is 2."""
    awx.add_template("Deploy", **settings)
    found = template(as_(awx, http, ROBOT))
    with pytest.raises(error) as caught:
        as_(awx, http, account).launch(found, {})
    assert caught.value.message.startswith("Nothing was launched: ") and words in caught.value.message
    assert caught.value.exit_status == (2 if error is AwxRefusedError else 1)
    assert account.token not in caught.value.message


@pytest.mark.parametrize("status", [404, 405, 409])
def test_other_refusals_of_a_launch(awx: AwxServer, client: Awx, status: int) -> None:
    """Whatever below 500 is no 201 is a launch that did not happen."""
    awx.add_template("Deploy")
    awx.fail("POST", "launch", status=status, body={"detail": 'Method "POST" not allowed.'})
    with pytest.raises(RefusedError, match=f"Nothing was launched: .*{status} "):
        client.launch(template(client), {})


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda awx: awx.drop("POST", "launch"), id="connection lost"),
        pytest.param(lambda awx: awx.truncate("POST", "launch"), id="answer cut"),
        pytest.param(lambda awx: awx.fail("POST", "launch", status=502), id="502"),
        pytest.param(lambda awx: awx.html("POST", "launch"), id="a page"),
        pytest.param(lambda awx: awx.fail("POST", "launch", status=201, body={"job": 7}), id="no job"),
    ],
)
def test_a_launch_without_a_usable_answer_is_unconfirmed(
    awx: AwxServer, client: Awx, fault: Callable[[AwxServer], None]
) -> None:
    """Where the answer is lost or makes no sense, nobody knows whether there is a job; it is sent once."""
    awx.add_template("Deploy")
    found = template(client)
    fault(awx)
    with pytest.raises(UnconfirmedLaunchError):
        client.launch(found, VARIABLES)
    assert len([one for one in awx.requests if one.method == "POST"]) == 1


def test_an_unreachable_awx_launches_nothing(http: Http) -> None:
    """Without a connection it is certain that there is no job."""
    client = Awx(http, f"http://{HOST}:{closed_port()}", "/api/v2/", None)
    assert "cannot be reached" in unknown(client.template("Deploy")).reason
    with pytest.raises(ExpectedError, match="Nothing was launched: ") as caught:
        client.launch(Template(7, "Deploy", "", False, ""), VARIABLES)
    assert not isinstance(caught.value, UnconfirmedLaunchError)


def test_a_page_in_place_of_the_api(awx: AwxServer, http: Http, client: Awx) -> None:
    """A page to log in on, also after a redirect, and a wrong prefix are no AWX: the address is what to look at."""
    awx.html("GET", "/login", times=1)
    awx.fail("GET", "job_templates", status=302, headers={"Location": "/login?next=x"}, times=1)
    told = unknown(client.template("Deploy"))
    assert "answered 200 with a page that is not AWX's API" in told.reason
    assert "awx-api-path" in told.remedy
    elsewhere = Awx(http, awx.url, "/api/controller/v2/", bearer(ROBOT.token, awx.url, "awx-token"))
    assert "answered 404 with a page" in unknown(elsewhere.template("Deploy")).reason
    older = Awx(http, awx.url, "/api/v2/v1/", bearer(ROBOT.token, awx.url, "awx-token"))
    assert "awx-api-path" in unknown(older.template("Deploy")).remedy


def test_the_token_stays_with_awx(awx: AwxServer, client: Awx, other_server: Echo) -> None:
    """A redirect to another server is not followed: as to a page to log in on, which is said, for orders as well."""
    awx.add_template("Deploy")
    found = template(client)
    awx.fail("*", "job_templates", status=302, headers={"Location": f"{other_server.url}/sso?next=s3cr3t"})
    told = unknown(client.template("Deploy"))
    elsewhere = other_server.url.removeprefix("http://")
    assert f"redirects to {elsewhere}, probably to a login page, when asked for" in told.reason
    assert "awx-url" in told.remedy and "s3cr3t" not in str(told)
    with pytest.raises(ExpectedError) as caught:
        client.launch(found, VARIABLES)
    assert "Nothing was launched: " in caught.value.message and elsewhere in caught.value.message
    assert other_server.requests == []


def test_an_upgrading_awx_is_asked_again(awx: AwxServer, client: Awx, sleeps: Sleeps) -> None:
    """While AWX upgrades its database it does nothing: it is asked again every ten seconds, for a launch, too."""
    awx.add_template("Deploy")
    awx.upgrading = 3
    found = template(client)
    assert sleeps.seconds == [10.0] * 3
    awx.upgrading = 2
    assert client.launch(found, VARIABLES).job.status == "pending"
    assert (awx.launches, len(sleeps.seconds)) == (1, 5)


def test_an_upgrade_that_lasts_is_told_as_such(awx: AwxServer, client: Awx) -> None:
    """After a minute it is said, and that nothing is wrong with address or login; a launch did nothing."""
    awx.add_template("Deploy")
    found = template(client)
    awx.upgrading = 1000
    told = unknown(client.template("Deploy"))
    assert "is being upgraded and serves no requests, when asked for the job template" in told.reason
    assert "upgrade of AWX is finished" in told.remedy and "awx-api-path" not in told.remedy
    with pytest.raises(ExpectedError, match=r"Nothing was launched: .* is being upgraded") as caught:
        client.launch(found, VARIABLES)
    assert not isinstance(caught.value, UnconfirmedLaunchError)


@pytest.mark.parametrize(
    ("version", "job_page", "template_page"),
    [
        ("24.6.1", "/#/jobs/playbook/102/output", "/#/templates/job_template/101"),
        ("21.14.0", "/#/jobs/playbook/102/output", "/#/templates/job_template/101"),
        ("24.6.2.dev5+g123", "/jobs/playbook/102/output", "/templates/job-template/101"),
        ("25.0.0", "/jobs/playbook/102/output", "/templates/job-template/101"),
        ("devel", "/#/jobs/playbook/102/output", "/#/templates/job_template/101"),
    ],
)
def test_pages_are_where_this_version_has_them(
    awx: AwxServer, client: Awx, version: str, job_page: str, template_page: str
) -> None:
    """Links for people are those of the version that AWX names in its answers, and the old ones if it names none."""
    awx.version = version
    awx.add_template("Deploy")
    found = template(client)
    assert found.url == f"{awx.url}{template_page}"
    assert client.jobs_url(found) == f"{awx.url}{template_page}/jobs"
    job = client.launch(found, VARIABLES).job
    assert job.url == f"{awx.url}{job_page}"
    assert isinstance(now := client.with_deadline(20).job(job), Job) and now.url == job.url


def test_all_jobs_that_run_are_seen(awx: AwxServer, client: Awx) -> None:
    """A job that runs is found behind any number of newer ones; a part of them is not taken for all."""
    made = awx.add_template("Deploy")
    running = awx.add_job(made, VARIABLES, script=awx_jobs.ENDLESS)
    for _ in range(60):
        awx.add_job(made, {}, script=awx_jobs.SUCCESSFUL[-1:])
    found = template(client)
    jobs = client.running_jobs(found)
    assert not isinstance(jobs, Unknown) and [job.id for job in jobs] == [running.id]
    for _ in range(200):
        awx.add_job(made, {}, script=awx_jobs.ENDLESS)
    assert "only a part of the jobs" in unknown(client.running_jobs(found)).reason


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"results": [{"id": "7"}], "next": null}', b"<html>", b"\xff"])
def test_answers_that_make_no_sense_are_unknown(awx: AwxServer, client: Awx, body: bytes) -> None:
    """A reply that is not what the API promises is no evidence, and no crash."""
    awx.add("GET", "/", lambda _: Reply(200, (("Content-Type", JSON),), body))
    for answer in (client.template("Deploy"), client.launch_data(Template(7, "Deploy", "", False, "")), client.me()):
        assert "a response that does not match its API" in unknown(answer).reason


def test_how_a_job_was_launched(awx: AwxServer, client: Awx) -> None:
    """The prompts of a job are what it was launched with, not all that it runs with; secret answers stay hidden."""
    made = awx.add_template("Deploy", variables={"size": 3}, survey=[Question("key", secret=True)])
    awx.add_job(made, {"key": "s3cr3t"}, SOMEBODY)
    (job,) = client.recent_jobs(template(client))  # type: ignore[misc]
    assert isinstance(job, Job)
    assert (job.variables, job.launched_by) == ({"size": 3, "key": "$encrypted$"}, "somebody")
    assert client.prompts(job) == {"extra_vars": {"key": "$encrypted$"}}
    assert client.me() == "robot"
    awx.fail("GET", "me/", status=200, body={"results": []})
    assert "does not name the account of the login" in unknown(client.me()).reason


def test_a_deleted_job(awx: AwxServer, client: Awx) -> None:
    """A job that AWX has no longer is None, and its output unknown."""
    awx.add_template("Deploy")
    job = client.launch(template(client), {}).job
    awx.jobs.clear()
    assert client.job(job) is None
    assert client.prompts(job) is None
    unknown(client.output(job, 0))


def test_cancelling(awx: AwxServer, client: Awx, http: Http) -> None:
    """A job that runs is cancelled; of one that is over a superuser is told so, and others are refused."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    job = client.launch(template(client), {}).job
    assert client.cancel(job) is True
    assert as_(awx, http, SUPERUSER).cancel(job) is False
    assert isinstance(refused := client.cancel(job), Denied) and "403" in refused.reason


def test_output_comes_in_parts(awx: AwxServer, client: Awx) -> None:
    """Each part is what came after the one before, line for line, whatever colours and line ends AWX sends."""
    lines = ["\x1b[0;32mok: [web-1]\x1b[0m", "a\r\nb"]
    looks = [Look("running", lines), Look("running", [*lines, "end"])]
    awx.add_job(awx.add_template("Deploy"), {}, script=looks)
    (job,) = client.recent_jobs(template(client))  # type: ignore[misc]
    assert isinstance(job, Job)
    first = output(client, job, 0)
    assert first.text == "ok: [web-1]\na\nb\n"
    client.job(job)
    assert output(client, job, first.next_line) == Output("end\n", first.next_line + 1)
    # Events that were there before, should AWX send them once more, are not printed again.
    everything = {"next": None, "results": awx.jobs[0].events()}
    awx.fail("GET", "job_events", status=200, body=everything)
    assert output(client, job, first.next_line) == Output("end\n", first.next_line + 1)


def test_output_waits_for_a_line_that_has_not_come(awx: AwxServer, client: Awx) -> None:
    """Lines behind one that is still to come are kept back, until it comes or is given up."""
    awx.add_job(awx.add_template("Deploy"), {}, script=[Look("running", ["one", None, "three"])])
    (job,) = client.recent_jobs(template(client))  # type: ignore[misc]
    assert isinstance(job, Job)
    assert output(client, job, 0) == Output("one\n", 1)
    assert output(client, job, 1) == Output("", 1)
    assert output(client, job, 1, "{} never came\n".format) == Output("1 never came\nthree\n", 3)


def test_long_output_is_read_to_its_end(awx: AwxServer, client: Awx) -> None:
    """Output of many pages comes whole and in order; of more pages than are read at once, the rest later."""
    lines = [f"line {number}" for number in range(1200)]
    awx.add_job(awx.add_template("Deploy"), {}, script=[Look("running", lines)])
    (job,) = client.recent_jobs(template(client))  # type: ignore[misc]
    assert isinstance(job, Job)
    first = output(client, job, 0)
    rest = output(client, job, first.next_line)
    assert (first.is_all, rest.is_all, rest.next_line) == (False, True, 1200)
    assert (first.text + rest.text).splitlines() == lines


def test_output_whose_next_page_is_missing_is_not_all(awx: AwxServer, client: Awx) -> None:
    """What came is shown, and the rest asked for again: a page that AWX named and does not have ends no list."""
    awx.add_job(awx.add_template("Deploy"), {}, script=[Look("running", [f"line {number}" for number in range(300)])])
    (job,) = client.recent_jobs(template(client))  # type: ignore[misc]
    assert isinstance(job, Job)
    awx.fail("GET", "job_events/.*page=2", status=404, body={"detail": "Not found."}, times=1)
    first = output(client, job, 0)
    assert (first.text.startswith("line 0\n"), first.is_all) == (True, False)
    rest = output(client, job, first.next_line)
    assert (rest.is_all, rest.next_line) == (True, 300)


def test_the_end_of_output_is_read_from_behind(awx: AwxServer, client: Awx) -> None:
    """The last hundred events come in order with how many lines are before them, and no line that was read already."""
    lines = [f"line {number}" for number in range(1200)]
    awx.add_job(awx.add_template("Deploy"), {}, script=[Look("failed", lines)])
    (job,) = client.recent_jobs(template(client))  # type: ignore[misc]
    assert isinstance(job, Job)
    asked = len(awx.requests)
    expected = "".join(f"line {number}\n" for number in range(1100, 1200))
    assert client.end_of_output(job, 1000) == Output(expected, 1200, left_out=100)
    assert client.end_of_output(job, 1199) == Output("line 1199\n", 1200)
    assert client.end_of_output(job, 1200) == Output("", 1200)
    assert len(awx.requests) == asked + 3


def test_lists_that_are_shorter_than_they_say_are_unknown(awx: AwxServer, client: Awx) -> None:
    """Of two templates of one name, or of a running job, that AWX counts but does not send nobody knows."""
    awx.add_template("Deploy", organization="Science")
    found = template(client)
    awx.add_job(awx.templates[0], {})
    awx.add_template("Deploy", organization="Operations")
    awx.change_json("GET", r"/job_templates/\?", lambda page: page["results"].pop())
    awx.change_json("GET", "/jobs/", lambda page: page["results"].clear())
    assert "only 1 of 2" in unknown(client.template("Deploy")).reason
    assert "only a part of the jobs" in unknown(client.recent_jobs(found)).reason


@pytest.mark.parametrize("other", [{"id": 999}, {"type": "workflow_job"}, {"created": "2020-01-01T00:00:00Z"}])
def test_another_job_is_no_answer(awx: AwxServer, client: Awx, other: dict[str, Any]) -> None:
    """A job of another number, kind or time, as after a restored database, does not tell how ours is."""
    awx.add_template("Deploy", script=awx_jobs.SUCCESSFUL)
    job = client.launch(template(client), {}).job
    awx.change_json("GET", r"/jobs/[0-9]+/$", lambda document: document.update(other))
    assert "sent another job" in unknown(client.job(job)).reason


def test_a_launch_that_tells_nothing_of_its_variables_has_ignored_them(awx: AwxServer, client: Awx) -> None:
    """Without ignored_fields in the answer nobody knows that the variables were taken."""
    awx.add_template("Deploy")
    awx.change_json("POST", "/launch/", lambda document: document.pop("ignored_fields"))
    assert client.launch(template(client), {"tag": "1"}).ignored == ["fields that it does not name"]
