"""What the previous release left as evidence, for pins that are the same as then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...adapters.ports.repository import Forge
from ...domain.evidence import Answer, Unknown
from ...domain.facts import ComponentFacts, PreviousRelease, Recorded
from ...domain.release_record import ReleaseRecord


def with_records(
    forge: Forge, repository: str, previous: Answer[PreviousRelease | None], components: Sequence[ComponentFacts]
) -> list[ComponentFacts]:
    """Add what `release.json` of the previous release says to those components that nothing else speaks for.

    It is asked for only where CI runs are missing: GitHub keeps them for 90 days.
    """
    if previous is None or not any(map(_needs_record, components)):
        return list(components)
    if isinstance(previous, Unknown):
        why = Unknown(f"the release before, which may have recorded one, could not be read: {previous.reason}")
        return [_with_record(facts, why) if _needs_record(facts) else facts for facts in components]
    record = forge.release_record(repository, previous.tag.text)
    if record is None:
        return list(components)
    if isinstance(record, ReleaseRecord) and record.commit != previous.commit:
        reason = f"release.json of {record.tag} is about {record.commit[:12]}, and the tag is at {previous.commit[:12]}"
        record = Unknown(reason, "Look at it: somebody may have moved the tag, or replaced the file.")
    return [_with_record(facts, record) if _needs_record(facts) else facts for facts in components]


def _needs_record(facts: ComponentFacts) -> bool:
    """Whether no run of the pin's commit is left, and the previous release had the same pin, or may have had it."""
    before = facts.previous
    if facts.runs is None or isinstance(facts.runs, Unknown) or before is None:
        return False
    same = isinstance(before, Unknown) or before.unread or before.same_choice == facts.pin.same_choice
    return bool(same) and not facts.tag_runs


def _with_record(facts: ComponentFacts, record: Answer[ReleaseRecord]) -> ComponentFacts:
    if isinstance(record, Unknown):
        return replace(facts, recorded=record)
    name = facts.pin.component.name
    component = record.component(name)
    if component is None or component.tag != facts.pin.tag:
        return facts
    passed, left = record.ci_passed(name), record.taken_back is not None
    return replace(
        facts, recorded=Recorded(record.tag, component.commit, component.digest, passed, record.frozen, left)
    )
