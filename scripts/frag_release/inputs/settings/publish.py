"""What `publish` takes from inputs and context."""

from __future__ import annotations

from collections.abc import Sequence

from ...dataclass import dataclass
from ...domain.components import NO_IMAGE, default_stack_image
from ...domain.versions import parse_production_tag
from ...errors import UsageError
from ..context import Context
from ..values import Values, no_production_tag
from .announce import tickets_from
from .base import Settings, image_name, read_settings


@dataclass(frozen=True)
class PublishSettings(Settings):
    """What is to be published. `stack_tag` is empty where the reviewed change names it.

    `baseline` says that it runs already, and that only its record is wanted.
    """

    stack_tag: str
    ci_workflows: Sequence[str]
    follow: bool
    tickets_from: str
    wait_minutes: float
    stack_image: str
    baseline: bool

    @property
    def seconds(self) -> float:
        """How long all may take: CI that runs is waited for beside."""
        return super().seconds + self.wait_minutes * 60

    @property
    def images(self) -> tuple[str, ...]:
        """The images that are looked at: the stack's, too, where it is pushed."""
        return (*super().images, *([self.stack_image] if self.stack_image else []))


def read_publish_settings(values: Values, context: Context) -> PublishSettings:
    """Check what a kind alone cannot tell, and fill in computed defaults; raises UsageError."""
    settings = read_settings(values, context)
    tag = values.text("stack-tag")
    if tag and parse_production_tag(tag, settings.tag_format) is None:
        raise no_production_tag("stack-tag", tag, settings.tag_format)
    baseline, image = values.flag("baseline"), _stack_image(values, settings.stack_repository)
    if baseline and not (tag and image):
        name = "stack-image cannot be none" if tag else "stack-tag is empty"
        raise UsageError(
            f"The input {name}, and the input baseline is true.",
            "Name the release that runs today in stack-tag, and its image, if it has another name, in stack-image.",
        )
    return PublishSettings(
        **vars(settings),
        stack_tag=tag,
        ci_workflows=values.items("stack-ci-workflows"),
        follow=values.flag("follow"),
        tickets_from=tickets_from(values, settings.stack_repository),
        wait_minutes=float(values.text("wait-minutes")),
        stack_image=image,
        baseline=baseline,
    )


def _stack_image(values: Values, repository: str) -> str:
    name = image_name("stack-image", values)
    return "" if name == NO_IMAGE else name or default_stack_image(repository)
