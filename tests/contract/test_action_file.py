"""`action.yml`, the table of inputs and docs/reference.md say the same."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

from contract.sources import ROOT, load_yaml
from frag_release.inputs.command_line import command_page
from frag_release.inputs.table import COMMANDS, INPUTS, OUTPUTS, Kind

REFERENCE = ROOT / "docs" / "reference.md"

# Design section 3, by hand: the inputs of the gate, with their defaults where those are fixed.
NOT_OF_PREPARE = {"ref", "production", "backend-namespace", "frontend-namespace", "component-namespaces"}
DESIGNED_INPUTS = {
    "command": "gate",
    "token": "",
    "component-token": "",
    "ref": "",
    "stack-repository": "",
    "stack-branch": "",
    **{f"{one}tag-format": "YEAR.MONTH.ITERATION" for one in ("", "backend-", "frontend-")},
    **{f"{one}image-tag-format": "as-tag" for one in ("", "backend-", "frontend-")},
    "backend-repository": "",
    "frontend-repository": "",
    "backend-branch": "production",
    "frontend-branch": "production",
    "backend-tag": "",
    "frontend-tag": "",
    "backend-namespace": "",
    "frontend-namespace": "",
    "component-tags": "",
    "component-namespaces": "",
    "backend-variable": "BE_IMAGE_TAG",
    "frontend-variable": "FE_IMAGE_TAG",
    "backend-namespace-variable": "BE_NAMESPACE",
    "frontend-namespace-variable": "FE_NAMESPACE",
    "backend-image": "",
    "frontend-image": "",
    "backend-ci-workflows": "",
    "frontend-ci-workflows": "",
    "workflow-file": ".github/workflows/build-main.yaml",
    "check-ci": "true",
    "check-images": "true",
    "check-origin": "check",
    "allow": "",
    "production": "true",
    "github-api-url": "",
    "ca-file": "",
    "registry-url": "",
    "registry-username": "",
    "registry-password": "",
    "registry-config": "",
    "local": "",
    "report": "",
    "timeout-seconds": "120",
}
_NOTICE = dict.fromkeys(("backend-notice-paths", "frontend-notice-paths"), "**/migrations/**")
PREPARE_INPUTS = {
    **_NOTICE,
    "component-releases": "false",
    "expected-plan": "",
    **{name: default for name, default in DESIGNED_INPUTS.items() if name not in NOT_OF_PREPARE},
    "mode": "pull-request",
    "stack-tag": "",
    "ticket": "",
    "ticket-token": "",
    # Beyond the contract: the numbers in commits must lead to the right repository here, too.
    "ticket-repository": "",
    "tickets-from": "",
    "timezone": "UTC",
    "dry-run": "false",
    "wait-minutes": "0",
}
_EVERYWHERE = {
    name: default
    for name, default in DESIGNED_INPUTS.items()
    if name
    not in {
        "ref", "production", "local", "check-ci", "check-images", "check-origin", "allow",
        "backend-tag", "frontend-tag", "backend-namespace", "frontend-namespace",
        "component-tags", "component-namespaces",
        "backend-ci-workflows", "frontend-ci-workflows",
    }
}  # fmt: skip
_JUDGING = {
    **_EVERYWHERE,
    "check-ci": "true", "check-images": "true", "check-origin": "check", "allow": "",
    "backend-ci-workflows": "", "frontend-ci-workflows": "",
}  # fmt: skip
PUBLISH_INPUTS = {
    **_NOTICE,
    **_JUDGING,
    "stack-tag": "", "ticket-token": "", "stack-ci-workflows": "", "follow": "true", "ticket-repository": "",
    "baseline": "false",
    "tickets-from": "", "dry-run": "false", "wait-minutes": "0", "stack-image": "", "timeout-seconds": "5400",
}  # fmt: skip
ANNOUNCE_INPUTS = {
    **_NOTICE,
    **_EVERYWHERE,
    "stack-tag": "", "ticket": "", "ticket-token": "", "ticket-repository": "", "tickets-from": "",
    "assignees": "", "labels": "", "checklist": "", "project": "", "project-field": "Status",
    "project-status": "push to production", "dry-run": "false",
}  # fmt: skip
_AWX = {
    "environment": "production", "deployer": "awx", "awx-url": "", "awx-api-path": "/api/v2/",
    "awx-username": "", "awx-password": "", "awx-token": "", "awx-template": "",
    "awx-organization": "", "verify-url": "", "verify-text": "",
}  # fmt: skip
DEPLOY_INPUTS = {
    **_JUDGING,
    **_AWX,
    "ref": "", "production": "true", "backend-tag": "", "frontend-tag": "", "backend-namespace": "",
    "component-tags": "", "component-namespaces": "", "expected-components": "",
    "frontend-namespace": "", "image-tag": "", "stack-image": "", "expected-stack-commit": "",
    "expected-backend-digest": "", "expected-frontend-digest": "", "expected-stack-digest": "",
    "extra-vars": "", "on-timeout": "leave", "verify-looks": "3", "production-template": "", "rollback": "false",
    "deployment-record": "true", "staging-minutes": "", "ungated": "false", "dry-run": "false", "wait-minutes": "30",
    "ticket-token": "", "ticket-repository": "", "deployment-outcome": "", "deployment-id": "",
}  # fmt: skip
AUDIT_INPUTS = {
    **_JUDGING,
    "environment": "production", "verify-url": "", "verify-text": "",
    "local": "", "since": "", "stack-image": "", "check-ci": "false", "check-images": "false", "check-origin": "check",
    "timeout-seconds": "900",
}  # fmt: skip
DOCTOR_INPUTS = {
    **_EVERYWHERE,
    **_AWX,
    "ticket-token": "", "ticket-repository": "", "project": "", "project-field": "Status",
    "project-status": "push to production", "for": "gate,prepare,publish,announce,deploy",
    "backend-tag": "", "frontend-tag": "", "component-tags": "",
}  # fmt: skip
ADOPT_INPUTS = {
    name: default
    for name, default in _EVERYWHERE.items()
    if not re.fullmatch(r"registry-(username|password|config)|github-api-url|ca-file|timeout-seconds", name)
} | {
    "environment": "production", "check": "false", "write": "false", "action": "org/frag-release-action@v1",
    "deployer": "awx", "build-jobs": "", "production-jobs": "", "all": "false",
}  # fmt: skip
BY_COMMAND = {
    "gate": DESIGNED_INPUTS,
    "prepare": PREPARE_INPUTS,
    "publish": PUBLISH_INPUTS,
    "announce": ANNOUNCE_INPUTS,
    "deploy": DEPLOY_INPUTS,
    "audit": AUDIT_INPUTS,
    "doctor": DOCTOR_INPUTS,
}
ALL_INPUTS = {name for designed in BY_COMMAND.values() for name in designed}
BY_COMMAND["adopt"] = ADOPT_INPUTS
DESIGNED_OUTPUTS = {
    "verdict", "deploy-production", "deploy-staging", "image-tag", "stack-tag", "stack-commit",
    "backend-tag", "backend-namespace", "backend-commit", "backend-digest", "backend-image",
    "frontend-tag", "frontend-namespace", "frontend-commit", "frontend-digest", "frontend-image",
    "components", "production-tag", "production-matches", "failed-rules", "headline", "headline-url", "report-path",
    "changed", "plan", "plan-title", "commit", "pull-request-number", "pull-request-url",
    "release-url", "run-url", "run-conclusion", "ticket-number", "ticket-url", "job-id", "job-url", "job-status",
    "stack-image", "deployment-id",
}  # fmt: skip


@pytest.fixture(scope="module")
def action() -> Any:
    """The published action, as data."""
    return load_yaml((ROOT / "action.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def step(action: Any) -> Any:
    """The action's one step."""
    (only,) = action["runs"]["steps"]
    return only


@pytest.mark.parametrize(("command", "designed"), BY_COMMAND.items())
def test_the_table_has_the_inputs_of_the_contract(command: str, designed: dict[str, str]) -> None:
    """Each command has exactly the inputs of the contract, with their defaults."""
    assert {one.name: one.default_of(command) for one in INPUTS if command in one.commands} == designed


def test_the_table_has_the_outputs_of_the_contract() -> None:
    """The commands have exactly the outputs of the contract."""
    assert set(OUTPUTS) == DESIGNED_OUTPUTS


def test_names_are_kebab_case_and_unique() -> None:
    """Inputs and outputs are named alike, each once."""
    names = [one.name for one in INPUTS]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in [*names, *OUTPUTS])


def test_the_inputs_of_the_action_are_those_of_the_table(action: Any) -> None:
    """Every input of the table but those of a terminal alone is one of the action, each with a description."""
    assert set(action["inputs"]) == ALL_INPUTS
    of_terminal = {"check", "write", "all", "action", "build-jobs", "production-jobs"}
    assert {one.name for one in INPUTS} - ALL_INPUTS == of_terminal
    for declared in action["inputs"].values():
        assert declared["description"]
        # `required: true` is not enforced by the runner, so nothing may rely on it.
        assert declared["required"] is False


def test_defaults_are_left_to_the_table(action: Any) -> None:
    """Only the token's default, which takes an expression, is in the action: an empty value means the table's."""
    defaults = {name: declared["default"] for name, declared in action["inputs"].items() if declared["default"]}
    assert defaults == {"token": "${{ github.token }}"}


def test_the_outputs_of_the_action_are_those_of_the_table(action: Any) -> None:
    """Every output is passed on from the one step under its own name."""
    expected = {name: "${{ steps.run.outputs." + name + " }}" for name in OUTPUTS}
    assert {name: declared["value"] for name, declared in action["outputs"].items()} == expected
    assert all(declared["description"] for declared in action["outputs"].values())


def test_every_input_crosses_by_its_own_variable(step: Any) -> None:
    """Each line of `env:` passes one input by its name; the workflow's own token comes along, to tell it apart."""
    expected = {"INPUT_" + name.upper().replace("-", "_"): "${{ inputs." + name + " }}" for name in ALL_INPUTS}
    expected["RUN_TOKEN"] = "${{ github.token }}"
    assert step["env"] == expected


def test_the_action_is_one_step_without_logic(action: Any, step: Any) -> None:
    """The composite action replaces its shell by an isolated Python, and does nothing else."""
    assert action["runs"]["using"] == "composite"
    assert set(step) == {"id", "shell", "env", "run"}
    assert (step["id"], step["shell"]) == ("run", "bash")
    assert step["run"] == 'exec python3 -I -X utf8 "$GITHUB_ACTION_PATH/scripts"'


def test_the_action_can_be_listed(action: Any) -> None:
    """The marketplace needs a name, a description and the two words of the branding."""
    assert action["name"]
    assert 0 < len(action["description"]) <= 125
    assert set(action["branding"]) == {"icon", "color"}


def test_secrets_are_known_as_such() -> None:
    """Every input with a token, a password or logins in it is a secret, with a variable for terminals."""
    secrets = {one.name for one in INPUTS if one.secret}
    assert secrets == {one.name for one in INPUTS if re.search(r"token$|password$|^registry-config$", one.name)}
    assert all(one.terminal_variable for one in INPUTS if one.secret)


def test_flags_and_seconds_have_a_default_of_their_kind() -> None:
    """An empty flag or number must still mean something."""
    for one in INPUTS:
        if one.kind is Kind.FLAG:
            assert one.default in ("true", "false")
        if one.kind is Kind.SECONDS:
            assert one.default.isdigit()


def test_the_help_of_the_terminal_lists_every_input() -> None:
    """`--help` of a command shows each of its inputs as an option, and secrets as variables."""
    for command in COMMANDS:
        shown = command_page(command)
        for one in INPUTS:
            belongs = command in one.commands and one.name != "command"
            assert (f"\n  --{one.name} " in shown) == (belongs and not one.secret), one.name
            if one.secret:
                assert (f"\n  {one.terminal_variable} ({one.name})\n" in shown) == belongs, one.name


def test_generated_files_are_up_to_date() -> None:
    """`action.yml` and the tables of docs/reference.md are what the generator would write now."""
    done = subprocess.run(
        [sys.executable, "tools/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_reference_lists_every_input_output_and_rule() -> None:
    """Each input, output and rule id is in docs/reference.md, between backticks."""
    from frag_release.domain.rules import CATALOGUE

    text = REFERENCE.read_text("utf-8")
    names = [*ALL_INPUTS, *DESIGNED_OUTPUTS, *(rule.id for rule in CATALOGUE)]
    firsts = {cell for line in text.splitlines() if line.startswith("| `") for cell in line.split("|")[1].split(",")}
    assert {name for name in names if f"`{name}`" not in {cell.strip() for cell in firsts}} == set()
