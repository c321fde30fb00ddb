"""A stack whose components are named in `.github/frag-release.yaml`, and whose file it is that rules."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from commands.auditing import REPOSITORY, audit, blockers, record, release, releases_in
from commands.conftest import World
from commands.scenarios import READERS, SEVEN, scenario_of
from commands.stack import MESSAGE, Stack
from commands.test_prepare import prepare
from frag_release.adapters.http import MOST_AT_ONCE
from inputs.test_configuration import FORBIDDEN
from world.events import Event, push_branch, push_tag
from world.example import BACKEND, FRONTEND, WORKFLOW_FILE, release_stack, with_variables, workflow_text
from world.github_releases import GitHubReleases
from world.rounds import Rounds, patiently

FILE = ".github/frag-release.yaml"
THREE = """\
components:
  api: {repository: xchem/fragalysis-backend, variable: BE_IMAGE_TAG, namespace-variable: BE_NAMESPACE}
  web: {repository: xchem/fragalysis-frontend, variable: FE_IMAGE_TAG, namespace-variable: FE_NAMESPACE}
  worker: {repository: xchem/fragalysis-backend, variable: WORKER_TAG, namespace-variable: BE_NAMESPACE}
"""
RENAMED = """\
workflow-file: .github/workflows/release.yml
components: {api: {repository: xchem/fragalysis-backend, variable: API_TAG}}
"""
UNNAMED = {"backend_ci_workflows": "", "frontend_ci_workflows": ""}
"""The inputs of components that the stack does not have, left out."""
DEFAULTS = (
    "workflow-file: .github/workflows/build-main.yaml\ncomponents: {backend: {branch: production}, frontend: {}}\n"
)


def with_file(unseeded: World, text: str, later: str = "") -> World:
    """The worked example with a release 2023.06.3 whose commit has a file, and another one on the branch since."""
    example = unseeded.example
    example.stack.commit({FILE: text}, "Set up", branch="master")
    release_stack(example, "2023.06.3", "2023.05.1", "2023.05.4", others=["WORKER_TAG"])
    if later:
        example.stack.commit({FILE: later}, "Another", branch="master")
    return unseeded.seed()


@pytest.mark.parametrize(("tags", "status"), [("api=,web=,worker=", 0), ("api=,web=2023.05.4,worker=", 0), ("api", 2)])
def test_an_override_that_is_empty_in_this_run_is_none(unseeded: World, tags: str, status: int) -> None:
    """`component-tags: api=${{ secrets.API_TAG }}` without that secret leaves the tag of the file, as an input does."""
    world = with_file(unseeded, THREE)
    outcome = world.gate("2023.06.3", component_tags=tags, component_namespaces="web=", **UNNAMED)
    assert outcome.status == status, outcome.log
    if status == 0:
        assert json.loads(outcome.outputs["components"])["api"]["tag"] == "2023.05.1"
        assert outcome.outputs["verdict"] == "deploy"


def test_three_components_are_judged_and_handed_on(unseeded: World) -> None:
    """Each has its findings, its place in `components`, and no output of two names that the stack does not have."""
    world = with_file(unseeded, THREE)
    outcome = world.gate("2023.06.3", **UNNAMED)
    assert outcome.outputs["verdict"] == "deploy", outcome.log
    found = json.loads(outcome.outputs["components"])
    assert {name: one["tag"] for name, one in found.items()} == {
        "api": "2023.05.1",
        "web": "2023.05.4",
        "worker": "2023.05.1",
    }
    assert "backend-tag" not in {name for name, value in outcome.outputs.items() if value}
    assert outcome.findings()["pin-on-branch:worker"] == "pass"
    assert outcome.report is not None
    assert list(outcome.report["configuration"]["components"]) == ["api", "web", "worker"]


def test_a_tag_whose_file_is_another_one_is_refused(unseeded: World) -> None:
    """The default branch's file rules: a tag that brings its own is blocked, and the key is named."""
    world = with_file(unseeded, THREE, THREE.replace("worker:", "jobs:"))
    outcome = world.gate("2023.06.3", **UNNAMED)
    assert outcome.findings("fail") == {"config-same:stack": "fail"}
    assert "components.jobs.repository" in outcome.log
    assert outcome.outputs["deploy-production"] == "false"


def answer_with_file(world: World, text: str) -> None:
    """Have GitHub show a file at every commit, as if it had always been there: ids of commits stay as they are."""
    content = text.encode()
    blob_id = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    encoded = {"encoding": "base64", "content": base64.b64encode(content).decode(), "size": len(content)}
    body = {"type": "file", "name": "frag-release.yaml", "path": FILE, "sha": blob_id, **encoded}
    world.github.fail("GET", "/contents/.github/frag-release.yaml", status=200, body=body)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", SEVEN)
def test_a_file_that_says_the_defaults_leaves_no_trace(name: str, request: pytest.FixtureRequest) -> None:
    """But for the time every command's report, page and outputs are those of a stack without a file."""
    scenario = scenario_of(name, request)
    dry = {} if name in READERS else {"dry-run": "true"}
    plain = scenario.run(dry)
    answer_with_file(scenario.world, DEFAULTS)
    filed = scenario.run(dry)
    assert plain.report and filed.report and plain.status == filed.status
    assert {**filed.report, "time": ""} == {**plain.report, "time": ""}
    assert list(filed.report) == list(plain.report)
    assert {**filed.outputs, "report-path": ""} == {**plain.outputs, "report-path": ""}


@pytest.mark.parametrize("ref", ["2023.06.3", "master", "v1.5.0", "2023.06.3-rc.1"])
def test_a_file_that_cannot_be_had_stops_the_gate(unseeded: World, ref: str) -> None:
    """Could not be looked up is not "there is none": a branch claims no pins, and v1.5.0 no image of that name."""
    world = with_file(unseeded, THREE)
    commit = world.commit("2023.06.3")
    world.github.fail("GET", "frag-release.yaml", status=503)
    outcome = world.gate(push_branch(ref, commit) if ref == "master" else push_tag(ref, commit))
    assert outcome.status == 1
    assert "frag-release.yaml of xchem/fragalysis-stack could not be read" in outcome.log
    told = {"deploy-production", "deploy-staging", "verdict"}
    assert {name: value for name, value in outcome.outputs.items() if value and name in told} == {
        "deploy-production": "false",
        "deploy-staging": "false",
        "verdict": "blocked",
    }
    assert not outcome.outputs["image-tag"] and not outcome.outputs["backend-tag"]


def test_a_copy_at_the_commit_that_cannot_be_had_blocks(unseeded: World) -> None:
    """Whether the tag brings the file that rules is then unknown, and nothing is deployed."""
    world = with_file(unseeded, THREE)
    world.github.fail("GET", f"frag-release.yaml\\?ref={world.commit('2023.06.3')}", status=503)
    outcome = world.gate("2023.06.3", **UNNAMED)
    assert outcome.findings("unknown") == {"config-same:stack": "unknown"}
    assert outcome.outputs["deploy-production"] == "false"


@pytest.mark.sampled(3)
@pytest.mark.parametrize("key", ["tokn", *FORBIDDEN])
def test_a_file_that_is_wrong_is_a_wrong_use_at_its_line(unseeded: World, key: str) -> None:
    """Misspelt or forbidden: the annotation leads to the line of the file, and nothing is allowed."""
    outcome = with_file(unseeded, f"stack-branch: master\n{key}: x\n").gate("2023.06.3")
    assert (outcome.status, outcome.outputs["deploy-production"]) == (2, "false")
    assert "file=.github/frag-release.yaml,line=2" in outcome.log


DECOY = ".github/workflows/decoy.yaml"


def test_a_decoy_of_the_workflow_file_does_not_let_another_one_build(unseeded: World) -> None:
    """The file names a workflow file with a good pair; what runs pins 2023.05.2 off production, and is refused."""
    example = unseeded.example
    files = {FILE: f"workflow-file: {DECOY}\n", DECOY: workflow_text("2023.05.1", "2023.05.4")}
    example.stack.commit(files, "Set up", branch="master")
    release_stack(example, "2023.06.3", "2023.05.2", "2023.05.4")
    world = unseeded.seed()
    running = {
        file: {"GITHUB_WORKFLOW_REF": f"{REPOSITORY}/{file}@refs/tags/2023.06.3"} for file in (WORKFLOW_FILE, DECOY)
    }
    outcome = world.gate_where(running[WORKFLOW_FILE], "2023.06.3")
    assert outcome.outputs["deploy-production"] == "false"
    assert outcome.findings("fail") == {"pin-effective:backend": "fail", "pin-effective:frontend": "fail"}, outcome.log
    assert world.gate_where(running[DECOY], "2023.06.3").outputs["deploy-production"] == "true"


@pytest.mark.parametrize(
    ("reviewed", "since", "named"),
    [
        ("stack-branch: master\n", "stack-branch: master\nstack-image: ghcr.io/x/y\n", "stack-image"),
        ("", DEFAULTS, "only one of the two exists"),
        (DEFAULTS, DEFAULTS.replace("production", "main"), "components.backend.branch"),
        (DEFAULTS, f"{DEFAULTS}deployer: none\n", "deployer"),
    ],
)
def test_publish_refuses_what_was_reviewed_under_another_file(
    stack: Stack, reviewed: str, since: str, named: str
) -> None:
    """The default branch has another file by now, in whatever key: nothing is tagged, and the key is named."""
    before = stack.commit("Set up", {FILE: reviewed}) if reviewed else ""
    stack.reviewed()
    event = stack.push(before)
    stack.commit("Another file", {FILE: since})
    stack.world.github.requests.clear()
    outcome = stack.publish(event)
    assert (outcome.status, named in outcome.log) == (1, True), outcome.log
    assert "cannot be released: its .github/frag-release.yaml" in outcome.log
    assert stack.made_nothing()


def test_publish_refuses_a_release_that_brings_its_own_file(stack: Stack) -> None:
    """The file that rules is then the release's own: whoever reviewed a pair has reviewed no settings."""
    stack.commit(MESSAGE, {WORKFLOW_FILE: workflow_text("2023.05.1", "2023.05.4"), FILE: DEFAULTS})
    stack.world.github.requests.clear()
    outcome = stack.publish()
    assert (outcome.status, "it changes .github/frag-release.yaml" in outcome.log) == (1, True), outcome.log
    assert stack.made_nothing()


def test_two_components_with_one_variable_are_refused_at_the_line(unseeded: World) -> None:
    """Else `api=2023.03.1` would be lost beside the other component, and prepare would say "unchanged"."""
    world = with_file(unseeded, THREE.replace("WORKER_TAG", "BE_IMAGE_TAG"))
    outcome = prepare(world, component_tags="api=2023.03.1", backend_tag="", frontend_tag="", **UNNAMED)
    assert outcome.status == 2
    assert "file=.github/frag-release.yaml,line=4" in outcome.log
    assert "The components api and worker share the variable BE_IMAGE_TAG" in outcome.log


def test_a_pull_request_is_judged_by_the_file_of_its_base(unseeded: World) -> None:
    """Its own file, which a stranger may have written, is not read."""
    world = with_file(unseeded, THREE)
    base = world.commit("2023.06.3")
    text = with_variables(workflow_text("2023.05.1", "2023.05.4"), ["WORKER_TAG"])
    files = {FILE: "tokn: x\n", WORKFLOW_FILE: text}
    head = world.example.stack.commit(files, "Mine", branch="mine")
    world = world.seed()
    event = Event("pull_request", "refs/pull/7/merge", head, {"pull_request": {"base": {"sha": base}}})
    outcome = world.gate(event, **UNNAMED)
    assert outcome.status == 0, outcome.log
    assert set(json.loads(outcome.outputs["components"])) == {"api", "web", "worker"}


def test_a_branch_build_hands_on_the_same_components(unseeded: World) -> None:
    """What is not judged is named by the file, too."""
    world = with_file(unseeded, THREE)
    outcome = world.gate(push_branch("master", world.commit("2023.06.3")), **UNNAMED)
    assert set(json.loads(outcome.outputs["components"])) == {"api", "web", "worker"}


def record_of_three(world: World, configuration: Any) -> bytes:
    """The `release.json` of 2023.06.3, as it was published under the file with three components."""
    document = json.loads(record(world, "2023.06.2"))
    document["stack"] |= {
        "tag": "2023.06.3",
        "commit": world.commit("2023.06.3"),
        "image": f"docker.io/{REPOSITORY}:2023.06.3",
    }
    backend, frontend = document["components"]
    document["components"] = [backend | {"name": "api"}, frontend | {"name": "web"}, backend | {"name": "worker"}]
    return json.dumps(document | {"configuration": configuration}).encode()


def components_recorded() -> dict[str, Any]:
    """What publish records of the file with three components."""
    backend = {"namespace-variable": "BE_NAMESPACE"}
    frontend = {"variable": "FE_IMAGE_TAG", "namespace-variable": "FE_NAMESPACE"}
    return {
        "components": {
            "api": {"repository": f"xchem/{BACKEND}", "variable": "BE_IMAGE_TAG", **backend},
            "web": {"repository": f"xchem/{FRONTEND}", **frontend},
            "worker": {"repository": f"xchem/{BACKEND}", "variable": "WORKER_TAG", **backend},
        }
    }


def test_an_audit_judges_each_release_by_what_it_recorded(unseeded: World, releases_of: GitHubReleases) -> None:
    """Today's file names another workflow file and other variables: releases of before it, and of none, keep theirs."""
    world = with_file(unseeded, THREE, RENAMED)
    for tag in ("2023.06.1", "2023.06.2"):
        release(world, releases_of, tag)
    files = {"release.json": record_of_three(world, components_recorded())}
    releases_of.add(REPOSITORY, "2023.06.3", files=files)
    outcome = audit(world, **UNNAMED)
    assert (outcome.status, blockers(outcome)) == (0, {}), outcome.log
    assert {tag: [one["name"] for one in each["components"]] for tag, each in releases_in(outcome).items()} == {
        "2023.06.1": ["backend", "frontend"],
        "2023.06.2-rc.1": ["api"],
        "2023.06.2": ["backend", "frontend"],
        "2023.06.3": ["api", "web", "worker"],
    }
    assert "| Date | Release | api | web | worker | backend | frontend |" in outcome.summary


@pytest.mark.parametrize(
    "configuration", [{"tokn": "x"}, {"token": "x"}, {"components": {"stack": {"repository": "a/b"}}}, "x", [1]]
)
def test_a_recorded_configuration_that_says_nothing_leaves_its_release_unverified(
    unseeded: World, releases_of: GitHubReleases, configuration: Any
) -> None:
    """Whoever may change a release may have written it: it is not taken for that of today, nor for none."""
    world = with_file(unseeded, THREE)
    files = {"release.json": record_of_three(world, configuration)}
    releases_of.add(REPOSITORY, "2023.06.3", files=files)
    outcome = audit(world, since="2023.06.3", **UNNAMED)
    assert outcome.status == 1
    assert blockers(outcome)["2023.06.3"] == ["tag-commit:stack=unknown"]
    assert "the configuration in release.json of 2023.06.3 cannot be used" in outcome.log


def test_prepare_says_beforehand_that_the_branch_has_another_file(unseeded: World) -> None:
    """Of a release branch whose file names another image, publish would refuse the release."""
    example = unseeded.example
    example.stack.commit({FILE: DEFAULTS}, "Set up", branch="master")
    example.stack.branch("releases", example.stack.head())
    example.stack.commit({FILE: f"{DEFAULTS}stack-image: ghcr.io/x/y\n"}, "Another", branch="releases")
    world = unseeded.seed()
    inputs = {"backend_tag": "2023.03.1", "stack_tag": "2023.06.9", "dry_run": "true"}
    said = "frag-release.yaml of releases differs from the default branch's, which is in effect, in stack-image."
    assert said in prepare(world, stack_branch="releases", **inputs).log
    assert "which is in effect" not in prepare(world, **inputs).log


@pytest.mark.parametrize(("text", "limit"), [("", 4), (DEFAULTS, 4), (THREE, 4), ("workflow-file: a.yml\n", 5)])
def test_the_file_costs_no_round_trip_but_where_it_renames_the_workflow_file(
    unseeded: World, text: str, limit: int
) -> None:
    """It is asked for with the first questions; the name of another workflow file has to be read first."""
    example = unseeded.example
    files = {"a.yml": workflow_text("2023.05.1", "2023.05.4"), **({FILE: text} if text else {})}
    example.stack.commit(files, "Set up", branch="master")
    release_stack(example, "2023.06.3", "2023.05.1", "2023.05.4", others=["WORKER_TAG"])
    rounds = rounds_of(unseeded.seed(), "2023.06.3", limit, **(UNNAMED if "api" in text else {}))
    assert rounds.count == limit, rounds.sizes


def rounds_of(world: World, tag: str, limit: int, **inputs: str) -> Rounds:
    """The round trips of a gate that lets a tag pass, without what images say of their making."""

    def gate(rounds: Rounds) -> None:
        world.github.requests.clear()
        world.github.rounds = world.registry.rounds = rounds
        outcome = world.gate(tag, check_origin="off", **inputs)
        assert outcome.outputs["verdict"] == "deploy", outcome.log

    rounds = patiently(limit, gate)
    world.github.rounds = world.registry.rounds = None
    return rounds


@pytest.mark.parametrize(("name", "asked"), [("announce", 27), ("publish", 35), ("doctor", 38), ("audit", 22)])
def test_what_the_look_for_the_file_has_shown_is_not_asked_again(
    name: str, asked: int, request: pytest.FixtureRequest
) -> None:
    """That there is no file is proved by the repository itself, which the command then knows already."""
    scenario = scenario_of(name, request)
    scenario.world.github.requests.clear()
    dry = {} if name in READERS else {"dry-run": "true"}
    assert scenario.run({**dry, "ticket-token": "", "project": ""} if name == "announce" else dry).report is not None
    requests = scenario.world.github.requests
    alone = [one for one in requests if (one.request.method, one.path) == ("GET", f"/repos/{REPOSITORY}")]
    assert (len(alone), len(requests)) == (1, asked)


@pytest.mark.parametrize(("count", "asked"), [(1, 18), (2, 24), (5, 42), (20, 132)])
def test_requests_grow_by_six_a_component(unseeded: World, count: int, asked: int) -> None:
    """A component is its tag, its branches, its commit and its CI; the stack is twelve more, however many it has.

    Never are there more on their way than GitHub lets a token have.
    """
    names = [f"part-{number}" for number in range(1, count + 1)]
    example, variables = unseeded.example, [f"PART_{number}_IMAGE_TAG" for number in range(1, count + 1)]
    lines = [f"  {name}: {{repository: xchem/{name}, namespace-variable: BE_NAMESPACE}}" for name in names]
    example.stack.commit({FILE: "\n".join(["components:", *lines, ""])}, "Set up", branch="master")
    release_stack(example, "2023.06.3", "2023.05.1", "2023.05.4", others=variables)
    world = unseeded.seed()
    for name in names:
        world.github.seed_from_git(example.backend, f"xchem/{name}")
        world.github.add_run(f"xchem/{name}", "2023.05.1", example.commits[BACKEND]["2023.05.1"])
        world.registry.push(f"xchem/{name}", "2023.05.1", revision="0" * 40)
    limit = 3 if count <= 5 else 6
    rounds = rounds_of(world, "2023.06.3", limit, **UNNAMED)
    assert len(world.github.requests) == asked
    assert rounds.count <= limit and max(rounds.sizes) <= MOST_AT_ONCE, rounds.sizes
