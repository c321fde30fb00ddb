"""The session: all that a command works with, made from its settings once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .. import cancellation
from ..inputs.settings.base import Settings
from .journal import Journal
from .services import Services

if TYPE_CHECKING:
    from ..adapters.http.pace import Pace
    from ..adapters.ports.repository import Forge
    from ..domain.reports.report import Report
    from ..inputs.context import Context
    from ..inputs.values import Values
    from ..render.links import Links
    from .clock import Clock
    from .stack import Stack

_S = TypeVar("_S", bound=Settings)
_F = TypeVar("_F", bound="Forge")
_R = TypeVar("_R", bound="Report")


class Session(Generic[_S]):
    """What a run has: settings, services and a journal. `now` is when it began, in UTC.

    `report` is how far the run has come: if it breaks off, that is what is told, with the journal.
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
        """Everything that is asked within the settings' time."""
        return self.services_for(self.settings.seconds)

    def configure(self, settings: _S, values: Values) -> None:
        """Go on by settings that a configuration file has changed, with what is known already."""
        self.settings, self.values = settings, values
        self.services.configure(settings, self.forge)

    @property
    def configuration(self) -> Mapping[str, Any]:
        """What the configuration file changes, for the report; empty if there is none."""
        found = self.values.configuration
        return found.as_json() if found else {}

    def services_for(self, seconds: float, pace: Pace | None = None) -> Services:
        """Services with time of their own."""
        return Services(self.settings, seconds, pace)

    @cached_property
    def forge(self) -> Forge:
        """The session's own view of where the repositories live."""
        return self.services.forge()

    @cached_property
    def stack(self) -> Stack[Forge]:
        """The stack in that view."""
        return self.stack_on(self.forge)

    def stack_on(self, forge: _F) -> Stack[_F]:
        """The stack in another view."""
        from .stack import Stack  # late: the gate's first questions do not wait for it

        return Stack(self.settings, forge, self.context)

    @property
    def clock(self) -> Clock:
        """Time within the settings' limit."""
        from .clock import Clock

        return Clock(utc_now, self.services.remaining, cancellation.sleep)

    @property
    def links(self) -> Links:
        """Where links lead; nowhere for clones on a disk."""
        from ..render.links import Links

        return Links("" if self.settings.connections.local else self.context.server_url)

    def keep(self, report: _R) -> _R:
        """Keep how far the run has come, and return it."""
        self.report = report = replace(report, configuration=self.configuration)
        return report


def utc_now() -> datetime.datetime:
    """Now, in UTC."""
    return datetime.datetime.now(datetime.timezone.utc)
