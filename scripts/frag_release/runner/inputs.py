"""The one table of inputs. `action.yml`, the terminal's options and the README are generated from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

COMMANDS: dict[str, str] = {
    "gate": "Decide on evidence whether this run may deploy to production",
    "prepare": "Verify a new pair and propose the change of the workflow file that releases it",
}
"""Each command that exists, with what it does."""

COMPONENT_NAMES = ("backend", "frontend")

EVERY_COMMAND = frozenset(COMMANDS)
GATE = frozenset({"gate"})
PREPARE = frozenset({"prepare"})


class Kind(Enum):
    """How the text of an input is read."""

    TEXT = "text"
    FLAG = "true or false"
    SECONDS = "seconds"
    MINUTES = "minutes"
    MODE = "pull-request or commit"
    LIST = "comma-separated list"
    REPOSITORY = "OWNER/NAME"
    URL = "URL"
    FILE = "file"


@dataclass(frozen=True)
class Input:
    """One input. An empty value means `default`; `default_words` tell how a computed default is found.

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

    @property
    def variable(self) -> str:
        """The environment variable by which `action.yml` passes the value."""
        return f"INPUT_{self.name.upper().replace('-', '_')}"


# Long: it is a table, one row for each input.
def _component_inputs(name: str) -> Iterable[Input]:
    short = {"backend": "BE", "frontend": "FE"}[name]
    return (
        Input(
            f"{name}-repository",
            f"Repository of the {name}",
            default_words=f"the stack's owner and `fragalysis-{name}`",
            kind=Kind.REPOSITORY,
        ),
        Input(
            f"{name}-branch",
            f"Branch on which a {name} tag must be to be of production; one of a list is enough",
            default="production",
            kind=Kind.LIST,
        ),
        Input(
            f"{name}-tag",
            f"gate: tag of the {name} that will be built, where it is not the workflow file's. "
            f"prepare: tag to release; `newest` for the newest on the production branch",
            default_words="the value in the workflow file",
        ),
        Input(
            f"{name}-namespace",
            f"Namespace of the {name}'s image that will be built, where it is not the workflow file's",
            default_words="the value in the workflow file, else the owner",
            commands=GATE,
        ),
        Input(
            f"{name}-variable",
            f"Variable of the workflow file's top-level `env:` with the {name}'s tag",
            default=f"{short}_IMAGE_TAG",
        ),
        Input(
            f"{name}-namespace-variable",
            f"Variable of the workflow file's top-level `env:` with the {name}'s namespace",
            default=f"{short}_NAMESPACE",
        ),
        Input(
            f"{name}-image",
            f"Name of the {name}'s image without its tag; `none` where the stack uses no such image",
            default_words="`docker.io/NAMESPACE/REPOSITORY-NAME` in lower case",
        ),
        Input(
            f"{name}-ci-workflows",
            f"Workflows of the {name}'s repository that must have passed for the tag, by file or name",
            default_words="all runs that the push of the tag started",
            kind=Kind.LIST,
        ),
    )


INPUTS: tuple[Input, ...] = (
    Input("command", f"What to do: {', '.join(f'`{name}`' for name in COMMANDS)}", default="gate"),
    Input(
        "token",
        "Token that reads the stack's repository (and the components', where they are public)",
        default_words="the workflow's own token",
        secret=True,
        action_default="${{ github.token }}",
        terminal_variable="GITHUB_TOKEN",
    ),
    Input(
        "component-token",
        "Token that reads the components' repositories, where they are private",
        default_words="`token`",
        secret=True,
        terminal_variable="COMPONENT_TOKEN",
    ),
    Input(
        "ref",
        "Full name of the ref to judge, such as `refs/tags/2023.06.1`; one that is not the run's own is judged but "
        "never deployed",
        default_words="the ref of this run",
        commands=GATE,
    ),
    Input("stack-repository", "Repository of the stack", default_words="this repository", kind=Kind.REPOSITORY),
    Input(
        "stack-branch",
        "Branch from which the stack is released; one of a list is enough",
        default_words="the stack's default branch",
        kind=Kind.LIST,
    ),
    *(one for name in COMPONENT_NAMES for one in _component_inputs(name)),
    Input(
        "workflow-file",
        "Workflow file of the stack that holds the pins",
        default=".github/workflows/build-main.yaml",
    ),
    Input("check-ci", "Whether each component's CI must have passed for its tag", default="true", kind=Kind.FLAG),
    Input(
        "check-images",
        "Whether each component's image must be in the registry",
        default="true",
        kind=Kind.FLAG,
    ),
    Input(
        "allow",
        "Findings that are no reason to refuse, each `RULE:SUBJECT@TAG`, such as `pin-ci:backend@2023.05.1`",
        default_words="none",
        kind=Kind.LIST,
    ),
    Input(
        "production",
        "Whether this stack has a production at all; `false` for forks and developers' stacks",
        default="true",
        kind=Kind.FLAG,
        commands=GATE,
    ),
    Input(
        "mode",
        "How the change is made: `pull-request`, or `commit` to the stack branch",
        default="pull-request",
        kind=Kind.MODE,
        commands=PREPARE,
    ),
    Input(
        "stack-tag",
        "Tag that the stack is to be released as",
        default_words="the next `YEAR.MONTH.ITERATION`",
        commands=PREPARE,
    ),
    Input(
        "ticket",
        "Release ticket whose text names the pair: a number, `OWNER/NAME#NUMBER`, or its address",
        default_words="none",
        commands=PREPARE,
    ),
    Input(
        "ticket-token",
        "Token that reads the ticket, where `token` may not",
        default_words="`token`",
        secret=True,
        commands=PREPARE,
        terminal_variable="TICKET_TOKEN",
    ),
    Input("timezone", "Time zone whose month the stack's tag is of", default="UTC", commands=PREPARE),
    Input("dry-run", "Show the plan and write nothing", default="false", kind=Kind.FLAG, commands=PREPARE),
    Input(
        "wait-minutes",
        "How long to wait for a component's CI that still runs",
        default="0",
        kind=Kind.MINUTES,
        commands=PREPARE,
    ),
    Input("github-api-url", "Address of GitHub's REST API", default_words="that of this run", kind=Kind.URL),
    Input(
        "ca-file",
        "File of certificates (PEM) to trust instead of the usual ones, for a private certificate authority",
        default_words="the usual ones",
        kind=Kind.FILE,
    ),
    Input(
        "registry-url",
        "Address of the registry, where it is not that of the image's name (plain http on loopback only)",
        default_words="from the image's name",
        kind=Kind.URL,
    ),
    Input("registry-username", "User name for the registry", default_words="anonymous"),
    Input(
        "registry-password",
        "Password or token for the registry",
        default_words="anonymous",
        secret=True,
        terminal_variable="REGISTRY_PASSWORD",
    ),
    Input(
        "local",
        "Folder that holds clones as NAME, NAME.git or OWNER/NAME, to read instead of GitHub",
        default_words="none: GitHub is read",
        kind=Kind.FILE,
    ),
    Input("report", "File to write the report to, as JSON", default_words="none", kind=Kind.FILE),
    Input(
        "timeout-seconds",
        "How long all gathering of evidence together may take",
        default="120",
        kind=Kind.SECONDS,
    ),
)

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
    "changed": "prepare: `true` where this run wrote anything, else `false`",
    "commit": "prepare: the commit with the change",
    "pull-request-number": "prepare: number of the pull request",
    "pull-request-url": "prepare: address of the pull request",
    "failed-rules": "`rule:subject` of each finding that blocks, comma-separated",
    "report-path": "The JSON report, where `report` names a file",
}
"""Each output with what it holds."""
