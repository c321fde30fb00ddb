"""The documentation leads where it says, and knows of everything that the examples ask for."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from contract.sources import ROOT, committed_files, fences, load_yaml, name_of
from frag_release.inputs.table import COMMANDS, INPUTS

DOCUMENTS = [path for path in committed_files() if path.suffix == ".md"]
_LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)

_SHELL = ("bash", "sh")
_LANGUAGES = {*_SHELL, "yaml", "json", "mermaid", "text"}
_PROGRAM = re.compile(r"python3 (?:\S*/)?scripts ((?:\\\n|[^`|&;\n])*)")
_DISPATCH = re.compile(r"gh workflow run (\S+)((?: -f [a-z-]+=(?:'[^']*'|\S+))*)")
_MAKE = re.compile(r"(?:^|`)make ([a-z-]+)", re.M)
TABLE = {one.name: one for one in INPUTS}
OTHERS = {"--help", "--version"}


def anchors(document: Path) -> set[str]:
    """What GitHub calls the headings of a document."""
    headings = _HEADING.findall(document.read_text("utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Each file that is linked to is there, and has the heading that is named."""
    for name, anchor in _LINK.findall(path.read_text("utf-8")):
        linked = path.parent / name if name else path
        assert linked.exists(), name
        assert not anchor or anchor in anchors(linked), f"{name}#{anchor}"


def test_the_readme_shows_both_ends_by_day_and_by_night() -> None:
    """A blocked and a good summary stand on the first screen, light and dark, each with words for who cannot see it."""
    first, _, _ = (ROOT / "README.md").read_text("utf-8").partition("\n## ")
    shown = re.findall(r'srcset="([^"]+)"><img [^>]*src="([^"]+)" alt="([^"]{40,})"', first)
    names = [f"docs/pictures/{name}" for name in ("blocked", "allowed")]
    assert [(dark, light) for dark, light, _ in shown] == [(f"{one}-dark.png", f"{one}-light.png") for one in names]
    assert all((ROOT / path).is_file() for dark, light, _ in shown for path in (dark, light))


def test_whoever_adopts_all_is_told_every_name() -> None:
    """The page of steps has each variable, secret, environment and file of the examples."""
    examples = sorted((ROOT / "examples").glob("*.yaml"))
    texts = [path.read_text("utf-8") for path in examples]
    names = {name for text in texts for name in re.findall(r"\b(?:vars|secrets)\.([A-Z_]+)", text)}
    places = {f"awx/fragalysis-{each}" for each in ("staging", "production", "developer")}
    places |= {"release", "release-approved", "stack-staging"}
    steps = (ROOT / "docs" / "adopting.md").read_text("utf-8")
    assert {name for name in names | places if f"`{name}`" not in steps} == set()
    assert [path.name for path in examples if f"../examples/{path.name}" not in steps] == []


REAL_NAMES = {
    "BE_IMAGE_TAG", "BE_NAMESPACE", "FE_IMAGE_TAG", "FE_NAMESPACE", "STACK_NAMESPACE", "DOCKERHUB_USERNAME",
    "DOCKERHUB_TOKEN", "TRIGGER_AWX", "TRIGGER_DEVELOPER_AWX", "SLACK_NOTIFY_STAGING_WEBHOOK",
    "SLACK_NOTIFY_PRODUCTION_WEBHOOK", "AWX_HOST", "AWX_USER", "AWX_USER_PASSWORD", "AWX_TEMPLATE_NAME", "STACK_USER",
    "STACK_USER_TOKEN", "STACK_BRANCH", "STACK_GITHUB_NAMESPACE", "TRIGGER_DOWNSTREAM", "awx/fragalysis-staging",
    "awx/fragalysis-production", "awx/fragalysis-developer", "stack_namespace", "stack_image_tag",
}  # fmt: skip
"""Secrets, environments and inputs of Fragalysis's stack and components in August 2026, before this action."""
REAL_HABITS = {
    "latest", "stable", "target: staging", "master", "continue-on-error", "GITHUB_REF_SLUG", "fragalysis-stack",
}  # fmt: skip


def test_whoever_has_a_stack_today_finds_each_of_its_names() -> None:
    """What becomes of each secret, environment, input and habit of the real stack stands in one section, in a cell."""
    _, _, section = (ROOT / "docs" / "adopting.md").read_text("utf-8").partition("\n## Today, and then\n")
    today = "".join(line.split(" | ")[0] for line in section.splitlines() if line.startswith("| "))
    assert {name for name in REAL_NAMES | REAL_HABITS if f"`{name}`" not in today} == set()
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    assert {len(cells) for cells in rows} == {3}
    assert all(cell.strip() for cells in rows for cell in cells)


def commands_in(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each call of the program in a text, in a block or in a line: its command, and the names of its options."""
    for call in _PROGRAM.findall(text):
        command, *rest = call.replace("\\\n", " ").split() or [""]
        yield command, [re.split("[=`]", word)[0] for word in rest if word.startswith("--")]


def steps_in(node: object) -> Iterator[Mapping[str, Any]]:
    """Each step of a block that uses the action, at whatever depth the block begins."""
    if isinstance(node, Mapping):
        if str(node.get("uses", "")).startswith("org/frag-release-action@"):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from steps_in(each)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_block_can_be_read(path: Path) -> None:
    """A block says its language on README and the pages, shells parse those for shells, and JSON is JSON."""
    text = path.read_text("utf-8")
    if path.name == "README.md" or path.parent.name == "docs":
        assert set(re.findall(r"^ *```(.*)\n(?:.*\n)*?^ *```$", text, re.M)) <= _LANGUAGES
    for block in fences(text, *_SHELL):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, encoding="utf-8", check=False)
        assert (done.returncode, done.stderr) == (0, "")
    for block in fences(text, "json"):
        json.loads(block)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_every_command_that_is_shown_exists(path: Path) -> None:
    """Commands, their options and inputs, forms and their fields, and targets of make are there under those names."""
    text = path.read_text("utf-8")
    for command, options in commands_in(text):
        assert command in {*COMMANDS, *OTHERS, "COMMAND"}, command
        for name in {one.removeprefix("--") for one in options} - {"help"}:
            assert command in TABLE[name].commands, f"{command} --{name}"
    for block in fences(text, "yaml"):
        for step in steps_in(load_yaml(block)):
            given = step.get("with", {})
            assert [name for name in given if given.get("command", "gate") not in TABLE[name].commands] == []
    for name, fields in _DISPATCH.findall(text):
        form = load_yaml((ROOT / "examples" / name).read_text("utf-8"))["on"]["workflow_dispatch"]["inputs"]
        assert {field for field in re.findall(r"-f ([a-z-]+)=", fields) if field not in form} == set()
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert {name for name in _MAKE.findall(text) if name not in targets} == set()


def test_the_search_for_commands_finds_them() -> None:
    """Calls in blocks, over two lines and in a sentence are seen, each with its options."""
    text = "`python3 scripts gate --ref x`\n```bash\nA=b python3 ../a/scripts adopt --write && git diff --stat\n"
    text += "python3 scripts audit --local x \\\n  --since=2026. | head --lines=1\n"
    assert list(commands_in(text)) == [("gate", ["--ref"]), ("adopt", ["--write"]), ("audit", ["--local", "--since"])]
    assert list(steps_in([{"uses": "org/frag-release-action@v1"}])) == [{"uses": "org/frag-release-action@v1"}]
