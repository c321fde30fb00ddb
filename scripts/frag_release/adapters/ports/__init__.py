"""What every forge must answer, and what it must do for `prepare`."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ...dataclass import dataclass
from ...errors import ExpectedError, UsageError

if TYPE_CHECKING:
    from ...domain.builds import Build, Job
    from ...domain.changes import History
    from ...domain.deployment_records import Filed, Listed
    from ...domain.evidence import Answer, Answers, Blob, Lifetime, Placement, Run, Workflow
    from ...domain.facts import PublicRelease, Released
    from ...domain.release_record import ReleaseRecord
    from ...domain.tickets import Issue


class LostRaceError(Exception):
    """The branch was moved, created or deleted since it was read.

    `found` is the commit that it is at now, None if it does not exist or could not be read. An empty `repository` is
    the stack's.
    """

    def __init__(self, branch: str, found: str | None = None, repository: str = "") -> None:
        super().__init__(branch)
        self.branch = branch
        self.found = found
        self.repository = repository


class WriteRefusedError(UsageError):
    """The credentials may not write; the remedy names the missing permission, and where to set it."""


class WriteFailedError(ExpectedError):
    """A write failed, or its outcome is unknown. Another run detects what exists."""


class BurnedNameError(WriteFailedError):
    """A tag's name is permanently refused: an immutable release had it."""


class RuledNameError(WriteRefusedError):
    """A tag's name is refused in the words of a ruleset, which GitHub also uses for burned names."""


class UnconfirmedError(WriteFailedError):
    """The outcome of a write is unknown, so check what exists."""


@dataclass(frozen=True)
class PullRequest:
    """A pull request within the repository (not from a fork). `owner` is the login of its author."""

    number: int
    url: str
    owner: str
    branch: str
    base: str
    title: str
    body: str


class Writer(Protocol):
    """Writes to one repository. Any write may raise WriteRefusedError or WriteFailedError."""

    def create_commit(self, parent: str, path: str, content: bytes, message: str) -> str:
        """Make a commit on `parent` that changes the one existing file at `path` and keeps its mode.

        No branch moves. Returns the commit's id.
        """

    def create_branch(self, branch: str, commit: str) -> None:
        """Make a branch; raises LostRaceError if it exists already."""

    def move_branch(self, branch: str, seen: str, commit: str) -> None:
        """Move a branch forward from `seen` to its descendant `commit`; raises LostRaceError if it is not at `seen`."""

    def rebuild_branch(self, branch: str, seen: str, commit: str) -> None:
        """Move our own branch from `seen` to any `commit`; raises LostRaceError if it is not at `seen`."""

    def message_of(self, commit: str) -> Answer[CommitFacts]:
        """Read a commit, to recognise our own. GitHub also accepts an abbreviated id."""

    def changed_files(self, commit: str) -> Answer[Sequence[str]]:
        """At least some of the paths that a commit changes against its one parent.

        A file that is not merely modified (added, renamed, deleted) is followed by that word.
        """

    def pull_requests(self, base: str) -> Answer[Sequence[PullRequest]] | None:
        """All open pull requests into `base` from branches of this repository; None if the forge has none."""

    def open_pull_request(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request, or return the one that is already open for `branch`."""

    def update_pull_request(self, number: int, title: str, body: str) -> PullRequest:
        """Replace title and body of a pull request."""

    def missing_right(self, path: str) -> str:
        """Return why `path` cannot be changed, if that is known before anything is written; else an empty text.

        GitHub reports the permissions of some tokens only, so an empty text guarantees nothing.
        """


@dataclass(frozen=True)
class CommitFacts:
    """A commit. `author` is a login if the forge knows one, else a name; for display only."""

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
        """Whether read access is restricted; never for a clone, which hides nothing from its owner."""

    def tags(self, names: Collection[str]) -> Answers[str | None]:
        """The commit of each tag, peeled; None if there is no tag of exactly that name.

        A tag of something other than a commit is a `WrongKind`.
        """

    def tag_objects(self, names: Collection[str]) -> Answers[str | None]:
        """The id of each annotated tag's own object; None for a lightweight tag, or if there is no such tag."""

    def tag_dates(self, names: Collection[str]) -> Answers[datetime.datetime | None]:
        """When each tag was made: the date of an annotated tag, else that of its commit.

        None if there is no such tag, or no valid date.
        """

    def tags_starting(self, prefixes: Collection[str]) -> Answer[Sequence[str]]:
        """The names of all tags that start with one of `prefixes` (`""` for every tag), each once.

        `TooLong` if there are more than can be listed.
        """

    def branches(self, names: Collection[str]) -> Answers[str | None]:
        """The head commit of each branch; None if there is no branch of exactly that name."""

    def placements(self, commits: Collection[str], branches: Sequence[str]) -> Answers[Placement]:
        """Which of `branches` contain each commit. `Unknown` if none of the branches exists."""

    def files(self, path: str, commits: Collection[str]) -> Answers[Blob | None]:
        """The file at `path` in each commit; None if the commit has no such file.

        A clone returns a `WrongKind` for a folder or a link in its place.
        """

    def current_file(self, path: str) -> Answer[Blob | None]:
        """The file at `path` on the default branch; None if there is none."""

    def log(self, branch: str, limit: int) -> Answer[Sequence[str]]:
        """The newest `limit` (at most 100) commits of a branch, newest first."""

    def branches_starting(self, prefix: str) -> Answer[Sequence[str]]:
        """The names of all branches that start with `prefix`."""

    def history(self, old: str, new: str) -> Answer[History]:
        """The commits between two commits: those only `new` has, and those only `old` has, newest first.

        All of them, else an `Unknown`: if there are too many to read, or the two share no history.
        """


class RunHistory(Protocol):
    """The CI runs for the tags of a repository."""

    def tag_runs(self, repository: str, tags: Collection[str]) -> Answers[Sequence[Run]]:
        """All runs at refs of each name in the repository itself, in their latest attempt, for any commit and event.

        Those of pull requests are excluded: they build another ref, and anyone may choose the name of their branch.
        """

    def branch_lifetimes(self, repository: str, names: Collection[str]) -> Answers[Sequence[Lifetime]]:
        """When a branch of each name existed; `NotOffered` if the forge does not report it."""

    def workflows(self, repository: str) -> Answer[Sequence[Workflow]]:
        """All workflows of the repository, with the names in their files."""


class DeploymentRecords(Protocol):
    """The deployment records of one repository, and the runs that reported them; never cached."""

    def newest(self, environment: str = "", task: str = "") -> Answer[Sequence[Filed]]:
        """The newest records, without their statuses, newest first."""

    def listed(self, pages: int, environment: str = "", task: str = "") -> Answer[Listed]:
        """The same of so many pages."""

    def with_statuses(self, filed: Filed, /) -> Answer[Filed]:
        """The same record with its newest statuses."""

    def run(self, number: int, /) -> Answer[Build | None]:
        """A run of this repository; None if there is none of that number."""

    def jobs(self, number: int, /) -> Answer[Sequence[Job]]:
        """The jobs of all attempts of a run."""


class Forge(Protocol):
    """A host of repositories."""

    def read_with_component_token(self, names: Collection[str]) -> None:
        """Use the components' own token, if there is one, for these repositories."""

    @property
    def runs(self) -> RunHistory:
        """The CI runs."""

    def repository(self, name: str) -> Repository:
        """The repository `OWNER/NAME`; sends no request yet."""

    def writer(self, name: str) -> Writer:
        """The writer for the repository `OWNER/NAME`; sends no request yet."""

    def deployments(self, name: str) -> DeploymentRecords | None:
        """The deployment records of a repository; None if the forge has none. Sends no request yet."""

    def release_record(self, repository: str, tag: str) -> Answer[ReleaseRecord | None]:
        """The record that `publish` left with the release of `tag`; None if there is no release, or no record."""

    def release_records(self, repository: str, tags: Collection[str]) -> Answer[Mapping[str, Answer[ReleaseRecord]]]:
        """The record of each release that has one from `publish`, by the release's tag.

        If there are more releases than can be listed, those of `tags` are included all the same.
        """

    def released(self, repository: str) -> Answer[Released]:
        """The tags among the newest releases that have a record from `publish`."""

    def rolled_back(self, repository: str) -> Answer[bool]:
        """Whether any rollback has left a deployment record."""

    def public_release(self, repository: str, tag: str) -> Answer[PublicRelease | None]:
        """The public release of a tag; None if there is none, `NotOffered` if the forge has no releases."""

    def issue(self, repository: str, number: int) -> Answer[Issue]:
        """An issue or a pull request, as the ticket's token sees it; a transferred one as it is now."""
