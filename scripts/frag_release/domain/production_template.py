"""Templates of AWX whose names say production, which other environments do not launch."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .awx_jobs import Template, Variables
from .environments import says_production


def signs_of(told: Mapping[str, str]) -> str:
    """Say which of the names that are told of a template say production; empty where none does."""
    signs = [f"its {what} is {text!r}" for what, text in told.items() if says_production(text)]
    return f"{' and '.join(signs)}, which says production" if signs else ""


def names_of(template: Template) -> dict[str, str]:
    """Return what AWX tells of a template that may say production. A part of a limit that excludes hosts does not."""
    parts = [part.strip() for part in re.split(r"[,:]", template.limit)]
    return {
        "name": template.name,
        "organisation": template.organization,
        "inventory": template.inventory,
        "limit": ",".join(part for part in parts if not part.startswith("!")),
    }


def note_of_variables(variables: Variables, environment: str) -> str:
    """Return a warning where a value of extra-vars says production, which may as well be the mode of a program.

    The values themselves are not quoted: people put secrets there.
    """
    names = sorted(name for name, value in variables.items() if _says(value))
    if not names:
        return ""
    return (
        f"extra-vars gives {', '.join(names[:10])} a value that says production, and {environment} is another "
        "environment: see that the template does not deploy to production with it."
    )


def _says(value: object) -> bool:
    if isinstance(value, str):
        return says_production(value)
    if isinstance(value, dict):
        return any(map(_says, value.values()))
    return isinstance(value, list) and any(map(_says, value))
