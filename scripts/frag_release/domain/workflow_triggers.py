"""What starts a workflow, as its file says under `on`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ruamel.yaml.events import Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from .evidence import Blob
from .workflow_file import WorkflowFileError, after, decode, mapping_at, parse_events, top_level


@dataclass(frozen=True)
class Triggers:
    """Whether a workflow can be dispatched, and whether pushes of tags start it."""

    dispatch: bool
    tags: bool


def read_triggers(blob: Blob) -> Triggers:
    """Read `on` of a workflow file; raises WorkflowFileError where that cannot be done.

    That `push` names no branches leaves tags in (docs: "Events that trigger workflows", push); which tags its
    patterns mean is not judged.
    """
    events = parse_events(decode(blob))
    found = top_level(events).get("on")
    if found is None:
        raise WorkflowFileError("the file has no on:")
    names = _names(events, found[1])
    return Triggers("workflow_dispatch" in names, "push" in names and _leaves_tags_in(events, names["push"]))


def _names(events: list[Event], position: int) -> Mapping[str, int | None]:
    """Return each event that starts the workflow, with the position of its filters where it may have some."""
    event = events[position]
    if isinstance(event, MappingStartEvent):
        return {name: value for name, (_, value) in mapping_at(events, position, "on:").items()}
    if isinstance(event, SequenceStartEvent):
        return {_text(each): None for each in _items(events, position) if isinstance(each, ScalarEvent)}
    return {_text(event): None} if isinstance(event, ScalarEvent) else {}


def _items(events: list[Event], position: int) -> Iterator[Event]:
    """The first event of each item of a sequence."""
    end, at = after(events, position) - 1, position + 1
    while at < end:
        yield events[at]
        at = after(events, at)


def _leaves_tags_in(events: list[Event], position: int | None) -> bool:
    if position is None or not isinstance(events[position], MappingStartEvent):
        return True
    filters = mapping_at(events, position, "push:")
    return bool({"tags", "tags-ignore"} & set(filters)) or not {"branches", "branches-ignore"} & set(filters)


def _text(event: ScalarEvent) -> str:
    return str(event.value)
