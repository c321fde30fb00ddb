"""The options of `adopt`, which no workflow gives."""

from __future__ import annotations

from .input import Input, Kind, of

_ADOPT = of("adopt")

ADOPTION: tuple[Input, ...] = (
    Input(
        "check",
        "Only tell how the workflow file does with the gate: the rows of doctor that the file alone answers",
        default="false",
        kind=Kind.FLAG,
        commands=_ADOPT,
    ),
    Input(
        "write",
        "Write the change into the working tree, if the workflow file has no uncommitted changes",
        default="false",
        kind=Kind.FLAG,
        commands=_ADOPT,
    ),
    Input(
        "all",
        "Also add the other workflow files, made from the examples with the names of this stack, and the configuration "
        "file for the names that are given; a file that is there is left",
        default="false",
        kind=Kind.FLAG,
        commands=_ADOPT,
    ),
    Input(
        "action",
        "This action, as the gate's job is to use it",
        default="org/frag-release-action@v1",
        shape="OWNER/NAME@REF",
        commands=_ADOPT,
    ),
    Input(
        "build-jobs",
        "Jobs that build or push the image",
        default_words="told by what they use, run and are called",
        kind=Kind.LIST,
        shape="JOB,JOB",
        commands=_ADOPT,
    ),
    Input(
        "production-jobs",
        "Jobs that deploy to production",
        default_words="told by what they use, run and are called, and by their environment",
        kind=Kind.LIST,
        shape="JOB,JOB",
        commands=_ADOPT,
    ),
)
"""What is changed, and how."""
