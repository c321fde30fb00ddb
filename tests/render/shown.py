"""The pages and texts of the commands, by name, with links that lead to a server."""

from __future__ import annotations

import datetime
from dataclasses import replace

from frag_release.domain.release_record import MAX_BODY
from frag_release.domain.reports import Problem, Stopped
from frag_release.domain.reports.announce import AnnounceReport
from frag_release.domain.reports.audit import AuditReport
from frag_release.domain.reports.deploy import DeployReport
from frag_release.domain.reports.doctor import DoctorReport
from frag_release.domain.reports.gate import GateReport
from frag_release.domain.reports.prepare import PrepareReport
from frag_release.domain.reports.publish import NothingReport, PublishReport
from frag_release.domain.review import NothingToPublish
from frag_release.render import announce, audit, deploy, doctor, gate, plan, prepare, publish, stopped
from frag_release.render.wording import Links

NOW = datetime.datetime(2023, 7, 1, 12, 0, tzinfo=datetime.timezone.utc)
NOWHERE = Links("")


def gate_summary(report: GateReport, server: str) -> str:
    """The job summary of a gate."""
    return gate.summary(report, Links(server))


def prepare_summary(report: PrepareReport, server: str, tickets_from: str) -> str:
    """The job summary of a preparation, whose tickets are those of a repository."""
    return prepare.summary(replace(report, tickets_from=tickets_from), Links(server))


def pull_request_body(report: PrepareReport, server: str, tickets_from: str, limit: int = MAX_BODY) -> str:
    """Our part of a pull request's text."""
    return prepare.pull_request_body(replace(report, tickets_from=tickets_from), Links(server), limit)


def publish_summary(report: PublishReport, server: str) -> str:
    """The job summary of a publication."""
    return publish.summary(report, Links(server))


def nothing_summary(nothing: NothingToPublish) -> str:
    """The job summary where there is nothing to publish."""
    return publish.summary(NothingReport("1.0.0", NOW, nothing), NOWHERE)


def nothing_text(nothing: NothingToPublish) -> str:
    """The text of the log where there is nothing to publish."""
    return publish.text(NothingReport("1.0.0", NOW, nothing))


def deploy_summary(report: DeployReport, server: str) -> str:
    """The job summary of a deployment."""
    return deploy.summary(report, Links(server))


def doctor_summary(report: DoctorReport) -> str:
    """The job summary of doctor."""
    return doctor.summary(report, NOWHERE)


def audit_summary(report: AuditReport, server: str) -> str:
    """The job summary of an audit."""
    return audit.summary(report, Links(server))


def announce_summary(report: AnnounceReport, server: str) -> str:
    """The job summary of an announcement."""
    return announce.summary(report, Links(server))


def error_summary(title: str, message: str, remedy: str) -> str:
    """The job summary of a run that has ended without a report of its own."""
    return stopped.summary(Stopped("gate", "1.0.0", NOW, title, problem=Problem(message, remedy, 1)), NOWHERE)


gate_text, prepare_text, publish_text = gate.text, plan.prepare_text, publish.text
deploy_text, doctor_text, audit_text, announce_text = deploy.text, doctor.text, audit.text, announce.text
