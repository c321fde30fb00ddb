"""The stack that the working folder is a clone of, as its remote names it: owner and name, never a host.

git's files are read as text (git-config(1), gitrepository-layout(5)), and git is not run: in a folder that somebody
else made its configuration may name programs.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .context import Context
from .values import is_repository

_MOST_BYTES = 1_000_000
_GITDIR = re.compile(r"gitdir: ([^\n]+)\n?")
_SECTION = re.compile(r'\[ *([A-Za-z0-9.-]+)(?:[ \t]+"((?:[^"\\]|\\["\\])*)")?[ \t]*\][ \t]*(.*)')
_SETTING = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]*(?:=[ \t]*(.*))?")
_QUOTED = re.compile(r'"([^"\\]*)"\s*([#;].*)?')
_BARE = re.compile(r'([^"\\#;]*)([#;].*)?')
_URL = re.compile(r"(?:https?|ssh|git)://[^/]+/(.+)")
_SSH = re.compile(r"(?:[^@/:]+@)?[^@/:]{2,}:/?(.+)")


@dataclass(frozen=True)
class Clone:
    """A clone: the repository (`OWNER/NAME`) that a remote names, the remote, and the folder that it was found in."""

    repository: str
    remote: str
    folder: Path


def with_clone(context: Context, texts: Mapping[str, str], tell: Callable[[str], None]) -> Context:
    """Return the context with the repository of the clone that a terminal is in, and tell of it, if none is named."""
    if context.on_runner or context.repository or texts["stack-repository"]:
        return context
    found = find_clone(Path(os.path.abspath(os.curdir)))
    if found is None:
        return context
    tell(f"The stack's repository is {found.repository}, from the remote {found.remote[:80]} of {found.folder}.")
    return replace(context, clone=found.repository)


def find_clone(folder: Path) -> Clone | None:
    """Return the clone that a folder is in, None if it is in none, or in one whose remotes do not tell a repository."""
    place = next((one for one in (folder, *folder.parents) if os.path.lexists(one / ".git")), None)
    if place is None:
        return None
    try:
        remotes = dict(_remotes(_read(_configuration(place / ".git"))))
    except (OSError, ValueError):
        return None
    remote = "origin" if "origin" in remotes else next(iter(remotes), "") if len(remotes) == 1 else ""
    repository = _repository(remotes.get(remote, ""))
    return Clone(repository, remote, place) if repository else None


def _configuration(git: Path) -> Path:
    """Return the file with the remotes. Of a worktree or a submodule, `.git` is a file that says where to look."""
    folder = git
    if not git.is_dir():
        named = _GITDIR.fullmatch(_read(git))
        if named is None:
            raise ValueError("no line `gitdir: `")
        folder = git.parent / named[1]
    shared = folder / "commondir"
    return (folder / _read(shared).strip() if shared.exists() else folder) / "config"


def _read(path: Path) -> str:
    """Return the text of a file of ours; raises OSError or ValueError.

    One of somebody else's is not believed, as git does not: on a shared machine it may lie above our folder.
    """
    # A FIFO would be waited for without the flag.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), encoding="utf-8") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size > _MOST_BYTES:
            raise OSError("not a file of ours, or too long")
        return file.read(_MOST_BYTES)


def _remotes(text: str) -> Iterator[tuple[str, str]]:
    """Yield each remote with its URL, without following includes; raises ValueError for what git cannot read either."""
    known: set[str] = set()
    name: str | None = None
    for line in _lines(text):
        if section := _SECTION.fullmatch(line):
            name, line = _remote_of(section), section[3]
        if not line or line[0] in "#;":
            continue
        setting = _SETTING.fullmatch(line)
        if setting is None:
            raise ValueError("a line that is neither a section nor a setting")
        # git fetches from the first.
        if name is not None and name not in known and setting[1].lower() == "url":
            known.add(name)
            yield name, _value(setting[2] or "")


def _lines(text: str) -> Iterator[str]:
    """Yield each line without white space around it, joined with the next where it ends in a backslash."""
    begun = ""
    for line in text.removeprefix("\ufeff").split("\n"):
        line = begun + line.strip()
        is_comment = line[:1] in ("#", ";")
        if not is_comment and (len(line) - len(line.rstrip("\\"))) % 2:
            begun = line[:-1]
            continue
        begun = ""
        yield line


def _remote_of(section: re.Match[str]) -> str | None:
    """Return the name of the remote that a section is about; the old form `[remote.NAME]` has it in small letters."""
    kind, _, old_name = section[1].lower().partition(".")
    if kind != "remote":
        return None
    return old_name or re.sub(r"\\(.)", r"\1", section[2] or "") or None


def _value(text: str) -> str:
    found = _QUOTED.fullmatch(text) or _BARE.fullmatch(text)
    return found[1].strip() if found else ""


def _repository(url: str) -> str:
    """Return `OWNER/NAME` of a remote's URL, empty if it has another form."""
    found = _URL.fullmatch(url) or ("://" not in url and _SSH.fullmatch(url)) or None
    name = found[1].rstrip("/").removesuffix(".git") if found else ""
    return name if is_repository(name) else ""
