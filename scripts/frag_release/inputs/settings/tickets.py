"""Where tickets are, for the commands that read them, write them or name them."""

from __future__ import annotations

from ...domain.tickets import Ticket, parse_ticket
from ..values import Values, wrong_input


def ticket_repository(values: Values, stack_repository: str) -> str:
    """Return the repository of the release's ticket."""
    return values.text("ticket-repository") or stack_repository


def tickets_from(values: Values, stack_repository: str) -> str:
    """Return the repository whose tickets the components' commits name."""
    return values.text("tickets-from") or ticket_repository(values, stack_repository)


def read_ticket(values: Values, stack_repository: str, server: str) -> Ticket | None:
    """Return the ticket that the input names, a bare number being of `ticket_repository`; raises UsageError."""
    text = values.text("ticket")
    found = parse_ticket(text, ticket_repository(values, stack_repository), server) if text else None
    if text and found is None:
        raise wrong_input("ticket", text, f"Use its number, OWNER/NAME#NUMBER, or its address on {server}.")
    return found
