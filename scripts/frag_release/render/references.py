"""Numbers of tickets and pull requests, written such that a reader can follow them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import markdown
from .links import Links

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+")
_SHOWN = 40


@dataclass(frozen=True)
class References:
    """Writes numbers of `tickets_from` (`OWNER/NAME`) and of other repositories.

    In conversations GitHub links `OWNER/NAME#N` by itself, and shows the reference at the other end; in
    job summaries it does neither, so there `links` are made.
    """

    tickets_from: str
    links: Links
    in_conversation: bool

    def tickets(self, numbers: Sequence[int]) -> str:
        """Return tickets as Markdown, with a note where some are left out."""
        return self.of(self.tickets_from, numbers)

    def of(self, repository: str, numbers: Sequence[int]) -> str:
        """Return issues or pull requests of a repository as Markdown, with a note where some are left out."""
        shown = ", ".join(self._one(repository, number) for number in numbers[:_SHOWN])
        return f"{shown} (showing {_SHOWN} of {len(numbers)})" if len(numbers) > _SHOWN else shown

    def _one(self, repository: str, number: int) -> str:
        if self.in_conversation and _REPOSITORY.fullmatch(repository):
            return f"{repository}#{number}"
        return markdown.link(f"#{number}", self.links.issue(repository, number))
