"""The processes that are forked from one with the modules of the program, in place of a new Python for each run."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from world.forks import Fork, Forks

LOOK = """
import gc, json, locale, os, signal, sys, threading, time
about = [
    sys.path, sys.argv, list(sys.flags), sys.executable, sorted(os.environ.items()), os.getcwd(), os.getpgrp(),
    time.tzname, locale.setlocale(locale.LC_ALL), sys.stdin.read(), sys.stdout.encoding, sys.stdout.line_buffering,
    gc.get_threshold(),
    [thread.name for thread in threading.enumerate()], threading.current_thread() is threading.main_thread(),
    [str(signal.getsignal(number)) for number in signal.valid_signals()], sorted(os.listdir("/proc/self/fd")),
    sys.modules["__main__"].__dict__ is globals(), __name__, os.path.basename(__file__), "requests" in globals(),
]
print(json.dumps(about), flush=True)
os._exit(7)
"""
WAIT = "import time; print('here', flush=True); time.sleep(60)"
RAISE = "raise LookupError('nothing there')"


def started(forks: Forks, folder: Path, code: str) -> Fork:
    """A fork that runs this code."""
    (folder / "scripts").mkdir()
    (folder / "scripts" / "__main__.py").write_text(code, "utf-8")
    return forks.start(folder / "scripts", {"TZ": "Asia/Tokyo", "LONE": "é"}, folder, folder / "log")


def test_a_fork_finds_what_a_new_python_finds(forks: Forks, tmp_path: Path) -> None:
    """Path, arguments, environment, folder, time zone, streams, handlers, threads and open files are the same."""
    fork = started(forks, tmp_path, LOOK)
    command = [sys.executable, "-I", "-X", "utf8", str(tmp_path / "scripts")]
    env = {"TZ": "Asia/Tokyo", "LONE": "é"}
    with (tmp_path / "other").open("wb") as output:
        done = subprocess.run(
            command, env=env, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=output, timeout=60, check=False
        )
    assert (fork.wait(60), done.returncode) == (7, 7)
    assert (tmp_path / "log").read_text() == (tmp_path / "other").read_text() != ""


def test_a_fork_that_is_killed_has_the_status_of_the_signal(forks: Forks, tmp_path: Path) -> None:
    """While it runs it has no status, and a wait for it ends in time; then it has minus the signal's number."""
    fork = started(forks, tmp_path, WAIT)
    assert fork.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        fork.wait(0)
    fork.send_signal(signal.SIGKILL)
    assert (fork.wait(), fork.poll()) == (-9, -9)


def test_a_fork_that_breaks_says_why(forks: Forks, tmp_path: Path) -> None:
    """What nobody catches is printed, and the status is 1, as Python's is."""
    assert started(forks, tmp_path, RAISE).wait(60) == 1
    assert "LookupError: nothing there" in (tmp_path / "log").read_text()
