"""From inputs to exit status: reads them, runs the command, and sees that every way out is told."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import signal
import traceback
from collections.abc import Mapping, Sequence
from types import FrameType

from . import __version__
from .domain.report import Refusal
from .errors import ExpectedError, InterruptedRun, RefusedError
from .render.summary import error_summary
from .runner.context import Context, read_context
from .runner.inputs import INPUTS
from .runner.log import Log
from .runner.results import write_outputs, write_report, write_summary
from .runner.values import Values, read_from_environment, read_from_terminal

FAULT = 3
"""Exit status of a fault of ours."""


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command and return its exit status. On a runner, outputs are written on every way out."""
    context = read_context(environ)
    log = Log(context.on_runner)
    values = None
    try:
        _raise_on_signals()
        texts = read_from_terminal(arguments, environ) if arguments else read_from_environment(environ)
        # Before the inputs are checked: an error about one may be the first thing that is printed.
        log.mask(texts[one.name] for one in INPUTS if one.secret and texts[one.name])
        values = Values(texts)
        return _run_command(values, context, log)
    except ExpectedError as error:
        return _tell(error, values, context, log)
    except Exception as error:
        return _tell_fault(error, context, log)


def _run_command(values: Values, context: Context, log: Log) -> int:
    # Imported late: the gate runs in front of every build and should not pay for the other commands.
    command = importlib.import_module(f".commands.{values.command}_command", __package__)
    status: int = command.run(values, context, log)
    return status


def _tell(error: ExpectedError, values: Values | None, context: Context, log: Log) -> int:
    file, line = (error.file, error.line) if isinstance(error, RefusedError) else ("", None)
    log.annotate("error", "frag-release-action", f"{error.message} {error.remedy}".strip(), file, line)
    path = ""
    if values and values.text("report") and error.exit_status == 1:
        now = datetime.datetime.now(datetime.timezone.utc)
        refusal = Refusal(__version__, now, values.command, error.message, error.remedy, file, line)
        # What stopped the run is told already: a report that cannot be written must not hide it.
        with contextlib.suppress(ExpectedError):
            path = write_report(values.text("report"), refusal.as_json())
    _close(context, error_summary("Stopped", error.message, error.remedy), path)
    return error.exit_status


def _tell_fault(error: Exception, context: Context, log: Log) -> int:
    what = f"A fault of this action: {type(error).__name__} in {_where(error)}."
    remedy = "Nothing was allowed. Please report it, with this line and the step's log."
    log.annotate("error", "frag-release-action", f"{what} {remedy}")
    # The text of the error may hold what a server or a file said, so it goes to the log alone.
    log.lines("".join(traceback.format_exception(type(error), error, error.__traceback__)))
    _close(context, error_summary("A fault of this action", what, remedy))
    return FAULT


def _close(context: Context, summary: str, report_path: str = "") -> None:
    write_outputs(context, {"report-path": report_path})
    # The summary may be what failed: the log and the outputs have said all that matters.
    with contextlib.suppress(OSError):
        write_summary(context, summary)


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "an unknown place"


def _raise_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        # A runner sends SIGTERM 7.5 s after SIGINT: it must not break into what is said of the first one.
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        raise InterruptedRun("The run was cancelled, so nothing was decided.", "Run it again.")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
