"""The command `gate`: is this build allowed to reach production?"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ...dataclass import replace
from ...domain.components import CONFIGURATION_FILE
from ...inputs.settings import read_gate_settings as read_settings

if TYPE_CHECKING:
    from ...domain.reports.gate import GateReport
    from ...inputs.settings import GateSettings
    from ..session import Session

# With or without a `v`: the configuration file, still unread, decides which is the production form.
_PRODUCTION_TAG = re.compile(r"(v?[0-9]{1,9}\.)[0-9]{1,9}\.[0-9]{1,9}")
_YEAR = re.compile(r"v?2[0-9]{3}\.")

__all__ = ["ask_ahead", "get_ready", "read_settings", "run"]


def ask_ahead(session: Session[GateSettings]) -> None:
    """Start the first requests, while most of the program is still being imported; returns at once.

    For this run's own production tag these are the judgement's first, for another ref the workflow file. Nothing is
    decided here: the forge caches the answers, and the gate, which asks the same, finds them there or under way. Local
    clones, which cache nothing and answer at once, are skipped.
    """
    settings, context = session.settings, session.context
    if settings.connections.local or not (settings.own_ref and context.on_runner):
        return
    stack = session.forge.repository(settings.stack_repository)
    tag = _PRODUCTION_TAG.fullmatch(settings.ref.tag) if settings.production else None
    pool = ThreadPoolExecutor(5)
    if tag:
        pool.submit(stack.files, CONFIGURATION_FILE, [context.sha])
    pool.submit(stack.files, settings.workflow_file, [context.sha])
    if tag and _YEAR.fullmatch(tag[1]):
        pool.submit(stack.tags_starting, [tag[1]])
    if tag:
        pool.submit(stack.branches, settings.stack_branches or tuple(filter(None, [context.default_branch])))
        pool.submit(stack.tags_starting, [""])
    pool.shutdown(wait=False)


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
