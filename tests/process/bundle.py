"""The action as users get it: a folder with its dependencies beside it, built once per lock."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PUBLISHED = ("action.yml", "scripts", "requirements.txt")


def copy_action(root: Path, folder: Path) -> Path:
    """Copy the action without dependencies to `folder`, as a bare checkout has it."""
    folder.mkdir(parents=True)
    for name in PUBLISHED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy2(source, folder / name)
    return folder


def bundle_action(root: Path, folder: Path) -> Path:
    """Copy the action with its dependencies in `vendor/` to `folder`, as a release has it."""
    copy_action(root, folder)
    shutil.copytree(_dependencies(root / "requirements.txt"), folder / "vendor")
    return folder


def _dependencies(lock: Path) -> Path:
    """Return a folder with the locked packages, kept with the tests' own packages until the lock changes."""
    target = Path(sys.prefix) / f"bundle-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if not target.is_dir():
        draft = Path(tempfile.mkdtemp(dir=sys.prefix, prefix="bundling-"))
        _install(lock, draft)
        try:
            draft.rename(target)
        except OSError:  # another worker was faster
            shutil.rmtree(draft)
    return target


def _install(lock: Path, target: Path) -> None:
    command = [sys.executable, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:"]
    command += ["--platform", "any", "--implementation", "py", "--abi", "none"]
    command += ["--target", str(target), "--requirement", str(lock)]
    subprocess.run(command, check=True)
    shutil.rmtree(target / "tests", ignore_errors=True)
