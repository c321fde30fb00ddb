"""The check of the input `report`."""

from __future__ import annotations

import os
import stat

from ...errors import UsageError

STANDARD_OUTPUT = "-"
"""The value of `report` for standard output."""


def check_report(path: str) -> None:
    """Raise UsageError if the path exists and is not a regular file, because it would be replaced."""
    if path == STANDARD_OUTPUT:
        return
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        # A new file, or one that cannot be written, which is reported later.
        return
    if not stat.S_ISREG(mode):
        raise UsageError(
            f"The input report names {path!r}, which is not a regular file.",
            f"Name a file, or {STANDARD_OUTPUT} for standard output.",
        )
