"""The command `gate` from its inputs to its results."""

from __future__ import annotations

import datetime

from ...runner.context import Context
from ...runner.log import Log
from ...runner.settings.gate import read_gate_settings
from ...runner.values import Values
from ..services import Services
from .head_start import ask_ahead


def run(values: Values, context: Context, log: Log) -> int:
    """Judge, show and write the results; returns the exit status."""
    settings = read_gate_settings(values, context)
    services = Services(settings, settings.connections.timeout_seconds)
    forge = services.forge()
    ask_ahead(forge, settings, context)
    # Imported while the first questions are on their way.
    from ...domain import workflow_file  # noqa: F401 - the first answer to be read is a file
    from .gate import Gate
    from .results import write_results

    now = datetime.datetime.now(datetime.timezone.utc)
    report = Gate(settings, context, forge, services.registry(), now, building=True).run()
    return write_results(report, settings, context, log)
