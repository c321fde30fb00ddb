"""The launching and following of a job, against the loopback AWX; a wait takes no time, but counts."""

from __future__ import annotations

import contextlib
import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.asking import closed_port
from frag_release.adapters.awx import Awx
from frag_release.adapters.http import Http
from frag_release.adapters.http.messages import Failure, Request, Response, bearer
from frag_release.adapters.http.retry import Deadline
from frag_release.commands.deploy.awx_job import AwxJob
from frag_release.commands.waiting import Clock
from frag_release.domain.awx_jobs import Job, JobProgress, OnTimeout
from frag_release.errors import Cancelled, ExpectedError
from frag_release.inputs.settings.awx import AwxSettings
from frag_release.render.deploy import job_line
from world import awx_jobs
from world.awx import LOOKER, OWNER, READER, ROBOT, SOMEBODY, SUPERUSER, AwxServer
from world.awx_jobs import LINES, PENDING, RUNNING, Account, Look, Question
from world.faults import Forward, Misbehaviour, Reply
from world.loopback import HOST

TAG = {"stack_image_tag": "2023.06.2"}
NOW = datetime.datetime(2023, 6, 2, 10, 0, tzinfo=datetime.timezone.utc)


@dataclass
class Deployment:
    """One run of ours, with what it has told; `waits` has each wait, `before_wait` is called with their number."""

    job: AwxJob
    said: list[JobProgress] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    before_wait: Callable[[int], None] = lambda number: None

    def run(self) -> Job:
        """Start and follow."""
        self.job.start()
        return self.job.follow()

    def stopped(self) -> ExpectedError:
        """Start and follow, which must end with an error that names the job's page, if there is a job."""
        with pytest.raises(ExpectedError) as caught:
            self.run()
        self._tells(caught.value)
        return caught.value

    def cancelled(self) -> Cancelled:
        """The same where the run is cancelled."""
        with pytest.raises(Cancelled) as caught:
            self.run()
        self._tells(caught.value)
        return caught.value

    def _tells(self, end: ExpectedError | Cancelled) -> None:
        assert end.remedy
        if self.job.seen:
            assert self.job.seen.url in end.message

    @property
    def output(self) -> list[str]:
        """The lines that were printed."""
        return "\n".join(self.printed).split("\n")


Deploy = Callable[..., Deployment]


@pytest.fixture
def deploy(awx: AwxServer) -> Deploy:
    """A run against that AWX, with so many seconds to wait in all."""

    def make(
        seconds: float = 600, account: Account = ROBOT, url: str = "", *, alone: bool = False, **changes: Any
    ) -> Deployment:
        url = url or awx.url
        given: dict[str, Any] = {"username": "", "password": "", "organization": "", "on_timeout": OnTimeout.LEAVE}
        given |= {"url": url, "api_path": awx.prefix, "token": account.token, "template": "Deploy", "variables": TAG}
        settings = AwxSettings(**{**given, **changes})
        client = Awx(Http(Deadline(60), sleep=lambda _: None), url, awx.prefix, bearer(account.token, url, "awx-token"))
        made: Deployment

        def sleep(wait: float) -> None:
            made.before_wait(len(made.waits))
            made.waits.append(wait)

        clock = Clock(lambda: NOW, lambda: seconds - sum(made.waits), sleep)
        told: list[JobProgress] = []
        printed: list[str] = []
        job = AwxJob(client, settings, clock, told.append, printed.append, alone=alone)
        made = Deployment(job, told, printed)
        return made

    return make


def posts(awx: AwxServer, path: str = "/launch/") -> int:
    """How often AWX was told to do something."""
    return len([one for one in awx.requests if one.method == "POST" and one.path.endswith(path)])


def interrupt(at: int) -> Callable[[int], None]:
    """Cancel the run at its wait of that number, as the handler of SIGINT does."""

    def stop(number: int) -> None:
        if number == at:
            raise Cancelled("The run was cancelled, so nothing was decided.", "Run it again.")

    return stop


def waited_for(run: Deployment, method: str, path: str) -> float:
    """Run to the end, and return how many seconds a request of this kind was given at most."""
    http = run.job.awx._api.http
    exchange, given = http._connected(), [0.0]

    def observed(request: Request, seconds: float) -> Response | Failure:
        if request.method == method and path in request.url:
            given.append(seconds)
        return exchange(request, seconds)

    http._exchange = observed  # type: ignore[assignment]
    with contextlib.suppress(ExpectedError, Cancelled):
        run.run()
    return max(given)


def answered_and_lost(forward: Forward) -> Reply:
    """Do what was asked for, and drop the connection before the answer."""
    forward()
    return Reply(0, dropped=True)


def test_a_job_is_launched_followed_and_successful(awx: AwxServer, deploy: Deploy) -> None:
    """One job with the variables; its states are told, its output printed once and in order; it is ours."""
    awx.add_template("Deploy")
    run = deploy()
    ended = run.run()
    assert (ended.status, run.job.seen, run.job.launched) == ("successful", ended, True)
    assert [one.job.status for one in run.said] == ["waiting", "running", "successful"]
    assert run.output == list(LINES)
    assert (awx.launches, awx.jobs[0].variables) == (1, TAG)
    assert run.waits == sorted(run.waits) and max(run.waits) <= 15
    assert run.job.notes == []


def test_secrets_are_not_printed(awx: AwxServer, deploy: Deploy) -> None:
    """A playbook that prints our own token has it replaced, wherever it stands."""
    line = f"ok: token={ROBOT.token}, again {ROBOT.token}"
    awx.add_template("Deploy", script=(RUNNING, Look("successful", [*LINES[:2], line])))
    run = deploy()
    run.run()
    assert run.output[-1] == "ok: token=***, again ***"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (awx_jobs.FAILED, "failed: its playbook did not succeed everywhere"),
        (
            awx_jobs.ERROR,
            'ended in an AWX error before it was complete. AWX reports "Task was marked as running at system start',
        ),
        (awx_jobs.CANCELED, "was cancelled in AWX, but not by this run"),
    ],
)
def test_other_ends_are_failures(awx: AwxServer, deploy: Deploy, script: tuple[Look, ...], words: str) -> None:
    """`failed`, `error` and `canceled` each end the run with words of their own and the job's page."""
    awx.add_template("Deploy", script=script)
    error = deploy().stopped()
    assert words in error.message
    assert (error.exit_status, awx.launches) == (1, 1)


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            awx_jobs.UPDATE_FAILED,
            'failed before it began. AWX reports "the project update 75 of Stack playbooks failed before it".',
        ),
        (awx_jobs.NO_RUNNER, """ended in an AWX error before it began. AWX reports "KeyError: "k8s"". """),
        (awx_jobs.CANCELED_EARLY, "was cancelled in AWX before it began, but not by this run."),
    ],
)
@pytest.mark.parametrize("slices", [1, 2])
def test_a_job_that_never_began_has_deployed_nothing(
    awx: AwxServer, deploy: Deploy, script: tuple[Look, ...], words: str, slices: int
) -> None:
    """What AWX ends before it begins it is told so, with why, and no half rollout is feared: nothing was deployed."""
    awx.add_template("Deploy", script=script, slices=slices)
    error = deploy().stopped()
    if slices == 1 or "KeyError" not in words:
        assert words in error.message
    assert "Nothing was deployed" in error.remedy and "part of the rollout" not in error.remedy


def test_the_last_line_of_a_traceback_is_what_an_error_is(awx: AwxServer, deploy: Deploy) -> None:
    """AWX explains an error of its own in a traceback alone: its last line is told, without our login."""
    trace = f"Traceback (most recent call last):\n  File x\nValueError: no node for {ROBOT.token}\n\n"
    awx.add_template("Deploy", script=(RUNNING, Look("error", traceback=trace)))
    error = deploy().stopped()
    assert 'ended in an AWX error before it was complete. AWX reports "ValueError: no node for ***".' in error.message
    assert "the rollout may be partly done" in error.remedy


def test_why_a_job_is_pending_is_told(awx: AwxServer, deploy: Deploy) -> None:
    """A job that waits says what it waits for, as soon as AWX says it, and again when time is up."""
    waiting = Look("pending", (), "waiting for job-74 to finish")
    awx.add_template("Deploy", script=(PENDING, PENDING, PENDING, awx_jobs.NO_CAPACITY, waiting))
    run = deploy(seconds=100)
    error = run.stopped()
    lines = list(dict.fromkeys(map(job_line, run.said)))
    number = awx.jobs[0].id
    assert lines == [
        f"AWX job {number}: pending",
        f'AWX job {number}: pending | AWX reports "{awx_jobs.NO_CAPACITY.explanation}"',
        f'AWX job {number}: pending | AWX reports "waiting for job-74 to finish"',
    ]
    assert len({one.state for one in run.said}) == 3
    assert "is pending: it is left in AWX's queue and may begin at any time." in error.message
    assert 'AWX reports "waiting for job-74 to finish".' in error.message


def test_a_job_that_is_cancelled_in_the_queue_has_deployed_nothing(awx: AwxServer, deploy: Deploy) -> None:
    """Where our own cancelling comes before the job begins, there is no half rollout to look for."""
    awx.add_template("Deploy", script=(PENDING,))
    error = deploy(seconds=60, on_timeout=OnTimeout.CANCEL).stopped()
    assert "it is canceled" in error.message
    assert error.remedy == "Nothing was deployed: it had not begun. Running this again launches a new job."


def test_output_that_comes_late_is_printed(awx: AwxServer, deploy: Deploy) -> None:
    """After the end the last lines are waited for, and a line that never comes holds back no other."""
    late = Look("successful", LINES[:2], complete=False)
    awx.add_template("Deploy", script=(PENDING, RUNNING, late, late, Look("successful", [*LINES[:3], None, "the end"])))
    run = deploy()
    assert run.run().succeeded
    assert run.output == [*LINES[:3], f"[1 line of output never arrived; see {page(run)}]", "the end"]


def page(run: Deployment) -> str:
    """The job's own page."""
    assert run.job.seen is not None
    return run.job.seen.url


def test_output_that_cannot_be_had_stops_nothing(awx: AwxServer, deploy: Deploy) -> None:
    """A deployment whose output cannot be read is followed all the same, and it is said once where the output is."""
    awx.add_template("Deploy")
    awx.fail("GET", "job_events", status=403, body={"detail": "no"})
    run = deploy()
    assert run.run().succeeded
    (line,) = run.output
    assert line.startswith("[Some of the job's output could not be read (")
    assert line.endswith(f"); see {page(run)}]")


def test_the_end_of_endless_output_is_printed(awx: AwxServer, deploy: Deploy) -> None:
    """Past four million characters the middle is left out with a word, and the job's last lines are there."""
    lines = ["x" * 500_000] * 10
    awx.add_template(
        "Deploy", script=(RUNNING, Look("running", lines), Look("failed", [*lines, *lines, "fatal: no image"]))
    )
    run = deploy()
    run.stopped()
    assert run.output[-1] == "fatal: no image"
    assert f"[10 lines of output are left out; see {page(run)}]" in run.output
    assert len("\n".join(run.printed)) < 5_100_000


@pytest.mark.parametrize("count", [3_000, 20_000])
def test_the_end_of_long_output_is_printed(awx: AwxServer, deploy: Deploy, count: int) -> None:
    """Of output that comes all at once, however long, the last lines are printed; what is left out is counted."""
    lines = [f"line {number}" for number in range(count)]
    awx.add_template("Deploy", script=(PENDING, RUNNING, Look("failed", [*LINES[:2], *lines])))
    run = deploy()
    run.stopped()
    assert run.output[-3:] == lines[-3:]
    shown = [line for line in run.output if line.startswith("line ")]
    (gap,) = [line for line in run.output if "left out" in line] or [""]
    assert len(shown) == len(set(shown))
    left_out = count - len(shown)
    assert gap == (f"[{left_out:,} lines of output are left out; see {page(run)}]" if left_out else "")


@pytest.mark.parametrize("status", ["successful", "failed", "error"])
def test_output_that_never_comes_is_said(awx: AwxServer, deploy: Deploy, status: str) -> None:
    """Where AWX never writes down the last events, the log does not end as if that were all."""
    awx.add_template("Deploy", script=(PENDING, RUNNING, Look(status, LINES[:3], complete=False)))
    run = deploy()
    run.job.start()
    with contextlib.suppress(ExpectedError):
        run.job.follow()
    assert run.output == [*LINES[:3], f"[AWX had not stored all of the job's output; see {page(run)}]"]


def test_time_is_up(awx: AwxServer, deploy: Deploy) -> None:
    """A job that goes on when time is up is left running, and its page told: a failure."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    run = deploy(seconds=60)
    error = run.stopped()
    assert "Time is up (wait-minutes) while the AWX job" in error.message
    assert "is running: it is left running" in error.message
    assert "does not launch a second one" in error.remedy
    assert posts(awx, "/cancel/") == 0
    assert sum(run.waits) <= 60


def test_time_is_up_and_the_job_is_cancelled(awx: AwxServer, deploy: Deploy) -> None:
    """With on-timeout: cancel AWX is asked to cancel it, and what came of that is told."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    run = deploy(seconds=60, on_timeout=OnTimeout.CANCEL)
    error = run.stopped()
    assert "(on-timeout: cancel): it is canceled. " in error.message
    assert posts(awx, "/cancel/") == 1
    assert run.job.seen is not None and run.job.seen.status == "canceled"


def test_a_job_is_cancelled_in_time_of_its_own(awx: AwxServer, deploy: Deploy) -> None:
    """Where nothing more may be asked within our own time, the job is cancelled all the same."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    run = deploy(seconds=60, on_timeout=OnTimeout.CANCEL)
    run.job.start()
    run.job.awx._api.http._deadline = Deadline(0)
    with pytest.raises(ExpectedError, match="it is canceled"):
        run.job.follow()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda awx: setattr(awx, "cancel_looks", 50), "AWX was asked to cancel it, and it was running when last"),
        (lambda awx: awx.fail("POST", "cancel", status=400), "could not be cancelled, and was running when last seen"),
        (lambda awx: awx.drop("POST", "cancel"), "AWX did not confirm the cancellation, and it was running"),
    ],
)
def test_a_cancellation_that_does_not_work(
    awx: AwxServer, deploy: Deploy, fault: Callable[[AwxServer], None], words: str
) -> None:
    """A job that goes on in spite of it is said to, with its page, after a few seconds."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    fault(awx)
    run = deploy(seconds=60, on_timeout=OnTimeout.CANCEL)
    assert words in run.stopped().message
    assert sum(run.waits) < 65


def cancelled_without_answer(forward: Forward) -> Reply:
    """AWX cancels the job, but does not answer in time."""
    forward()
    return Reply(0, dropped=True)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(cancelled_without_answer, id="no answer"),
        pytest.param(lambda forward: Reply(504) if forward() else Reply(0), id="504"),
    ],
)
def test_a_cancellation_without_an_answer_is_looked_for(awx: AwxServer, deploy: Deploy, fault: Misbehaviour) -> None:
    """AWX may cancel a job and not say so in time: a look at the job tells."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    awx.add("POST", "/cancel/", fault)
    run = deploy(seconds=60, on_timeout=OnTimeout.CANCEL)
    assert "(on-timeout: cancel): it is canceled. " in run.stopped().message
    assert run.job.seen is not None and run.job.seen.status == "canceled"


@pytest.mark.parametrize("account", [ROBOT, SUPERUSER])
def test_a_job_that_ends_before_it_is_cancelled_counts(awx: AwxServer, deploy: Deploy, account: Account) -> None:
    """AWX refuses to cancel what has ended, with a 403 to all but superusers: a look at the job tells how it ended."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)

    def too_late(end: Look) -> Misbehaviour:
        def ended(forward: Forward) -> Reply:
            awx.jobs[-1].script = [end]
            return forward()

        return ended

    awx.add("POST", "/cancel/", too_late(Look("successful", LINES)), times=1)
    assert deploy(seconds=60, account=account, on_timeout=OnTimeout.CANCEL).run().succeeded
    awx.add("POST", "/cancel/", too_late(Look("failed", LINES)), times=1)
    error = deploy(seconds=60, account=account, on_timeout=OnTimeout.CANCEL).stopped()
    assert "failed: its playbook did not succeed everywhere" in error.message
    assert "may still be running" not in error.message and "permission" not in error.message


def test_a_cancelled_run_tells_that_its_job_had_ended(awx: AwxServer, deploy: Deploy) -> None:
    """A job that has ended when our cancelled run would cancel it is told with its end, not as refused."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)

    def too_late(forward: Forward) -> Reply:
        awx.jobs[0].script = [Look("successful", LINES)]
        return forward()

    awx.add("POST", "/cancel/", too_late)
    run = deploy(on_timeout=OnTimeout.CANCEL)
    run.before_wait = interrupt(1)
    assert "(on-timeout: cancel): it had ended as successful. " in run.cancelled().message


def test_somebody_else_s_job_names_who_may_cancel_it(awx: AwxServer, deploy: Deploy) -> None:
    """With Execute alone nobody cancels another's job: the run says who may, and that it goes on."""
    template = awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    awx.add_job(template, TAG, SOMEBODY)
    message = deploy(seconds=60, on_timeout=OnTimeout.CANCEL).stopped().message
    assert "this account may not cancel it, and it was running when last seen: only somebody" in message
    assert "the template's administrators and superusers" in message
    assert deploy(seconds=60, on_timeout=OnTimeout.CANCEL, account=OWNER).stopped().message.count("it is canceled") == 1


def test_a_cancellation_may_take_as_long_as_awx_takes(awx: AwxServer, deploy: Deploy) -> None:
    """AWX waits up to 5 s for its dispatcher: a cancellation has 8 s, and only a cancelled run has less."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    run = deploy(seconds=60, on_timeout=OnTimeout.CANCEL)
    assert 7 < waited_for(run, "POST", "/cancel/") <= 8
    run = deploy(on_timeout=OnTimeout.CANCEL)
    run.before_wait = interrupt(1)
    assert waited_for(run, "POST", "/cancel/") <= 2


def test_a_job_that_ends_in_the_last_moment_counts(awx: AwxServer, deploy: Deploy) -> None:
    """Where a last look shows that it has just succeeded, it has succeeded."""
    awx.add_template("Deploy", script=(PENDING, RUNNING, Look("successful", LINES)))
    assert deploy(seconds=1, on_timeout=OnTimeout.CANCEL).run().succeeded
    assert posts(awx, "/cancel/") == 0


def test_a_cancelled_run_leaves_the_job_and_the_next_one_resumes(awx: AwxServer, deploy: Deploy) -> None:
    """Our run cancelled, its job is left and told; run again, that job is followed to its end: launched once."""
    awx.add_template("Deploy", script=(PENDING, *[RUNNING] * 4, Look("successful", LINES)))
    first = deploy()
    first.before_wait = interrupt(1)
    error = first.cancelled()
    assert "The run was cancelled while the AWX job" in error.message and "left running" in error.message
    again = deploy()
    assert again.job.start() is False
    assert again.job.follow().succeeded
    assert awx.launches == 1
    assert again.output == list(LINES)
    (note,) = again.job.notes
    assert "launched by robot at 2023-06-02T10:00:00.000000Z with the same variables: it is followed" in note


def test_a_cancelled_run_can_cancel_the_job(awx: AwxServer, deploy: Deploy) -> None:
    """With on-timeout: cancel our cancelled run has its job cancelled, within a few seconds."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    run = deploy(on_timeout=OnTimeout.CANCEL)
    run.before_wait = interrupt(1)
    assert "it is canceled" in run.cancelled().message
    assert sum(run.waits[1:]) <= 5


@pytest.mark.parametrize("question", ["template", "recent_jobs"])
def test_cancelled_before_anything_was_launched(awx: AwxServer, deploy: Deploy, question: str) -> None:
    """Where nothing is launched yet, that is said, and nothing is."""
    awx.add_template("Deploy")

    def stop(*arguments: object) -> None:
        raise Cancelled("The run was cancelled, so nothing was decided.")

    run = deploy()
    setattr(run.job.awx, question, stop)
    error = run.cancelled()
    assert error.message == "The run was cancelled before anything was launched in AWX."
    assert awx.launches == 0


@pytest.mark.parametrize("on_timeout", list(OnTimeout))
@pytest.mark.parametrize("started", [True, False])
def test_cancelled_in_the_middle_of_the_launch(
    awx: AwxServer, deploy: Deploy, started: bool, on_timeout: OnTimeout
) -> None:
    """Cancelled while the launch is answered, the run looks once more, and tells the job or where to look."""
    template = awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    run = deploy(on_timeout=on_timeout)
    launch = run.job.awx.launch

    def stop(*arguments: Any) -> None:
        if started:
            launch(*arguments)
        raise Cancelled("The run was cancelled, so nothing was decided.")

    run.job.awx.launch = stop  # type: ignore[method-assign,assignment]
    error = run.cancelled()
    assert sum(run.waits) <= 5
    if started:
        assert run.job.seen is not None and run.job.seen.id == awx.jobs[0].id
        assert ("it is canceled" if on_timeout is OnTimeout.CANCEL else "left in AWX's queue") in error.message
    else:
        assert f"{awx.url}/#/templates/job_template/{template.id}/jobs" in error.message
        assert run.job.seen is None


def test_the_answer_to_the_launch_is_lost_but_there_is_a_job(awx: AwxServer, deploy: Deploy) -> None:
    """After a lost answer the job is found and followed; it is launched once, and the story is told."""
    template = awx.add_template("Deploy")
    awx.add_job(template, TAG, script=[Look("successful")])
    awx.add("POST", "/launch/", answered_and_lost)
    run = deploy()
    assert run.run().id == awx.jobs[1].id
    assert (posts(awx), awx.launches) == (1, 1)
    assert "was found and is followed" in run.job.notes[0]


def test_of_two_runs_at_once_each_follows_a_job(awx: AwxServer, deploy: Deploy) -> None:
    """Where another run of ours has launched the same just after our lost launch, the first job is ours."""
    template = awx.add_template("Deploy")

    def answered_late(forward: Forward) -> Reply:
        forward()
        awx.add_job(template, TAG)
        return Reply(0, dropped=True)

    awx.add("POST", "/launch/", answered_late)
    assert deploy().run().id == awx.jobs[0].id


def test_the_job_of_a_lost_launch_may_appear_late(awx: AwxServer, deploy: Deploy) -> None:
    """A job that AWX lists only after a while, or after a fault, is found all the same."""
    awx.add_template("Deploy", script=(*[PENDING] * 9, *awx_jobs.SUCCESSFUL))
    awx.fail("POST", "/launch/", status=504)
    run = deploy()
    template = awx.templates[0]

    def appear(number: int) -> None:
        if number == 2:
            awx.add_job(template, TAG)

    run.before_wait = appear
    assert run.run().succeeded
    assert posts(awx) == 1


def test_the_launch_is_lost_and_there_is_no_job(awx: AwxServer, deploy: Deploy) -> None:
    """Where no job shows up, the run fails and says where to look; the launch is not sent again; a re-run launches."""
    template = awx.add_template("Deploy")
    awx.drop("POST", "/launch/", times=1)
    run = deploy()
    error = run.stopped()
    assert "AWX did not answer the launch of Deploy (" in error.message
    assert "AWX shows no job of it after 125 s" in error.message
    assert [line for line in run.printed if "searching for its job for up to 125 s" in line]
    shown = [
        int(found[1]) for line in run.printed if (found := re.match(r"AWX shows no job of it after (\d+) s", line))
    ]
    assert [seconds // 30 for seconds in shown] == [1, 2, 3]
    assert f"{awx.url}/#/templates/job_template/{template.id}/jobs" in error.message
    assert (posts(awx), run.job.seen) == (1, None)
    assert deploy().run().succeeded
    assert awx.launches == 1


@pytest.mark.parametrize("seconds", [31, 60, 115])
def test_a_job_is_looked_for_as_long_as_awx_may_answer(awx: AwxServer, deploy: Deploy, seconds: int) -> None:
    """AWX shows a job only when it answers the launch, up to two minutes later: until then it is found and followed."""
    template = awx.add_template("Deploy")
    awx.fail("POST", "/launch/", status=504)
    run = deploy()

    def appear(number: int) -> None:
        if sum(run.waits) >= seconds and not awx.jobs:
            awx.add_job(template, TAG)

    run.before_wait = appear
    assert run.run().id == awx.jobs[0].id
    assert posts(awx) == 1


def test_a_launch_may_take_as_long_as_awx_takes(awx: AwxServer, deploy: Deploy) -> None:
    """The launch is waited for longer than AWX's own two minutes, also at the end of our time; a question never is."""
    awx.add_template("Deploy")
    run = deploy()
    run.job.check()
    run.job.awx._api.http._deadline = Deadline(40)
    assert 120 < waited_for(run, "POST", "/launch/") <= 130
    assert waited_for(deploy(), "GET", "/") <= 30


@pytest.mark.parametrize(
    ("fault", "known"),
    [
        pytest.param(lambda awx: awx.drop("POST", "/launch/"), False, id="no answer, and no job is found"),
        pytest.param(lambda awx: awx.fail("POST", "/launch/", status=400, body={"detail": "no"}), True, id="refused"),
        pytest.param(lambda awx: awx.fail("POST", "/launch/", status=429), True, id="too many requests"),
    ],
)
def test_only_a_refused_launch_is_known_not_to_have_launched(
    awx: AwxServer, deploy: Deploy, fault: Callable[[AwxServer], None], known: bool
) -> None:
    """What is kept of a launch says that it was sent, until it is certain that it came to nothing."""
    awx.add_template("Deploy")
    fault(awx)
    run = deploy()
    kept = dict[str, Any]()
    run.job.keep = kept.update
    run.stopped()
    assert kept == {"launch_sent": not known}


def test_the_launch_is_lost_at_the_end_of_our_time(awx: AwxServer, deploy: Deploy) -> None:
    """Where our own time is over before the answer comes, the job is looked for all the same, and told."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    run = deploy(seconds=2)
    run.job.awx._api.http._deadline = deadline = Deadline(60)

    def too_late(forward: Forward) -> Reply:
        deadline._end = 0.0
        return answered_and_lost(forward)

    awx.add("POST", "/launch/", too_late)
    assert "is running: it is left running" in run.stopped().message
    assert run.job.seen is not None


@pytest.mark.parametrize(
    "others",
    [
        pytest.param({"by": SOMEBODY}, id="somebody else's"),
        pytest.param({"by": None}, id="nobody's"),
        pytest.param({"variables": {"stack_image_tag": "2023.06.1"}}, id="another tag"),
        pytest.param({"prompts": {"extra_vars": TAG, "job_type": "check"}}, id="a check"),
        pytest.param({"prompts": {"extra_vars": TAG, "limit": "web-1"}}, id="a part of the hosts"),
        pytest.param({"launch_type": "scheduled"}, id="a schedule's"),
        pytest.param({"template": "other"}, id="another template's"),
    ],
)
def test_no_job_but_ours_is_taken_for_the_lost_one(awx: AwxServer, deploy: Deploy, others: dict[str, Any]) -> None:
    """A job that appears just then, but was not launched by us with just our variables, is not followed."""
    template, other = awx.add_template("Deploy"), awx.add_template("Other")
    awx.drop("POST", "/launch/")
    run = deploy()
    more = {"variables": TAG, **others}
    chosen = other if more.pop("template", "") else template

    def appear(number: int) -> None:
        if number == 0:
            awx.add_job(chosen, **more)

    run.before_wait = appear
    error = run.stopped()
    assert run.job.seen is None
    ours = chosen is template and "by" not in others
    assert (f"{awx.jobs[0].id} (" in error.message and "but in another way" in error.message) is ours


@pytest.mark.parametrize(
    ("more", "resumed"),
    [
        pytest.param({}, True, id="ours"),
        pytest.param({"by": SOMEBODY}, True, id="by somebody, but the very same"),
        pytest.param({"script": awx_jobs.SUCCESSFUL[-1:]}, False, id="over"),
        pytest.param({"variables": {"stack_image_tag": "2023.06.1"}}, False, id="another tag"),
        pytest.param({"prompts": {"extra_vars": {**TAG, "debug": True}}}, False, id="more variables"),
        pytest.param({"prompts": {"extra_vars": TAG, "job_type": "check"}}, False, id="a check"),
        pytest.param({"prompts": {"all": "Unknown"}}, False, id="not told"),
    ],
)
def test_only_the_same_launch_is_resumed(awx: AwxServer, deploy: Deploy, more: dict[str, Any], resumed: bool) -> None:
    """A job that runs is followed in place of a launch if it was launched just as ours would be."""
    template = awx.add_template("Deploy")
    awx.add_job(template, **{"variables": TAG, **more})
    run = deploy()
    assert run.job.start() is not resumed
    assert awx.launches == (0 if resumed else 1)


def test_an_old_job_that_still_runs_is_resumed(awx: AwxServer, deploy: Deploy) -> None:
    """Behind sixty newer ones that have ended, a job that runs is followed in place of a launch."""
    template = awx.add_template("Deploy")
    awx.add_job(template, TAG, script=[*[RUNNING] * 4, Look("successful")])
    for _ in range(60):
        awx.add_job(template, {"stack_image_tag": "2023.06.1"}, script=[Look("failed")])
    run = deploy()
    assert run.job.start() is False
    assert run.job.seen is not None and run.job.seen.id == awx.jobs[0].id


@pytest.mark.parametrize("script", [awx_jobs.ENDLESS, (PENDING,)], ids=["running", "pending"])
@pytest.mark.parametrize("ends", ["time is up", "cancelled", "at last"])
def test_a_job_that_awx_does_not_show_is_not_said_to_be_pending(
    awx: AwxServer, deploy: Deploy, script: tuple[Look, ...], ends: str
) -> None:
    """When AWX cannot be asked at the end, the run says how the job was when last seen, and why it is not known now."""
    awx.add_template("Deploy", script=script)
    run = deploy(seconds=60)

    def fail(number: int) -> None:
        if ends == "at last" and run.job.clock.remaining() > 20:
            return
        awx.fail("GET", r"/jobs/[0-9]+/$", status=503)
        if ends == "cancelled" and number > 3:
            raise Cancelled("The run was cancelled, so nothing was decided.", "Run it again.")

    run.before_wait = fail
    message = run.cancelled().message if ends == "cancelled" else run.stopped().message
    seen = run.job.seen.status if run.job.seen else ""
    assert f"could not be read (127.0.0.1:{awx.port} answered 503 when asked for the job {awx.jobs[0].id})" in message
    assert f": it was {seen} when last seen, and is left as it is. {page(run)}" in message
    assert f"is {seen}" not in message


@pytest.mark.parametrize("seconds", [600, 1])
def test_how_a_job_ended_is_told_after_its_last_lines(awx: AwxServer, deploy: Deploy, seconds: int) -> None:
    """The line that says how a job ended is the last one of its log, also when it ends as time is up."""
    awx.add_template("Deploy", script=(PENDING, RUNNING, Look("successful", LINES)))
    run = deploy(seconds=seconds)
    log: list[str] = []
    run.job.on_progress = lambda look: log.append(look.job.status)
    run.job.printed = lambda text: log.extend(text.split("\n"))
    run.run()
    assert log[-2:] == [LINES[-1], "successful"]
    assert log.count("successful") == 1


QUEUED = (*[PENDING] * 4, RUNNING, Look("successful", LINES))
"""A job that waits for a while."""


def beside(awx: AwxServer, *, before: bool = True, variables: dict[str, str] = TAG, **more: Any) -> None:
    """Have another run launch at the moment of our launch, so that its job has the lower number, or the higher."""

    def launched(forward: Forward) -> Reply:
        if before:
            awx.add_job(awx.templates[0], variables, **more)
        reply = forward()
        if not before:
            awx.add_job(awx.templates[0], variables, **more)
        return reply

    awx.add("POST", "/launch/", launched, times=1)


def statuses(awx: AwxServer) -> list[str]:
    """How each job is, by its number."""
    return [job.look.status for job in sorted(awx.jobs, key=lambda job: job.id)]


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("by", [ROBOT, SOMEBODY])
def test_of_two_jobs_launched_at_once_the_lower_stays(awx: AwxServer, deploy: Deploy, alone: bool, by: Account) -> None:
    """Our job of the higher number is cancelled before it begins, and the run ends as the other one does: told."""
    awx.add_template("Deploy", script=QUEUED)
    beside(awx, by=by)
    run = deploy(alone=alone)
    assert run.run().id == awx.jobs[0].id
    assert (statuses(awx), posts(awx, "/cancel/")) == (["successful", "canceled"], 1)
    assert run.output == list(LINES)
    first, second = awx.jobs
    assert run.job.notes == [
        f"The AWX job {first.id} was launched at the same moment with the same variables. Ours, the job {second.id}, "
        f"was not needed, and it is canceled. {page(run)}",
        f"The AWX job {second.id} was cancelled before it began: {first.id} is followed. {page(run)}",
    ]
    assert awx.launches == 1 and deploy(alone=alone).run().id == awx.jobs[2].id


def test_the_run_whose_job_gave_way_ends_as_the_other_job_ends(awx: AwxServer, deploy: Deploy) -> None:
    """Where the job that stays fails, both runs fail, and both name it."""
    awx.add_template("Deploy", script=QUEUED)
    beside(awx, script=(PENDING, RUNNING, Look("failed", LINES)))
    message = deploy().stopped().message
    assert f"The AWX job {awx.jobs[0].id} of Deploy failed" in message
    assert statuses(awx) == ["failed", "canceled"]


def test_the_lower_job_is_left_to_itself(awx: AwxServer, deploy: Deploy) -> None:
    """A run whose own job has the lower number follows it, cancels nothing, and names the other one."""
    awx.add_template("Deploy", script=QUEUED)
    beside(awx, before=False)
    run = deploy(alone=True)
    assert run.run().id == awx.jobs[0].id
    assert posts(awx, "/cancel/") == 0
    (note,) = run.job.notes
    assert note.startswith(f"The AWX job {awx.jobs[1].id} is pending with the same variables, too; it is not followed.")


@pytest.mark.parametrize("alone", [True, False])
def test_a_job_that_has_begun_is_not_cancelled_for_another(awx: AwxServer, deploy: Deploy, alone: bool) -> None:
    """Half a rollout is worse than two: ours that runs already is followed to its end, and the other one told."""
    awx.add_template("Deploy", script=(RUNNING, RUNNING, RUNNING, Look("successful", LINES)))
    beside(awx, script=(RUNNING,))
    run = deploy(alone=alone)
    assert run.run().id == awx.jobs[1].id
    assert posts(awx, "/cancel/") == 0
    (note,) = run.job.notes
    assert note.startswith(f"The AWX job {awx.jobs[0].id} is running with the same variables, too; it is not followed.")


@pytest.mark.parametrize(
    ("more", "how"),
    [
        ({"variables": {"stack_image_tag": "2023.06.1"}}, "with other variables"),
        (
            {"prompts": {"extra_vars": TAG, "limit": "web-1"}},
            "with the same variables, but was launched in another way",
        ),
        ({"launch_type": "scheduled"}, "with the same variables, but was launched in another way"),
    ],
)
def test_another_deployment_of_the_same_moment_is_no_duplicate(
    awx: AwxServer, deploy: Deploy, more: dict[str, Any], how: str
) -> None:
    """A job that deploys something else, launched at the same moment, is told, and nothing is cancelled for it."""
    awx.add_template("Deploy", script=QUEUED)
    beside(awx, **more)
    run = deploy(alone=True)
    assert run.run().id == awx.jobs[1].id
    assert posts(awx, "/cancel/") == 0
    assert [note for note in run.job.notes if how in note] == run.job.notes and len(run.job.notes) == 1


def test_a_lower_job_may_be_seen_later(awx: AwxServer, deploy: Deploy) -> None:
    """AWX shows a job when it answers its launch: one with a lower number, seen while ours waits, stays as well."""
    template = awx.add_template("Deploy", script=(*[PENDING] * 9, *QUEUED))
    run = deploy()
    late = awx.add_job(template, TAG, script=QUEUED)
    awx.jobs.clear()
    run.before_wait = lambda number: awx.jobs.append(late) if number == 2 else None
    assert run.run().id == late.id
    assert statuses(awx) == ["successful", "canceled"]


@pytest.mark.parametrize("path", [r"/jobs/\?.*status__in", "create_schedule"])
def test_a_second_look_at_awx_that_fails_cancels_nothing(awx: AwxServer, deploy: Deploy, path: str) -> None:
    """Where it cannot be seen what else was launched, ours is followed, nothing is cancelled, and that is told."""
    awx.add_template("Deploy", script=QUEUED)

    def launched(forward: Forward) -> Reply:
        awx.add_job(awx.templates[0], TAG)
        awx.fail("GET", path, status=503)
        return forward()

    awx.add("POST", "/launch/", launched, times=1)
    run = deploy()
    assert run.run().id == awx.jobs[1].id
    assert posts(awx, "/cancel/") == 0
    (note,) = run.job.notes
    assert note.startswith("Whether another run launched the same at the same moment could not be determined: ")


def test_a_second_look_may_fail_once(awx: AwxServer, deploy: Deploy) -> None:
    """A look that fails is taken again while our job waits: then nothing is said of it."""
    awx.add_template("Deploy", script=QUEUED)

    def launched(forward: Forward) -> Reply:
        awx.add_job(awx.templates[0], TAG, script=QUEUED)
        awx.fail("GET", r"/jobs/\?.*status__in", status=503, times=3)
        return forward()

    awx.add("POST", "/launch/", launched, times=1)
    run = deploy()
    assert run.run().id == awx.jobs[0].id
    assert (len(run.job.notes), statuses(awx)) == (2, ["successful", "canceled"])


def test_a_cancel_that_awx_refuses_leaves_ours(awx: AwxServer, deploy: Deploy) -> None:
    """Where ours cannot be cancelled it is followed to its end, and both are told; AWX is asked once."""
    awx.add_template("Deploy", script=QUEUED)
    beside(awx)
    awx.fail("POST", "/cancel/", status=403, body={"detail": "no"})
    run = deploy()
    assert run.run().id == awx.jobs[1].id
    assert posts(awx, "/cancel/") == 1
    (note,) = run.job.notes
    assert f"Ours, the job {awx.jobs[1].id}, was not needed, and this account may not cancel it" in note


def test_a_cancel_that_takes_its_time_is_ours_all_the_same(awx: AwxServer, deploy: Deploy) -> None:
    """A job of ours that shows only later that it was cancelled for the other is not taken for somebody's doing."""
    awx.add_template("Deploy", script=[PENDING] * 30)

    def slowly(forward: Forward) -> Reply:
        ours = max(awx.jobs, key=lambda job: job.id)
        ours.script = [*[PENDING] * (ours.at + 6), Look("canceled", began=False)]
        return Reply(202)

    beside(awx, script=[*[PENDING] * 9, Look("successful", LINES)])
    awx.add("POST", "/cancel/", slowly)
    run = deploy()
    assert run.run().id == awx.jobs[0].id


def began(awx: AwxServer) -> None:
    """Our job begins just when it is to be cancelled, and is stopped in the middle."""

    def late(forward: Forward) -> Reply:
        ours = max(awx.jobs, key=lambda job: job.id)
        ours.script, ours.at = [RUNNING, Look("canceled", LINES[:2])], 0
        return Reply(202)

    awx.add("POST", "/cancel/", late)


def test_a_job_that_was_stopped_in_the_middle_for_another_is_no_success(awx: AwxServer, deploy: Deploy) -> None:
    """Where ours began while AWX was asked to cancel it, a part may be rolled out twice: the run fails and says so."""
    awx.add_template("Deploy", script=QUEUED)
    beside(awx)
    began(awx)
    error = deploy().stopped()
    first, ours = awx.jobs
    assert f"{ours.id} of Deploy, which this run launched and the job {first.id} made unnecessary" in error.message
    assert "part of the rollout may be done twice" in error.message
    assert statuses(awx)[1] == "canceled"


@pytest.mark.parametrize("launches", [True, False], ids=["gave way", "resumed"])
def test_a_job_that_we_follow_may_give_way_to_a_third_one(awx: AwxServer, deploy: Deploy, launches: bool) -> None:
    """A job that this run has not launched is not cancelled by it; if another run does, the lower one is followed."""
    template = awx.add_template("Deploy", script=QUEUED)
    first = awx.add_job(template, TAG, by=SOMEBODY, script=[PENDING] * 9 + [Look("successful", LINES)])
    awx.jobs.clear()
    if launches:
        beside(awx, script=[PENDING] * 40)
    else:
        awx.add_job(template, TAG, script=[PENDING] * 40)
    run = deploy(alone=True)

    def elsewhere(number: int) -> None:
        if number == 2:
            awx.jobs.append(first)
        if number == 4:
            followed = awx.jobs[0]
            followed.script = [Look("canceled", began=False)]

    run.before_wait = elsewhere
    assert run.run().id == first.id
    assert posts(awx, "/cancel/") == (1 if launches else 0)
    assert awx.launches == (1 if launches else 0)


def test_a_job_that_somebody_cancels_in_the_queue_replaces_nothing(awx: AwxServer, deploy: Deploy) -> None:
    """Ours that a person cancels before it began fails the run, also beside a job of a higher number."""
    awx.add_template("Deploy", script=[PENDING, PENDING, Look("canceled", began=False)])
    beside(awx, before=False, script=QUEUED)
    assert "was cancelled in AWX before it began, but not by this run" in deploy().stopped().message


def test_of_a_lost_launch_no_job_is_cancelled(awx: AwxServer, deploy: Deploy) -> None:
    """Without the answer to the launch nobody can tell which job is ours: the lower is followed, the other one told."""
    template = awx.add_template("Deploy", script=QUEUED)

    def lost(forward: Forward) -> Reply:
        awx.add_job(template, TAG)
        forward()
        return Reply(0, dropped=True)

    awx.add("POST", "/launch/", lost, times=1)
    run = deploy()
    assert run.run().id == awx.jobs[0].id
    assert posts(awx, "/cancel/") == 0
    assert [note for note in run.job.notes if f"The AWX job {awx.jobs[1].id} is pending" in note]


@pytest.mark.parametrize("begun", [True, False])
def test_of_an_image_that_moves_on_what_has_not_begun_stays(awx: AwxServer, deploy: Deploy, begun: bool) -> None:
    """A lower job that begins after our launch finds what the tag holds now; one that had begun may not: told."""
    awx.add_template("Deploy", script=QUEUED)
    beside(awx, script=(RUNNING, RUNNING, RUNNING, Look("successful")) if begun else QUEUED)
    run = deploy()
    run.job.moves_on = True
    assert run.run().id == awx.jobs[1 if begun else 0].id
    assert ("may have moved on since" in run.job.notes[0]) is begun


def test_a_sliced_workflow_of_the_higher_number_is_told(awx: AwxServer, deploy: Deploy) -> None:
    """Workflows of slices are compared as jobs are; AWX does not tell with what they were launched but by whom."""
    awx.add_template("Deploy", slices=2, script=QUEUED)
    beside(awx)
    run = deploy(alone=True)
    ended = run.run()
    assert ended.is_workflow and ended.id == awx.jobs[0].id
    assert {job.look.status for job in awx.jobs if job.id > awx.jobs[3].id - 1 and job.is_workflow} == {"canceled"}


def test_of_two_jobs_that_run_already_the_lower_is_followed(awx: AwxServer, deploy: Deploy) -> None:
    """A run that finds two of its kind follows the one that stays, launches none, and names the other."""
    template = awx.add_template("Deploy", script=QUEUED)
    first, second = awx.add_job(template, TAG), awx.add_job(template, TAG)
    run = deploy(alone=True)
    assert (run.run().id, awx.launches) == (first.id, 0)
    assert [
        note for note in run.job.notes if f"The AWX job {second.id} is pending with the same variables, too" in note
    ]


SECRET = {"asks_variables": False, "survey": [Question("stack_image_tag", secret=True)]}


def test_secret_answers_are_not_compared(awx: AwxServer, deploy: Deploy) -> None:
    """Of a job whose answer is secret nobody can tell what it deploys: told apart, and refused in production."""
    template = awx.add_template("Deploy", **SECRET)
    other = awx.add_job(template, {"stack_image_tag": "2023.06.1"}, script=awx_jobs.ENDLESS)
    how = "with a secret answer (stack_image_tag), which cannot be compared"
    error = deploy(alone=True).stopped()
    assert f"The AWX job {other.id} (pending, {how}: " in error.message
    assert awx.launches == 0
    run = deploy()
    assert run.run().succeeded
    assert run.job.notes[0].startswith(f"The AWX job {other.id} is pending {how}; it is not followed.")
    assert run.job.seen is not None and run.job.seen.id != other.id


def test_of_a_lost_launch_a_secret_answer_is_not_taken_for_ours(awx: AwxServer, deploy: Deploy) -> None:
    """A job that our lost launch may have started, but nobody can tell, is named and not followed."""
    awx.add_template("Deploy", **SECRET)
    awx.add("POST", "/launch/", answered_and_lost)
    run = deploy()
    message = run.stopped().message
    assert f"with a secret answer, which cannot be compared: {awx.jobs[0].id} (" in message
    assert run.job.seen is None


def test_a_list_that_does_not_tell_variables_is_no_reason_to_launch(awx: AwxServer, deploy: Deploy) -> None:
    """Where AWX lists a running job without its variables, how it was launched decides."""
    template = awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    awx.add_job(template, TAG)

    def tell_less(forward: Forward) -> Reply:
        reply = forward()
        return Reply(200, reply.headers, reply.body.replace(b'"extra_vars":', b'"other":'))

    awx.add("GET", r"/jobs/\?", tell_less)
    assert deploy().job.start() is False


def test_a_job_that_cannot_be_judged_is_not_launched_beside(awx: AwxServer, deploy: Deploy) -> None:
    """Where it cannot be seen how a running job was launched, or which jobs there are, nothing is launched."""
    template = awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    awx.add_job(template, TAG)
    awx.fail("GET", "create_schedule", status=503, times=3)
    assert "How the AWX job" in deploy().stopped().message
    awx.fail("GET", r"/jobs/\?", status=503)
    assert "The jobs of Deploy could not be looked up" in deploy().stopped().message
    assert awx.launches == 0


def test_a_sliced_template_is_launched_followed_and_resumed(awx: AwxServer, deploy: Deploy) -> None:
    """The workflow of a sliced template is followed to its end; the slices are not taken for it; only ours resumes."""
    awx.add_template("Deploy", slices=2, script=(PENDING, RUNNING, RUNNING, RUNNING, Look("successful")))
    first = deploy()
    first.before_wait = interrupt(0)
    first.cancelled()
    again = deploy()
    assert again.job.start() is False
    assert again.job.follow().is_workflow
    assert awx.launches == 1
    awx.add_job(awx.templates[0], TAG, SOMEBODY)
    assert deploy().job.start() is True


def test_a_sliced_template_with_a_single_host_is_a_plain_job(awx: AwxServer, deploy: Deploy) -> None:
    """AWX makes no more slices than there are hosts: then the job is a plain one, and resumed as such."""
    awx.add_template("Deploy", slices=2, hosts=1, script=(PENDING, RUNNING, RUNNING, Look("successful")))
    first = deploy()
    first.before_wait = interrupt(0)
    first.cancelled()
    again = deploy()
    assert again.job.start() is False
    assert not again.job.follow().is_workflow


OTHERS = [
    pytest.param({"variables": {"stack_image_tag": "2023.06.1"}}, "with other variables", id="another tag"),
    pytest.param({"variables": {}}, "with other variables", id="never told ours"),
    pytest.param({"variables": {}, "by": None, "launch_type": "scheduled"}, "with other variables", id="a schedule's"),
    pytest.param({"launch_type": "scheduled"}, "but was launched in another way", id="ours by a schedule"),
    pytest.param(
        {"prompts": {"extra_vars": TAG, "limit": "web-1"}}, "launched in another way", id="a part of the hosts"
    ),
    pytest.param({"is_slice": True, "launch_type": "workflow"}, "launched in another way", id="a slice of before"),
]


@pytest.mark.parametrize(("more", "how"), OTHERS)
def test_in_production_nothing_is_launched_beside_another_job(
    awx: AwxServer, deploy: Deploy, more: dict[str, Any], how: str
) -> None:
    """A job of the template that deploys something else and has not ended is named, with what to do: refused."""
    template = awx.add_template("Deploy")
    other = awx.add_job(template, **{"variables": TAG, **more, "script": awx_jobs.ENDLESS})
    run = deploy(alone=True)
    error = run.stopped()
    page = f"{awx.url}/#/jobs/playbook/{other.id}/output"
    assert error.message.startswith(f"The AWX job {other.id} (pending, with") and how in error.message
    assert f"{page}) of Deploy has not ended, and deploys something else" in error.message
    assert "Nothing was launched." in error.message
    who = other.by.username if other.by else "its launcher"
    assert error.remedy == (
        "Cancel it in AWX, or wait until it has ended, then run this again. "
        f"It can be cancelled by {who}, an administrator of the template, or a superuser."
    )
    assert (error.exit_status, awx.launches, run.job.seen) == (1, 0, None)
    other.script = (Look("canceled"),)
    assert deploy(alone=True).run().succeeded


@pytest.mark.parametrize(("more", "how"), OTHERS)
def test_elsewhere_another_job_is_told(awx: AwxServer, deploy: Deploy, more: dict[str, Any], how: str) -> None:
    """Outside production a job is launched all the same, and the other one told."""
    template = awx.add_template("Deploy")
    other = awx.add_job(template, **{"variables": TAG, **more, "script": awx_jobs.ENDLESS})
    run = deploy()
    assert run.run().succeeded
    (note,) = run.job.notes
    assert note.startswith(f"The AWX job {other.id} is pending with") and how in note
    assert f"/jobs/playbook/{other.id}/output" in note


def test_the_same_launch_is_not_followed_beside_another_job(awx: AwxServer, deploy: Deploy) -> None:
    """In production a job of ours that runs beside another one proves nothing: refused, and both are named."""
    template = awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    ours, other = awx.add_job(template, TAG), awx.add_job(template, {"stack_image_tag": "2023.06.1"})
    run = deploy(alone=True)
    error = run.stopped()
    assert f"The AWX job {other.id} (pending, with other variables" in error.message
    assert f"The AWX job {ours.id}, which is of the same launch as this run's, goes on." in error.message
    assert (awx.launches, run.job.seen and run.job.seen.id) == (0, ours.id)
    other.script = (Look("canceled"),)
    assert deploy(alone=True).job.start() is False


def test_in_production_the_slices_of_ours_are_no_other_jobs(awx: AwxServer, deploy: Deploy) -> None:
    """The workflow of a sliced template is resumed though its slices run; that of another launch is named once."""
    template = awx.add_template("Deploy", slices=2, script=(PENDING, RUNNING, RUNNING, RUNNING, Look("successful")))
    first = deploy(alone=True)
    first.before_wait = interrupt(0)
    first.cancelled()
    again = deploy(alone=True)
    assert again.job.start() is False
    assert again.job.follow().is_workflow
    assert awx.launches == 1
    other = awx.add_job(template, {"stack_image_tag": "2023.06.1"})
    error = deploy(alone=True).stopped()
    assert f"The AWX job {other.id} (pending, with other variables: {awx.url}/#/jobs/workflow/" in error.message
    assert "Cancel it in AWX" in error.remedy


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"asks_variables": False}, "accepts no variable stack_image_tag at launch"),
        ({"survey": [Question("zone", required=True)]}, "requires an answer for zone"),
        ({"passwords": ["ssh_password"]}, "prompts for passwords at launch (ssh_password)"),
        ({"inventory": False}, "has no inventory"),
        ({"project": False}, "has no project"),
        ({"job_type": "check"}, "runs in check mode, so its jobs change nothing"),
    ],
)
def test_what_awx_would_refuse_or_drop_is_refused_first(
    awx: AwxServer, deploy: Deploy, settings: dict[str, Any], words: str
) -> None:
    """Nothing is launched where the launch data say that it could not go well."""
    template = awx.add_template("Deploy", **settings)
    error = deploy().stopped()
    assert words in error.message
    assert f"/#/templates/job_template/{template.id}" in error.message
    assert posts(awx) == 0


def test_a_survey_takes_the_variable(awx: AwxServer, deploy: Deploy) -> None:
    """Without prompting for variables a question of the survey is enough."""
    awx.add_template("Deploy", asks_variables=False, survey=[Question("stack_image_tag", required=True)])
    assert deploy().run().succeeded
    assert awx.jobs[0].variables == TAG


@pytest.mark.parametrize("told", [True, False])
def test_a_job_that_lost_its_variables_is_cancelled(awx: AwxServer, deploy: Deploy, told: bool) -> None:
    """Where AWX launches without our variable after all, whether it says so or not, that job is cancelled: refused."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)

    def forget(forward: Forward) -> Reply:
        template = awx.templates[0]
        template.asks_variables = False
        reply = forward()
        silent = reply.body.replace(b'{"extra_vars": {"stack_image_tag": "2023.06.2"}}', b"{}")
        return reply if told else Reply(reply.status, reply.headers, silent)

    awx.add("POST", "/launch/", forget)
    error = deploy().stopped()
    assert 'without "stack_image_tag", which it ignored' in error.message
    assert "it is canceled" in error.message
    assert (awx.launches, posts(awx, "/cancel/"), awx.jobs[0].look.status) == (1, 1, "canceled")


def test_cancelled_while_a_job_without_its_variables_is_cancelled(awx: AwxServer, deploy: Deploy) -> None:
    """Our run cancelled just then, the job is still the one that it tells of."""
    awx.add_template("Deploy", script=(RUNNING,))
    awx.cancel_looks = 50

    def forget(forward: Forward) -> Reply:
        awx.templates[0].asks_variables = False
        return forward()

    awx.add("POST", "/launch/", forget)
    run = deploy()
    run.before_wait = interrupt(0)
    assert run.cancelled().message
    assert run.job.seen is not None and run.job.seen.id == awx.jobs[0].id


def test_a_job_for_which_awx_ignored_something_else_is_cancelled(awx: AwxServer, deploy: Deploy) -> None:
    """Whatever AWX says that it has ignored, the job is not what was asked for."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)

    def ignore(forward: Forward) -> Reply:
        reply = forward()
        return Reply(
            201, reply.headers, reply.body.replace(b'"ignored_fields": {}', b'"ignored_fields": {"limit": "web"}')
        )

    awx.add("POST", "/launch/", ignore)
    assert 'without "limit", which it ignored' in deploy().stopped().message
    assert awx.jobs[0].look.status == "canceled"


@pytest.mark.parametrize("account", [READER, LOOKER])
def test_who_may_not_launch(awx: AwxServer, deploy: Deploy, account: Account) -> None:
    """Who lacks the role, or has a token that only reads, is told both, before anything is sent."""
    awx.add_template("Deploy")
    for error in (deploy(account=account).stopped(), checked(deploy(account=account))):
        assert "The job template Deploy may not be launched by this account" in error.message
        assert "the role Execute" in error.remedy and "scope Write" in error.remedy
        assert error.exit_status == 2
    assert posts(awx) == 0


@pytest.mark.parametrize("account", [READER, LOOKER])
def test_a_launch_that_is_forbidden_after_all(awx: AwxServer, deploy: Deploy, account: Account) -> None:
    """Where AWX tells nothing of rights beforehand, its 403 is told with the same remedy."""
    awx.add_template("Deploy")
    silent = lambda page: page["results"][0]["summary_fields"].pop("user_capabilities")  # noqa: E731
    awx.change_json("GET", r"/job_templates/\?", silent)
    error = deploy(account=account).stopped()
    assert "403" in error.message and "scope Write" in error.remedy
    assert (error.exit_status, awx.launches) == (2, 0)


def test_a_wrong_login_is_no_missing_right(awx: AwxServer, deploy: Deploy) -> None:
    """A login that AWX does not take is told as such; nothing is launched."""
    awx.add_template("Deploy")
    error = deploy(account=Account(0, "", "", "a-wrong-token")).stopped()
    assert "401" in error.message and "awx-token" in error.remedy
    assert awx.launches == 0


def checked(run: Deployment) -> ExpectedError:
    """Do what a dry run does, which must end with an error."""
    with pytest.raises(ExpectedError) as caught:
        run.job.check()
    return caught.value


def test_awx_is_unreachable(deploy: Deploy) -> None:
    """Where nobody listens, that is said, with the host."""
    error = deploy(url=f"http://{HOST}:{closed_port()}").stopped()
    assert re.search(
        r"The job template in AWX could not be looked up: 127\.0\.0\.1:\d+ cannot be reached", error.message
    )


def test_a_missing_template_and_two_of_one_name(awx: AwxServer, deploy: Deploy) -> None:
    """Neither is guessed."""
    assert 'no job template "Deploy"' in deploy().stopped().message
    awx.add_template("Deploy", organization="Science")
    awx.add_template("Deploy", organization="Operations")
    assert "2 job templates" in deploy().stopped().message
    assert posts(awx) == 0
    assert deploy(organization="Operations").run().succeeded


def test_awx_in_trouble_is_borne_for_a_while(awx: AwxServer, deploy: Deploy) -> None:
    """Fifteen looks that fail do not end it, and each change is told; the job is followed to its end."""
    awx.add_template("Deploy")
    run = deploy()
    run.job.start()
    awx.fail("GET", r"/jobs/[0-9]+/$", status=503, times=15 * 3)
    assert run.job.follow().succeeded
    assert run.said[0].note.endswith("answered 503 when asked for the job 102")
    assert run.said[-1].note == ""


@pytest.mark.parametrize("status", [401, 403, 500])
def test_awx_that_can_no_longer_be_asked(awx: AwxServer, deploy: Deploy, status: int) -> None:
    """After many looks the run ends: it says that the job may be running, and where."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    run = deploy(seconds=3600)
    run.job.start()
    awx.fail("GET", r"/jobs/[0-9]+/$", status=status, body={"detail": "no"})
    with pytest.raises(ExpectedError, match=r"can no longer be read and may still be running: .* answered") as caught:
        run.job.follow()
    assert run.job.seen is not None and run.job.seen.url in caught.value.message
    assert sum(run.waits) > 120


def test_a_job_that_is_deleted_while_it_is_followed(awx: AwxServer, deploy: Deploy) -> None:
    """A job that is gone is lost for good after a few looks; one look too early is not enough."""
    awx.add_template("Deploy", script=awx_jobs.ENDLESS)
    run = deploy()
    run.job.start()
    gone = {"detail": "Not found."}
    awx.fail("GET", r"/jobs/[0-9]+/$", status=404, body=gone, times=2)
    run.before_wait = lambda number: awx.jobs.clear() if number == 4 else None
    with pytest.raises(ExpectedError, match="was deleted while it was followed, so how it ended is unknown"):
        run.job.follow()
    assert len(run.waits) == 7


def test_only_looks_in_a_row_make_a_job_a_deleted_one(awx: AwxServer, deploy: Deploy) -> None:
    """Another trouble in between, as of a database that is starting, leaves it open whether the job is gone."""
    awx.add_template("Deploy", script=[*[RUNNING] * 2, Look("successful", LINES)])
    run = deploy()
    run.job.start()
    for status in (404, 503, 503, 503, 404, 404):
        awx.fail("GET", r"/jobs/[0-9]+/$", status=status, body={"detail": "Not found."}, times=1)
    assert run.job.follow().succeeded
    assert len([one for one in run.said if one.note]) == 4


def test_a_check_writes_nothing(awx: AwxServer, deploy: Deploy) -> None:
    """The template and what it needs can be looked at without a launch."""
    made = awx.add_template("Deploy")
    template, data = deploy().job.check()
    assert (template.id, data.asks_variables) == (made.id, True)
    assert {one.method for one in awx.requests} == {"GET"}
