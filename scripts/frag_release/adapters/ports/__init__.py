"""What a forge must answer, whichever it is, and what it must do for `prepare`."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ...dataclass import dataclass
from ...errors import ExpectedError, UsageError

if TYPE_CHECKING:
    from ...domain.builds import Build, Job
    from ...domain.changes import History
    from ...domain.deployment_records import Filed
    from ...domain.evidence import Answer, Answers, Blob, Lifetime, Placement, Run, Workflow
    from ...domain.facts import PublicRelease, Released
    from ...domain.release_record import ReleaseRecord
    from ...domain.tickets import Issue


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


class Repository(Protocol):
    """One repository, read only. Commits are full hexadecimal object ids."""

    @property
    def name(self) -> str:
        """`OWNER/NAME`."""

    def default_branch(self) -> Answer[str]:
        """The branch that is checked out by default."""

    def is_private(self) -> Answer[bool]:
        """Whether not everybody may read it. A clone is read by whoever has it, and keeps nothing from them."""

    def tags(self, names: Collection[str]) -> Answers[str | None]:
        """The commit of each tag, peeled; None where there is no tag of exactly that name.

        A tag of something other than a commit is a `WrongKind`.
        """

    def tag_objects(self, names: Collection[str]) -> Answers[str | None]:
        """The id of each annotated tag's own object; None where the tag has none, or there is no such tag."""

    def tag_dates(self, names: Collection[str]) -> Answers[datetime.datetime | None]:
        """When each tag was made: the date that an annotated tag bears, else that of its commit.

        None where there is no such tag, or it bears no date that a calendar has.
        """

    def tags_starting(self, prefixes: Collection[str]) -> Answer[Sequence[str]]:
        """The names of all tags that start with one of `prefixes` (`""` for every tag), each once.

        `TooLong` where there are more than are listed.
        """

    def branches(self, names: Collection[str]) -> Answers[str | None]:
        """The head commit of each branch; None where there is no branch of exactly that name."""

    def placements(self, commits: Collection[str], branches: Sequence[str]) -> Answers[Placement]:
        """Which of `branches` contain each commit. `Unknown` where none of the branches exists."""

    def files(self, path: str, commits: Collection[str]) -> Answers[Blob | None]:
        """The file at `path` in each commit; None where the commit has no such file.

        A clone says of a folder or a link in its place that it is a `WrongKind`.
        """

    def current_file(self, path: str) -> Answer[Blob | None]:
        """The file at `path` on the default branch; None if that has none."""

    def log(self, branch: str, limit: int) -> Answer[Sequence[str]]:
        """The newest `limit` (at most 100) commits of a branch, newest first."""

    def branches_starting(self, prefix: str) -> Answer[Sequence[str]]:
        """The names of all branches that start with `prefix`."""

    def history(self, old: str, new: str) -> Answer[History]:
        """The commits between two commits: those only `new` has, and those only `old` has, newest first.

        All of them, however many; an `Unknown` where the two share no history.
        """


class RunHistory(Protocol):
    """What CI did for the tags of a repository."""

    def tag_runs(self, repository: str, tags: Collection[str]) -> Answers[Sequence[Run]]:
        """All runs at refs of each name in the repository itself, in their latest attempt, for any commit and event.

        Those of pull requests are none of them: they build another ref, and a stranger names their branch.
        """

    def branch_lifetimes(self, repository: str, names: Collection[str]) -> Answers[Sequence[Lifetime]]:
        """When a branch of each name existed; `NotOffered` where the place does not tell."""

    def workflows(self, repository: str) -> Answer[Sequence[Workflow]]:
        """All workflows of the repository, with their real names."""


class DeploymentRecords(Protocol):
    """The deployment records of one repository, and the runs that told of them; never from a memory."""

    def newest(self, environment: str = "", task: str = "") -> Answer[Sequence[Filed]]:
        """The newest records, without their statuses, newest first."""

    def with_statuses(self, filed: Filed, /) -> Answer[Filed]:
        """The same record with its newest statuses."""

    def run(self, number: int, /) -> Answer[Build | None]:
        """A run of this repository; None where there is none of that number."""

    def jobs(self, number: int, /) -> Answer[Sequence[Job]]:
        """The jobs of all attempts of a run."""


class Forge(Protocol):
    """Where repositories live."""

    def read_with_component_token(self, names: Collection[str]) -> None:
        """Use the components' own token, if there is one, for these repositories."""

    @property
    def runs(self) -> RunHistory:
        """What CI did."""

    def repository(self, name: str) -> Repository:
        """The repository `OWNER/NAME`; asks nothing yet."""

    def writer(self, name: str) -> Writer:
        """What writes to the repository `OWNER/NAME`; asks nothing yet."""

    def deployments(self, name: str) -> DeploymentRecords | None:
        """The deployment records of a repository; None where the forge has none. Asks nothing yet."""

    def release_record(self, repository: str, tag: str) -> Answer[ReleaseRecord | None]:
        """What `publish` left with the release of `tag`; None where there is no release, or it left nothing."""

    def release_records(self, repository: str, tags: Collection[str]) -> Answer[Mapping[str, Answer[ReleaseRecord]]]:
        """What `publish` left with each release that it left something with, by the release's tag.

        Where there are more releases than are listed, those of `tags` are in it all the same.
        """

    def released(self, repository: str) -> Answer[Released]:
        """The tags among the newest releases that `publish` left something with."""

    def rolled_back(self, repository: str) -> Answer[bool]:
        """Whether any rollback has left a deployment record."""

    def public_release(self, repository: str, tag: str) -> Answer[PublicRelease | None]:
        """The public release of a tag; None where there is none, `NotOffered` where the forge has no releases."""

    def issue(self, repository: str, number: int) -> Answer[Issue]:
        """An issue or a pull request; of one that was transferred, what it is now. The ticket's token reads it."""
