"""The one table of inputs. `action.yml`, the terminal's options and docs/reference.md are generated from it."""

from __future__ import annotations

from .components import component_inputs
from .deployment import DEPLOYMENT
from .evidence import CONNECTIONS, RULES, SUBJECT
from .input import COMMANDS, COMPONENT_NAMES, EVERY_COMMAND, Input, Kind
from .outputs import OUTPUTS
from .release import RELEASE

INPUTS: tuple[Input, ...] = (
    *SUBJECT,
    *(one for name in COMPONENT_NAMES for one in component_inputs(name)),
    *RULES,
    *RELEASE,
    *DEPLOYMENT,
    *CONNECTIONS,
)

__all__ = ["COMMANDS", "COMPONENT_NAMES", "EVERY_COMMAND", "INPUTS", "OUTPUTS", "Input", "Kind"]
