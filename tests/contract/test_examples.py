"""The examples use the action as its table of inputs has it, and end when the action does."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from contract.sources import ROOT, load_yaml, name_of
from frag_release.domain.evidence import Blob
from frag_release.domain.workflow_jobs import read_triggers
from frag_release.inputs.table import INPUTS, OUTPUTS
from frag_release.inputs.values import Values
from frag_release.render.publish import LINES
from world.emulate import node

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
ACTION = "org/frag-release-action@v1"
TABLE = {one.name: one for one in INPUTS}


def uses_of(job: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """The inputs of each use of the action in a job."""
    return [step.get("with", {}) for step in job["steps"] if step.get("uses") == ACTION]


def workflow_of(name: str) -> Mapping[str, Any]:
    """An example as data."""
    workflow = load_yaml((ROOT / "examples" / name).read_text("utf-8"))
    assert isinstance(workflow, Mapping)
    return workflow


def groups_of(workflow: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The concurrency groups of a workflow and of its jobs."""
    return [one["concurrency"] for one in (workflow, *workflow["jobs"].values()) if "concurrency" in one]


IN_NAMESPACE = "vars.STACK_NAMESPACE && format('{0}/fragalysis-stack', vars.STACK_NAMESPACE) || '' }}"
STACK_IMAGES = {
    "build-main": "${{ needs.build.outputs.image }}",
    "publish-release": f"${{{{ {IN_NAMESPACE}",
    "release": f"${{{{ {IN_NAMESPACE}",
    "deploy": f"${{{{ !inputs.rollback && {IN_NAMESPACE}",
    "audit": None,
}
"""Where each example looks for the stack's image.

That is where the build pushed it, or where the variable says that it pushes. What is judged by its `release.json`,
which names the image, must not be looked for where the variable points by now.
"""

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


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_all_mean_the_same_stack_image(path: Any) -> None:
    """Every command that looks at the stack's image looks where build-main.yaml pushes it, in any namespace."""
    for job in load_yaml(path.read_text("utf-8"))["jobs"].values():
        for given in uses_of(job):
            if given.get("command", "gate") in TABLE["stack-image"].commands:
                assert given.get("stack-image") == STACK_IMAGES[path.stem]


@pytest.mark.parametrize("job", JOBS)
def test_a_stack_without_production_has_none_anywhere(job: Mapping[str, Any]) -> None:
    """Whatever judges a build hears of the variable that says that there is no production; a rollback takes no such."""
    for given in uses_of(job):
        if given.get("command", "gate") in TABLE["production"].commands and "ungated" not in given:
            with_deadline = "!inputs.rollback && " if "rollback" in given else ""
            assert given["production"].replace(" || ''", "") == f"${{{{ {with_deadline}vars.PRODUCTION }}}}"


def test_the_build_pushes_to_the_namespace_that_the_others_look_in() -> None:
    """The variable that names the image for the other examples is the one that the build goes by."""
    build = workflow_of("build-main.yaml")["jobs"]["build"]
    assert "vars.STACK_NAMESPACE" in build["env"]["OTHER_NAMESPACE"]
    assert build["outputs"]["image"] == "${{ env.OTHER_NAMESPACE || env.STACK_NAMESPACE }}/fragalysis-stack"


@pytest.mark.parametrize(
    "name", ["build-main.yaml", "deploy.yaml", "prepare-release.yaml", "publish-release.yaml", "release.yaml"]
)
def test_no_release_is_dropped_for_waiting(name: str) -> None:
    """Where nothing is cancelled, all that waits is kept: GitHub's default keeps the newest alone."""
    lasting = [one for one in groups_of(workflow_of(name)) if not one["cancel-in-progress"]]
    assert [one["group"] for one in lasting if one.get("queue") != "max"] == []
    assert lasting


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_what_cancels_has_no_queue(path: Any) -> None:
    """GitHub refuses a workflow file that asks for both."""
    groups = groups_of(load_yaml(path.read_text("utf-8")))
    assert [one["group"] for one in groups if one["cancel-in-progress"] and "queue" in one] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_github_files_no_deployment_by_itself(path: Any) -> None:
    """A job with an environment says `deployment: false`, and one that runs `deploy` may file the record itself."""
    jobs = [job for job in load_yaml(path.read_text("utf-8"))["jobs"].values() if "environment" in job]
    assert [job for job in jobs if isinstance(job["environment"], str) or job["environment"]["deployment"]] == []
    deploying = [job for job in jobs if any(one.get("command") == "deploy" for one in uses_of(job))]
    assert {job["permissions"].get("deployments") for job in deploying} <= {"write"}
    assert {job["permissions"].get("deployments") for job in jobs if job not in deploying} <= {None}


NEW = "(inputs.backend == 'tag production now' || inputs.frontend == 'tag production now')"
FOLLOWS = f"${{{{ {NEW} && !inputs.dry-run && 'release-approved' || 'release' }}}}"
"""The environment of prepare's form: with reviewers where something is tagged."""
BY_HAND = "${{ (inputs.stack-tag || inputs.baseline) && !inputs.dry-run && 'release-approved' || 'release' }}"
"""The environment of publish: with reviewers where somebody names the tag, for that may be unreviewed."""

APPS = {
    "RELEASE_APP": {
        ("doctor", "releasing", "release"),
        ("doctor", "tagging", "release-approved"),
        ("prepare-release", "prepare", FOLLOWS),
        ("publish-release", "publish", BY_HAND),
    },
    "COMPONENT_APP": {
        ("doctor", "tagging", "release-approved"),
        ("prepare-release", "prepare", FOLLOWS),
    },
    "STACK_APP": {("component", "stack", "stack-staging")},
}
"""Where each app's key is used: example, job, environment."""


@pytest.mark.parametrize("app", APPS)
def test_each_apps_key_is_used_in_its_environments(app: str) -> None:
    """An app's token is got by one variable and one secret of its name, in environments that hold them."""
    found = {
        (path.stem, name, job["environment"]["name"])
        for path in EXAMPLES
        for name, job in load_yaml(path.read_text("utf-8"))["jobs"].items()
        for step in job["steps"]
        if f"{app}_KEY" in str(step)
    }
    assert found >= APPS[app] and {place for _, _, place in found - APPS[app]} <= {"release-approved"}
    assert all(
        (given["client-id"], given["private-key"])
        == (f"${{{{ vars.{app}_CLIENT_ID }}}}", f"${{{{ secrets.{app}_KEY }}}}")
        for path in EXAMPLES
        for job in load_yaml(path.read_text("utf-8"))["jobs"].values()
        for given in (step["with"] for step in job["steps"] if f"{app}_KEY" in str(step.get("with")))
    )


def test_the_key_of_the_components_is_asked_for_only_where_something_is_tagged() -> None:
    """The step that reads it has the condition by which the job's environment is the one with reviewers."""
    (step,) = [
        one
        for one in workflow_of("prepare-release.yaml")["jobs"]["prepare"]["steps"]
        if "COMPONENT" in str(one.get("with", {}).get("private-key"))
    ]
    assert step["if"] == f"{NEW} && !inputs.dry-run"
    assert step["with"]["repositories"].split() == ["fragalysis-backend", "fragalysis-frontend"]


def test_a_component_is_built_and_told_to_the_stack_as_the_others_expect() -> None:
    """It starts for production tags, has the file name that the examples ask, and the inputs that the stack has."""
    text = (ROOT / "examples" / "component.yaml").read_text("utf-8")
    tags = read_triggers(Blob(len(text), text.encode())).tags
    assert [tags.start(one) for one in ("2023.05.1", "2026.11.12", "2023.05.1-rc.1", "v1.2.3")] == [
        True,
        True,
        False,
        False,
    ]
    (dispatch,) = [
        one
        for one in workflow_of("component.yaml")["jobs"]["stack"]["steps"]
        if "gh workflow run" in one.get("run", "")
    ]
    inputs = workflow_of("build-main.yaml")["on"]["workflow_dispatch"]["inputs"]
    assert set(inputs) <= set(re.findall(r"[a-z]+_[a-z_]+", text))
    sent = {f"{short}_{rest}" for short in ("be", "fe") for rest in re.findall(r"{COMPONENT}_(\w+)=", dispatch["run"])}
    assert sent == {"be_namespace", "be_image_tag", "fe_namespace", "fe_image_tag"} and sent <= set(inputs)
    assert "build-main.yaml" in dispatch["run"]
    prepare = uses_of(workflow_of("prepare-release.yaml")["jobs"]["prepare"])[0]
    assert f".github/workflows/{prepare['backend-ci-workflows']} " in text


def asked(job: Mapping[str, Any]) -> list[dict[str, str]]:
    """What each token step of a job asks for; how to follow a build is asked for by publish."""
    steps = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/create-github-app")]
    return [{name: value for name, value in one.items() if name != "permission-actions"} for one in steps]


def test_the_doctor_examines_what_the_others_use() -> None:
    """Each job of the doctor runs where the secrets are, and is given what those that it examines are given."""
    doctor, publish, deploy = (workflow_of(f"{name}.yaml")["jobs"] for name in ("doctor", "publish-release", "deploy"))
    [releasing], [deploying] = uses_of(doctor["releasing"]), uses_of(doctor["deploying"])
    assert set(f"{releasing['for']},{deploying['for']}".split(",")) == {
        "gate", "prepare", "publish", "announce", "deploy"
    }  # fmt: skip
    [tagging], form = uses_of(doctor["tagging"]), workflow_of("prepare-release.yaml")["jobs"]["prepare"]
    assert (tagging["for"], tagging["backend-tag"], tagging["frontend-tag"]) == ("prepare", "new", "new")
    assert {name: tagging[name] for name in ("token", "component-token")} == {
        name: uses_of(form)[0][name] for name in ("token", "component-token")
    }
    assert asked(doctor["tagging"]) == asked(form)
    assert doctor["releasing"]["environment"] == publish["announce"]["environment"]
    assert publish["publish"]["environment"]["name"].endswith(
        f" || '{doctor['releasing']['environment']['name']}' }}}}"
    )
    assert releasing["token"] == uses_of(publish["publish"])[0]["token"]
    announced = uses_of(publish["announce"])[0]
    assert releasing["ticket-token"] == announced["ticket-token"].replace(" }}", " || github.token }}")
    assert {name: releasing[name] for name in ("ticket-repository", "project")} == {
        name: announced[name] for name in ("ticket-repository", "project")
    }

    def examined(given: Mapping[str, str]) -> dict[str, str]:
        return {name: given[name].replace("inputs.environment", "inputs.examine") for name in AWX_INPUTS}

    assert examined(deploying) == examined(uses_of(deploy["deploy"])[0])
    assert doctor["deploying"]["environment"]["name"] == "awx/fragalysis-${{ inputs.examine }}"
    assert deploying["environment"] == releasing["environment"] == "awx/fragalysis-production"


AWX_INPUTS = ("awx-url", "awx-username", "awx-password", "awx-template")


def lines_of(text: str) -> list[str]:
    """The lines of a text without what stands around them."""
    return [line.strip().removeprefix("- ") for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("place", ["examples/build-main.yaml", "docs/publish.md"])
def test_the_lines_that_a_build_lacks_are_those_of_the_example(place: str) -> None:
    """What publish tells to add to a build that names no image stands in the example, and in the page on publish."""
    there = lines_of((ROOT / place).read_text("utf-8"))
    assert [line for line in lines_of(LINES) if line not in there] == []


def test_a_scan_stops_nothing_and_holds_no_key() -> None:
    """No job waits for the scan, and its step cannot fail it; a program from elsewhere gets no right there."""
    jobs = dict(workflow_of("build-main.yaml")["jobs"])
    scan = jobs.pop("scan")
    assert [name for name, job in jobs.items() if "scan" in job.get("needs", ())] == []
    assert (scan["permissions"], [step["continue-on-error"] for step in scan["steps"]]) == ({}, [True])
    assert "secrets." not in str(scan)
    assert "environment" not in scan
    # The very image that was pushed, and the very program that was chosen.
    assert (
        scan["steps"][0]["env"]["IMAGE"] == "${{ needs.build.outputs.image }}@${{ needs.build.outputs.image-digest }}"
    )
    assert '\nsha256sum --check <<< "$SHA256  scanner"\nchmod +x scanner\n' in scan["steps"][0]["run"]
    assert re.fullmatch("[0-9a-f]{64}", scan["steps"][0]["env"]["SHA256"])


SAY = """
import {Evaluator, Lexer, Parser, data} from "@actions/expressions";
const [payloads, hostile] = JSON.parse(process.argv[1]);
const roots = ["github", "env", "needs", "steps", "inputs", "vars"];
const nested = (paths) => new data.Dictionary(...[...new Set(paths.map((path) => path[0]))].map((key) => {
  const below = paths.filter((path) => path[0] === key && path.length > 1).map((path) => path.slice(1));
  return {key, value: below.length ? nested(below) : new data.StringData(hostile)};
}));
const filled = (payload) => payload.replace(/\\$\\{\\{(.*?)\\}\\}(?!\\s*\\/)/gs, (_, text) => {
  const named = [...text.matchAll(/\\b(?:github|env|needs|steps|inputs|vars)(?:\\.[\\w-]+)+/g)];
  const parsed = new Parser(new Lexer(text).lex().tokens, roots, []).parse();
  return new Evaluator(parsed, nested(named.map(([path]) => path.split(".")))).evaluate().coerceString();
});
console.log(JSON.stringify(payloads.map(filled)));
"""


def test_what_a_messenger_is_sent_is_one_text_whatever_stands_in_it() -> None:
    """Quotes, lines, expressions and shell signs in any value stay inside the one text of the payload."""
    jobs = [job for path in EXAMPLES for job in load_yaml(path.read_text("utf-8"))["jobs"].values()]
    steps = [step for job in jobs for step in job["steps"] if "slackapi/" in step.get("uses", "")]
    payloads = [step["with"]["payload"] for step in steps]
    assert len(payloads) == 5
    hostile = 'a"}, {"b": `id` $(id) <!channel> & %0A \\ \n\u2028 ${{ github.token }}'
    command = [node(), "--input-type=module", "--eval", SAY, json.dumps([payloads, hostile])]
    done = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    for text in json.loads(done.stdout):
        sent = json.loads(text)
        assert list(sent) == ["text"]
        assert hostile in sent["text"]
