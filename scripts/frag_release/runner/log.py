"""The log of the run (results, progress, annotations, masks), and its outputs, summary and report file.

Everything is printed through this module.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..domain.findings import Finding, Status, in_one_line
from ..errors import UsageError
from ..inputs.context import Context
from ..inputs.settings import check_report
from ..inputs.table import OUTPUTS
from .console import Console

MAX_ANNOTATIONS = 10
"""Annotations of one level that GitHub shows for a step; more are silently dropped."""

_MAX_MESSAGE = 4_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NOTHING: Mapping[str, str] = MappingProxyType({})
_LEVELS = {Status.FAIL: "error", Status.UNKNOWN: "error", Status.WARN: "warning"}

CLOSED: dict[str, str] = {
    **dict.fromkeys(OUTPUTS, ""),
    "verdict": "blocked",
    "deploy-production": "false",
    "deploy-staging": "false",
    "changed": "false",
}
"""The outputs of a run that decided nothing; they allow nothing."""


def neutral(text: str) -> str:
    """Return `text` without anything that a runner or a terminal would treat as a command."""
    visible = _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text.replace("\r\n", "\n"))
    return re.sub(r"(?m)^(\s*):(?=:)", r"\1: ", visible.replace("##[", "# #["))


class Log:
    """Writes the log, for a runner or a terminal; `environ` may set the terminal's width and colours."""

    def __init__(self, on_runner: bool, environ: Mapping[str, str] = _NOTHING) -> None:
        self._on_runner = on_runner
        self._results = Console(sys.stdout, environ, on_runner)
        self._rest = self._results if on_runner else Console(sys.stderr, environ, on_runner)

    def mask(self, secrets: Iterable[str]) -> None:
        """Make the runner mask these values from now on."""
        if self._on_runner:
            for secret in secrets:
                self._command("add-mask", {}, secret)

    def lines(self, text: str) -> None:
        """Print results, which may contain foreign text; raises OSError if they, or earlier ones, are lost."""
        self._results.write(neutral(text))

    def progress(self, text: str) -> None:
        """Print progress or the cause of a failure, apart from the results; a failure to print is ignored."""
        with contextlib.suppress(OSError):
            self._rest.write(neutral(text))

    def page(self, made: Callable[..., str], *, asked_for: bool) -> None:
        """Print a help page, made for the terminal's width; a page that was not requested goes to standard error."""
        console = self._results if asked_for else self._rest
        console.write(neutral(made(console.width) if console.width else made()), as_is=True)

    def document(self, text: str) -> None:
        """Print a document unwrapped to standard output; raises OSError if it is lost."""
        self._results.write(neutral(text), as_is=True)

    def annotate(self, level: str, title: str, message: str, file: str = "", line: int | None = None) -> None:
        """Print an annotation (`error`, `warning` or `notice`), at a line of a file if both are given."""
        if not self._on_runner:
            self.progress(f"{level}: {title}: {message}")
            return
        properties = {"title": neutral(title)[:200]}
        # Empty properties would point at the top of the repository, so only known ones are sent.
        if file and line:
            properties.update(file=file, line=str(line))
        self._command(level, properties, neutral(message)[:_MAX_MESSAGE])

    def _command(self, name: str, properties: Mapping[str, str], message: str) -> None:
        from actions_toolkit import core  # late: only a runner reads commands, and a help page needs no packages

        with self._results.writing() as stream:
            if stream is not None:
                core.issue_command(name, dict(properties), message)

    def annotate_all(
        self, findings: Iterable[Finding], others: Iterable[tuple[str, str, str]] = (), more_errors: int = 0
    ) -> None:
        """Annotate findings that block or warn, and `others` (level, title, message), as many as GitHub shows.

        If there are more of a level, the last annotation counts the rest. `more_errors` are left room for.
        """
        if not self._on_runner:
            return
        by_level: dict[str, list[Callable[[], None]]] = {}
        for one in findings:
            if level := _LEVELS.get(one.status):
                text = in_one_line(one.message, one.remedy)
                show = partial(self.annotate, level, f"{one.rule} ({one.subject})", text, one.file, one.line)
                by_level.setdefault(level, []).append(show)
        for level, title, message in others:
            by_level.setdefault(level, []).append(partial(self.annotate, level, title, message))
        for level, chosen in by_level.items():
            room = MAX_ANNOTATIONS - (more_errors if level == "error" else 0)
            shown = chosen if len(chosen) <= room else chosen[: max(room - 1, 0)]
            for print_one in shown:
                print_one()
            if len(chosen) > len(shown):
                self.annotate(level, "More findings", f"{len(chosen) - len(shown)} more are in the job summary.")


def write_outputs(context: Context, outputs: Mapping[str, str]) -> None:
    """Write every output, with defaults from `CLOSED`; does nothing in a terminal."""
    if context.on_runner and context.output_file:
        from actions_toolkit import core  # late: only a runner has outputs

        # Permissions are written last: if the disk fills up before, nothing is allowed.
        for name, value in sorted({**CLOSED, **outputs}.items(), key=lambda one: one[0].startswith("deploy-")):
            # A name that is not UTF-8 is read as surrogates, which a UTF-8 file cannot contain.
            core.set_output(name, value.encode("utf-8", "backslashreplace").decode())


def write_summary(context: Context, markdown: str) -> None:
    """Append to the job summary, if there is one."""
    if context.summary_file:
        with open(context.summary_file, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(markdown.rstrip("\n") + "\n")


def write_report(path: str, report: Mapping[str, Any]) -> str:
    """Write the report as JSON, atomically, and return its path; raises UsageError if it cannot be written."""
    check_report(path)
    target = Path(path).absolute()
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, text)
    except OSError as error:
        raise UsageError(
            f"The input report names {path!r}, which cannot be written: {error.strerror}.",
            "Name a file in a folder that this job may write to.",
        ) from error
    return str(target)


def print_report(report: Mapping[str, Any], log: Log) -> None:
    """Print the report as JSON to standard output, without anything that a runner would treat as a command."""
    text = json.dumps(report, indent=2)
    # Inside a JSON string, the escape is the same character.
    log.document(text.replace("##[", "#\\u0023["))


def _replace(target: Path, text: str) -> None:
    import tempfile  # late: its import takes milliseconds, which would delay the gate's first request

    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        os.chmod(draft, 0o644)
        os.replace(draft, target)
    except OSError:
        os.unlink(draft)
        raise
