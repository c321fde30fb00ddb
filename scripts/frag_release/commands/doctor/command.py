"""The command `doctor` from its inputs to its results."""

from __future__ import annotations

import datetime

from ...domain.doctor_report import DoctorReport
from ...errors import UsageError
from ...render.doctor import doctor_summary, doctor_text, told_findings
from ...runner.context import Context
from ...runner.log import Log
from ...runner.results import write_outputs, write_report, write_summary
from ...runner.settings.doctor import DoctorSettings, read_doctor_settings
from ...runner.values import Values
from ..services import Services
from .deployment import Deployment
from .doctor import Doctor


def run(values: Values, context: Context, log: Log) -> int:
    """Look for what is missing, and tell; returns the exit status."""
    settings = read_doctor_settings(values, context)
    services = Services(settings, settings.connections.timeout_seconds)
    now = datetime.datetime.now(datetime.timezone.utc)
    forge, registry, deployment = services.github(), services.registry(), _deployment(settings, services)
    report = Doctor(settings, forge, registry, deployment, services.site(), now).run()
    path = write_report(settings.report, report.as_json()) if settings.report else ""
    log.lines(doctor_text(report))
    log.annotate_findings(told_findings(report))
    write_summary(context, doctor_summary(report))
    write_outputs(context, _outputs(report, path))
    return report.exit_status


def _deployment(settings: DoctorSettings, services: Services) -> Deployment | UsageError:
    awx = settings.awx
    return awx if isinstance(awx, UsageError) else Deployment(services.awx(awx), awx)


def _outputs(report: DoctorReport, path: str) -> dict[str, str]:
    return {
        "verdict": report.verdict.value,
        "failed-rules": ",".join(row.finding.key for row in report.blockers),
        "report-path": path,
    }
