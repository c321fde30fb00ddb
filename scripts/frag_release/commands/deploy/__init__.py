"""The command `deploy`: judged again, deployed by AWX or a step of the workflow, and seen on the site."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from ... import cancellation
from ...adapters.http.retry import Deadline
from ...domain.environments import names_of, note_of_variables
from ...domain.evidence import Unknown
from ...errors import UsageError
from ...inputs.settings.deploy import check_ref, check_template
from ...inputs.settings.deploy import read_deploy_settings as read_settings
from ...render.deploy import job_line
from ..evidence.histories import approvals_of, own_run
from ..session import utc_now
from ..waiting import Clock
from .awx_job import AwxJob
from .deploy import Connected, Deploy
from .deployer import ByAwx, ByOwnStep, Deployer
from .recording import SECONDS, Recording, TakingBack

if TYPE_CHECKING:
    from ...adapters.github.deployments import NewRecord
    from ...domain.awx_jobs import Template, Variables
    from ...domain.deployment_records import Deployed
    from ...domain.evidence import Approval, Image
    from ...domain.reports.deploy import DeployReport, OwnRecord
    from ...inputs.settings.deploy import DeploySettings
    from ..journal import Journal
    from ..session import Services, Session

__all__ = ["read_settings", "run"]

_SPARE_SECONDS = 300.0
"""Beside `wait-minutes`, which ends the waiting: for the first look, the last one, and what has to be said then."""


def run(session: Session[DeploySettings]) -> DeployReport:
    """Judge once more, and deploy."""
    session.settings = session.settings.with_full_ref(lambda name: session.stack.full_ref(name), session.context)
    check_ref(session.settings)
    session.settings = _with_an_environment(session)
    return Deploy(session, _connected(session)).run()


def _with_an_environment(session: Session[DeploySettings]) -> DeploySettings:
    """Refuse a terminal's environment that is not there: a deployment record would make it, and leave it unprotected.

    On a runner the job's own `environment:` has named it before. If that cannot be seen, no record is filed.
    """
    settings, name = session.settings, session.settings.environment
    if session.context.on_runner or not settings.deployment_record:
        return settings
    found = session.services.github().deployments(settings.stack_repository).has_environment(name)
    if isinstance(found, Unknown):
        session.journal.note(f"No deployment record is filed, for the environment could not be seen: {found.reason}.")
        return replace(settings, deployment_record=False)
    if not found:
        raise UsageError(
            f"{settings.stack_repository} has no environment {name}, or the token may not see it: a deployment record "
            "would make it, and anyone with push access could deploy there.",
            "Correct the input environment, or make it under Settings > Environments with its reviewers. To deploy "
            "without a record: deployment-record false.",
        )
    return settings


def _connected(session: Session[DeploySettings]) -> Connected:
    settings, journal = session.settings, session.journal
    waiting = session.services_for(settings.seconds + settings.wait_minutes * 60 + _SPARE_SECONDS)

    def taking_back() -> TakingBack:
        forge = session.services_for(settings.seconds).github()
        actor = session.context.actor
        stack, told_in = settings.stack_repository, settings.ticket_repository
        return TakingBack(forge, stack, told_in, actor, journal, utc_now, session.clock.sleep)

    return Connected(
        approvals=partial(_approvals, session),
        recording=partial(_recording, session),
        registry=session.services.registry(),
        image_registry=lambda: session.services_for(settings.seconds).registry(),
        deployer=partial(_deployer, settings, journal, waiting),
        site=waiting.site,
        taking_back=taking_back,
        clock=lambda: Clock(utc_now, Deadline(settings.wait_minutes * 60).remaining, cancellation.sleep),
    )


def _deployer(
    settings: DeploySettings,
    journal: Journal,
    waiting: Services,
    image: Image,
    clock: Clock,
    moves_on: bool,
    keep: Callable[..., None],
) -> Deployer:
    if settings.awx is None:
        return ByOwnStep(settings.outcome or "", settings.deployment_id)
    chosen = settings.awx.filled(image)
    job = AwxJob(
        waiting.awx(chosen), chosen, clock, journal.progress(job_line), journal.say,
        moves_on=moves_on, alone=settings.is_production, keep=keep, writing=journal.writing,
    )  # fmt: skip
    # As they were given: the tag that is filled in may have any name.
    job.judge = _judge(settings, settings.awx.variables)
    return ByAwx(job, journal)


def _approvals(session: Session[DeploySettings]) -> list[Approval]:
    stack = session.settings.stack_repository
    builds = session.services_for(SECONDS).github().builds(stack)
    return approvals_of(builds, [own_run(session.context, stack)], session.journal)


def _recording(
    session: Session[DeploySettings], new: NewRecord, deployed: Deployed, keep: Callable[[OwnRecord], None]
) -> Recording:
    settings, context = session.settings, session.context
    stack = settings.stack_repository
    return Recording(
        lambda seconds: session.services_for(seconds).github().deployments(stack),
        session.journal,
        new if settings.deployment_record else None,
        deployed,
        f"{context.server_url}/{stack}/deployments/{quote(new.environment)}",
        context.run_url,
        settings.site.urls[0] if settings.site.urls else "",
        keep,
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
