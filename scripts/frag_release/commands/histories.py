"""What came in between two pins of a component, and what the tickets that its commits name are called."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ..domain.changes import History
from ..domain.contents import Titles, named_tickets
from ..domain.evidence import Answer, Unknown
from ..domain.plan import Change
from ..forges.repository import Forge
from ..forges.ticketing import Tickets

MOST_TITLES = 300
"""Most tickets whose titles are looked up: each is a request of some thousand that a token has in an hour."""

_NOT_LOOKED_UP = Unknown(f"only the titles of the first {MOST_TITLES} are looked up")


def with_histories(forge: Forge, changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return the changes with their commits; `Unknown` stands where those could not be read."""
    with ThreadPoolExecutor(len(changes) or 1) as pool:
        histories = pool.map(lambda change: _history(forge, change), changes)
        return tuple(replace(change, history=found) for change, found in zip(changes, histories, strict=True))


def titles_of(tickets: Tickets, changes: Sequence[Change]) -> Titles:
    """Return the title of each ticket that the commits name, asked for once each."""
    numbers = named_tickets(changes).numbers
    return {**dict.fromkeys(numbers, _NOT_LOOKED_UP), **tickets.titles(numbers[:MOST_TITLES])}


def _history(forge: Forge, change: Change) -> Answer[History]:
    if not change.changed:
        return History()
    repository = forge.repository(change.after.component.repository)
    old, new = change.before.tag, change.after.tag
    if not old or not new:
        return Unknown("there is no pin to compare with")
    commits = repository.tags([old, new])
    for tag in (old, new):
        commit = commits[tag]
        if isinstance(commit, Unknown):
            return commit
        if commit is None:
            return Unknown(f"{repository.name} has no tag {tag!r}")
    return repository.history(str(commits[old]), str(commits[new]))
