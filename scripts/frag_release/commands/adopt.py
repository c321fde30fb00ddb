"""The command `adopt`: the smallest change that puts the gate in front of a clone's workflow; writes it if told to."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..adapters.git.working_tree import WorkingTree, git_of, uncommitted
from ..domain.adoption.change import HANDED_ON, Change, by_hand, quoted, smallest_change
from ..domain.adoption.dangers import dangers
from ..domain.adoption.splicing import splice
from ..domain.components import read_pins
from ..domain.evidence import Blob
from ..domain.gate_use import GateUse, read_gate_use
from ..domain.needs.catalogue import in_file
from ..domain.needs.need import Row
from ..domain.needs.reading import judge_workflow_file
from ..domain.needs.workflow import OF_LEVEL_ONE, judge_rows
from ..domain.reports.adopt import AdoptReport, ByHand, Found
from ..domain.reports.report import Action
from ..domain.workflow_file import WorkflowFileError
from ..domain.workflow_jobs import Goal, Job
from ..errors import RefusedError, UsageError
from ..inputs.settings.adopt import read_adopt_settings as read_settings
from .answers import must

if TYPE_CHECKING:
    from ..inputs.settings.adopt import AdoptSettings
    from .session import Session

__all__ = ["read_settings", "run"]

_FOLDER = ".github/workflows"
_MOST = 20
_IN_FRONT = ("gate-used", "gate-needed", "gate-asked")
"""Rows without which a change would only look like a gate."""


def run(session: Session[AdoptSettings]) -> AdoptReport:
    """Show the change, or how the file stands; writes it into the working tree if that is asked for."""
    settings = session.settings
    tree = WorkingTree.around(Path.cwd())
    content = tree.read(settings.workflow_file)
    if content is None:
        raise _no_file(tree, settings.workflow_file)
    return _Adoption(session, tree, content).run()


@dataclass(frozen=True)
class _Adoption:
    session: Session[AdoptSettings]
    tree: WorkingTree
    content: bytes

    @property
    def settings(self) -> AdoptSettings:
        return self.session.settings

    def run(self) -> AdoptReport:
        """Raises RefusedError where the file is no workflow, or cannot be written."""
        try:
            use = self._read(self.content)
            if self.settings.check:
                return self._report(use, self._pin_rows() + judge_rows(use, self.settings.workflow_file), check=True)
            return self._changed(use)
        except WorkflowFileError as error:
            message = f"{self.settings.workflow_file} cannot be read: {error.message}."
            remedy = "Correct it, or write it in a simpler form."
            raise RefusedError(message, remedy, self.settings.workflow_file, error.line) from error

    def _changed(self, use: GateUse) -> AdoptReport:
        settings = self.settings
        more = [f"{name}: {quoted(value)}" for name, value in settings.given.items()]
        try:
            blob = Blob(len(self.content), self.content)
            change = smallest_change(use, blob, settings.components, settings.action, more)
        except WorkflowFileError as error:
            return self._by_hand(use, [ByHand("the gate's job", error.line, [HANDED_ON])], _at(error))
        lines = by_hand(use, change)
        if obstacle := self._lacking_pin(use):
            return self._by_hand(use, lines, obstacle)
        try:
            new = self._spliced(change)
            rows = judge_rows(self._read(new), settings.workflow_file, OF_LEVEL_ONE)
        except WorkflowFileError as error:
            return self._by_hand(use, lines, _at(error))
        if around := [row.judgement for row in rows if row.need.id in _IN_FRONT and row.blocks]:
            return self._by_hand(use, lines, f"{around[0].message.rstrip('.')}. {around[0].remedy.rstrip('.')}")
        report = self._report(use, rows, diff=_diff(settings.workflow_file, self.content, new))
        if settings.write and report.diff:
            self._write(new)
        return report

    def _spliced(self, change: Change) -> bytes:
        return self.content if change.is_empty else splice(self.content, change)

    def _by_hand(self, use: GateUse, lines: Sequence[ByHand], obstacle: str) -> AdoptReport:
        rows = judge_rows(use, self.settings.workflow_file, OF_LEVEL_ONE)
        return self._report(use, rows, obstacle=obstacle, by_hand=lines)

    def _report(self, use: GateUse, rows: Sequence[Row], **rest: object) -> AdoptReport:
        settings = self.settings
        production = use.deploying(Goal.PRODUCTION)
        named = [job.environment for job in production if job.environment and "${{" not in job.environment]
        return AdoptReport(
            version=__version__,
            time=self.session.now,
            repository=settings.stack_repository,
            file=settings.workflow_file,
            rows=rows,
            found=Found(_named(use.builds), _named(production)),
            dangers=[] if settings.check else dangers(use, settings.workflow_file, settings.tag_format),
            environment=named[0] if named else settings.environment,
            tag_format=settings.tag_format,
            **rest,  # type: ignore[arg-type]
        )

    def _write(self, new: bytes) -> None:
        file = self.settings.workflow_file
        why = must(uncommitted(git_of(self.tree, self.settings.seconds), file, self.content), f"The state of {file}")
        if why:
            remedy = "Commit or discard that first: then the change can be seen, and taken back, by itself."
            raise RefusedError(f"{file} is not as it was committed: {why}.", remedy, file)
        self.session.journal.write(
            f"Write {file}",
            lambda: self.tree.replace(file, self.content, new),
            lambda _: Action(f"Wrote {file}"),
        )

    def _read(self, content: bytes) -> GateUse:
        settings = self.settings
        use = read_gate_use(Blob(len(content), content), settings.components, settings.own_action, settings.environment)
        for name in [*settings.builds, *settings.production]:
            if name not in use.jobs:
                raise UsageError(f"{settings.workflow_file} has no job {name}.", f"It has: {', '.join(use.jobs)}.")
        return use.with_roles(settings.builds, settings.production)

    def _pin_rows(self) -> list[Row]:
        settings = self.settings
        pins = read_pins(settings.components, settings.workflow_file, Blob(len(self.content), self.content))
        need = in_file("workflow-file", "The workflow file has a value for every pin")
        return [Row(need, judge_workflow_file(settings.workflow_file, pins))]

    def _lacking_pin(self, use: GateUse) -> str:
        """Say which component's tag the file does not have; empty if it has all."""
        settings = self.settings
        pins = read_pins(settings.components, settings.workflow_file, Blob(len(self.content), self.content))
        for pin in pins:
            if pin.problem:
                environment = use.root.child("env")
                names = [key.text or "" for key, _ in (environment.entries if environment else ())][:_MOST]
                what = f"which {pin.component.name} is built is not told: {pin.problem.message}. "
                there = f"The top-level env: has {', '.join(names)}. " if names else ""
                return f"{what}{there}Name the variable with its tag in --{pin.component.name}-variable, or write one"
        return ""


def _named(jobs: Sequence[Job]) -> list[tuple[str, int]]:
    return [(job.name, job.line) for job in jobs]


def _at(error: WorkflowFileError) -> str:
    return f"{error.message} (line {error.line})" if error.line else error.message


def _diff(file: str, before: bytes, after: bytes) -> str:
    old, new = (re.findall(r"[^\n]*\n|[^\n]+", text.decode("utf-8-sig")) for text in (before, after))
    lines = difflib.unified_diff(old, new, f"a/{file}", f"b/{file}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _no_file(tree: WorkingTree, file: str) -> RefusedError:
    names = [f"{_FOLDER}/{name}" for name in tree.names(_FOLDER) if name.endswith((".yml", ".yaml"))][:_MOST]
    there = f"There are: {', '.join(names)}." if names else f"There is none in {_FOLDER} at all."
    return RefusedError(f"The clone has no file {file}.", f"Name the stack's workflow in --workflow-file. {there}")
