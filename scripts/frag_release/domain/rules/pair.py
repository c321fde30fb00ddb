"""Rules on the pair as a whole."""

from __future__ import annotations

from ..evidence import Unknown
from ..facts import ReleaseFacts
from ..findings import Outcome
from .rule import Rule, either, passed, rule, skipped, warned, without_previous


@rule(
    "pair-changed",
    ReleaseFacts,
    fails_when="*warning only*: it is the same pair as in the previous release (releases of the Dockerfile alone "
    "are legitimate)",
    remedy="Make sure that a release without a new component is meant.",
)
def pair_changed(facts: ReleaseFacts) -> Outcome:
    """A release usually brings a new component."""
    previous = facts.previous
    if previous is None or isinstance(previous, Unknown):
        return without_previous(previous)
    unread = next((pin.unread for pin in previous.pins if pin.unread), None)
    if unread:
        return without_previous(unread)
    before = [pin.same_choice for pin in previous.pins]
    if not all(pin.tag for pin in previous.pins):
        return skipped(f"The previous release, {previous.tag}, has no pins that can be read.")
    if [facts_of.pin.same_choice for facts_of in facts.components] != before:
        return passed(f"The pair differs from that of {previous.tag}.")
    names = [one.pin.component.name for one in facts.components]
    return warned(
        f"The pair is the same as in {previous.tag}.",
        f"Make sure that a release without a new {either(names)} is meant.",
    )


PAIR_RULES: tuple[Rule[ReleaseFacts], ...] = (pair_changed,)
