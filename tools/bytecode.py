"""Compiles sources for several Pythons, so that a run on a fresh runner need not.

The bytecode records the hash of its source (PEP 552), and Python compares it at every import: bytecode is
never used for a source that was changed. Imports are then as fast as on a machine that has run before.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

# Runs in each Python. One process compiles all, always in the same order: what marshal writes depends on
# what the process has seen before.
_COMPILE = """
import json, os, py_compile, sys
for source, name, target in json.load(sys.stdin):
    tag = sys.implementation.cache_tag
    path = os.path.join(target, os.path.basename(source)[:-3] + "." + tag + ".pyc")
    mode = py_compile.PycInvalidationMode.CHECKED_HASH
    py_compile.compile(source, path, name, doraise=True, optimize=0, invalidation_mode=mode)
print(json.dumps({"tag": tag, "version": sys.version.split()[0]}))
"""


def compile_for(python: str, sources: Mapping[str, Path], target: Path) -> Mapping[str, str]:
    """Compile `sources`, by their names in the action's folder, to where Python looks for it below `target`.

    Returns the tag and the version of that Python. SystemExit if it cannot compile one of them.
    """
    wanted = [
        (str(source.resolve()), name, str((target.resolve() / name).parent / "__pycache__"))
        for name, source in sorted(sources.items())
    ]
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            # -S: sites differ. Not -I, which ignores the hash seed, and with that the order of sets.
            [python, "-S", "-s", "-W", "ignore", "-X", "utf8", "-c", _COMPILE],
            input=json.dumps(wanted),
            env={"PYTHONHASHSEED": "0", "LC_ALL": "C"},
            cwd=empty,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise SystemExit(f"{python} could not compile the bundle:\n{done.stderr[-2000:]}")
    about: Mapping[str, str] = json.loads(done.stdout)
    return about


def sources_in(folder: Path, below: Path) -> dict[str, Path]:
    """The Python files in `folder`, by their names below `below`."""
    return {path.relative_to(below).as_posix(): path for path in folder.rglob("*.py")}


def names_of(sources: Iterable[str], tag: str) -> Sequence[str]:
    """Where the bytecode of each source lies for the Python with that tag."""
    return sorted(str(Path(name).parent / "__pycache__" / f"{Path(name).stem}.{tag}.pyc") for name in sources)
