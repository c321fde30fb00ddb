"""The command `deploy`: judged again, deployed by AWX or a step of the workflow, and seen on the site."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...domain.evidence import Unknown
from ...errors import UsageError
from ...inputs.settings.deploy import check_ref
from ...inputs.settings.deploy import read_deploy_settings as read_settings
from .deploy import Deploy
from .deployer import Connected

if TYPE_CHECKING:
    from ...domain.reports.deploy import DeployReport
    from ...inputs.settings.deploy import DeploySettings
    from ..session import Session

__all__ = ["read_settings", "run"]


def run(session: Session[DeploySettings]) -> DeployReport:
    """Judge once more, and deploy."""
    session.settings = session.settings.with_full_ref(lambda name: session.stack.full_ref(name), session.context)
    check_ref(session.settings)
    session.settings = _with_an_environment(session)
    return Deploy(session, Connected(session)).run()


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
