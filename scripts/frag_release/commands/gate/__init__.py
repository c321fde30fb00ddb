"""The command `gate`: is this build allowed to reach production?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ...dataclass import replace
from ...inputs.settings.gate import read_gate_settings as read_settings

if TYPE_CHECKING:
    from ...domain.reports.gate import GateReport
    from ...inputs.settings.gate import GateSettings
    from ..session import Session

__all__ = ["ask_ahead", "get_ready", "read_settings", "run"]


def ask_ahead(session: Session[GateSettings]) -> None:
    """Send the first requests, before the configuration file is read."""
    from .head_start import ask_ahead as ask

    ask(session.forge, session.settings, session.context)


def get_ready() -> None:
    """Import what is needed next, while the first requests are under way."""
    from ...domain import workflow_file  # noqa: F401 - the first answer to be parsed is a file
    from . import gate  # noqa: F401


def run(session: Session[GateSettings]) -> GateReport:
    """Judge; writes nothing."""
    from ...domain.rules import Occasion
    from .gate import Gate

    session.settings = session.settings.with_full_ref(lambda name: session.stack.full_ref(name), session.context)
    registry = session.services.registry()
    gate = Gate(session.settings, session.stack, registry, session.now, occasion=Occasion.GATE)
    if not gate.is_release:
        return gate.run()
    with ThreadPoolExecutor(1) as pool:
        # Only for the rollback card: read in parallel with the facts that decide, and never a reason to block.
        released = pool.submit(session.stack.released)
        report = gate.run()
    return replace(report, released=released.result())
