"""The terminal's options, made from the table of inputs."""

from __future__ import annotations

import argparse

from .inputs import COMMANDS, INPUTS, Input

_SECRETS = ", ".join(f"{one.terminal_variable} ({one.name})" for one in INPUTS if one.secret)


def parser() -> argparse.ArgumentParser:
    """Return the parser of `COMMAND --option value`; its results are named as the inputs are."""
    top = argparse.ArgumentParser(
        prog="scripts",
        description="Decides, on evidence, whether a stack release may reach production, and says why.",
        epilog=f"Secrets are read from the environment: {_SECRETS}.",
        allow_abbrev=False,
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, what in COMMANDS.items():
        command = commands.add_parser(name, help=what, description=f"{what}.", allow_abbrev=False)
        for one in INPUTS:
            if name in one.commands and not one.secret and one.name != "command":
                command.add_argument(f"--{one.name}", dest=one.name, metavar="VALUE", help=_help(one, name))
    return top


def _help(one: Input, command: str) -> str:
    default = one.default_of(command) or one.default_words
    text = f"{one.help} [{default}]" if default else one.help
    return text.replace("`", "").replace("%", "%%")
