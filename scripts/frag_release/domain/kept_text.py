"""Our part of a ticket or pull request, between two lines by which it is known; what people write around is theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_BODY = 65_536
"""Most characters that GitHub takes for the body of an issue, a comment or a pull request."""

_END = "<!-- frag-release-action: end of the part that is kept up to date -->"
_SPARE = 400
_LINE = re.compile(r"[^\r\n]+")  # texts that were edited in a browser have CRLF
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)")
_TICKED = re.compile(r"[ \t]{0,3}[-*+][ \t]\[[xX]\][ \t]+(\S.*?)[ \t]*")
_OPEN = re.compile(r"- \[ \] (.+)")
_KEPT_LINES = 200
_KEPT_CHARACTERS = 300
_KEPT_TITLE = "### Ticked before"


Parts = tuple[str, str, str]
"""A body: what is before our part, what is in it, and what is after it."""


@dataclass(frozen=True)
class KeptText:
    """The text about one release. `marker` is the line that starts it, naming the release so that no other is taken."""

    marker: str

    @classmethod
    def of_ticket(cls, repository: str, tag: str) -> KeptText:
        """The text of a release's ticket; a repository's name and a production tag need no escape."""
        return cls(f"<!-- frag-release-action: ticket of {repository.lower()} {tag} -->")

    def is_in(self, body: str) -> bool:
        """Whether a body has our part, or the start of it."""
        return _spot(body, self.marker) is not None

    def is_whole_in(self, body: str) -> bool:
        """Whether a body has our part from its first line to its last."""
        return self.parts(body) is not None

    def written(self, body: str, compose: Callable[[int], str]) -> str | None:
        """Return `body` with our part as `compose` makes it, in at most so many bytes; boxes stay ticked.

        A body without our part becomes that. None where nobody can tell what of it is ours (the line that
        ends our part is gone), or where what is around leaves no room.
        """
        parts = self.parts(body) if self.is_in(body) else ("", "", "")
        if parts is None:
            return None
        before, inside, after = parts
        ticked = _ticked(inside)
        room = MAX_BODY - len(before) - len(after) - len(self.marker) - len(_END) - _SPARE
        text = compose(room - _size_of(ticked)).strip("\n")
        made = self.between(before, _with_ticks(text, ticked), after)
        return made if len(made) <= MAX_BODY else None

    def ticked(self, body: str) -> list[str]:
        """Return the texts of the boxes of our part that are ticked."""
        parts = self.parts(body)
        return _ticked(parts[1]) if parts else []

    def replaced(self, body: str, text: str) -> str:
        """Return `body` with `text` in place of our part; before all of it where nobody can tell what of it is ours."""
        parts = self.parts(body)
        return f"{parts[0]}{text}{parts[2]}" if parts else f"{text}\n\n{body}"

    def between(self, before: str, text: str, after: str) -> str:
        """Return a body with our part, of this text, between what others wrote."""
        return f"{before}{self.marker}\n{text}\n\n{_END}{after}"

    def parts(self, body: str) -> Parts | None:
        """Return what is before, in and after our part; None if the body has no whole one."""
        start = _spot(body, self.marker)
        end = _spot(body, _END, start.end()) if start else None
        if start is None or end is None:
            return None
        return body[: start.start()], body[start.end() : end.start()], body[end.end() :]


def lines_in_the_open(text: str) -> Iterator[re.Match[str]]:
    """Yield the lines of a Markdown text that are in no fenced block and not empty, without how they end.

    A fence that is never closed hides all that follows, as it does on the page (CommonMark 0.31, 4.5).
    """
    fence = ""
    for line in _LINE.finditer(text):
        found = _FENCE.fullmatch(line[0])
        if fence:
            closes = found and found["fence"].startswith(fence) and not found["info"].strip()
            fence = "" if closes else fence
        elif found:
            fence = found["fence"]
        else:
            yield line


def _spot(body: str, marker: str, start: int = 0) -> re.Match[str] | None:
    """Return the first line, from `start` on, that is the marker; one that is indented, quoted or fenced is none."""
    lines = (line for line in lines_in_the_open(body) if line.start() >= start)
    return next((line for line in lines if line[0].rstrip(" \t") == marker), None)


def same_text(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but how lines end and what GitHub trims."""
    return _trimmed(one) == _trimmed(other)


def _trimmed(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _ticked(text: str) -> list[str]:
    """Return the texts of the boxes that are ticked, each once."""
    found = [match[1] for match in map(_TICKED.fullmatch, re.split(r"\r?\n", text)) if match]
    return list(dict.fromkeys(each[:_KEPT_CHARACTERS] for each in found))[:_KEPT_LINES]


def _size_of(ticked: list[str]) -> int:
    return sum(len(f"- [x] {each}\n".encode("utf-8", "backslashreplace")) for each in ticked) + len(_KEPT_TITLE)


def _with_ticks(text: str, ticked: list[str]) -> str:
    """Tick what was ticked; what is no longer listed is kept below, so that it can come back."""
    left = {_identity(each): each for each in ticked}
    lines = []
    for line in text.split("\n"):
        box = _OPEN.fullmatch(line)
        found = left.pop(_identity(box[1]), None) if box else None
        lines.append(f"- [x] {box[1]}" if box and found is not None else line)
    kept = [_KEPT_TITLE, "", *(f"- [x] {each}" for each in left.values())] if left else []
    return "\n".join([*lines, *(["", *kept] if kept else [])])


def _identity(item: str) -> str:
    """Return what an item is about: the ticket that it starts with, whose title may change, else all of it."""
    first = item.partition(" ")[0]
    return first if "#" in first else item
