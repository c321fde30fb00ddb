"""Where the steps of an announcement are done one after the other, or only named where it is a dry run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ...domain.announcement import shortfall
from ...domain.findings import Finding
from ...domain.prepare_report import Action
from ...errors import ExpectedError, InterruptedRun

_T = TypeVar("_T")


@dataclass
class Desk:
    """Keeps what was planned or done, and what fell short. `tell` is told of each thing as soon as it is done."""

    tag: str
    dry_run: bool
    tell: Callable[[str], None]
    planned: list[str] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def do(self, plan: str, work: Callable[[], _T], told: Callable[[_T], Action]) -> _T | None:
        """Do a step and note it, or in a dry run note `plan` alone. Raises what `work` raises."""
        if self.dry_run:
            self.planned.append(plan)
            return None
        result = work()
        action = told(result)
        self.actions.append(action)
        self.tell(f"{action.what} {action.url}".rstrip())
        return result

    def attempt(self, about: str, plan: str, work: Callable[[], _T], told: Callable[[_T], Action]) -> _T | None:
        """As `do`, but what goes wrong is a shortfall, and the announcement goes on."""
        try:
            return self.do(plan, work, told)
        except InterruptedRun:
            raise
        except ExpectedError as error:
            self.fall_short(about, error.message, error.remedy)
            return None

    def fall_short(self, about: str, message: str, remedy: str, url: str = "") -> None:
        """Note what could not be done, and what is missing for it."""
        self.findings.append(shortfall(about, self.tag, message, remedy, url))
