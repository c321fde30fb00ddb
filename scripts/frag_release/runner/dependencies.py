"""Puts the run-time dependencies of a bare checkout on Python's path. Standard library only.

They are installed once, by hash, into a folder of the runner's own: never into the workspace, which others write
to, nor into the caller's Python.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .bundle import ROOT, mount

_TIMEOUT_SECONDS = 300
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
# LD_LIBRARY_PATH is how some Pythons find their own library.
_KEPT = (
    *("PATH", "HOME", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH"),
    *_PROXIES,
    *map(str.upper, _PROXIES),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)
"""What pip is given of the caller's environment, which also holds tokens and settings of pip."""
_UNREACHED = re.compile(r"Retrying \(|Max retries|connection broken|timed out", re.IGNORECASE)
_FAILED = "The Python packages could not be installed"
_ON_RUNNER = "Name a published release of this action in `uses`: it carries them and needs no installation."
_IN_TERMINAL = "Or check out the tag of a published release, which carries them and needs no installation."


class DependencyError(Exception):
    """The dependencies could not be put in place."""


def provide(environ: Mapping[str, str]) -> None:
    """Make the dependencies importable, before anything else that Python might find under their names."""
    if not mount():
        sys.path.insert(0, str(_installed(environ, Path(ROOT) / "requirements.txt")))


def _installed(environ: Mapping[str, str], lock: Path) -> Path:
    content = lock.read_bytes()
    version = "{}.{}".format(*sys.version_info)
    target = _cache(environ) / f"{hashlib.sha256(content).hexdigest()[:16]}-{version}"
    if not target.is_dir():
        _tell(f"Fetching the Python packages of this action, once, into {target}", environ)
        _install(lock, target, environ)
    return target


def _on_runner(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


def _tell(text: str, environ: Mapping[str, str]) -> None:
    """Say what takes its time; that nobody can read it does not stop anything."""
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    stream = sys.stdout if _on_runner(environ) else sys.stderr
    if stream is not None:
        with contextlib.suppress(OSError):
            # Not by way of the stream, which would keep what it could not write, and fail at the end of the process.
            os.write(stream.fileno(), f"{shown}\n".encode("utf-8", "backslashreplace"))


def _cache(environ: Mapping[str, str]) -> Path:
    temporary = environ.get("RUNNER_TEMP")
    if temporary:
        return Path(temporary) / "frag-release-action"
    # A folder of the user's own: in the machine's temp folder somebody else could have planted it.
    # Nor is one that is named from the working folder, which may be a stranger's (XDG Base Directory Specification).
    home = environ.get("XDG_CACHE_HOME", "")
    cache = home if os.path.isabs(home) else os.path.join(os.path.expanduser("~"), ".cache")
    return Path(cache) / "frag-release-action"


def _install(lock: Path, target: Path, environ: Mapping[str, str]) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = Path(tempfile.mkdtemp(dir=target.parent, prefix="installing-"))
    except OSError as error:
        what = "RUNNER_TEMP" if _on_runner(environ) else "XDG_CACHE_HOME"
        raise DependencyError(
            f"{_FAILED}: {target.parent} cannot be written to ({error.strerror}). "
            f"Name a folder that can be in {what}. {_released(environ)}"
        ) from None
    try:
        _run_pip(lock, draft, environ)
        # actions-toolkit ships its tests as a top-level package, which would answer to `import tests`.
        shutil.rmtree(draft / "tests", ignore_errors=True)
        os.replace(draft, target)
    except OSError:
        # Another step has installed the same at the same moment: its folder is as good as ours.
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run_pip(lock: Path, target: Path, environ: Mapping[str, str]) -> None:
    command = [sys.executable, "-I", "-m", "pip", "install", "--quiet", "--no-input", "--retries", "2"]
    command += ["--disable-pip-version-check", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    # Python compiles what it imports, which is a part of what is installed.
    command += ["--platform", "any", "--implementation", "py", "--abi", "none", "--no-compile"]
    command += ["--target", str(target), "--requirement", str(lock)]
    try:
        done = subprocess.run(
            command,
            env=_environment_of_pip(environ),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DependencyError(
            f"{_FAILED}: pip took longer than {_TIMEOUT_SECONDS} s. Run this again. {_released(environ)}"
        ) from None
    if done.returncode != 0:
        raise DependencyError(_explained(done.stderr, environ))


def _environment_of_pip(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what pip needs to run, and to reach the index; PIP_* could name another index or folder.

    Files of settings are left: they are the machine's, and a mirror may be named there. Two of their
    settings would forbid a folder of our own, and are overruled.
    """
    kept = {name: environ[name] for name in _KEPT if name in environ}
    return {**kept, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}


def _released(environ: Mapping[str, str]) -> str:
    """The way out that needs no packages."""
    return _ON_RUNNER if _on_runner(environ) else _IN_TERMINAL


def _explained(said: str, environ: Mapping[str, str]) -> str:
    released = _released(environ)
    if "No module named pip" in said:
        remedy = (
            f"{released} Else put actions/setup-python before it."
            if _on_runner(environ)
            else f"Run this with a Python that has pip, such as that of a new virtual environment. {released}"
        )
        return f"{_FAILED}: {sys.executable} has no pip. {remedy}"
    if _UNREACHED.search(said):
        again = "run this again; a mirror can be named in /etc/pip.conf (PIP_* variables are not used)."
        remedy = f"{released} Else {again}" if _on_runner(environ) else f"With a network, {again} {released}"
        return f"{_FAILED}: the index of Python packages could not be reached. {remedy}"
    lines = [line for line in said.splitlines() if line.strip()] or ["pip said nothing"]
    return f"{_FAILED}: {lines[-1].strip()[:300]}"
