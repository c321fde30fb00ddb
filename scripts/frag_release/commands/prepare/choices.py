"""Choosing what to release: the pair, from what was typed or from a ticket, and the stack's tag."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ...domain.components import Component, Pin
from ...domain.evidence import Answer, Placement, TooLong, Unknown
from ...domain.plan import RELEASE_BRANCH, Candidate, ChoiceError, choose_stack_tag
from ...domain.ticket_text import TicketTextError, read_versions
from ...domain.tickets import Ticket
from ...domain.versions import ProductionTag, parse_production_tag, production_tags
from ...errors import RefusedError
from ...forges.repository import Forge, Repository
from ..answers import must

NEWEST = "newest"
_SHOWN = 10


def wanted_tags(forge: Forge, components: Sequence[Component], ticket: Ticket | None) -> dict[str, str]:
    """Return what is asked of each component: a tag, `newest`, or empty to keep today's.

    A ticket names both versions; what was typed beside it must say the same. Raises RefusedError.
    """
    typed = {component.name: component.tag for component in components}
    if ticket is None:
        return typed
    issue = must(forge.issue(ticket.repository, ticket.number), f"The ticket {ticket}")
    try:
        named = read_versions(f"{issue.title}\n\n{issue.body}", [component.name for component in components])
    except TicketTextError as error:
        # Others may read what this run says: words of a ticket that not everybody may see are not quoted.
        is_public = forge.repository(issue.repository).is_private() is False
        why = str(error) if is_public else error.without_words
        remedy = "Write both into the ticket, such as 'backend 2023.05.1' and 'frontend 2023.05.4', or type them."
        raise RefusedError(f"The ticket {ticket} does not say what to release: {why}.", remedy) from error
    for name, tag in named.items():
        if typed[name] not in ("", tag):
            raise RefusedError(
                f"The ticket {ticket} names the {name} {tag}, but {typed[name]!r} was typed.",
                "Leave one of the two out.",
            )
    return named


def candidates(repository: Repository, pin: Pin, today: datetime.date) -> Answer[list[Candidate]]:
    """Return the newest production tags of a component, newest first, and whether each is on a production branch."""
    years = {today.year, today.year - 1}
    current = parse_production_tag(pin.tag)
    names = repository.tags_starting(sorted(f"{year}." for year in years | ({current.year} if current else set())))
    if isinstance(names, Unknown):
        return names
    newest = [tag.text for tag in reversed(production_tags(names))][:_SHOWN]
    commits = repository.tags(newest)
    known = [commit for commit in commits.values() if isinstance(commit, str)]
    placements = repository.placements(known, pin.component.branches) if known else {}
    return [Candidate(name, _eligible(commits[name], placements)) for name in newest]


def _eligible(commit: Answer[str | None], placements: Mapping[str, Answer[Placement]]) -> Answer[bool]:
    if not isinstance(commit, str):
        return commit if isinstance(commit, Unknown) else False
    place = placements[commit]
    return place if isinstance(place, Unknown) else bool(place.branches)


def chosen_tag(wanted: str, pin: Pin, found: Answer[Sequence[Candidate]]) -> str:
    """Return the tag for a component: `wanted` itself, today's where it is empty, or the newest eligible one.

    Raises EvidenceError where the newest cannot be told, RefusedError where there is none.
    """
    if wanted != NEWEST:
        return wanted or pin.tag
    name = pin.component.name
    for candidate in must(found, f"The newest {name} tag"):
        if must(candidate.eligible, f"Whether {name} {candidate.tag} is eligible"):
            return candidate.tag
    branches = " or ".join(pin.component.branches)
    raise RefusedError(
        f"{pin.component.repository} has no newest production tag: none of its newest is on {branches}.",
        f"Name the {name} tag in the input {name}-tag.",
    )


def _all_tags(repository: Repository, prefixes: Sequence[str]) -> Answer[Sequence[str]]:
    """Return all tags; where there are more than are listed, those that start with one of `prefixes`."""
    names = repository.tags_starting([""])
    return repository.tags_starting(prefixes) if isinstance(names, TooLong) else names


def next_stack_tag(repository: Repository, wanted: str, today: datetime.date, own: str) -> ProductionTag:
    """Return the stack's tag for the release; raises RefusedError and EvidenceError."""
    given = parse_production_tag(wanted) if wanted else None
    prefixes = {f"{today.year}."} | ({f"{given.year}.", f"{wanted.partition('.')[0]}."} if given else set())
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(_all_tags, repository, sorted(prefixes))
        reserved = pool.submit(repository.branches_starting, RELEASE_BRANCH)
    tags = must(asked.result(), f"The list of tags of {repository.name}")
    branches = must(reserved.result(), f"The list of release branches of {repository.name}")
    try:
        return choose_stack_tag(wanted, today, tags, branches, own)
    except ChoiceError as error:
        raise RefusedError(error.message, error.remedy) from error
