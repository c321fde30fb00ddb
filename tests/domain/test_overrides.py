"""Overrides that a gate cannot know of: found however they are written, and only where nobody tells the gate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract.sources import ROOT, fences
from domain.files import blob
from domain.findings_of import assert_finding, of_backend
from domain.worked_example import BACKEND, FRONTEND, WORKFLOW_FILE
from frag_release.domain.components import read_pins
from frag_release.domain.evidence import Unknown
from frag_release.domain.findings import Finding, Status
from frag_release.domain.overrides import Override, find_overrides, look_for_overrides

HEAD = """\
name: build main
on: {push: {tags: ['**']}, workflow_dispatch: {inputs: {be_image_tag: {}, other: {}}}}
env:
  BE_IMAGE_TAG: 2023.05.1
  FE_IMAGE_TAG: 2023.05.4
  BE_NAMESPACE: org
  FE_NAMESPACE: org
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
    - uses: org/frag-release-action@v1
"""
GATE_LINE = 12
"""The line of the gate's step in `HEAD`; what is put behind it begins on the next."""
STEPS = """\
  build:
    runs-on: ubuntu-latest
    steps:
"""


def with_told(told: str) -> str:
    """The head with a gate that is given these lines."""
    return f"{HEAD}      with:\n" + "".join(f"        {line}\n" for line in told.splitlines())


def backend_of(file: str, own_action: str = "") -> list[Override]:
    """What is found of the backend."""
    return list(find_overrides(blob(file), (BACKEND, FRONTEND), own_action)["backend"])


def finding_of_file(file: str) -> Finding:
    """The rule's finding on the backend, whose workflow file that is."""
    components = (BACKEND, FRONTEND)
    overrides = look_for_overrides(blob(file), components, "")["backend"]
    return of_backend("hidden-override", pin=read_pins(components, WORKFLOW_FILE, blob(file))[0], overrides=overrides)


def test_every_variable_of_a_list_is_watched() -> None:
    """An override by the name of a variable that the file of today does not have is found as that of the others."""
    component = replace(BACKEND, variables=("BE_BRANCH", "BE_IMAGE_TAG"))
    file = HEAD.replace("BE_IMAGE_TAG", "BE_BRANCH") + STEPS + "    - run: make T=${{ secrets.BE_IMAGE_TAG }}\n"
    (found,) = find_overrides(blob(file), [component], "")["backend"]
    assert (found.what, found.source, found.is_direct) == ("tag", "secrets.BE_IMAGE_TAG", True)


# Each: a way of writing it, the line within it (from 1) that has the source, and what tells the gate of it.
WAYS = {
    "in a shell line": (
        '    - run: |\n        echo start\n        BE_IMAGE_TAG="${{ inputs.be_image_tag || env.BE_IMAGE_TAG }}"\n',
        3,
        "backend-tag: ${{ inputs.be_image_tag }}",
    ),
    "by the event": (
        "    - run: docker build --build-arg BE_IMAGE_TAG=${{ github.event.inputs.be_image_tag }} .\n",
        1,
        "backend-tag: ${{ inputs.be_image_tag }}",
    ),
    "by index": (
        "    - run: |\n        echo \"T=${{ github['event']['inputs']['be_image_tag'] }}\" >> $GITHUB_OUTPUT\n",
        2,
        "backend-tag: ${{ github.event.inputs.be_image_tag }}",
    ),
    "in capitals, with spaces": (
        "    - run: echo ${{ SECRETS . Be_Image_Tag }}\n",
        1,
        "backend-tag: ${{ secrets.BE_IMAGE_TAG }}",
    ),
    "with hyphens": (
        "    - run: make PAIR=${{ vars['be-image-tag'] }}\n",
        1,
        "backend-tag: ${{ vars['BE-IMAGE-TAG'] }}",
    ),
    "under another name, on the variable's line": (
        "    - run: |\n        BE_IMAGE_TAG=${{ secrets.HOTFIX }}\n",
        2,
        "backend-tag: ${{ secrets.HOTFIX }}",
    ),
    "as an environment variable of a step": (
        "    - run: make\n      env:\n        BE_IMAGE_TAG: >-\n"
        "          ${{ vars.HOTFIX\n          || '2023.05.1' }}\n",
        4,
        "backend-tag: ${{ vars.hotfix }}",
    ),
    "as an input of another action": (
        "    - uses: docker/build-push-action@v5\n      with:\n        build-args: |\n          A=1\n"
        "          BE_IMAGE_TAG=${{ inputs.other }}\n",
        5,
        "backend-tag: ${{ inputs.other }}",
    ),
    "in a flow mapping": (
        "    - {run: make, env: {BE_IMAGE_TAG: '${{ inputs.other }}'}}\n",
        1,
        "backend-tag: ${{ inputs.other }}",
    ),
    "in a format": (
        "    - run: make ${{ format('BE_IMAGE_TAG={0}', secrets.OTHER) }}\n",
        1,
        "backend-tag: ${{ secrets.OTHER }}",
    ),
    "with a line continued": (
        "    - run: |\n        docker build --build-arg BE_IMAGE_TAG=\\\n          ${{ inputs.other }}\n",
        3,
        "backend-tag: ${{ inputs.other }}",
    ),
    "with escapes of YAML": (
        '    - run: "make T=${{ \\x69nputs.be_image_tag }}"\n',
        1,
        "backend-tag: ${{ inputs.be_image_tag }}",
    ),
    "by an alias": (
        "    - {run: one, env: &shared {BE_IMAGE_TAG: '${{ inputs.other }}'}}\n    - {run: two, env: *shared}\n",
        1,
        "backend-tag: ${{ inputs.other }}",
    ),
    "as an output of the job": (
        "    - run: make\n    outputs:\n      be_image_tag: ${{ inputs.other }}\n",
        3,
        "backend-tag: ${{ inputs.other }}",
    ),
    "over two lines, behind braces": (
        "    - run: |\n        echo '}}'; BE_IMAGE_TAG=${{\n          inputs.other }}\n",
        3,
        "backend-tag: ${{ inputs.other }}",
    ),
    "taken up again with something behind it": (
        "    - run: |\n        TAG=${{ inputs.other }}; make BE_IMAGE_TAG=${TAG-latest}\n",
        2,
        "backend-tag: ${{ inputs.other }}",
    ),
    "of the namespace": (
        "    - run: |\n        BE_NAMESPACE=${{ github.event.inputs.be_namespace }}\n",
        2,
        "backend-namespace: ${{ inputs.be_namespace }}",
    ),
    "before the variable, under the name of an argument": (
        "    - run: docker build --build-arg BACKEND=${{ inputs.other || env.BE_IMAGE_TAG }} .\n",
        1,
        "backend-tag: ${{ inputs.other }}",
    ),
    "before another source, under the name of an argument": (
        "    - uses: docker/build-push-action@v5\n      with:\n        build-args: |\n"
        "          BACKEND=${{ github.event_name != 'push' && (inputs.other) || vars.BE_IMAGE_TAG || '2023.05.1' }}\n",
        4,
        "backend-tag: ${{ inputs.other || vars.BE_IMAGE_TAG }}",
    ),
    "out of a variable that holds the pair": (
        "    - run: BE_IMAGE_TAG=${{ fromJSON(vars.PAIR).backend }} make\n",
        1,
        "backend-tag: ${{ fromJSON(vars.PAIR).backend }}",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_override_that_the_gate_is_not_given_is_refused(way: str) -> None:
    """Each way of taking the pin from elsewhere fails, at its own line of the file, and the gate's step is named."""
    steps, line, _ = WAYS[way]
    finding = finding_of_file(HEAD + STEPS + steps)
    assert_finding(finding, Status.FAIL, f"line {GATE_LINE}, ", "backend-")
    assert finding.line == (HEAD + STEPS).count("\n") + line
    assert finding.file == WORKFLOW_FILE


@pytest.mark.parametrize("way", WAYS)
def test_an_override_that_the_gate_is_given_is_none(way: str) -> None:
    """The same file passes where the gate's step is given the same source."""
    steps, _, told = WAYS[way]
    assert finding_of_file(with_told(told) + STEPS + steps).status is Status.PASS


@pytest.mark.parametrize("way", WAYS)
def test_every_step_that_judges_must_be_given_it(way: str) -> None:
    """A deployment that is not told of what the gate is told judges another pair, and so fails the file."""
    steps, _, told = WAYS[way]
    deployment = "    - uses: org/frag-release-action@v1\n      with: {command: deploy}\n"
    file = with_told(told) + STEPS + steps
    deploying = f"{file}  deploy:\n    steps:\n{deployment}"
    assert_finding(finding_of_file(deploying), Status.FAIL, f"line {deploying.count(chr(10)) - 1}, ")
    ungated = deploying.replace("command: deploy", "command: deploy, ungated: 'true'")
    assert finding_of_file(ungated).status is Status.PASS
    other = deploying.replace("command: deploy", "command: doctor")
    assert finding_of_file(other).status is Status.PASS


@pytest.mark.parametrize(
    "told",
    [
        "backend-namespace: ${{ inputs.be_image_tag }}",
        "frontend-tag: ${{ inputs.be_image_tag }}",
        "backend-tag: ${{ vars.BE_IMAGE_TAG }}",
        "backend-tag: ${{ inputs.be_image_tags }}",
        "backend-tag: inputs.be_image_tag",
    ],
)
def test_the_gate_must_be_given_the_very_source_by_the_right_input(told: str) -> None:
    """Another input, another context or another name tells the gate nothing of this override."""
    file = with_told(told) + STEPS + "    - run: make T=${{ inputs.be_image_tag }}\n"
    assert [one.source for one in backend_of(file) if one.is_direct and one.what == "tag"] == ["inputs.be_image_tag"]


def test_the_gate_may_be_given_it_by_a_variable() -> None:
    """`env:` of the gate's job that holds the sources, in the place of the sources themselves, is as good."""
    gate = HEAD.replace("    steps:\n", "    env: {TAG: '${{ inputs.other || secrets.BE_IMAGE_TAG }}'}\n    steps:\n")
    told = f"{gate}      with: {{backend-tag: '${{{{ env.tag }}}}'}}\n"
    taken = "    - run: BE_IMAGE_TAG=${{ inputs.other || secrets.BE_IMAGE_TAG }}\n"
    assert finding_of_file(told + STEPS + taken).status is Status.PASS
    assert finding_of_file(gate + STEPS + taken).status is Status.FAIL


INDIRECT = {
    "a variable of another name": (
        "    - env: {OVERRIDE: '${{ inputs.other }}'}\n      run: BE_IMAGE_TAG=${OVERRIDE:-$BE_IMAGE_TAG} make\n",
        2,
    ),
    "env of nobody knows where": ("    - run: BE_IMAGE_TAG=${{ env.FROM_A_STEP }} make\n", 1),
    "a matrix": (
        "    - run: BE_IMAGE_TAG=${{ matrix.backend }} make\n    strategy: {matrix: {backend: [latest]}}\n",
        1,
    ),
    "a variable of the shell": (
        "    - run: |\n        T='${{ inputs.other }}'\n        if [ -n \"$T\" ]; then BE_IMAGE_TAG=${T}; fi\n",
        3,
    ),
    "a variable for later steps": (
        "    - run: echo T=${{ secrets.OTHER }} >> $GITHUB_ENV\n    - run: make BE_IMAGE_TAG=$T\n",
        2,
    ),
    "an output that a step of the job sets": (
        '    - id: vars\n      run: echo "tag=${{ secrets.OTHER }}" >> $GITHUB_OUTPUT\n'
        "    - run: make BE_IMAGE_TAG=${{ steps.vars.outputs.tag }}\n",
        3,
    ),
    "another plain value for an action": (
        "    - uses: docker/build-push-action@v5\n      with:\n        build-args: |\n          A=1\n"
        "          BE_IMAGE_TAG=stable\n",
        5,
    ),
    "another plain value by the name of an action's input": (
        "    - uses: org/build@v5\n      with: {BE_IMAGE_TAG: stable}\n",
        2,
    ),
    "the event's file": ("    - run: BE_IMAGE_TAG=$(jq -r .inputs.x $GITHUB_EVENT_PATH) make\n", 1),
    "a variable with something behind it": (
        "    - env: {OVERRIDE: '${{ inputs.other }}'}\n      run: BE_IMAGE_TAG=$OVERRIDE-rc make\n",
        2,
    ),
    "a shell variable that the pin was copied to": (
        '    - run: |\n        T="${BE_IMAGE_TAG}"\n'
        '        if [ -n "${{ inputs.other }}" ]; then T="${{ inputs.other }}"; fi\n',
        3,
    ),
    "a shell variable that the pin was copied to, and another variable": (
        "    - env: {OTHER: '${{ inputs.other }}'}\n      run: |\n        T=${{ env.BE_IMAGE_TAG }}\n"
        '        [ -n "$OTHER" ] && T=$OTHER\n',
        4,
    ),
    "an argument that is the pin in another step of the job": (
        "    - if: inputs.other != ''\n      run: docker build --build-arg B=${{ inputs.other }} .\n"
        "    - if: inputs.other == ''\n      run: docker build --build-arg B=$BE_IMAGE_TAG .\n",
        2,
    ),
    "variables that an expression names": ("    - run: make\n      env: ${{ fromJSON(secrets.PAIR) }}\n", 2),
    "variables that an expression names, of the job": ("    env: ${{ fromJSON(vars.PAIR) }}\n", 1),
    "variables that an expression inserts": (
        "    - run: make\n      env:\n        ${{ insert }}: ${{ fromJSON(inputs.other) }}\n",
        3,
    ),
    "the whole event": ("    - run: jq -r .inputs.be_image_tag <<< '${{ toJSON(github.event) }}'\n", 1),
    "the whole event, in a variable": (
        "    - env: {EVENT: '${{ toJSON(github.event) }}'}\n"
        '      run: BE_IMAGE_TAG=$(jq -r .inputs.be_image_tag <<< "$EVENT") make\n',
        2,
    ),
    "something of the whole context": (
        "    - run: make T=${{ fromJSON(toJSON(github)).event.inputs.be_image_tag }}\n",
        1,
    ),
    "a filter of the event": ("    - run: make T=${{ join(github.event.*.be_image_tag) }}\n", 1),
    "the event in a script": (
        "    - uses: actions/github-script@v8\n      with:\n"
        "        script: core.setOutput('tag', context.payload.inputs.be_image_tag)\n",
        3,
    ),
    "all inputs at once": ("    - run: echo '${{ toJSON(inputs) }}' | jq -r .be_image_tag\n", 1),
    "a computed name": ("    - run: make T=${{ secrets[format('{0}_IMAGE_TAG', 'BE')] }}\n", 1),
    "on the image's own line": ("    - run: docker pull org/fragalysis-backend:${{ inputs.other }}\n", 1),
    "another workflow": (
        "    - run: make\n  call:\n    uses: ./.github/workflows/x.yaml\n"
        "    with: {be_image_tag: '${{ inputs.other }}'}\n",
        4,
    ),
    "another workflow with all secrets": (
        "    - run: make\n  call:\n    uses: ./.github/workflows/x.yaml\n    secrets: inherit\n",
        4,
    ),
}


@pytest.mark.parametrize("way", INDIRECT)
def test_what_only_a_run_can_tell_warns(way: str) -> None:
    """An override that goes through something that the file does not show is a warning, at its line."""
    steps, line = INDIRECT[way]
    finding = finding_of_file(HEAD + STEPS + steps)
    assert_finding(finding, Status.WARN, "may take")
    assert f"not passed to the step of this action in line {GATE_LINE}" in finding.message
    assert finding.line == (HEAD + STEPS).count("\n") + line


def test_a_variable_of_another_name_that_the_gate_is_given_is_none() -> None:
    """Where the gate is given what such a variable holds, it is no override that it does not know of."""
    steps, _ = INDIRECT["a variable of another name"]
    assert finding_of_file(with_told("backend-tag: ${{ inputs.other }}") + STEPS + steps).status is Status.PASS


@pytest.mark.parametrize(
    "line",
    [
        "docker login -u ${{ secrets.DOCKERHUB_USERNAME }} && docker build --build-arg BE_IMAGE_TAG=$BE_IMAGE_TAG .",
        "make BE_IMAGE_TAG=$BE_IMAGE_TAG; curl ${{ secrets.HOOK || vars.HOOK }}",
    ],
)
def test_another_command_of_the_line_only_warns(line: str) -> None:
    """A secret in another command of the line may be for something else: a warning that advises no `with:` of it."""
    finding = finding_of_file(f"{HEAD}{STEPS}    - run: {line}\n")
    assert_finding(finding, Status.WARN, "secrets.")
    assert "backend-tag: ${{" not in finding.remedy
    told = with_told("backend-tag: ${{ inputs.be_image_tag }}")
    first = line.replace("&&", "${{ inputs.other && 'x' }}", 1) if "&&" in line else line.replace(";", "", 1)
    assert finding_of_file(f"{told}{STEPS}    - run: {first}\n").status is Status.FAIL


def test_every_source_that_comes_before_the_pin_must_be_given() -> None:
    """Whatever the value is assigned to: a gate that receives only the last of several judges another tag."""
    steps, line, _ = WAYS["before another source, under the name of an argument"]
    finding = finding_of_file(with_told("backend-tag: ${{ vars.BE_IMAGE_TAG }}") + STEPS + steps)
    assert_finding(finding, Status.FAIL, f"inputs.other (line {(HEAD + STEPS).count(chr(10)) + line + 2})")


def test_a_second_value_of_the_variable_is_refused() -> None:
    """A job that sets the pin's variable to another value builds that one; the same value once more changes nothing."""
    second = f"{HEAD}{STEPS}    - run: make\n    env:\n      BE_IMAGE_TAG: 2023.03.1\n"
    assert_finding(finding_of_file(second), Status.FAIL, "BE_IMAGE_TAG: 2023.03.1")
    assert finding_of_file(second.replace("2023.03.1", "2023.05.1")).status is Status.PASS


HARMLESS = {
    "the pin itself": (
        '    - run: |\n        BE_IMAGE_TAG="${{ env.BE_IMAGE_TAG }}"\n        echo BE_IMAGE_TAG=$BE_IMAGE_TAG\n'
    ),
    "an output": "    - run: docker build --build-arg BE_IMAGE_TAG=${{ steps.vars.outputs.BE_IMAGE_TAG }} .\n",
    "the gate's answer": "    - run: make BE_IMAGE_TAG=${{ needs.gate.outputs.backend-tag }}\n",
    "a condition": "    - if: inputs.be_image_tag != ''\n      run: make\n",
    "a title": "    - name: Build ${{ inputs.be_image_tag }}\n      run: make\n",
    "another secret of the same line": (
        "    - run: docker build --build-arg BE_IMAGE_TAG=$BE_IMAGE_TAG --build-arg TOKEN=${{ secrets.NPM_TOKEN }} .\n"
    ),
    "an argument of the same name in another job": (
        "    - run: make T=$BE_IMAGE_TAG\n  scan:\n    steps:\n    - run: make T=${{ inputs.other }}\n"
    ),
    "another argument than the pin's": "    - run: |\n        T=$BE_IMAGE_TAG\n        S=${{ inputs.other }}\n",
    "another secret": "    - run: make TOKEN=${{ secrets.BE_IMAGE_TAGGER }}\n",
    "the owner of the image that is built": (
        "    - run: |\n        docker build . --build-arg BE_IMAGE_TAG=$BE_IMAGE_TAG --build-arg BE_NAMESPACE=$N \\\n"
        "          -t ${{ secrets.DOCKERHUB_USERNAME }}/fragalysis-stack:${{ github.ref_name }}\n"
    ),
    "the registry of the image that is built": (
        "    - run: docker build --build-arg BE_IMAGE_TAG=$T -t ${{ vars.REGISTRY }}/org/fragalysis-stack:1 .\n"
    ),
    "the whole event, for people": (
        "    - env: {EVENT: '${{ toJSON(github) }}'}\n      run: |\n        echo $EVENT\n        echo $BE_IMAGE_TAG\n"
    ),
    "variables out of a matrix": "    - run: make\n      env: ${{ matrix.env }}\n",
    "the same plain value once more": (
        "    - uses: docker/build-push-action@v5\n      with:\n        build-args: BE_IMAGE_TAG=2023.05.1\n"
    ),
    "a fallback of the shell": (
        "    - run: |\n        if [ -z $BE_IMAGE_TAG ]; then\n          BE_IMAGE_TAG=latest\n        fi\n"
    ),
    "a variable of the shell for another purpose": (
        "    - run: |\n        TOKEN=${{ secrets.NPM_TOKEN }}\n        make BE_IMAGE_TAG=$BE_IMAGE_TAG TOKEN=$TOKEN\n"
    ),
    "a variable of another job's shell": (
        "    - run: make BE_IMAGE_TAG=$T\n  other:\n    steps:\n    - run: T=${{ secrets.OTHER }}\n"
    ),
    "an output that is of no other source": (
        '    - id: vars\n      run: echo "tag=$BE_IMAGE_TAG" >> $GITHUB_OUTPUT; echo V=${{ inputs.other }}\n'
        "    - run: make BE_IMAGE_TAG=${{ steps.vars.outputs.tag }}\n"
    ),
    "a switch": "    - run: make T=${{ inputs.other && env.BE_IMAGE_TAG || inputs.other == '1' && 'x' }}\n",
    "the owner of the stack's image": (
        "    - run: docker push ${{ inputs.other || env.BE_NAMESPACE }}/fragalysis-stack:${{ github.ref_name }}\n"
    ),
    "another component's": "    - run: make FE=${{ env.FE_IMAGE_TAG }} BE_IMAGE_TAG=${{ env.BE_IMAGE_TAG }}\n",
    "a word of the expression's texts": "    - run: make ${{ github.ref == 'inputs.be_image_tag' }}\n",
    "no expression": "    - run: make # inputs.be_image_tag and secrets.BE_IMAGE_TAG\n",
}


@pytest.mark.parametrize("way", HARMLESS)
def test_what_takes_nothing_from_elsewhere_passes(way: str) -> None:
    """Reading the pin itself, conditions, titles and other secrets are no overrides."""
    assert backend_of(HEAD + STEPS + HARMLESS[way]) == []


def test_without_a_step_of_ours_an_override_warns() -> None:
    """Where no step is known to be this action's, nobody can say what the gate is given: a warning says so."""
    steps, _, _ = WAYS["in a shell line"]
    for uses in ("somebody/other-action@v1", "frag-release-action@v1", "docker://frag-release-action"):
        file = (HEAD + STEPS + steps).replace("org/frag-release-action@v1", uses)
        assert_finding(finding_of_file(file), Status.WARN, "No step of this action was found")


@pytest.mark.parametrize(
    ("uses", "own"),
    [
        ("org/frag-release-action@v1", ""),
        ("ORG/Frag-Release-Action@0123456789012345678901234567890123456789", ""),
        ("./.github/actions/frag-release-action", ""),
        ("acme/release-gate@main", "Acme/release-gate"),
        ("acme/release-gate/sub/folder@main", "acme/release-gate"),
    ],
)
def test_our_steps_are_known_by_repository_or_name(uses: str, own: str) -> None:
    """A step is ours by this run's own action repository, or by the action's name."""
    steps, _, _ = WAYS["in a shell line"]
    file = (HEAD + STEPS + steps).replace("org/frag-release-action@v1", uses)
    assert [one.missing_in for one in backend_of(file, own)] == [(GATE_LINE,)]


def test_a_command_that_only_a_run_knows_counts_as_a_gate() -> None:
    """A step whose command is an expression may judge, so it must be given the overrides, too."""
    steps, _, told = WAYS["in a shell line"]
    more = "    - uses: org/frag-release-action@v1\n      with: {command: '${{ vars.COMMAND }}'}\n"
    assert finding_of_file(with_told(told) + more + STEPS + steps).status is Status.FAIL


def test_a_file_of_endless_aliases_is_not_verified() -> None:
    """Aliases of aliases that stand for millions of lines cannot be looked through: unknown, and quickly."""
    levels = [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 8)]
    lines = "".join(f"      {line}\n" for line in ("x0: &x0 [a, b]", *levels))
    bomb = f"{HEAD}{STEPS}    - run: make\n    strategy:\n{lines}"
    assert_finding(finding_of_file(bomb), Status.UNKNOWN, "lines to read")


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(
            ["x0: &x0 []", *(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 9))], id="of nothing"
        ),
        pytest.param(["x0: &x0 [a]", *(f"x{n}: &x{n} [*x{n - 1}]" for n in range(1, 1500))], id="each within the next"),
        pytest.param([f"x: &x {'be_image_tag ' * 5_000}", f"y: [{', '.join(['*x'] * 1_000)}]"], id="of a long text"),
    ],
)
def test_whatever_aliases_stand_for_is_bounded(lines: list[str]) -> None:
    """Aliases of nothing, deep ones, and those of a long text are told before any walk through them."""
    file = f"{HEAD}{STEPS}    - run: make\n    strategy:\n" + "".join(f"      {line}\n" for line in lines)
    assert_finding(finding_of_file(file), Status.UNKNOWN, "with its aliases")


def test_many_jobs_of_many_steps_are_bounded() -> None:
    """Jobs that share a list of steps are as long as if each had its own."""
    jobs = "".join(f"  j{n}: {{steps: *steps}}\n" for n in range(400))
    file = HEAD + STEPS.replace("steps:", "steps: &steps") + "    - {}\n" * 400 + jobs
    assert_finding(finding_of_file(file), Status.UNKNOWN, "with its aliases")


def test_a_gate_judges_whatever_it_is_given_besides() -> None:
    """`ungated` is of deployments: it does not take a gate out of those that must be told."""
    steps, _, _ = WAYS["in a shell line"]
    assert finding_of_file(with_told("ungated: true") + STEPS + steps).status is Status.FAIL
    deploy = with_told("command: deploy\nungated: true")
    assert finding_of_file(deploy + STEPS + steps).status is Status.WARN


def test_nothing_is_said_where_it_was_not_looked_for() -> None:
    """An audit, a rollback, and a file that cannot be read say nothing of overrides: they are skipped."""
    assert of_backend("hidden-override", overrides=None).status is Status.SKIPPED
    assert look_for_overrides(None, (BACKEND, FRONTEND), "") == {}
    (pin, _) = read_pins((BACKEND, FRONTEND), WORKFLOW_FILE, None)
    assert of_backend("hidden-override", pin=replace(pin, tag="2023.05.1")).status is Status.SKIPPED


def test_a_file_that_could_not_be_fetched_again_is_unknown() -> None:
    """If the pins were read and a later look at the same file failed, the rule blocks, and says to run it again."""
    lost = Unknown("GitHub answered 500")
    assert look_for_overrides(lost, (BACKEND, FRONTEND), "") == {"backend": lost, "frontend": lost}
    found = of_backend("hidden-override", overrides=look_for_overrides(lost, (BACKEND,), "")["backend"])
    assert (found.status, "GitHub answered 500" in found.message) == (Status.UNKNOWN, True)


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").glob("*.yaml")))
def test_our_examples_hide_nothing(name: str) -> None:
    """No example takes a pin from somewhere that its steps are not given."""
    text = (ROOT / "examples" / name).read_text("utf-8")
    assert find_overrides(blob(text), (BACKEND, FRONTEND), "") == {"backend": (), "frontend": ()}


def test_the_pages_forms_hide_nothing() -> None:
    """No workflow in the README and in docs, with the values of the worked example, hides an override."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    blocks = [text for page in pages for text in fences(page.read_text("utf-8"), "yaml") if "jobs:" in text]
    assert len(blocks) >= 1
    for text in blocks:
        assert find_overrides(blob(text), (BACKEND, FRONTEND), "") == {"backend": (), "frontend": ()}, text
