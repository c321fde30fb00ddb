"""What changed in a component between two pins: commits, and the tickets and pull requests they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..dataclass import dataclass

_NUMBER = r"([1-9][0-9]{0,5})"
# GitHub adds `(#447)`, the pull request, to the subject of a squash merge. A revert quotes such a subject and
# gets one of its own: `Revert "Fix it (#447)" (#448)`.
_SQUASH_MERGE = re.compile(
    r"\(#([1-9][0-9]{0,5})\)(?=[\"'”]{0,2}(?:[ \t]{0,4}\(#[1-9][0-9]{0,5}\)){0,4}[ \t\r]{0,8}$)", re.M
)
_MERGE = re.compile(r"^[ \t]{0,8}Merge pull request #([1-9][0-9]{0,5})\b", re.M)
# Not after a letter, a slash or `&`: `owner/repo#1` belongs elsewhere and `&#39;` is a quote in HTML.
_TICKET = re.compile(rf"(?<![\w/&#])#{_NUMBER}(?![\w#])")
# Addresses of issues, pull requests and pages of all kinds; only the address shows which it is.
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"'`]+", re.I)
_TICKET_BRANCH = re.compile(rf"\bm2ms-{_NUMBER}(?![0-9])", re.I)


@dataclass(frozen=True)
class Commit:
    """A commit with its whole message."""

    sha: str
    message: str


@dataclass(frozen=True)
class TicketHome:
    """Where the tickets are: the address of the server, such as `https://github.com`, and `OWNER/NAME` on it."""

    server: str = ""
    repository: str = ""

    def in_short(self, message: str) -> str:
        """Return a message with ` #N ` for each ticket that it names by its address or by `OWNER/NAME#N`.

        Every other address is removed, because a number in it is not one of these tickets.
        """
        plain = _ADDRESS.sub(lambda found: f" {self._number_at(found[0])} ", message)
        if not self.repository:
            return plain
        reference = rf"(?<![\w./-]){re.escape(self.repository)}(#{_NUMBER})(?![\w#])"
        return re.sub(reference, r" \1 ", plain, flags=re.I)

    def _number_at(self, address: str) -> str:
        """Return `#N` for the address of a ticket or of a comment on it; empty for any other."""
        host = self.server.partition("://")[2].strip("/")
        www = r"(?:www\.)?" if host.lower() == "github.com" else ""  # GitHub redirects from there
        place = www + re.escape(f"{host}/{self.repository}")
        found = re.match(rf"https?://{place}/issues/{_NUMBER}/?(?![\w%/-])", address, re.I)
        return f"#{found[1]}" if found and self.server and self.repository else ""


@dataclass(frozen=True)
class NewFiles:
    """The paths of the files that commits added; without `is_all` there may be others."""

    paths: Sequence[str] = ()
    is_all: bool = True

    def below(self, patterns: Sequence[str]) -> str:
        """Return a text such as `2 new files under migrations`, empty if none match the patterns."""
        from .needs.protection import matches  # late: the gate names no files

        found = [path for path in self.paths if any(matches(pattern, path) for pattern in patterns)]
        if not found:
            return ""
        used = [one for one in patterns if any(matches(one, path) for path in found)]
        places = " and ".join(dict.fromkeys(one.strip("*/") or one for one in used))
        return f"{'' if self.is_all else 'at least '}{len(found)} new file{'s' * (len(found) > 1)} under {places}"


@dataclass(frozen=True)
class History:
    """The commits between two pins: those that only the new one has, and those that only the old one had.

    `home` is where the tickets that they name are. The files are None if unknown.
    """

    added: Sequence[Commit] = ()
    removed: Sequence[Commit] = ()
    home: TicketHome = TicketHome()
    new_files: NewFiles | None = None
    lost_files: NewFiles | None = None

    def references(self) -> References:
        """The tickets and pull requests that the added commits name."""
        return read_references(self.added, self.home)

    def removed_references(self) -> References:
        """The tickets and pull requests that the removed commits name."""
        return read_references(self.removed, self.home)


@dataclass(frozen=True)
class References:
    """The numbers in commit messages, each once, in order of appearance, and the count of commits without a ticket."""

    tickets: tuple[int, ...] = ()
    pull_requests: tuple[int, ...] = ()
    without_ticket: int = 0


def read_references(commits: Iterable[Commit], home: TicketHome) -> References:
    """Read the tickets and pull requests from the messages of `commits`."""
    tickets: dict[int, None] = {}
    pull_requests: dict[int, None] = {}
    without = 0
    for commit in commits:
        named = ticket_numbers(commit.message, home)
        without += not named
        tickets.update(dict.fromkeys(named))
        pull_requests.update(dict.fromkeys(pull_request_numbers(commit.message)))
    return References(tuple(tickets), tuple(pull_requests), without)


def pull_request_numbers(message: str) -> list[int]:
    """Return the component's own pull requests: `Merge pull request #448`, or `(#447)` at a line's end."""
    found = [*_MERGE.findall(message), *_SQUASH_MERGE.findall(message)]
    return list(dict.fromkeys(map(int, found)))


def ticket_numbers(message: str, home: TicketHome) -> list[int]:
    """Return the tickets: a bare `#1322`, a branch such as `m2ms-1517-tag-datestamp`, or a reference to `home`."""
    rest = home.in_short(_MERGE.sub(" ", _SQUASH_MERGE.sub(" ", message)))
    return list(dict.fromkeys(map(int, [*_TICKET.findall(rest), *_TICKET_BRANCH.findall(rest)])))
