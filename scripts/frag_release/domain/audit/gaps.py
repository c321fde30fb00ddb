"""What an audit could not find out: with any of it, the audit is incomplete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..evidence import NotOffered, Unknown, WrongKind
from ..facts import NOT_ASKED
from .facts import StackHistory, StackTag


def gaps(history: StackHistory) -> list[Unknown]:
    """Return each reason why something could not be found out, once.

    A tag that stands for no commit, or a folder where the file should be, is no gap: that was seen. Nor is what the
    place does not offer to anybody.
    """
    no_gaps = (WrongKind, NotOffered)
    found = [each for each in _answers(history) if isinstance(each, Unknown) and not isinstance(each, no_gaps)]
    return list({each.reason: each for each in found if each is not NOT_ASKED}.values())


def _answers(history: StackHistory) -> Iterator[object]:
    yield history.records
    if isinstance(history.records, Mapping):
        yield from history.records.values()
    for facts in (*history.tags, *history.recorded.values()):
        yield from _of_tag(facts)
    for known in history.pinned.values():
        yield from (known.commit, known.shadow, known.placement, known.runs, known.lifetimes, known.workflows)
    yield from (history.images or {}).values()


def _of_tag(facts: StackTag) -> Iterator[object]:
    yield from (facts.commit, facts.placement, facts.date)
    yield from (pin.unread for pin in facts.pins)
