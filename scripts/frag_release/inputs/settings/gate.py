"""The settings of the gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ...dataclass import dataclass, replace
from ...domain.refs import Ref
from ..context import Context
from ..values import Values, wrong_input
from . import Settings, read_settings

_LONGEST = 1024

_G = TypeVar("_G", bound="GateSettings")


@dataclass(frozen=True)
class GateSettings(Settings):
    """What the gate judges. `own_ref`: the ref is the run's own, or this is a terminal.

    `ref` may be a short name until it is known whether a tag or a branch has it.

    `file_must_run`: the judged file must be the workflow that runs. True for a gate, unless the input workflow-file is
    given. A deployment builds nothing, and may have a workflow of its own.
    """

    ref: Ref
    own_ref: bool
    file_must_run: bool
    production: bool

    def with_full_ref(self: _G, find: Callable[[str], Ref], context: Context) -> _G:
        """The same with the full name of the ref, which `find` looks up for a short one."""
        if self.ref.is_full:
            return self
        ref = find(self.ref.text)
        return replace(self, ref=ref, own_ref=_is_own(ref, self.stack_repository, context))


def read_gate_settings(values: Values, context: Context) -> GateSettings:
    """Return the checked settings, with computed defaults; raises UsageError."""
    common = read_settings(values, context)
    ref = _ref(Ref(values.text("ref")), Ref(context.ref), common.tag_format.like())
    return GateSettings(
        **vars(common),
        ref=ref,
        own_ref=_is_own(ref, common.stack_repository, context),
        file_must_run=values.command == "gate" and not values.is_given("workflow-file"),
        production=values.flag("production"),
    )


def _is_own(ref: Ref, repository: str, context: Context) -> bool:
    is_of_run = ref.text == context.ref and repository.lower() == context.repository.lower()
    return is_of_run or not context.on_runner


def _ref(given: Ref, own: Ref, like: str) -> Ref:
    """Return the given ref, which may be short, else the run's own, which never is."""
    ref = given if given.text else own
    if len(ref.text) > _LONGEST or not (given.text or own.is_full):
        raise wrong_input("ref", ref.text, f"Name a tag or a branch, such as {like} or {Ref.of_tag(like)}.")
    return ref
