"""Who has to review a change of the workflow file: the file CODEOWNERS, as GitHub reads it.

Docs: "About code owners". Of several patterns the last that means a file counts, and one without owners frees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..evidence import Answer, Unknown
from .need import Judgement, hidden, missing, there, unseen, untold
from .protection import BranchGuard, matches

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for it: the first that is there counts."""

_NAME_THEM = (
    "Put a line such as /.github/ @OWNER/release-managers at the end of .github/CODEOWNERS, and switch on Require "
    "review from Code Owners in the ruleset of the stack branch."
)


@dataclass(frozen=True)
class Owners:
    """The file CODEOWNERS at `path`."""

    path: str
    text: str

    def of(self, file: str) -> Sequence[str]:
        """The owners of a file, by its path."""
        found: Sequence[str] = ()
        for line in self.text.splitlines():
            pattern, *names = line.partition("#")[0].split() or [""]
            if pattern and _means(pattern, file):
                found = [name for name in names if "@" in name]
        return found


def judge_owners(workflow_file: str, found: Answer[Owners | None], branch: str, guard: BranchGuard) -> Judgement:
    """Whether owners have to review each change of the workflow file, and of the file that names them."""
    if isinstance(found, Unknown):
        return unseen(found)
    if found is None:
        return missing("There is no file CODEOWNERS: .github/ has no owner, who would have to review it.", _NAME_THEM)
    free = [file for file in (workflow_file, found.path) if not found.of(file)]
    if free:
        return missing(f"{found.path} names no owner of {' and '.join(dict.fromkeys(free))}.", _NAME_THEM)
    return _judge_review(f"{found.path} names owners of {workflow_file}", branch, guard)


def _judge_review(named: str, branch: str, guard: BranchGuard) -> Judgement:
    rules = () if isinstance(guard.rules, Unknown) else [one for one in guard.rules if one.type == "pull_request"]
    if any(one.owners for one in rules):
        return there(f"{named}, and a rule asks for their review on {branch}.")
    if not isinstance(guard.classic, Unknown) and guard.classic and guard.classic.needs_owners:
        return there(f"{named}, and the protection of {branch} asks for their review.")
    if any(one.owners is None for one in rules):
        return untold(f"{named}; whether {branch} needs their review is not shown.", _NAME_THEM)
    for lost in (guard.rules, guard.classic):
        if isinstance(lost, Unknown):
            return hidden(lost)
    return missing(f"{named}, and nothing asks for their review on {branch}.", _NAME_THEM)


def _means(pattern: str, file: str) -> bool:
    """Whether a pattern means a file: below any folder unless it has a slash before its end, and all of a folder."""
    if pattern.startswith("!") or "[" in pattern or "\\" in pattern:
        return False  # not for CODEOWNERS
    body = pattern.strip("/")
    start = "" if "/" in pattern.rstrip("/") else "**/"
    below = matches(f"{start}{body}/*/**", file) and not body.endswith("/*")
    return below or (not pattern.endswith("/") and matches(f"{start}{body}", file))
