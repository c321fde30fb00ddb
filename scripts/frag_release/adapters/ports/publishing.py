"""What a forge must do for `publish` and `announce`: tags, builds, releases, tickets, boards.

Only GitHub does. Nothing here is cached, so that a write whose reply was lost can be detected. Writes may raise
WriteRefusedError (a permission is missing) and WriteFailedError (it may or may not have been done).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ...dataclass import dataclass
from . import Forge

if TYPE_CHECKING:
    from ...domain.builds import Artifact, Build, Job, PendingDeployment
    from ...domain.evidence import Answer, Answers, Approval, Lifetime, Run
    from ...domain.release_record import Asset, Drafts, Release
    from ...domain.review import MergedRequest
    from ...domain.tickets import Author, Comment, Found, Issue


class Publisher(Protocol):
    """Tags commits of one repository, and finds the pull requests that they came with."""

    def tag(self, name: str) -> Answer[str | None]:
        """The commit that a tag points at now, peeled; None if there is no such tag."""

    def create_tag(self, name: str, commit: str) -> bool:
        """Make a tag; raises LostRaceError if it exists at another commit.

        Returns whether this call certainly made it; if not, another run or a user may have made it, and had it built.
        """

    def merged_requests(self, commit: str, named: int | None) -> Answer[Sequence[MergedRequest]]:
        """The merged pull requests, from branches of this repository, that `commit` came with.

        `named` is the number of the one in its message, for a forge that lists it with a delay.
        """


class Builds(Protocol):
    """The CI runs of one repository."""

    def of_commit(self, commit: str, branches: Sequence[str]) -> Answer[Sequence[Run]]:
        """All runs of a commit on one of `branches`, in their latest attempt."""

    def of_tag(self, workflow: str, tag: str, commit: str) -> Answer[Sequence[Build]]:
        """The runs of a workflow file that belong to a tag at a commit.

        First come those that pushes of the tag started: those that failed, those that have not ended, and those that
        passed. Then come those dispatched at the tag. Each group has the newest first.
        """

    def branch_lifetimes(self, name: str) -> Answer[Sequence[Lifetime]]:
        """When a branch of that name existed; `NotOffered` if the forge does not report it."""

    def latest(self, build: Build) -> Answer[Build | None]:
        """The same run as it is now; None if it was deleted."""

    def jobs(self, build: Build) -> Answer[Sequence[Job]]:
        """The jobs of the run's latest attempt, in the order in which they were started."""

    def pending_deployments(self, build: Build) -> Answer[Sequence[PendingDeployment]]:
        """The environments whose rules the run waits for."""

    def approvals(self, run: int) -> Answer[Sequence[Approval]]:
        """Who approved the run of that number, in GitHub's order."""

    def unfinished(self, workflow: str) -> Answer[Sequence[Build]]:
        """The runs of a workflow file that are in progress or wait for an approval, oldest first."""

    def artifacts(self, build: Build) -> Answer[Sequence[Artifact]]:
        """The artifacts of all attempts of the run; nothing is downloaded."""

    def past(self, workflow: str, limit: int) -> Answer[Sequence[Sequence[Job]]]:
        """The jobs of the last `limit` runs that passed, preferring those of releases."""

    def start(self, workflow: str, tag: str) -> None:
        """Start a workflow at a tag (the event `workflow_dispatch`)."""


class Releases(Protocol):
    """The releases of one repository."""

    def public(self, tag: str) -> Answer[Release | None]:
        """The public release of a tag."""

    def drafts(self, tag: str) -> Answer[Drafts]:
        """The drafts of a tag that could be found; GitHub allows several for one tag."""

    def create_with_notes(self, tag: str) -> Release:
        """Make a public release for an existing tag, with generated notes; returns an existing release as it is."""

    def create_draft(self, tag: str, title: str, body: str) -> Release:
        """Make a draft for an existing tag."""

    def update(self, release: Release, title: str, body: str) -> Release:
        """Replace title and body."""

    def upload(self, release: Release, name: str, content: bytes) -> Asset:
        """Add a JSON file to a draft."""

    def delete(self, release: Release, asset: Asset) -> None:
        """Remove a file from a draft."""

    def publish(self, release: Release, latest: bool) -> Release:
        """Make a draft public, as the latest release or not."""


class PublishingForge(Forge, Protocol):
    """A forge that can also publish."""

    def publisher(self, name: str) -> Publisher:
        """The publisher for the repository `OWNER/NAME`; sends no request yet."""

    def builds(self, name: str) -> Builds:
        """The CI runs of a repository; sends no request yet."""

    def releases(self, name: str) -> Releases:
        """The releases of a repository; sends no request yet."""


class Tickets(Protocol):
    """The tickets of one repository."""

    @property
    def name(self) -> str:
        """`OWNER/NAME`."""

    def is_private(self) -> Answer[bool]:
        """Whether read access is restricted."""

    def titles(self, numbers: Collection[int]) -> Mapping[int, Answer[str | None]]:
        """The title of each ticket; None if there is none, or the token may not see it."""

    def of_release(self, title: str, has_our_part: Callable[[str], bool]) -> Answer[Found]:
        """All tickets with the same title or with our part; open and closed, oldest first."""

    def issue(self, number: int) -> Answer[Issue]:
        """A ticket, or a pull request, by its number."""

    def may_be_ours(self, author: Author) -> bool:
        """Whether the author can be the token's owner or a workflow of the repository."""

    def create(self, title: str, body: str, labels: Sequence[str]) -> Issue:
        """Open a ticket. Labels that the token may not set are silently dropped."""

    def rewrite(self, issue: Issue, body: str) -> Issue:
        """Replace the body."""

    def close_duplicate(self, issue: Issue, of: Issue, body: str) -> None:
        """Close an issue as a duplicate `of` another one, and replace its body."""

    def comments(self, number: int) -> Answer[Sequence[Comment]]:
        """All comments on a ticket, oldest first."""

    def add_comment(self, number: int, body: str) -> Comment:
        """Write a comment."""

    def rewrite_comment(self, comment: Comment, body: str) -> Comment:
        """Replace the text of a comment."""

    def delete_comment(self, comment: Comment, number: int) -> None:
        """Delete a duplicate comment on that ticket."""

    def labels(self) -> Answer[Sequence[str]]:
        """The labels that the repository has."""

    def create_label(self, name: str) -> None:
        """Make a label."""

    def add_labels(self, number: int, labels: Sequence[str]) -> Sequence[str]:
        """Add labels to a ticket; returns all its labels."""

    def assignable(self, logins: Sequence[str]) -> Answers[bool]:
        """Whether each can be assigned here."""

    def assign(self, number: int, logins: Sequence[str]) -> Sequence[str]:
        """Assign at most ten people; returns all assignees."""


@dataclass(frozen=True)
class BoardStatus:
    """An option of a board's field, by its current ids."""

    field_id: int
    field: str
    option_id: str
    option: str


@dataclass(frozen=True)
class Card:
    """An issue on a board; `option_id` is its option of the requested field."""

    id: int
    option_id: str


class Board(Protocol):
    """A board of projects, `orgs/NAME/projects/NUMBER` or of a user."""

    @property
    def name(self) -> str:
        """The board's name, as it is in the input."""

    def status(self, field: str, option: str) -> Answer[BoardStatus]:
        """The lane by its names, ignoring case; the `Unknown` lists the existing ones."""

    def card(self, issue: Issue, status: BoardStatus) -> Answer[Card | None]:
        """The issue's card; None if it is not on the board."""

    def add(self, issue: Issue) -> Card:
        """Add an issue to the board, without a lane."""

    def move(self, card: Card, status: BoardStatus) -> None:
        """Put a card into a lane."""

    def remove(self, card: Card) -> None:
        """Take a card off the board."""


class AnnouncingForge(PublishingForge, Protocol):
    """A forge that can also announce."""

    def tickets(self, name: str) -> Tickets:
        """The tickets of the repository `OWNER/NAME`, as the ticket's token sees them; sends no request yet."""

    def board(self, project: str) -> Board:
        """A board, as the ticket's token sees it; sends no request yet."""
