"""The parts of a document that has a largest size: what matters least goes first, and is told to be missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

MAX_SUMMARY = 1_000_000
"""Largest job summary in bytes of UTF-8. GitHub shows nothing of one over 1 MiB (1,048,576 bytes)."""


@dataclass(frozen=True)
class Section:
    """A part of a document; those of the lowest `worth` go first where all would be too much."""

    worth: int
    title: str
    body: str

    def __str__(self) -> str:
        return f"### {self.title}\n\n{self.body}" if self.title else self.body


def fitted(sections: Sequence[Section], limit: int) -> str:
    """Join the sections that have a body, leaving out the least worth above `limit` bytes, and saying so."""
    parts = [(section.worth, str(section)) for section in sections if section.body]
    sizes = [_size(part) for _, part in parts]
    left_out: set[int] = set()
    for at in sorted(range(len(parts)), key=lambda at: parts[at][0])[:-1]:
        if sum(sizes) + _size(_note(left_out, parts)) <= limit:
            break
        left_out.add(at)
        sizes[at] = 0
    kept = [part for at, (_, part) in enumerate(parts) if at not in left_out]
    return "\n\n".join([*kept, *filter(None, [_note(left_out, parts)])]) + "\n"


def _note(left_out: Collection[int], parts: Sequence[object]) -> str:
    if not left_out:
        return ""
    return f"Left out to keep this within GitHub's limit: {len(left_out)} of {len(parts)} parts."


def _size(part: str) -> int:
    """Return the size in bytes of UTF-8, with the blank line behind it."""
    return len(part.encode("utf-8", "backslashreplace")) + 2
