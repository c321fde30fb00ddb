"""The program, whose own waits are over in a moment, or go by in a time that tests share with it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from pathlib import Path

from world.program import Program

_MAIN = """
import os, runpy, sys, threading, time

sys.path.insert(0, {scripts!r})
from frag_release import cancellation
from frag_release.adapters.http.retry import Deadline

gone = []

class Asked(threading.Event):
    def wait(self, seconds):
        gone.append(max(0.0, seconds - {longest}))
        return super().wait(min(seconds, {longest}))

def is_done(answer, seconds, spare=0.0, real=cancellation.is_done):
    done = real(answer, min(seconds, {patience}), spare)
    gone.append(0.0 if done else max(0.0, seconds - {patience}))
    return done

def monotonic(real=time.monotonic):
    return real() + sum(gone)

cancellation._asked, cancellation.is_done = Asked(), is_done
if {whole}:
    Deadline.__init__.__defaults__ = (monotonic,)
runpy.run_path(os.path.join({scripts!r}, "__main__.py"), run_name="__main__")
"""


def hurried(program: Program, longest: float = 0.02, patience: float = 3600.0, whole: bool = False) -> Program:
    """The same program in a folder of its own, with pauses of so many seconds at most.

    For the answer of a server it waits as long as ever, or for so many seconds as its `patience` is. Its deadlines do
    not see what was left out, so that two programs at the same moment meet; if `whole` is set, they do.
    """
    folder = program.scratch / f"hurried-{longest}-{patience}"
    main = folder / "scripts" / "__main__.py"
    if not main.exists():
        main.parent.mkdir(parents=True)
        scripts = str(program.folder / "scripts")
        main.write_text(_MAIN.format(scripts=scripts, longest=longest, patience=patience, whole=whole), "utf-8")
    return replace(program, folder=folder)


_SIMULATED = """
import datetime, os, runpy, sys, time

sys.path.insert(0, {scripts!r})
from frag_release import cancellation
from frag_release.adapters.http.retry import Deadline
from frag_release.commands import session

def passed():
    return os.stat({file!r}).st_size / 10

def sleep(seconds):
    cancellation.check()
    with open({file!r}, "ab") as file:
        file.write(b"." * round(seconds * 10))

def monotonic(real=time.monotonic):
    return real() + passed()

start = datetime.datetime.fromisoformat({start!r})
cancellation.sleep = sleep
session.utc_now = lambda: start + datetime.timedelta(seconds=passed())
Deadline.__init__.__defaults__ = (monotonic,)
runpy.run_path(os.path.join({scripts!r}, "__main__.py"), run_name="__main__")
"""


@dataclass(frozen=True)
class SharedTime:
    """A clock for servers and programs alike, which goes only if somebody waits.

    It is the length of a file, in tenths of a second after `start`: so each may append, and none loses what another
    adds.
    """

    file: Path
    start: datetime.datetime

    def __post_init__(self) -> None:
        self.file.touch()

    @property
    def seconds(self) -> float:
        """The seconds since the start."""
        return self.file.stat().st_size / 10

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        with self.file.open("ab") as file:
            file.write(b"." * round(seconds * 10))

    def program(self, program: Program) -> Program:
        """The same program in a folder of its own, which sees this time and no other, and waits in it."""
        main = self.file.with_name(f"{self.file.name}-program") / "scripts" / "__main__.py"
        main.parent.mkdir(parents=True, exist_ok=True)
        scripts, start = str(program.folder / "scripts"), self.start.isoformat()
        main.write_text(_SIMULATED.format(scripts=scripts, file=str(self.file), start=start), "utf-8")
        return replace(program, folder=main.parent.parent)
