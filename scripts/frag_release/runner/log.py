"""The log of the run (results, progress, annotations, masks), and what it leaves behind: outputs, summary, report.

All that is printed goes through here.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..domain.findings import Finding, Status, in_one_line
from ..errors import UsageError
from ..inputs.context import Context
from ..inputs.settings.report import check_report
from ..inputs.table import OUTPUTS
from .console import Console

MAX_ANNOTATIONS = 10
"""Annotations of one level that GitHub shows for a step; more are dropped without a word."""

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
"""The outputs of a run that decided nothing: whatever reads them goes nowhere."""


def neutral(text: str) -> str:
    """Return `text` with nothing in it that a runner or a terminal would take for a command."""
    visible = _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text.replace("\r\n", "\n"))
    return re.sub(r"(?m)^(\s*):(?=:)", r"\1: ", visible.replace("##[", "# #["))


class Log:
    """Writes the log, for a runner or for a terminal; `environ` says how wide that is, and whether it has colour."""

    def __init__(self, on_runner: bool, environ: Mapping[str, str] = _NOTHING) -> None:
        self._on_runner = on_runner
        self._results = Console(sys.stdout, environ, on_runner)
        self._rest = self._results if on_runner else Console(sys.stderr, environ, on_runner)

    def mask(self, secrets: Iterable[str]) -> None:
        """Have the runner hide these values from here on."""
        if self._on_runner:
            for secret in secrets:
                self._command("add-mask", {}, secret)

    def lines(self, text: str) -> None:
        """Print results, which may hold foreign words; raises OSError if they, or what was before them, are lost."""
        self._results.write(neutral(text))

    def progress(self, text: str) -> None:
        """Print what is told beside the results: how far a run is, how it came to fail. Its loss ends nothing."""
        with contextlib.suppress(OSError):
            self._rest.write(neutral(text))

    def page(self, made: Callable[..., str], *, asked_for: bool) -> None:
        """Print a page of help, made for a terminal of so many columns; one that nobody asked for is no result."""
        console = self._results if asked_for else self._rest
        console.write(neutral(made(console.width) if console.width else made()), as_is=True)

    def document(self, text: str) -> None:
        """Print a document as it is, to standard output; raises OSError if it is lost."""
        self._results.write(neutral(text), as_is=True)

    def annotate_all(self, annotations: Iterable[tuple[str, str, str]]) -> None:
        """Print annotations (level, title, message), of each level as many as GitHub shows for a step."""
        left: dict[str, int] = {}
        for level, title, message in annotations:
            left[level] = left.get(level, MAX_ANNOTATIONS) - 1
            if left[level] >= 0:
                self.annotate(level, title, message)

    def annotate(self, level: str, title: str, message: str, file: str = "", line: int | None = None) -> None:
        """Print an annotation (`error`, `warning` or `notice`), at a line of a file where one is given."""
        if not self._on_runner:
            self.progress(f"{level}: {title}: {message}")
            return
        properties = {"title": neutral(title)[:200]}
        # Empty properties would point at the top of the repository, so only known ones are sent.
        if file and line:
            properties.update(file=file, line=str(line))
        self._command(level, properties, neutral(message)[:_MAX_MESSAGE])

    def _command(self, name: str, properties: Mapping[str, str], message: str) -> None:
        from actions_toolkit import core  # late: only a runner takes commands, and a page of help needs no packages

        with self._results.writing() as stream:
            if stream is not None:
                core.issue_command(name, dict(properties), message)

    def annotate_findings(self, findings: Iterable[Finding]) -> None:
        """Annotate what blocks and what warns; past GitHub's limit the last one says how many are left."""
        if not self._on_runner:
            return
        by_level: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.status in _LEVELS:
                by_level.setdefault(_LEVELS[finding.status], []).append(finding)
        for level, chosen in by_level.items():
            shown = chosen if len(chosen) <= MAX_ANNOTATIONS else chosen[: MAX_ANNOTATIONS - 1]
            for finding in shown:
                message = in_one_line(finding.message, finding.remedy)
                self.annotate(level, f"{finding.rule} ({finding.subject})", message, finding.file, finding.line)
            if len(chosen) > len(shown):
                self.annotate(level, "More findings", f"{len(chosen) - len(shown)} more are in the job summary.")


def write_outputs(context: Context, outputs: Mapping[str, str]) -> None:
    """Write every output; those not given are as in `CLOSED`. Does nothing in a terminal."""
    if context.on_runner and context.output_file:
        from actions_toolkit import core  # late: only a runner has outputs

        # What says yes goes last: if the disk is full before, nothing does.
        for name, value in sorted({**CLOSED, **outputs}.items(), key=lambda one: one[0].startswith("deploy-")):
            # A name that is not UTF-8 reaches us as surrogates, which no file of UTF-8 can hold.
            core.set_output(name, value.encode("utf-8", "backslashreplace").decode())


def write_summary(context: Context, markdown: str) -> None:
    """Append to the job summary, where there is one."""
    if context.summary_file:
        with open(context.summary_file, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(markdown.rstrip("\n") + "\n")


def write_report(path: str, report: Mapping[str, Any]) -> str:
    """Write the report as JSON, all or nothing, and return its path; raises UsageError if it cannot be."""
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
    """Print the report as JSON to standard output. Nothing in it can be taken for a command of a runner."""
    text = json.dumps(report, indent=2)
    # Inside a string of JSON this is the same sign.
    log.document(text.replace("##[", "#\\u0023["))


def _replace(target: Path, text: str) -> None:
    import tempfile  # late: it takes milliseconds, and the gate's first question waits for none of them

    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        os.chmod(draft, 0o644)
        os.replace(draft, target)
    except OSError:
        os.unlink(draft)
        raise
