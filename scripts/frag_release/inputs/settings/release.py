"""The settings of prepare, publish and announce."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from ...dataclass import dataclass
from ...domain.components import NO_IMAGE, Component, default_stack_image
from ...domain.new_tags import asked_part, wanted_commit
from ...domain.plan import Approval, Mode, read_approval
from ...domain.refs import BY_MONTH, WITHOUT_V, Ref, TagFormat, wrong_v
from ...domain.tickets import Ticket, parse_ticket
from ...domain.versions import ProductionTag, parse_production_tag
from ...errors import UnconfiguredError, UsageError
from ..context import Context
from ..values import Values, not_a_production_tag, unconfigured, wrong_input
from . import Settings, image_name, read_settings

MAX_ASSIGNEES = 10
"""GitHub's limit for one issue."""

_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?(?:\[bot\])?")
_PROJECT = re.compile(
    r"(?:https://[^/\s]+/)?((?:orgs|users)/[A-Za-z0-9][A-Za-z0-9_-]{0,99}/projects/[1-9][0-9]{0,8})(?:[/?#].*)?"
)
_MOST_LABEL = 50
_BOX = re.compile(r"[-*+]\s+(?:\[[ xX]?\]\s*)?")
_MOST_LINES, _MOST_IN_LINE = 30, 200
_UTC = ("UTC", "Etc/UTC")
"""Names that need no time-zone data, which small images do not have."""
_WELL_KNOWN = "Europe/London"
_MINUTES_FOR_NEW = 30.0


def ticket_repository(values: Values, stack_repository: str) -> str:
    """Return the repository of the release's ticket."""
    return values.text("ticket-repository") or stack_repository


def tickets_from(values: Values, stack_repository: str) -> str:
    """Return the repository of the tickets that the components' commits refer to."""
    return values.text("tickets-from") or ticket_repository(values, stack_repository)


def read_ticket(values: Values, stack_repository: str, server: str) -> Ticket | None:
    """Return the ticket that the input names; a bare number is in `ticket_repository`. Raises UsageError."""
    text = values.text("ticket")
    found = parse_ticket(text, ticket_repository(values, stack_repository), server) if text else None
    if text and found is None:
        raise wrong_input("ticket", text, f"Use its number, OWNER/NAME#NUMBER, or its address on {server}.")
    return found


@dataclass(frozen=True)
class AnnounceSettings(Settings):
    """What to announce, and where. `ticket` is an existing one to update instead of one of our own.

    `project` is empty for no board.
    """

    stack_tag: ProductionTag
    ticket: Ticket | None
    ticket_repository: str
    tickets_from: str
    assignees: Sequence[str]
    labels: Sequence[str]
    checklist: Sequence[str]
    project: str
    project_field: str
    project_status: str

    @property
    def updated_in(self) -> str:
        """The repository of the ticket to open or update."""
        return self.ticket.repository if self.ticket else self.ticket_repository


def read_announce_settings(values: Values, context: Context) -> AnnounceSettings:
    """Return the checked settings, with computed defaults; raises UsageError."""
    settings = read_settings(values, context)
    stack = settings.stack_repository
    return AnnounceSettings(
        **vars(settings),
        stack_tag=_tag(values.text("stack-tag"), context, settings.tag_format),
        ticket=read_ticket(values, stack, context.server_url),
        ticket_repository=ticket_repository(values, stack),
        tickets_from=tickets_from(values, stack),
        assignees=_assignees(values),
        labels=_labels(values),
        checklist=_checklist(values.text("checklist")),
        project=_project(values.text("project")),
        project_field=values.text("project-field"),
        project_status=values.text("project-status"),
    )


def _tag(given: str, context: Context, form: TagFormat) -> ProductionTag:
    """Return the release that the input names, else the tag of this run."""
    of_run = Ref(context.ref).tag
    found = parse_production_tag(given or of_run, form)
    if found:
        return found
    if given:
        raise not_a_production_tag("stack-tag", given, form)
    if of_run:
        what = f"This run is for the tag {of_run!r}, which is not a production tag, so there is nothing to announce."
        if with_v := wrong_v(of_run, form, "tag-format"):
            raise UnconfiguredError(what, with_v)
        raise UsageError(what, f"Run it for a tag of {form.numbers}, or name one in stack-tag.")
    where = f"This run is for {context.ref}" if context.ref else "This run is not for a tag"
    raise UsageError(f"{where}, and the input stack-tag is empty.", "Name the release to announce in stack-tag.")


def _assignees(values: Values) -> tuple[str, ...]:
    logins = tuple(dict.fromkeys(login.removeprefix("@") for login in values.items("assignees")))
    for login in logins:
        if not _LOGIN.fullmatch(login):
            raise wrong_input("assignees", login, "Use GitHub logins, separated by commas.")
    if len(logins) > MAX_ASSIGNEES:
        raise wrong_input("assignees", values.text("assignees"), f"GitHub allows at most {MAX_ASSIGNEES} per issue.")
    return logins


def _labels(values: Values) -> tuple[str, ...]:
    labels = tuple(dict.fromkeys(values.items("labels")))
    for label in labels:
        if len(label) > _MOST_LABEL:
            raise wrong_input("labels", label, f"A label has at most {_MOST_LABEL} characters.")
    return labels


def _checklist(text: str) -> tuple[str, ...]:
    """Return the lines, each once, without any box before them."""
    lines = (_BOX.sub("", line.strip()) for line in text.split("\n"))
    found = tuple(dict.fromkeys(line for line in lines if line))
    if len(found) > _MOST_LINES:
        raise UsageError(f"The input checklist has {len(found)} lines.", f"Use at most {_MOST_LINES}.")
    for line in found:
        if len(line) > _MOST_IN_LINE:
            raise wrong_input("checklist", line, f"A line has at most {_MOST_IN_LINE} characters.")
    return found


def _project(text: str) -> str:
    found = _PROJECT.fullmatch(text)
    if text and found is None:
        raise wrong_input("project", text, "Use orgs/NAME/projects/NUMBER, users/NAME/projects/NUMBER, or its address.")
    return found[1] if found else ""


@dataclass(frozen=True)
class PrepareSettings(Settings):
    """What to prepare. `stack_tag` is empty for the next one.

    `ticket`, if given, names the pair; with a new tag it is only updated. `tags_with_own_token`: components would be
    tagged with the workflow's own token. `tickets_from` is the repository of the tickets that the components' commits
    refer to. `approval` is the approved plan, None if any plan is accepted.
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
        """Whether a new tag is requested."""
        return bool(self.newly_tagged)

    @property
    def deciding(self) -> dict[str, str]:
        """The texts of the inputs that decide what is released and how it is judged, by name."""
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
        """The tag formats that are not the default; older approvals have no formats, which means the defaults."""
        formats = {"": self.tag_format, **{f"{one.name}-": one.tag_format for one in self.components}}
        names = {f"{prefix}tag-format": one.name for prefix, one in formats.items() if one.name != BY_MONTH}
        return names | {f"{prefix}image-tag-format": WITHOUT_V for prefix, one in formats.items() if one.bare_images}

    @property
    def seconds(self) -> float:
        """Time limit for all evidence, plus the wait for running CI."""
        return super().seconds + self.wait_minutes * 60


def read_prepare_settings(values: Values, context: Context) -> PrepareSettings:
    """Return the checked settings, with computed defaults; raises UsageError."""
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
    """Return the plan that was approved, None if any plan is accepted; raises UsageError."""
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
    """Refuse two choices for one component (a tag contains no blanks); raises UsageError."""
    for one in settings.components:
        tag = settings.choices[one.name].tag
        if len(tag.split()) > 1:
            newest = "In the form: leave the field empty for the newest tag, or keep today's and type a tag below it."
            remedy = f"Choose one: newest, or a single tag, such as {one.tag_format.like('2023.05.1')}. {newest}"
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
            remedy = "Use new, or new@ and 7 to 40 hexadecimal digits of a commit; or only a tag, to release that one."
            raise wrong_input(one.given_in("tag"), tag, remedy)
        if asked_part(tag) and one.tag_format.by_month:
            remedy = f"Use new, or set {one.format_input} to N.N.N if its tags are version numbers."
            raise unconfigured(one.given_in("tag"), tag, remedy)
    if not asked:
        return
    names = " and ".join(dict.fromkeys(_new_in(one) for one in asked))
    if settings.connections.local:
        raise UsageError(f"{names} cannot be new with local: clones are never tagged.", "Leave out local.")
    if len({one.owner.lower() for one in asked}) > 1:
        owners = " and ".join(one.repository for one in asked)
        raise UsageError(
            f"{names} cannot both be new: {owners} have different owners, but component-token is a token of one owner.",
            "Use new for one of them at a time, each with a token of its owner.",
        )
    if own_token:
        given_as = "component-token" if settings.connections.component_token else "token"
        raise UsageError(
            f"{names} cannot be new with the workflow's own token (GITHUB_TOKEN) in {given_as}: a tag that it creates "
            "triggers no workflow.",
            "Give component-token the token of an app or a person with Contents: write and Workflows: write there.",
        )


def _new_in(one: Component) -> str:
    """Return the input that requests a new tag of a component."""
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


@dataclass(frozen=True)
class PublishSettings(Settings):
    """What to publish. `stack_tag` is empty if the reviewed change names it.

    `baseline`: it runs already and needs only its record.
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
        """Time limit for all evidence, plus the wait for running CI."""
        return super().seconds + self.wait_minutes * 60

    @property
    def images(self) -> tuple[str, ...]:
        """The images to look up, including the stack's if it has one."""
        return (*super().images, *([self.stack_image] if self.stack_image else []))


def read_publish_settings(values: Values, context: Context) -> PublishSettings:
    """Return the checked settings, with computed defaults; raises UsageError."""
    settings = read_settings(values, context)
    tag = values.text("stack-tag")
    if tag and parse_production_tag(tag, settings.tag_format) is None:
        raise not_a_production_tag("stack-tag", tag, settings.tag_format)
    baseline, image = values.flag("baseline"), _stack_image(values, settings.stack_repository)
    if baseline and not (tag and image):
        name = "stack-image cannot be none" if tag else "stack-tag is empty"
        raise UsageError(
            f"The input {name}, but the input baseline is true.",
            "Name the release that runs today in stack-tag, and its image in stack-image if it has another name.",
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
