"""Puts the run-time dependencies of a bare checkout on Python's path. Standard library only.

They are installed once, by hash, into a folder of the runner: never into the workspace, which other steps write to,
nor into the caller's Python.
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
# Some Pythons need LD_LIBRARY_PATH to find their own library.
_KEPT = (
    *("PATH", "HOME", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH"),
    *_PROXIES,
    *map(str.upper, _PROXIES),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)
"""The variables that are passed to pip; the caller's environment also contains tokens and settings of pip."""
_UNREACHED = re.compile(r"Retrying \(|Max retries|connection broken|timed out", re.IGNORECASE)
_FAILED = "The Python packages could not be installed"
_ON_RUNNER = "Name a published release of this action in `uses`: it carries them and needs no installation."
_IN_TERMINAL = "Or check out the tag of a published release, which carries them and needs no installation."


class DependencyError(Exception):
    """The dependencies could not be installed."""


def provide(environ: Mapping[str, str]) -> None:
    """Make the dependencies importable, before others of the same names."""
    if not mount():
        sys.path.insert(0, str(_installed(environ, Path(ROOT) / "requirements.txt")))


def _installed(environ: Mapping[str, str], lock: Path) -> Path:
    content = lock.read_bytes()
    version = "{}.{}".format(*sys.version_info)
    target = _cache(environ) / f"{hashlib.sha256(content).hexdigest()[:16]}-{version}"
    if not target.is_dir():
        _report(f"Fetching the Python packages of this action, once, into {target}", environ)
        _install(lock, target, environ)
    return target


def _on_runner(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


def _report(text: str, environ: Mapping[str, str]) -> None:
    """Print a line of progress; a failure to print is ignored."""
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    stream = sys.stdout if _on_runner(environ) else sys.stderr
    if stream is not None:
        with contextlib.suppress(OSError):
            # Not through the stream: it would buffer what it could not write, and fail at the end of the process.
            os.write(stream.fileno(), f"{shown}\n".encode("utf-8", "backslashreplace"))


def _cache(environ: Mapping[str, str]) -> Path:
    temporary = environ.get("RUNNER_TEMP")
    if temporary:
        return Path(temporary) / "frag-release-action"
    # A folder of the user's own: in the shared temp folder, another user could have planted it. A relative
    # XDG_CACHE_HOME is ignored, as its specification demands: the working folder may belong to another user.
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
            f"{_FAILED}: {target.parent} is not writable ({error.strerror}). "
            f"Set {what} to a folder that is. {_released(environ)}"
        ) from None
    try:
        _run_pip(lock, draft, environ)
        # actions-toolkit ships its tests as a top-level package, which `import tests` would find.
        shutil.rmtree(draft / "tests", ignore_errors=True)
        os.replace(draft, target)
    except OSError:
        # Another step has installed the same packages at the same time: its folder is equivalent.
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _run_pip(lock: Path, target: Path, environ: Mapping[str, str]) -> None:
    command = [sys.executable, "-I", "-m", "pip", "install", "--quiet", "--no-input", "--retries", "2"]
    command += ["--disable-pip-version-check", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    # Python compiles what it imports, which is only a part of what is installed.
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
    """Return the variables that pip needs to run and to reach the index, without PIP_*, which could redirect it.

    Configuration files still apply: they belong to the machine, and may name a mirror. Two of their settings would
    forbid a folder of our own, and are overridden.
    """
    kept = {name: environ[name] for name in _KEPT if name in environ}
    return {**kept, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}


def _released(environ: Mapping[str, str]) -> str:
    """Return the remedy that needs no installation."""
    return _ON_RUNNER if _on_runner(environ) else _IN_TERMINAL


def _explained(output: str, environ: Mapping[str, str]) -> str:
    released = _released(environ)
    if "No module named pip" in output:
        remedy = (
            f"{released} Or add actions/setup-python before it."
            if _on_runner(environ)
            else f"Run this with a Python that has pip, such as that of a new virtual environment. {released}"
        )
        return f"{_FAILED}: {sys.executable} has no pip. {remedy}"
    if _UNREACHED.search(output):
        again = "run this again; a mirror can be set in /etc/pip.conf (PIP_* variables are not used)."
        remedy = f"{released} Or {again}" if _on_runner(environ) else f"With a network, {again} {released}"
        return f"{_FAILED}: the index of Python packages could not be reached. {remedy}"
    lines = [line for line in output.splitlines() if line.strip()] or ["pip printed nothing"]
    return f"{_FAILED}: {lines[-1].strip()[:300]}"
