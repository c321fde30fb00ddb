"""What `prepare` takes from inputs and context."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ...domain.plan import Mode
from ...domain.tickets import Ticket
from ..context import Context
from ..values import Values, wrong_input
from .base import Settings, read_settings
from .tickets import read_ticket, tickets_from


@dataclass(frozen=True)
class PrepareSettings(Settings):
    """What is to be prepared. `stack_tag` is empty for the next one; `ticket` names the pair where given.

    `tickets_from` is the repository whose tickets the components' commits name.
    """

    mode: Mode
    stack_tag: str
    ticket: Ticket | None
    tickets_from: str
    timezone: ZoneInfo
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
        ticket=read_ticket(values, common.stack_repository),
        tickets_from=tickets_from(values, common.stack_repository),
        timezone=_timezone(values.text("timezone")),
        wait_minutes=float(values.text("wait-minutes")),
    )


def _timezone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise wrong_input("timezone", name, "Use a name such as Europe/London or UTC.") from error
