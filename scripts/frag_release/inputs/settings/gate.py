"""What the gate takes from inputs and context."""

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
    """What the gate is to judge. `own_ref` tells that it is the run's own, or that this is a terminal.

    `ref` may be a short name until it was looked up whether a tag or a branch has that.

    `file_must_run` tells that the judged file must be the workflow that runs: for a gate, unless somebody has named
    the file. A deployment builds nothing, and may have a workflow of its own.
    """

    ref: Ref
    own_ref: bool
    file_must_run: bool
    production: bool

    def with_full_ref(self: _G, find: Callable[[str], Ref], context: Context) -> _G:
        """The same with the full name of the ref, which `find` returns for a short one."""
        if self.ref.is_full:
            return self
        ref = find(self.ref.text)
        return replace(self, ref=ref, own_ref=_is_own(ref, self.stack_repository, context))


def read_gate_settings(values: Values, context: Context) -> GateSettings:
    """Check what a kind alone cannot tell, and fill in computed defaults; raises UsageError."""
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
    """The ref that is given, which may be short, or else the run's own, which never is."""
    ref = given if given.text else own
    if len(ref.text) > _LONGEST or not (given.text or own.is_full):
        raise wrong_input("ref", ref.text, f"Name a tag or a branch, such as {like} or {Ref.of_tag(like)}.")
    return ref
