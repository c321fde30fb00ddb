"""Imports from the `vendor/` folder of a release. Uses as little of the standard library as possible, and nothing else.

The packages are one file; so is the bytecode of what a gate imports, for each Python that runners have. Python itself
compares the bytecode of our sources with them (PEP 552), so that a changed source is what runs; the bytecode of the
packages is used only with the packages that it was compiled from. Everything else is imported from source.

Nothing else is verified: anyone who can change that folder can change this file too, and the commit's hash covers both.
"""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import ModuleType

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
"""The folder of the action."""

_Modules = dict[str, tuple[str, bool, bytes]]
"""Modules by name: path of the source in the action's folder, whether it is a package, its bytecode (.pyc)."""


def mount(root: str = ROOT) -> bool:
    """Make the packages importable, before others of the same names; returns whether this is a release."""
    folder = os.path.join(root, "vendor")
    if not os.path.isdir(folder):
        return False
    packages = os.path.join(folder, "packages.zip")
    sys.path[:0] = [folder, packages]
    modules = _modules(os.path.join(folder, f"{sys.implementation.cache_tag}.bytecode"), packages)
    if modules:
        sys.meta_path.insert(0, _Finder(root, modules))
    return True


def _modules(archive: str, packages: str) -> _Modules:
    """Return the modules of an archive; empty if it is missing, or made for another Python or other packages."""
    try:
        with open(archive, "rb") as file:
            content = marshal.loads(file.read())
    except FileNotFoundError:
        return {}
    with open(packages, "rb") as file:
        is_theirs = content["packages"] == importlib.util.source_hash(file.read())
    is_ours = content["magic"] == importlib.util.MAGIC_NUMBER
    modules: _Modules = content["modules"] if is_ours and is_theirs else {}
    return modules


class _Finder:
    """Finds the modules that have bytecode. Each is found once."""

    def __init__(self, root: str, modules: _Modules) -> None:
        self._root, self._modules = root, modules

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module; None leaves it to Python."""
        if name not in self._modules:
            return None
        source, is_package, bytecode = self._modules.pop(name)
        place = os.path.join(self._root, source)
        below = [os.path.dirname(place)] if is_package else None
        loader = _Loader(name, place, bytecode)
        return importlib.util.spec_from_file_location(name, place, loader=loader, submodule_search_locations=below)


class _Loader(SourceFileLoader):
    """Python's own loader, which finds the bytecode here and not next to the source."""

    def __init__(self, name: str, path: str, bytecode: bytes) -> None:
        super().__init__(name, path)
        self._bytecode = bytecode

    def path_stats(self, path: str) -> dict[str, float]:
        """Return a constant time: the bytecode is validated by content."""
        return {"mtime": 0}

    def get_data(self, path: str) -> bytes:
        """Return the content of `path`."""
        return self._bytecode if path.endswith(".pyc") else super().get_data(path)

    def set_data(self, path: str, data: object, *, _mode: int = 0o666) -> None:
        """Do nothing: bytecode that is written would never be read."""
