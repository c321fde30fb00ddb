"""What a forge must do for `publish` and `announce`: tags, builds, releases, tickets, lanes.

Only GitHub does it.

Nothing here is from a memory, and every write can be lost and found again. Writes may raise
WriteRefusedError (a right is missing) and WriteFailedError (it may or may not have happened).
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
    """Tags commits of one repository, and knows how they came about."""

    def tag(self, name: str) -> Answer[str | None]:
        """The commit that a tag points at now, peeled; None where there is no such tag."""

    def create_tag(self, name: str, commit: str) -> bool:
        """Make a tag; raises LostRaceError where there is one of that name at another commit.

        Returns whether this call made it for sure; else somebody may have, and had it built.
        """

    def merged_requests(self, commit: str, named: int | None) -> Answer[Sequence[MergedRequest]]:
        """The merged pull requests, from branches of this repository, that `commit` came with.

        `named` is the number of the one that its message names, for a forge that lists it late.
        """


class Builds(Protocol):
    """What CI does in one repository."""

    def of_commit(self, commit: str, branches: Sequence[str]) -> Answer[Sequence[Run]]:
        """All runs of a commit on one of `branches`, in their latest attempt."""

    def of_tag(self, workflow: str, tag: str, commit: str) -> Answer[Sequence[Build]]:
        """The runs of a workflow file that belong to a tag at a commit.

        Those are what pushes of the tag have started: those that failed, those that have not ended, and the newest
        that passed. Behind them stands what was dispatched at it, the newest first.
        """

    def branch_lifetimes(self, name: str) -> Answer[Sequence[Lifetime]]:
        """When a branch of that name existed; `NotOffered` where the place does not tell."""

    def latest(self, build: Build) -> Answer[Build | None]:
        """The same run as it is now; None where somebody has deleted it."""

    def jobs(self, build: Build) -> Answer[Sequence[Job]]:
        """The jobs of its latest attempt, in the order in which they were started."""

    def pending_deployments(self, build: Build) -> Answer[Sequence[PendingDeployment]]:
        """The environments whose rules it waits for."""

    def approvals(self, run: int) -> Answer[Sequence[Approval]]:
        """Who approved the run of that number, in the order of GitHub."""

    def unfinished(self, workflow: str) -> Answer[Sequence[Build]]:
        """The runs of a workflow file that are in progress, or wait for an approval; the oldest first."""

    def artifacts(self, build: Build) -> Answer[Sequence[Artifact]]:
        """What all its attempts have uploaded, by name; nothing is downloaded."""

    def past(self, workflow: str, limit: int) -> Answer[Sequence[Sequence[Job]]]:
        """The jobs of the last `limit` runs that passed, those of releases first."""

    def start(self, workflow: str, tag: str) -> None:
        """Start a workflow at a tag (the event `workflow_dispatch`)."""


class Releases(Protocol):
    """The releases of one repository."""

    def public(self, tag: str) -> Answer[Release | None]:
        """The public release of a tag."""

    def drafts(self, tag: str) -> Answer[Drafts]:
        """The drafts of a tag that are found; GitHub lets several name one tag."""

    def create_with_notes(self, tag: str) -> Release:
        """Make a public release for an existing tag, with the notes that the forge makes of its commits.

        Returns the one that is there where somebody has made one meanwhile.
        """

    def create_draft(self, tag: str, title: str, body: str) -> Release:
        """Make a draft for an existing tag."""

    def update(self, release: Release, title: str, body: str) -> Release:
        """Replace title and body."""

    def upload(self, release: Release, name: str, content: bytes) -> Asset:
        """Add a JSON file to a draft."""

    def delete(self, release: Release, asset: Asset) -> None:
        """Remove a file from a draft."""

    def publish(self, release: Release) -> Release:
        """Make a draft public, as the latest release."""


class PublishingForge(Forge, Protocol):
    """A forge that can also publish."""

    def publisher(self, name: str) -> Publisher:
        """What tags commits of the repository `OWNER/NAME`; asks nothing yet."""

    def builds(self, name: str) -> Builds:
        """What CI does in a repository; asks nothing yet."""

    def releases(self, name: str) -> Releases:
        """The releases of a repository; asks nothing yet."""


class Tickets(Protocol):
    """The tickets of one repository."""

    @property
    def name(self) -> str:
        """`OWNER/NAME`."""

    def is_private(self) -> Answer[bool]:
        """Whether not everybody may see them."""

    def titles(self, numbers: Collection[int]) -> Mapping[int, Answer[str | None]]:
        """The title of each ticket; None where there is none, or the token may not see it."""

    def of_release(self, title: str, has_our_part: Callable[[str], bool]) -> Answer[Found]:
        """All tickets whose title says the same, or with our part; open and closed, oldest first."""

    def issue(self, number: int) -> Answer[Issue]:
        """A ticket, or a pull request, by its number."""

    def may_be_ours(self, author: Author) -> bool:
        """Whether the token, or a workflow of the repository, can be what has written something."""

    def create(self, title: str, body: str, labels: Sequence[str]) -> Issue:
        """Open a ticket. Labels that the token may not set are dropped without a word."""

    def rewrite(self, issue: Issue, body: str) -> Issue:
        """Replace the body."""

    def close_duplicate(self, issue: Issue, of: Issue, body: str) -> None:
        """Close an issue as a duplicate `of` another one, with a body that says so."""

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
        """Put labels on a ticket; returns all that it has then."""

    def assignable(self, logins: Sequence[str]) -> Answers[bool]:
        """Whether each can be assigned here."""

    def assign(self, number: int, logins: Sequence[str]) -> Sequence[str]:
        """Assign people, at most ten; returns all who are assigned then."""


@dataclass(frozen=True)
class Lane:
    """An option of a board's field, by the ids that it has just now."""

    field_id: int
    field: str
    option_id: str
    option: str


@dataclass(frozen=True)
class Card:
    """An issue on a board; `option_id` is the one it has of the field that was asked about."""

    id: int
    option_id: str


class Board(Protocol):
    """A board of projects, `orgs/NAME/projects/NUMBER` or of a user."""

    @property
    def name(self) -> str:
        """The board's name, as it was given."""

    def lane(self, field: str, option: str) -> Answer[Lane]:
        """The lane by its names, whatever their case; `Unknown` says which ones there are."""

    def card(self, issue: Issue, lane: Lane) -> Answer[Card | None]:
        """The issue's card; None where it is not on the board."""

    def add(self, issue: Issue) -> Card:
        """Put an issue on the board, in no lane."""

    def move(self, card: Card, lane: Lane) -> None:
        """Put a card into a lane."""

    def remove(self, card: Card) -> None:
        """Take a card off the board."""


class AnnouncingForge(PublishingForge, Protocol):
    """A forge that can also tell people."""

    def tickets(self, name: str) -> Tickets:
        """The tickets of the repository `OWNER/NAME`, as the ticket's token sees them; asks nothing yet."""

    def board(self, project: str) -> Board:
        """A board, as the ticket's token sees it; asks nothing yet."""
