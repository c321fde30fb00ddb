"""Choosing what to release: the pair, from what was typed or from a ticket, and the stack's tag."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from ...adapters.ports.repository import Forge, Repository
from ...domain.components import Choice, Component, Pin
from ...domain.evidence import Answer, TooLong
from ...domain.new_tags import is_new
from ...domain.newest import Newest, is_newest
from ...domain.plan import RELEASE_BRANCH, ChoiceError, choose_stack_tag, demand_same_scheme, may_change_scheme
from ...domain.tag_format import PARTS, TagFormat
from ...domain.ticket_text import TicketTextError, read_versions
from ...domain.tickets import Ticket
from ...domain.versions import ProductionTag, parse_production_tag
from ...errors import RefusedError
from ..answers import must
from ..evidence.newest import find_newest

_T = TypeVar("_T")


def wanted_tags(
    forge: Forge, components: Sequence[Component], choices: Mapping[str, Choice], ticket: Ticket | None
) -> dict[str, str]:
    """Return what is asked of each component: a tag, `newest`, or empty to keep today's.

    A ticket names both versions; what was typed beside it must say the same. Where a tag is new it cannot, and is only
    told of the release. Raises RefusedError.
    """
    typed = {component.name: choices[component.name].tag for component in components}
    if ticket is None or any(map(is_new, typed.values())):
        return typed
    named = _named(forge, ticket, components)
    for name, tag in named.items():
        if typed[name] not in ("", tag):
            raise RefusedError(
                f"The ticket {ticket} names the {name} {tag}, but {typed[name]!r} was typed.",
                "Leave one of the two out.",
            )
    return named


def _named(forge: Forge, ticket: Ticket, components: Sequence[Component]) -> dict[str, str]:
    """Return the versions that the ticket names; raises RefusedError if they are not plain."""
    issue = must(forge.issue(ticket.repository, ticket.number), f"The ticket {ticket}")
    try:
        formats = {component.name: component.tag_format for component in components}
        return read_versions(f"{issue.title}\n\n{issue.body}", list(formats), formats)
    except TicketTextError as error:
        # Others may read what this run says: words of a ticket that not everybody may see are not quoted.
        is_public = forge.repository(issue.repository).is_private() is False
        why = str(error) if is_public else error.without_words
        names = [
            f"'{component.name} {component.tag_format.like(f'2023.05.{number}')}'"
            for number, component in enumerate(components[:2], 1)
        ]
        remedy = f"Write each into the ticket, such as {' and '.join(names)}, or type them."
        raise RefusedError(f"The ticket {ticket} does not say what to release: {why}.", remedy) from error


def chosen_tag(wanted: str, pin: Pin, found: Answer[Newest]) -> str:
    """Return the tag for a component: `wanted` itself, today's where it is empty, or the newest on its branches.

    Raises EvidenceError if the newest cannot be told, RefusedError if there is none, or a tag that cannot be right.
    """
    if not is_newest(wanted):
        return wanted or pin.tag
    name, repository, given_in = pin.component.name, pin.component.repository, pin.component.given_in("tag")
    form = pin.component.tag_format
    newest = _seen(found, f"The newest {name} tag", given_in)
    if newest.doubtful:
        highest = newest.doubtful[0].tag
        raise RefusedError(
            f"The newest tag of {repository} is not known: {newest.wrong}.",
            f"Delete {highest} if it was a mistake and never a release; or name the tag in the input {given_in}.",
        )
    if chosen := _seen(newest.tag(), f"The newest {name} tag", given_in):
        return chosen
    where = f": none of its {len(newest.candidates)} is on {' or '.join(pin.component.branches)}"
    raise RefusedError(
        f"{repository} has no newest production tag{where if newest.candidates else ''}. {newest.remark}".rstrip(),
        f"Name the {name} tag in the input {given_in}, {form.numbers} such as {form.like('2023.05.1')}.",
    )


def _seen(answer: Answer[_T], what: str, input_: str) -> _T:
    """As `must`; but if there are too many tags to look at, the remedy is to name one in that input."""
    named = replace(answer, remedy=f"Name the tag in the input {input_}.") if isinstance(answer, TooLong) else answer
    return must(named, what)


def all_tags(repository: Repository, prefixes: Sequence[str]) -> Answer[Sequence[str]]:
    """Return all tags; where there are more than are listed, those that start with one of `prefixes`."""
    names = repository.tags_starting([""])
    return repository.tags_starting(prefixes) if isinstance(names, TooLong) else names


def next_stack_tag(
    repository: Repository, branch: str, wanted: str, today: datetime.date, own: str, form: TagFormat
) -> ProductionTag:
    """Return the tag for the release of the stack's `branch`; raises RefusedError and EvidenceError."""
    given = parse_production_tag(wanted, form) if wanted else None
    prefixes = {f"{form.prefix}{today.year}."}
    prefixes |= {f"{form.prefix}{given.year}.", f"{wanted.partition('.')[0]}."} if given else set()
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(all_tags, repository, sorted(prefixes))
        reserved = pool.submit(repository.branches_starting, RELEASE_BRANCH)
    tags = must(asked.result(), f"The list of tags of {repository.name}")
    branches = must(reserved.result(), f"The list of release branches of {repository.name}")
    try:
        by_part = not form.by_month and wanted in ("", *PARTS)
        newest = _newest_of_stack(repository, branch, today, form) if by_part else ""
        tag = choose_stack_tag(wanted, today, tags, branches, own, form, newest)
        if form.by_month and tag.text not in (wanted, own) and may_change_scheme(tags, form):
            demand_same_scheme(tag, _newest_of_stack(repository, branch, today, form))
    except ChoiceError as error:
        raise RefusedError(error.message, error.remedy) from error
    return tag


def _newest_of_stack(repository: Repository, branch: str, today: datetime.date, form: TagFormat) -> str:
    what = f"The newest tag of {repository.name}"
    found = _seen(find_newest(repository, [branch], today, form, at_first=1), what, "stack-tag")
    return _seen(found.tag(), what, "stack-tag") or found.unformed
