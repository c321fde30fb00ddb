"""The stack that the working folder is a clone of, as its remote names it: owner and name, never a host."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace

from .context import Context
from .values import is_repository

_SECONDS = 5.0
_URL = re.compile(r"(?:https?|ssh|git)://[^/]+/(.+)")
_SSH = re.compile(r"(?:[^@/:]+@)?[^@/:]{2,}:/?(.+)")


def with_clone(context: Context, texts: Mapping[str, str], tell: Callable[[str], None]) -> Context:
    """Return the context with the repository of the clone that a terminal is in, and tell of it, if none is named."""
    if context.on_runner or context.repository or texts["stack-repository"]:
        return context
    found = find_clone(os.curdir)
    if found is None:
        return context
    repository, remote = found
    tell(f"The stack's repository is {repository}, from the remote {remote[:80]} of {os.path.abspath(os.curdir)}.")
    return replace(context, clone=repository)


def find_clone(folder: str) -> tuple[str, str] | None:
    """Return the repository (`OWNER/NAME`) of the clone that a folder is in, and the remote that names it.

    None outside of a clone, if somebody else owns it, or if its remotes do not tell. `origin` counts, else the only
    remote.
    """
    urls: dict[str, str] = {}
    for setting in _settings(folder):
        key, _, url = setting.partition("\n")
        # git fetches from the first.
        urls.setdefault(key.removeprefix("remote.").removesuffix(".url"), url)
    remote = "origin" if "origin" in urls else next(iter(urls), "") if len(urls) == 1 else ""
    repository = _repository(urls.get(remote, ""))
    return (repository, remote) if repository else None


def _settings(folder: str) -> list[str]:
    """Return the URLs of the remotes as git has them. Reading a configuration, git runs nothing that it names."""
    program = shutil.which("git")
    if program is None:
        return []
    command = [program, "-C", folder, "config", "--local", "--no-includes", "--null"]
    command += ["--get-regexp", r"^remote\..*\.url$"]
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    try:
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [text for text in done.stdout.decode("utf-8", "replace").split("\0") if text]


def _repository(url: str) -> str:
    """Return `OWNER/NAME` of a remote's URL, empty if it has another form."""
    found = _URL.fullmatch(url) or ("://" not in url and _SSH.fullmatch(url)) or None
    name = found[1].rstrip("/").removesuffix(".git") if found else ""
    return name if is_repository(name) else ""
