"""The services that the commands ask, made from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..adapters.http.deadline import Deadline
from ..adapters.http.session import Http

# Only what is used is imported: a runner pays for every module.
if TYPE_CHECKING:
    from ..adapters.awx.client import Awx
    from ..adapters.github.forge import GithubForge
    from ..adapters.http.pace import Pace
    from ..adapters.ports.repository import Forge
    from ..adapters.registry.client import RegistryClient
    from ..adapters.site import SiteClient
    from ..inputs.settings.awx import AwxSettings
    from ..inputs.settings.base import Settings


class Services:
    """One deadline and one HTTP session for everything that a command asks.

    `seconds` is how long all of it may take; a `pace` keeps many questions within a server's limits. Every
    forge starts with a view of its own.
    """

    def __init__(self, settings: Settings, seconds: float, pace: Pace | None = None) -> None:
        self._settings = settings
        self._deadline = Deadline(seconds)
        self._http = Http(self._deadline, settings.connections.ca_file, pace=pace)

    def configure(self, settings: Settings, forge: Forge) -> None:
        """Go on by other settings; `forge`, which is kept with what it knows, reads their components."""
        self._settings = settings
        forge.read_with_component_token(self._components)

    @property
    def _components(self) -> list[str]:
        return [component.repository for component in self._settings.components]

    def remaining(self) -> float:
        """How many seconds are left, at least 0."""
        return self._deadline.remaining()

    def registry(self) -> RegistryClient:
        """The registries of the images; raises UsageError where a login would be for several."""
        from ..adapters.registry.client import RegistryClient

        registry = self._settings.connections.registry
        return RegistryClient(self._http, registry.url, registry.logins_for(self._settings.images))

    def awx(self, settings: AwxSettings) -> Awx:
        """AWX; raises UsageError where the login cannot be sent."""
        from ..adapters.awx.client import Awx
        from ..adapters.http.credentials import basic, bearer

        if settings.token:
            credentials = bearer(settings.token, settings.url, "awx-token")
        else:
            credentials = basic(settings.username, settings.password, settings.url)
        return Awx(self._http, settings.url, settings.api_path, credentials)

    def site(self) -> SiteClient:
        """The deployed site, which is asked without credentials."""
        from ..adapters.site import SiteClient

        return SiteClient(self._http)

    def forge(self) -> Forge:
        """Where the repositories live: clones on this disk where `local` names a folder, else GitHub."""
        if self._settings.connections.local:
            from ..adapters.git.forge import LocalForge

            return LocalForge(self._settings.connections.local, self._deadline)
        return self.github()

    def github(self) -> GithubForge:
        """GitHub, for what clones cannot do."""
        connections = self._settings.connections
        from ..adapters.github.forge import GithubForge

        return GithubForge(
            self._http,
            connections.api_url,
            connections.token,
            connections.component_token,
            self._components,
            own_token=connections.own_token,
            ticket_token=connections.ticket_token,
        )
