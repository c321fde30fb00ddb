"""What `announce` takes from inputs and context, and where tickets are for all who read, write or name them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...dataclass import dataclass
from ...domain.refs import Ref, TagFormat, wrong_v
from ...domain.tickets import Ticket, parse_ticket
from ...domain.versions import ProductionTag, parse_production_tag
from ...errors import UnconfiguredError, UsageError
from ..context import Context
from ..values import Values, no_production_tag, wrong_input
from .base import Settings, read_settings

MOST_ASSIGNEES = 10
"""GitHub takes no more for one ticket."""

_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?(?:\[bot\])?")
_PROJECT = re.compile(
    r"(?:https://[^/\s]+/)?((?:orgs|users)/[A-Za-z0-9][A-Za-z0-9_-]{0,99}/projects/[1-9][0-9]{0,8})(?:[/?#].*)?"
)
_MOST_LABEL = 50
_BOX = re.compile(r"[-*+]\s+(?:\[[ xX]?\]\s*)?")
_MOST_LINES, _MOST_IN_LINE = 30, 200


def ticket_repository(values: Values, stack_repository: str) -> str:
    """Return the repository of the release's ticket."""
    return values.text("ticket-repository") or stack_repository


def tickets_from(values: Values, stack_repository: str) -> str:
    """Return the repository whose tickets the components' commits name."""
    return values.text("tickets-from") or ticket_repository(values, stack_repository)


def read_ticket(values: Values, stack_repository: str, server: str) -> Ticket | None:
    """Return the ticket that the input names, a bare number being of `ticket_repository`; raises UsageError."""
    text = values.text("ticket")
    found = parse_ticket(text, ticket_repository(values, stack_repository), server) if text else None
    if text and found is None:
        raise wrong_input("ticket", text, f"Use its number, OWNER/NAME#NUMBER, or its address on {server}.")
    return found


@dataclass(frozen=True)
class AnnounceSettings(Settings):
    """What is to be announced, and where. `ticket` is an existing one that is told in place of an own one.

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
    def told_in(self) -> str:
        """The repository of the ticket that is written."""
        return self.ticket.repository if self.ticket else self.ticket_repository


def read_announce_settings(values: Values, context: Context) -> AnnounceSettings:
    """Check what a kind alone cannot tell, and fill in computed defaults; raises UsageError."""
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
    """The release that is meant: the one that is named, else the tag of this run."""
    of_run = Ref(context.ref).tag
    found = parse_production_tag(given or of_run, form)
    if found:
        return found
    if given:
        raise no_production_tag("stack-tag", given, form)
    if of_run:
        what = (
            f"This run is for the tag {of_run!r}, which is no release to production, so there is nothing to announce."
        )
        if with_v := wrong_v(of_run, form, "tag-format"):
            raise UnconfiguredError(what, with_v)
        raise UsageError(what, f"Run it for a tag of {form.numbers}, or name one in stack-tag.")
    where = f"This run is for {context.ref}" if context.ref else "This is no run for a tag"
    raise UsageError(f"{where}, and the input stack-tag is empty.", "Name the release to announce in stack-tag.")


def _assignees(values: Values) -> tuple[str, ...]:
    logins = tuple(dict.fromkeys(login.removeprefix("@") for login in values.items("assignees")))
    for login in logins:
        if not _LOGIN.fullmatch(login):
            raise wrong_input("assignees", login, "Use GitHub logins, separated by commas.")
    if len(logins) > MOST_ASSIGNEES:
        raise wrong_input("assignees", values.text("assignees"), f"GitHub takes at most {MOST_ASSIGNEES} for a ticket.")
    return logins


def _labels(values: Values) -> tuple[str, ...]:
    labels = tuple(dict.fromkeys(values.items("labels")))
    for label in labels:
        if len(label) > _MOST_LABEL:
            raise wrong_input("labels", label, f"A label has at most {_MOST_LABEL} characters.")
    return labels


def _checklist(text: str) -> tuple[str, ...]:
    """The lines, each once, with or without the box that people may have typed before them."""
    lines = (_BOX.sub("", line.strip()) for line in text.split("\n"))
    found = tuple(dict.fromkeys(line for line in lines if line))
    if len(found) > _MOST_LINES:
        raise UsageError(f"The input checklist has {len(found)} lines.", f"Leave at most {_MOST_LINES}.")
    for line in found:
        if len(line) > _MOST_IN_LINE:
            raise wrong_input("checklist", line, f"A line has at most {_MOST_IN_LINE} characters.")
    return found


def _project(text: str) -> str:
    found = _PROJECT.fullmatch(text)
    if text and found is None:
        raise wrong_input("project", text, "Use orgs/NAME/projects/NUMBER, users/NAME/projects/NUMBER, or its address.")
    return found[1] if found else ""
