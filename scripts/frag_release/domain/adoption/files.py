"""The files beside the workflow, made from the examples: with the stack's own names, and fields for its components."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..components import COMPONENT_NAMES, CONFIGURATION_FILE, Component
from .change import quoted

EXAMPLES = ("prepare-release", "publish-release", "release", "deploy", "audit", "doctor")
"""The examples that a stack has beside its build."""
BUILD = "build-main"
MOST_FIELDS = 25
"""Most fields that GitHub shows in a form (docs.github.com, "Workflow syntax", `on.workflow_dispatch.inputs`)."""

TITLE = "build main"
"""What the example's build is called."""

_OWN_NAME = "fragalysis-stack"
ENVIRONMENT = "awx/fragalysis-production"
"""What the examples deploy production to."""
_FIELD = r"      {0}(?:-at)?:\n(?: {{8}}.*\n)+"
_TAGS = re.compile(
    r"(?m)^ {8}backend-tag: ((?:>-\n(?: {10}.*\n)+)|.*\n) {8}frontend-tag: (?:(?:>-\n(?: {10}.*\n)+)|.*\n)"
)
_CI = re.compile(r"(?m)(?:^ {8}#.*\n)*^ {8}backend-ci-workflows: .*\n {8}frontend-ci-workflows: .*\n")
_EITHER = re.compile(r"inputs\.backend == '([^']+)' \|\| inputs\.frontend == '\1'")
_CHOSEN = re.compile(r"(?m)^( +(?:name|environment): )awx/fragalysis-\$\{\{ inputs\.(environment|examine) \}\}")
_PLAIN_STEM = re.compile(r"[A-Za-z0-9._/-]*")


@dataclass(frozen=True)
class Names:
    """What a stack has in the place of the examples' names. `branches` are empty if the examples' are kept."""

    repository: str
    workflow_file: str
    workflow_name: str
    environment: str
    action: str
    branches: Sequence[str]
    components: Sequence[Component]

    @property
    def are_usual(self) -> bool:
        """Whether the components have the names that have inputs of their own."""
        return tuple(component.name for component in self.components) == COMPONENT_NAMES

    @property
    def owners(self) -> list[str]:
        """The owners of the components, each once."""
        return list(dict.fromkeys(component.owner for component in self.components))


def obstacle(example: str, names: Names) -> str:
    """Say why an example cannot be made to fit; empty if it can."""
    path = f".github/workflows/{example}.yaml"
    if example == BUILD:
        return "" if names.are_usual else "the example is made of a backend and a frontend"
    if path == names.workflow_file:
        return "the stack's own workflow has this name"
    if example in ("prepare-release", "release", "doctor") and len(names.owners) > 1:
        return f"the components have several owners ({', '.join(names.owners)}), and a token of an app is for one"
    fields = _fields(example, names)
    if len(fields) > MOST_FIELDS:
        return f"its form would have {len(fields)} fields, and GitHub shows {MOST_FIELDS}"
    if twice := sorted({name for name in fields if fields.count(name) > 1}):
        return f"its form would have the field {twice[0]} twice"
    return ""


def _fields(example: str, names: Names) -> list[str]:
    own = [component.name for component in names.components]
    if example == "prepare-release":
        return [*own, *(f"{name}-at" for name in own), "stack-tag", "ticket", "mode", "dry-run"]
    return [*own, "stack-tag", "ticket"] if example == "release" else []


def adapted(text: str, names: Names) -> str:
    """Return the text of an example with the names of the stack; with the examples' own names it stays as it is."""
    if not names.are_usual:
        text = _with_components(text, [component.name for component in names.components])
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
    }
    for old, new in replaced.items():
        text = text.replace(old, new)
    return _on_branches(_in_environment(text, names.environment), names.branches)


def _with_components(text: str, names: Sequence[str]) -> str:
    form = re.compile(f"(?m)^(?:{_FIELD.format('backend')})+(?:^{_FIELD.format('frontend')})+", re.M)
    text = form.sub(lambda found: "".join(_fields_of(found[0], name) for name in names), text)
    text = _EITHER.sub(lambda found: " || ".join(f"inputs.{name} == '{found[1]}'" for name in names), text)
    text = _TAGS.sub(lambda found: _tags(found[1], names), text)
    why = f"        # What must have passed for a component's tag stands in {CONFIGURATION_FILE} (ci-workflows).\n"
    return _CI.sub(lambda found: why if "#" in found[0] else "", text)


def _fields_of(form: str, name: str) -> str:
    own = "".join(re.findall(f"(?m)^{_FIELD.format('backend')}", form))
    return re.sub("[Bb]ackend", name, own).replace(f"      {name}:\n", f"      {quoted(name)}:\n")


def _tags(value: str, names: Sequence[str]) -> str:
    """Return the input for all components. One that is not chosen is left out, for its name alone is no tag."""
    if value.strip() == "new":
        return f"        component-tags: {','.join(f'{name}=new' for name in names)}\n"
    one: Callable[[str], str] = _chosen if "tag production now" in value else _typed
    return "        component-tags: >-\n" + "".join(one(name) for name in names)


def _typed(name: str) -> str:
    return f"          ${{{{ inputs.{name} && format('{name}={{0}},', inputs.{name}) || '' }}}}\n"


def _chosen(name: str) -> str:
    at = f"inputs.{name}-at"
    return (
        f"          ${{{{ inputs.{name} == 'tag production now'\n"
        f"          && format('{name}=new{{0}},', {at} && format('@{{0}}', {at}) || '')\n"
        f"          || inputs.{name} == 'newest tag'\n"
        f"          && format('{name}=newest{{0}},', {at} && format(' and {{0}}', {at}) || '')\n"
        f"          || {at} && format('{name}={{0}},', {at}) || '' }}}}\n"
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
        chosen = f"${{{{ inputs.{found[2]} == 'production' && '{name}' || 'awx/fragalysis-staging' }}}}"
        return f"{found[1]}{quoted(chosen)}"

    text = _CHOSEN.sub(either, text)
    return re.sub(rf"{ENVIRONMENT}(?=\s)", lambda _: quoted(environment), text)


def _on_branches(text: str, branches: Sequence[str]) -> str:
    if not branches:
        return text
    text = text.replace("    - master\n    - main\n", "".join(f"    - {quoted(name)}\n" for name in branches))
    return text.replace('\'["master", "main"]\'', "'" + json.dumps(branches).replace("'", "''") + "'")


def key_of(given: str, components: Sequence[str]) -> str:
    """Return the key of the configuration file that stands for an input."""
    name = next((name for name in components if given.startswith(f"{name}-")), "")
    return f"components.{name}{given[len(name) :].replace('-', '.', 1)}" if name else given


def configuration(given: Mapping[str, str], components: Sequence[Component]) -> str:
    """Return the configuration file that says what was given by inputs; empty if nothing was."""
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
