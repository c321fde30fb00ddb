"""The settings of `deploy`, and its refusal of a production template outside production."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ...dataclass import dataclass
from ...domain.components import COMPONENT_NAMES, NO_IMAGE, default_stack_image, is_image_tag
from ...domain.environments import is_production, names_of_production
from ...domain.refs import Ref, wrong_v
from ...domain.rules.deployment import Expected
from ...domain.versions import parse_production_tag
from ...errors import UnconfiguredError, UsageError
from ..context import Context
from ..values import Values, is_digest, unconfigured, wrong_input
from . import GateSettings, image_name, read_gate_settings
from .awx import (
    DIGEST_PLACEHOLDER,
    TAG_PLACEHOLDER,
    AwxSettings,
    SiteSettings,
    has_placeholder,
    read_deployer,
    read_site_settings,
)
from .release import ticket_repository

_WHOLE = "Give it the whole output components of the gate, unchanged."
_NO_DIGEST = f"sha256:{'0' * 64}"


def check_template(name: str, titles: Mapping[str, str], environment: str, allowed: str) -> str:
    """Return a note if the template `name` names production and is `allowed`; raises UsageError if it is not allowed.

    `titles` are the texts that may name production, such as the names of template and organisation. Empty if none does.
    """
    says = names_of_production(titles)
    if not says:
        return ""
    if name != allowed:
        raise UsageError(
            f"The AWX template {name!r} is not for the environment {environment}: {says}. Nothing was launched.",
            "Name the template of that environment in awx-template, or deploy to an environment that counts as "
            "production, where everything is verified. If this template does belong to that environment, give its "
            "exact name in production-template.",
        )
    return (
        f"The AWX template {name!r} was allowed for the environment {environment} by production-template, although "
        f"{says}: the rules of production are not applied to what it launches."
    )


@dataclass(frozen=True)
class DeploySettings(GateSettings):
    """What to deploy, and where.

    `image_tag` is empty for the gate's; `stack_image` is the image's name, empty if a rollback's record must name it.
    `gated` is False only by an explicit input, outside production. `verify_looks` checks of the site in a row must
    pass. A release must have stayed on staging for `staging_minutes`, None if that is not required.
    `production_template` may be launched outside production although its name names production. `awx` is None if AWX
    does not deploy. `outcome` is that of the workflow's own step, empty before it, None if AWX deploys;
    `deployment_id` is the record of the deploy step before it, 0 if unknown.
    """

    environment: str
    is_production: bool
    gated: bool
    rollback: bool
    deployment_record: bool
    image_tag: str
    stack_image: str
    expected: Expected
    site: SiteSettings
    verify_looks: int
    staging_minutes: int | None
    production_template: str
    wait_minutes: float
    ticket_repository: str
    awx: AwxSettings | None
    outcome: str | None
    deployment_id: int

    @property
    def images(self) -> tuple[str, ...]:
        """The images to look up, without one that only a record names."""
        return (*super().images, *([self.stack_image] if self.stack_image not in ("", NO_IMAGE) else []))


def read_deploy_settings(values: Values, context: Context) -> DeploySettings:
    """Return the checked settings, with computed defaults; raises UsageError."""
    gate = read_gate_settings(values, context)
    awx = read_deployer(values)
    settings = DeploySettings(
        **vars(gate),
        environment=values.text("environment"),
        is_production=is_production(values.text("environment")),
        gated=not values.flag("ungated"),
        rollback=values.flag("rollback"),
        deployment_record=values.flag("deployment-record"),
        image_tag=values.text("image-tag"),
        stack_image=_stack_image(values, gate.stack_repository),
        expected=_expected(values),
        site=read_site_settings(values, gate),
        verify_looks=int(values.text("verify-looks")),
        staging_minutes=_staging_minutes(values),
        production_template=values.text("production-template"),
        wait_minutes=float(values.text("wait-minutes")),
        ticket_repository=ticket_repository(values, gate.stack_repository),
        awx=awx,
        outcome=_outcome(values),
        deployment_id=_deployment_id(values),
    )
    _check(settings)
    if awx:
        _check_template(settings, awx)
        _check_names_image(settings, awx)
    return settings


def _outcome(values: Values) -> str | None:
    """Return the outcome of the workflow's own step, empty before it, None if AWX deploys; raises UsageError."""
    is_own = values.text("deployer") == "none"
    given = next((name for name in ("deployment-outcome", "deployment-id") if values.is_given(name)), None)
    if given and not is_own:
        message = f"The input {given} belongs to deployments by a step of your own."
        raise UnconfiguredError(message, "Give deployer: none, or leave it out.")
    if given and not values.is_given("deployment-outcome"):
        raise UsageError(
            "The input deployment-id is given, but deployment-outcome is empty: how the deployment ended is unknown.",
            "Give steps.ID.outcome with the id of the step that deploys, in a deploy step after that step.",
        )
    return values.text("deployment-outcome") if is_own else None


def _deployment_id(values: Values) -> int:
    text = values.text("deployment-id")
    if text and not re.fullmatch(r"[1-9][0-9]{0,17}", text):
        raise wrong_input("deployment-id", text, "Give the output deployment-id of the first deploy step, unchanged.")
    return int(text or 0)


def _check_names_image(settings: DeploySettings, awx: AwxSettings) -> None:
    names_image = has_placeholder(dict(awx.variables), DIGEST_PLACEHOLDER) or has_placeholder(
        dict(awx.variables), TAG_PLACEHOLDER
    )
    if settings.is_production and not names_image:
        raise UsageError(
            f"The input extra-vars does not contain {TAG_PLACEHOLDER}, so AWX does not receive what to deploy: "
            f"{_why(settings)}.",
            f"Put it, or {DIGEST_PLACEHOLDER}, where the template expects the stack's image.",
        )


def _check_template(settings: DeploySettings, awx: AwxSettings) -> None:
    """Raise UsageError if the inputs name a production template for another environment."""
    if not settings.is_production:
        titles = {"name": awx.template, "organisation": awx.organization}
        check_template(awx.template, titles, settings.environment, settings.production_template)


def _expected(values: Values) -> Expected:
    given = {name: values.text(f"expected-{name}-digest") for name in COMPONENT_NAMES}
    digests = _together({name: digest for name, digest in given.items() if digest}, _digests(values))
    commit, digest = values.text("expected-stack-commit"), values.text("expected-stack-digest")
    return Expected(commit, digest, digests)


def _together(single: Mapping[str, str], listed: Mapping[str, str]) -> dict[str, str]:
    """Return the digests of single inputs and of `expected-components`; raises UsageError if they differ."""
    for name, digest in single.items():
        if listed.get(name, digest) != digest:
            raise UsageError(
                f"The input expected-{name}-digest is {digest}, but expected-components has {listed[name]}.",
                "Leave one of the two out.",
            )
    return {**listed, **single}


def _digests(values: Values) -> dict[str, str]:
    """Return the digests in `expected-components`, by component; raises UsageError."""
    text = values.text("expected-components")
    try:
        found = json.loads(text) if text else {}
        digests = {name: one["digest"] for name, one in found.items()}
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise wrong_input("expected-components", text, _WHOLE) from error
    values.require_components("expected-components", digests)
    if not all(isinstance(one, str) and is_digest(one or _NO_DIGEST) for one in digests.values()):
        raise wrong_input("expected-components", text, _WHOLE)
    return {name: digest for name, digest in digests.items() if digest}


def _staging_minutes(values: Values) -> int | None:
    """Required for production only, but neither for a rollback nor after the deployment."""
    asked = is_production(values.text("environment")) and not values.flag("rollback")
    asked = asked and not values.is_given("deployment-outcome")
    return int(values.text("staging-minutes")) if asked and values.text("staging-minutes") else None


def _stack_image(values: Values, repository: str) -> str:
    name = image_name("stack-image", values)
    if name or values.flag("rollback"):
        # For a rollback, the release's record names it.
        return name
    return default_stack_image(repository)


def _check(settings: DeploySettings) -> None:
    tag = settings.image_tag
    if tag and not is_image_tag(tag):
        raise wrong_input("image-tag", tag, "Use a valid tag of an image.")
    for name in settings.expected.digests:
        if not settings.check_images:
            raise UsageError(
                f"The input {_digest_input(name)} cannot be compared with anything while check-images is false.",
                "Leave one of the two out.",
            )
    if settings.rollback:
        _check_rollback(settings)
    if settings.is_production:
        _check_production(settings)
    check_ref(settings)


def check_ref(settings: DeploySettings) -> None:
    """Raise UsageError if a ref with a full name cannot be deployed like this; a short name cannot be checked yet."""
    if not settings.ref.is_full:
        return
    tag, form = settings.ref.tag, settings.tag_format
    if settings.rollback and parse_production_tag(tag, form) is None:
        remedy = f"Name the release to roll back to: its tag, such as {form.like()} or {Ref.of_tag(form.like())}."
        with_v = wrong_v(tag, form, "tag-format")
        error = unconfigured if with_v else wrong_input
        raise error("ref", settings.ref.text, with_v or remedy)
    judged = form.image_tag(tag)
    if settings.is_production and settings.image_tag not in ("", judged):
        remedy = f"Deploy the tag that is judged ({judged or 'this run belongs to no tag'}), or leave image-tag out."
        raise unconfigured("image-tag", settings.image_tag, remedy)


def _check_rollback(settings: DeploySettings) -> None:
    if not settings.gated:
        raise wrong_input("ungated", "true", "A rollback is judged by its release.json: leave ungated out.")
    if not settings.production:
        raise wrong_input("production", "false", "A rollback is judged by its release.json: leave production out.")


def _check_production(settings: DeploySettings) -> None:
    where = _why(settings)
    if not settings.gated:
        raise UsageError(f"The input ungated cannot be true: {where}.", "Leave it out: production is always gated.")
    if settings.stack_image == NO_IMAGE:
        raise UsageError(f"The input stack-image cannot be none: {where}.", "Name the image that is deployed.")
    missing = [] if settings.rollback else _missing(settings)
    if missing:
        raise UnconfiguredError(
            f"The input{'' if len(missing) == 1 else 's'} {', '.join(missing)} must not be empty: {where}.",
            f"Give what the gate judged and the build pushed: the outputs {_outputs(settings)} of the gate, and the "
            "digest that the build pushed. If an output is empty, GitHub may have dropped it because its value "
            "contains a secret.",
        )


def _why(settings: DeploySettings) -> str:
    name = settings.environment
    return f"the environment {name} counts as production, as does every name without a word such as staging"


def _digest_input(name: str) -> str:
    return f"expected-{name}-digest" if name in COMPONENT_NAMES else "expected-components"


def _outputs(settings: DeploySettings) -> str:
    """The outputs of the gate that production needs, as a phrase."""
    names = [component.name for component in settings.components]
    if tuple(names) != COMPONENT_NAMES:
        return "stack-commit and components"
    return f"stack-commit, {names[0]}-digest and {names[1]}-digest"


def _missing(settings: DeploySettings) -> list[str]:
    """Return the missing inputs that production needs; a component whose image is not checked needs no digest."""
    needed = {"expected-stack-commit": settings.expected.stack_commit}
    for component in settings.components:
        if component.image != NO_IMAGE and settings.check_images:
            name, digest = _digest_input(component.name), settings.expected.digests.get(component.name, "")
            needed[name] = digest and needed.get(name, digest)
    needed["expected-stack-digest"] = settings.expected.stack_digest
    return [name for name, value in needed.items() if not value]
