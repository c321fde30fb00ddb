"""Another pair than the judged one, built past the gate: refused by gate, by prepare, and by publish before it tags."""

from __future__ import annotations

import pytest

from commands.conftest import World
from commands.deployment import Deployment
from commands.stack import MESSAGE, Stack
from commands.test_configuration import FILE, THREE, UNNAMED
from commands.test_prepare import head, prepare, writes
from world.events import push_tag
from world.example import STACK, WORKFLOW_FILE, with_variables, workflow_text
from world.github_server import TOKEN
from world.program import Outcome

TAKEN = '      - run: BE_IMAGE_TAG="${{ secrets.BE_IMAGE_TAG || env.BE_IMAGE_TAG }}" make\n'
GATE = "      - uses: org/frag-release-action@v1\n"
HIDDEN = {"hidden-override:backend": "fail"}


def with_override(backend: str, frontend: str) -> str:
    """The worked example's file with a gate that is told of nothing, and a build that takes a secret."""
    return workflow_text(backend, frontend) + GATE + TAKEN


def released(unseeded: World, text: str, **inputs: str) -> Outcome:
    """Release the file as 2023.06.3, and ask the gate about it."""
    example = unseeded.example
    commit = example.stack.commit({WORKFLOW_FILE: text}, "build: take it from a secret", branch="master")
    example.stack.tag("2023.06.3", commit)
    example.commits[STACK]["2023.06.3"] = commit
    return unseeded.seed().gate("2023.06.3", **inputs)


def test_the_gate_refuses_it_at_its_line(unseeded: World) -> None:
    """A secret that the gate is not given blocks the tag, and the annotation stands at the line that takes it."""
    text = with_override("2023.05.1", "2023.05.4")
    outcome = released(unseeded, text)
    assert outcome.status == 1
    assert outcome.findings("fail", "unknown") == HIDDEN
    line = text.count("\n")
    assert f"::error title=hidden-override (backend),file={WORKFLOW_FILE},line={line}::" in outcome.log
    assert "backend-tag: ${{ secrets.BE_IMAGE_TAG }}" in outcome.log


def test_a_gate_that_is_told_passes_the_same_file(unseeded: World) -> None:
    """With the secret in the gate's `with:` the file hides nothing."""
    told = f"{GATE}        with: {{backend-tag: '${{{{ secrets.BE_IMAGE_TAG }}}}'}}\n"
    outcome = released(unseeded, workflow_text("2023.05.1", "2023.05.4") + told + TAKEN)
    assert (outcome.status, outcome.findings()["hidden-override:backend"]) == (0, "pass"), outcome.log


@pytest.mark.parametrize(("told", "production"), [("api-tag: ", "false"), ("component-tags: api=", "true")])
def test_an_input_that_this_action_does_not_have_tells_it_nothing(unseeded: World, told: str, production: str) -> None:
    """GitHub drops `api-tag` with a mere warning: the gate would judge the file's tag, and the build take another."""
    taken = "${{ secrets.BE_IMAGE_TAG }}"
    text = with_variables(workflow_text("2023.05.1", "2023.05.4"), ["WORKER_TAG"])
    unseeded.example.stack.commit({FILE: THREE}, "Set up", branch="master")
    outcome = released(unseeded, f"{text}{GATE}        with:\n          {told}{taken}\n{TAKEN}", **UNNAMED)
    assert outcome.outputs["deploy-production"] == production, outcome.log
    if production == "false":
        assert outcome.findings("fail", "unknown") == {"hidden-override:api": "fail"}
        assert f"component-tags: api={taken}" in outcome.log


@pytest.mark.parametrize(
    "step",
    [
        "run: BE_IMAGE_TAG=${{ env.FROM_A_STEP }} make",
        "run: |\n          T=${{ secrets.HOTFIX }}\n          test -z $T || BE_IMAGE_TAG=$T make",
        "uses: docker/build-push-action@v5\n        with: {build-args: BE_IMAGE_TAG=2023.03.1}",
    ],
)
def test_an_indirect_one_only_warns(unseeded: World, step: str) -> None:
    """Where only a run can tell what a pin becomes, the tag is deployed with a warning."""
    outcome = released(unseeded, f"{workflow_text('2023.05.1', '2023.05.4')}{GATE}      - {step}\n")
    assert (outcome.status, outcome.findings()["hidden-override:backend"]) == (0, "warn")


def test_prepare_refuses_it_before_anything_is_written(unseeded: World) -> None:
    """The form for a file that hides an override ends with status 1, and no branch, commit or request is made."""
    stack = unseeded.example.stack
    for tag in ("2023.06.2", "2023.06.2-rc.1"):
        stack.delete(f"refs/tags/{tag}")
    stack.branch("master", unseeded.commit("2023.06.1"))
    stack.commit({WORKFLOW_FILE: with_override("2023.03.1", "2023.05.3")}, "build: take it from a secret")
    world = unseeded.seed()
    before = head(world)
    outcome = prepare(world, mode="commit")
    assert (outcome.status, outcome.findings("fail", "unknown")) == (1, HIDDEN)
    assert (head(world), writes(world)) == (before, [])


def test_publish_refuses_it_before_the_tag_is_made(stack: Stack) -> None:
    """A reviewed pair in a file that hides an override gets no tag."""
    stack.commit(MESSAGE, {WORKFLOW_FILE: with_override("2023.05.1", "2023.05.4")})
    outcome = stack.publish()
    assert (outcome.status, outcome.findings("fail", "unknown")) == (1, HIDDEN)
    assert stack.made_nothing()


def test_an_audit_says_nothing_of_it(unseeded: World) -> None:
    """Nothing is built from a file of the past: the audit has no such finding."""
    released(unseeded, with_override("2023.05.1", "2023.05.4"))
    event = push_tag("2023.06.2", unseeded.commit("2023.06.2"))
    given = {"command": "audit", "token": TOKEN, "registry-url": unseeded.registry.url}
    outcome = unseeded.program.run(event, given, api_url=unseeded.github.url)
    assert outcome.report is not None
    assert "hidden-override" not in str(outcome.report["releases"])
    assert "pin-grade" in str(outcome.report["releases"])


REF = f"xchem/fragalysis-stack/{WORKFLOW_FILE}@refs/tags/2023.06.2"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (REF, "pass"),
        (f"XChem/Fragalysis-Stack/{WORKFLOW_FILE}@refs/tags/2023.06.2", "pass"),
        (REF.replace("build-main", "release"), "fail"),
        (REF.replace("build-main.yaml", "build-main.yml"), "fail"),
        (REF.replace("xchem/", "somebody/"), "fail"),
        ("", "pass"),
    ],
)
def test_a_run_of_another_workflow_file_is_refused(world: World, reference: str, expected: str) -> None:
    """What another file builds was not judged; where the runner does not tell which file runs, the pass says so."""
    outcome = world.gate_where({"GITHUB_WORKFLOW_REF": reference})
    assert outcome.findings()["pin-effective:backend"] == expected, outcome.log
    assert outcome.status == (0 if expected == "pass" else 1)
    assert ("GITHUB_WORKFLOW_REF is not set" in outcome.log) is (reference == "")


def test_a_deployment_may_have_a_workflow_of_its_own(ready: Deployment) -> None:
    """`deploy` builds nothing, so it may run in another file than the pair: examples/deploy.yaml does."""
    world = ready.world
    event = push_tag("2023.06.2", world.commit("2023.06.2"))
    environment = {"GITHUB_WORKFLOW_REF": REF.replace("build-main", "deploy")}
    outcome = world.program.run(event, ready.inputs(), api_url=world.github.url, environment=environment)
    assert (outcome.status, outcome.findings()["pin-effective:backend"]) == (0, "pass"), outcome.log


def test_whoever_names_the_workflow_file_means_it(world: World) -> None:
    """With the input workflow-file given, the pair may stand in another file than the one that runs."""
    environment = {"GITHUB_WORKFLOW_REF": REF.replace("build-main", "release")}
    outcome = world.gate_where(environment, workflow_file=WORKFLOW_FILE)
    assert (outcome.status, outcome.findings()["pin-effective:backend"]) == (0, "pass")
