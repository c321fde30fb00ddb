"""The report of `doctor`: what the chosen commands need, and the settings that guard the gate from outside."""

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
    """What was checked, and the result. `time` is in UTC.

    `token` is the kind of token in the input token; None if that is not certain.
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
        """How the stack's workflow file uses the gate."""
        return [row for row in self.rows if row.need.rule == IN_FILE]

    @property
    def guards(self) -> list[Row]:
        """The settings that guard the gate from outside."""
        return [row for row in self.rows if row.need.is_outside]

    @property
    def blockers(self) -> list[Row]:
        """What would stop a command: missing, or unreadable although it has to be read."""
        return [row for row in self.rows if row.blocks]

    @property
    def findings(self) -> list[Finding]:
        """The rows as findings."""
        return [row.finding for row in self.rows]

    @property
    def verdict(self) -> Verdict:
        """`blocked`, otherwise `build-only`: doctor permits no deployment."""
        return Verdict.BLOCKED if self.blockers else Verdict.BUILD_ONLY

    @property
    def headline(self) -> str:
        """The result in one line."""
        missing, unseen = (self.count(one, self.blockers) for one in (Presence.MISSING, Presence.UNAVAILABLE))
        if not self.blockers:
            found = "Everything that could be checked is in place"
            return f"Ready to run, and open: {self.openings}" if self.openings else found
        parts = [f"{count(missing, 'thing')} {'is' if missing == 1 else 'are'} missing"] if missing else []
        parts += [f"{count(unseen, 'thing')} could not be seen"] if unseen else []
        return ", and ".join(parts)

    @property
    def openings(self) -> str:
        """How many guards are missing or could not be seen; empty if there are none."""
        missing, unseen = (self.count(one, self.guards) for one in (Presence.MISSING, Presence.UNAVAILABLE))
        parts = [f"{count(missing, 'guard')} missing"] if missing else []
        return ", and ".join([*parts, *([f"{count(unseen, 'guard')} could not be seen"] if unseen else [])])

    def annotated_findings(self) -> list[Finding]:
        """The findings for log and annotations: one for everything that was not seen for the same reason."""
        findings = []
        for rows in grouped(self.rows):
            others = ", ".join(row.need.id for row in rows[1:])
            more = f" The same applies to {others}." if others else ""
            findings.append(replace(rows[0].finding, message=f"{shared_message(rows)}{more}"))
        return findings

    def of_command(self, command: str) -> list[Row]:
        """What one command needs."""
        return [row for row in self.needs if command in row.need.commands]

    def count(self, presence: Presence, rows: Sequence[Row] | None = None) -> int:
        """The number of rows, by default of the needs, with this presence."""
        return sum(row.judgement.presence is presence for row in (self.needs if rows is None else rows))

    def outputs(self) -> dict[str, str]:
        """The verdict, and what would stop a command."""
        return {"verdict": self.verdict.value, "failed-rules": ",".join(row.finding.key for row in self.blockers)}

    def as_json(self) -> dict[str, Any]:
        """The report in the schema that all commands share; findings also have `for`, `needed` and `presence`."""
        return {
            **self.head(),
            "for": list(self.commands),
            "stack": {"repository": self.repository},
            "findings": [_as_json(row) for row in self.rows],
        }


def grouped(rows: Sequence[Row]) -> list[list[Row]]:
    """Group the rows that were not seen for the same reason: an unreachable server affects every question."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found = row.judgement
        same = (_why(row), found.remedy) if found.presence is Presence.UNAVAILABLE else (row.need.id,)
        groups.setdefault((found.presence.value, row.need.rule, *same), []).append(row)
    return list(groups.values())


def shared_message(rows: Sequence[Row]) -> str:
    """Return the message of a group: that of its only row, otherwise why none was seen."""
    return _why(rows[0]) if len(rows) > 1 else rows[0].judgement.message


def _why(row: Row) -> str:
    """Return why something was not seen, without what was requested."""
    return f"{re.split(r',? when asked for ', row.judgement.message)[0].rstrip('.')}."


def _as_json(row: Row) -> dict[str, Any]:
    return {
        **finding_as_json(row.finding),
        "for": list(row.need.commands),
        "needed": row.need.what,
        "presence": row.judgement.presence.value,
    }
