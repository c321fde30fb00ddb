"""The examples use the action as its table of inputs has it, and end when the action does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from contract.sources import ROOT, load_yaml, name_of
from frag_release.runner.inputs import INPUTS, OUTPUTS
from frag_release.runner.values import Values

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
ACTION = "org/frag-release-action@v1"
TABLE = {one.name: one for one in INPUTS}


def uses_of(job: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """The inputs of each use of the action in a job."""
    return [step.get("with", {}) for step in job["steps"] if step.get("uses") == ACTION]


JOBS = [
    pytest.param(job, id=f"{name_of(path)}:{name}")
    for path in EXAMPLES
    for name, job in load_yaml(path.read_text("utf-8"))["jobs"].items()
    if uses_of(job)
]


@pytest.mark.parametrize("job", JOBS)
def test_every_input_is_one_of_the_command(job: Mapping[str, Any]) -> None:
    """No input is misspelt, or belongs to another command, which would be refused."""
    for given in uses_of(job):
        command = given.get("command", "gate")
        assert [name for name in given if command not in TABLE[name].commands] == []


@pytest.mark.parametrize("job", JOBS)
def test_the_action_ends_before_the_runner_ends_it(job: Mapping[str, Any]) -> None:
    """timeout-minutes leaves room for all that the action may take: else it is killed and tells nothing."""
    seconds = 0.0
    for given in uses_of(job):
        plain = {name: value for name, value in given.items() if "${{" not in str(value)}
        values = Values({one.name: str(plain.get(one.name, "")) for one in INPUTS})
        seconds += values.seconds("timeout-seconds") + 60 * float(values.text("wait-minutes") or 0)
    assert job["timeout-minutes"] * 60 > seconds


@pytest.mark.parametrize("job", JOBS)
def test_every_job_names_its_rights(job: Mapping[str, Any]) -> None:
    """A job without `permissions` would have those of the repository's default."""
    assert "permissions" in job


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_every_output_that_is_read_exists(path: Any) -> None:
    """What a workflow reads of the action's step is one of its outputs: a misspelt one is silently empty."""
    text = path.read_text("utf-8")
    workflow = load_yaml(text)
    ours = {
        step["id"]
        for job in workflow["jobs"].values()
        for step in job["steps"]
        if step.get("uses") == ACTION and "id" in step
    }
    read = re.findall(r"steps\.([\w-]+)\.outputs\.([\w-]+)", text)
    assert [name for step, name in read if step in ours and name not in OUTPUTS] == []
