"""Compiles what the gate imports for several Pythons, so that a run on a fresh runner need not.

The bytecode of one Python is one archive: 230 files are slower to unpack and to read than one of the same size. It has
no docstrings and no code columns, which are not needed on a runner; assertions and line numbers stay. The bytecode of
our sources records the hash of its source (PEP 552), which is checked at each import, so it is never used for a
changed source. The bytecode of the packages records the hash of all of them together.
"""

from __future__ import annotations

import json
import marshal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGES = "vendor/packages.zip"
"""The sources of the packages, except those that must be in a folder."""

BOOTSTRAP = (
    "scripts/__main__.py",
    "scripts/frag_release/__init__.py",
    "scripts/frag_release/runner/__init__.py",
    "scripts/frag_release/runner/bundle.py",
)
"""The modules imported before the archive is available. Their bytecode is where Python itself looks for it."""

# Runs in each Python. One process compiles all modules, always in the same order: the output of marshal depends on
# what the process has seen before.
_COMPILE = """
import ast, importlib.util, json, marshal, sys

def without_docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if ast.get_docstring(node, clean=False) is not None:
                first = node.body.pop(0)
                if not node.body and not isinstance(node, ast.Module):
                    node.body.append(ast.copy_location(ast.Pass(), first))
    return tree

def read(path):
    with open(path, "rb") as file:
        return file.read()

given = json.load(sys.stdin)
for source, name, target in given["modules"]:
    content = read(source)
    code = compile(without_docstrings(ast.parse(content)), name, "exec", dont_inherit=True, optimize=0)
    # PEP 552: hash-based, and checked if the source is a separate file.
    flags = 1 if name.startswith(given["packed"]) else 3
    head = importlib.util.MAGIC_NUMBER + flags.to_bytes(4, "little") + importlib.util.source_hash(content)
    with open(target, "wb") as file:
        file.write(head + marshal.dumps(code))
# From this Python: magic number and source hash differ between versions.
archive = {"magic": importlib.util.MAGIC_NUMBER, "packages": importlib.util.source_hash(read(given["packages"]))}
about = {"tag": sys.implementation.cache_tag, "version": sys.version.split()[0]}
print(json.dumps({**about, **{key: value.hex() for key, value in archive.items()}}))
"""


@dataclass(frozen=True)
class Source:
    """A module to compile: its place in the action's folder, and the current path of its source."""

    name: str
    path: Path


def compile_for(python: str, modules: Mapping[str, Source], target: Path) -> tuple[str, str]:
    """Compile `modules`, by their names, for one Python, into its archive and bootstrap files below `target`.

    The packages must be packed below `target` already. Returns the tag and the version of that Python. Raises
    SystemExit if it cannot compile a module.
    """
    sources = {source.name: source.path.resolve() for _, source in sorted(modules.items())}
    with tempfile.TemporaryDirectory() as scratch:
        compiled = {name: Path(scratch, f"{at}.pyc") for at, name in enumerate(sources)}
        wanted = [(str(path), name, str(compiled[name])) for name, path in sources.items()]
        packages = str((target / PACKAGES).resolve())
        about = _run(python, {"modules": wanted, "packed": PACKAGES, "packages": packages})
        content = {name: path.read_bytes() for name, path in compiled.items()}
    for name in BOOTSTRAP:
        path = target / bootstrap_name(name, about["tag"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.pop(name))
    archived = {
        module: (source.name, source.path.name == "__init__.py", content[source.name])
        for module, source in sorted(modules.items())
        if source.name in content
    }
    archive = {key: bytes.fromhex(about[key]) for key in ("magic", "packages")}
    # Version 2 has no references, which depend on the other objects of the writing process.
    (target / archive_name(about["tag"])).write_bytes(marshal.dumps({**archive, "modules": archived}, 2))
    return about["tag"], about["version"]


def read_archive(content: bytes) -> Mapping[str, bytes]:
    """The bytecode in an archive by the name of its source; under "packages" its magic number and packages' hash."""
    archive: dict[str, Any] = marshal.loads(content)
    found = {name: code for name, _, code in archive["modules"].values()}
    return {"packages": archive["magic"] + archive["packages"], **found}


def archive_name(tag: str) -> str:
    """The path of the archive for the Python with that tag."""
    return f"vendor/{tag}.bytecode"


def bootstrap_name(source: str, tag: str) -> str:
    """The path at which Python looks for the bytecode of a source."""
    return str(Path(source).parent / "__pycache__" / f"{Path(source).stem}.{tag}.pyc")


def names_of(tag: str) -> Sequence[str]:
    """The files with the bytecode for the Python with that tag."""
    return [archive_name(tag), *(bootstrap_name(name, tag) for name in BOOTSTRAP)]


def _run(python: str, wanted: Mapping[str, object]) -> Mapping[str, str]:
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            # -S: site packages differ. Not -I, which would ignore the hash seed, on which the order of sets depends.
            [python, "-S", "-s", "-W", "ignore", "-X", "utf8", "-X", "no_debug_ranges", "-c", _COMPILE],
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
