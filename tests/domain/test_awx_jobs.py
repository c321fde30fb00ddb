from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from frag_release.domain.awx_jobs import (
    Job,
    JobProgress,
    LaunchData,
    Template,
    is_same_launch,
    may_be_same_launch,
)

TEMPLATE = Template(7, "Deploy", "Science", False, "https://awx.example/#/templates/job_template/7")
TAG = {"stack_image_tag": "2023.06.2"}
JOB = Job(
    id=42,
    template=7,
    is_workflow=False,
    name="Deploy",
    status="running",
    url="https://awx.example/#/jobs/playbook/42/output",
    launch_type="manual",
    variables={"size": 3, **TAG},
)


@pytest.mark.parametrize(
    ("data", "lost"),
    [
        (LaunchData(True), []),
        (LaunchData(False), ["a", "b"]),
        (LaunchData(False, frozenset({"b", "c"})), ["a"]),
        (LaunchData(False, frozenset({"a", "b"})), []),
    ],
)
def test_variables_that_awx_would_drop(data: LaunchData, lost: list[str]) -> None:
    """Without prompting for variables only those of the survey are taken."""
    assert data.unpromptable({"b": 1, "a": 2}) == lost


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (LaunchData(True), None),
        (LaunchData(False), "accepts no variable stack_image_tag at launch"),
        (LaunchData(True, needed_variables=("zone", "stack_image_tag")), "requires an answer for zone"),
        (LaunchData(True, needed_passwords=("ssh_password",)), "prompts for passwords at launch (ssh_password)"),
        (LaunchData(True, needs_inventory=True), "has no inventory"),
    ],
)
def test_what_stands_against_a_launch(data: LaunchData, words: str | None) -> None:
    """Each thing that AWX would refuse, or silently do otherwise, is named with what helps."""
    problem = data.problem(TAG)
    if words is None:
        assert problem is None
    else:
        assert problem is not None and words in problem[0] and problem[1]


def test_many_names_are_cut() -> None:
    """A message names ten variables and counts the rest."""
    problem = LaunchData(False).problem({f"v{number:02}": "" for number in range(12)})
    assert problem is not None and "v09 and 2 more" in problem[0]


@pytest.mark.parametrize("status", ["new", "pending", "waiting", "running", "something new"])
def test_a_job_that_goes_on(status: str) -> None:
    """These words of AWX, and words that are not known, do not end a job."""
    assert not replace(JOB, status=status).is_over


@pytest.mark.parametrize("status", ["successful", "failed", "error", "canceled"])
def test_a_job_that_is_over(status: str) -> None:
    """These end it, and only the first ends it well."""
    job = replace(JOB, status=status)
    assert job.is_over and JobProgress(job).is_over
    assert job.succeeded == (status == "successful")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"launch_type": "relaunch"}, True),
        ({"launch_type": "scheduled"}, False),
        ({"launch_type": "workflow"}, False),
        ({"is_slice": True}, False),
        ({"is_workflow": True}, True),
        ({"template": 8}, False),
        ({"template": None}, False),
        ({"variables": {"stack_image_tag": "2023.06.1"}}, False),
        ({"variables": {}}, False),
        ({"variables": None}, True),
        ({"variables": {"stack_image_tag": "$encrypted$"}}, False),
    ],
)
def test_which_job_may_be_a_launch_of_ours(changes: dict[str, Any], expected: bool) -> None:
    """A whole launch of the template by somebody, which runs with our values."""
    assert may_be_same_launch(replace(JOB, **changes), TEMPLATE, TAG) == expected


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ({"extra_vars": TAG}, True),
        ({"extra_vars": {"stack_image_tag": "$encrypted$"}}, False),
        ({"extra_vars": {**TAG, "debug": True}}, False),
        ({"extra_vars": {"stack_image_tag": "2023.06.1"}}, False),
        ({"extra_vars": TAG, "limit": "web-1"}, False),
        ({"extra_vars": TAG, "job_type": "check"}, False),
        ({"extra_vars": "stack_image_tag: 2023.06.2"}, False),
        ({"all": "Unknown, job may have been run before launch configurations were saved."}, False),
        ({}, False),
    ],
)
def test_which_launch_is_the_same(prompts: dict[str, Any], expected: bool) -> None:
    """The same variables with the same values and nothing else: a check or a part of the hosts is no deployment."""
    assert is_same_launch(prompts, TAG) == expected


@pytest.mark.parametrize(
    ("own", "ours", "expected"), [(True, 1, False), (1, True, False), (1, 1, True), (1, "1", False)]
)
def test_values_are_compared_as_a_playbook_sees_them(own: object, ours: object, expected: bool) -> None:
    """A truth is no number, and a number no text."""
    assert is_same_launch({"extra_vars": {"a": own}}, {"a": ours}) == expected


def test_a_launch_without_variables() -> None:
    """Where nothing is given, a job that was launched with nothing is the same."""
    assert is_same_launch({}, {})
    assert not is_same_launch({"extra_vars": TAG}, {})


def test_variables_that_a_job_lost() -> None:
    """What a job does not run with is named; where its variables cannot be read, nothing is said."""
    assert JOB.missing_variables({**TAG, "b": 1, "size": 4}) == ["b", "size"]
    assert replace(JOB, variables=None).missing_variables(TAG) == []
    secret = replace(JOB, variables={"stack_image_tag": "$encrypted$"})
    assert (secret.missing_variables(TAG), secret.secret(TAG), JOB.secret(TAG)) == ([], ["stack_image_tag"], [])
