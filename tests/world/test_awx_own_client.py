from __future__ import annotations

import concurrent.futures
import json
import subprocess

import pytest

from world.awx import ROBOT, AwxServer
from world.awx_jobs import FAILED, LINES, RUNNING, Look
from world.awx_own_client import run_awx


@pytest.mark.process
def test_awx_s_own_client_launches_follows_and_ends_as_the_job(awx: AwxServer) -> None:
    """`awx job_templates launch NAME --monitor` prints the output as it comes, and ends as the job has."""
    awx.add_template("Deploy", script=(RUNNING, Look("successful", LINES)))
    awx.add_template("Deploy badly", script=FAILED[1:])

    def launch(name: str) -> subprocess.CompletedProcess[str]:
        variables = json.dumps({"stack_image_tag": "2023.06.2"})
        return run_awx(awx.url, ROBOT.token, "job_templates", "launch", name, "--monitor", "--extra_vars", variables)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        good, bad = pool.map(launch, ["Deploy", "Deploy badly"])

    assert good.returncode == 0, good.stdout + good.stderr
    assert [line for line in good.stdout.splitlines() if line in LINES] == list(LINES)
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "fatal: [web-1]: FAILED! => no such image" in bad.stdout
    assert awx.launches == 2
    assert [job.variables for job in awx.jobs] == [{"stack_image_tag": "2023.06.2"}] * 2
