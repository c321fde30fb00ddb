"""What `doctor` takes from inputs and context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...domain.needs.catalogue import EXAMINED
from ..context import Context
from ..values import Values, wrong_input
from .base import Settings, read_settings


@dataclass(frozen=True)
class DoctorSettings(Settings):
    """What is to be examined. `project` is empty where no board is wanted.

    `home` is the repository that the workflow's own token is for; `own_ticket_token` says that tickets are written
    with it.
    """

    commands: Sequence[str]
    ticket_repository: str
    project: str
    project_field: str
    project_status: str
    environment: str
    home: str
    own_ticket_token: bool


def read_doctor_settings(values: Values, context: Context) -> DoctorSettings:
    """Check what a kind alone cannot tell, and fill in computed defaults; raises UsageError."""
    common = read_settings(values, context)
    ticket_token = values.text("ticket-token") or values.text("token")
    return DoctorSettings(
        **vars(common),
        commands=_commands(values),
        ticket_repository=values.text("ticket-repository") or common.stack_repository,
        project=values.text("project"),
        project_field=values.text("project-field"),
        project_status=values.text("project-status"),
        environment=values.text("environment"),
        home=context.repository,
        own_ticket_token=bool(context.run_token) and ticket_token == context.run_token,
    )


def _commands(values: Values) -> Sequence[str]:
    chosen = tuple(dict.fromkeys(values.items("for")))
    unknown = [name for name in chosen if name not in EXAMINED]
    if unknown or not chosen:
        remedy = f"Name one or more of these, separated by commas: {', '.join(EXAMINED)}."
        raise wrong_input("for", unknown[0] if unknown else values.text("for"), remedy)
    return chosen
