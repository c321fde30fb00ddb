"""Inputs and contexts for the tests of the runner's room."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from frag_release.inputs.context import Context
from frag_release.inputs.settings import GateSettings, read_gate_settings
from frag_release.inputs.table import INPUTS
from frag_release.inputs.values import Values

RUN = Context(
    on_runner=True, repository="org/fragalysis-stack", ref="refs/tags/2023.06.2", sha="5" * 40, event_name="push"
)
"""A run of the worked example's tag."""


def texts(**given: str) -> dict[str, str]:
    """The texts of all inputs: those given (with `_` for `-`), and the others empty."""
    return {**{one.name: "" for one in INPUTS}, **{name.replace("_", "-"): text for name, text in given.items()}}


def values(**given: str) -> Values:
    """The checked inputs."""
    return Values(texts(**given))


def context(**changes: Any) -> Context:
    """That run, with changes."""
    return replace(RUN, **changes)


def settings(run: Context = RUN, **given: str) -> GateSettings:
    """The settings of a run with these inputs."""
    return read_gate_settings(values(**given), run)
