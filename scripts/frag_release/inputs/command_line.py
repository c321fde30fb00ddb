"""The terminal's options, `--help` pages and suggestions, and the stack that the working folder is a clone of.

Options (`COMMAND --option value`) have the names of the inputs and are parsed by argparse. Its own messages are never
shown: they repeat values, and a misplaced token would be one. A clone's remote gives owner and name, never a host.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from argparse import SUPPRESS, Action, ArgumentError, ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from textwrap import fill
from typing import Any, NoReturn

from ..dataclass import replace
from ..errors import UsageError
from .context import Context
from .table import COMMANDS, INPUTS, Input, Kind
from .values import is_repository, of_another_command, owners_of

_MOST = 3
_SHORTEST = 3
_LONGEST = 40
_SECONDS = 5.0
_URL = re.compile(r"(?:https?|ssh|git)://[^/]+/(.+)")
_SSH = re.compile(r"(?:[^@/:]+@)?[^@/:]{2,}:/?(.+)")
PROGRAM = "python3 scripts"
_HELP = ("-h", "--help")
_VERSION = "--version"
# Text of any other form may be a misplaced value, such as a token, and is not repeated.
_NAME = re.compile(r"(--)?[a-z]+(-[a-z]+){0,5}")
_LONGEST_NAME = 40
PIPE_WIDTH = 80
"""Columns of a page that is not printed to a terminal."""
_STATUSES = {
    "0": "allowed, done, or nothing to do",
    "1": "refused by a rule, evidence missing, what was followed failed, or the run cancelled",
    "2": "usage error: a bad input, a ref that does not exist, or a missing write permission (it is named)",
    "3": "internal error; nothing was allowed",
}
_CLONE = {"stack-repository": ", else the remote of the current clone"}
_SECRETS = "secrets, read from the environment because other processes can see arguments:"
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
"""One example for each command; none of them writes anything."""


def meant(text: str, names: Iterable[str]) -> list[str]:
    """Return the names that the text may stand for, at most three.

    Names that it abbreviates, such as `wait` for `wait-minutes` and `url` for `awx-url`, else similar ones.
    """
    known, typed = list(names), text.lower().replace("_", "-")[:_LONGEST]
    shortened = [name for name in known if _shortens(typed, name)]
    return (shortened or get_close_matches(typed, known))[:_MOST]


def _shortens(typed: str, name: str) -> bool:
    return len(typed) >= _SHORTEST and (name.startswith(typed) or f"-{typed}-" in f"-{name}-")


def closest_first(text: str, names: Iterable[str]) -> list[str]:
    """Return all names in their order, except that likely ones come first."""
    known = list(names)
    return list(dict.fromkeys([*meant(text, known), *known]))


def with_clone(context: Context, texts: Mapping[str, str], log: Callable[[str], None]) -> Context:
    """Return the context with the repository of the terminal's current clone if none is named; report it to `log`."""
    if context.on_runner or context.repository or texts["stack-repository"]:
        return context
    found = find_clone(os.curdir)
    if found is None:
        return context
    repository, remote = found
    log(f"The stack's repository is {repository}, from the remote {remote[:80]} of {os.path.abspath(os.curdir)}.")
    return replace(context, clone=repository)


def find_clone(folder: str) -> tuple[str, str] | None:
    """Return the repository (`OWNER/NAME`) of the clone that a folder is in, and the remote that names it.

    None outside of a clone, if it belongs to another user, or if its remotes name none. `origin` counts, else the only
    remote.
    """
    urls: dict[str, str] = {}
    for setting in _settings(folder):
        key, _, url = setting.partition("\n")
        # git fetches from the first URL.
        urls.setdefault(key.removeprefix("remote.").removesuffix(".url"), url)
    remote = "origin" if "origin" in urls else next(iter(urls), "") if len(urls) == 1 else ""
    repository = _repository(urls.get(remote, ""))
    return (repository, remote) if repository else None


def _settings(folder: str) -> list[str]:
    """Return `KEY\\nURL` for each remote. To read a configuration, git runs no program that it names."""
    program = shutil.which("git")
    if program is None:
        return []
    command = [program, "-C", folder, "config", "--local", "--no-includes", "--null"]
    command += ["--get-regexp", r"^remote\..*\.url$"]
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    try:
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [text for text in done.stdout.decode("utf-8", "replace").split("\0") if text]


def _repository(url: str) -> str:
    """Return `OWNER/NAME` of a remote's URL, empty if it has another form."""
    found = _URL.fullmatch(url) or ("://" not in url and _SSH.fullmatch(url)) or None
    name = found[1].rstrip("/").removesuffix(".git") if found else ""
    return name if is_repository(name) else ""


def ask_for_help(arguments: Sequence[str]) -> bool:
    """Whether help is requested, or no arguments are given.

    `--help` in place of a value does not count: a script's variable with that text must not end a gate with success.
    """
    before = ("", *arguments)
    return not arguments or any(
        argument in _HELP and not _awaits_value(last) for last, argument in zip(before, arguments, strict=False)
    )


def ask_for_page(arguments: Sequence[str]) -> bool:
    """Whether only the version or a help page is to be printed."""
    return ask_for_version(arguments) or ask_for_help(arguments)


def ask_for_version(arguments: Sequence[str]) -> bool:
    """Whether the version is requested, in place of the command."""
    return list(arguments[:1]) == [_VERSION]


def _awaits_value(argument: str) -> bool:
    return argument.startswith("--") and "=" not in argument


def read_command(arguments: Sequence[str]) -> str:
    """Return the command, which comes first; raises UsageError."""
    first = arguments[0]
    if first in COMMANDS:
        return first
    near = meant(first, COMMANDS)
    end = f"; did you mean {' or '.join(near)}?" if near else "."
    if first.startswith("-"):
        message = "The first argument is an option, but the command comes before all options."
    elif _can_be_shown(first):
        message = f"There is no command {first}{end}"
    else:
        message = f"The first argument is not a command{end}"
    raise UsageError(message, f"Use one of: {', '.join(closest_first(first, COMMANDS))}.")


def read_from_terminal(arguments: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return every input's text from options, and from the environment for secrets of the command.

    Other processes can see arguments, so there are no options for secrets. Raises UsageError, which repeats no value.
    """
    command = read_command(arguments)
    given = {"command": command, **_read_options(command, arguments)}
    for one in INPUTS:
        if one.secret and command in one.commands:
            given[one.name] = environ.get(one.variable) or environ.get(one.terminal_variable) or ""
    return {one.name: given.get(one.name, "").strip() for one in INPUTS}


class _Word(str):
    """An argument with its position, which messages name if its text must not be shown."""

    __slots__ = ("place",)
    place: int


def _read_options(command: str, arguments: Sequence[str]) -> dict[str, str]:
    words = []
    for place, text in enumerate(arguments):
        words.append(_Word(text))
        words[-1].place = place
    for word in words:
        if word == "--":  # argparse would treat what follows it as values
            raise _no_option(word, command)
    try:
        given, left = _parser(command).parse_known_args(words[1:])
    except ArgumentError as error:
        raise _no_value(error.argument_name or "") from None
    if left:
        raise _no_option(left[0], command)
    return {name: str(value) for name, value in vars(given).items()}


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise UsageError without the message, which may repeat a value."""
        raise UsageError("The options could not be read.", f"{self.prog} --help lists them.")


def _parser(command: str) -> ArgumentParser:
    """Return the parser for a command's options, which also recognises those that the command refuses."""
    parser = _Parser(
        f"{PROGRAM} {command}", add_help=False, allow_abbrev=False, exit_on_error=False, argument_default=SUPPRESS
    )
    for one in INPUTS:
        if one.name == "command":
            continue
        if one.secret or command not in one.commands:
            parser.add_argument(f"--{one.name}", nargs="?", action=_Refuse, one=one, command=command)
        elif one.kind is Kind.FLAG:
            parser.add_argument(f"--{one.name}", dest=one.name, nargs="?", const="true", action=_Keep, one=one)
        else:
            parser.add_argument(f"--{one.name}", dest=one.name, action=_Keep, one=one)
    return parser


class _Keep(Action):
    """Stores the value of an option, which may be given once."""

    def __init__(self, option_strings: Sequence[str], dest: str, one: Input, **rest: Any) -> None:
        super().__init__(option_strings, dest, **rest)
        self._one = one

    def __call__(self, _parser: ArgumentParser, given: Namespace, value: Any, _option: str | None = None) -> None:
        if hasattr(given, self.dest):
            raise UsageError(f"The option --{self.dest} is given twice.", "Give it once; separate a list by commas.")
        if self._one.kind is Kind.FLAG and value.strip().lower() not in ("true", "false", ""):
            raise UsageError(
                f"The option --{self.dest} takes true or false, and what follows it is neither.",
                f"Write --{self.dest} (which means true), --{self.dest} true or --{self.dest} false.",
            )
        setattr(given, self.dest, value)


class _Refuse(Action):
    """Refuses an input that is a secret, or belongs to another command."""

    def __init__(self, option_strings: Sequence[str], dest: str, one: Input, command: str, **rest: Any) -> None:
        super().__init__(option_strings, dest, **rest)
        self._one, self._command = one, command

    def __call__(self, *_: Any) -> None:
        one = self._one
        if not one.secret:
            raise of_another_command(one, self._command)
        is_own = self._command in one.commands
        what = "Give it" if is_own else f"Leave it out here, and give it to {owners_of(one)}"
        raise UsageError(
            f"The input {one.name} is a secret, and other processes can see arguments.",
            f"{what} in the environment, as {one.terminal_variable}.",
        )


def _no_value(option: str) -> UsageError:
    one = next((one for one in INPUTS if option == f"--{one.name}"), None)
    shape = shape_of(one) if one else "VALUE"
    return UsageError(
        f"The option {option} has no value.",
        f"Write {option} {shape}, or {option}=VALUE if the value begins with a dash.",
    )


def _no_option(word: str, command: str) -> UsageError:
    """The error for an argument that belongs to no option. Only a _Word knows its position."""
    option, nth = word.partition("=")[0], _nth(getattr(word, "place", None))
    if word in _HELP:
        return UsageError(
            f"{nth} is {word}, where the value of an option could be.",
            f"Write it directly after the command: {PROGRAM} {command} --help.",
        )
    if not word.startswith("-"):
        return UsageError(
            f"{nth} is not an option.", "Write options as --name value, with quotes around a value that has spaces."
        )
    what = f"There is no option {option}" if _can_be_shown(option) else f"{nth} is not an option"
    near = _meant(option.lstrip("-"), command)
    return UsageError(
        f"{what}; did you mean {' or '.join(near)}?" if near else f"{what}.",
        f"{PROGRAM} {command} --help lists the options and the variables for secrets.",
    )


def _nth(place: int | None) -> str:
    return "An argument" if place is None else f"Argument {place + 1} (the command is the first)"


def _meant(typed: str, command: str) -> list[str]:
    """Return similar inputs of the command, else similar ones of other commands, as they are written."""
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
    """The names that may stand for an input, each with how the input is passed."""
    if one.secret:
        way = f"the variable {one.terminal_variable}"
        return {one.name: way, one.terminal_variable.lower().replace("_", "-"): way}
    return {} if one.name == "command" else {one.name: f"--{one.name}"}


def _can_be_shown(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None


def shape_of(one: Input) -> str:
    """The placeholder for the value of an input."""
    return "|".join(one.choices) or one.shape or one.kind.value


def top_page(width: int = PIPE_WIDTH) -> str:
    """Return the help page of the program, wrapped to `width` columns."""
    return _page(
        f"usage: {PROGRAM} COMMAND --option value ...",
        fill("Decides, on evidence, whether a stack release may reach production, and explains why.", width),
        _listed("commands:", COMMANDS, width),
        _described(_SECRETS, {_variable(one): one.help for one in INPUTS if one.secret}, width),
        _listed("exit status:", _STATUSES, width),
        fill(f"{PROGRAM} COMMAND --help shows the options of a command; --version shows the release.", width),
    )


def command_page(command: str, width: int = PIPE_WIDTH) -> str:
    """Return the help page of one command, wrapped to `width` columns."""
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
        return one.terminal_variable and f"else the value of {one.terminal_variable}{_CLONE.get(one.name, '')}"
    if one.action_default:
        return ""  # a terminal has none
    return one.default_of(command) or one.default_words_of(command) or "none"


def _listed(title: str, rows: Mapping[str, str], width: int) -> str:
    """Rows of short names, each with its text next to it."""
    widest = max(map(len, rows))
    shown = (_filled(text, f"  {name:<{widest}}  ", width, widest + 4) for name, text in rows.items())
    return "\n".join([title, *shown])


def _described(title: str, rows: Mapping[str, str], width: int) -> str:
    """Rows of long names, each with its text below it."""
    shown = (f"  {name}\n{_filled(text, ' ' * 6, width, 6)}" for name, text in rows.items())
    return "\n".join([fill(title, width), *shown])


def _filled(text: str, start: str, width: int, margin: int) -> str:
    # Names and addresses are never broken: people search for them and copy them.
    return fill(
        text.replace("`", ""), width, initial_indent=start, subsequent_indent=" " * margin,
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip
