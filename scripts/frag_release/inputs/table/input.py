"""Inputs, outputs and commands."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from ...dataclass import dataclass, field
from ...domain.components import COMPONENT_NAMES

OUTPUTS: dict[str, str] = {
    "verdict": "`deploy`, `build-only` or `blocked`",
    "deploy-production": "`true` if this run may deploy to production, else `false`; always written",
    "deploy-staging": "`true` if this run may deploy to staging, else `false`; always written",
    "image-tag": "Tag for the stack's image; empty if nothing is to be built",
    "stack-tag": "The stack's tag; empty if the ref is not a tag",
    "stack-commit": "The commit to check out and build",
    **{
        f"{name}-{what}": text.format(name)
        for name in COMPONENT_NAMES
        for what, text in (
            ("tag", "Tag of the {} to build with"),
            ("namespace", "Namespace of the {}'s image"),
            ("commit", "Commit of the {}'s tag, if it was judged"),
            ("digest", "Digest of the {}'s image, if it was judged"),
            ("image", "The {}'s image: `name@sha256:…` if it was judged, else `name:tag`"),
        )
    },
    "components": "The same for every component, as JSON for `expected-components` and `fromJSON`: "
    '`{"NAME": {"tag": "", "namespace": "", "commit": "", "digest": "", "image": ""}}`',
    "changed": "prepare, publish, announce, deploy: `true` if this run changed anything, else `false`",
    "plan": "prepare: the plan to approve, for the input `expected-plan`; empty if there is nothing to release",
    "plan-title": "prepare: the same for people, on one line: stack tag, versions, and seven digits of each commit",
    "commit": "prepare: the commit with the change",
    "pull-request-number": "prepare: number of the pull request",
    "pull-request-url": "prepare: address of the pull request",
    "release-url": "publish: address of the release",
    "run-url": "publish: address of the build's run",
    "run-conclusion": "publish: conclusion of the build's run, as GitHub reports it; `waiting` if an approval is "
    "missing; empty if it was not followed to its end",
    "ticket-number": "announce, and deploy if a rollback updated it: number of the ticket",
    "ticket-url": "announce, and deploy if a rollback updated it: address of the ticket, or of our comment",
    "stack-image": "deploy with `deployer: none`: what your own step must deploy, `name@sha256:…`, or `name:tag` if "
    "the digest is unknown; empty if it must deploy nothing",
    "deployment-id": "deploy: number of the deployment record; empty if there is none",
    "job-id": "deploy: number of the AWX job",
    "job-url": "deploy: address of the AWX job",
    "job-status": "deploy: last known status of the AWX job, as AWX reports it",
    "production-tag": "audit with `verify-url`: the release that production should run; empty if that is unknown",
    "production-matches": "audit with `verify-url`: `true`, `false`, or `unknown` if it could not be determined",
    "failed-rules": "`rule:subject` of each finding that blocks, comma-separated",
    "headline": "The result, in one line of plain text for a message to people; always written",
    "headline-url": "The page that goes with it: of the release, the pull request or the ticket, else of this run",
    "report-path": "The JSON report, if `report` names a file",
}
"""Descriptions of the outputs."""

COMMANDS: dict[str, str] = {
    "gate": "Decide on evidence whether this run may deploy to production",
    "prepare": "Verify a new pair and propose the change of the workflow file that releases it",
    "publish": "Tag the reviewed commit, follow its build to the end, and publish the release",
    "announce": "Open or update the ticket of a release, and put it on the board",
    "deploy": "Verify again, deploy, follow the deployment to its end, and check the site",
    "audit": "Judge every past release by the same rules",
    "doctor": "Report which permissions or settings are missing, before anything is written",
    "adopt": "Show or write the smallest change that puts the gate in front, in a clone of the stack",
}
"""Descriptions of the commands."""

VARIABLE = "[A-Za-z_][A-Za-z0-9_]{0,99}"
_PART = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*"
IMAGE = f"(?:[a-z0-9.-]+(?::[0-9]{{1,5}})?/)?{_PART}(?:/{_PART})*"
FORMAT = "v?(?:YEAR[.]MONTH[.]ITERATION|N[.]N[.]N)"
"""Patterns of the name of a variable, of an image without its tag, and of the format of tags."""

EVERY_COMMAND = frozenset(COMMANDS)

IN_TERMINAL = frozenset({"adopt"})
"""The commands that are only for a terminal: inputs that only they have are not inputs of the action."""

IN_WORKFLOW = EVERY_COMMAND - IN_TERMINAL


def of(*commands: str) -> frozenset[str]:
    """Return the commands that an input belongs to; raises ValueError for an unknown name."""
    if not EVERY_COMMAND.issuperset(commands):
        raise ValueError(f"no such command among {commands}")
    return frozenset(commands)


class Kind(Enum):
    """How the text of an input is read; the value is the placeholder in a terminal's help."""

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
    """One input. An empty value means `default`, or the command's entry in `defaults`.

    `default_words` describe a computed default, empty if there is none; `choices` are those of a `CHOICE`.
    `helps` and `words` extend `help` and `default_words` for some commands: `{"gate, deploy": "…"}`.
    `action_default` is the default in `action.yml` itself, for values that only an expression can give.
    `shape` is the placeholder for a value if that of its kind is too vague.
    `required` are the commands that stop without it in a terminal, where there is no run to take it from.
    `in_file`: the configuration file may set it; the text (of a list: each part) must match `pattern` there.
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
        """Whether a workflow can pass it."""
        return bool(self.commands & IN_WORKFLOW)

    @property
    def variable(self) -> str:
        """The environment variable in which `action.yml` passes the value."""
        return f"INPUT_{self.name.upper().replace('-', '_')}"

    def default_of(self, command: str) -> str:
        """The value that a command uses if none is given; empty if it is computed or there is none."""
        return self.defaults.get(command, self.default)

    def help_of(self, command: str) -> str:
        """The description of the input for a command."""
        return ": ".join(filter(None, (self.help, _words_of(self.helps, command))))

    def default_words_of(self, command: str) -> str:
        """The description of a command's computed default."""
        return _words_of(self.words, command) or self.default_words


def _words_of(by_commands: Mapping[str, str], command: str) -> str:
    return next((words for commands, words in by_commands.items() if command in commands.split(", ")), "")
