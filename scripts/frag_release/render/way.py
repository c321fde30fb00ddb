"""The way of a release with where it stands, as a picture and in words."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from . import markdown
from .picture import STYLES, label


class Standing(Enum):
    """How a step of the way stands: its mark, its words and the style of its box."""

    DONE = ("✅", "done", "good")
    NEXT = ("👉", "next", "good")
    RUNNING = ("⏳", "goes on", "good")
    STOPPED = ("⛔", "stopped here", "bad")
    AHEAD = ("➖", "still to come", "off")


Steps = Sequence[tuple[str, Standing]]


def standing(names: Sequence[str], done: int, following: Standing) -> list[tuple[str, Standing]]:
    """Return the steps with how they stand: `done` of them done, the one `following`, and those behind it."""
    marks = [Standing.DONE] * done + [following] + [Standing.AHEAD] * len(names)
    return list(zip(names, marks, strict=False))


def way_picture(steps: Steps) -> str:
    """Return the picture as a fenced block."""
    lines = ["flowchart LR"]
    for at, (name, step) in enumerate(steps):
        mark, words, style = step.value
        lines.append(f'  step{at}["{label(name)}<br/>{mark} {words}"]:::{style}')
        if at:
            lines.append(f"  step{at - 1} {'-->' if step is Standing.DONE else '-.->'} step{at}")
    return markdown.fence("\n".join([*lines, STYLES]), "mermaid")


def way_in_words(steps: Steps) -> str:
    """Return what the picture shows, as a list."""
    return markdown.numbered([f"{markdown.text(name, 80)}: {step.value[0]} {step.value[1]}" for name, step in steps])
