"""The pages of `--help`, made from the table of inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import fill

from .inputs import COMMANDS, INPUTS, Input
from .options import PROGRAM, shape_of

_WIDTH = 80
_STATUSES = {
    "0": "allowed, done, or nothing to do",
    "1": "refused by a rule, evidence missing, what was followed failed, or the run cancelled",
    "2": "wrong use: a bad input, a ref that does not exist, or a missing right to write (it is named)",
    "3": "a fault of ours; nothing was allowed",
}
_SECRETS = "secrets, read from the environment, for other processes can see arguments:"
_STACK = "--stack-repository xchem/fragalysis-stack"
EXAMPLES = {
    "gate": f"GITHUB_TOKEN=... {PROGRAM} gate {_STACK} --ref refs/tags/2023.06.2",
    "prepare": f"GITHUB_TOKEN=... {PROGRAM} prepare {_STACK} --backend-tag newest --dry-run true",
    "publish": f"GITHUB_TOKEN=... {PROGRAM} publish {_STACK} --stack-tag 2023.06.2 --dry-run true",
    "announce": f"GITHUB_TOKEN=... {PROGRAM} announce {_STACK} --stack-tag 2023.06.2 --dry-run true",
    "deploy": f"GITHUB_TOKEN=... AWX_TOKEN=... {PROGRAM} deploy {_STACK} --ref refs/tags/2023.06.1 --rollback true "
    f"--awx-url https://awx.example --awx-template NAME --dry-run true",
    "audit": f"GITHUB_TOKEN=... {PROGRAM} audit {_STACK} --since 2023. --report audit.json",
    "doctor": f"GITHUB_TOKEN=... {PROGRAM} doctor {_STACK} --for gate,prepare",
}
"""One line for each command, which writes nothing."""


def top_page() -> str:
    """Return the page on the program as a whole."""
    return _page(
        f"usage: {PROGRAM} COMMAND --option value ...",
        fill("Decides, on evidence, whether a stack release may reach production, and says why.", _WIDTH),
        _listed("commands:", COMMANDS),
        _described(_SECRETS, {_variable(one): one.help for one in INPUTS if one.secret}),
        _listed("exit status:", _STATUSES),
        f"{PROGRAM} COMMAND --help shows the options of a command.",
    )


def command_page(command: str) -> str:
    """Return the page on one command, in its own words."""
    own = [one for one in INPUTS if command in one.commands and one.name != "command"]
    options = [one for one in own if not one.secret]
    return _page(
        f"usage: {PROGRAM} {command} --option value ...",
        fill(f"{COMMANDS[command]}.", _WIDTH),
        _described("required:", _options(command, (one for one in options if command in one.required))),
        _described("options:", _options(command, (one for one in options if command not in one.required))),
        _described(_SECRETS, {_variable(one): _text(one, command) for one in own if one.secret}),
        _listed("exit status:", _STATUSES),
        f"example:\n  {EXAMPLES[command]}",
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
        return one.terminal_variable and f"else what {one.terminal_variable} says"
    if one.action_default:
        # Only the action has it.
        return ""
    return one.default_of(command) or one.default_words_of(command) or "none"


def _listed(title: str, rows: Mapping[str, str]) -> str:
    """Rows of short names, each with its text beside it."""
    widest = max(map(len, rows))
    return "\n".join([title, *(_filled(text, f"  {name:<{widest}}  ", widest + 4) for name, text in rows.items())])


def _described(title: str, rows: Mapping[str, str]) -> str:
    """Rows of long names, each with its text below it."""
    return "\n".join([title, *(f"  {name}\n{_filled(text, ' ' * 6, 6)}" for name, text in rows.items())])


def _filled(text: str, start: str, margin: int) -> str:
    # Names and addresses stay whole: they are searched for and copied.
    return fill(
        text.replace("`", ""), _WIDTH, initial_indent=start, subsequent_indent=" " * margin,
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
