"""What `audit` takes from inputs and context."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...dataclass import dataclass, fields, replace
from ...domain.audit.rules import Since, parse_since
from ...domain.components import NO_IMAGE
from ...domain.environments import is_production
from ...errors import UsageError
from ..context import Context
from ..values import Values, unconfigured, wrong_input
from .awx import SiteSettings, read_site_settings
from .base import Settings, image_name, read_settings

NEWEST = "newest"
"""In the place of a first release: nothing of the past is judged."""


@dataclass(frozen=True)
class AuditSettings(Settings):
    """What is to be judged. `stack_image` is empty for the name in each `release.json`, `none` for no comparison.

    `watches_only` says that only the site is looked at. `environment` is that of production, empty for any.
    """

    since: Since
    stack_image: str
    site: SiteSettings
    environment: str
    watches_only: bool

    @property
    def images(self) -> tuple[str, ...]:
        """The images that are looked at; one that only a record names is not known yet."""
        return (
            *super().images,
            *([self.stack_image] if self.check_images and self.stack_image not in ("", NO_IMAGE) else []),
        )


def read_audit_settings(values: Values, context: Context) -> AuditSettings:
    """Check what a kind alone cannot tell, and fill in computed defaults; raises UsageError."""
    settings = read_settings(values, context)
    text = values.text("since")
    since = parse_since("" if text == NEWEST else text.removeprefix(settings.tag_format.prefix))
    if since is None:
        start = settings.tag_format.like().rpartition(".")[0]
        raise unconfigured("since", text, f"Use a production tag or the start of one, such as {start}., or newest.")
    site = read_site_settings(values, settings)
    if text == NEWEST and not site.urls:
        raise UsageError(
            "The input since is newest, so only the site is looked at, and verify-url is empty.",
            "Give verify-url and verify-text, or name the first release to judge in since.",
        )
    if site.urls and settings.connections.local:
        raise UsageError(
            "The inputs local and verify-url do not go together: clones do not say what was deployed.",
            "Leave one of them out.",
        )
    return AuditSettings(
        **vars(settings),
        since=since,
        stack_image=image_name("stack-image", values),
        site=site,
        environment=_environment(values),
        watches_only=text == NEWEST,
    )


def audit_of(settings: Settings, local: Path | None) -> AuditSettings:
    """Return the settings of an audit within another command; with clones in `local` only what these can tell."""
    common: dict[str, Any] = {one.name: getattr(settings, one.name) for one in fields(Settings)}
    common["connections"] = replace(settings.connections, local=local)
    if local is not None:
        common |= {"check_ci": False, "check_images": False}
    site = SiteSettings((), ())
    return AuditSettings(**common, since=Since(), stack_image="", site=site, environment="", watches_only=False)


def _environment(values: Values) -> str:
    name = values.text("environment") if values.is_given("environment") else ""
    if name and not is_production(name):
        raise wrong_input("environment", name, "Name the environment of production: what it runs is looked at.")
    return name
