"""The inputs that say what is judged, and how the evidence is reached."""

from __future__ import annotations

from ...domain.tag_format import AS_TAG, BY_MONTH, FORMATS_IN_WORDS, IMAGE_FORMATS
from .input import COMMANDS, EVERY_COMMAND, FORMAT, IN_WORKFLOW, Input, Kind, of

_JUDGING = IN_WORKFLOW - of("announce", "doctor")

SUBJECT: tuple[Input, ...] = (
    Input(
        "command",
        f"What to do: {', '.join(f'`{name}`' for name in COMMANDS if name in IN_WORKFLOW)}",
        default="gate",
    ),
    Input(
        "token",
        "Token for the stack's repository (and the components', where they are public)",
        default_words="the workflow's own token",
        secret=True,
        action_default="${{ github.token }}",
        terminal_variable="GITHUB_TOKEN",
    ),
    Input(
        "component-token",
        "Token that reads the components' repositories, where they are private, and that tags them for `new`",
        default_words="`token`",
        secret=True,
        terminal_variable="COMPONENT_TOKEN",
    ),
    Input(
        "ref",
        "Tag or branch to judge, such as `2023.06.1`; by its full name (`refs/tags/2023.06.1`) if both have it. One "
        "that is not the run's own is judged but deployed only as a rollback",
        default_words="the ref of this run",
        shape="REF",
        commands=of("gate", "deploy"),
        required=of("gate", "deploy"),
        terminal_variable="GITHUB_REF",
    ),
    Input(
        "stack-repository",
        "Repository of the stack",
        default_words="this repository",
        kind=Kind.REPOSITORY,
        required=EVERY_COMMAND,
        terminal_variable="GITHUB_REPOSITORY",
    ),
    Input(
        "stack-branch",
        "Branch from which the stack is released. Several: any of them, and the first is written to",
        default_words="the stack's default branch",
        kind=Kind.LIST,
        in_file=True,
    ),
    Input(
        "tag-format",
        f"How production tags of the stack are written: {FORMATS_IN_WORDS}",
        default=BY_MONTH,
        shape="FORMAT",
        in_file=True,
        pattern=FORMAT,
    ),
    Input(
        "image-tag-format",
        "How the stack's image is tagged: as the stack, or without the `v` of its tag",
        default=AS_TAG,
        kind=Kind.CHOICE,
        choices=IMAGE_FORMATS,
        in_file=True,
    ),
)
"""What is judged; the components' inputs follow it."""

RULES: tuple[Input, ...] = (
    Input(
        "workflow-file",
        "Workflow file of the stack that holds the pins",
        default=".github/workflows/build-main.yaml",
        shape="FILE",
        in_file=True,
    ),
    Input(
        "check-ci",
        "Whether each component's CI must have passed for its tag",
        default="true",
        defaults={"audit": "false"},
        kind=Kind.FLAG,
        commands=_JUDGING,
    ),
    Input(
        "check-images",
        "Whether each component's image must be in the registry",
        default="true",
        defaults={"audit": "false"},
        kind=Kind.FLAG,
        commands=_JUDGING,
    ),
    Input(
        "check-origin",
        "Whether what images say of their making is held against what is judged; `require`: they have to say it",
        default="check",
        kind=Kind.CHOICE,
        choices=("check", "require", "off"),
        commands=_JUDGING,
        in_file=True,
    ),
    Input(
        "allow",
        "Findings to accept for one tag, each `RULE:SUBJECT@TAG`, such as `pin-ci:COMPONENT@2023.05.1`",
        default_words="none",
        kind=Kind.LIST,
        shape="RULE:SUBJECT@TAG,...",
        commands=_JUDGING,
    ),
    Input(
        "production",
        "Whether this stack has a production at all; `false` for forks and developers' stacks",
        default="true",
        kind=Kind.FLAG,
        commands=of("gate", "deploy"),
    ),
)
"""How strictly it is judged."""

CONNECTIONS: tuple[Input, ...] = (
    Input(
        "github-api-url",
        "Address of GitHub's REST API",
        default_words="that of this run, else `https://api.github.com`",
        kind=Kind.URL,
        commands=IN_WORKFLOW,
    ),
    Input(
        "ca-file",
        "File of certificates (PEM) to trust instead of the usual ones, for a private certificate authority",
        default_words="the usual ones",
        kind=Kind.FILE,
        commands=IN_WORKFLOW,
    ),
    Input(
        "registry-url",
        "Address of the registry, where it is not that of the image's name (plain http on loopback only)",
        default_words="from the image's name",
        kind=Kind.URL,
    ),
    Input(
        "registry-username",
        "User name for the one registry of all images",
        default_words="anonymous",
        shape="NAME",
        commands=IN_WORKFLOW,
    ),
    Input(
        "registry-password",
        "Password or token for that registry",
        default_words="anonymous",
        secret=True,
        commands=IN_WORKFLOW,
        terminal_variable="REGISTRY_PASSWORD",
    ),
    Input(
        "registry-config",
        "Logins for images in several registries, in place of the two above: a docker configuration with `auths`",
        default_words="none",
        kind=Kind.JSON,
        secret=True,
        commands=IN_WORKFLOW,
        terminal_variable="REGISTRY_CONFIG",
    ),
    Input(
        "local",
        "Folder that holds clones as NAME, NAME.git or OWNER/NAME, to read instead of GitHub",
        default_words="none: GitHub is read",
        kind=Kind.FILE,
        shape="FOLDER",
        commands=of("gate", "prepare", "audit"),
    ),
    Input(
        "report", "File to write the report to, as JSON; - for standard output", default_words="none", kind=Kind.FILE
    ),
    Input(
        "timeout-seconds",
        "Longest time for all gathering of evidence together",
        helps={"publish": "the following of the build is part of it"},
        default="120",
        defaults={"publish": "5400", "audit": "900"},
        kind=Kind.SECONDS,
        commands=IN_WORKFLOW,
    ),
)
"""How the evidence is reached."""
