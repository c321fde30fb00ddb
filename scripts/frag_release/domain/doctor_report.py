"""The report of `doctor`: every need of the chosen commands, and what guards the gate from outside."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .decision import Verdict
from .findings import Finding
from .needs.need import Presence, Row
from .needs.rights import TokenKind
from .report import SCHEMA, finding_as_json


@dataclass(frozen=True)
class DoctorReport:
    """What was looked for, and how it stands. `time` is in UTC.

    `token` is what kind of token the input token held; None where that is not known for sure.
    """

    version: str
    time: datetime.datetime
    repository: str
    commands: Sequence[str]
    token: TokenKind | None
    rows: Sequence[Row]

    @property
    def needs(self) -> list[Row]:
        """What the commands themselves need."""
        return [row for row in self.rows if not row.need.outside]

    @property
    def guards(self) -> list[Row]:
        """What guards the gate from outside."""
        return [row for row in self.rows if row.need.outside]

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
    def exit_status(self) -> int:
        """The status that the run ends with."""
        return 1 if self.blockers else 0

    def of_command(self, command: str) -> list[Row]:
        """What one command needs."""
        return [row for row in self.needs if command in row.need.commands]

    def count(self, presence: Presence, rows: Sequence[Row] | None = None) -> int:
        """How many needs stand so."""
        return sum(row.judgement.presence is presence for row in (self.needs if rows is None else rows))

    def as_json(self) -> dict[str, Any]:
        """The report by the schema of every command; each finding also has `for`, `needed` and `presence`."""
        return {
            "schema": SCHEMA,
            "command": "doctor",
            "action-version": self.version,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "verdict": self.verdict.value,
            "for": list(self.commands),
            "stack": {"repository": self.repository},
            "components": [],
            "findings": [_as_json(row) for row in self.rows],
            "actions": [],
        }


def _as_json(row: Row) -> dict[str, Any]:
    return {
        **finding_as_json(row.finding),
        "for": list(row.need.commands),
        "needed": row.need.what,
        "presence": row.judgement.presence.value,
    }
