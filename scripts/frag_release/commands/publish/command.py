"""The command `publish` from its inputs to its results."""

from __future__ import annotations

import datetime
import time

from ... import __version__, cancellation
from ...domain.builds import Progress
from ...domain.decision import Verdict
from ...domain.publish_report import NothingReport, PublishReport
from ...domain.review import NothingToPublish
from ...render.builds import progress_line
from ...render.links import Links
from ...render.publish import nothing_summary, publish_summary, publish_text
from ...runner.context import Context
from ...runner.log import Log
from ...runner.results import write_outputs, write_report, write_summary
from ...runner.settings.publish import PublishSettings, read_publish_settings
from ...runner.signals import hold_signals
from ...runner.values import Values
from ..clock import Clock
from ..gate.results import component_outputs
from ..services import Services
from ..told import ToldProgress
from .publish import Presentation, Publish
from .text import ReleaseText


def run(values: Values, context: Context, log: Log) -> int:
    """Find what was reviewed, publish it and tell; returns the exit status."""
    settings = read_publish_settings(values, context)
    services = Services(settings, settings.connections.timeout_seconds + settings.wait_minutes * 60)
    forge = services.github()
    links = Links(context.server_url)
    speak = Presentation(
        tell=log.lines,
        show=lambda report: log.lines(publish_text(report)),
        progress=ToldProgress[Progress](lambda progress: log.lines(progress_line(progress)), time.monotonic),
        body=ReleaseText(forge, settings, context.server_url).body,
        tag_url=lambda tag: links.tag(settings.stack_repository, tag),
    )
    clock = Clock(_now, services.remaining, cancellation.sleep)
    result = Publish(settings, context, forge, services.github, services.registry(), clock, speak).run()
    hold_signals()
    if isinstance(result, NothingToPublish):
        return _tell_nothing(result, settings, context, log)
    return _tell(result, settings, context, log)


def _tell(report: PublishReport, settings: PublishSettings, context: Context, log: Log) -> int:
    path = write_report(settings.report, report.as_json()) if settings.report else ""
    log.lines(publish_text(report))
    log.annotate_findings(report.judged.decision.findings)
    for note in report.notes:
        log.annotate("warning", "publish", note)
    if report.problem:
        log.annotate("error", "publish", f"{report.problem.message} {report.problem.remedy} {report.run_url}".strip())
    write_summary(context, publish_summary(report, context.server_url))
    write_outputs(context, _outputs(report, path))
    return report.exit_status


def _tell_nothing(nothing: NothingToPublish, settings: PublishSettings, context: Context, log: Log) -> int:
    document = NothingReport(__version__, _now(), nothing).as_json()
    path = write_report(settings.report, document) if settings.report else ""
    log.annotate("notice", "Nothing to publish", f"{nothing.reason} {nothing.remedy}".rstrip())
    write_summary(context, nothing_summary(nothing))
    write_outputs(context, {"verdict": Verdict.BUILD_ONLY.value, "report-path": path})
    return 0


def _outputs(report: PublishReport, path: str) -> dict[str, str]:
    return {
        "verdict": report.judged.decision.verdict.value,
        "stack-tag": report.judged.tag,
        "stack-commit": report.judged.commit,
        **component_outputs(report.judged.facts.components),
        "release-url": report.release_url,
        "run-url": report.run_url,
        "run-conclusion": report.run_conclusion,
        "changed": str(bool(report.actions)).lower(),
        "failed-rules": ",".join(report.judged.failed_rules),
        "report-path": path,
    }


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)
