"""The part of a ticket that is ours, between two lines by which it is known; what people write around it is theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_BODY = 65_536
"""Most characters that GitHub takes for the body of an issue or a comment."""

_END = "<!-- frag-release-action: end of the part that is kept up to date -->"
_SPARE = 400
_TICKED = re.compile(r"[ \t]{0,3}[-*+][ \t]\[[xX]\][ \t]+(\S.*?)[ \t]*")
_OPEN = re.compile(r"- \[ \] (.+)")
_KEPT_LINES = 200
_KEPT_CHARACTERS = 300
_KEPT_TITLE = "### Ticked before"


@dataclass(frozen=True)
class _Region:
    before: str
    inside: str
    after: str


@dataclass(frozen=True)
class KeptText:
    """The text about one release. `repository` and `tag` go into the line that starts it, so that no other is taken."""

    repository: str
    tag: str

    @property
    def marker(self) -> str:
        """The line that starts our part; a repository's name and a production tag need no escape."""
        return f"<!-- frag-release-action: ticket of {self.repository.lower()} {self.tag} -->"

    def is_in(self, body: str) -> bool:
        """Whether a body has our part, or the start of it."""
        return self._line(self.marker).search(body) is not None

    def is_whole_in(self, body: str) -> bool:
        """Whether a body has our part from its first line to its last."""
        return self._region(body) is not None

    def written(self, body: str, compose: Callable[[int], str]) -> str | None:
        """Return `body` with our part as `compose` makes it, in at most so many bytes; boxes stay ticked.

        A body without our part becomes that. None where nobody can tell what of it is ours (the line that
        ends our part is gone), or where what is around leaves no room.
        """
        region = self._region(body) if self.is_in(body) else _Region("", "", "")
        if region is None:
            return None
        ticked = _ticked(region.inside)
        room = MAX_BODY - len(region.before) - len(region.after) - len(self.marker) - len(_END) - _SPARE
        text = compose(room - _size_of(ticked)).strip("\n")
        ours = f"{self.marker}\n{_with_ticks(text, ticked)}\n\n{_END}"
        made = f"{region.before}{ours}{region.after}"
        return made if len(made) <= MAX_BODY else None

    def _region(self, body: str) -> _Region | None:
        start = self._line(self.marker).search(body)
        end = self._line(_END).search(body, start.end()) if start else None
        if start is None or end is None:
            return None
        return _Region(body[: start.start()], body[start.end() : end.start()], body[end.end() :])

    @staticmethod
    def _line(text: str) -> re.Pattern[str]:
        # Texts that were edited in a browser have CRLF.
        return re.compile(rf"^{re.escape(text)}[ \t]*(?=\r?$)", re.M)


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
