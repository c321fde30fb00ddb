"""What a forge must do for `prepare`: small steps, each of which can be lost and found again.

Nothing here is ever forced over somebody else's work: a branch only moves from where it was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ...errors import ExpectedError, UsageError

if TYPE_CHECKING:
    from ...domain.evidence import Answer


class LostRaceError(Exception):
    """The branch is not where it was seen: somebody moved, made or deleted it in between.

    `found` is the commit it is at now, None where there is no such branch or it is not known. An empty `repository` is
    the stack's.
    """

    def __init__(self, branch: str, found: str | None = None, repository: str = "") -> None:
        super().__init__(branch)
        self.branch = branch
        self.found = found
        self.repository = repository


class WriteRefusedError(UsageError):
    """The credentials may not write; the remedy says which right is missing, and where to put it."""


class WriteFailedError(ExpectedError):
    """A write did not happen, or may not have happened. Running again finds out."""


class BurnedNameError(WriteFailedError):
    """A tag's name is refused for ever: an immutable release had it."""


class RuledNameError(WriteRefusedError):
    """A tag's name is refused in the words of a ruleset, which GitHub uses for burned names, too."""


class UnconfirmedError(WriteFailedError):
    """No answer says whether it was done, so it is worth looking."""


@dataclass(frozen=True)
class PullRequest:
    """A pull request within the repository (not from a fork). `owner` is the login of who opened it."""

    number: int
    url: str
    owner: str
    branch: str
    base: str
    title: str
    body: str


class Writer(Protocol):
    """Writes to one repository. Every method may raise WriteRefusedError and WriteFailedError."""

    def create_commit(self, parent: str, path: str, content: bytes, message: str) -> str:
        """Make a commit on top of `parent` that changes the one existing file at `path`, whose mode it keeps.

        No branch moves. Returns the commit's id.
        """

    def create_branch(self, branch: str, commit: str) -> None:
        """Make a branch; raises LostRaceError where there is one of that name."""

    def move_branch(self, branch: str, seen: str, commit: str) -> None:
        """Move a branch forward from `seen` to its descendant `commit`; raises LostRaceError where it is not there."""

    def rebuild_branch(self, branch: str, seen: str, commit: str) -> None:
        """Point our own branch, seen at `seen`, at `commit` whatever their histories; raises LostRaceError."""

    def message_of(self, commit: str) -> Answer[CommitFacts]:
        """Read a commit's message and parents, to recognise our own; GitHub takes the start of its id, too."""

    def changed_files(self, commit: str) -> Answer[Sequence[str]]:
        """The paths, some of them at least, that a commit changes against its one parent.

        A file that is not merely modified (added, renamed, deleted) stands there with that word behind it.
        """

    def pull_requests(self, base: str) -> Answer[Sequence[PullRequest]] | None:
        """All open pull requests into `base` from branches of this repository; None where a forge has none."""

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request; returns the one that is open already where there is one for `branch`."""

    def update_pull_request(self, number: int, title: str, body: str) -> PullRequest:
        """Replace title and body of a pull request."""

    def missing_right(self, path: str) -> str:
        """Say what is known, before anything is written, of why `path` cannot be changed; empty if nothing is.

        GitHub tells only of some tokens what they may do, so an empty answer is no promise.
        """


@dataclass(frozen=True)
class CommitFacts:
    """A commit as it was made. `author` is a login where the forge knows one, else a name; for people."""

    sha: str
    message: str
    parents: Sequence[str]
    author: str
