"""What a workflow file does with the gate: who waits for it, who asks it, and what only looks so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.files import blob
from domain.worked_example import BACKEND, FRONTEND
from frag_release.domain.gate_use import GateUse, read_gate_use
from frag_release.domain.needs import Judgement, Presence, workflow
from frag_release.domain.needs.protection import SecretNames
from frag_release.domain.workflow_file import WorkflowFileError
from frag_release.domain.workflow_jobs import Goal
from world.level_one import BEFORE, FULL, with_level_one

LEVEL_ONE = with_level_one(BEFORE)
THERE, MISSING, UNAVAILABLE = Presence.THERE, Presence.MISSING, Presence.UNAVAILABLE
ASKED = "needs.gate.outputs.deploy-production == 'true'"
SMALL = """\
name: small
on: {push: {tags: ['**']}}
env: {BE_IMAGE_TAG: 1.2.3, FE_IMAGE_TAG: 1.2.3}
jobs:
  gate:
    runs-on: ubuntu-latest
    outputs:
      deploy-production: ${{ steps.gate.outputs.deploy-production }}
      go: ${{ steps.gate.outputs['deploy-production'] }}
      lax: ${{ steps.gate.outputs.deploy-production || 'true' }}
    steps:
    - id: gate
      uses: org/frag-release-action@v1
  build:
    needs: gate
    outputs:
      go: ${{ needs.gate.outputs.go }}
    runs-on: ubuntu-latest
    steps:
    - run: docker build .
  ship:
    needs: [gate, build]
    if: CONDITION
    runs-on: ubuntu-latest
    environment: production
    steps:
    - uses: org/trigger-awx-action@v3
"""


def use_of(text: str, environment: str = "awx/fragalysis-production") -> GateUse:
    """What is read of a file."""
    return read_gate_use(blob(text), (BACKEND, FRONTEND), "", environment)


def changed(text: str, old: str, new: str) -> str:
    """The text with every `old`, of which there is one at least, replaced."""
    assert old in text
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("condition", "presence"),
    [
        (ASKED, THERE),
        (f"${{{{ {ASKED} }}}}", THERE),
        ("'TRUE' == needs['gate'].outputs['deploy-production'] && (success() || true)", THERE),
        (f"always() && needs.gate.result == 'success' && ({ASKED})", THERE),
        (f"({ASKED} && github.ref_type == 'tag') || ({ASKED} && github.actor == 'x')", THERE),
        ("fromJSON(needs.gate.outputs.deploy-production)", THERE),
        ("needs.gate.outputs.go == 'true'", THERE),
        ("needs.build.outputs.go == 'true'", THERE),
        ("false", THERE),
        # The text 'false' is true to GitHub.
        ("needs.gate.outputs.deploy-production", MISSING),
        ("needs.gate.outputs.deploy-production != 'false'", MISSING),
        ("needs.gate.outputs.deploy-production == true", MISSING),
        (f"{ASKED} || github.event_name == 'workflow_dispatch'", MISSING),
        (f"!({ASKED})", MISSING),
        ("needs.gate.outputs.lax == 'true'", MISSING),
        ("needs.gate.outputs.deploy-staging == 'true'", MISSING),
        ("needs.other.outputs.deploy-production == 'true'", MISSING),
        ("steps.gate.outputs.deploy-production == 'true'", MISSING),
        ("github.ref_type == 'tag'", MISSING),
        ("true", MISSING),
        # With something beside an expression it is a text, and no text but the empty one is false.
        (f"${{{{ {ASKED} }}}} && success()", MISSING),
        (f"|\n      ${{{{ {ASKED} }}}}", MISSING),
        ("contains(needs.gate.outputs.deploy-production, 'true')", UNAVAILABLE),
        (f"{ASKED} &&", UNAVAILABLE),
        (f"{'(' * 200}{ASKED}{')' * 200}", UNAVAILABLE),
    ],
)
def test_whether_production_asks(condition: str, presence: Presence) -> None:
    """Only where no other way leads to a deployment than the output's being 'true'."""
    quoted = condition if condition.startswith("|") else '"' + condition + '"'
    judged = workflow.judge_condition(use_of(changed(SMALL, "CONDITION", quoted), "production"))
    assert judged.presence is presence, judged
    assert judged.remedy or presence is THERE


@pytest.mark.parametrize(
    ("old", "new", "presence"),
    [
        (
            "    needs: gate\n    outputs",
            "    needs: [gate]\n    if: needs.gate.result == 'success'\n    outputs",
            THERE,
        ),
        ("    needs: gate\n    outputs", "    outputs", MISSING),
        ("    needs: gate\n    outputs", "    needs: gate\n    if: always()\n    outputs", MISSING),
        ("    needs: gate\n    outputs", "    needs: gate\n    if: ${{ !cancelled() }}\n    outputs", MISSING),
        ("    needs: gate\n    outputs", "    needs: gate\n    if: ${{ always() }} x\n    outputs", MISSING),
        ("    needs: gate\n    outputs", "    needs: gate\n    if: success() || failure()\n    outputs", MISSING),
        ("    needs: gate\n    outputs", "    needs: lint\n    outputs", MISSING),
        (
            "    needs: gate\n    outputs",
            "    needs: gate\n    if: always() && needs.gate.result == 'success'\n    outputs",
            THERE,
        ),
        ("  build:\n    needs: gate\n", "  lint:\n    needs: gate\n    steps: []\n  build:\n    needs: lint\n", THERE),
        ("  ship:\n    needs: [gate, build]", "  ship:\n    needs: build", THERE),
        ("  ship:\n    needs: [gate, build]", "  ship:\n    needs: []", MISSING),
        ("    - id: gate\n", "    - id: gate\n      continue-on-error: true\n", MISSING),
        ("  gate:\n", "  gate:\n    continue-on-error: ${{ github.event_name != 'push' }}\n", MISSING),
        ("    - id: gate\n", "    - id: gate\n      if: github.ref_type == 'tag'\n", MISSING),
        ("  build:\n", "  compile:\n", THERE),
        ("    - run: docker build .", "    - uses: docker/build-push-action@v6", THERE),
        ("  build:\n    needs: gate\n", "  gamma:\n    needs: build\n  build:\n    needs: gamma\n", MISSING),
    ],
)
def test_whether_the_build_waits(old: str, new: str, presence: Presence) -> None:
    """Directly or by other jobs, for a gate that cannot fail and pass all the same, and not by an `if` around it."""
    text = changed(changed(SMALL, "CONDITION", f'"{ASKED}"'), old, new)
    judged = workflow.judge_needed(use_of(text, "production"))
    assert judged.presence is presence, judged
    # A gate does not need itself: what helps there is to let its failure count.
    assert "needs: of gate" not in judged.remedy and ("Remove " in judged.remedy) == (
        old in ("    - id: gate\n", "  gate:\n")
    )


@pytest.mark.parametrize(
    ("term", "switch"),
    [
        ("vars.HOST != ''", [("HOST", "")]),
        ("'' != vars.HOST", [("HOST", "")]),
        ("vars.HOST", [("HOST", "")]),
        ("'yes' == vars.host", [("HOST", "yes")]),
        ("vars.HOST != 'x'", []),
        ("'' != inputs.host", []),
    ],
)
def test_the_variables_that_a_deployment_requires(term: str, switch: list[tuple[str, str]]) -> None:
    """Set to anything or to one value, whichever side of the operator the variable is on."""
    text = changed(SMALL, "CONDITION", f'"{ASKED} && {term}"')
    assert list(use_of(text, "production").switches(Goal.PRODUCTION)) == switch


def test_a_file_without_a_job_that_is_known_to_build_or_deploy() -> None:
    """Nobody can say that nothing goes around the gate: not seen, with how to name the job."""
    gate = SMALL.partition("  build:\n")[0]
    for judge in (workflow.judge_needed, workflow.judge_condition):
        judged = judge(use_of(gate))
        assert judged.presence is UNAVAILABLE and judged.remedy.startswith("Name ")


@pytest.mark.parametrize("uses", ["./.github/workflows/gate.yaml", "org/tools/.github/workflows/all.yaml@v1"])
def test_a_gate_that_may_be_in_another_file(uses: str) -> None:
    """It is not seen, and not taken for there, nor said to be missing."""
    text = changed(BEFORE, "jobs:\n", f"jobs:\n  first:\n    uses: {uses}\n")
    for judge in (workflow.judge_used, workflow.judge_needed, workflow.judge_condition, workflow.judge_alone):
        assert judge(use_of(text)).presence is UNAVAILABLE


@pytest.mark.parametrize(
    ("environment", "job", "presence"),
    [
        ("awx/fragalysis-production", "deploy-staging", MISSING),
        ("{name: awx/fragalysis-production, url: x}", "deploy-staging", MISSING),
        ("alice", "stage", MISSING),
        ("${{ vars.PLACE }}", "deploy-staging", UNAVAILABLE),
        ("awx/fragalysis-staging", "deploy-staging", THERE),
    ],
)
def test_staging_in_the_environment_of_production(environment: str, job: str, presence: Presence) -> None:
    """Whatever is not clearly another environment is production's, and its credentials are within reach of staging."""
    text = changed(LEVEL_ONE, "  deploy-staging:\n", f"  {job}:\n")
    first, second, third = text.partition("    environment: awx/fragalysis-production\n")
    judged = workflow.judge_staging(use_of(f"{first}    environment: {environment}\n{third}"))
    assert second and judged.presence is presence, judged


@pytest.mark.parametrize(
    ("said", "presence"),
    [
        ("true", MISSING),
        ("True", MISSING),
        ("${{ true }}", MISSING),
        ("${{ inputs.lax }}", UNAVAILABLE),
        ("false", THERE),
    ],
)
@pytest.mark.parametrize("of_job", [True, False])
def test_a_deployment_that_may_fail_and_stay_green(said: str, presence: Presence, of_job: bool) -> None:
    """A job or a step that deploys is not continue-on-error; one that tells people may be."""
    line = f"    continue-on-error: {said}\n"
    placed = f"{line}    environment: production\n" if of_job else "    environment: production\n"
    text = changed(changed(SMALL, "CONDITION", f'"{ASKED}"'), "    environment: production\n", placed)
    text += "" if of_job else f"  {line}"
    text += "    - uses: org/slack@v1\n      continue-on-error: true\n"
    judged = workflow.judge_failures(use_of(text, "production"))
    assert judged.presence is presence, judged
    if presence is MISSING:
        assert judged.line == text.splitlines().index(line.rstrip() if of_job else f"  {line.rstrip()}") + 1


@pytest.mark.parametrize("step", ["uses: actions/checkout@v4", "run: echo BASH_ENV=x >> $GITHUB_ENV"])
def test_a_step_before_the_gate_can_decide_for_it(step: str) -> None:
    """It is named with its line; one behind the gate, and a second look in the build, change nothing."""
    text = changed(LEVEL_ONE, "    - id: gate\n", f"    - {step}\n    - id: gate\n")
    judged = workflow.judge_alone(use_of(text))
    assert judged.presence is MISSING
    assert judged.line == text.splitlines().index(f"    - {step}") + 1
    behind = changed(SMALL, "  build:\n", f"    - {step}\n  build:\n")
    assert workflow.judge_alone(use_of(behind)).presence is THERE
    assert workflow.judge_alone(use_of(FULL)).presence is THERE


@pytest.mark.parametrize(
    ("names", "presence"),
    [
        (["BE_IMAGE_TAG"], MISSING), (["stack_namespace"], MISSING), (["DOCKERHUB_USERNAME"], MISSING),
        (["DOCKERHUB_TOKEN", "AWX_USER"], THERE),
    ],
)  # fmt: skip
def test_secrets_with_the_names_of_what_the_file_takes(names: list[str], presence: Presence) -> None:
    """Where jobs take the pair from outputs, each such secret, of the repository or its organisation, empties one."""
    for secrets in (SecretNames(names, [], []), SecretNames([], names, [])):
        assert workflow.judge_override_secrets(use_of(FULL), secrets).presence is presence
    unneeded = workflow.judge_override_secrets(use_of(LEVEL_ONE), SecretNames(names, [], []))
    assert unneeded.presence is Presence.NOT_NEEDED


@pytest.mark.parametrize(
    ("old", "new", "judge"),
    [
        ("    needs: gate\n", "", workflow.judge_needed),
        ("      needs.gate.outputs.deploy-production == 'true' &&\n", "", workflow.judge_condition),
        ("=${{ needs.gate.outputs.backend-tag }}", "=${{ secrets.BE_IMAGE_TAG }}", workflow.judge_overrides_passed),
        ("    steps:\n    - name: Judge", "    steps:\n    - run: date\n    - name: Judge", workflow.judge_alone),
        ("      name: awx/fragalysis-staging\n", "      name: awx/production\n", workflow.judge_staging),
        ("    - name: Deploy\n", "    - name: Deploy\n      continue-on-error: true\n", workflow.judge_failures),
    ],
)
def test_each_guard_of_the_example_is_missed(old: str, new: str, judge: Callable[[GateUse], Judgement]) -> None:
    """The example's file has all guards, and without any one of them its row is missing."""
    assert judge(use_of(FULL)).presence is THERE
    assert judge(use_of(changed(FULL, old, new))).presence is MISSING


@settings(max_examples=3 * settings().max_examples)
@given(st.data())
def test_whatever_a_file_is_made_of_no_fault_comes_of_it(data: st.DataObject) -> None:
    """Lines left out, doubled or put elsewhere, and odd values: a judgement, or that the file cannot be read."""
    lines = data.draw(st.sampled_from([SMALL, LEVEL_ONE, FULL])).splitlines()
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(lines) - 1))
        key = lines[at].partition(":")[0]
        odd = data.draw(st.sampled_from(["[]", "{}", "null", "*x", "&x [1]", "${{", "{a: [b]}", "|", "''"]))
        lines[at : at + 1] = data.draw(st.sampled_from([[], [lines[at]] * 2, [f"{key}: {odd}"], [odd], lines[:at]]))
        lines = lines[:400] or [""]
    try:
        use = use_of("\n".join(lines))
        for judge in (workflow.judge_needed, workflow.judge_condition, workflow.judge_overrides_passed,
                      workflow.judge_alone, workflow.judge_staging, workflow.judge_failures,
                      workflow.judge_used):  # fmt: skip
            assert judge(use).message
        assert workflow.judge_override_secrets(use, SecretNames(["BE_IMAGE_TAG"], [], [])).message
    except WorkflowFileError as error:
        assert error.message
