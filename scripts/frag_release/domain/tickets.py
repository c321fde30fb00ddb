"""Where a ticket is."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TICKET = re.compile(
    r"(?:(?:https?://[^/\s]+/)?(?P<repository>[\w.-]+/[\w.-]+)(?:/issues/|#)|#)?(?P<number>[1-9][0-9]{0,9})", re.A
)


@dataclass(frozen=True)
class Ticket:
    """An issue of a repository."""

    repository: str
    number: int

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"


def parse_ticket(text: str, repository: str) -> Ticket | None:
    """Read `12`, `#12`, `owner/repo#12` or a URL; a number alone is of `repository`. None for anything else."""
    found = _TICKET.fullmatch(text)
    return Ticket(found["repository"] or repository, int(found["number"])) if found else None
