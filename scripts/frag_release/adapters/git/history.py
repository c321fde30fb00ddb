"""How the commits of a clone hang together, and what they say."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ...domain import changes
from ...domain.evidence import Answer, Unknown
from ..ports.writer import CommitFacts
from .objects import contents_of, damaged, date_of, missing
from .process import Git


@dataclass(frozen=True)
class History:
    """Commits with their parents, and when those asked about were committed (UTC, None if no calendar has the date)."""

    parents: Mapping[str, Sequence[str]]
    committed: Mapping[str, datetime.datetime | None]

    def reached_from(self, head: str) -> Collection[str]:
        """Return `head` and all its ancestors."""
        reached: set[str] = set()
        waiting = [head]
        while waiting:
            commit = waiting.pop()
            if commit not in reached:
                reached.add(commit)
                waiting.extend(self.parents.get(commit, ()))
        return reached


def read_history(git: Git, commits: Collection[str]) -> Answer[History]:
    """Return `commits`, with their dates, and all their ancestors; those that the clone lacks are left out."""
    # Everything in two processes: asking git about each pair of commit and branch would take one each.
    asked = set(commits)
    lines = [commit.encode() for commit in sorted(asked)]
    output = git.ask("rev-list", "--parents", "--ignore-missing", "--stdin", lines=lines)
    if isinstance(output, Unknown):
        return output
    rows = (line.split(" ") for line in output.decode("ascii").splitlines())
    parents = {commit: told for commit, *told in rows}
    dates = dict[str, datetime.datetime | None]()
    for commit, content in contents_of(git, parents).items():
        if isinstance(content, Unknown):
            return content
        # A shallow clone cuts some commits off from their parents; nothing else may say otherwise than the commit.
        if parents[commit] and not _has_parents(content, parents[commit]):
            return damaged(git, commit)
        if commit in asked:
            dates[commit] = date_of(content)
    return History(parents, dates)


def _has_parents(content: bytes, parents: Sequence[str]) -> bool:
    lines = b"".join(b"parent %s\n" % parent.encode() for parent in parents)
    start = content.find(b"\n") + 1
    return content.startswith(lines, start) and not content.startswith(b"parent ", start + len(lines))


def read_changes(git: Git, old: str, new: str) -> Answer[changes.History]:
    """Return what `new` has and `old` has not, and the reverse, newest first, in one process.

    Both are full commit ids. `Unknown` where they share no history, or the clone lacks one.
    """
    if old == new:
        return changes.History()
    rows = _told(git, f"{old}...{new}", "%m%H", "%B", options=("--left-right", "--boundary", "--date-order"))
    if isinstance(rows, Unknown):
        return rows
    sides: dict[str, list[changes.Commit]] = {"<": [], ">": [], "-": []}
    for marked, message in rows:
        sides[marked[0]].append(changes.Commit(marked[1:], message.rstrip("\n")))
    # The boundary is where the two went apart.
    if not sides["-"]:
        return Unknown(f"{old[:12]} and {new[:12]} in {git.clone} share no history", "Compare their files instead.")
    return changes.History(sides[">"], sides["<"])


def read_facts(git: Git, commit: str) -> Answer[CommitFacts]:
    """Return what a commit, given by its full id, says of itself."""
    rows = _told(git, commit, "%H", "%P", "%an", "%B", options=("--no-walk",))
    if isinstance(rows, Unknown):
        return rows
    if not rows:
        return missing(git, f"the commit {commit}")
    sha, parents, author, message = rows[0]
    return CommitFacts(sha, message.rstrip("\n"), parents.split(), author)


def _told(git: Git, range_: str, *fields: str, options: Sequence[str]) -> Answer[list[list[str]]]:
    """Return the fields (placeholders of git's pretty formats) of each commit of a range."""
    # Not `git log`, which starts a program to check signatures where the clone's configuration says so.
    row = "%x00".join(("", *fields, ""))
    output = git.ask("rev-list", *options, "--encoding=UTF-8", f"--format={row}", "--stdin", lines=[range_.encode()])
    if isinstance(output, Unknown):
        return output
    # Each is a line `commit ID`, and the fields with a NUL before and after each of them.
    parts = output.decode("utf-8", "replace").split("\0")
    width = len(fields) + 1
    return [parts[start : start + len(fields)] for start in range(1, len(parts) - 1, width)]
