"""The pages of `--help`, made from the table of inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import fill

from .command_line import PROGRAM, shape_of
from .table import COMMANDS, INPUTS, Input

PIPE_WIDTH = 80
"""Columns of a page that is read elsewhere than in a terminal."""

_STATUSES = {
    "0": "allowed, done, or nothing to do",
    "1": "refused by a rule, evidence missing, what was followed failed, or the run cancelled",
    "2": "wrong use: a bad input, a ref that does not exist, or a missing right to write (it is named)",
    "3": "a fault of ours; nothing was allowed",
}
_CLONE = {"stack-repository": ", else the remote of the clone that you are in"}
_SECRETS = "secrets, read from the environment, for other processes can see arguments:"
_STACK = "--stack-repository xchem/fragalysis-stack"
EXAMPLES = {
    "gate": f"GITHUB_TOKEN=... {PROGRAM} gate {_STACK} --ref refs/tags/2023.06.2",
    "prepare": f"GITHUB_TOKEN=... {PROGRAM} prepare {_STACK} --backend-tag newest --dry-run",
    "publish": f"GITHUB_TOKEN=... {PROGRAM} publish {_STACK} --stack-tag 2023.06.2 --dry-run",
    "announce": f"GITHUB_TOKEN=... {PROGRAM} announce {_STACK} --stack-tag 2023.06.2 --dry-run",
    "deploy": f"GITHUB_TOKEN=... AWX_TOKEN=... {PROGRAM} deploy {_STACK} --ref refs/tags/2023.06.1 --rollback true "
    f"--awx-url https://awx.example --awx-template NAME --dry-run",
    "audit": f"GITHUB_TOKEN=... {PROGRAM} audit {_STACK} --since 2023. --report audit.json",
    "adopt": f"{PROGRAM} adopt {_STACK}",
    "doctor": f"GITHUB_TOKEN=... {PROGRAM} doctor {_STACK} --for gate,prepare",
}
"""One line for each command, which writes nothing."""


def top_page(width: int = PIPE_WIDTH) -> str:
    """Return the page on the program as a whole, wrapped to `width` columns."""
    return _page(
        f"usage: {PROGRAM} COMMAND --option value ...",
        fill("Decides, on evidence, whether a stack release may reach production, and says why.", width),
        _listed("commands:", COMMANDS, width),
        _described(_SECRETS, {_variable(one): one.help for one in INPUTS if one.secret}, width),
        _listed("exit status:", _STATUSES, width),
        fill(f"{PROGRAM} COMMAND --help shows the options of a command, and --version which release this is.", width),
    )


def command_page(command: str, width: int = PIPE_WIDTH) -> str:
    """Return the page on one command, in its own words, wrapped to `width` columns."""
    own = [one for one in INPUTS if command in one.commands and one.name != "command"]
    options = [one for one in own if not one.secret]
    secrets = {_variable(one): _text(one, command) for one in own if one.secret}
    return _page(
        f"usage: {PROGRAM} {command} --option value ...",
        fill(f"{COMMANDS[command]}.", width),
        _described("required:", _options(command, (one for one in options if command in one.required)), width),
        _described("options:", _options(command, (one for one in options if command not in one.required)), width),
        *([_described(_SECRETS, secrets, width)] if secrets else []),
        _listed("exit status:", _STATUSES, width),
        *([f"example:\n  {EXAMPLES[command]}"] if command in EXAMPLES else []),
    )


def _page(*parts: str) -> str:
    return "\n\n".join(parts)


def _options(command: str, chosen: Iterable[Input]) -> dict[str, str]:
    return {f"--{one.name} {shape_of(one)}": _text(one, command) for one in chosen}


def _variable(one: Input) -> str:
    return f"{one.terminal_variable} ({one.name})"


def _text(one: Input, command: str) -> str:
    default = _default(one, command)
    return f"{one.help_of(command)} [{default}]" if default else one.help_of(command)


def _default(one: Input, command: str) -> str:
    if command in one.required:
        return one.terminal_variable and f"else what {one.terminal_variable} says{_CLONE.get(one.name, '')}"
    if one.action_default:
        # Only the action has it.
        return ""
    return one.default_of(command) or one.default_words_of(command) or "none"


def _listed(title: str, rows: Mapping[str, str], width: int) -> str:
    """Rows of short names, each with its text beside it."""
    widest = max(map(len, rows))
    shown = (_filled(text, f"  {name:<{widest}}  ", width, widest + 4) for name, text in rows.items())
    return "\n".join([title, *shown])


def _described(title: str, rows: Mapping[str, str], width: int) -> str:
    """Rows of long names, each with its text below it."""
    shown = (f"  {name}\n{_filled(text, ' ' * 6, width, 6)}" for name, text in rows.items())
    return "\n".join([fill(title, width), *shown])


def _filled(text: str, start: str, width: int, margin: int) -> str:
    # Names and addresses stay whole: they are searched for and copied.
    return fill(
        text.replace("`", ""), width, initial_indent=start, subsequent_indent=" " * margin,
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
