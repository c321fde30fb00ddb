"""Web addresses of what a report names, on GitHub or an Enterprise Server, and numbers that a reader can follow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from . import markdown


@dataclass(frozen=True)
class Links:
    """Makes addresses below `server` (such as `https://github.com`); all are empty where `server` is.

    Names are foreign text and always percent-encoded. An address is also empty where a name is.
    """

    server: str

    def repository(self, repository: str) -> str:
        """Address of `OWNER/NAME`."""
        return self._of(repository)

    def commit(self, repository: str, commit: str) -> str:
        """Address of a commit by its SHA."""
        return self._of(repository, "commit", commit)

    def tag(self, repository: str, tag: str) -> str:
        """Address of a tag, which GitHub shows below `releases` also where there is no release."""
        return self._of(repository, "releases", "tag", tag)

    def releases(self, repository: str) -> str:
        """Address of the list of releases."""
        return self._of(repository, "releases")

    def branch(self, repository: str, branch: str) -> str:
        """Address of a branch."""
        return self._of(repository, "tree", branch)

    def line(self, repository: str, commit: str, path: str, line: int | None) -> str:
        """Address of a file at a commit, at a line (counted from 1) where one is given."""
        file = self._of(repository, "blob", commit, path)
        return f"{file}#L{line}" if file and line else file

    def comparison(self, repository: str, before: str, after: str) -> str:
        """Address of what changed from tag `before` to tag `after`."""
        if not before or not after:
            return ""
        return self._of(repository, "compare", f"{before}...{after}")

    def issue(self, repository: str, number: int) -> str:
        """Address of an issue or, which GitHub leads on to, a pull request."""
        return self._of(repository, "issues", str(number))

    def actions(self, repository: str) -> str:
        """Address of the list of workflows, where the form to start one is."""
        return self._of(repository, "actions")

    def _of(self, repository: str, *names: str) -> str:
        if not self.server.startswith(("https://", "http://")) or not all((repository, *names)):
            return ""
        parts = (quote(name, safe="/", errors="replace") for name in (repository, *names))
        return "/".join((self.server.rstrip("/"), *parts))


_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+")
_SHOWN = 40


@dataclass(frozen=True)
class References:
    """Writes numbers of `tickets_from` (`OWNER/NAME`) and of other repositories.

    In conversations GitHub links `OWNER/NAME#N` by itself, and shows the reference at the other end; in
    job summaries it does neither, so there `links` are made.
    """

    tickets_from: str
    links: Links
    in_conversation: bool

    def tickets(self, numbers: Sequence[int]) -> str:
        """Return tickets as Markdown, with a note where some are left out."""
        return self.of(self.tickets_from, numbers)

    def of(self, repository: str, numbers: Sequence[int]) -> str:
        """Return issues or pull requests of a repository as Markdown, with a note where some are left out."""
        shown = ", ".join(self._one(repository, number) for number in numbers[:_SHOWN])
        return f"{shown} (showing {_SHOWN} of {len(numbers)})" if len(numbers) > _SHOWN else shown

    def _one(self, repository: str, number: int) -> str:
        if self.in_conversation and _REPOSITORY.fullmatch(repository):
            return f"{repository}#{number}"
        return markdown.link(f"#{number}", self.links.issue(repository, number))
