"""AWX's own client (`awx` of the package awxkit), in an environment of its own, made once per lock."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

LOCK = Path(__file__).parent.parent / "awxkit.txt"


def run_awx(url: str, token: str, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run `awx ARGUMENTS` against an AWX, as the owner of a token."""
    home = _environment()
    # By its interpreter: the script itself names the place where it was made, and was moved since.
    command = [str(home / "bin" / "python"), str(home / "bin" / "awx"), "--conf.host", url, "--conf.token", token]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    return subprocess.run(
        [*command, *arguments], env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )


def _environment() -> Path:
    """Return the environment, kept with the tests' own packages until the lock changes."""
    target = Path(sys.prefix) / f"awxkit-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    if not target.is_dir():
        draft = Path(tempfile.mkdtemp(dir=sys.prefix, prefix="making-awxkit-"))
        venv.create(draft, symlinks=True)
        _install(draft)
        try:
            draft.rename(target)
        except OSError:  # another worker was faster
            shutil.rmtree(draft)
    return target


def _install(draft: Path) -> None:
    command = [sys.executable, "-I", "-m", "pip", "--python", str(draft / "bin" / "python"), "install", "--quiet"]
    command += ["--disable-pip-version-check", "--require-hashes", "--no-deps", "--requirement", str(LOCK)]
    subprocess.run(command, check=True)
