"""The report of `adopt`: how the file does with the gate, the change that is left to make, and what stays open."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ..decision import Verdict
from ..findings import Finding
from ..needs.need import Row
from ..tag_format import DEFAULT_FORMAT, TagFormat
from .report import Report, count


@dataclass(frozen=True)
class ByHand:
    """Lines that people have to put into the file themselves: `where`, and in which place of it."""

    where: str
    line: int | None
    lines: Sequence[str]


@dataclass(frozen=True)
class Found:
    """The jobs that were found to build, and to deploy to production, each with its line."""

    builds: Sequence[tuple[str, int]]
    production: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class AdoptReport(Report):
    """What was found in `file` of the clone of `repository`. `time` is in UTC.

    `rows` are those of doctor that the file alone answers: with `check` all, else those of level 1 with the change.
    `diff` is the change, empty if there is none, or if it has to be made by hand for the reason `obstacle`.
    `environment` is production's.
    """

    command: ClassVar[str] = "adopt"
    is_laid_out: ClassVar[bool] = False
    verdict: ClassVar[Verdict] = Verdict.BUILD_ONLY

    version: str
    time: datetime.datetime
    repository: str
    file: str
    rows: Sequence[Row]
    check: bool = False
    found: Found = Found((), ())
    diff: str = ""
    obstacle: str = ""
    by_hand: Sequence[ByHand] = ()
    dangers: Sequence[Finding] = ()
    environment: str = ""
    tag_format: TagFormat = DEFAULT_FORMAT

    @property
    def open_rows(self) -> list[Row]:
        """The rows that are not as they have to be."""
        return [row for row in self.rows if row.blocks]

    @property
    def findings(self) -> list[Finding]:
        """The rows, and the dangers."""
        return [*(row.finding for row in self.rows), *self.dangers]

    @property
    def own_status(self) -> int:
        """1 if something is left that a person has to do in the file, else 0."""
        return int(bool(self.obstacle or self.open_rows))

    @property
    def headline(self) -> str:
        """How it stands."""
        if self.check:
            bad = len(self.open_rows)
            return f"{count(bad, 'row')} of {len(self.rows)} to mend" if bad else "The file is as it has to be"
        if self.obstacle:
            return "The change has to be made by hand"
        if self.diff:
            added, removed = self.size
            how = "written" if self.changed else "that puts the gate in front"
            return f"The change {how}: {count(added, 'line')} more, {count(removed, 'line')} less"
        return "Something is left to do by hand" if self.own_status else "Nothing to do: the gate is in front"

    @property
    def size(self) -> tuple[int, int]:
        """How many lines the change adds, and how many it takes away."""
        lines = self.diff.splitlines()[2:]
        return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)

    def as_json(self) -> dict[str, Any]:
        """The report by the schema of every command."""
        return {
            **self.head(),
            "stack": {"repository": self.repository},
            "file": self.file,
            "builds": [name for name, _ in self.found.builds],
            "production": [name for name, _ in self.found.production],
            "diff": self.diff or None,
            "by-hand": [{"where": one.where, "line": one.line, "lines": list(one.lines)} for one in self.by_hand],
            "obstacle": self.obstacle or None,
        }
