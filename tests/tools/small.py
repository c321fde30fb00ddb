"""A small action, its bundle, and a repository that holds it: what releases are made of in these tests."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import bundle
from contract.sources import ROOT
from process.bundle import fetched_wheels
from world.git import Repo

FILES = {
    "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-01\n\n- It is faster.\n",
    ".gitattributes": (ROOT / ".gitattributes").read_text("utf-8"),
    "README.md": "Read me.\n",
    "requirements.txt": (ROOT / "requirements.txt").read_text("utf-8"),
    "scripts/__main__.py": "print('started')\n",
    "scripts/frag_release/runner/__init__.py": "",
    "scripts/frag_release/runner/bundle.py": "",
    "scripts/frag_release/__init__.py": '"""Words."""\n\n__version__ = "1.2.3"\n',
}


def build_small(root: Path) -> Path:
    """Write the files of the small action to `root`, and return its bundle."""
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, "utf-8")
    bundle.build(root, root / "built", [sys.executable], fetched_wheels(root / "requirements.txt"))
    return root / "built"


def small_remote(path: Path) -> Repo:
    """A bare repository whose main has two commits, the second of which is to be released."""
    remote = Repo.create(path, bare=True, default_branch="main")
    remote.commit({name: content for name, content in FILES.items() if name != "README.md"}, "first")
    remote.commit(FILES, "Prepare 1.2.3")
    return remote


def plant(repo: Repo, release: str, change: Mapping[str, str | bytes | None], parent: str = "") -> str:
    """A commit as that of a release, on the same parent [or another], with a change that nobody reviewed."""
    changed = repo.commit(
        dict(change), "as if", branch="planted", parents=[repo.git("rev-parse", f"{release}^{{commit}}")]
    )
    tree = repo.git("rev-parse", f"{changed}^{{tree}}")
    return repo.git("commit-tree", tree, "-p", parent or f"{release}^", "-m", "Release")
