"""How the commits of a clone hang together."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ..domain.evidence import Answer, Unknown
from .git_process import Git


@dataclass(frozen=True)
class History:
    """Commits with their parents, and when each was committed, in seconds since 1970 (UTC)."""

    parents: Mapping[str, Sequence[str]]
    seconds: Mapping[str, int]

    def committed(self, commit: str) -> datetime.datetime | None:
        """Return when `commit` was committed; None for a date that no calendar has."""
        try:
            return datetime.datetime.fromtimestamp(self.seconds[commit], datetime.timezone.utc)
        except (ValueError, OverflowError, OSError):
            return None

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
    """Return `commits` with all their ancestors; those that the clone lacks are left out."""
    # Everything in one process: asking git about each pair of commit and branch would take one each.
    output = git.ask(
        "rev-list",
        "--parents",
        "--timestamp",
        "--ignore-missing",
        "--stdin",
        lines=[commit.encode() for commit in sorted(set(commits))],
    )
    if isinstance(output, Unknown):
        return output
    rows = [line.split(" ") for line in output.decode("ascii").splitlines()]
    return History({row[1]: row[2:] for row in rows}, {row[1]: int(row[0]) for row in rows})
