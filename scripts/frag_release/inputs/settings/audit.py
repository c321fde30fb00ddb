"""What `audit` takes from inputs and context."""

from __future__ import annotations

from dataclasses import dataclass

from ...domain.audit.since import Since, parse_since
from ...domain.components import NO_IMAGE
from ..context import Context
from ..values import Values, wrong_input
from .base import Settings, image_name, read_settings


@dataclass(frozen=True)
class AuditSettings(Settings):
    """What is to be judged. `stack_image` is empty for the name in each `release.json`, `none` for no comparison."""

    since: Since
    stack_image: str

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
    since = parse_since(values.text("since").removeprefix(settings.tag_format.prefix))
    if since is None:
        raise wrong_input("since", values.text("since"), "Use a production tag or the start of one, such as 2023.06.")
    return AuditSettings(**vars(settings), since=since, stack_image=image_name("stack-image", values))
