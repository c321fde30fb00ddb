"""Tests of being cancelled while what became of a run is told."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from contract.sources import SCRIPTS

PROGRAM = f"""
import os, signal, sys, time
sys.path.insert(0, {str(SCRIPTS)!r})
from frag_release.errors import InterruptedRun
from frag_release.runner import signals
signals.TOGETHER_SECONDS = float(sys.argv[2])
signals.raise_on_signals()
try:
    print("waits", flush=True)
    time.sleep(20)
except InterruptedRun as error:
    if sys.argv[1] == "holds":
        signals.hold_signals()
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        print(error.message, flush=True)
    except InterruptedRun:
        print("broken off", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("holds", "together", "told"),
    [
        ("holds", "0", "The run was cancelled, so nothing was decided."),
        ("goes on", "5", "The run was cancelled, so nothing was decided."),
        ("goes on", "0", "broken off"),
    ],
)
def test_further_signals_do_not_break_the_telling(number: signal.Signals, holds: str, together: str, told: str) -> None:
    """The first signal ends the work; those right after it, or while it is told, change nothing; later ones do."""
    command = [sys.executable, "-c", PROGRAM, holds, together]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        process.send_signal(number)
        assert process.stdout.read() == f"{told}\n"
    assert process.returncode == 0
