"""The words of a ticket's line that matter, names and versions, and which belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

STACK = "stack"
"""The part whose version a ticket also names, in its title at least, and which nobody asks for."""

Pairs = list[tuple[str, str]]
"""Names, each with a version."""

# A version stands alone, with all that is stuck to it: `2026.06.1-rc.1` is one that is no production tag.
# `_2026.06.1_` is emphasis. An address without a scheme, such as `host:2026.06.1`, is not looked at closer.
_VERSION = r"(?<![\w.+-])_{0,2}(?P<version>v?[0-9]{1,9}\.[0-9]{1,9}\.[0-9][\w.+-]*)"
_NAMES = {
    "backend": r"back[ -]?end|b/e",
    "frontend": r"front[ -]?end|f/e",
    # "Release 2026.06.2" is the stack's, "backend release 2026.06.1" is not.
    STACK: r"stack|release(?=\s+v?[0-9])",
}
_LETTER = r"[^\W\d_]"
_MARKS = r"\s*_`\"'()\[\]<>/–—\-"
# Between a name and the version behind it, between a version and the name behind it, and between names of a list.
_NAME_TO_VERSION = re.compile(
    rf"[{_MARKS}:=|→]*(?:(?:version|tag|image|release|is|at|to|use|uses)[{_MARKS}:=|→]+)*", re.I
)
_VERSION_TO_NAME = re.compile(rf"[{_MARKS}]*(?:(?:of|for|as|the|in|on)[{_MARKS}]+)*", re.I)
_NAME_TO_NAME = re.compile(r"[\W_]*(?:(?:and|or|the)[\W_]+)*", re.I)


@dataclass(frozen=True)
class Word:
    """The name of a component (or `STACK`) or a version as it is written, with its place in the line."""

    start: int
    end: int
    component: str = ""
    version: str = ""


def _as_said(name: str) -> str:
    """Return the pattern of a name; with a blank for its hyphen it is the same, with more behind it another."""
    return re.escape(name).replace(r"\-", "[ -]?") + r"(?![0-9]|-[a-z])"


class Vocabulary:
    """Knows the names of components by which people call them."""

    def __init__(self, components: Sequence[str]) -> None:
        # The longest first: `web-admin` is not `web`.
        self._names = sorted([*components, STACK], key=len, reverse=True)
        patterns = "|".join(f"({_NAMES.get(name) or _as_said(name)})" for name in self._names)
        self._pattern = re.compile(rf"{_VERSION}|(?<!{_LETTER})(?:{patterns})(?!{_LETTER})", re.I)

    def words(self, line: str) -> list[Word]:
        """Return the words of a line in their order; a name that is said twice in a row counts once."""
        words: list[Word] = []
        for found in self._pattern.finditer(line):
            word = self._word(found)
            last = words[-1] if words and word.component else word
            is_said_already = found.group().lower() == "release" and bool(
                _NAME_TO_NAME.fullmatch(line, last.end, word.start)
            )
            if last is not word and last.component and (last.component == word.component or is_said_already):
                words[-1] = replace(last, end=word.end)
            else:
                words.append(word)
        return words

    def only_name(self, text: str) -> str:
        """Return the one name in `text`, empty where there is none or more than one."""
        names = {word.component for word in self.words(text)}
        return names.pop() if len(names) == 1 else ""

    def _word(self, found: re.Match[str]) -> Word:
        version = found["version"]
        if version is None:
            # The first group is the version's.
            return Word(*found.span(), component=self._names[(found.lastindex or 0) - 2])
        return Word(*found.span(), version=version.lstrip("vV").rstrip("._-"))


def pairs_of_words(line: str, words: Sequence[Word]) -> Pairs | None:
    """Return each version of a line with the name that it belongs to; None where that is not clear.

    All versions are those of the only name. With several names, names and versions take turns, or
    each version stands right beside one name.
    """
    versions = [word for word in words if word.version]
    named = {word.component for word in words if word.component}
    if len(named) == 1:
        return [(next(iter(named)), word.version) for word in versions]
    beside = [(names.pop(), version) for names, version in _beside(line, words) if len(names) == 1]
    in_turn = _in_turn(words)
    if in_turn is not None:
        return in_turn if set(beside) <= set(in_turn) else None
    return beside if len(beside) == len(versions) else None


def _in_turn(words: Sequence[Word]) -> Pairs | None:
    """Pair names and versions that take turns from the first word to the last."""
    first, second = words[::2], words[1::2]
    pairs = list(zip(first, second, strict=False))
    if len(first) != len(second):
        return None
    if all(one.component and other.version for one, other in pairs):
        return [(one.component, other.version) for one, other in pairs]
    if all(one.version and other.component for one, other in pairs):
        return [(other.component, one.version) for one, other in pairs]
    return None


def _beside(line: str, words: Sequence[Word]) -> list[tuple[set[str], str]]:
    """Return each version with the names right beside it; names that are listed together all count."""
    result = []
    for at, word in enumerate(words):
        if word.version:
            names = _names_before(line, words, at)
            after = words[at + 1] if at + 1 < len(words) else None
            if after and after.component and _VERSION_TO_NAME.fullmatch(line, word.end, after.start):
                names.add(after.component)
            result.append((names, word.version))
    return result


def _names_before(line: str, words: Sequence[Word], at: int) -> set[str]:
    names: set[str] = set()
    between = _NAME_TO_VERSION
    while at > 0 and words[at - 1].component and between.fullmatch(line, words[at - 1].end, words[at].start):
        if words[at - 1].component != STACK or not names:
            names.add(words[at - 1].component)
        at, between = at - 1, _NAME_TO_NAME
    return names
