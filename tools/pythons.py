"""Finds the installed Pythons that the action supports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

SUPPORTED = ("3.10", "3.11", "3.12", "3.13", "3.14")
"""The tested versions. Newer ones work, too."""

COMPILED_FOR = ("3.10", "3.12", "3.14")
"""The versions that a release has bytecode for: `python3` on hosted runners. Others compile for themselves."""

_VERSION = "import sys; print('{}.{}'.format(*sys.version_info))"


@cache
def find_pythons(versions: tuple[str, ...] = SUPPORTED) -> Mapping[str, str]:
    """Return the path of an interpreter for each installed version, oldest first."""
    found = {version: next(_working(version), None) for version in versions}
    return {version: path for version, path in found.items() if path}


def _working(version: str) -> Iterator[str]:
    for path in _candidates(version):
        done = subprocess.run([path, "-I", "-c", _VERSION], capture_output=True, text=True, check=False)
        # A name on the PATH may be a version manager's shim, which fails if that Python is not installed.
        if done.returncode == 0 and done.stdout.strip() == version:
            yield path


def _candidates(version: str) -> Iterator[str]:
    name = f"python{version}"
    if version == "{}.{}".format(*sys.version_info):
        yield os.path.realpath(sys.executable)
    if on_path := shutil.which(name):
        yield on_path
    # Next to the running one, in the layout of version managers (VERSION/bin) and runners (VERSION/x64/bin).
    own = Path(sys.base_prefix)
    yield from (str(path) for path in sorted(own.parent.glob(f"{version}.*/bin/{name}")))
    yield from (str(path) for path in sorted(own.parent.parent.glob(f"{version}.*/{own.name}/bin/{name}")))
