"""What a forge must do for `announce`: tickets, and the lanes of a board. Only GitHub does.

Nothing here is from a memory, and every write can be lost and found again. Writes may raise
WriteRefusedError (a right is missing) and WriteFailedError (it may or may not have happened).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .publishing import PublishingForge

if TYPE_CHECKING:
    from ...domain.evidence import Answer, Answers
    from ...domain.tickets import Author, Comment, Found, Issue


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
