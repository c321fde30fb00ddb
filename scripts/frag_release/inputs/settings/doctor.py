"""What `doctor` takes from inputs and context."""

from __future__ import annotations

from collections.abc import Sequence

from ...dataclass import dataclass
from ...domain.needs.need import EXAMINED
from ...errors import UsageError
from ..context import Context
from ..values import Values, wrong_input
from .announce import ticket_repository
from .awx import AwxSettings, SiteSettings, read_deployer, read_site_settings
from .base import Settings, read_settings
from .prepare import check_new, tags_with_own_token


@dataclass(frozen=True)
class DoctorSettings(Settings):
    """What is to be examined. `project` is empty where no board is wanted.

    `awx` is what is wrong with its inputs where it cannot be asked, None if it does not deploy; `site` is why its lines
    cannot be used.
    `own_ticket_token` says that tickets are written with the workflow's own token, `tags_with_own_token` that
    components would be tagged with it.
    """

    commands: Sequence[str]
    ticket_repository: str
    project: str
    project_field: str
    project_status: str
    environment: str
    awx: AwxSettings | UsageError | None
    site_urls: Sequence[str]
    site: SiteSettings | UsageError
    own_ticket_token: bool
    tags_with_own_token: bool


def read_doctor_settings(values: Values, context: Context) -> DoctorSettings:
    """Check what a kind alone cannot tell, and fill in computed defaults; raises UsageError."""
    common = read_settings(values, context)
    check_new(common, own_token=False)  # which tags nothing: that is a finding
    ticket_token = values.text("ticket-token") or values.text("token")
    return DoctorSettings(
        **vars(common),
        commands=_commands(values),
        ticket_repository=ticket_repository(values, common.stack_repository),
        project=values.text("project"),
        project_field=values.text("project-field"),
        project_status=values.text("project-status"),
        environment=values.text("environment"),
        awx=_awx(values),
        site_urls=values.items("verify-url"),
        site=_site(values, common),
        own_ticket_token=bool(context.run_token) and ticket_token == context.run_token,
        tags_with_own_token=tags_with_own_token(values, context),
    )


def _awx(values: Values) -> AwxSettings | UsageError | None:
    """What is missing here is a finding, not the end of it: the other commands can be examined all the same."""
    try:
        return read_deployer(values)
    except UsageError as error:
        return error


def _site(values: Values, common: Settings) -> SiteSettings | UsageError:
    """What is wrong here is a finding, too: doctor proposes what would be right."""
    try:
        return read_site_settings(values, common)
    except UsageError as error:
        return error


def _commands(values: Values) -> Sequence[str]:
    chosen = tuple(dict.fromkeys(values.items("for")))
    unknown = [name for name in chosen if name not in EXAMINED]
    if unknown or not chosen:
        remedy = f"Name one or more of these, separated by commas: {', '.join(EXAMINED)}."
        raise wrong_input("for", unknown[0] if unknown else values.text("for"), remedy)
    return chosen
