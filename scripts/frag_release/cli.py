"""From arguments or a runner's environment to an exit status."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .commands.execute import Execution
from .errors import UsageError
from .inputs.context import read_context
from .inputs.table import INPUTS
from .inputs.values import Values, read_from_environment
from .runner.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

CUT_OFF_SECONDS = 1.0
"""How long a cut-off waits for a result that is already being written."""


def run(arguments: Sequence[str], environ: Mapping[str, str], begin: Callable[[Program], None]) -> int:
    """Run one command and return its exit status; `begin` receives the program, so that the run can be cut off."""
    program = Program(arguments, environ)
    begin(program)
    return program.run()


class Program:
    """One run of the program, which another thread can cut off."""

    def __init__(self, arguments: Sequence[str], environ: Mapping[str, str]) -> None:
        self._arguments, self._environ = arguments, environ
        context = read_context(environ)
        self._has_options = bool(arguments) or not context.on_runner
        self._log = Log(context.on_runner, environ)
        self._execution = Execution(context, self._log)

    def run(self) -> int:
        """Run one command and return its exit status. On a runner, outputs are always written.

        Without arguments, the inputs are read on a runner, and help is shown in a terminal.
        """
        if self._has_options:
            from .inputs.command_line import ask_for_page  # late: a runner's step has no options

            if ask_for_page(self._arguments):
                try:
                    return _show_page(self._arguments, self._log)
                except UsageError as error:
                    return self._execution.end(error)
        return self._execution.run(self._read)

    def cut_off(self) -> int:
        """Report the state of a run that has not ended; returns the exit status."""
        return self._execution.cut_off(CUT_OFF_SECONDS)

    def _read(self) -> Values:
        """Read the inputs; raises UsageError."""
        if self._has_options:
            from .inputs.command_line import read_from_terminal, with_clone

            texts = read_from_terminal(self._arguments, self._environ)
            self._execution.context = with_clone(self._execution.context, texts, self._log.progress)
        else:
            texts = read_from_environment(self._environ)
        # Before the inputs are checked: an error about one may be printed first.
        self._log.mask(_secrets(texts))
        return Values(texts)


def _secrets(texts: Mapping[str, str]) -> Iterator[str]:
    """Return every secret among the inputs, and those within one."""
    yield from (texts[one.name] for one in INPUTS if one.secret and texts[one.name])
    if texts["registry-config"]:
        from .inputs.registry_config import secrets_in

        yield from secrets_in(texts["registry-config"])


def _show_page(arguments: Sequence[str], log: Log) -> int:
    """Print a page. A missing command is a usage error: a script whose command is empty must not pass."""
    from . import __version__
    from .inputs.command_line import ask_for_version, command_page, read_command, top_page

    if ask_for_version(arguments):
        log.lines(f"frag-release-action {__version__}")
    elif not arguments or arguments[0].startswith("-"):
        log.page(top_page, asked_for=bool(arguments))
    else:
        log.page(partial(command_page, read_command(arguments)), asked_for=True)
    return 0 if arguments else UsageError.exit_status
