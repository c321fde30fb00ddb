"""Filter patterns under `on` of a workflow file: which names of tags they mean.

Source: GitHub's docs, "Workflow syntax for GitHub Actions", filter pattern cheat sheet. What it does not describe is
not read, so that nobody takes a guess for GitHub's answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<deep>\*\*)(?![/*?+])"
    r"|(?P<wide>\*)(?![*?+])"
    r"|(?:\[(?P<set>(?:[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9_.])+)\]|\\(?P<escaped>.)|(?P<plain>[^\\*?+\[\]!]))"
    r"(?P<times>[?+](?![?+]))?"
)
_RANGE = re.compile(r"(.)-(.)|(.)")
_ENDLESS = 1_000
_MOST_LETTERS = 100


@dataclass(frozen=True)
class _Part:
    """A run of `least` to `most` characters; `chars` are those that are meant, or, where `others`, those that are not.

    A pattern is followed part by part through all places where it may stand: that takes no time that grows with
    its number of stars, as a regular expression would.
    """

    chars: Set[str]
    least: int = 1
    most: int = 1
    others: bool = False

    def ends(self, name: str, start: int) -> range:
        """Where the run may end that begins at `start`."""
        end = start
        while end < min(len(name), start + self.most) and self._means(name[end]):
            end += 1
        return range(start + self.least, end + 1)

    def _means(self, char: str) -> bool:
        return (char in self.chars) is not self.others


@dataclass(frozen=True)
class Pattern:
    """One filter pattern; `negative` is one that begins with `!`."""

    parts: Sequence[_Part]
    negative: bool = False

    def means(self, name: str) -> bool:
        """Whether the pattern, without its `!`, means the whole of a name."""
        places = {0}
        for part in self.parts:
            places = {end for place in places for end in part.ends(name, place)}
            if not places:
                return False
        return len(name) in places


def read_pattern(text: str) -> Pattern | None:
    """Read a pattern; None for one whose meaning GitHub's docs do not tell."""
    negative = text.startswith("!")
    rest, parts = text[negative:], []
    while rest and len(text) <= _MOST_LETTERS:
        token = _TOKEN.match(rest)
        if token is None:
            return None
        parts.append(_part(token))
        rest = rest[token.end() :]
    return Pattern(tuple(parts), negative) if parts and not rest else None


def means(patterns: Sequence[Pattern], name: str) -> bool:
    """Whether a list of patterns takes a name: of those that mean it, the last decides."""
    taken = False
    for pattern in patterns:
        if pattern.means(name):
            taken = not pattern.negative
    return taken


def _part(token: re.Match[str]) -> _Part:
    if token["deep"]:
        return _Part(frozenset(), 0, _ENDLESS, others=True)
    if token["wide"]:
        return _Part(frozenset("/"), 0, _ENDLESS, others=True)
    least, most = {"?": (0, 1), "+": (1, _ENDLESS)}.get(token["times"] or "", (1, 1))
    return _Part(_set(token["set"]) if token["set"] else frozenset(token["escaped"] or token["plain"]), least, most)


def _set(text: str) -> Set[str]:
    """The characters of `[…]`."""
    ranges = [(first or one, last or one) for first, last, one in _RANGE.findall(text)]
    return frozenset(chr(code) for first, last in ranges for code in range(ord(first), ord(last) + 1))
