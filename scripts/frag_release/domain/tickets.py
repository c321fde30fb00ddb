"""Tickets: where one is, what it says, and who wrote it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_REPOSITORY, _NUMBER = r"(?P<repository>[\w.-]+/[\w.-]+)", r"(?P<number>[1-9][0-9]{0,9})"
_TICKET = re.compile(rf"(?:(?:{_REPOSITORY}(?:/issues/|#))|#)?{_NUMBER}", re.A)
_ADDRESS = re.compile(rf"https?://(?P<host>[^/\s]+)/{_REPOSITORY}/issues/{_NUMBER}/?(?:[?#]\S*)?", re.A | re.I)


_WORDS = re.compile(r"[\w.-]*\w")
_FILLERS = frozenset(("the", "of", "for", "to", "stack", "version", "production", "prod"))
_VERSION = re.compile(r"\Av(?=[0-9])")


def same_title(one: str, other: str) -> bool:
    """Whether two titles say the same, such as `Release 2023.06.2` and `release: v2023.06.2 (production)`."""
    return _said(one) == _said(other)


def _said(title: str) -> set[str]:
    words = {word.casefold() for word in _WORDS.findall(title)} - _FILLERS
    return {_VERSION.sub("", word) for word in words}


@dataclass(frozen=True)
class Ticket:
    """An issue of a repository."""

    repository: str
    number: int

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"


def parse_ticket(text: str, repository: str, server: str) -> Ticket | None:
    """Read `12`, `#12`, `owner/repo#12`, or an address on `server`; a number alone is of `repository`. None for others.

    An address may be that of a comment.
    """
    if found := _ADDRESS.fullmatch(text):
        host, here = found["host"].lower(), server.partition("://")[2].strip("/").lower()
        is_here = host == here or (host, here) == ("www.github.com", "github.com")
        return Ticket(found["repository"], int(found["number"])) if is_here else None
    found = _TICKET.fullmatch(text)
    return Ticket(found["repository"] or repository, int(found["number"])) if found else None


def may_be_told(ticket: Ticket, stack: str, known: Sequence[str]) -> bool:
    """Whether a ticket that a commit names may be written to: it is of the stack's owner, or of a `known` repository.

    Whoever may push a commit may write its message, and what is told may not be for everybody.
    """
    repository = ticket.repository.lower()
    return repository.partition("/")[0] == stack.partition("/")[0].lower() or repository in map(str.lower, known)


@dataclass(frozen=True)
class Author:
    """Who wrote an issue or a comment. `association` is GitHub's word for what they are to the repository."""

    login: str
    association: str = ""
    is_app: bool = False

    @property
    def belongs(self) -> bool:
        """Whether it is somebody of the repository; apps are not, by GitHub's word."""
        return self.association in ("OWNER", "MEMBER", "COLLABORATOR")


@dataclass(frozen=True)
class Issue:
    """A ticket as it is. `repository` is where it is now: GitHub follows those that were transferred."""

    id: int
    repository: str
    number: int
    url: str
    title: str
    body: str
    is_open: bool
    author: Author
    labels: Sequence[str] = ()
    assignees: Sequence[str] = ()


@dataclass(frozen=True)
class Found:
    """Tickets that were looked for, oldest first; where the list was cut, `among` how many of the newest."""

    issues: Sequence[Issue]
    among: int = 0


@dataclass(frozen=True)
class Comment:
    """A comment on a ticket."""

    id: int
    url: str
    body: str
    author: Author
