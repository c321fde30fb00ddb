"""The refusal of a template of production in another environment."""

from __future__ import annotations

from collections.abc import Mapping

from ...domain.production_template import signs_of
from ...errors import UsageError


def check_template(name: str, told: Mapping[str, str], environment: str, allowed: str) -> str:
    """Return a note where the template `name` says production and is `allowed`; raises UsageError where it is not.

    `told` are the names that may say so, such as its own and its organisation's. Empty where none of them does.
    """
    says = signs_of(told)
    if not says:
        return ""
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
