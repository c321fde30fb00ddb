"""What an input and an output is, and which commands there are."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from ...dataclass import dataclass, field
from ...domain.components import COMPONENT_NAMES

OUTPUTS: dict[str, str] = {
    "verdict": "`deploy`, `build-only` or `blocked`",
    "deploy-production": "`true` where this run may deploy to production, else `false`; written on every way out",
    "deploy-staging": "`true` where this run may deploy to staging, else `false`; written on every way out",
    "image-tag": "Tag for the stack's image; empty where nothing is to be built",
    "stack-tag": "The stack's tag; empty where the ref is none",
    "stack-commit": "The commit to check out and build",
    **{
        f"{name}-{what}": text.format(name)
        for name in COMPONENT_NAMES
        for what, text in (
            ("tag", "Tag of the {} to build with"),
            ("namespace", "Namespace of the {}'s image"),
            ("commit", "Commit of the {}'s tag, where it was judged"),
            ("digest", "Digest of the {}'s image, where it was judged"),
            ("image", "The {}'s image: `name@sha256:…` where it was judged, else `name:tag`"),
        )
    },
    "components": "The same of every component, as JSON for `expected-components` and `fromJSON`: "
    '`{"NAME": {"tag": "", "namespace": "", "commit": "", "digest": "", "image": ""}}`',
    "changed": "prepare, publish, announce, deploy: `true` if this run made anything, else `false`",
    "plan": "prepare: what an approval is for, for the input `expected-plan`; empty where there is nothing to release",
    "plan-title": "prepare: the same for people, on one line: stack tag, versions, and seven digits of each commit",
    "commit": "prepare: the commit with the change",
    "pull-request-number": "prepare: number of the pull request",
    "pull-request-url": "prepare: address of the pull request",
    "release-url": "publish: address of the release",
    "run-url": "publish: address of the build's run",
    "run-conclusion": "publish: how the build ended, in GitHub's word; `waiting` if it waits for somebody's approval; "
    "empty where it was not followed to its end",
    "ticket-number": "announce, and deploy where a rollback told it: number of the ticket",
    "ticket-url": "announce, and deploy where a rollback told it: address of the ticket, or of our comment",
    "stack-image": "deploy with `deployer: none`: what your own step is to deploy, `name@sha256:…`, or `name:tag` if "
    "the digest is not known; empty if it is to deploy nothing",
    "deployment-id": "deploy: number of the deployment record; empty if there is none",
    "job-id": "deploy: number of the AWX job",
    "job-url": "deploy: address of the AWX job",
    "job-status": "deploy: last known state of the AWX job, in AWX's word",
    "production-tag": "audit with `verify-url`: the release that production should run, empty if that is not known",
    "production-matches": "audit with `verify-url`: `true`, `false`, or `unknown` if it cannot be told",
    "failed-rules": "`rule:subject` of each finding that blocks, comma-separated",
    "headline": "How it ended, in one line of plain text for a message to people; written on every way out",
    "headline-url": "The page to open with it: of the release, the pull request or the ticket, else of this run",
    "report-path": "The JSON report, where `report` names a file",
}
"""Each output with what it holds."""

COMMANDS: dict[str, str] = {
    "gate": "Decide on evidence whether this run may deploy to production",
    "prepare": "Verify a new pair and propose the change of the workflow file that releases it",
    "publish": "Tag the reviewed commit, follow its build to the end, and publish the release",
    "announce": "Open or update the ticket of a release, and put it on the board",
    "deploy": "Verify again, deploy, follow that to its end, and check the site",
    "audit": "Judge every past release by the same rules",
    "doctor": "Say which permission or setting is missing, before anything is written",
    "adopt": "Show or write the smallest change that puts the gate in front, in a clone of the stack",
}
"""Each command with what it does."""

VARIABLE = "[A-Za-z_][A-Za-z0-9_]{0,99}"
_PART = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
IMAGE = f"(?:[a-z0-9.-]+(?::[0-9]{{1,5}})?/)?{_PART}(?:/{_PART})*"
FORMAT = "v?(?:YEAR[.]MONTH[.]ITERATION|N[.]N[.]N)"
"""Patterns of the name of a variable, of an image without its tag, and of the format of tags."""

EVERY_COMMAND = frozenset(COMMANDS)

IN_TERMINAL = frozenset({"adopt"})
"""The commands that no workflow runs: what only they have is no input of the action."""

IN_WORKFLOW = EVERY_COMMAND - IN_TERMINAL


def of(*commands: str) -> frozenset[str]:
    """The commands that an input belongs to; raises ValueError for a name that is none."""
    if not EVERY_COMMAND.issuperset(commands):
        raise ValueError(f"no such command among {commands}")
    return frozenset(commands)


class Kind(Enum):
    """How the text of an input is read, with the word that stands for it in a terminal's help."""

    TEXT = "TEXT"
    FLAG = "true|false"
    SECONDS = "SECONDS"
    MINUTES = "MINUTES"
    CHOICE = "CHOICE"
    LIST = "NAME,NAME"
    LINES = "LINES"
    LOOKS = "NUMBER"
    REPOSITORY = "OWNER/NAME"
    URL = "URL"
    URLS = "URL,URL"
    FILE = "FILE"
    COMMIT = "COMMIT"
    DIGEST = "sha256:DIGEST"
    JSON = "JSON"
    PAIRS = "NAME=VALUE,NAME=VALUE"


@dataclass(frozen=True)
class Input:
    """One input. An empty value means `default`, or what `defaults` has for the command.

    `default_words` tell how a computed default is found, empty if there is none; `choices` are those of a `CHOICE`.
    `helps` and `words` add to `help` and `default_words` what holds for some commands: `{"gate, deploy": "…"}`.
    `action_default` is what `action.yml` itself must say, for values that only an expression can give.
    `shape` is the word for a value where the kind does not say enough.
    `required` are the commands that stop without it in a terminal, where there is no run to take it from.
    `in_file` says that the configuration file may give it, whose text (of a list: each part) matches `pattern` there.
    `terminal_variable` is the environment variable that is read for it in a terminal.
    """

    name: str
    help: str
    default: str = ""
    default_words: str = ""
    helps: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = Kind.TEXT
    shape: str = ""
    commands: frozenset[str] = EVERY_COMMAND
    required: frozenset[str] = frozenset()
    secret: bool = False
    action_default: str = ""
    terminal_variable: str = ""
    defaults: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    in_file: bool = False
    pattern: str = ""

    @property
    def is_of_action(self) -> bool:
        """Whether a workflow can give it."""
        return bool(self.commands & IN_WORKFLOW)

    @property
    def variable(self) -> str:
        """The environment variable by which `action.yml` passes the value."""
        return f"INPUT_{self.name.upper().replace('-', '_')}"

    def default_of(self, command: str) -> str:
        """What an empty value means for a command; empty where it is computed, or where there is none."""
        return self.defaults.get(command, self.default)

    def help_of(self, command: str) -> str:
        """What the input is to a command."""
        return ": ".join(filter(None, (self.help, _words_of(self.helps, command))))

    def default_words_of(self, command: str) -> str:
        """How a command's default is found where it is computed."""
        return _words_of(self.words, command) or self.default_words


def _words_of(by_commands: Mapping[str, str], command: str) -> str:
    return next((words for commands, words in by_commands.items() if command in commands.split(", ")), "")
