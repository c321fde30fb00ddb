"""What happens to a run that a runner cancels: SIGINT, SIGTERM 7.5 s later, and 2.5 s after that the end."""

from __future__ import annotations

import subprocess
import sys

from contract.sources import SCRIPTS

CANCELLED_TWICE = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from frag_release import cli
from frag_release.errors import InterruptedRun
cli._raise_on_signals()
try:
    os.kill(os.getpid(), signal.SIGINT)
except InterruptedRun as stop:
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)
    print(stop.message)
"""


def test_a_second_signal_does_not_break_into_the_handling_of_the_first() -> None:
    """Once a run is cancelled, it says so to its end, however often it is told to stop."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", CANCELLED_TWICE, str(SCRIPTS)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "The run was cancelled, so nothing was decided.\n"), done.stderr
