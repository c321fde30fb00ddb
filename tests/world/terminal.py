"""A terminal of a given width, in which a program runs: what it shows there, and what it tells besides."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Shown:
    """What a program left: its status, what the terminal got, and what standard error got on a pipe of its own."""

    status: int
    screen: str
    errors: str


def run_in_terminal(
    command: Sequence[str], environ: Mapping[str, str], width: int = 80, folder: Path | None = None
) -> Shown:
    """Run a command with a terminal as its standard output, to its end, a minute at most."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    parts: list[bytes] = []
    reader = threading.Thread(target=_read, args=(ours, parts))
    with subprocess.Popen(command, env=environ, cwd=folder, stdout=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        reader.start()
        _, errors = process.communicate(timeout=60)
    reader.join(timeout=60)
    os.close(ours)
    # A terminal sends the cursor back at each end of a line.
    screen = b"".join(parts).decode("utf-8").replace("\r\n", "\n")
    return Shown(process.returncode, screen, errors.decode("utf-8"))


def _read(terminal: int, parts: list[bytes]) -> None:
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # how Linux says that nobody has the other side any more
            return
        if not part:
            return
        parts.append(part)
