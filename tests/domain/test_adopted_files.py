"""The files that `adopt --all` makes of the examples: what changes with a stack's names, and what cannot be made."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from contract.sources import ROOT, load_yaml
from contract.test_examples import TABLE, uses_of
from frag_release.domain.adoption.files import BUILD, EXAMPLES, Names, adapted, configuration, key_of, obstacle
from frag_release.domain.components import Component
from frag_release.domain.refs import DEFAULT_FORMAT, TagFormat
from frag_release.inputs.table import INPUTS
from frag_release.inputs.values import Values
from world.emulate import node


def component(name: str, repository: str) -> Component:
    """A component that is called so."""
    return Component(name, repository, ("production",), (f"{name}_TAG",), (f"{name}_NAMESPACE",))


USUAL = Names(
    "xchem/fragalysis-stack",
    ".github/workflows/build-main.yaml",
    "build main",
    "awx/fragalysis-production",
    "org/frag-release-action@v1",
    (),
    (component("backend", "xchem/fragalysis-backend"), component("frontend", "xchem/fragalysis-frontend")),
    DEFAULT_FORMAT,
    deploys_itself=False,
)


def shop(components: Sequence[Component], environment: str = "live", file: str = "ship.yml") -> Names:
    """The names of another stack."""
    path = f".github/workflows/{file}"
    action, branches = "our/copy@v2", ("trunk", "next")
    return Names("acme/Shop", path, "Ship: it", environment, action, branches, components, DEFAULT_FORMAT, False)


THREE = (component("api", "acme/shop-api"), component("web-ui", "acme/shop-web"), component("on", "acme/w"))
NUMBERED = tuple(replace(one, tag_format=TagFormat("vN.N.N")) for one in THREE[:2])
"""Components whose next tag is named by patch, minor or major; the third of three is by month."""
TWO = (component("backend", "acme/be"), component("frontend", "acme/fe"))


OWN = replace(shop([*NUMBERED, THREE[2]]), tag_format=TagFormat("vN.N.N"), deploys_itself=True)
"""A stack that has nothing of the examples' one."""


def made(example: str, names: Names) -> str:
    """An example with other names."""
    return adapted((ROOT / "examples" / f"{example}.yaml").read_text("utf-8"), names)


@pytest.mark.parametrize("example", [*EXAMPLES, BUILD])
def test_the_examples_own_names_change_nothing(example: str) -> None:
    """For the stack that the examples are written for each file is the example, byte for byte."""
    assert made(example, USUAL) == (ROOT / "examples" / f"{example}.yaml").read_text("utf-8")
    assert obstacle(example, USUAL) == ""


@pytest.mark.sampled(3)
@pytest.mark.parametrize("names", [
    shop(THREE), shop(TWO), shop(TWO, "deploy/production"), shop(THREE, "it's: #production"), shop(TWO, "a\x1b\nb"),
    OWN,
], ids=["3", "2", "named", "odd", "control", "own"])  # fmt: skip
def test_the_made_files_are_workflows_to_github(names: Names, tmp_path: Path) -> None:
    """GitHub's parser and actionlint take each, and every input of the action is one of its command."""
    files = [tmp_path / f"{example}.yaml" for example in EXAMPLES]
    files += [tmp_path / "ship.yaml"] if names.are_usual else []
    for file in files:
        text = made(BUILD if file.stem == "ship" else file.stem, names)
        file.write_text(text, "utf-8")
        assert "our/copy@v2" in text
        for old in ("build-main.yaml", "fragalysis-stack", "fragalysis-backend", "org/frag", "awx/fragalysis-prod"):
            assert old not in text, (file.name, old)
        for job in load_yaml(text.replace("our/copy@v2", "org/frag-release-action@v1"))["jobs"].values():
            for given in uses_of(job):
                assert [one for one in given if given.get("command", "gate") not in TABLE[one].commands] == []
    command = [node(), str(ROOT / "tests" / "lint_workflows.mjs"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_follows_the_build_follows_this_one() -> None:
    """Branches, the workflow's title and file, the environments and repositories are the stack's."""
    publish = load_yaml(made("publish-release", shop(THREE)))
    assert publish["on"]["push"] == {"branches": ["trunk", "next"], "paths": [".github/workflows/ship.yml"]}
    assert publish["on"]["workflow_run"]["workflows"] == ["Ship: it"]
    assert """fromJSON('["trunk", "next"]')""" in publish["jobs"]["publish"]["if"]
    deploy = load_yaml(made("deploy", shop(THREE)))["jobs"]["deploy"]
    name = "${{ inputs.environment == 'production' && 'live' || 'staging' }}"
    assert deploy["environment"]["name"] == deploy["steps"][0]["with"]["environment"] == name
    assert "format('{0}/shop', vars.STACK_NAMESPACE)" in deploy["steps"][0]["with"]["stack-image"]
    named = load_yaml(made("deploy", shop(TWO, "deploy/production")))["jobs"]["deploy"]
    assert named["environment"]["name"] == "deploy/${{ inputs.environment }}"
    tagging = load_yaml(made("doctor", shop(THREE)))["jobs"]["tagging"]["steps"]
    assert tagging[1]["with"]["repositories"] == "shop-api\nshop-web\nw\n"
    assert tagging[2]["with"]["component-tags"] == "api=new,web-ui=new,on=new"
    others = made("release", shop([component("api", "parts/api"), component("web", "parts/web")]))
    given = load_yaml(others)["jobs"]["release"]["steps"][1]["with"]
    assert (given["owner"], given["repositories"]) == ("parts", "api,web")


EVALUATE = """
import {Evaluator, Lexer, Parser, data} from "@actions/expressions";
const [names, cases] = JSON.parse(process.argv[1]);
const filled = ([template, given]) => template.replace(/\\$\\{\\{(.*?)\\}\\}/gs, (_, text) => {
  const parsed = new Parser(new Lexer(text).lex().tokens, ["inputs"], []).parse();
  const inputs = new data.Dictionary(
    ...names.map((key) => ({key, value: new data.StringData(given[key] || "")})));
  return new Evaluator(parsed, new data.Dictionary({key: "inputs", value: inputs})).evaluate().coerceString();
});
console.log(JSON.stringify(cases.map(filled)));
"""


def test_a_form_for_three_says_what_a_form_for_two_says() -> None:
    """Each choice of the form becomes the tag that the form for two makes of it, and what is kept is not named."""
    template = load_yaml(made("prepare-release", shop(THREE)))["jobs"]["prepare"]["steps"][2]["with"]["component-tags"]
    choices = {
        ("keep today's", ""): "", ("keep today's", "1.2.3"): "1.2.3", ("newest tag", ""): "newest",
        ("newest tag", "1.2.3"): "newest and 1.2.3", ("tag production now", ""): "new",
        ("tag production now", "4be1c0a"): "new@4be1c0a",
    }  # fmt: skip
    pairs = list(itertools.product(choices, repeat=2))
    cases = [{"api": a, "api-at": b, "web-ui": c, "web-ui-at": d, "on": "keep today's"} for (a, b), (c, d) in pairs]
    typed = load_yaml(made("release", shop(THREE)))["jobs"]["plan"]["steps"][0]["with"]["component-tags"]
    names = ["api", "api-at", "web-ui", "web-ui-at", "on", "on-at"]
    asked = json.dumps([names, [*([template, one] for one in cases), [typed, {"web-ui": "newest"}]]])
    command = [node(), "--input-type=module", "--eval", EVALUATE, asked]
    done = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    *chosen, last = json.loads(done.stdout)
    for (first, second), text in zip(pairs, chosen, strict=True):
        wanted = {"api": choices[first], "web-ui": choices[second]}
        assert tags_of(text) == {name: tag for name, tag in wanted.items() if tag}
    assert tags_of(last) == {"web-ui": "newest"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_stack_that_has_nothing_of_the_example_reads_of_itself_alone(example: str) -> None:
    """No word and no tag of the examples' stack is left in a file, nor an input of a deployer that it has not."""
    foreign = r"(?i)awx|back-?end|front-?end|fragalysis|xchem|20[0-9]{2}\.[0-9]|this month"
    assert re.findall(foreign, made(example, replace(OWN, components=NUMBERED))) == []


def test_a_form_tags_each_component_as_its_tags_are_written() -> None:
    """Where the next is named by its part there is a choice for each, which also asks for token and reviewers."""
    workflow = load_yaml(made("prepare-release", OWN))
    fields, job = workflow["on"]["workflow_dispatch"]["inputs"], workflow["jobs"]["prepare"]
    kept, now = ["keep today's", "newest tag"], "tag production now"
    parts = [f"{now}: {part}" for part in ("patch", "minor", "major")]
    assert (fields["api"]["options"], fields["on"]["options"]) == ([*kept, *parts], [*kept, now])
    assert ("such as v1.4.2" in fields["api-at"]["description"], "2023." in fields["on-at"]["description"]) == (
        True,
    ) * 2
    some = f"startsWith(inputs.api, '{now}') || startsWith(inputs.web-ui, '{now}') || inputs.on == '{now}'"
    assert job["steps"][1]["if"] == f"({some}) && !inputs.dry-run"
    assert job["environment"]["name"].startswith(f"${{{{ ({some})")
    template = job["steps"][2]["with"]["component-tags"]
    for choice, at, tag in (
        (parts[0], "", "patch"),
        (parts[2], "4be1c0a", "major@4be1c0a"),
        (kept[0], "v1.4.3", "v1.4.3"),
    ):
        given = {"api": choice, "api-at": at, "web-ui": kept[1], "on": now}
        assert tags_of(filled(template, given)) == {"api": tag, "web-ui": "newest", "on": "new"}
    tagging = load_yaml(made("doctor", OWN))["jobs"]["tagging"]["steps"]
    assert tagging[2]["with"]["component-tags"] == "api=patch,web-ui=patch,on=new"


def test_a_step_of_ones_own_stands_between_two_calls() -> None:
    """The form verifies, stops until a step is put there, then looks; both calls are given the same."""
    first, own, second = load_yaml(made("deploy", OWN))["jobs"]["deploy"]["steps"]
    assert own["if"] == "steps.verify.outputs.stack-image != ''"
    assert own["run"].endswith("exit 1\n")
    assert (first["with"]["deployer"], second["if"]) == ("none", "always() && steps.verify.outcome == 'success'")
    assert second["with"].items() - first["with"].items() == {
        ("deployment-outcome", "${{ steps.rollout.outcome }}"),
        ("deployment-id", "${{ steps.verify.outputs.deployment-id }}"),
    }
    assert "deploys only with AWX" in obstacle(BUILD, replace(shop(TWO), deploys_itself=True))


def filled(template: str, given: dict[str, str]) -> str:
    """What GitHub makes of an input's text."""
    names = sorted({*re.findall(r"inputs\.([a-z-]+)", template)})
    asked = json.dumps([names, [[template, given]]])
    command = [node(), "--input-type=module", "--eval", EVALUATE, asked]
    done = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, encoding="utf-8", check=True)
    return str(json.loads(done.stdout)[0])


def tags_of(text: str) -> dict[str, str]:
    """What the program reads of the input, checked as it checks it."""
    texts = {one.name: "" for one in INPUTS} | {"command": "prepare", "component-tags": text}
    return dict(item.split("=", 1) for item in Values(texts).items("component-tags"))


@pytest.mark.parametrize(("example", "names", "why"), [
    ("deploy", shop(TWO, file="deploy.yaml"), "the stack's own workflow has this name"),
    (BUILD, shop(THREE), "the example builds only a backend and a frontend"),
    ("release", shop([component("api", "a/api"), component("web", "b/web")]), "several owners (a, b)"),
    ("prepare-release", shop([component("api", "a/x"), component("api-at", "a/y")]), "the field api-at twice"),
    ("release", shop([component("ticket", "a/x")]), "the field ticket twice"),
    ("prepare-release", shop([component(f"c{at}", "a/x") for at in range(11)]), "would have 26 fields"),
    ("audit", shop([component(f"c{at}", f"o{at}/x") for at in range(11)]), ""),
])  # fmt: skip
def test_what_cannot_be_made_has_a_reason(example: str, names: Names, why: str) -> None:
    """A file whose form or tokens would not do is left to people, and the reason is given."""
    assert why in obstacle(example, names)
    assert bool(obstacle(example, names)) == bool(why)


def test_the_configuration_says_what_was_given() -> None:
    """Inputs become keys, those of components below their names, each with its repository; none, no file."""
    given = {"workflow-file": ".github/workflows/ship.yml", "backend-branch": "main, next", "backend-repository": "a/b"}
    assert configuration(given, TWO).partition("\n")[2] == (
        "workflow-file: .github/workflows/ship.yml\ncomponents:\n  backend:\n    repository: a/b\n"
        "    branch: 'main, next'\n  frontend:\n    repository: acme/fe\n"
    )
    assert configuration({}, TWO) == ""
    names = ("backend", "frontend")
    assert key_of("backend-image-tag-format", names) == "components.backend.image-tag-format"
    assert key_of("workflow-file", names) == "workflow-file"
