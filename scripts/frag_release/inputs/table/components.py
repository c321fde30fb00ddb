"""The inputs that each component has; backend and frontend share their rows in docs/reference.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from ...domain.tag_format import AS_TAG, BY_MONTH, FORMATS_IN_WORDS, IMAGE_FORMATS
from .input import FORMAT, IMAGE, IN_WORKFLOW, VARIABLE, Input, Kind, of

_SHORT = {"backend": "BE", "frontend": "FE"}


def variable_stem(name: str) -> str:
    """Return what the variables of the component `name` begin with in the workflow file, unless they are named."""
    return _SHORT.get(name) or name.upper().replace("-", "_")


_TAG = {
    "gate, deploy": "the one that will be built, where it is not the workflow file's",
    "prepare": "the one to release; `newest` for the newest on the production branch; `new` for its head, "
    "tagged if it is not yet (`new@COMMIT`: that commit); `patch`, `minor` or `major` in place of `new` if "
    "its tags are `N.N.N`",
    "doctor": "`new` to see whether prepare may tag it",
}
"""What the tag of a component is to the commands."""


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
        f"How production tags of the {{name}} are written: {FORMATS_IN_WORDS}",
        default=BY_MONTH,
        shape="FORMAT",
        in_file=True,
        pattern=FORMAT,
    ),
    Input(
        "image-tag-format",
        "How the {name}'s image is tagged: as its tag, or without the `v` of that",
        default=AS_TAG,
        kind=Kind.CHOICE,
        choices=IMAGE_FORMATS,
        in_file=True,
    ),
    Input(
        "namespace",
        "Namespace of the {name}'s image that will be built, where it is not the workflow file's",
        default_words="the value in the workflow file, else the owner",
        shape="NAME",
        commands=of("gate", "deploy"),
    ),
    Input(
        "variable",
        "Variable of the workflow file's top-level `env:` with the {name}'s tag; of a list the first that is there",
        default="{stem}_IMAGE_TAG",
        kind=Kind.LIST,
        in_file=True,
        pattern=VARIABLE,
    ),
    Input(
        "namespace-variable",
        "Variable of the workflow file's top-level `env:` with the {name}'s namespace; of a list the first that "
        "is there",
        default="{stem}_NAMESPACE",
        kind=Kind.LIST,
        in_file=True,
        pattern=VARIABLE,
    ),
    Input(
        "image",
        "Name of the {name}'s image without its tag; `none` where the stack uses no such image",
        default_words="`docker.io/NAMESPACE/REPOSITORY-NAME` in lower case",
        shape="IMAGE",
        in_file=True,
        pattern=IMAGE,
    ),
    Input(
        "ci-workflows",
        "Workflows of the {name}'s repository that must have passed for the tag, by file or name",
        default_words="all runs of a push of the tag that are left, with a warning",
        kind=Kind.LIST,
        commands=IN_WORKFLOW - of("announce", "doctor"),
        in_file=True,
    ),
    Input(
        "notice-paths",
        "Paths of the {name}'s repository: new files there are told, for a way back would not undo them",
        default="**/migrations/**",
        kind=Kind.LIST,
        commands=of("prepare", "publish", "announce"),
        in_file=True,
    ),
)
"""The inputs of every component without its name in front: `{name}` is that, `{stem}` what its variables begin with."""


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
            default_words=_filled(row.default_words, words) if name in _SHORT or row.name != "repository" else "none",
        )
        for row in _ROWS
    )


def _filled(text: str, words: Mapping[str, str]) -> str:
    for place, word in words.items():
        text = text.replace(place, word)
    return text


EVERY_COMPONENT: tuple[Input, ...] = (
    Input(
        "component-tags",
        "Tags of components, each by its name",
        helps=_TAG,
        default_words="the values in the workflow file",
        kind=Kind.PAIRS,
        shape="NAME=TAG,NAME=TAG",
        commands=of("gate", "prepare", "deploy", "doctor"),
    ),
    Input(
        "component-namespaces",
        "Namespaces of components' images by the components' names, where they are not the workflow file's",
        default_words="the values in the workflow file, else the owner",
        kind=Kind.PAIRS,
        shape="NAME=NAMESPACE,NAME=NAMESPACE",
        commands=of("gate", "deploy"),
    ),
)
"""Those that stand for the same input of every component."""
