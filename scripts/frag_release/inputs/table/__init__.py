"""The one table of inputs. `action.yml`, the terminal's options and docs/reference.md are generated from it."""

from __future__ import annotations

from ...domain.components import COMPONENT_NAMES
from .evidence import CONNECTIONS, EVERY_COMPONENT, RULES, SUBJECT, component_inputs
from .input import COMMANDS, IN_TERMINAL, IN_WORKFLOW, OUTPUTS, Input, Kind
from .release import ADOPTION, DEPLOYMENT, RELEASE

INPUTS: tuple[Input, ...] = (
    *SUBJECT,
    *(one for name in COMPONENT_NAMES for one in component_inputs(name)),
    *EVERY_COMPONENT,
    *RULES,
    *RELEASE,
    *DEPLOYMENT,
    *ADOPTION,
    *CONNECTIONS,
)

__all__ = ["COMMANDS", "COMPONENT_NAMES", "INPUTS", "IN_TERMINAL", "IN_WORKFLOW", "OUTPUTS", "Input", "Kind"]
