"""The program, with a real signal to itself in a chosen moment of its work, such as no other process can hit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from world.program import Program

_MAIN = """
import os, runpy, signal, sys, threading, weakref

left = [{nth}]

def is_program():
    return threading.current_thread().name == "program"

def hit():
    left[0] -= 1
    if left[0] == 0:
        print("signal sent", flush=True)
        os.kill(os.getpid(), signal.{signal})

{moment}

sys.path.insert(0, {scripts!r})
runpy.run_path(os.path.join({scripts!r}, "__main__.py"), run_name="__main__")
"""

IN_THREAD_START = """
name = "_start_joinable_thread" if hasattr(threading, "_start_joinable_thread") else "_start_new_thread"
real = getattr(threading, name)

def start(*arguments, **options):
    started = real(*arguments, **options)
    if is_program():
        while threading._limbo:  # until the thread that was started has reported
            pass
        hit()
    return started

setattr(threading, name, start)
"""
"""Inside `Thread.start`, when the new thread runs already."""

IN_FINALIZER = """
class Watched:
    pass

def profile(frame, event, argument):
    if event == "call" and frame.f_code.co_name == "_ask" and is_program():
        weakref.finalize(Watched(), hit)

threading.setprofile(profile)
"""
"""Inside a finalizer, which swallows every exception, at the program's `nth` request."""

BEFORE_RECORD = """
def profile(frame, event, argument):
    if event == "return" and frame.f_code.co_name == "create_tag" and is_program():
        hit()

threading.setprofile(profile)
"""
"""Between the answer of GitHub to the order for a tag and the line that notes it."""


def signalled(program: Program, folder: Path, moment: str, *, nth: int = 1, signal: str = "SIGTERM") -> Program:
    """The same program, which gets a signal when that moment comes for the `nth` time."""
    scripts = folder / "scripts"
    scripts.mkdir(parents=True)
    text = _MAIN.format(moment=moment, nth=nth, signal=signal, scripts=str(program.folder / "scripts"))
    (scripts / "__main__.py").write_text(text, "utf-8")
    return replace(program, folder=folder)
