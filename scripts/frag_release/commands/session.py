"""The session: everything that a command works with, made once from its settings."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .. import cancellation
from ..adapters.http import Http
from ..adapters.http.retry import Deadline
from ..dataclass import replace
from ..domain.evidence import Answer, Unknown
from ..errors import EvidenceError
from ..inputs.settings import Settings
from .journal import Journal

if TYPE_CHECKING:
    from ..adapters.awx import Awx
    from ..adapters.github import GithubForge
    from ..adapters.http.retry import RateLimiter
    from ..adapters.ports import Forge
    from ..adapters.registry import RegistryClient
    from ..adapters.site import SiteClient
    from ..domain.reports import Report
    from ..inputs.context import Context
    from ..inputs.settings.awx import AwxSettings
    from ..inputs.values import Values
    from ..render.wording import Links
    from .stack import Stack
    from .waiting import Clock

_T = TypeVar("_T")

_S = TypeVar("_S", bound=Settings)
_F = TypeVar("_F", bound="Forge")
_R = TypeVar("_R", bound="Report")


def require(answer: Answer[_T], what: str) -> _T:
    """Return an answer's value; raises EvidenceError if it is Unknown."""
    if isinstance(answer, Unknown):
        raise EvidenceError(f"{what} could not be looked up: {answer.reason}.", answer.remedy)
    return answer


class Services:
    """One deadline and one HTTP session for all requests of a command.

    `seconds` is the time limit for all of them; a `limiter` keeps many requests within a server's limits. Every forge
    starts with a cache of its own.
    """

    def __init__(self, settings: Settings, seconds: float, limiter: RateLimiter | None = None) -> None:
        self._settings = settings
        self._deadline = Deadline(seconds)
        self._http = Http(self._deadline, settings.connections.ca_file, limiter=limiter)

    def configure(self, settings: Settings, forge: Forge) -> None:
        """Use other settings from now on; `forge`, which keeps its cache, reads their components."""
        self._settings = settings
        forge.read_with_component_token(self._components)

    @property
    def _components(self) -> list[str]:
        return [component.repository for component in self._settings.components]

    def remaining(self) -> float:
        """The seconds that are left, at least 0."""
        return self._deadline.remaining()

    def registry(self) -> RegistryClient:
        """The registries of the images; raises UsageError if a login would be for several."""
        from ..adapters.registry import RegistryClient

        registry = self._settings.connections.registry
        return RegistryClient(self._http, registry.url, registry.logins_for(self._settings.images))

    def awx(self, settings: AwxSettings) -> Awx:
        """AWX; raises UsageError if the login cannot be sent."""
        from ..adapters.awx import Awx
        from ..adapters.http.messages import basic, bearer

        if settings.token:
            credentials = bearer(settings.token, settings.url, "awx-token")
        else:
            credentials = basic(settings.username, settings.password, settings.url)
        return Awx(self._http, settings.url, settings.api_path, credentials)

    def site(self) -> SiteClient:
        """The deployed site, which is read without credentials."""
        from ..adapters.site import SiteClient

        return SiteClient(self._http)

    def forge(self) -> Forge:
        """The forge of the repositories: clones on this disk if `local` names a folder, else GitHub."""
        if self._settings.connections.local:
            from ..adapters.git import LocalForge

            return LocalForge(self._settings.connections.local, self._deadline)
        return self.github()

    def github(self) -> GithubForge:
        """GitHub, for what clones cannot do."""
        connections = self._settings.connections
        from ..adapters.github import GithubForge

        return GithubForge(
            self._http,
            connections.api_url,
            connections.token,
            connections.component_token,
            self._components,
            own_token=connections.own_token,
            ticket_token=connections.ticket_token,
        )


class Session(Generic[_S]):
    """The settings, services and journal of a run. `now` is its start, in UTC.

    `report` is its latest state, which is reported with the journal if the run breaks off.
    """

    def __init__(self, settings: _S, values: Values, context: Context, journal: Journal) -> None:
        self.settings = settings
        self.values = values
        self.context = context
        self.journal = journal
        self.now = utc_now()
        self.report: Report | None = None

    @cached_property
    def services(self) -> Services:
        """Services within the settings' time limit."""
        return self.services_for(self.settings.seconds)

    def configure(self, settings: _S, values: Values) -> None:
        """Use the settings of the configuration file from now on, and keep what is known already."""
        self.settings, self.values = settings, values
        self.services.configure(settings, self.forge)

    @property
    def configuration(self) -> Mapping[str, Any]:
        """The configuration file's differences from the defaults, for the report; empty if there is no file."""
        found = self.values.configuration
        return found.as_json() if found else {}

    def services_for(self, seconds: float, limiter: RateLimiter | None = None) -> Services:
        """Services with a time limit of their own."""
        return Services(self.settings, seconds, limiter)

    @cached_property
    def forge(self) -> Forge:
        """The session's own view of the forge."""
        return self.services.forge()

    @cached_property
    def github(self) -> GithubForge:
        """GitHub, for what clones cannot do: the session's own view, unless it reads clones."""
        from ..adapters.github import GithubForge

        return self.forge if isinstance(self.forge, GithubForge) else self.services.github()

    @cached_property
    def stack(self) -> Stack[Forge]:
        """The stack in that view."""
        return self.stack_on(self.forge)

    def stack_on(self, forge: _F) -> Stack[_F]:
        """The stack in another view."""
        from .stack import Stack  # late: it would delay the gate's first requests

        return Stack(self.settings, forge, self.context)

    @property
    def clock(self) -> Clock:
        """The clock of the session's services."""
        from .waiting import Clock

        return Clock(utc_now, self.services.remaining, cancellation.sleep)

    @property
    def links(self) -> Links:
        """The links of reports; none for clones on a disk."""
        from ..render.wording import Links

        return Links("" if self.settings.connections.local else self.context.server_url)

    def keep(self, report: _R) -> _R:
        """Store the latest state of the run, and return it."""
        self.report = report = replace(report, configuration=self.configuration)
        return report


class WithSession(Generic[_S]):
    """A command or a part of one, with its session."""

    session: Session[_S]

    @property
    def settings(self) -> _S:
        """The settings of the command."""
        return self.session.settings

    @property
    def journal(self) -> Journal:
        """The journal of the run."""
        return self.session.journal


class StepwiseCommand(WithSession[_S], Generic[_S, _R]):
    """A command that is carried out step by step. `report` is its latest state, None before it is judged."""

    report: _R | None

    def _now(self) -> _R:
        if self.report is None:
            raise AssertionError("nothing is carried out before it is judged")
        return self.report

    def _note(self, **news: Any) -> None:
        self.report = self.session.keep(replace(self._now(), **news))


def utc_now() -> datetime.datetime:
    """Now, in UTC."""
    return datetime.datetime.now(datetime.timezone.utc)
