"""The report of `adopt`: how the workflow file uses the gate, the change to make, and what is left to do."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, ClassVar

from ...dataclass import dataclass
from ..audit import PastRelease
from ..decision import Verdict
from ..findings import Finding
from ..needs import Row
from ..refs import TagFormat
from . import Report, count, finding_as_json


@dataclass(frozen=True)
class ByHand:
    """Lines that people have to add to the file: `where` in words, and the `line` there."""

    where: str
    line: int | None
    lines: Sequence[str]


@dataclass(frozen=True)
class Found:
    """The jobs that build and the jobs that deploy to production, each with its line."""

    builds: Sequence[tuple[str, int]]
    production: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class OtherFile:
    """A file to add besides the workflow. `lines` is its length; `why` is the reason if it cannot be generated.

    If the clone has one, `is_there` is set, and `diff` is what the generated file would change, empty if nothing.
    """

    path: str
    lines: int = 0
    is_there: bool = False
    diff: str = ""
    why: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether it has to be added."""
        return not self.is_there and not self.why


@dataclass(frozen=True)
class Past:
    """The last releases as judged today, oldest first. `unchecked` is what was not checked, in words.

    `problem` is why nothing could be judged, or a limitation of these judgements.
    """

    releases: Sequence[PastRelease] = ()
    unchecked: Sequence[str] = ()
    problem: str = ""


@dataclass(frozen=True)
class AdoptReport(Report):
    """What was found in `file` of the clone of `repository`. `time` is in UTC.

    `rows` are doctor's checks of the file: with `check` all of them, otherwise those of level 1 after the change.
    `diff` is the change, empty if there is none, or if it has to be made by hand for the reason `obstacle`.
    `environment` is production's; `deployer` is what deploys to it, `none` if that is a step of the workflow itself.
    `files` are the other requested files, and `past` the last releases.
    """

    command: ClassVar[str] = "adopt"
    is_laid_out: ClassVar[bool] = False
    verdict: ClassVar[Verdict] = Verdict.BUILD_ONLY

    version: str
    time: datetime.datetime
    repository: str
    file: str
    rows: Sequence[Row]
    found: Found
    dangers: Sequence[Finding]
    environment: str
    tag_format: TagFormat
    deployer: str
    check: bool = False
    diff: str = ""
    obstacle: str = ""
    by_hand: Sequence[ByHand] = ()
    files: Sequence[OtherFile] = ()
    past: Past = Past()

    @property
    def open_rows(self) -> list[Row]:
        """The rows that block."""
        return [row for row in self.rows if row.blocks]

    @property
    def findings(self) -> list[Finding]:
        """The rows, and the dangers."""
        return [*(row.finding for row in self.rows), *self.dangers]

    @property
    def own_status(self) -> int:
        """1 if people have something left to do in the files, otherwise 0."""
        lacks_files = self.check and any(one.is_missing for one in self.files)
        cannot_be_made = any(one.why and not one.is_there for one in self.files)
        return int(bool(self.obstacle or self.open_rows or lacks_files or cannot_be_made))

    @property
    def headline(self) -> str:
        """The outcome in one line."""
        if self.check:
            bad = len(self.open_rows)
            rows = f"{count(bad, 'row')} of {len(self.rows)} to fix" if bad else "Nothing to fix in the file"
            return f"{rows}{self._more_files('missing')}"
        if self.obstacle:
            return f"The change has to be made by hand{self._more_files()}"
        if self.diff:
            added, removed = self.size
            how = "was written" if self.changed else "that puts the gate in front"
            size = f"{count(added, 'line')} added, {count(removed, 'line')} removed"
            return f"The change {how}: {size}{self._more_files()}"
        if self.own_status:
            return f"Something is left to do by hand{self._more_files()}"
        return f"The gate is in front{more}" if (more := self._more_files()) else "Nothing to do: the gate is in front"

    def _more_files(self, how: str = "") -> str:
        missing = sum(one.is_missing for one in self.files)
        return f"; {count(missing, 'file')} {how or ('added' if self.changed else 'to add')}" if missing else ""

    @property
    def size(self) -> tuple[int, int]:
        """The number of lines that the change adds and removes."""
        lines = self.diff.splitlines()[2:]
        return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)

    def as_json(self) -> dict[str, Any]:
        """The report in the schema that all commands share."""
        return {
            **self.head(),
            "stack": {"repository": self.repository},
            "file": self.file,
            "builds": [name for name, _ in self.found.builds],
            "production": [name for name, _ in self.found.production],
            "diff": self.diff or None,
            "by-hand": [{"where": one.where, "line": one.line, "lines": list(one.lines)} for one in self.by_hand],
            "obstacle": self.obstacle or None,
            "files": [
                {"file": one.path, "missing": one.is_missing, "diff": one.diff or None, "obstacle": one.why or None}
                for one in self.files
            ],
            "releases": [
                {
                    "tag": one.tag,
                    "verdict": one.verdict.value,
                    "findings": [finding_as_json(each) for each in one.findings],
                }
                for one in self.past.releases
            ],
            "not-checked": list(self.past.unchecked),
        }
