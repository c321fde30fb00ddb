"""What `adopt` takes from options and context."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ...dataclass import dataclass
from ...errors import UsageError
from ..context import Context
from ..table import INPUTS
from ..values import Values, wrong_input
from .base import Settings, read_settings

_ACTION = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}@[A-Za-z0-9_.-][A-Za-z0-9_./-]{0,199}")
_NOT_OF_GATE = frozenset({"command", "stack-repository", "report"})
_SECRETS = frozenset(one.name for one in INPUTS if one.secret)


@dataclass(frozen=True)
class AdoptSettings(Settings):
    """What is to be changed. `builds` and `production` are names of jobs in lower case, empty if they are to be found.

    `names_environment` says that `environment` is no default.

    `given` are the inputs that the gate has to be given too, for they are not its defaults; those of them that the
    configuration file could say instead are `for_file`.
    """

    check: bool
    write: bool
    adds_all: bool
    action: str
    builds: Sequence[str]
    production: Sequence[str]
    environment: str
    names_environment: bool
    deployer: str
    given: Mapping[str, str]
    for_file: Mapping[str, str]


def read_adopt_settings(values: Values, context: Context) -> AdoptSettings:
    """Check what a kind alone cannot tell; raises UsageError, on a runner always."""
    if context.on_runner:
        raise UsageError(
            "The command adopt changes a clone, and does not run in a workflow.",
            "Run it in a terminal, in a clone of the stack: python3 scripts adopt. A workflow runs doctor.",
        )
    common = read_settings(values, context)
    if values.flag("check") and values.flag("write"):
        raise UsageError("The options check and write are both there.", "Check first, then write.")
    action = values.text("action")
    if not _ACTION.fullmatch(action):
        raise wrong_input("action", action, "Use OWNER/NAME@REF, such as org/frag-release-action@v1.")
    given = _given(values)
    return AdoptSettings(
        **{**vars(common), "own_action": action.partition("@")[0]},
        check=values.flag("check"),
        write=values.flag("write"),
        adds_all=values.flag("all"),
        action=action,
        builds=tuple(map(str.lower, values.items("build-jobs"))),
        production=tuple(map(str.lower, values.items("production-jobs"))),
        environment=values.text("environment"),
        names_environment=values.is_given("environment"),
        deployer=values.text("deployer"),
        given=given,
        for_file={one.name: given[one.name] for one in INPUTS if one.in_file and one.name in given},
    )


def _given(values: Values) -> dict[str, str]:
    """Return what was given and is not the gate's default; raises UsageError for what GitHub would evaluate."""
    names = [one.name for one in INPUTS if {"adopt", "gate"} <= one.commands]
    names = [name for name in names if name not in _NOT_OF_GATE and name not in _SECRETS]
    given = {name: values.text(name) for name in names if values.is_given(name)}
    for name, value in given.items():
        if "${{" in value:
            raise wrong_input(name, value, "Write the value itself: GitHub would take this for an expression.")
    return {name: value for name, value in given.items() if value != values.default(name)}
