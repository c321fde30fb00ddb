"""The report of `announce`: what was announced where, and what could not be."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, ClassVar

from ...dataclass import dataclass
from ..changes import History
from ..contents import Contents, named_tickets
from ..decision import Verdict
from ..findings import Finding, Status
from ..plan import Change
from ..refs import Ref
from ..tickets import Ticket
from . import Report, as_word, joined, pair, tag_name

LABELS, ASSIGNEES, BOARD, TICKET, CONTENTS = (
    "announce-labels",
    "announce-assignees",
    "announce-board",
    "announce-ticket",
    "announce-contents",
)
"""The rules of an announcement's findings; all of them are warnings, and none stops it."""


def shortfall(about: str, tag: str, message: str, remedy: str, url: str = "") -> Finding:
    """Return a finding on what could not be announced, with what is missing for it."""
    return Finding(about, "ticket", tag, Status.WARN, message, remedy, url=url)


@dataclass(frozen=True)
class AnnounceReport(Report):
    """`time` is in UTC. `where` is the ticket, None in a dry run that would open it; `url` is of the written text.

    `board`: a project board was requested; `checked` are the steps that are ticked on the ticket.
    """

    command: ClassVar[str] = "announce"

    version: str
    time: datetime.datetime
    contents: Contents
    repository: str
    where: Ticket | None = None
    url: str = ""
    is_existing: bool = False
    board: bool = False
    dry_run: bool = False
    findings: Sequence[Finding] = ()
    checked: Sequence[str] = ()

    verdict: ClassVar[Verdict] = Verdict.BUILD_ONLY

    @property
    def headline(self) -> str:
        """The outcome, and the release."""
        return f"{self.words}: Release {self.contents.tag}"

    @property
    def line(self) -> str:
        """The outcome, the release and its pair."""
        return joined(f"{self.words}: release {tag_name(self.contents.tag)}", pair(self.contents.components))

    @property
    def words(self) -> str:
        """The outcome alone."""
        if self.dry_run:
            return "Planned, nothing written"
        if self.findings:
            return f"{'Announced' if self.changed else 'Already announced'}, but not completely"
        return "Announced" if self.changed else "Already announced, nothing to change"

    def outputs(self) -> dict[str, str]:
        """The release and its ticket."""
        return {
            "verdict": self.verdict.value,
            "stack-tag": self.contents.tag,
            "stack-commit": self.contents.commit,
            "ticket-number": str(self.where.number) if self.where else "",
            "ticket-url": self.url,
            "changed": as_word(self.changed),
        }

    def as_json(self) -> dict[str, Any]:
        """The report in the schema that all commands share, with the `ticket` and the `changes`."""
        contents, where = self.contents, self.where
        return {
            **self.of_release(
                Ref.of_tag(contents.tag),
                contents,
                contents.repository,
                tag=contents.tag,
                commit=contents.commit,
                image=f"{contents.image}:{contents.tag}" if contents.image else "",
                digest=contents.digest,
            ),
            "ticket": {"repository": where.repository, "number": where.number, "url": self.url} if where else None,
            "approved-by": [one.as_json() for one in contents.approvals],
            "checked": list(self.checked),
            "changes": [_change(change) for change in contents.changes],
            "tickets": {
                "repository": contents.tickets_from,
                "added": [one.number for one in named_tickets(contents.changes).added],
                "removed": [one.number for one in named_tickets(contents.changes).removed],
            },
        }


def _change(change: Change) -> dict[str, Any]:
    """A component's change as JSON; the numbers are null if its commits are unknown."""
    known = change.history if isinstance(change.history, History) else None
    return {
        "name": change.name,
        "from": change.before.tag or None,
        "to": change.after.tag,
        "commits-added": len(known.added) if known else None,
        "commits-removed": len(known.removed) if known else None,
        "commits-without-ticket": known.references().without_ticket if known else None,
    }
