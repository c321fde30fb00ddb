"""The inputs that each component has; backend and frontend share their rows in docs/reference.md."""

from __future__ import annotations

from .input import IN_WORKFLOW, Input, Kind, of

_SHORT = {"backend": "BE", "frontend": "FE"}


# Long: it is a table, one row for each input.
def component_inputs(name: str) -> tuple[Input, ...]:
    """Return the inputs of the component `name`."""
    short = _SHORT[name]
    return (
        Input(
            f"{name}-repository",
            f"Repository of the {name}",
            default_words=f"the stack's owner and `fragalysis-{name}`",
            kind=Kind.REPOSITORY,
        ),
        Input(
            f"{name}-branch",
            f"Branch that a {name} tag must be on. Several: any of them",
            default="production",
            kind=Kind.LIST,
        ),
        Input(
            f"{name}-tag",
            f"Tag of the {name}",
            helps={
                "gate, deploy": "the one that will be built, where it is not the workflow file's",
                "prepare": "the one to release; `newest` for the newest on the production branch; `new` for its head, "
                "tagged if it is not yet (`new@COMMIT`: that commit)",
                "doctor": "`new` to see whether prepare may tag it",
            },
            default_words="the value in the workflow file",
            shape="TAG",
            commands=of("gate", "prepare", "deploy", "doctor"),
        ),
        Input(
            f"{name}-namespace",
            f"Namespace of the {name}'s image that will be built, where it is not the workflow file's",
            default_words="the value in the workflow file, else the owner",
            shape="NAME",
            commands=of("gate", "deploy"),
        ),
        Input(
            f"{name}-variable",
            f"Variable of the workflow file's top-level `env:` with the {name}'s tag; of a list the first that is "
            "there",
            default=f"{short}_IMAGE_TAG",
            kind=Kind.LIST,
        ),
        Input(
            f"{name}-namespace-variable",
            f"Variable of the workflow file's top-level `env:` with the {name}'s namespace; of a list the first that "
            "is there",
            default=f"{short}_NAMESPACE",
            kind=Kind.LIST,
        ),
        Input(
            f"{name}-image",
            f"Name of the {name}'s image without its tag; `none` where the stack uses no such image",
            default_words="`docker.io/NAMESPACE/REPOSITORY-NAME` in lower case",
            shape="IMAGE",
        ),
        Input(
            f"{name}-ci-workflows",
            f"Workflows of the {name}'s repository that must have passed for the tag, by file or name",
            default_words="all runs of a push of the tag that are left, with a warning",
            kind=Kind.LIST,
            commands=IN_WORKFLOW - of("announce", "doctor"),
        ),
        Input(
            f"{name}-notice-paths",
            f"Paths of the {name}'s repository: new files there are told, for a way back would not undo them",
            default="**/migrations/**",
            kind=Kind.LIST,
            commands=of("prepare", "publish", "announce"),
        ),
    )
