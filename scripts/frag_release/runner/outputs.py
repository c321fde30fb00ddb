"""What a run leaves behind: outputs, the job summary and the report."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..inputs.context import Context
from ..inputs.settings.report import check_report
from ..inputs.table import OUTPUTS
from .log import Log

CLOSED: dict[str, str] = {
    **dict.fromkeys(OUTPUTS, ""),
    "verdict": "blocked",
    "deploy-production": "false",
    "deploy-staging": "false",
    "changed": "false",
}
"""The outputs of a run that decided nothing: whatever reads them goes nowhere."""


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
