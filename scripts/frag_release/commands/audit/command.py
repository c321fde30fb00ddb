"""The command `audit` from its inputs to its results."""

from __future__ import annotations

import datetime

from ...clients.pace import Pace
from ...domain.audit.report import AuditReport
from ...domain.decision import Verdict
from ...domain.findings import blocking
from ...render.audit import audit_summary, audit_text
from ...render.audit_words import heading, sentence
from ...runner.context import Context
from ...runner.log import MAX_ANNOTATIONS, Log
from ...runner.results import write_outputs, write_report, write_summary
from ...runner.settings.audit import AuditSettings, read_audit_settings
from ...runner.values import Values
from ..services import Services
from .audit import Audit


def run(values: Values, context: Context, log: Log) -> int:
    """Judge the past, show and write the results; returns the exit status."""
    settings = read_audit_settings(values, context)
    services = Services(settings, settings.connections.timeout_seconds, Pace(log.lines))
    now = datetime.datetime.now(datetime.timezone.utc)
    report = Audit(settings, services.forge(), services.registry(), now, log.lines).run()
    path = write_report(settings.report, report.as_json()) if settings.report else ""
    _show(report, settings, context, log)
    write_outputs(context, _outputs(report, path))
    return report.exit_status


def _show(report: AuditReport, settings: AuditSettings, context: Context, log: Log) -> None:
    log.lines(audit_text(report))
    if context.on_runner:
        _annotate(report, log)
    write_summary(context, audit_summary(report, "" if settings.connections.local else context.server_url))


def _annotate(report: AuditReport, log: Log) -> None:
    if not report.exit_status:
        if not report.judged:
            log.annotate("warning", heading(report)[1], sentence(report))
        return
    log.annotate("error", heading(report)[1], sentence(report))
    blocked = [one for one in reversed(report.releases) if one.verdict is Verdict.BLOCKED]
    # No file and line: the file is today's, and the finding is on that of its day.
    for one in blocked[: MAX_ANNOTATIONS - 1]:
        log.annotate("error", f"Tag {one.tag}", " ".join(finding.message for finding in blocking(one.findings)))


def _outputs(report: AuditReport, path: str) -> dict[str, str]:
    return {
        "verdict": report.verdict.value,
        "failed-rules": ",".join(report.failed_rules),
        "report-path": path,
    }
