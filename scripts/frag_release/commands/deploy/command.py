"""The command `deploy` from its inputs to its results."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence

from ... import cancellation
from ...clients.deadline import Deadline
from ...domain.awx_jobs import JobProgress, Template, Variables
from ...domain.deploy_report import DeployReport
from ...domain.evidence import Image
from ...domain.production_template import names_of, note_of_variables
from ...domain.site import SiteLook
from ...errors import UsageError
from ...render.deploy import deploy_summary, deploy_text, job_line
from ...runner.context import Context
from ...runner.log import Log
from ...runner.results import write_outputs, write_report, write_summary
from ...runner.settings.awx import read_awx_settings
from ...runner.settings.deploy import DeploySettings, read_deploy_settings
from ...runner.settings.production_template import check_template
from ...runner.signals import hold_signals
from ...runner.values import Values
from ..clock import Clock
from ..gate.results import gate_outputs
from ..services import Services
from ..told import ToldProgress
from .awx_job import AwxJob
from .deploy import Connected, Deploy, Presentation

_SPARE_SECONDS = 300.0
"""Beside `wait-minutes`, which ends the waiting: for the first look, the last one, and what has to be said then."""


def run(values: Values, context: Context, log: Log) -> int:
    """Judge once more, deploy and tell; returns the exit status."""
    settings = read_deploy_settings(values, context)
    report = Deploy(settings, context, _connected(values, settings, log), _presentation(log)).run()
    return _tell(report, settings, context, log)


def _connected(values: Values, settings: DeploySettings, log: Log) -> Connected:
    judging = Services(settings, settings.connections.timeout_seconds)
    waiting = Services(settings, settings.connections.timeout_seconds + settings.wait_minutes * 60 + _SPARE_SECONDS)

    def awx(image: Image, clock: Clock, moves_on: bool) -> AwxJob:
        chosen = read_awx_settings(values, image)
        told = ToldProgress[JobProgress](lambda look: log.lines(job_line(look)), time.monotonic)
        awx, alone = waiting.awx(chosen), settings.is_production
        # As they were given: the tag that is filled in may have any name.
        judge = _judge(settings, read_awx_settings(values).variables)
        return AwxJob(awx, chosen, clock, told, log.lines, moves_on=moves_on, alone=alone, judge=judge)

    def clock() -> Clock:
        return Clock(_now, Deadline(settings.wait_minutes * 60).remaining, cancellation.sleep)

    return Connected(
        forge=judging.github(),
        registry=judging.registry(),
        image_registry=lambda: Services(settings, settings.connections.timeout_seconds).registry(),
        awx=awx,
        site=waiting.site,
        clock=clock,
    )


def _judge(settings: DeploySettings, variables: Variables) -> Callable[[Template], Sequence[str]]:
    """Return what is said of a template outside production; it raises UsageError for one of production."""

    def judge(template: Template) -> Sequence[str]:
        if settings.is_production:
            return ()
        where, allowed = settings.environment, settings.production_template
        notes = (
            check_template(template.name, names_of(template), where, allowed),
            note_of_variables(variables, where),
        )
        return [note for note in notes if note]

    return judge


def _presentation(log: Log) -> Presentation:
    look = ToldProgress[SiteLook](lambda one: log.lines(f"The site: {one.seen}."), time.monotonic)
    return Presentation(tell=log.lines, show=lambda report: log.lines(deploy_text(report)), look=look)


def _tell(report: DeployReport, settings: DeploySettings, context: Context, log: Log) -> int:
    hold_signals()
    log.lines(deploy_text(report))
    log.annotate_findings(report.judged.decision.findings)
    for note in report.notes:
        log.annotate("warning", "deploy", note)
    if report.problem:
        log.annotate("error", "deploy", f"{report.problem.message} {report.problem.remedy}".strip())
    if report.refusal:
        log.annotate("error", "deploy", report.refusal)
    write_summary(context, deploy_summary(report, context.server_url))
    path, status = _written(report, settings, log)
    write_outputs(context, _outputs(report, path))
    return status


def _written(report: DeployReport, settings: DeploySettings, log: Log) -> tuple[str, int]:
    """Write the report; returns its path and the exit status. There may be a job, whose outputs must still be told."""
    if not settings.report:
        return "", report.exit_status
    try:
        return write_report(settings.report, report.as_json()), report.exit_status
    except UsageError as error:
        log.annotate("error", "deploy", f"{error.message} {error.remedy}")
        return "", error.exit_status


def _outputs(report: DeployReport, path: str) -> dict[str, str]:
    job = report.job
    outputs = gate_outputs(report.judged, path)
    if report.exit_status != 0:
        # Whoever reads these goes on to nothing.
        outputs |= {"deploy-production": "false", "deploy-staging": "false"}
    return outputs | {
        "image-tag": report.image.tag if report.exit_status == 0 else "",
        "job-id": str(job.id) if job else "",
        "job-url": job.url if job else "",
        "job-status": job.status if job else "",
    }


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)
