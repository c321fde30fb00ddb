"""Tests of being cancelled: heard where the program waits, and by nothing that tells what became of the run."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from contract.sources import SCRIPTS

PROGRAM = f"""
import os, signal, sys
sys.path.insert(0, {str(SCRIPTS)!r})
from frag_release import cancellation
from frag_release.errors import InterruptedRun
from frag_release.runner import signals

def hit():
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGINT)

signals.listen_for_signals()
try:
    print("waits", flush=True)
    cancellation.sleep(60)
except InterruptedRun as error:
    hit()
    try:
        cancellation.sleep(0)
    except InterruptedRun:
        print("still cancelled", flush=True)
    signals.hold_signals()
    hit()
    cancellation.sleep(0)
    print(error.message, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_waiting_and_never_the_telling(number: signal.Signals) -> None:
    """A signal ends every wait until they are held; from then on none changes anything."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waits\n"
        process.send_signal(number)
        assert process.stdout.read() == "still cancelled\nThe run was cancelled, so nothing was decided.\n"
    assert process.returncode == 0
