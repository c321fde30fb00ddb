"""The command `announce` from its inputs to its results."""

from __future__ import annotations

import datetime

from ...domain.announcement import AnnounceReport
from ...domain.decision import Verdict
from ...render.announcement import announce_summary, announce_text
from ...render.release_notes import ticket_body
from ...runner.context import Context
from ...runner.log import Log
from ...runner.results import write_outputs, write_report, write_summary
from ...runner.settings.announce import read_announce_settings
from ...runner.values import Values
from ..services import Services
from .announce import Announce, Presentation


def run(values: Values, context: Context, log: Log) -> int:
    """Tell people of a release, and tell of that; returns the exit status."""
    settings = read_announce_settings(values, context)
    services = Services(settings, settings.connections.timeout_seconds)
    speak = Presentation(log.lines, lambda contents, limit: ticket_body(contents, context.server_url, limit))
    now = datetime.datetime.now(datetime.timezone.utc)
    report = Announce(settings, services.github(), now, speak).run()
    path = write_report(settings.report, report.as_json()) if settings.report else ""
    log.lines(announce_text(report))
    log.annotate_findings(report.findings)
    write_summary(context, announce_summary(report, context.server_url))
    write_outputs(context, _outputs(report, path))
    return 0


def _outputs(report: AnnounceReport, path: str) -> dict[str, str]:
    return {
        "verdict": Verdict.BUILD_ONLY.value,
        "stack-tag": report.contents.tag,
        "stack-commit": report.contents.commit,
        "ticket-number": str(report.where.number) if report.where else "",
        "ticket-url": report.url,
        "changed": str(report.changed).lower(),
        "report-path": path,
    }
