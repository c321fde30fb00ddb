"""A run that a runner cancels: by SIGINT, by SIGTERM 7.5 s later, and 2.5 s after that for good."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from commands.deployment import Deployment
from commands.stack import Stack
from contract.sources import SCRIPTS
from world.awx import ROBOT, AwxServer
from world.awx_jobs import ENDLESS
from world.faults import Forward, Reply
from world.program import wait_until
from world.signalled import BEFORE_RECORD, IN_FINALIZER, IN_THREAD_START, signalled

A_RUNNER_WAITS = 10.0
"""Seconds."""
CANCELLED_IN_LAUNCH = """
import datetime, sys
sys.path.insert(0, sys.argv[1])
from frag_release import cancellation
from frag_release.adapters.awx import Awx
from frag_release.adapters.http.messages import bearer
from frag_release.adapters.http.retry import Deadline
from frag_release.adapters.http import Http
from frag_release.commands.deploy.awx_job import AwxJob
from frag_release.commands.waiting import Clock
from frag_release.domain.awx_jobs import OnTimeout
from frag_release.errors import Cancelled
from frag_release.inputs.settings.awx import AwxSettings
import signal
signal.signal(signal.SIGINT, lambda _number, _frame: cancellation.ask())
url, token = sys.argv[2:]
settings = AwxSettings(url, "/api/v2/", "", "", token, "Deploy", "", {"tag": "1"}, OnTimeout.CANCEL)
awx = Awx(Http(Deadline(60)), url, "/api/v2/", bearer(token, url, "awx-token"))
clock = Clock(lambda: datetime.datetime.now(datetime.timezone.utc), Deadline(60).remaining, cancellation.sleep)
try:
    AwxJob(awx, settings, clock, print, print).start()
except Cancelled as stop:
    print(stop.message)
"""


def test_a_launch_that_is_cancelled_in_the_middle_is_found_and_cancelled_in_time(awx: AwxServer) -> None:
    """A real SIGINT while AWX takes its time to answer the launch: the job is found, cancelled and named in seconds."""
    awx.add_template("Deploy", script=ENDLESS)
    cancelled = []

    def slowly(forward: Forward) -> Reply:
        reply = forward()
        cancelled.append(time.monotonic())
        program.send_signal(signal.SIGINT)
        time.sleep(3)
        return reply

    awx.add("POST", "/launch/", slowly)
    command = [sys.executable, "-I", "-c", CANCELLED_IN_LAUNCH, str(SCRIPTS), awx.url, ROBOT.token]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    message, _ = program.communicate(timeout=120)
    assert program.returncode == 0
    assert time.monotonic() - cancelled[0] < A_RUNNER_WAITS
    assert "The run was cancelled while the AWX job" in message and "it is canceled" in message
    assert (awx.launches, awx.jobs[0].look.status) == (1, "canceled")
    assert f"/#/jobs/playbook/{awx.jobs[0].id}/output" in message


def test_a_cancelled_step_reaches_the_program(ready: Deployment) -> None:
    """The signal goes to the step's shell, as a runner sends it: the program tells of the job that it leaves.

    So does the deployment record.
    """
    ready.world.program = replace(ready.world.program, as_step=True)
    ready.awx.templates[0].script = ENDLESS
    step = ready.start()
    wait_until(lambda: bool(ready.awx.jobs) and ready.awx.jobs[0].at > 2)
    step.process.send_signal(signal.SIGINT)
    outcome = step.finish()
    assert (outcome.status, ready.awx.launches) == (1, 1), outcome.log
    assert outcome.outputs["job-url"].endswith(f"/#/jobs/playbook/{ready.awx.jobs[0].id}/output")
    assert "The run was cancelled while the AWX job" in outcome.summary
    assert ready.awx.jobs[0].look.status == "running"
    assert [one.states for one in ready.world.github.deployments.records] == [["in_progress", "error"]]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize(
    ("moment", "nth"),
    [(IN_THREAD_START, 1), (IN_THREAD_START, 2), (IN_THREAD_START, 5), (IN_FINALIZER, 1), (IN_FINALIZER, 4)],
    ids=["thread 1", "thread 2", "thread 5", "finalizer 1", "finalizer 4"],
)
def test_a_signal_in_an_awkward_moment(stack: Stack, tmp_path: Path, moment: str, nth: int, number: str) -> None:
    """Wherever a signal comes in, also inside Thread.start and where exceptions are lost, the run ends as cancelled."""
    stack.reviewed()
    stack.world.program = signalled(stack.world.program, tmp_path / "signalled", moment, nth=nth, signal=number)
    outcome = stack.publish()
    assert "signal sent" in outcome.log
    assert (outcome.status, "The run was cancelled" in outcome.summary) == (1, True), outcome.log
    assert stack.made_nothing()


def test_a_signal_between_a_write_and_its_record(stack: Stack, tmp_path: Path) -> None:
    """A run that is cancelled just after it made the tag tells of the tag."""
    commit = stack.reviewed()
    stack.world.program = signalled(stack.world.program, tmp_path / "signalled", BEFORE_RECORD)
    outcome = stack.publish()
    assert stack.tags()["2023.06.2"] == commit
    assert (outcome.status, "The run was cancelled" in outcome.summary) == (1, True), outcome.log
    assert f"Tagged {commit[:12]} as 2023.06.2" in outcome.summary
