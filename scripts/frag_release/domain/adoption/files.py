"""The other workflow files, made from the examples: with the stack's own names, and fields for its components."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence

from ...dataclass import dataclass
from ..components import COMPONENT_NAMES, CONFIGURATION_FILE, Component
from ..refs import DEFAULT_FORMAT, PARTS, TagFormat
from . import RUNNER, quoted

EXAMPLES = ("prepare-release", "publish-release", "release", "deploy", "audit", "doctor")
"""The examples that a stack uses in addition to its build."""
BUILD = "build-main"
MOST_FIELDS = 25
"""The most fields of a form on GitHub (docs.github.com, "Workflow syntax", `on.workflow_dispatch.inputs`)."""

TITLE = "build main"
"""The name of the example's build workflow."""

_OWN_NAME = "fragalysis-stack"
ENVIRONMENT = "awx/fragalysis-production"
"""The environment of production in the examples."""
_FIELD = r"      {0}(?:-at)?:\n(?: {{8}}.*\n)+"
_TAGS = re.compile(
    r"(?m)^ {8}backend-tag: ((?:>-\n(?: {10}.*\n)+)|.*\n) {8}frontend-tag: (?:(?:>-\n(?: {10}.*\n)+)|.*\n)"
)
_CI = re.compile(r"(?m)(?:^ {8}#.*\n)*^ {8}backend-ci-workflows: .*\n {8}frontend-ci-workflows: .*\n")
_OUTPUTS = re.compile(r"(?m)^ {6}backend-tag: .*\n {6}frontend-tag: .*\n")
_EITHER = re.compile(r"inputs\.backend == '([^']+)' \|\| inputs\.frontend == '\1'")
_CHOSEN = re.compile(r"(?m)^( +(?:name|environment): )awx/fragalysis-\$\{\{ inputs\.(environment|examine) \}\}")
_NOW = "tag production now"
"""The choice of a form that tags a component."""
_TAG_OF_EXAMPLES = re.compile(r"\b20[0-9]{2}\.(?:[0-9]{2}\.[0-9])?(?=[^0-9])")
_TAG_OF_FIELD = "2023.05.1"
_OF_AWX = re.compile(r"(?m)^ {8}awx-(?:url|username|password): .*\n|^ {8}awx-template: >-\n {10}.*\n")
_DEPLOYING = re.compile(r"(?m)^    - name: Deploy\n      id: deploy\n((?: {6}.*\n)+)")
_YOURS = """\
    - name: Deploy
      id: rollout
      if: steps.verify.outputs.stack-image != ''
      env:
        IMAGE: ${{ steps.verify.outputs.stack-image }}
      shell: bash
      run: |
        echo "::error::Put your own step here: it deploys $IMAGE, as the build's job for production does."
        exit 1
"""
"""A placeholder for the stack's own deployment."""
_PLAIN_STEM = re.compile(r"[A-Za-z0-9._/-]*")
_ANY_PART = f"{', '.join(PARTS[:-1])} or {PARTS[-1]}"


@dataclass(frozen=True)
class Names:
    """The stack's names, which replace the examples'. `branches` are empty to keep those of the examples.

    With `deploys_itself` a step of its own deploys, not AWX. `runner` is the `runs-on` of each job.
    """

    repository: str
    workflow_file: str
    workflow_name: str
    environment: str
    action: str
    branches: Sequence[str]
    components: Sequence[Component]
    tag_format: TagFormat
    deploys_itself: bool
    runner: str = RUNNER

    @property
    def are_usual(self) -> bool:
        """Whether the components have the default names, which have inputs of their own."""
        return tuple(component.name for component in self.components) == COMPONENT_NAMES

    @property
    def owners(self) -> list[str]:
        """The owners of the components, each once."""
        return list(dict.fromkeys(component.owner for component in self.components))


def obstacle(example: str, names: Names) -> str:
    """Return why an example cannot be adapted; empty if it can."""
    if example == BUILD:
        if names.deploys_itself:
            return "the example deploys only with AWX"
        return "" if names.are_usual else "the example builds only a backend and a frontend"
    if names.workflow_file == f".github/workflows/{example}.yaml":
        return "the stack's own workflow has this name"
    if example in ("prepare-release", "release", "doctor") and len(names.owners) > 1:
        return f"the components have several owners ({', '.join(names.owners)}), but an app's token is for one"
    fields = _fields(example, names)
    if len(fields) > MOST_FIELDS:
        return f"its form would have {len(fields)} fields, but GitHub allows {MOST_FIELDS}"
    if twice := sorted({name for name in fields if fields.count(name) > 1}):
        return f"its form would have the field {twice[0]} twice"
    return ""


def _fields(example: str, names: Names) -> list[str]:
    own = [component.name for component in names.components]
    if example == "prepare-release":
        return [*own, *(f"{name}-at" for name in own), "stack-tag", "ticket", "mode", "dry-run"]
    return [*own, "stack-tag", "ticket"] if example == "release" else []


def adapted(text: str, names: Names) -> str:
    """Return the text of an example with the names of the stack; unchanged if these are the examples' own."""
    if names.deploys_itself:
        text = _with_own_deployment(text)
    text = _with_tags_like(text, names.tag_format)
    if not (names.are_usual and all(one.tag_format.by_month for one in names.components)):
        text = _with_components(text, names)
    text = _with_repositories(text, names)
    file, repository = names.workflow_file.rpartition("/")[2], names.repository.partition("/")[2]
    title = names.workflow_name if names.workflow_name == TITLE else quoted(names.workflow_name)
    replaced = {
        f"    - {TITLE}\n": f"    - {title}\n",
        f"\nname: {TITLE}\n": f"\nname: {title}\n",
        "    - .github/workflows/build-main.yaml\n": f"    - {quoted(names.workflow_file)}\n",
        ".github/workflows/build-main.yaml": names.workflow_file,
        "build-main.yaml": file,
        _OWN_NAME: repository.lower(),
        ": xchem\n": f": {quoted(names.components[0].owner.lower())}\n",
        "org/frag-release-action@v1": names.action,
        f"runs-on: {RUNNER}\n": f"runs-on: {names.runner}\n",
    }
    for old, new in replaced.items():
        text = text.replace(old, new)
    return _on_branches(_in_environment(text, names.environment), names.branches)


def _with_own_deployment(text: str) -> str:
    """Return the text without AWX: the action runs once before the step that deploys, and once after it."""
    return _DEPLOYING.sub(lambda found: _calls(found[1]), _OF_AWX.sub("", text))


def _calls(given: str) -> str:
    given += "        deployer: none\n"
    after = (
        "        deployment-outcome: ${{ steps.rollout.outcome }}\n"
        "        deployment-id: ${{ steps.verify.outputs.deployment-id }}\n"
    )
    return (
        f"    - name: Verify\n      id: verify\n{given}{_YOURS}"
        "    - name: Look at what runs\n      id: deploy\n"
        f"      if: always() && steps.verify.outcome == 'success'\n{given}{after}"
    )


def _with_tags_like(text: str, form: TagFormat) -> str:
    """Return the text with tags in the stack's format, and the values of a form for the next one."""
    if not form.by_month:
        text = text.replace("; empty for the next one of this month", f"; {_ANY_PART} for the next one")
    if form.name == DEFAULT_FORMAT.name:
        return text
    start = f"{form.prefix}{{0}}" if form.by_month else f"{form.prefix}1."
    return _TAG_OF_EXAMPLES.sub(
        lambda found: start.format(found[0]) if found[0].endswith(".") else form.like(found[0]), text
    )


def _with_components(text: str, names: Names) -> str:
    form = re.compile(f"(?m)^(?:{_FIELD.format('backend')})+(?:^{_FIELD.format('frontend')})+", re.M)
    text = form.sub(
        lambda found: "".join(_fields_of(found[0], one, names.tag_format) for one in names.components), text
    )
    text = _EITHER.sub(lambda found: " || ".join(_is_tagged(one) for one in names.components), text)
    text = _TAGS.sub(lambda found: _tags(found[1], names.components), text)
    text = _OUTPUTS.sub("      components: ${{ steps.prepare.outputs.components }}\n", text)
    why = f"        # What must have passed for a component's tag stands in {CONFIGURATION_FILE} (ci-workflows).\n"
    return _CI.sub(lambda found: why if "#" in found[0] else "", text)


def _asked(component: Component) -> Mapping[str, str]:
    """Return the choices of a form that tag a component, each with its value for the action."""
    return {_NOW: "new"} if component.tag_format.by_month else {f"{_NOW}: {part}": part for part in PARTS}


def _is_tagged(component: Component) -> str:
    if component.tag_format.by_month:
        return f"inputs.{component.name} == '{_NOW}'"
    return f"startsWith(inputs.{component.name}, '{_NOW}')"


def _fields_of(form: str, component: Component, of_stack: TagFormat) -> str:
    own = "".join(re.findall(f"(?m)^{_FIELD.format('backend')}", form))
    own = own.replace(f"        - {_NOW}\n", "".join(f"        - {quoted(one)}\n" for one in _asked(component)))
    if not component.tag_format.by_month:
        own = own.replace('"new" or "new@COMMIT"', f'{_ANY_PART}, or such as "{PARTS[0]}@COMMIT"')
    own = own.replace(of_stack.like(_TAG_OF_FIELD), component.tag_format.like(_TAG_OF_FIELD))
    name = component.name
    return re.sub("[Bb]ackend", name, own).replace(f"      {name}:\n", f"      {quoted(name)}:\n")


def _tags(value: str, components: Sequence[Component]) -> str:
    """Return the input for all components. One that is not chosen is omitted: its name alone is not a tag."""
    if value.strip() == "new":
        asked = [f"{one.name}={next(iter(_asked(one).values()))}" for one in components]
        return f"        component-tags: {','.join(asked)}\n"
    line: Callable[[Component], str] = _chosen if _NOW in value else _typed
    return "        component-tags: >-\n" + "".join(line(one) for one in components)


def _typed(component: Component) -> str:
    name = component.name
    return f"          ${{{{ inputs.{name} && format('{name}={{0}},', inputs.{name}) || '' }}}}\n"


def _chosen(component: Component) -> str:
    name, at = component.name, f"inputs.{component.name}-at"
    return (
        "          ${{ "
        + "".join(
            f"inputs.{name} == '{choice}'\n"
            f"          && format('{name}={asked}{{0}},', {at} && format('@{{0}}', {at}) || '')\n          || "
            for choice, asked in _asked(component).items()
        )
        + (
            f"inputs.{name} == 'newest tag'\n"
            f"          && format('{name}=newest{{0}},', {at} && format(' and {{0}}', {at}) || '')\n"
            f"          || {at} && format('{name}={{0}},', {at}) || '' }}}}\n"
        )
    )


def _with_repositories(text: str, names: Names) -> str:
    own = [component.repository.partition("/")[2] for component in names.components]
    listed = "        repositories: |\n"
    owner = names.owners[0]
    if owner != names.repository.partition("/")[0]:
        text = text.replace(
            f"{listed}          fragalysis-backend\n", f"        owner: {owner}\n{listed}          fragalysis-backend\n"
        )
        text = text.replace("owner: ${{ github.repository_owner }}\n", f"owner: {owner}\n")
    text = text.replace(
        "          fragalysis-backend\n          fragalysis-frontend\n", "".join(f"          {name}\n" for name in own)
    )
    text = text.replace("fragalysis-backend,fragalysis-frontend", ",".join(own))
    if names.are_usual:
        text = text.replace("fragalysis-backend", own[0].lower()).replace("fragalysis-frontend", own[1].lower())
    return text


def _in_environment(text: str, environment: str) -> str:
    if environment == ENVIRONMENT:
        return text
    stem, of_production, rest = environment.rpartition("production")
    if of_production and not rest and _PLAIN_STEM.fullmatch(stem):
        return text.replace("awx/fragalysis-", stem)

    def either(found: re.Match[str]) -> str:
        name = environment.replace("'", "''")
        chosen = f"${{{{ inputs.{found[2]} == 'production' && '{name}' || 'staging' }}}}"
        return f"{found[1]}{quoted(chosen)}"

    text = _CHOSEN.sub(either, text)
    return re.sub(rf"{ENVIRONMENT}(?=\s)", lambda _: quoted(environment), text)


def _on_branches(text: str, branches: Sequence[str]) -> str:
    if not branches:
        return text
    text = text.replace("    - master\n    - main\n", "".join(f"    - {quoted(name)}\n" for name in branches))
    return text.replace('\'["master", "main"]\'', "'" + json.dumps(branches).replace("'", "''") + "'")


def key_of(given: str, components: Sequence[str]) -> str:
    """Return the key of the configuration file for an input."""
    name = next((name for name in components if given.startswith(f"{name}-")), "")
    return f"components.{name}{given[len(name) :].replace('-', '.', 1)}" if name else given


def configuration(given: Mapping[str, str], components: Sequence[Component]) -> str:
    """Return the configuration file with the given inputs; empty if there are none."""
    own = {one.name: {key[len(one.name) + 1 :]: text for key, text in given.items() if key.startswith(f"{one.name}-")}
           for one in components}  # fmt: skip
    ours = {f"{name}-{key}" for name, texts in own.items() for key in texts}
    lines = [f"{key}: {quoted(text)}" for key, text in given.items() if key not in ours]
    if ours:
        lines.append("components:")
        for one in components:
            texts = {"repository": one.repository, **own[one.name]}
            lines += [f"  {quoted(one.name)}:", *(f"    {key}: {quoted(text)}" for key, text in texts.items())]
    why = "# What every command goes by. More keys, such as ci-workflows: docs/configuration.md of the action\n"
    return why + "".join(f"{line}\n" for line in lines) if lines else ""
