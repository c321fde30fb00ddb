"""What `prepare` takes from inputs and context."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ...domain.plan import Mode
from ...domain.tickets import Ticket
from ..context import Context
from ..values import Values, wrong_input
from .base import Settings, read_settings
from .tickets import read_ticket, tickets_from

_UTC = ("UTC", "Etc/UTC")
"""Known without the data of time zones, which small images lack."""
_WELL_KNOWN = "Europe/London"


@dataclass(frozen=True)
class PrepareSettings(Settings):
    """What is to be prepared. `stack_tag` is empty for the next one; `ticket` names the pair where given.

    `tickets_from` is the repository whose tickets the components' commits name.
    """

    mode: Mode
    stack_tag: str
    ticket: Ticket | None
    tickets_from: str
    timezone: datetime.tzinfo
    wait_minutes: float

    @property
    def seconds(self) -> float:
        """How long all may take: CI that runs is waited for beside."""
        return super().seconds + self.wait_minutes * 60


def read_prepare_settings(values: Values, context: Context) -> PrepareSettings:
    """Check what a kind alone cannot tell, and fill in computed defaults; raises UsageError."""
    common = read_settings(values, context)
    return PrepareSettings(
        **vars(common),
        mode=Mode(values.text("mode")),
        stack_tag=values.text("stack-tag"),
        ticket=read_ticket(values, common.stack_repository, context.server_url),
        tickets_from=tickets_from(values, common.stack_repository),
        timezone=_timezone(values.text("timezone")),
        wait_minutes=float(values.text("wait-minutes")),
    )


def _timezone(name: str) -> datetime.tzinfo:
    if name in _UTC:
        return datetime.timezone.utc
    found = _read_zone(name)
    if found is not None:
        return found
    if _read_zone(_WELL_KNOWN) is None:
        raise wrong_input("timezone", name, f"This machine has no time-zone data: install tzdata, or use {_UTC[0]}.")
    raise wrong_input("timezone", name, f"Use a name such as {_WELL_KNOWN} or {_UTC[0]}.")


def _read_zone(name: str) -> datetime.tzinfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # only some runs need it

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None
