"""Whether a workflow file has the steps by which a build says which image it has pushed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from enum import Enum

from ruamel.yaml.events import Event, ScalarEvent

from .evidence import Blob
from .workflow_file import decode, parse_events

_UPLOAD = "actions/upload-artifact@"
_NAME = "stack-image-"


class Said(Enum):
    """What a file shows of it: steps that say it, none, or parts in other files that may."""

    HERE = "here"
    NOWHERE = "nowhere"
    PERHAPS_ELSEWHERE = "perhaps elsewhere"


def read_upload(blob: Blob) -> Said:
    """Look for the upload and for the artifact's name; raises WorkflowFileError where the file cannot be read."""
    events = parse_events(decode(blob))
    used = [name.casefold() for name in _used(events)]
    named = any(_NAME in str(event.value) for event in events if isinstance(event, ScalarEvent))
    if named and any(name.startswith(_UPLOAD) for name in used):
        return Said.HERE
    # A reusable workflow, or an action of the repository's own, may do it.
    elsewhere = any(name.startswith("./") or "/.github/workflows/" in name for name in used)
    return Said.PERHAPS_ELSEWHERE if elsewhere else Said.NOWHERE


def _used(events: list[Event]) -> Iterator[str]:
    """The value of every `uses`."""
    for key, value in itertools.pairwise(events):
        if isinstance(key, ScalarEvent) and isinstance(value, ScalarEvent) and key.value == "uses":
            yield str(value.value)
