"""The command `prepare` from its inputs to its results."""

from __future__ import annotations

import datetime

from ...domain.decision import Verdict
from ...domain.prepare_report import PrepareReport
from ...render.links import Links
from ...render.plan import prepare_summary, prepare_text, pull_request_body
from ...runner.context import Context
from ...runner.log import Log
from ...runner.results import write_outputs, write_report, write_summary
from ...runner.settings.prepare import read_prepare_settings
from ...runner.values import Values
from ..gate.results import component_outputs
from ..services import Services
from .prepare import Prepare, Presentation


def run(values: Values, context: Context, log: Log) -> int:
    """Plan, show, write and tell; returns the exit status."""
    settings = read_prepare_settings(values, context)
    services = Services(settings, settings.connections.timeout_seconds + settings.wait_minutes * 60)
    now = datetime.datetime.now(datetime.timezone.utc)
    server_url = "" if settings.connections.local else context.server_url
    links = Links(server_url)
    speak = Presentation(
        tell=log.lines,
        show=lambda report: log.lines(prepare_text(report)),
        body=lambda report, limit: pull_request_body(report, server_url, settings.tickets_from, limit),
        commit_url=lambda commit: links.commit(settings.stack_repository, commit),
    )
    today = now.astimezone(settings.timezone).date()
    report = Prepare(settings, services.forge, services.registry(), now, today, speak).run()
    path = write_report(settings.report, report.as_json()) if settings.report else ""
    # A plan that was carried out was shown before: what is left to say is what came of it.
    log.lines("\n".join(action.what for action in report.actions) or prepare_text(report))
    log.annotate_findings(report.findings)
    for note in report.notes:
        log.annotate("warning", "prepare", note)
    write_summary(context, prepare_summary(report, server_url, settings.tickets_from))
    write_outputs(context, _outputs(report, path))
    return 1 if report.refused else 0


def _outputs(report: PrepareReport, path: str) -> dict[str, str]:
    number, url = report.pull_request or (0, "")
    verdict = Verdict.BLOCKED if report.refused else Verdict.BUILD_ONLY
    return {
        "verdict": verdict.value,
        "stack-tag": report.plan.stack_tag,
        **component_outputs(report.facts.components),
        "changed": str(report.changed).lower(),
        "commit": report.commit,
        "pull-request-number": str(number or ""),
        "pull-request-url": url,
        "failed-rules": ",".join(finding.key for finding in report.findings if finding.status.blocks),
        "report-path": path,
    }
