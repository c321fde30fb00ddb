"""What is taken out of a workflow before act sees it, and what GitHub would file for its jobs by itself."""

from __future__ import annotations

from typing import Any

import pytest

from contract.sources import ROOT, load_yaml
from world.act import without_what_is_too_new
from world.events import dispatch
from world.github_deployments import filing_jobs
from world.level_one import BEFORE

ELSEWHERE = """\
jobs:
  one:
    environment: {name: release, deployment: false}
    concurrency:
      group: x
      queue: single
    steps:
    - run: |
        queue: max
        deployment: false
      with:
        queue: max
        deployment: false
        environment: production
  two:
    environment:
      name: release
      deployment: true
"""


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_only_what_act_does_not_know_is_taken_out(path: Any) -> None:
    """Of each example a queue that is max and a deployment that is false are gone; all else is as it was."""
    text = path.read_text("utf-8")
    expected = load_yaml(text)
    for one in (expected, *expected["jobs"].values()):
        if isinstance(group := one.get("concurrency"), dict):
            assert group.pop("queue", "max") == "max"
        if isinstance(place := one.get("environment"), dict):
            assert place.pop("deployment", False) is False
    assert load_yaml(without_what_is_too_new(text)) == expected


def test_the_same_words_elsewhere_stay() -> None:
    """In a script, an input or with another value they are the workflow's own."""
    assert without_what_is_too_new(ELSEWHERE) == ELSEWHERE


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_no_job_of_an_example_files_a_deployment_by_itself(path: Any) -> None:
    """Whatever its environment: what is filed, `deploy` files. In a stack's file of today two jobs do."""
    event = dispatch("refs/heads/master", "0" * 40, environment="production")
    assert filing_jobs(path.read_text("utf-8"), event) == {}
    deployed = dict.fromkeys(("deploy-staging", "deploy-production"), "awx/fragalysis-production")
    assert filing_jobs(BEFORE, event) == deployed


@pytest.mark.parametrize(
    ("environment", "filed"),
    [
        ("", None),
        ("environment: release", "release"),
        ("environment: {name: release}", "release"),
        ("environment: {name: release, url: https://site.example}", "release"),
        ("environment: {name: release, deployment: true}", "release"),
        ("environment: {name: release, deployment: false}", None),
        ("environment: awx/${{ inputs.environment }}", "awx/staging"),
        ("environment: {name: 'awx/${{ inputs.environment }}', deployment: false}", None),
    ],
)
def test_a_job_with_an_environment_files_a_deployment(environment: str, filed: str | None) -> None:
    """Given by name or as an object, at the name that its expression comes to, unless `deployment` is false."""
    text = f"jobs:\n  one:\n    runs-on: ubuntu-latest\n    {environment}\n"
    event = dispatch("refs/heads/master", "0" * 40, environment="staging")
    assert filing_jobs(text, event).get("one") == filed
