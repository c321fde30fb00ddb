"""The report of `doctor`: every need of the chosen commands, and what guards the gate from outside."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from ...dataclass import dataclass, replace
from ..decision import Verdict
from ..findings import Finding
from ..needs import IN_FILE, NEED, Presence, Row, TokenKind
from . import Report, count, finding_as_json


@dataclass(frozen=True)
class DoctorReport(Report):
    """What was looked for, and how it stands. `time` is in UTC.

    `token` is what kind of token the input token held; None where that is not known for sure.
    """

    command: ClassVar[str] = "doctor"

    version: str
    time: datetime.datetime
    repository: str
    commands: Sequence[str]
    token: TokenKind | None
    rows: Sequence[Row]

    @property
    def needs(self) -> list[Row]:
        """What the commands themselves need."""
        return [row for row in self.rows if row.need.rule == NEED]

    @property
    def in_file(self) -> list[Row]:
        """What the stack's workflow file does with the gate."""
        return [row for row in self.rows if row.need.rule == IN_FILE]

    @property
    def guards(self) -> list[Row]:
        """What guards the gate from outside."""
        return [row for row in self.rows if row.need.is_outside]

    @property
    def blockers(self) -> list[Row]:
        """What a command would stop for: missing, or not seen although it should have been."""
        return [row for row in self.rows if row.blocks]

    @property
    def findings(self) -> list[Finding]:
        """The rows as findings."""
        return [row.finding for row in self.rows]

    @property
    def verdict(self) -> Verdict:
        """`blocked`, or `build-only`: nothing that is found here lets anything be deployed."""
        return Verdict.BLOCKED if self.blockers else Verdict.BUILD_ONLY

    @property
    def headline(self) -> str:
        """How it stands."""
        missing, unseen = (self.count(one, self.blockers) for one in (Presence.MISSING, Presence.UNSEEN))
        if not self.blockers:
            return f"Ready to run, and open: {self.openings}" if self.openings else "All that could be seen is there"
        parts = [f"{count(missing, 'thing')} {'is' if missing == 1 else 'are'} missing"] if missing else []
        parts += [f"{count(unseen, 'thing')} could not be seen"] if unseen else []
        return ", and ".join(parts)

    @property
    def openings(self) -> str:
        """How many guards from outside are missing or were not seen; empty where none is."""
        missing, unseen = (self.count(one, self.guards) for one in (Presence.MISSING, Presence.UNSEEN))
        parts = [f"{count(missing, 'guard')} missing"] if missing else []
        return ", and ".join([*parts, *([f"{count(unseen, 'guard')} could not be seen"] if unseen else [])])

    def told_findings(self) -> list[Finding]:
        """The findings as log and annotations tell them: one for all that was not seen for one reason."""
        told = []
        for rows in grouped(self.rows):
            others = ", ".join(row.need.id for row in rows[1:])
            more = f" The same is true of {others}." if others else ""
            told.append(replace(rows[0].finding, message=f"{shared_message(rows)}{more}"))
        return told

    def of_command(self, command: str) -> list[Row]:
        """What one command needs."""
        return [row for row in self.needs if command in row.need.commands]

    def count(self, presence: Presence, rows: Sequence[Row] | None = None) -> int:
        """How many needs stand so."""
        return sum(row.judgement.presence is presence for row in (self.needs if rows is None else rows))

    def outputs(self) -> dict[str, str]:
        """What a command would stop for."""
        return {"verdict": self.verdict.value, "failed-rules": ",".join(row.finding.key for row in self.blockers)}

    def as_json(self) -> dict[str, Any]:
        """The report by the schema of every command; each finding also has `for`, `needed` and `presence`."""
        return {
            **self.head(),
            "for": list(self.commands),
            "stack": {"repository": self.repository},
            "findings": [_as_json(row) for row in self.rows],
        }


def grouped(rows: Sequence[Row]) -> list[list[Row]]:
    """Put together what was not seen for one reason: a server that is away is away for every question."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found = row.judgement
        same = (_why(row), found.remedy) if found.presence is Presence.UNSEEN else (row.need.id,)
        groups.setdefault((found.presence.value, row.need.rule, *same), []).append(row)
    return list(groups.values())


def shared_message(rows: Sequence[Row]) -> str:
    """Return what is said of a group: of one row its message, of several why none was seen."""
    return _why(rows[0]) if len(rows) > 1 else rows[0].judgement.message


def _why(row: Row) -> str:
    """Return why something was not seen, without what was asked for."""
    return f"{re.split(r',? when asked for ', row.judgement.message)[0].rstrip('.')}."


def _as_json(row: Row) -> dict[str, Any]:
    return {
        **finding_as_json(row.finding),
        "for": list(row.need.commands),
        "needed": row.need.what,
        "presence": row.judgement.presence.value,
    }
