"""Clones for the tests of the local forge, and a git on the PATH that keeps a diary."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from frag_release.adapters.git import LocalForge
from frag_release.adapters.http.retry import Deadline
from frag_release.adapters.ports import Repository
from frag_release.domain.evidence import Unknown
from world.git import Repo, run_git

NAME = "org/stack"


@dataclass(frozen=True)
class Desk:
    """A folder for clones, and the environment that git is run in."""

    root: Path

    @property
    def folder(self) -> Path:
        """Where the clones lie."""
        return self.root / "clones"

    @property
    def diary(self) -> Path:
        """What `watched_path` has written."""
        return self.root / "diary"

    def forge(self, seconds: float = 60, **environment: str) -> LocalForge:
        """The forge under test; `environment` adds to PATH and an empty HOME."""
        given = {"PATH": os.environ["PATH"], "HOME": str(self.root), **environment}
        return LocalForge(self.folder, Deadline(seconds), given)

    def repository(self, seconds: float = 60, **environment: str) -> Repository:
        """The repository `org/stack` of that forge."""
        return self.forge(seconds, **environment).repository(NAME)

    def create(self, place: str = "stack", bare: bool = False) -> Repo:
        """An empty repository among the clones."""
        return Repo.create(self.folder / place, bare=bare)

    def origin(self) -> Repo:
        """An empty repository elsewhere, to be cloned."""
        return Repo.create(self.root / "origin")

    def clone(self, origin: Repo, *options: str) -> Repo:
        """`git clone OPTIONS` of `origin`, over a transport that honours all of them."""
        run_git(["clone", "--quiet", *options, f"file://{origin.path}", str(self.folder / "stack")])
        return Repo(self.folder / "stack")

    def path_with(self, script: str) -> str:
        """A PATH on which `git` is a shell script; `$REAL` in it is the real one."""
        folder = self.root / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "git"
        program.write_text(f"#!/bin/sh\nREAL={shlex.quote(real_git())}\n{script}\n")
        program.chmod(0o755)
        return f"{folder}{os.pathsep}{os.environ['PATH']}"

    def watched_path(self) -> str:
        """A PATH on which each git process leaves one line in the diary."""
        return self.path_with(f'echo "$@" >> {shlex.quote(str(self.diary))}; exec "$REAL" "$@"')

    def processes(self) -> int:
        """How many git processes were started since the last time this was asked."""
        lines = self.diary.read_text().splitlines() if self.diary.exists() else []
        self.diary.unlink(missing_ok=True)
        return len(lines)


def real_git() -> str:
    """The git of this machine."""
    found = shutil.which("git")
    assert found
    return found


def unknown(answer: object) -> Unknown:
    """`answer`, which must be an Unknown with a reason and a remedy."""
    assert isinstance(answer, Unknown), answer
    assert answer.reason and answer.remedy
    return answer


def all_answers(repository: Repository, commit: str = "1" * 40) -> Sequence[object]:
    """One answer to each question that a repository can be asked."""
    return [
        repository.default_branch(),
        repository.tags(["2023.06.1"])["2023.06.1"],
        repository.tags_starting([""]),
        repository.branches(["master"])["master"],
        repository.placements([commit], ["master"])[commit],
        repository.files("workflow.yaml", [commit])[commit],
        repository.log("master", 5),
    ]
