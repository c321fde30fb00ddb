"""The program, whose own waits are over in a moment: between two looks, and before a question is asked again."""

from __future__ import annotations

from dataclasses import replace

from world.program import Program

_MAIN = """
import os, runpy, sys

sys.path.insert(0, {scripts!r})
from frag_release import cancellation

sleep = cancellation.sleep
cancellation.sleep = lambda seconds: sleep(min(seconds, 0.02))
runpy.run_path(os.path.join({scripts!r}, "__main__.py"), run_name="__main__")
"""


def hurried(program: Program) -> Program:
    """The same program in a folder of its own; what it asks of servers may take as long as ever."""
    folder = program.scratch / "hurried"
    main = folder / "scripts" / "__main__.py"
    if not main.exists():
        main.parent.mkdir(parents=True)
        main.write_text(_MAIN.format(scripts=str(program.folder / "scripts")), "utf-8")
    return replace(program, folder=folder)
