"""Where the report may go."""

from __future__ import annotations

import os
import stat

from ...errors import UsageError

STANDARD_OUTPUT = "-"
"""What the input `report` names standard output by."""


def check_report(path: str) -> None:
    """Refuse a report file that is there and is no regular file: it would be replaced. Raises UsageError."""
    if path == STANDARD_OUTPUT:
        return
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        # A new file, or one that cannot be written: that is told when it is.
        return
    if not stat.S_ISREG(mode):
        raise UsageError(
            f"The input report names {path!r}, which is no regular file.",
            f"Name a file, or {STANDARD_OUTPUT} for standard output.",
        )
