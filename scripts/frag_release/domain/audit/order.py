"""What came before what: the release below each tag, and the releases that were there already."""

from __future__ import annotations

import datetime
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from ..evidence import Answer, Unknown, WrongKind
from ..facts import PreviousRelease
from ..tag_format import DEFAULT_FORMAT, TagFormat
from ..versions import ProductionTag, production_tags
from .facts import StackTag

Tags = Sequence["tuple[ProductionTag, StackTag]"]
"""Production tags with their facts, lowest first."""


def production(tags: Iterable[StackTag]) -> Tags:
    """Keep the production tags, lowest first; those of one version in text order."""
    pairs = [(tag, facts) for facts in tags if (tag := facts.production)]
    return sorted(pairs, key=lambda pair: (pair[0].version, pair[0].text))


def by_month(names: Iterable[str], form: TagFormat = DEFAULT_FORMAT) -> Mapping[tuple[int, int], Sequence[str]]:
    """Return the production tags among `names` by their first two numbers."""
    months: dict[tuple[int, int], list[str]] = {}
    for tag in production_tags(names, form=form):
        months.setdefault((tag.version.major, tag.version.minor), []).append(tag.text)
    return months


def previous_releases(
    tags: Tags, below: Answer[PreviousRelease | None] = None
) -> Mapping[str, Answer[PreviousRelease | None]]:
    """Return the next lower production tag on a stack branch for each tag, None where there is none.

    `below` is what is known of the release under the lowest of `tags`.
    """
    found: dict[str, Answer[PreviousRelease | None]] = {}
    for _, same_version in groupby(tags, key=lambda pair: pair[0].version):
        twins = list(same_version)
        found.update((tag.text, below) for tag, _ in twins)
        for tag, facts in twins:
            below = _released(tag, facts, below)
    return found


def _released(
    tag: ProductionTag, facts: StackTag, below: Answer[PreviousRelease | None]
) -> Answer[PreviousRelease | None]:
    if facts.on_branch and isinstance(facts.commit, str):
        return PreviousRelease(tag, facts.commit, facts.pins)
    return _unplaced(facts) or below


class Timeline:
    """When production tags came onto a stack branch, by the dates that they bear."""

    def __init__(self, tags: Tags) -> None:
        dated = sorted(
            ((facts.date, tag) for tag, facts in tags if facts.on_branch and isinstance(facts.date, datetime.datetime)),
            key=lambda pair: pair[0],
        )
        self._dates = [date for date, _ in dated]
        self._highest: list[ProductionTag] = []
        for _, tag in dated:
            above = bool(self._highest) and self._highest[-1].version >= tag.version
            self._highest.append(self._highest[-1] if above else tag)
        unsure = [(tag, facts) for tag, facts in tags if _is_unsure(facts)]
        self._unsure = unsure[-1] if unsure else None

    def higher_before(self, tag: ProductionTag, date: datetime.datetime) -> Answer[Sequence[str]]:
        """Return the highest release that was there before `date`, if it is higher than `tag`."""
        at = bisect_left(self._dates, date)
        if at and self._highest[at - 1].version > tag.version:
            return [self._highest[at - 1].text]
        if self._unsure and self._unsure[0].version > tag.version:
            return Unknown(f"it could not be found out whether, or when, {self._unsure[0]} came onto the stack branch")
        return []


def _is_unsure(facts: StackTag) -> bool:
    return bool(_unplaced(facts)) or (facts.on_branch and not isinstance(facts.date, datetime.datetime))


def _unplaced(facts: StackTag) -> Unknown | None:
    """Say why it is not known whether a tag is on a stack branch; None where it is."""
    if facts.commit is None or isinstance(facts.commit, WrongKind):
        return None
    missing = facts.commit if isinstance(facts.commit, Unknown) else facts.placement
    return missing if isinstance(missing, Unknown) else None
