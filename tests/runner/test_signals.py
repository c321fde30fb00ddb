"""Tests of being cancelled while what became of a run is told."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from contract.sources import SCRIPTS

PROGRAM = f"""
import os, sys, time
sys.path.insert(0, {str(SCRIPTS)!r})
from frag_release.errors import InterruptedRun
from frag_release.runner.signals import hold_signals, raise_on_signals
raise_on_signals()
try:
    print("waits", flush=True)
    time.sleep(20)
except InterruptedRun as error:
    hold_signals()
    os.kill(os.getpid(), {signal.SIGTERM})
    os.kill(os.getpid(), {signal.SIGINT})
    print(error.message, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_further_signals_do_not_break_the_telling(number: signal.Signals) -> None:
    """The first signal ends the work; those that come while that is told change nothing."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        process.send_signal(number)
        assert process.stdout.read() == "The run was cancelled, so nothing was decided.\n"
    assert process.returncode == 0
