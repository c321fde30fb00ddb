"""What `prepare` takes from inputs and context."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ...domain.plan import Mode
from ...domain.tickets import Ticket, parse_ticket
from ..context import Context
from ..values import Values, wrong_input
from .base import Settings, read_settings


@dataclass(frozen=True)
class PrepareSettings(Settings):
    """What is to be prepared. `stack_tag` is empty for the next one; `ticket` names the pair where given.

    `tickets_from` is the repository whose tickets the components' commits name.
    """

    mode: Mode
    stack_tag: str
    ticket: Ticket | None
    tickets_from: str
    timezone: ZoneInfo
    dry_run: bool
    wait_minutes: float


def read_prepare_settings(values: Values, context: Context) -> PrepareSettings:
    """Check what a kind alone cannot tell, and fill in computed defaults; raises UsageError."""
    common = read_settings(values, context)
    tickets = values.text("ticket-repository") or common.stack_repository
    return PrepareSettings(
        **vars(common),
        mode=Mode(values.text("mode")),
        stack_tag=values.text("stack-tag"),
        ticket=read_ticket(values, tickets),
        tickets_from=values.text("tickets-from") or tickets,
        timezone=_timezone(values.text("timezone")),
        dry_run=values.flag("dry-run"),
        wait_minutes=float(values.text("wait-minutes")),
    )


def read_ticket(values: Values, repository: str) -> Ticket | None:
    """Return the ticket that the input names, a bare number being of `repository`; raises UsageError."""
    text = values.text("ticket")
    found = parse_ticket(text, repository) if text else None
    if text and found is None:
        raise wrong_input("ticket", text, "Use its number, OWNER/NAME#NUMBER, or its address.")
    return found


def _timezone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise wrong_input("timezone", name, "Use a name such as Europe/London or UTC.") from error
