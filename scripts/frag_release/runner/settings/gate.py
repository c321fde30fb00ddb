"""What the gate takes from inputs and context."""

from __future__ import annotations

from dataclasses import dataclass

from ..context import Context
from ..values import Values, wrong_input
from .base import Settings, read_settings


@dataclass(frozen=True)
class GateSettings(Settings):
    """What the gate is to judge. `own_ref` tells that it is the run's own, or that this is a terminal.

    `file_must_run` tells that the judged file must be the workflow that runs: for a gate, unless somebody has named
    the file. A deployment builds nothing, and may have a workflow of its own.
    """

    ref: str
    own_ref: bool
    file_must_run: bool
    production: bool


def read_gate_settings(values: Values, context: Context) -> GateSettings:
    """Check what a kind alone cannot tell, and fill in computed defaults; raises UsageError."""
    common = read_settings(values, context)
    ref = _ref(values.text("ref") or context.ref)
    return GateSettings(
        **vars(common),
        ref=ref,
        own_ref=not context.on_runner or _is_own(ref, common.stack_repository, context),
        file_must_run=values.command == "gate" and not values.is_given("workflow-file"),
        production=values.flag("production"),
    )


def _is_own(ref: str, repository: str, context: Context) -> bool:
    return ref == context.ref and repository.lower() == context.repository.lower()


def _ref(ref: str) -> str:
    if not ref.startswith("refs/") or len(ref) > 1024:
        raise wrong_input("ref", ref, "Use the full name: refs/tags/NAME for a tag, refs/heads/NAME for a branch.")
    return ref
