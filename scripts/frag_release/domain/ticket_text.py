"""Reading the wanted versions out of a release ticket's text. What is not plain is refused, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from .tag_format import DEFAULT_FORMAT, TagFormat
from .ticket_words import Pairs, Vocabulary, Word, pairs_of_words
from .versions import parse_production_tag

MAX_CHARACTERS = 70_000
"""Longest text that is read, in characters; title and body of a GitHub issue have no more."""

# What a reader of the ticket does not see, or sees struck out. A comment that is not closed hides all that follows.
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|(?<!~)(?P<tildes>~{1,2})(?=[^\s~])[^~\n]*(?<=[^\s~])(?P=tildes)(?!~)"
    r"|<(?:s|del|strike)>[^<]*</(?:s|del|strike)>"
    r"|^[ ]{0,3}\[[^\]\n]*\]:[^\n]*$",
    re.S | re.M | re.I,
)
# The address of a tag names a version; those of comparisons and pull requests are about something else.
_ADDRESS = re.compile(r"https?://[^\s)]*")
_TAG_IN_ADDRESS = re.compile(r"/(?:tag|tree)/")
_HEADING = re.compile(r"[ ]{0,3}(?P<marks>#{1,6})(?:\s|$)")
_RULER = re.compile(r"[\s|:-]*-[\s|:-]*")
_SMALL_WORDS = re.compile(r"(?:[\W_]|\b(?:v|version|tag|image|release|the|use|new)\b)*", re.I)
_NOT_IN_SECTION = 7
# Stands for a line end in what is not seen, to keep count. No text has it: it is a blank to all that reads.
_HIDDEN_END = "\x1f"


class TicketTextError(Exception):
    """The text does not name exactly one version of a component; `without_words` says so with no word of it."""

    def __init__(self, message: str, without_words: str = "") -> None:
        super().__init__(message)
        self.without_words = without_words or message


def read_versions(
    text: str, components: Sequence[str], formats: Mapping[str, TagFormat] | None = None
) -> dict[str, str]:
    """Return the one production tag that `text` names for each of `components`.

    The text is GitHub's Markdown: a title, an empty line, and the body, whose lines are counted from 1. A `v` before a
    version is taken for the word. Raises TicketTextError, saying what is missing, what is named more than once, and
    which line cannot be understood.
    """
    if len(text) > MAX_CHARACTERS:
        raise TicketTextError(f"it has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read")
    reader = _Reader(components)
    for number, line in _seen_lines(text):
        reader.read(line, number)
    return {
        component: _only(component, reader.found[component], (formats or {}).get(component, DEFAULT_FORMAT))
        for component in components
    }


def _seen_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield what a reader sees of each line, with the line's number; what hides line ends joins lines."""
    plain = re.sub(r"\r\n?", "\n", text).replace(_HIDDEN_END, " ")
    seen = _UNSEEN.sub(lambda found: " " + _HIDDEN_END * found.group().count("\n"), plain)
    number = 1
    for line in _ADDRESS.sub(_address, seen).split("\n"):
        yield number, line.replace(_HIDDEN_END, "")
        number += 1 + line.count(_HIDDEN_END)


def _place(number: int) -> str:
    """Say where a line is for people, who see no title in the text."""
    return "its title" if number == 1 else f"line {number - 2} of its text"


def _address(found: re.Match[str]) -> str:
    return found.group() if _TAG_IN_ADDRESS.search(found.group()) else " "


def _only(component: str, versions: Mapping[str, int], form: TagFormat) -> str:
    """Return the one version; `versions` has the number of the line that names each."""
    found = sorted(versions)
    if not found:
        raise TicketTextError(f"it names no {component} version, such as '{component} {form.like('2023.05.1')}'")
    if len(found) > 1:
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        named = ", ".join(version[:60] for version in found[:5])
        places = ", ".join(_place(number) for number in sorted(set(versions.values()))[:5])
        raise TicketTextError(
            f"it names several {component} versions: {named}{more}", f"it names several {component} versions: {places}"
        )
    # A `v` before it is taken for the word, so that a tag which has one is named with it or without.
    tag = f"{form.prefix}{found[0]}"
    if parse_production_tag(tag, form) is None:
        why = f"which is no production tag (such as {form.like('2023.05.1')})"
        raise TicketTextError(
            f"it names {component} {found[0][:60]}, {why}",
            f"it names a {component} version in {_place(versions[found[0]])}, {why}",
        )
    return tag


class _Reader:
    """Reads line by line; what a heading, a label or a table's header says holds for lines below it."""

    def __init__(self, components: Sequence[str]) -> None:
        self.found: dict[str, dict[str, int]] = {component: {} for component in components}
        self._vocabulary = Vocabulary(components)
        self._section, self._level = "", _NOT_IN_SECTION
        self._label = ""
        self._columns: Sequence[str] = ()

    def read(self, line: str, number: int) -> None:
        """Read the next line, the `number`th; raises TicketTextError where it names versions, but not clearly whose."""
        if not line.strip():
            self._columns = ()
            return
        if "|" in line and _RULER.fullmatch(line):
            return
        pairs = self._pairs(line, self._vocabulary.words(line))
        if pairs is None:
            what = "it is not clear which version belongs to which part"
            raise TicketTextError(f"{what} in the line '{line[:80]}'", f"{what} in {_place(number)}")
        for component, version in pairs:
            if component in self.found:
                self.found[component].setdefault(version, number)

    def _pairs(self, line: str, words: Sequence[Word]) -> Pairs | None:
        label, self._label = self._label, ""
        named = {word.component for word in words if word.component}
        versions = [word.version for word in words if word.version]
        heading = _HEADING.match(line)
        if heading:
            self._enter(len(heading["marks"]), named)
        elif "|" in line:
            return self._row(line, words, named, versions)
        elif len(named) == 1 and not versions and _is_bare(line, words):
            self._label = next(iter(named))
        if named:
            return pairs_of_words(line, words)
        owner = label if label and _is_bare(line, words) else self._section
        return [(owner, version) for version in versions]

    def _enter(self, level: int, named: set[str]) -> None:
        """Note whose section a heading starts; one that names nobody stays within the section above it."""
        self._columns = ()
        if named or level <= self._level:
            self._section, self._level = (named.pop() if len(named) == 1 else ""), level

    def _row(self, line: str, words: Sequence[Word], named: set[str], versions: Sequence[str]) -> Pairs | None:
        if len(named) > 1 and not versions:
            self._columns = [self._vocabulary.only_name(cell) for cell in _cells(line)]
            return []
        by_line = pairs_of_words(line, words) if named else [(self._section, version) for version in versions]
        if not self._columns:
            return by_line
        by_column = [
            (component, word.version)
            for component, cell in zip(self._columns, _cells(line), strict=False)
            for word in self._vocabulary.words(cell)
            if word.version
        ]
        return None if named and by_line != by_column else by_column


def _is_bare(line: str, words: Sequence[Word]) -> bool:
    """Whether a line holds one name or one version, and nothing that gives it another meaning."""
    return len(words) == 1 and _SMALL_WORDS.fullmatch(line[: words[0].start] + " " + line[words[0].end :]) is not None


def _cells(line: str) -> list[str]:
    row = line.strip()
    row = row[1:] if row.startswith("|") else row
    return re.split(r"(?<!\\)\|", row)
