"""What a command that looks at the deployed site takes from the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...domain.site_lines import IMAGE_TAG, STACK_COMMIT, LineError, SiteLine, read_lines
from ...errors import UnconfiguredError
from ..values import Values
from .base import Settings

_FORMS = (
    "Write where the page shows the stack's version: `/version/stack = {image-tag}` for a JSON page, or a text "
    "such as `Stack {image-tag}`. The command doctor looks at verify-url and proposes lines that would do."
)


@dataclass(frozen=True)
class SiteSettings:
    """The pages, none where no site is looked at, and the lines that the first of them must hold."""

    urls: Sequence[str]
    lines: Sequence[SiteLine]


def read_site_settings(values: Values, common: Settings) -> SiteSettings:
    """Read the lines of `verify-text`; raises UsageError."""
    urls = values.items("verify-url")
    names = [component.name for component in common.components]
    places = [IMAGE_TAG, STACK_COMMIT, *(f"{name}-{what}" for name in names for what in ("tag", "namespace"))]
    try:
        lines = read_lines(values.text("verify-text"), places, _owners(common, values.text("stack-image")))
    except LineError as error:
        raise UnconfiguredError(str(error), _FORMS) from error
    if urls and not lines:
        raise UnconfiguredError(
            "The input verify-text is empty where verify-url is given: a page that answers proves no version.",
            f"{_FORMS} Or leave verify-url out: then nobody looks at the site.",
        )
    return SiteSettings(urls, lines)


def _owners(common: Settings, stack_image: str) -> set[str]:
    """The namespaces and registries that are known before anything is asked."""
    names = [common.stack_repository, stack_image]
    names += [name for component in common.components for name in (component.repository, component.image)]
    namespaces = {choice.namespace for choice in common.choices.values()}
    return {part for name in names for part in name.split("/")[:-1]} | namespaces
