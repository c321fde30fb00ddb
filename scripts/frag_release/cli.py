"""From inputs to exit status: reads them, runs the command, and sees that every way out is told."""

from __future__ import annotations

import contextlib
import importlib
from functools import partial
from typing import TYPE_CHECKING

from .errors import ExpectedError, RefusedError, UsageError
from .runner.context import Context, read_context
from .runner.inputs import INPUTS
from .runner.log import Log
from .runner.signals import hold_signals, listen_for_signals
from .runner.values import Values, read_from_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FAULT = 3
"""Exit status of a fault of ours."""


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command and return its exit status. On a runner, outputs are written on every way out.

    Without arguments a runner's inputs count; in a terminal nothing was asked for, and help is shown.
    """
    context = read_context(environ)
    log = Log(context.on_runner, environ)
    values = None
    try:
        listen_for_signals()
        if not arguments and context.on_runner:
            texts = read_from_environment(environ)
        else:
            # Imported late: a run on a runner has no options.
            from .runner import clone, options

            if options.ask_for_page(arguments):
                return _show_page(arguments, log)
            texts = options.read_from_terminal(arguments, environ)
            context = clone.with_clone(context, texts, log.progress)
        # Before the inputs are checked: an error about one may be the first thing that is printed.
        log.mask(_secrets(texts))
        values = Values(texts)
        return _run_command(values, context, log)
    except ExpectedError as error:
        hold_signals()
        return _tell(error, values, context, log)
    except Exception as error:
        hold_signals()
        return _tell_fault(error, context, log)


def _secrets(texts: Mapping[str, str]) -> Iterator[str]:
    """Return every secret among the inputs, and each that is a part of one."""
    yield from (texts[one.name] for one in INPUTS if one.secret and texts[one.name])
    if texts["registry-config"]:
        from .runner.registry_config import secrets_in

        yield from secrets_in(texts["registry-config"])


def _show_page(arguments: Sequence[str], log: Log) -> int:
    """Print a page. To have asked for nothing is wrong use: a script whose command is empty must not pass."""
    from . import __version__
    from .runner.help import command_page, top_page
    from .runner.options import ask_for_version, read_command

    if ask_for_version(arguments):
        log.lines(f"frag-release-action {__version__}")
    elif not arguments or arguments[0].startswith("-"):
        log.page(top_page, asked_for=bool(arguments))
    else:
        log.page(partial(command_page, read_command(arguments)), asked_for=True)
    return 0 if arguments else UsageError.exit_status


def _run_command(values: Values, context: Context, log: Log) -> int:
    # Imported late, as all that only some runs need: the gate runs in front of every build.
    command = importlib.import_module(f".commands.{values.command}.command", __package__)
    status: int = command.run(values, context, log)
    return status


def _tell(error: ExpectedError, values: Values | None, context: Context, log: Log) -> int:
    file, line = (error.file, error.line) if isinstance(error, RefusedError) else ("", None)
    log.annotate("error", "frag-release-action", f"{error.message} {error.remedy}".strip(), file, line)
    path = ""
    if values and values.text("report") and error.exit_status == 1:
        # What stopped the run is told already: a report that cannot be written must not hide it.
        with contextlib.suppress(ExpectedError):
            path = _report(error, values, file, line)
    title = "Refused" if isinstance(error, RefusedError) else "Stopped: nothing was decided"
    _close(context, title, error.message, error.remedy, path)
    return error.exit_status


def _report(error: ExpectedError, values: Values, file: str, line: int | None) -> str:
    import datetime

    from . import __version__
    from .domain.report import Refusal
    from .runner.results import write_report

    now = datetime.datetime.now(datetime.timezone.utc)
    refusal = Refusal(__version__, now, values.command, error.message, error.remedy, file, line)
    return write_report(values.text("report"), refusal.as_json())


def _tell_fault(error: Exception, context: Context, log: Log) -> int:
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "an unknown place"
    what = f"A fault of this action: {type(error).__name__} in {where}."
    remedy = "Nothing was allowed. Please report it, with this line and the step's log."
    log.annotate("error", "frag-release-action", f"{what} {remedy}")
    # The text of the error may hold what a server or a file said, so it goes to the log alone.
    log.progress("".join(traceback.format_exception(type(error), error, error.__traceback__)))
    _close(context, "A fault of this action: nothing was decided", what, remedy)
    return FAULT


def _close(context: Context, title: str, message: str, remedy: str, report_path: str = "") -> None:
    from .render.summary import error_summary
    from .runner.results import write_outputs, write_summary

    write_outputs(context, {"report-path": report_path})
    # The summary may be what failed: the log and the outputs have said all that matters.
    with contextlib.suppress(OSError):
        write_summary(context, error_summary(title, message, remedy))
