"""The terminal's options: `COMMAND --option value`, named as the inputs are. Every option has a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..errors import UsageError
from .inputs import COMMANDS, INPUTS, Input
from .nearest import meant, nearest_first
from .values import of_another_command, owners_of

PROGRAM = "python3 scripts"

_HELP = ("-h", "--help")
# What has another form may be a value in the wrong place, such as a token, and is not repeated.
_NAME = re.compile(r"(--)?[a-z]+(-[a-z]+){0,5}")
_LONGEST_NAME = 40


def ask_for_help(arguments: Sequence[str]) -> bool:
    """Whether help is asked for, whatever else is there, or nothing is.

    Not where a value is expected: a script's variable that holds `--help` must not end a gate with success.
    """
    before = ("", *arguments)
    return not arguments or any(
        argument in _HELP and not _awaits_value(last) for last, argument in zip(before, arguments, strict=False)
    )


def _awaits_value(argument: str) -> bool:
    return argument.startswith("--") and "=" not in argument


def read_command(arguments: Sequence[str]) -> str:
    """Return the command, which comes first; raises UsageError."""
    first = arguments[0]
    if first in COMMANDS:
        return first
    if first.startswith("-"):
        message = "The first argument is an option, and the command comes before all options."
    else:
        message = f"There is no command {first}." if _can_be_shown(first) else "The first argument is no command."
    raise UsageError(message, f"Use one of: {', '.join(nearest_first(first, COMMANDS))}.")


def read_from_terminal(arguments: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return every input's text from options; secrets come from the environment alone, for commands that have them.

    Other processes can see arguments, so there are no options for secrets. Raises UsageError, which repeats
    no value.
    """
    command = read_command(arguments)
    given = {"command": command, **_read_options(command, arguments)}
    for one in INPUTS:
        if one.secret and command in one.commands:
            given[one.name] = environ.get(one.variable) or environ.get(one.terminal_variable) or ""
    return {one.name: given.get(one.name, "").strip() for one in INPUTS}


def _read_options(command: str, arguments: Sequence[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    place = 1
    while place < len(arguments):
        option, has_value, value = arguments[place].partition("=")
        one = _option(option, command, place)
        if not has_value:
            place += 1
            value = _next_value(one, arguments[place : place + 1])
        if one.name in given:
            raise UsageError(f"The option --{one.name} is there twice.", "Give it once; a list has commas.")
        given[one.name] = value
        place += 1
    return given


def _next_value(one: Input, following: Sequence[str]) -> str:
    if not following or following[0].startswith("--"):
        raise UsageError(
            f"The option --{one.name} has no value.",
            f"Write --{one.name} {shape_of(one)}, or --{one.name}=VALUE where the value begins with two dashes.",
        )
    return following[0]


def _option(option: str, command: str, place: int) -> Input:
    one = next((one for one in INPUTS if option == f"--{one.name}" and one.name != "command"), None)
    if one is None:
        raise _no_option(option, command, place)
    if one.secret:
        what = "Give it" if command in one.commands else f"Leave it out here, and give it to {owners_of(one)}"
        raise UsageError(
            f"The input {one.name} is a secret, and other processes can see arguments.",
            f"{what} in the environment, as {one.terminal_variable}.",
        )
    if command not in one.commands:
        raise of_another_command(one, command)
    return one


def _no_option(option: str, command: str, place: int) -> UsageError:
    if not option.startswith("-"):
        return UsageError(
            f"{_nth(place)} is no option.", "Write options as --name value, with quotes around a value that has blanks."
        )
    what = f"There is no option {option}" if _can_be_shown(option) else f"{_nth(place)} names no option"
    near = _meant(option.lstrip("-"), command)
    return UsageError(
        f"{what}; did you mean {' or '.join(near)}?" if near else f"{what}.",
        f"{PROGRAM} {command} --help lists the options, and the variables for secrets.",
    )


def _nth(place: int) -> str:
    return f"Argument {place + 1} (the command is the first)"


def _meant(typed: str, command: str) -> list[str]:
    """What the command has under a name like this; if nothing is like it, what others have."""
    own = {name: way for one in INPUTS if command in one.commands for name, way in _ways(one).items()}
    others = {
        name: f"{way} of {owners_of(one)}"
        for one in INPUTS
        if command not in one.commands
        for name, way in _ways(one).items()
    }
    near = meant(typed, own)
    return list(dict.fromkeys([own[name] for name in near] or [others[name] for name in meant(typed, others)]))


def _ways(one: Input) -> dict[str, str]:
    """Names that stand for an input, with how it is given."""
    if one.secret:
        way = f"the variable {one.terminal_variable}"
        return {one.name: way, one.terminal_variable.lower().replace("_", "-"): way}
    return {} if one.name == "command" else {one.name: f"--{one.name}"}


def _can_be_shown(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


def shape_of(one: Input) -> str:
    """The word that stands for the value of an input."""
    return "|".join(one.choices) or one.shape or one.kind.value
