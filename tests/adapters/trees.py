"""A repository with files of every kind, for the tests of writing."""

from __future__ import annotations

from world.git import Repo

PATH = ".github/workflows/build-main.yaml"
CONTENT = b"\xef\xbb\xbfname: build main\r\nenv:\r\n\tX: '\xff\xfe'\r\n  A: 1"
"""A byte order mark, CRLF, bytes that are no UTF-8, and no newline at the end."""


def add_files(repo: Repo, mode: str = "100755") -> str:
    """Commit the workflow file with `mode` beside a script, a link, an empty file and a folder; return the commit."""

    def blob(content: bytes) -> str:
        return repo.git("hash-object", "-w", "--stdin", stdin=content)

    def tree(*rows: str) -> str:
        return repo.git("mktree", stdin="".join(f"{row}\n" for row in rows).encode())

    workflows = tree(
        f"{mode} blob {blob(b'old')}\tbuild-main.yaml",
        f"100644 blob {blob(b'other')}\tbuild-main.yaml.orig",
        f"100644 blob {blob(b'x')}\tother.yaml",
    )
    github = tree(f"040000 tree {workflows}\tworkflows", f"100644 blob {blob(b'')}\tempty")
    root = tree(
        f"040000 tree {github}\t.github",
        f"100755 blob {blob(b'#!/bin/sh')}\trun.sh",
        f"120000 blob {blob(b'run.sh')}\tlink",
        f"100644 blob {blob(b'name')}\tn\u00e4me \u2603.txt",
    )
    parents = ["-p", head] if (head := repo.resolve("refs/heads/master")) else []
    # The emulator knows only whole seconds of UTC, as `Repo.commit` writes them.
    commit = repo.git("commit-tree", root, *parents, "-m", "files")
    repo.branch("master", commit)
    return commit


def rows(repo: Repo, commit: str) -> dict[str, str]:
    """Path to mode and object id, of every file of a commit."""
    listing = repo.git("ls-tree", "-r", "-z", commit).rstrip("\0")
    return {path: entry for entry, _, path in (row.partition("\t") for row in listing.split("\0"))}
