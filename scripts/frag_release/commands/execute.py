"""The corridor of every command: settings -> Session -> run(session) -> Report -> finish(report).

Also the stack's configuration file: which one is in effect for this run.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..dataclass import replace
from ..domain.evidence import OBJECT_ID, Answer, Blob, Unknown
from ..domain.refs import Ref
from ..errors import FAULT, Cancelled, ConfigurationError, EvidenceError, ExpectedError, RefusedError, UnconfiguredError
from ..inputs.configuration import FILE, Configuration, read_configuration
from ..inputs.settings import read_settings
from .journal import Journal
from .session import Session, utc_now

if TYPE_CHECKING:
    from ..domain.release_record import ReleaseRecord
    from ..domain.reports import Problem, Report
    from ..inputs.context import Context
    from ..inputs.values import Values
    from ..runner.log import Log


_LOOKING = ("doctor",)
"""The commands that continue without the file, with a note: they look for what is wrong."""
CANCELLED, CANCELLED_IN_TERMINAL = 1, 130
"""Exit status of a cancelled run; in a terminal, shells expect 128 + SIGINT."""


def configured(command: Any, values: Values, context: Context, journal: Journal) -> Session[Any]:
    """Return the session of a command, from its inputs and the configuration file in force.

    If the command has `ask_ahead`, that and `get_ready` run while the file is fetched. Raises UsageError, and
    EvidenceError if the file could not be looked up: without it, components and tag formats are unknown.
    """
    wrong = None
    try:
        settings = command.read_settings(values, context)
    except UnconfiguredError as error:
        wrong, settings = error, read_settings(values.unconfigured(), context)
    session = Session(settings, values, context, journal)
    found = _asked(command, session, ahead=wrong is None)
    if isinstance(found, Unknown):
        _go_on_without(found, session, wrong)
        return session
    if found is None:
        if wrong:
            raise wrong
        return session
    values = values.configured(found)
    settings = command.read_settings(values, context)
    if wrong:  # the first session was made without some inputs, so its timeout and logins may differ
        return Session(settings, values, context, journal)
    session.configure(settings, values)
    return session


def _go_on_without(lost: Unknown, session: Session[Any], wrong: UnconfiguredError | None) -> None:
    """Note that the file could not be looked up; raises EvidenceError if the command cannot continue without it."""
    message = f"{FILE} of {session.settings.stack_repository} could not be read: {lost.reason}."
    if wrong or session.values.command not in _LOOKING:
        raise EvidenceError(f"{message} {wrong.message if wrong else ''}".rstrip(), lost.remedy)
    session.journal.note(f"{message} So the inputs and the defaults are used.")


def _asked(command: Any, session: Session[Any], *, ahead: bool) -> Answer[Configuration | None]:
    """Fetch the file, while the command's first requests are in progress."""
    ahead = ahead and hasattr(command, "ask_ahead")
    if ahead:
        command.ask_ahead(session)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(_ruling, session)
        if ahead:
            command.get_ready()
    return asking.result()


def _ruling(session: Session[Any]) -> Answer[Configuration | None]:
    """The file in force: for a rollback the recorded one, for a pull request its base's, else the default branch's."""
    values, context, settings = session.values, session.context, session.settings
    if values.command == "deploy" and values.flag("rollback"):
        tag = Ref(values.text("ref") or context.ref).name
        record = session.forge.release_record(settings.stack_repository, tag)
        if record is not None:
            return _recorded(record)
        # Without a release, the command itself refuses, according to today's file.
    if (context.clone and not settings.connections.local) or values.command == "adopt":
        return _in_clone()
    stack = session.forge.repository(settings.stack_repository)
    base, is_own = context.pull_request_base, context.repository.lower() == settings.stack_repository.lower()
    if is_own and OBJECT_ID.fullmatch(base):
        return as_configuration(stack.files(FILE, [base])[base])
    return as_configuration(stack.current_file(FILE))


def _recorded(record: Answer[ReleaseRecord]) -> Answer[Configuration | None]:
    if isinstance(record, Unknown):
        return None  # the rollback itself reports what is wrong with it
    return as_configuration(Blob(len(record.configuration), record.configuration) if record.configuration else None)


def _in_clone() -> Configuration | None:
    from ..adapters.git.writer import WorkingTree

    content = WorkingTree.around(Path.cwd()).read(FILE)
    return None if content is None else read_configuration(Blob(len(content), content))


def as_configuration(content: Answer[Blob | None]) -> Answer[Configuration | None]:
    """Read the fetched content of the file; raises ConfigurationError."""
    return content if content is None or isinstance(content, Unknown) else read_configuration(content)


class Command(Protocol):
    """The interface of a command's package."""

    def read_settings(self, values: Values, context: Context, /) -> Any:
        """Check the inputs; raises UsageError."""

    def run(self, session: Session[Any], /) -> Report:
        """Run the command. Raises ExpectedError, which ends the run."""


class Execution:
    """One run of a command, from its inputs to its end. Results are written once, by the first thread that ends it."""

    def __init__(self, context: Context, log: Log) -> None:
        self.context = context
        self._log = log
        self._values: Values | None = None
        self._session: Session[Any] | None = None
        self._journal = Journal(log.progress)
        self._is_finishing = threading.Lock()
        self._is_over = threading.Event()
        self._status = FAULT

    def run(self, read: Callable[[], Values]) -> int:
        """Read the inputs, run the command, write the results, and return the exit status."""
        try:
            self._values = read()
            report = self._run(self._values)
        except Cancelled as stop:
            report = self._cancelled(stop)
        except ExpectedError as error:
            return self.end(error)
        # The last resort: an unexpected error ends here, and allows nothing.
        except Exception as error:
            report = self._broken_off(self._fault(error), "Internal error")
        return self._finish_once(report)

    def end(self, error: ExpectedError) -> int:
        """Report an error that ended the run, and return the exit status."""
        how = "Refused" if isinstance(error, RefusedError) else "Stopped"
        return self._finish_once(self._broken_off(_problem(error), how))

    def cut_off(self, seconds: float) -> int:
        """End a run that has not ended itself: report what is known of it, and return the exit status.

        For another thread. If the results are already being written, wait for that, at most `seconds`.
        """
        if self._is_finishing.acquire(blocking=False):
            return self._finish(self._cancelled(Cancelled()))
        return self._status if self._is_over.wait(seconds) else self._cancelled_status

    def _run(self, values: Values) -> Report:
        # Imported late, like everything that only some runs need: the gate runs before every build.
        command: Command = importlib.import_module(f".{values.command}", __package__)
        self._journal.dry_run = values.flag("dry-run")
        session = self._session = configured(command, values, self.context, self._journal)
        return self._with_journal(command.run(session))

    def _finish_once(self, report: Report) -> int:
        if not self._is_finishing.acquire(blocking=False):
            # The run was cut off, and the process is about to end.
            threading.Event().wait()
        return self._finish(report)

    def _finish(self, report: Report) -> int:
        from .finish import Finish

        path = self._values.text("report") if self._values else ""
        links = self._session.links if self._session else None
        self._status = Finish(self.context, self._log, path, links).run(report)
        self._is_over.set()
        return self._status

    @property
    def _cancelled_status(self) -> int:
        return CANCELLED if self.context.on_runner else CANCELLED_IN_TERMINAL

    def _cancelled(self, stop: Cancelled) -> Report:
        # Imported late: it would delay the gate's first requests.
        from ..domain.reports import Problem

        message, remedy = (stop.message, stop.remedy) if stop.message else self._left_behind()
        return self._broken_off(Problem(message, remedy, self._cancelled_status, is_cancelled=True), "Cancelled")

    def _left_behind(self) -> tuple[str, str]:
        """Return what a cancelled run leaves behind, according to its journal, and what to do."""
        journal = self._journal
        made = "; ".join(f"{action.what} {action.url}".rstrip() for action in journal.actions)
        parts = [f"What it had made stays: {made}."] if made else []
        pending = "; ".join(journal.in_progress)
        parts += [f"Whether this was done as well is unknown: {pending}."] if pending else []
        if not parts and not (self._session and self._session.report):
            return "The run was cancelled, so nothing was decided.", "Run it again."
        message = " ".join(["The run was cancelled.", *(parts or ["It made nothing."])])
        return message, "Run it again: it detects what exists already and continues from there."

    def _broken_off(self, problem: Problem, how: str) -> Report:
        """Return the report of a run that a problem has ended: its own, as far as it got, else an empty one."""
        kept = self._session.report if self._session else None
        if kept is not None:
            return self._with_journal(replace(kept, problem=problem))
        from .. import __version__
        from ..domain.reports import Stopped

        ending = " partway" if self._journal.actions else "" if how == "Refused" else ": nothing was decided"
        command = self._values.command if self._values else ""
        return self._with_journal(Stopped(command, __version__, utc_now(), how + ending, problem=problem))

    def _with_journal(self, report: Report) -> Report:
        journal = self._journal
        notes = [*report.notes, *(note for note in journal.notes if note not in report.notes)]
        report = replace(report, actions=tuple(journal.actions), planned=tuple(journal.planned), notes=tuple(notes))
        return replace(report, configuration=self._session.configuration) if self._session else report

    def _fault(self, error: Exception) -> Problem:
        import traceback

        from ..domain.reports import Problem

        frames = traceback.extract_tb(error.__traceback__)
        where = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "an unknown place"
        # The error's text may contain content of a server or a file, so it goes only to the log.
        self._log.progress("".join(traceback.format_exception(type(error), error, error.__traceback__)))
        left = "What was made stays" if self._journal.actions else "Nothing was allowed"
        return Problem(
            f"Internal error of this action: {type(error).__name__} in {where}.",
            f"{left}. Please report it, with this line and the step's log.",
            FAULT,
        )


def _problem(error: ExpectedError) -> Problem:
    from ..domain.reports import Problem

    file, line = (error.file, error.line) if isinstance(error, (RefusedError, ConfigurationError)) else ("", None)
    return Problem(error.message, error.remedy, error.exit_status, file, line)
