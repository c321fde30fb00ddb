"""Repositories on GitHub, or on a GitHub Enterprise Server, by the REST API."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ...domain.evidence import Answer, answered
from ...errors import UsageError
from ..http.messages import bearer, problem_with
from .api import Access, RepositoryApi
from .repository import GithubRepository

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ...domain.facts import PublicRelease, Released
    from ...domain.release_record import ReleaseRecord
    from ...domain.tickets import Issue
    from ..http import Http
    from ..ports import Repository, RunHistory, Writer
    from ..ports.publishing import Board, Builds, Publisher, Releases, Tickets
    from .deployments import GithubDeployments
    from .settings import GithubSettings


class GithubForge:
    """GitHub as `token` sees it (empty: only what is public).

    `api_url` is, for example, `https://api.github.com` or `https://HOST/api/v3`. `component_token` is for the
    repositories `components`, and `ticket_token` reads issues in place of the others. `own_token` if `token` is the
    workflow's own. Raises UsageError if one of these cannot be used.
    """

    def __init__(
        self,
        http: Http,
        api_url: str,
        token: str,
        component_token: str = "",
        components: Collection[str] = (),
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
        self._component = self._access(component_token, "component-token") if component_token else None
        self._others: dict[str, Access] = {}
        self._own_token = own_token
        self._tickets = self._access(ticket_token, "ticket-token") if ticket_token else None
        self._repositories: dict[str, GithubRepository] = {}
        self._lock = threading.Lock()
        self.read_with_component_token(components)

    def read_with_component_token(self, names: Collection[str]) -> None:
        """Use `component_token`, if there is one, for these repositories and no others."""
        with self._lock:
            others = {name.lower(): self._component for name in names} if self._component else {}
            for name in {*others, *self._others}:
                self._repositories.pop(name, None)
            self._others = others

    @property
    def runs(self) -> RunHistory:
        """The runs of GitHub Actions."""
        from .runs import GithubRuns

        return GithubRuns(self._http, lambda name: self._find(name).api)

    def repository(self, name: str) -> Repository:
        """The repository `OWNER/NAME`, the same object each time: it keeps its answers."""
        return self._find(name)

    def writer(self, name: str) -> Writer:
        """The writer for the repository `OWNER/NAME`."""
        from .writer import GithubWriter

        return GithubWriter(self._find(name).api, self._is_own(name))

    def publisher(self, name: str) -> Publisher:
        """The publisher for a repository."""
        from .releases import GithubTags

        return GithubTags(self._find(name).api, self._is_own(name))

    def builds(self, name: str) -> Builds:
        """The runs of GitHub Actions in a repository."""
        from .builds import GithubBuilds

        return GithubBuilds(self._find(name).api, self._is_own(name))

    def releases(self, name: str) -> Releases:
        """The releases of a repository."""
        from .releases import GithubReleases

        return GithubReleases(self._find(name).api, self._is_own(name))

    def deployments(self, name: str) -> GithubDeployments:
        """The deployment records of a repository."""
        from .deployments import GithubDeployments

        return GithubDeployments(self._find(name).api, self._is_own(name))

    @answered
    def release_record(self, repository: str, tag: str) -> ReleaseRecord | None:
        """The `release.json` of the release of `tag`; None if there is none."""
        from .records import read_record

        return read_record(self._find(repository).api, tag)

    @answered
    def release_records(self, repository: str, tags: Collection[str]) -> Mapping[str, Answer[ReleaseRecord]]:
        """The `release.json` of each published release that has one, by the release's tag."""
        from .records import read_records

        return read_records(self._find(repository).api, tags)

    @answered
    def released(self, repository: str) -> Released:
        """The tags among the newest releases that have a `release.json`: one request."""
        from .records import read_released

        return read_released(self._find(repository).api)

    @answered
    def rolled_back(self, repository: str) -> bool:
        """Whether any rollback has left a deployment record: one request."""
        from .records import read_rolled_back

        return read_rolled_back(self._find(repository).api)

    @answered
    def public_release(self, repository: str, tag: str) -> PublicRelease | None:
        """The public release of a tag: one request if there is none."""
        from .records import read_public

        return read_public(self._find(repository).api, tag)

    def issue(self, repository: str, number: int) -> Answer[Issue]:
        """An issue or a pull request; a transferred one as it is now."""
        return self.tickets(repository).issue(number)

    def tickets(self, name: str) -> Tickets:
        """The issues of a repository, as the ticket's token sees them."""
        from .issues import GithubTickets

        return GithubTickets(self._ticket_api(name), not self._tickets and self._is_own(name))

    def board(self, project: str) -> Board:
        """A project board, as the ticket's token sees it."""
        from .projects import GithubBoard, ProjectApi

        access = self._tickets or self._own
        return GithubBoard(ProjectApi(access, project), self._own_token and access is self._own)

    def settings(self, name: str) -> GithubSettings:
        """The settings of a repository, as its token sees them."""
        from .settings import GithubSettings

        return GithubSettings(self._find(name).api)

    def ticket_settings(self, name: str) -> GithubSettings:
        """The settings of a ticket repository, as the ticket's token sees them."""
        from .settings import GithubSettings

        return GithubSettings(self._ticket_api(name))

    def _ticket_api(self, name: str) -> RepositoryApi:
        return RepositoryApi(self._tickets, name) if self._tickets else self._find(name).api

    def _is_own(self, name: str) -> bool:
        """Whether writes to a repository use the workflow's own token."""
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
