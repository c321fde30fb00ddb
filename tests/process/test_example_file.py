"""The example workflow as a file: what must hold of it before anything runs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from process.gates import ROOT

DISPATCH_INPUTS = [
    "be_namespace",
    "be_image_tag",
    "fe_namespace",
    "fe_image_tag",
    "stack_namespace",
    "stack_image_tag",
]


@pytest.fixture(scope="module")
def parsed(example_workflow: str) -> dict[str, Any]:
    """The example as data."""
    loaded = YAML(typ="safe", pure=True).load(example_workflow)
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture(scope="module")
def form() -> dict[str, Any]:
    """The form for a rollback as data."""
    loaded = YAML(typ="safe", pure=True).load((ROOT / "examples" / "deploy.yaml").read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def steps_of(parsed: dict[str, Any]) -> list[dict[str, Any]]:
    """All steps of all jobs."""
    return [step for job in parsed["jobs"].values() for step in job["steps"]]


def test_other_workflows_still_find_it(parsed: dict[str, Any]) -> None:
    """The components' workflows call it by its name and its six inputs, of which none is required."""
    assert parsed["name"] == "build main"
    inputs = parsed["on"]["workflow_dispatch"]["inputs"]
    assert list(inputs) == DISPATCH_INPUTS
    assert not any(given["required"] for given in inputs.values())


def test_every_tag_and_both_stack_branches_start_it(parsed: dict[str, Any]) -> None:
    """A tag of any form is built, and so is a push to the stack branch under either usual name."""
    assert parsed["on"]["push"]["tags"] == ["**"]
    assert parsed["on"]["push"]["branches"] == ["master", "main"]


def test_the_pair_is_in_the_top_level_env(parsed: dict[str, Any]) -> None:
    """The pair stands where the gate and people look for it: the worked example's."""
    assert parsed["env"] == {
        "BE_IMAGE_TAG": "2023.05.1",
        "FE_IMAGE_TAG": "2023.05.4",
        "BE_NAMESPACE": "xchem",
        "FE_NAMESPACE": "xchem",
        "STACK_NAMESPACE": "xchem",
    }


def test_the_gate_is_alone_in_the_first_job(parsed: dict[str, Any]) -> None:
    """The first job needs nothing, has the gate as its only step, and every other job needs it."""
    jobs = parsed["jobs"]
    assert next(iter(jobs)) == "gate"
    assert "needs" not in jobs["gate"]
    assert [step["uses"] for step in jobs["gate"]["steps"]] == ["org/frag-release-action@v1"]
    for name, job in jobs.items():
        assert name == "gate" or "gate" in job["needs"]


def test_the_gate_is_given_no_secret(example_workflow: str) -> None:
    """Overrides come from variables: an output that holds a secret's value would be dropped."""
    gate = example_workflow.split("\n  gate:\n")[1].split("\n  build:\n")[0]
    assert "secrets." not in gate
    assert "vars.BE_IMAGE_TAG" in gate


def test_only_the_gate_reads_the_pair_in_env(example_workflow: str) -> None:
    """No job falls back to the pair written in the file."""
    jobs = example_workflow.split("\njobs:\n")[1]
    assert not re.search(r"env\.(BE|FE)_", jobs)


def test_no_expression_is_spliced_into_a_script(parsed: dict[str, Any]) -> None:
    """Values reach scripts by `env:` only."""
    assert not [step for step in steps_of(parsed) if "${{" in step.get("run", "")]


def test_no_step_hides_its_failure(parsed: dict[str, Any]) -> None:
    """What failed is shown as failed; only what tells people, and the scan that none waits for, may fail and pass."""
    hidden = [part for part in [*parsed["jobs"].values(), *steps_of(parsed)] if "continue-on-error" in part]
    told = [part for part in hidden if part.get("uses", "").startswith("slackapi/slack-github-action@")]
    (scan,) = [part for part in hidden if part not in told]
    assert len(told) == 4 and scan in parsed["jobs"]["scan"]["steps"]
    assert not [job for job in parsed["jobs"].values() if "scan" in job.get("needs", [])]


def test_every_job_has_an_end_and_its_own_rights(parsed: dict[str, Any]) -> None:
    """Each job has a time limit and names its rights, on top of none; none may write,
    but the record of a deployment."""
    assert parsed["permissions"] == {}
    for job in parsed["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 60
        rights = dict(job["permissions"])
        assert rights.pop("deployments", "read") in ("read", "write")
        assert set(rights.items()) <= {("contents", "read"), ("actions", "read")}


def test_deployments_wait_for_each_other_and_are_not_cancelled(parsed: dict[str, Any]) -> None:
    """Each deployment has its environment and its group, in which nothing is cancelled, and all that waits is kept."""
    for place in ("staging", "production", "developer"):
        job = parsed["jobs"][f"deploy-{place}"]
        assert job["environment"] == {"name": f"awx/fragalysis-{place}", "deployment": False}
        assert job["concurrency"] == {"group": f"deploy-{place}", "cancel-in-progress": False, "queue": "max"}


def test_deployments_ask_as_the_gate_did(parsed: dict[str, Any]) -> None:
    """The gate that is repeated is given the very inputs of the first one."""
    gate = parsed["jobs"]["gate"]["steps"][0]["with"]
    for place in ("staging", "production"):
        # Nothing of others runs before it: what runs earlier in a job can change how later steps run.
        step = parsed["jobs"][f"deploy-{place}"]["steps"][0]
        assert {name: step["with"][name] for name in gate} == gate
        assert "ungated" not in step["with"]


def test_the_build_asks_as_the_gate_did_directly_before_it_pushes(parsed: dict[str, Any]) -> None:
    """The gate is asked once more with the very inputs of the first one; only the comparison is before the push."""
    steps = parsed["jobs"]["build"]["steps"]
    again = next(at for at, step in enumerate(steps) if step.get("id") == "again")
    image = next(at for at, step in enumerate(steps) if step.get("id") == "image")
    assert steps[again]["with"] == parsed["jobs"]["gate"]["steps"][0]["with"]
    assert steps[again]["if"] == steps[again + 1]["if"] == "needs.gate.outputs.verdict == 'deploy'"
    assert image == again + 2


def test_everything_that_is_built_with_is_compared(parsed: dict[str, Any]) -> None:
    """Each output of the gate that the build uses is in both texts, in the same order, with nothing between."""
    build = parsed["jobs"]["build"]
    (env,) = [step["env"] for step in build["steps"] if "JUDGED" in step.get("env", {})]
    judged = re.findall(r"needs\.gate\.outputs\.([a-z-]+)", env["JUDGED"])
    assert re.findall(r"steps\.again\.outputs\.([a-z-]+)", env["AGAIN"]) == judged
    # Whether staging is next is only told to people.
    used = set(re.findall(r"needs\.gate\.outputs\.([a-z-]+)", str(build))) - {"deploy-staging"}
    assert set(judged) == used


def test_the_login_of_awx_is_for_deployments_alone(example_workflow: str, parsed: dict[str, Any]) -> None:
    """No job without an environment of its own sees AWX's secrets."""
    assert "AWX_" not in example_workflow.split("\njobs:\n")[1].split("\n  deploy-staging:\n")[0]
    for name, job in parsed["jobs"].items():
        assert ("AWX_USER" in str(job)) == name.startswith("deploy-")


def test_only_pull_requests_share_a_concurrency_group(parsed: dict[str, Any]) -> None:
    """The group that cancels holds the run's own number, except on pull requests."""
    assert parsed["concurrency"]["group"].endswith(
        "${{ github.event_name == 'pull_request' && github.ref || github.run_id }}"
    )


def test_production_is_decided_by_equality(parsed: dict[str, Any]) -> None:
    """deploy-production asks for the one value that allows it, and its condition negates nothing."""
    condition = parsed["jobs"]["deploy-production"]["if"]
    assert "needs.gate.outputs.deploy-production == 'true'" in condition
    assert "needs.gate.result == 'success'" in condition
    assert "||" not in condition
    assert re.findall(r"\S+ != \S+|!\w\S*", condition) == ["vars.DOCKERHUB_USERNAME != ''"]


def test_foreign_actions_are_pinned(example_workflow: str) -> None:
    """Each action but ours is pinned to a commit, with its version beside it."""
    for line in re.findall(r"uses: (.+)", example_workflow):
        if not line.startswith("org/frag-release-action@v1"):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}  # v[0-9]+\.[0-9]+\.[0-9]+", line)


def test_the_form_shares_environments_and_groups(parsed: dict[str, Any], form: dict[str, Any]) -> None:
    """The form deploys from the same environments, in the same groups, one at a time and never cancelled."""
    job = form["jobs"]["deploy"]
    inputs = form["on"]["workflow_dispatch"]["inputs"]
    for place in inputs["environment"]["options"]:
        other = parsed["jobs"][f"deploy-{place}"]
        name = job["environment"]["name"].replace("${{ inputs.environment }}", place)
        assert {**job["environment"], "name": name} == other["environment"]
        group = job["concurrency"]["group"].replace("${{ inputs.environment }}", place)
        assert {**job["concurrency"], "group": group} == other["concurrency"]
    assert form["permissions"] == {}
    # A rollback is told in the text of the release that is left, and in its ticket.
    assert job["permissions"] == {
        "contents": "write",
        "actions": "read",
        "issues": "write",
        "deployments": "write",
    }
    assert 0 < job["timeout-minutes"] <= 60


def test_the_form_asks_for_little(form: dict[str, Any]) -> None:
    """Which release, where to, and whether it is a rollback, which it is unless somebody says no."""
    inputs = form["on"]["workflow_dispatch"]["inputs"]
    assert list(inputs) == ["tag", "environment", "rollback", "dry-run"]
    assert inputs["environment"]["options"] == ["production", "staging"]
    assert (inputs["rollback"]["default"], inputs["dry-run"]["default"]) == (True, False)
