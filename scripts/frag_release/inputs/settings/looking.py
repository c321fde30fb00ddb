"""The settings of audit, doctor and adopt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ...dataclass import dataclass, fields, replace
from ...domain.audit.rules import Since, parse_since
from ...domain.components import NO_IMAGE
from ...domain.environments import is_production
from ...domain.needs import EXAMINED
from ...errors import UsageError
from ..context import Context
from ..table import INPUTS
from ..values import Values, unconfigured, wrong_input
from . import Settings, image_name, read_settings
from .awx import AwxSettings, SiteSettings, read_deployer, read_site_settings
from .release import check_new, tags_with_own_token, ticket_repository

NEWEST = "newest"
"""The value of `since` for which no past release is judged."""
_ACTION = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}@[A-Za-z0-9_.-][A-Za-z0-9_./-]{0,199}")
_NOT_OF_GATE = frozenset({"command", "stack-repository", "report"})
_SECRETS = frozenset(one.name for one in INPUTS if one.secret)
_T = TypeVar("_T")


@dataclass(frozen=True)
class AuditSettings(Settings):
    """What to judge. `stack_image` is empty for the name in each `release.json`, `none` for no comparison.

    `site_only`: only the site is checked. `environment` is that of production, empty for any.
    """

    since: Since
    stack_image: str
    site: SiteSettings
    environment: str
    site_only: bool

    @property
    def images(self) -> tuple[str, ...]:
        """The images to look up, without those that only a record names."""
        return (
            *super().images,
            *([self.stack_image] if self.check_images and self.stack_image not in ("", NO_IMAGE) else []),
        )


def read_audit_settings(values: Values, context: Context) -> AuditSettings:
    """Return the checked settings, with computed defaults; raises UsageError."""
    settings = read_settings(values, context)
    text = values.text("since")
    since = parse_since("" if text == NEWEST else text.removeprefix(settings.tag_format.prefix))
    if since is None:
        start = settings.tag_format.like().rpartition(".")[0]
        raise unconfigured("since", text, f"Use a production tag or the start of one, such as {start}., or newest.")
    site = read_site_settings(values, settings)
    if text == NEWEST and not site.urls:
        raise UsageError(
            "The input since is newest, so only the site is checked, but verify-url is empty.",
            "Give verify-url and verify-text, or name the first release to judge in since.",
        )
    if site.urls and settings.connections.local:
        raise UsageError(
            "The inputs local and verify-url do not go together: clones do not record what was deployed.",
            "Leave one of them out.",
        )
    return AuditSettings(
        **vars(settings),
        since=since,
        stack_image=image_name("stack-image", values),
        site=site,
        environment=_environment(values),
        site_only=text == NEWEST,
    )


def audit_of(settings: Settings, local: Path | None) -> AuditSettings:
    """Return the settings of an audit within another command, with clones in `local` limited to what these contain."""
    common: dict[str, Any] = {one.name: getattr(settings, one.name) for one in fields(Settings)}
    common["connections"] = replace(settings.connections, local=local)
    if local is not None:
        common |= {"check_ci": False, "check_images": False}
    site = SiteSettings((), ())
    return AuditSettings(**common, since=Since(), stack_image="", site=site, environment="", site_only=False)


def _environment(values: Values) -> str:
    name = values.text("environment") if values.is_given("environment") else ""
    if name and not is_production(name):
        raise wrong_input("environment", name, "Name the environment of production: the audit checks what it runs.")
    return name


@dataclass(frozen=True)
class DoctorSettings(Settings):
    """What to examine. `project` is empty if no board is used.

    `awx` and `site` are the error if their inputs cannot be used; `awx` is None if it does not deploy.
    `own_ticket_token`: tickets are written with the workflow's own token; `tags_with_own_token`: components would be
    tagged with it.
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
    """Return the checked settings, with computed defaults; raises UsageError."""
    common = read_settings(values, context)
    check_new(common, own_token=False)  # a token that cannot tag is a finding, not an error
    ticket_token = values.text("ticket-token") or values.text("token")
    return DoctorSettings(
        **vars(common),
        commands=_commands(values),
        ticket_repository=ticket_repository(values, common.stack_repository),
        project=values.text("project"),
        project_field=values.text("project-field"),
        project_status=values.text("project-status"),
        environment=values.text("environment"),
        awx=_or_error(lambda: read_deployer(values)),
        site_urls=values.items("verify-url"),
        site=_or_error(lambda: read_site_settings(values, common)),
        own_ticket_token=bool(context.run_token) and ticket_token == context.run_token,
        tags_with_own_token=tags_with_own_token(values, context),
    )


def _or_error(read: Callable[[], _T]) -> _T | UsageError:
    """Return an error instead of raising it: it becomes a finding, and the other commands can still be examined."""
    try:
        return read()
    except UsageError as error:
        return error


def _commands(values: Values) -> Sequence[str]:
    chosen = tuple(dict.fromkeys(values.items("for")))
    unknown = [name for name in chosen if name not in EXAMINED]
    if unknown or not chosen:
        remedy = f"Name one or more of these, separated by commas: {', '.join(EXAMINED)}."
        raise wrong_input("for", unknown[0] if unknown else values.text("for"), remedy)
    return chosen


@dataclass(frozen=True)
class AdoptSettings(Settings):
    """What to change. `builds` and `production` are names of jobs in lower case, empty to detect them.

    `names_environment`: `environment` was given.

    `given` are the inputs that the gate needs too, because they differ from its defaults; `for_file` are those of them
    that the configuration file could set instead.
    """

    check: bool
    write: bool
    adds_all: bool
    action: str
    builds: Sequence[str]
    production: Sequence[str]
    environment: str
    names_environment: bool
    deployer: str
    given: Mapping[str, str]
    for_file: Mapping[str, str]


def read_adopt_settings(values: Values, context: Context) -> AdoptSettings:
    """Return the checked settings; raises UsageError, always on a runner."""
    if context.on_runner:
        raise UsageError(
            "The command adopt changes a clone and does not run in a workflow.",
            "Run it in a terminal, in a clone of the stack: python3 scripts adopt. In a workflow, use doctor.",
        )
    common = read_settings(values, context)
    if values.flag("check") and values.flag("write"):
        raise UsageError("The options check and write are both given.", "Check first, then write.")
    action = values.text("action")
    if not _ACTION.fullmatch(action):
        raise wrong_input("action", action, "Use OWNER/NAME@REF, such as org/frag-release-action@v1.")
    given = _given(values)
    return AdoptSettings(
        **{**vars(common), "own_action": action.partition("@")[0]},
        check=values.flag("check"),
        write=values.flag("write"),
        adds_all=values.flag("all"),
        action=action,
        builds=tuple(map(str.lower, values.items("build-jobs"))),
        production=tuple(map(str.lower, values.items("production-jobs"))),
        environment=values.text("environment"),
        names_environment=values.is_given("environment"),
        deployer=values.text("deployer"),
        given=given,
        for_file={one.name: given[one.name] for one in INPUTS if one.in_file and one.name in given},
    )


def _given(values: Values) -> dict[str, str]:
    """Return given inputs that differ from the gate's defaults; raises UsageError for what GitHub would evaluate."""
    names = [one.name for one in INPUTS if {"adopt", "gate"} <= one.commands]
    names = [name for name in names if name not in _NOT_OF_GATE and name not in _SECRETS]
    given = {name: values.text(name) for name in names if values.is_given(name)}
    for name, value in given.items():
        if "${{" in value:
            raise wrong_input(name, value, "Write the value itself: GitHub would treat this as an expression.")
    return {name: value for name, value in given.items() if value != values.default(name)}
