"""What an input is, and which commands there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

COMMANDS: dict[str, str] = {
    "gate": "Decide on evidence whether this run may deploy to production",
    "prepare": "Verify a new pair and propose the change of the workflow file that releases it",
    "publish": "Tag the reviewed commit, follow its build to the end, and publish the release",
    "announce": "Open or update the ticket of a release, and put it on the board",
    "deploy": "Verify again, launch the AWX job template, follow it to the end, and check the site",
    "audit": "Judge every past release by the same rules",
    "doctor": "Say which permission or setting is missing, before anything is written",
}
"""Each command with what it does."""

COMPONENT_NAMES = ("backend", "frontend")

EVERY_COMMAND = frozenset(COMMANDS)


def of(*commands: str) -> frozenset[str]:
    """The commands that an input belongs to; raises ValueError for a name that is none."""
    if not EVERY_COMMAND.issuperset(commands):
        raise ValueError(f"no such command among {commands}")
    return frozenset(commands)


class Kind(Enum):
    """How the text of an input is read."""

    TEXT = "text"
    FLAG = "true or false"
    SECONDS = "seconds"
    MINUTES = "minutes"
    CHOICE = "one of its choices"
    LIST = "comma-separated list"
    REPOSITORY = "OWNER/NAME"
    URL = "URL"
    FILE = "file"
    COMMIT = "commit"
    DIGEST = "digest"


@dataclass(frozen=True)
class Input:
    """One input. An empty value means `default`, or what `defaults` has for the command.

    `default_words` tell how a computed default is found; `choices` are the values of a `CHOICE`.
    `action_default` is what `action.yml` itself must say, for values that only an expression can give.
    """

    name: str
    help: str
    default: str = ""
    default_words: str = ""
    kind: Kind = Kind.TEXT
    commands: frozenset[str] = EVERY_COMMAND
    secret: bool = False
    action_default: str = ""
    terminal_variable: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable by which `action.yml` passes the value."""
        return f"INPUT_{self.name.upper().replace('-', '_')}"

    def default_of(self, command: str) -> str:
        """What an empty value means for a command; empty where it is computed, or where there is none."""
        return self.defaults.get(command, self.default)
