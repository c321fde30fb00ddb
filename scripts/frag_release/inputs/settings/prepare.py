"""What `prepare` takes from inputs and context."""

from __future__ import annotations

import datetime

from ...dataclass import dataclass
from ...domain.components import Component
from ...domain.new_tags import asked_part, wanted_commit
from ...domain.plan import Approval, Mode, read_approval
from ...domain.refs import BY_MONTH, WITHOUT_V
from ...domain.tickets import Ticket
from ...errors import UsageError
from ..context import Context
from ..values import Values, unconfigured, wrong_input
from .announce import read_ticket, tickets_from
from .base import Settings, read_settings

_UTC = ("UTC", "Etc/UTC")
"""Known without the data of time zones, which small images lack."""
_WELL_KNOWN = "Europe/London"
_MINUTES_FOR_NEW = 30.0


@dataclass(frozen=True)
class PrepareSettings(Settings):
    """What is to be prepared. `stack_tag` is empty for the next one; `ticket` names the pair where given.

    With a new tag that ticket is only told. `tags_with_own_token` says that components would be tagged with the
    workflow's own token. `tickets_from` is the repository whose tickets the components' commits name. `approval` is
    what this run is held to.
    """

    mode: Mode
    stack_tag: str
    ticket: Ticket | None
    tickets_from: str
    timezone: datetime.tzinfo
    wait_minutes: float
    component_releases: bool
    tags_with_own_token: bool
    approval: Approval | None

    @property
    def is_new(self) -> bool:
        """Whether a new tag is asked for."""
        return bool(self.newly_tagged)

    @property
    def deciding(self) -> dict[str, str]:
        """The texts of the inputs that decide what is released, and how it is judged, by name."""
        found = {
            "stack-branch": ",".join(self.stack_branches),
            "check-ci": str(self.check_ci).lower(),
            "check-images": str(self.check_images).lower(),
            "check-origin": self.check_origin,
            "allow": ",".join(sorted(map(str, self.allow))),
            "registry-url": self.connections.registry.url,
            "component-releases": str(self.component_releases).lower(),
        }
        for one in self.components:
            found |= {
                f"{one.name}-branch": ",".join(one.branches),
                f"{one.name}-variable": ",".join(one.variables),
                f"{one.name}-namespace-variable": ",".join(one.namespace_variables),
                f"{one.name}-image": one.image,
                f"{one.name}-ci-workflows": ",".join(sorted(one.ci_workflows)),
            }
        return found | self._formats

    @property
    def _formats(self) -> dict[str, str]:
        """The formats of tags that are not the default: what is left out is that, in approvals of before, too."""
        formats = {"": self.tag_format, **{f"{one.name}-": one.tag_format for one in self.components}}
        names = {f"{prefix}tag-format": one.name for prefix, one in formats.items() if one.name != BY_MONTH}
        return names | {f"{prefix}image-tag-format": WITHOUT_V for prefix, one in formats.items() if one.bare_images}

    @property
    def seconds(self) -> float:
        """How long all may take: CI that runs is waited for beside."""
        return super().seconds + self.wait_minutes * 60


def read_prepare_settings(values: Values, context: Context) -> PrepareSettings:
    """Check what a kind alone cannot tell, and fill in computed defaults; raises UsageError."""
    common = read_settings(values, context)
    waits_longer = common.newly_tagged and not (values.is_given("wait-minutes") or values.flag("dry-run"))
    own = tags_with_own_token(values, context)
    _check_one_choice(common)
    check_new(common, own and not values.flag("dry-run"))
    return PrepareSettings(
        **vars(common),
        mode=Mode(values.text("mode")),
        stack_tag=values.text("stack-tag"),
        ticket=read_ticket(values, common.stack_repository, context.server_url),
        tickets_from=tickets_from(values, common.stack_repository),
        timezone=_timezone(values.text("timezone")),
        wait_minutes=_MINUTES_FOR_NEW if waits_longer else float(values.text("wait-minutes")),
        component_releases=values.flag("component-releases"),
        tags_with_own_token=own,
        approval=_approval(values),
    )


def _approval(values: Values) -> Approval | None:
    """Return the plan that was approved, None if there is none to be held to; raises UsageError."""
    text = values.text("expected-plan")
    if not text:
        return None
    if values.text("mode") != Mode.COMMIT:
        raise UsageError(
            "The input expected-plan belongs to mode: commit: a pull request is reviewed and merged by people.",
            "Leave it out, or use mode: commit.",
        )
    approval = read_approval(text)
    if approval is None:
        raise wrong_input("expected-plan", text, "Give it the whole output plan of prepare, unchanged.")
    return approval


def _check_one_choice(settings: Settings) -> None:
    """Refuse two choices for one component, which no tag can be: tags have no blanks. Raises UsageError."""
    for one in settings.components:
        tag = settings.choices[one.name].tag
        if len(tag.split()) > 1:
            newest = "In the form: leave the field empty for the newest tag, or keep today's and type a tag below it."
            remedy = f"Choose one: newest, or a tag alone, such as {one.tag_format.like('2023.05.1')}. {newest}"
            raise wrong_input(one.given_in("tag"), tag, remedy)


def tags_with_own_token(values: Values, context: Context) -> bool:
    """Whether components would be tagged with the workflow's own token."""
    return bool(context.run_token) and (values.text("component-token") or values.text("token")) == context.run_token


def check_new(settings: Settings, own_token: bool) -> None:
    """Refuse a new tag that cannot be made; raises UsageError."""
    asked = settings.newly_tagged
    for one in asked:
        tag = settings.choices[one.name].tag
        if wanted_commit(tag) is None:
            remedy = "Use new, or new@ and 7 to 40 hexadecimal digits of a commit; or a tag alone, to release that one."
            raise wrong_input(one.given_in("tag"), tag, remedy)
        if asked_part(tag) and one.tag_format.by_month:
            remedy = f"Use new, or set {one.format_input} to N.N.N if its tags are version numbers."
            raise unconfigured(one.given_in("tag"), tag, remedy)
    if not asked:
        return
    names = " and ".join(dict.fromkeys(_new_in(one) for one in asked))
    if settings.connections.local:
        raise UsageError(f"{names} cannot be new with local: nothing is tagged in clones.", "Leave out local.")
    if len({one.owner.lower() for one in asked}) > 1:
        owners = " and ".join(one.repository for one in asked)
        raise UsageError(
            f"{names} cannot both be new: {owners} have two owners, and component-token is one token of one owner.",
            "Make one of them new at a time, each with a token of its owner.",
        )
    if own_token:
        given_as = "component-token" if settings.connections.component_token else "token"
        raise UsageError(
            f"{names} cannot be new with the workflow's own token (GITHUB_TOKEN) in {given_as}: a tag that it makes "
            "starts no workflow.",
            "Give component-token the token of an app or a person with Contents: write and Workflows: write there.",
        )


def _new_in(one: Component) -> str:
    """Return the input that asks for a new tag of a component."""
    own = one.given_in("tag")
    return own if own == f"{one.name}-tag" else f"{own} ({one.name})"


def _timezone(name: str) -> datetime.tzinfo:
    if name in _UTC:
        return datetime.timezone.utc
    found = _read_zone(name)
    if found is not None:
        return found
    if _read_zone(_WELL_KNOWN) is None:
        raise wrong_input("timezone", name, f"This machine has no time-zone data: install tzdata, or use {_UTC[0]}.")
    raise wrong_input("timezone", name, f"Use a name such as {_WELL_KNOWN} or {_UTC[0]}.")


def _read_zone(name: str) -> datetime.tzinfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # only some runs need it

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return None
