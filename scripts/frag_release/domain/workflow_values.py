"""What a workflow file says in its top-level `env:`; reading it is for `workflow_file`, which takes long to import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class WorkflowFileError(Exception):
    """The file, or one of its values, is not what a workflow needs; `line` counts from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True)
class Value:
    """A value of the top-level `env:`.

    `line` and `column` count from 1; `start` and `end` are the offsets of the value as written,
    with its quotes, in characters of the decoded text without a byte-order mark.
    """

    text: str
    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True)
class WorkflowEnvironment:
    """The top-level `env:` of a workflow file: each name with its value or why that is refused."""

    entries: Mapping[str, Value | WorkflowFileError]
    line: int

    def first(self, names: Sequence[str]) -> str:
        """Return the first of `names` that is there, whatever its value; empty if none is."""
        return next((name for name in names if name in self.entries), "")

    def value(self, *names: str) -> Value:
        """Return the value of the first of `names` that is there; raises WorkflowFileError if that fails."""
        found = self.entries.get(self.first(names))
        if found is None:
            raise WorkflowFileError(f"the top-level env: has no {' and no '.join(names)}", self.line)
        if isinstance(found, WorkflowFileError):
            raise found
        return found
