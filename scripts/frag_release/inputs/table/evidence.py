"""The inputs that define what is judged, including each component's, and how evidence is gathered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ...dataclass import replace
from ...domain.refs import AS_TAG, BY_MONTH, FORMATS_IN_WORDS, IMAGE_FORMATS
from .input import COMMANDS, EVERY_COMMAND, FORMAT, IMAGE, IN_WORKFLOW, VARIABLE, Input, Kind, of

_SHORT = {"backend": "BE", "frontend": "FE"}
_JUDGING = IN_WORKFLOW - of("announce", "doctor")
_TAG = {
    "gate, deploy": "the one that will be built, if it is not the workflow file's",
    "prepare": "the one to release; `newest` for the newest on the production branch; `new` for the branch's head, "
    "tagged if it has no tag yet (`new@COMMIT`: that commit); `patch`, `minor` or `major` instead of `new` if "
    "its tags are `N.N.N`",
    "doctor": "`new` to check whether prepare may tag it",
}
"""The meaning of a component's tag, by commands."""

_ROWS: tuple[Input, ...] = (
    Input(
        "repository",
        "Repository of the {name}",
        default_words="the stack's owner and `fragalysis-{name}`",
        kind=Kind.REPOSITORY,
        in_file=True,
    ),
    Input(
        "branch",
        "Branch that a {name} tag must be on. Several: any of them",
        default="production",
        kind=Kind.LIST,
        in_file=True,
    ),
    Input(
        "tag",
        "Tag of the {name}",
        helps=_TAG,
        default_words="the value in the workflow file",
        shape="TAG",
        commands=of("gate", "prepare", "deploy", "doctor"),
    ),
    Input(
        "tag-format",
        f"Format of the {{name}}'s production tags: {FORMATS_IN_WORDS}",
        default=BY_MONTH,
        shape="FORMAT",
        in_file=True,
        pattern=FORMAT,
    ),
    Input(
        "image-tag-format",
        "Tag of the {name}'s image: the {name}'s own tag, or that tag without its `v`",
        default=AS_TAG,
        kind=Kind.CHOICE,
        choices=IMAGE_FORMATS,
        in_file=True,
    ),
    Input(
        "namespace",
        "Namespace of the {name} image that will be built, if it is not the workflow file's",
        default_words="the value in the workflow file, else the owner",
        shape="NAME",
        commands=of("gate", "deploy"),
    ),
    Input(
        "variable",
        "Variable of the workflow file's top-level `env:` with the {name}'s tag. Several: the first that exists",
        default="{stem}_IMAGE_TAG",
        kind=Kind.LIST,
        in_file=True,
        pattern=VARIABLE,
    ),
    Input(
        "namespace-variable",
        "Variable of the workflow file's top-level `env:` with the {name}'s namespace. Several: the first that exists",
        default="{stem}_NAMESPACE",
        kind=Kind.LIST,
        in_file=True,
        pattern=VARIABLE,
    ),
    Input(
        "image",
        "Name of the {name}'s image without its tag; `none` if the stack uses no such image",
        default_words="`docker.io/NAMESPACE/REPOSITORY-NAME` in lower case",
        shape="IMAGE",
        in_file=True,
        pattern=IMAGE,
    ),
    Input(
        "ci-workflows",
        "Workflows of the {name}'s repository that must have passed for the tag, by file or name",
        default_words="all remaining runs for a push of the tag, with a warning",
        kind=Kind.LIST,
        commands=_JUDGING,
        in_file=True,
    ),
    Input(
        "notice-paths",
        "Paths in the {name}'s repository; new files there are listed, because a rollback does not undo them",
        default="**/migrations/**",
        kind=Kind.LIST,
        commands=of("prepare", "publish", "announce"),
        in_file=True,
    ),
)
"""The inputs of every component, without its name as a prefix.

`{name}` stands for the component's name, `{stem}` for the start of its variables.
"""

EVERY_COMPONENT: tuple[Input, ...] = (
    Input(
        "component-tags",
        "Tags of components, by component name",
        helps=_TAG,
        default_words="the values in the workflow file",
        kind=Kind.PAIRS,
        shape="NAME=TAG,NAME=TAG",
        commands=of("gate", "prepare", "deploy", "doctor"),
    ),
    Input(
        "component-namespaces",
        "Namespaces of component images, by component name, if they are not the workflow file's",
        default_words="the values in the workflow file, else the owner",
        kind=Kind.PAIRS,
        shape="NAME=NAMESPACE,NAME=NAMESPACE",
        commands=of("gate", "deploy"),
    ),
)
"""The inputs that set the same value for every component."""

SUBJECT: tuple[Input, ...] = (
    Input(
        "command",
        f"What to do: {', '.join(f'`{name}`' for name in COMMANDS if name in IN_WORKFLOW)}",
        default="gate",
    ),
    Input(
        "token",
        "Token for the stack's repository (and for the components' if they are public)",
        default_words="the workflow's own token",
        secret=True,
        action_default="${{ github.token }}",
        terminal_variable="GITHUB_TOKEN",
    ),
    Input(
        "component-token",
        "Token that reads the components' repositories if they are private, and that tags them for `new`",
        default_words="`token`",
        secret=True,
        terminal_variable="COMPONENT_TOKEN",
    ),
    Input(
        "ref",
        "Tag or branch to judge, such as `2023.06.1`; the full name (`refs/tags/2023.06.1`) if a tag and a branch "
        "share it. A ref other than the run's own is judged, but deployed only as a rollback",
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
        "Branch that the stack is released from. Several: any of them; changes go to the first",
        default_words="the stack's default branch",
        kind=Kind.LIST,
        in_file=True,
    ),
    Input(
        "tag-format",
        f"Format of the stack's production tags: {FORMATS_IN_WORDS}",
        default=BY_MONTH,
        shape="FORMAT",
        in_file=True,
        pattern=FORMAT,
    ),
    Input(
        "image-tag-format",
        "Tag of the stack's image: the stack's own tag, or that tag without its `v`",
        default=AS_TAG,
        kind=Kind.CHOICE,
        choices=IMAGE_FORMATS,
        in_file=True,
    ),
)
"""What is judged, apart from the components."""

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
        "Whether what images record about their build (provenance or labels) is compared with what is judged; "
        "`require`: they must record it",
        default="check",
        kind=Kind.CHOICE,
        choices=("check", "require", "off"),
        commands=_JUDGING,
        in_file=True,
    ),
    Input(
        "allow",
        "Findings to accept for one tag, each `RULE:SUBJECT@TAG`, such as `pin-ci:COMPONENT@2023.05.1`",
        kind=Kind.LIST,
        shape="RULE:SUBJECT@TAG,...",
        commands=_JUDGING,
    ),
    Input(
        "production",
        "Whether this stack has a production environment at all; `false` for forks and developers' stacks",
        default="true",
        kind=Kind.FLAG,
        commands=of("gate", "deploy"),
    ),
)
"""How strict the judgement is."""

CONNECTIONS: tuple[Input, ...] = (
    Input(
        "github-api-url",
        "Address of GitHub's REST API",
        default_words="the run's own, else `https://api.github.com`",
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
        "Address of the registry, if it is not the one in the image's name (plain http on loopback only)",
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
        "Logins for images in several registries, instead of the two above: a docker configuration with `auths`",
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
    Input("report", "File to write the report to, as JSON; - for standard output", kind=Kind.FILE),
    Input(
        "timeout-seconds",
        "Time limit for gathering all evidence",
        helps={"publish": "it includes following the build"},
        default="120",
        defaults={"publish": "5400", "audit": "900"},
        kind=Kind.SECONDS,
        commands=IN_WORKFLOW,
    ),
)
"""How evidence is gathered."""


def variable_stem(name: str) -> str:
    """Return the default start of the workflow file's variables for the component `name`."""
    return _SHORT.get(name) or name.upper().replace("-", "_")


@cache
def component_inputs(name: str) -> tuple[Input, ...]:
    """Return the inputs of the component `name`."""
    words = {"{name}": name, "{stem}": variable_stem(name)}
    return tuple(
        replace(
            row,
            name=f"{name}-{row.name}",
            help=_filled(row.help, words),
            default=_filled(row.default, words),
            default_words=_filled(row.default_words, words) if name in _SHORT or row.name != "repository" else "",
        )
        for row in _ROWS
    )


def _filled(text: str, words: Mapping[str, str]) -> str:
    for place, word in words.items():
        text = text.replace(place, word)
    return text
