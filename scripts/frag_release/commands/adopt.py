"""The command `adopt`: show, or write, the smallest change that puts the gate in front of a clone's workflow.

With `all` it adds the other files, too. It always judges the last releases by the rules.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__
from ..adapters.git import LocalForge
from ..adapters.git.writer import WorkingTree, git_of, uncommitted
from ..adapters.http.retry import Deadline
from ..dataclass import dataclass, replace
from ..domain.adoption import HANDED_ON, RUNNER, by_hand, dangers, quoted, runner_of, smallest_change
from ..domain.adoption.files import BUILD, ENVIRONMENT, EXAMPLES, TITLE, Names, adapted, configuration, key_of, obstacle
from ..domain.audit.rules import since_of
from ..domain.components import CONFIGURATION_FILE, Pin, read_pins
from ..domain.evidence import Blob
from ..domain.findings import in_one_line
from ..domain.gate_use import GateUse, read_gate_use
from ..domain.needs import Row, in_file
from ..domain.needs.workflow import OF_LEVEL_ONE, judge_rows, judge_workflow_file
from ..domain.newest import unformed
from ..domain.reports import Action
from ..domain.reports.adopt import AdoptReport, ByHand, Found, OtherFile, Past
from ..domain.splice import splice
from ..domain.versions import production_tags
from ..domain.workflow_file import WorkflowFileError
from ..domain.workflow_jobs import Goal, Job, text_of
from ..errors import ExpectedError, RefusedError, UsageError
from ..inputs.configuration import Configuration
from ..inputs.settings.looking import audit_of
from ..inputs.settings.looking import read_adopt_settings as read_settings
from ..runner.bundle import ROOT
from .session import Services, require
from .stack import Stack

if TYPE_CHECKING:
    from ..inputs.settings.looking import AdoptSettings, AuditSettings
    from .session import Session

__all__ = ["read_settings", "run"]

_FOLDER = ".github/workflows"
_MOST = 20
_RELEASES = 5
"""Number of the last releases that are judged at once."""
_SECONDS = 60.0
"""Time limit of that."""
_ONLINE = ("CI", "images", "release.json")
"""Facts that clones do not contain."""
_IN_FRONT = ("gate-used", "gate-needed", "gate-asked")
"""Rows that must pass, or the change would only look like a gate."""


def run(session: Session[AdoptSettings]) -> AdoptReport:
    """Show the change, or with `check` the state of the file; with `write`, write the change to the working tree."""
    settings = session.settings
    tree = WorkingTree.around(Path.cwd())
    content = tree.read(settings.workflow_file)
    if content is not None:
        return _Adoption(session, tree, content).run()
    names = _names(settings, TITLE, settings.environment if settings.names_environment else ENVIRONMENT)
    others = set(tree.names(_FOLDER)).difference(f"{one}.yaml" for one in EXAMPLES)
    if not settings.adds_all or others or obstacle(BUILD, names):
        raise _no_file(tree, settings.workflow_file)
    return _Adoption(session, tree, adapted(_example(BUILD), names).encode(), is_new=True).run()


@dataclass(frozen=True)
class _Adoption:
    session: Session[AdoptSettings]
    tree: WorkingTree
    content: bytes
    is_new: bool = False

    @property
    def settings(self) -> AdoptSettings:
        return self.session.settings

    def run(self) -> AdoptReport:
        """Return the report; raises RefusedError if the file is not a workflow, or cannot be written."""
        try:
            use = self._read(self.content)
            if self.settings.check:
                rows = self._pin_rows() + judge_rows(use, self.settings.workflow_file)
                return self._report(use, rows, check=True, files=[one for one, _ in self._others(use)])
            others = list(self._others(use))  # read everything before anything is written
            past = _past(self.session, self.tree)  # before writing, too: a run killed meanwhile has written nothing
            return replace(self._with_others(self._changed(use), others), past=past)
        except WorkflowFileError as error:
            message = f"{self.settings.workflow_file} cannot be read: {error.message}."
            remedy = "Correct it, or write it in a simpler form."
            raise RefusedError(message, remedy, self.settings.workflow_file, error.line) from error

    def _changed(self, use: GateUse) -> AdoptReport:
        settings = self.settings
        in_file = settings.for_file if self._adds_configuration else ()
        more = [f"{name}: {quoted(value)}" for name, value in settings.given.items() if name not in in_file]
        try:
            change = smallest_change(use, Blob.of(self.content), settings.components, settings.action, more)
        except WorkflowFileError as error:
            return self._by_hand(use, [ByHand("the gate's job", error.line, [HANDED_ON])], _at(error))
        lines = by_hand(use, change)
        if obstacle := self._missing_pin(use):
            return self._by_hand(use, lines, obstacle)
        try:
            new = self.content if change.is_empty else splice(self.content, change)
            rows = judge_rows(self._read(new), settings.workflow_file, OF_LEVEL_ONE)
        except WorkflowFileError as error:
            return self._by_hand(use, lines, _at(error))
        if around := [row.judgement for row in rows if row.need.id in _IN_FRONT and row.blocks]:
            return self._by_hand(use, lines, f"{around[0].message.rstrip('.')}. {around[0].remedy.rstrip('.')}")
        report = self._report(use, rows, diff=_diff(settings.workflow_file, self.content, new))
        if settings.write and report.diff:
            self._write(new)
        return report

    def _by_hand(self, use: GateUse, lines: Sequence[ByHand], obstacle: str) -> AdoptReport:
        rows = judge_rows(use, self.settings.workflow_file, OF_LEVEL_ONE)
        return self._report(use, rows, obstacle=obstacle, by_hand=lines)

    def _report(self, use: GateUse, rows: Sequence[Row], **rest: object) -> AdoptReport:
        settings = self.settings
        production = use.deploying(Goal.PRODUCTION)
        return AdoptReport(
            version=__version__,
            time=self.session.now,
            repository=settings.stack_repository,
            file=settings.workflow_file,
            rows=rows,
            found=Found(_named(use.builds), _named(production)),
            dangers=[] if settings.check else dangers(use, settings.workflow_file, settings.tag_format),
            environment=self._environment(use),
            tag_format=settings.tag_format,
            deployer=settings.deployer,
            **rest,  # type: ignore[arg-type]
        )

    def _environment(self, use: GateUse) -> str:
        jobs = use.deploying(Goal.PRODUCTION)
        named = [job.environment for job in jobs if job.environment and "${{" not in job.environment]
        return named[0] if named else self.settings.environment

    @cached_property
    def _adds_configuration(self) -> bool:
        return self.settings.adds_all and self.tree.read(CONFIGURATION_FILE) is None

    def _others(self, use: GateUse) -> Iterator[tuple[OtherFile, bytes]]:
        """Yield each other file that was asked for, with its required content."""
        if not self.settings.adds_all:
            return
        names = _names(self.settings, text_of(use.root, "name"), self._environment(use), runner_of(use))
        if self.is_new:
            yield self._other(self.settings.workflow_file, self.content)
        yield from self._configuration()
        for example in EXAMPLES:
            path = f"{_FOLDER}/{example}.yaml"
            if why := obstacle(example, names):
                yield OtherFile(path, is_there=self.tree.read(path) is not None, why=why), b""
            else:
                yield self._other(path, adapted(_example(example), names).encode())

    def _configuration(self) -> Iterator[tuple[OtherFile, bytes]]:
        """Yield the configuration file if a value was given for it; if it exists, with only the missing lines."""
        settings, known = self.settings, self.settings.configuration
        present = known.keys if isinstance(known, Configuration) else {}
        names = [component.name for component in settings.components]
        lacking = {key: text for key, text in settings.for_file.items() if present.get(key_of(key, names)) != text}
        if text := configuration(lacking, settings.components):
            is_there = not self._adds_configuration
            yield OtherFile(CONFIGURATION_FILE, text.count("\n"), is_there, text if is_there else ""), text.encode()

    def _other(self, path: str, wanted: bytes) -> tuple[OtherFile, bytes]:
        found = self.tree.read(path)
        same = found is None or found.replace(b"\r\n", b"\n") == wanted
        diff = "" if same or found is None else _diff(path, found, wanted)
        return OtherFile(path, wanted.count(b"\n"), found is not None, diff), wanted

    def _with_others(self, report: AdoptReport, others: Sequence[tuple[OtherFile, bytes]]) -> AdoptReport:
        for one, wanted in others:
            if self.settings.write and one.is_missing:
                self._add(one.path, wanted)
        return replace(report, files=[one for one, _ in others])

    def _add(self, path: str, wanted: bytes) -> None:
        self.session.journal.write(
            f"Add {path}", lambda: self.tree.create(path, wanted), lambda _: Action(f"Added {path}")
        )

    def _write(self, new: bytes) -> None:
        file = self.settings.workflow_file
        why = require(uncommitted(git_of(self.tree, self.settings.seconds), file, self.content), f"The state of {file}")
        if why:
            remedy = "Commit or discard that first, so that the change can be reviewed, and undone, by itself."
            raise RefusedError(f"{file} is not as it was committed: {why}.", remedy, file)
        self.session.journal.write(
            f"Write {file}",
            lambda: self.tree.replace(file, self.content, new),
            lambda _: Action(f"Wrote {file}"),
        )

    def _read(self, content: bytes) -> GateUse:
        settings = self.settings
        use = read_gate_use(Blob.of(content), settings.components, settings.own_action, settings.environment)
        for name in [*settings.builds, *settings.production]:
            if name not in use.jobs:
                raise UsageError(f"{settings.workflow_file} has no job {name}.", f"It has: {', '.join(use.jobs)}.")
        return use.with_roles(settings.builds, settings.production)

    def _pins(self) -> Sequence[Pin]:
        settings = self.settings
        return read_pins(settings.components, settings.workflow_file, Blob.of(self.content))

    def _pin_rows(self) -> list[Row]:
        need = in_file("workflow-file", "The workflow file has a value for every pin")
        return [Row(need, judge_workflow_file(self.settings.workflow_file, self._pins()))]

    def _missing_pin(self, use: GateUse) -> str:
        """Describe the first component whose tag is missing in the file; empty if it has all."""
        for pin in self._pins():
            if pin.problem:
                names = [key.text or "" for key, _ in use.root.entries_of("env")][:_MOST]
                what = f"which {pin.component.name} is built is not stated: {pin.problem.message}. "
                there = f"The top-level env: has {', '.join(names)}. " if names else ""
                return f"{what}{there}Name the variable with its tag in --{pin.component.name}-variable, or write one"
        return ""


def _named(jobs: Sequence[Job]) -> list[tuple[str, int]]:
    return [(job.name, job.line) for job in jobs]


def _past(session: Session[AdoptSettings], tree: WorkingTree) -> Past:
    """Judge the last releases as `audit` does: with a token by everything it reads, else by the clones alone."""
    from .audit import Audit, values_under

    settings, is_online = session.settings, bool(session.settings.connections.token)
    local = None if is_online else tree.top.parent
    audited = audit_of(settings, local)

    @cache
    def under(recorded: bytes) -> AuditSettings:
        return audit_of(read_settings(values_under(session.values, recorded), session.context), local)

    seconds = min(settings.seconds, _SECONDS)
    services = Services(audited, seconds)
    clones = {settings.stack_repository: tree.top}
    forge = services.forge() if is_online else LocalForge(tree.top.parent, Deadline(seconds), own=clones)
    stack = Stack(audited, forge, session.context)
    unchecked = () if is_online else _ONLINE
    try:
        names = require(stack.repository.tags_starting([""]), f"The list of tags of {settings.stack_repository}")
        last = production_tags(names, form=settings.tag_format)[-_RELEASES:]
        if not last:
            return Past((), unchecked, _no_release(settings, names))
        audited = replace(audited, since=since_of(last[0]))
        stack = replace(stack, settings=audited)
        found = Audit(audited, stack, services.registry(), session.now, lambda _: None, under).run()
    except ExpectedError as error:
        return Past((), unchecked, in_one_line(error.message, error.remedy))
    judged = [one for one in found.releases if one.is_production and not one.compared]
    return Past(judged[-_RELEASES:], unchecked, " ".join(found.stale))


def _no_release(settings: AdoptSettings, names: Sequence[str]) -> str:
    """Return why no tag is a release: there are none, or they have another format, which the gate never lets deploy."""
    from .audit import nothing_to_judge

    if not unformed(names, settings.tag_format):
        return "There is no release to judge yet."
    why = nothing_to_judge(settings.stack_repository, names, cloned=False, form=settings.tag_format)
    return f"{in_one_line(why.message, why.remedy)} Until then the gate lets no tag deploy."


def _names(settings: AdoptSettings, title: str, environment: str, runner: str = RUNNER) -> Names:
    """Return the names of the stack; a workflow without a title is named by its path."""
    return Names(
        settings.stack_repository,
        settings.workflow_file,
        title or settings.workflow_file,
        environment,
        settings.action,
        settings.stack_branches,
        settings.components,
        settings.tag_format,
        settings.deployer == "none",
        runner,
    )


def _example(name: str) -> str:
    try:
        return (Path(ROOT) / "examples" / f"{name}.yaml").read_text("utf-8")
    except FileNotFoundError as error:
        what = "This copy of the action has no examples: release archives do not contain them."
        raise RefusedError(what, "Run it from a clone of the action: git clone.") from error


def _at(error: WorkflowFileError) -> str:
    return f"{error.message} (line {error.line})" if error.line else error.message


def _diff(file: str, before: bytes, after: bytes) -> str:
    old, new = (re.findall(r"[^\n]*\n|[^\n]+", text.decode("utf-8-sig")) for text in (before, after))
    lines = difflib.unified_diff(old, new, f"a/{file}", f"b/{file}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _no_file(tree: WorkingTree, file: str) -> RefusedError:
    names = [f"{_FOLDER}/{name}" for name in tree.names(_FOLDER) if name.endswith((".yml", ".yaml"))][:_MOST]
    there = f"There are: {', '.join(names)}." if names else f"There are none in {_FOLDER}."
    build = "A stack without a workflow starts with the action's examples/build-main.yaml."
    return RefusedError(
        f"The clone has no file {file}.", f"Name the stack's workflow in --workflow-file. {there} {build}"
    )
