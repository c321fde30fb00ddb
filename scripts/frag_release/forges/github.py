"""Repositories on GitHub, or on a GitHub Enterprise Server, by the REST API."""

from __future__ import annotations

import threading
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar

from ..clients.addresses import problem_with
from ..clients.credentials import bearer
from ..clients.messages import quoted
from ..clients.once import Once
from ..domain.evidence import Answer, Blob, Placement, Unknown
from ..errors import UsageError
from .github_api import Access, RepositoryApi
from .github_files import read_file
from .github_payloads import NamedCommit
from .github_refs import COMMIT, GithubRefs, distinct

# What only some runs need, or only after the first answers, is imported where it is used: a gate's first
# questions should not wait for it.
if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Collection, Mapping, Sequence

    from ..clients.http import Http
    from ..domain.changes import History
    from ..domain.evidence import Answers
    from ..domain.release_record import ReleaseRecord
    from .github_compare import Position
    from .github_dates import GithubDates
    from .github_settings import GithubSettings
    from .publishing import Builds, Publisher, Releases
    from .repository import Repository, RunHistory
    from .ticketing import Board, Tickets
    from .writer import Writer

_MOST_LOGGED = 100
_MOST_COMPARED = 25
"""A gate places up to 21 commits of the stack; comparing those takes one round trip, listing takes two."""

_T = TypeVar("_T")


class GithubForge:
    """The repositories that are seen by `token` (empty: the public ones).

    `api_url` is such as `https://api.github.com` or `https://HOST/api/v3`. `other_tokens` has the tokens for
    some repositories by their names in lower case; `own_token` says that `token` is the workflow's own, and
    `ticket_token` reads issues in place of the others. Raises UsageError where one of these cannot be used.
    """

    def __init__(
        self,
        http: Http,
        api_url: str,
        token: str,
        other_tokens: Mapping[str, str] | None = None,
        *,
        own_token: bool = False,
        ticket_token: str = "",
    ) -> None:
        problem = problem_with(api_url)
        if problem:
            raise UsageError(f"The input github-api-url {problem}.", "Use one such as https://api.github.com.")
        self._http = http
        self._api_url = api_url.rstrip("/")
        self._own = self._access(token, "token")
        self._others = {name: self._access(each, "component-token") for name, each in (other_tokens or {}).items()}
        self._own_token = own_token
        self._tickets = self._access(ticket_token, "ticket-token") if ticket_token else None
        self._repositories: dict[str, GithubRepository] = {}
        self._lock = threading.Lock()

    @property
    def runs(self) -> RunHistory:
        """What GitHub Actions did."""
        from .github_runs import GithubRuns

        return GithubRuns(self._http, lambda name: self._find(name).api)

    def repository(self, name: str) -> Repository:
        """The repository `OWNER/NAME`, the same one each time: it remembers what it was told."""
        return self._find(name)

    def writer(self, name: str) -> Writer:
        """What writes to the repository `OWNER/NAME`."""
        from .github_writer import GithubWriter

        return GithubWriter(self._find(name).api, self._is_own(name))

    def publisher(self, name: str) -> Publisher:
        """What tags commits of a repository."""
        from .github_tags import GithubTags

        return GithubTags(self._find(name).api, self._is_own(name))

    def builds(self, name: str) -> Builds:
        """What CI does in a repository."""
        from .github_builds import GithubBuilds

        return GithubBuilds(self._find(name).api, self._is_own(name))

    def releases(self, name: str) -> Releases:
        """The releases of a repository."""
        from .github_releases import GithubReleases

        return GithubReleases(self._find(name).api, self._is_own(name))

    def release_record(self, repository: str, tag: str) -> Answer[ReleaseRecord | None]:
        """What `release.json` of the release of `tag` says; None where there is none."""
        from .github_records import read_record

        return read_record(self._find(repository).api, tag)

    def release_records(self, repository: str) -> Answer[Mapping[str, Answer[ReleaseRecord]]]:
        """What `release.json` of each published release says, by the release's tag."""
        from .github_records import read_records

        return read_records(self._find(repository).api)

    def issue_text(self, repository: str, number: int) -> Answer[str]:
        """Title and body of an issue or a pull request, a line between them."""
        found = self.tickets(repository).issue(number)
        return found if isinstance(found, Unknown) else f"{found.title}\n\n{found.body}"

    def tickets(self, name: str) -> Tickets:
        """The issues of a repository, as the ticket's token sees them."""
        from .github_issues import GithubTickets

        return GithubTickets(self._ticket_api(name), not self._tickets and self._is_own(name))

    def board(self, project: str) -> Board:
        """A board of projects, as the ticket's token sees it."""
        from .github_projects import GithubBoard, ProjectApi

        access = self._tickets or self._own
        return GithubBoard(ProjectApi(access, project), self._own_token and access is self._own)

    def settings(self, name: str) -> GithubSettings:
        """The settings of a repository, as its token sees them."""
        from .github_settings import GithubSettings

        return GithubSettings(self._find(name).api)

    def ticket_settings(self, name: str) -> GithubSettings:
        """The settings of a repository of tickets, as the ticket's token sees them."""
        from .github_settings import GithubSettings

        return GithubSettings(self._ticket_api(name))

    def _ticket_api(self, name: str) -> RepositoryApi:
        return RepositoryApi(self._tickets, name) if self._tickets else self._find(name).api

    def _is_own(self, name: str) -> bool:
        """Whether a repository is written to with the workflow's own token."""
        return self._own_token and name.lower() not in self._others

    def _find(self, name: str) -> GithubRepository:
        key = name.lower()  # GitHub ignores the case of owners and repositories
        with self._lock:
            if key not in self._repositories:
                api = RepositoryApi(self._others.get(key, self._own), name)
                self._repositories[key] = GithubRepository(api)
            return self._repositories[key]

    def _access(self, token: str, given_as: str) -> Access:
        credentials = bearer(token, self._api_url, f"The input {given_as}") if token else None
        return Access(self._http, self._api_url, credentials, given_as)


class GithubRepository:
    """One repository. What was told is kept; the questions of a batch go out together."""

    def __init__(self, api: RepositoryApi) -> None:
        self.api = api
        self._refs = GithubRefs(api)
        self._positions: Once[tuple[str, str], Answer[Position]] = Once()
        self._histories: Once[tuple[str, str], Answer[History]] = Once()
        self._files: Once[tuple[str, str], Answer[Blob | None]] = Once()

    @property
    def name(self) -> str:
        """`OWNER/NAME`."""
        return self.api.name

    def default_branch(self) -> Answer[str]:
        """The branch that GitHub shows first."""
        facts = self.api.facts()
        return facts if isinstance(facts, Unknown) else facts["default_branch"]

    def tags(self, names: Collection[str]) -> Answers[str | None]:
        """The commit of each tag; None where the repository is readable and has no such tag."""
        return self._each(names, self._refs.tag)

    @cached_property
    def _dates(self) -> GithubDates:
        from .github_dates import GithubDates

        return GithubDates(self.api, self._refs)

    def tag_dates(self, names: Collection[str]) -> Answers[datetime.datetime | None]:
        """When each tag was made: the date that an annotated tag bears, else that of its commit."""
        return self._each(names, self._dates.of_tag)

    def tags_starting(self, prefixes: Collection[str]) -> Answer[Sequence[str]]:
        """The names of all tags that start with one of `prefixes`, sorted."""
        lists = self._each(prefixes, self._refs.tags_starting)
        names: set[str] = set()
        for listed in lists.values():
            if isinstance(listed, Unknown):
                return listed
            names.update(listed)
        return sorted(names)

    def branches(self, names: Collection[str]) -> Answers[str | None]:
        """The head commit of each branch; None where the repository is readable and has no such branch."""
        return self._each(names, self._refs.branch)

    def placements(self, commits: Collection[str], branches: Sequence[str]) -> Answers[Placement]:
        """Which of `branches` contain each commit: one request for each commit and branch, all together.

        For many commits the branches are listed instead, where that takes fewer requests. One branch known
        to contain a commit is enough, whatever could not be seen of the others.
        """
        heads = self.branches(branches)
        if len(commits) > _MOST_COMPARED:
            for head in filter(None, {head for head in heads.values() if isinstance(head, str)}):
                self._list(head, distinct(commits))
        pairs = [(head, commit) for commit in distinct(commits) for head in heads.values() if isinstance(head, str)]
        positions = dict(
            zip(pairs, self.api.http.parallel([partial(self._place, *pair) for pair in pairs]), strict=True)
        )
        return {commit: self._placement(commit, heads, positions) for commit in commits}

    def files(self, path: str, commits: Collection[str]) -> Answers[Blob | None]:
        """The file at `path` in each commit. GitHub sends no content of files over 1 MiB."""
        return self._each(
            commits, lambda commit: self._files.get((path, commit), partial(read_file, self.api, path, commit))
        )

    def log(self, branch: str, limit: int) -> Answer[Sequence[str]]:
        """The newest `limit` (at most 100) commits of a branch, newest first."""
        head = self._refs.branch(branch)
        if not isinstance(head, str):
            return self._no_branch([branch]) if head is None else head
        what = f"the newest commits of the branch {branch}"
        response = self.api.get("/commits", what, {"sha": head, "per_page": min(limit, _MOST_LOGGED)})
        commits = response if isinstance(response, Unknown) else self.api.read(response, list[NamedCommit], what)
        if isinstance(commits, Unknown):
            return commits
        found = [each["sha"] for each in commits]
        return found if found[:1] == [head] else self.api.mismatch(what)

    def branches_starting(self, prefix: str) -> Answer[Sequence[str]]:
        """The names of all branches that start with `prefix`, sorted."""
        return self._refs.branches_starting(prefix)

    def history(self, old: str, new: str) -> Answer[History]:
        """The commits between two commits, newest first; `Unknown` where there are more than 2,000."""
        from .github_history import read_history

        return self._histories.get((old, new), lambda: read_history(self.api, old, new))

    def _each(self, names: Collection[str], ask: Callable[[str], Answer[_T]]) -> Answers[_T]:
        asked = distinct(names)
        return dict(zip(asked, self.api.http.parallel([partial(ask, name) for name in asked]), strict=True))

    def _list(self, head: str, commits: Sequence[str]) -> None:
        """Place commits by the list of all that a head reaches; without that list they are left to be compared."""
        from .github_branch import branch_commits
        from .github_compare import Position

        listed = branch_commits(self.api, head, len(commits))
        if listed is None or isinstance(listed, Unknown):
            return
        for commit in commits:
            self._positions.put((head, commit), Position(commit in listed, listed.get(commit)))

    def _place(self, head: str, commit: str) -> Answer[Position]:
        if not COMMIT.fullmatch(commit):
            return Unknown(f"{quoted(commit)} is no full commit id")
        from .github_compare import Position, compare

        position = self._positions.get((head, commit), lambda: compare(self.api, head, commit))
        if isinstance(position, Position) and position.committed:
            self._dates.learn(commit, position.committed)
        return position

    def _placement(
        self,
        commit: str,
        heads: Answers[str | None],
        positions: Mapping[tuple[str, str], Answer[Position]],
    ) -> Answer[Placement]:
        found: dict[str, Position] = {}
        unknown: Unknown | None = None
        for branch, head in heads.items():
            position = positions[head, commit] if isinstance(head, str) else head
            if isinstance(position, Unknown):
                unknown = position
            elif position and position.contained:
                found[branch] = position
        if found:
            dates = (position.committed for position in found.values())
            return Placement(frozenset(found), next(filter(None, dates), None))
        if unknown:
            return unknown
        return Placement(frozenset()) if any(heads.values()) else self._no_branch(list(heads))

    def _no_branch(self, branches: Sequence[str]) -> Unknown:
        return Unknown(
            f"{self.name} has no branch {' or '.join(map(quoted, branches))}",
            "Correct the name of the branch.",
        )
