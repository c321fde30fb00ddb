"""The action as users get it: from a bare checkout, or with its packages and their bytecode as a release has it."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import bundle
import wheels

PUBLISHED = ("LICENSE", "action.yml", "scripts", "requirements.txt")


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


def bundle_action(root: Path, folder: Path, pythons: Sequence[str] = (sys.executable,)) -> Path:
    """Copy the action with what a release adds to it to `folder`, with bytecode for the `pythons` given."""
    copy_action(root, folder)
    with tempfile.TemporaryDirectory() as scratch:
        bundle.build(root, Path(scratch) / "bundle", pythons, fetched_wheels(root / "requirements.txt"))
        shutil.copytree(Path(scratch) / "bundle", folder, dirs_exist_ok=True)
    return folder


def fetched_wheels(lock: Path) -> Path:
    """Return a folder with the wheels of a lock, kept with the tests' own packages until the lock changes."""
    target = Path(sys.prefix) / f"wheels-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if not target.is_dir():
        draft = Path(tempfile.mkdtemp(dir=sys.prefix, prefix="fetching-"))
        wheels.fetch(lock, draft)
        try:
            draft.rename(target)
        except OSError:  # another worker was faster
            shutil.rmtree(draft)
    return target
