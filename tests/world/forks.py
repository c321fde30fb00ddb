"""Runs the program as processes that are forked from one which has its modules loaded already.

To import them takes longer than most of what tests have the program do. Each run is a process of its own all the same,
with its own environment, folder and signals. Tests of how the program starts, and all on a runner, start a new Python.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, TypedDict

_OTHERS = ("requests", "ruamel.yaml", "semver", "actions_toolkit.core", "concurrent.futures.thread")
"""What modules of the program import when they run, not when they are imported."""


class Order(TypedDict):
    """A process to be made: the folder that Python runs, its environment, its folder of work, and where it prints."""

    scripts: str
    env: dict[str, str]
    cwd: str
    log: str


class Forks:
    """The process that is forked, with the modules of the action in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        command = [sys.executable, "-I", "-X", "utf8", __file__, str(folder)]
        env = {"PATH": os.environ["PATH"]}
        self._process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def start(self, scripts: Path, env: Mapping[str, str], cwd: Path, log: Path) -> Fork:
        """Start the program of a folder with a `__main__.py`; what it prints goes to `log`, which is made anew."""
        log.write_bytes(b"")
        return Fork(self, self._ask(Order(scripts=str(scripts), env=dict(env), cwd=str(cwd), log=str(log))))

    def status_of(self, pid: int) -> int:
        """The status of a process that has ended, whose id is free from then on; minus the number of a signal."""
        return self._ask(pid)

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _ask(self, question: Order | int) -> int:
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())


@dataclass
class Fork:
    """A process that was forked; for tests what `subprocess.Popen` is. Its id is kept until its end is known here."""

    forks: Forks
    pid: int
    returncode: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def poll(self) -> int | None:
        """Its status if it has ended; minus the number of the signal that ended it."""
        with self._lock:
            if self.returncode is None and self._has_ended(0):
                self.returncode = self.forks.status_of(self.pid)
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its status; raises TimeoutExpired after so many seconds."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired("the program", timeout or 0)
            self._has_ended(left)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, if it has not ended."""
        self.send_signal(signal.SIGKILL)

    def _has_ended(self, seconds: float | None) -> bool:
        ended = os.pidfd_open(self.pid)
        try:
            return bool(select.select([ended], [], [], seconds)[0])
        finally:
            os.close(ended)


def serve(folder: Path) -> None:
    """Answer each order that comes in with the id of a new process, and each id with the status of that one."""
    _load(folder)
    for line in sys.stdin:
        question: Order | int = json.loads(line)
        if isinstance(question, int):
            answer = os.waitstatus_to_exitcode(os.waitpid(question, 0)[1])
        else:
            answer = os.fork() or _run(question)
        os.write(1, f"{answer}\n".encode())


def _load(folder: Path) -> None:
    """Import all modules, and leave Python's path as it is for a program that starts."""
    path = list(sys.path)
    sys.path[:0] = [str(folder / "vendor"), str(folder / "scripts")]
    for name in (*_modules(folder / "scripts" / "frag_release", "frag_release."), *_OTHERS):
        importlib.import_module(name)
    sys.path[:] = path
    gc.freeze()


def _modules(package: Path, prefix: str) -> Iterator[str]:
    for one in pkgutil.iter_modules([str(package)], prefix):
        yield one.name
        yield from _modules(package / one.name.removeprefix(prefix), f"{one.name}.")


def _run(order: Order) -> NoReturn:
    """Become the process that was ordered."""
    try:
        nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(order["log"], os.O_WRONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.closerange(3, max(nothing, log) + 1)
        # Which Python adds by itself where nothing names a language.
        own = {name: text for name, text in os.environ.items() if name == "LC_CTYPE"}
        os.environ.clear()
        os.environ.update({**own, **order["env"]})
        time.tzset()
        os.chdir(order["cwd"])
        sys.argv = [order["scripts"]]
        runpy.run_path(order["scripts"], run_name="__main__")
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(1)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
