"""The pages of help: each command in its own words, and nothing of the others."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Callable
from functools import partial

import pytest

from frag_release.inputs.command_line import EXAMPLES, command_page, read_from_terminal, top_page
from frag_release.inputs.context import Context
from frag_release.inputs.table import COMMANDS, INPUTS
from frag_release.inputs.values import Values

REQUIRED = {
    "gate": ["ref", "stack-repository"],
    "prepare": ["stack-repository"],
    "publish": ["stack-repository"],
    "announce": ["stack-repository", "stack-tag"],
    "deploy": ["ref", "stack-repository"],
    "audit": ["stack-repository"],
    "doctor": ["stack-repository"],
    "adopt": ["stack-repository"],
}


def sections(page: str) -> dict[str, str]:
    """The parts of a page by their first word, such as `options`, with runs of blanks made one."""
    parts = [" ".join(part.split()) for part in page.split("\n\n")]
    return {re.split(r"[:, ]", part)[0]: part for part in parts}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_has_all_parts(command: str) -> None:
    """Use, purpose, what is required, options, secrets, exit statuses and an example stand in this order."""
    parts = list(sections(command_page(command)))
    assert parts[:1] + parts[2:] == ["usage", "required", "options", "secrets", "exit", "example"]
    assert sections(command_page(command))["usage"] == f"usage: python3 scripts {command} --option value ..."


@pytest.mark.parametrize("command", COMMANDS)
def test_no_page_has_the_words_of_another_command(command: str) -> None:
    """What an input is to other commands is left out, and so are Markdown's signs."""
    page = " ".join(command_page(command).split())
    assert re.findall(rf"[.;[] ?(?:{'|'.join(COMMANDS)})[,:] ", page) == []
    assert "`" not in page


@pytest.mark.parametrize(("command", "words"), [
    ("gate", "--backend-tag TAG Tag of the backend: the one that will be built, if it is not the workflow file's"),
    ("prepare", "--backend-tag TAG Tag of the backend: the one to release; newest for the newest on the production "),
    ("prepare", "--stack-tag TAG Tag of the stack's release: the one to release; patch, minor or "),
    ("publish", "--timeout-seconds SECONDS Time limit for gathering all evidence: it includes following the build "),
    ("audit", "--timeout-seconds SECONDS Time limit for gathering all evidence [900]"),
    ("audit", "--check-ci true|false Whether each component's CI must have passed for its tag [false]"),
    ("deploy", "--wait-minutes MINUTES How long to wait for what is still running: the deployment, then the site [30]"),
    ("deploy", "--on-timeout leave|cancel What happens to the AWX job"),
    ("doctor", "--awx-url URL Address of AWX [none; deployer: awx needs it]"),
    ("doctor", "--for COMMAND,COMMAND Commands whose requirements are checked"),
])  # fmt: skip
def test_options_are_told_in_the_commands_own_words(command: str, words: str) -> None:
    """The kind of the value, the meaning and the default are those of the command."""
    assert words in sections(command_page(command))["options"]


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_required_is_told_first(command: str) -> None:
    """What a command cannot do without stands under its own title, with the variable that can stand for it."""
    parts = sections(command_page(command))
    assert re.findall(r"--([a-z-]+) ", parts["required"]) == REQUIRED[command]
    assert not set(re.findall(r"--([a-z-]+) ", parts["options"])) & set(REQUIRED[command])
    assert (
        "--stack-repository OWNER/NAME Repository of the stack [else the value of GITHUB_REPOSITORY, else the remote "
        "of the current clone]" in parts["required"]
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_ends_with_secrets_statuses_and_an_example(command: str) -> None:
    """The secrets are those of the command, by their variables, and every exit status is told."""
    parts = sections(command_page(command))
    assert re.findall(r"([A-Z_]+) \(", parts.get("secrets", "")) == [
        one.terminal_variable for one in INPUTS if one.secret and command in one.commands
    ]
    assert re.findall(r" ([0-9]) ", parts["exit"]) == ["0", "1", "2", "3"]
    assert f"python3 scripts {command} " in parts["example"]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_example_is_accepted_as_it_stands(command: str) -> None:
    """The example has every option that is required, and the command's own checks have nothing against it."""
    words = shlex.split(EXAMPLES[command])
    start = words.index("python3")
    environ = dict(word.split("=") for word in words[:start])
    given = Values(read_from_terminal(words[start + 2 :], environ))
    importlib.import_module(f"frag_release.commands.{command}").read_settings(given, Context())
    assert all(f"--{name} " in EXAMPLES[command] for name in REQUIRED[command])


@pytest.mark.parametrize("width", [72, 80, 120])
@pytest.mark.parametrize("make", [top_page, *(partial(command_page, command) for command in COMMANDS)])
def test_pages_fit_a_terminal(make: Callable[[int], str], width: int) -> None:
    """No line but the example, which is to be copied, is longer than the terminal is wide, and all are ASCII."""
    page = make(width)
    body = page.partition("\nexample:")[0]
    assert width - 15 <= max(map(len, body.splitlines())) <= width
    assert page.isascii()


def test_the_top_page_names_commands_secrets_and_statuses() -> None:
    """Each command has its line, each secret its variable; the page says how to reach the others."""
    parts = sections(top_page())
    assert parts["usage"] == "usage: python3 scripts COMMAND --option value ..."
    assert all(f" {name} {what}" in parts["commands"] for name, what in COMMANDS.items())
    assert all(f"{one.terminal_variable} ({one.name})" in parts["secrets"] for one in INPUTS if one.secret)
    assert re.findall(r" ([0-9]) ", parts["exit"]) == ["0", "1", "2", "3"]
    assert " ".join(top_page().split()).endswith(
        "python3 scripts COMMAND --help shows the options of a command; --version shows the release."
    )
