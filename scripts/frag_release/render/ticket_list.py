"""The tickets of a release as a list, with their titles, which are foreign text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..domain.contents import NamedTicket, Titles
from ..domain.evidence import Unknown
from . import markdown
from .references import References

_TITLE = 150


@dataclass(frozen=True)
class TicketList:
    """Writes tickets, at most `cap` of each list; with `boxes` to be ticked."""

    references: References
    titles: Titles
    cap: int
    boxes: bool = False

    def items(self, tickets: Sequence[NamedTicket]) -> str:
        """Return one item for each ticket, with a note where some are left out."""
        box = "- [ ] " if self.boxes else "- "
        lines = [f"{box}{self._item(ticket)}" for ticket in tickets[: self.cap]]
        note = f"\n\nShowing {self.cap} of {len(tickets)} tickets." if len(tickets) > self.cap else ""
        return "\n".join(lines) + note

    def unread(self, tickets: Sequence[NamedTicket]) -> str:
        """Return why titles are missing, once for all of them; empty where none is."""
        found = [title for one in tickets if isinstance(title := self.titles.get(one.number), Unknown)]
        if not found:
            return ""
        many = f"{len(found)} of the titles" if len(found) > 1 else "A title"
        return f"{many} could not be looked up: {markdown.words(found[0].reason, 300)}."

    def _item(self, ticket: NamedTicket) -> str:
        title = self.titles.get(ticket.number)
        shown = f" {markdown.text(title, _TITLE)}" if isinstance(title, str) else ""
        missing = " (no ticket of this number is to be seen)" if title is None and ticket.number in self.titles else ""
        named = ", ".join(markdown.text(name, 80) for name in ticket.components[:5])
        return f"{self.references.tickets([ticket.number])}{shown}{missing} ({named})"
