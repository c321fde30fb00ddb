"""The program, whose own waits are over in a moment: between two looks, and before a question is asked again."""

from __future__ import annotations

from dataclasses import replace

from world.program import Program

_MAIN = """
import os, runpy, sys

sys.path.insert(0, {scripts!r})
from frag_release import cancellation

sleep = cancellation.sleep
cancellation.sleep = lambda seconds: sleep(min(seconds, {longest}))
is_done = cancellation.is_done
cancellation.is_done = lambda answer, seconds, spare=0.0: is_done(answer, min(seconds, {patience}), spare)
runpy.run_path(os.path.join({scripts!r}, "__main__.py"), run_name="__main__")
"""


def hurried(program: Program, longest: float = 0.02, patience: float = 3600.0) -> Program:
    """The same program in a folder of its own, with pauses of so many seconds at most.

    For the answer of a server it waits as long as ever, or for so many seconds as its `patience` is.
    """
    folder = program.scratch / f"hurried-{longest}-{patience}"
    main = folder / "scripts" / "__main__.py"
    if not main.exists():
        main.parent.mkdir(parents=True)
        scripts = str(program.folder / "scripts")
        main.write_text(_MAIN.format(scripts=scripts, longest=longest, patience=patience), "utf-8")
    return replace(program, folder=folder)
