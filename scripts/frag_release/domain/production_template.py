"""Templates of AWX whose names say production, which other environments do not launch."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import UsageError
from .awx_jobs import Template, Variables
from .environments import says_production


def check_template(name: str, told: Mapping[str, str], environment: str, allowed: str) -> str:
    """Return a note where the template `name` says production and is `allowed`; raises UsageError where it is not.

    `told` are the names that may say so, such as its own and its organisation's. Empty where none of them does.
    """
    signs = [f"its {what} is {text!r}" for what, text in told.items() if says_production(text)]
    if not signs:
        return ""
    says = f"{' and '.join(signs)}, which says production"
    if name != allowed:
        raise UsageError(
            f"The AWX template {name!r} is not for the environment {environment}: {says}. Nothing was launched.",
            "Give awx-template the template of that environment, or deploy to an environment that counts as "
            "production, where everything is verified. If this very template belongs to that environment all the same, "
            "give its exact name in production-template.",
        )
    return (
        f"The AWX template {name!r} was allowed for the environment {environment} by production-template, although "
        f"{says}: what it launches is not held to the rules of production."
    )


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
