"""Tickets: where one is, who wrote it, and which versions its text wants.

What is not plain is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ..dataclass import dataclass, replace
from .findings import listed
from .refs import TagFormat
from .versions import parse_production_tag

STACK = "stack"
"""The part whose version a ticket also names, in its title at least, and which nobody asks for."""

MAX_CHARACTERS = 70_000
"""Longest text that is read, in characters; title and body of a GitHub issue have no more."""

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

# What a reader of the ticket does not see, or sees struck out. A comment that is not closed hides all that follows.
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|(?<!~)(?P<tildes>~{1,2})(?=[^\s~])[^~\n]*(?<=[^\s~])(?P=tildes)(?!~)"
    r"|<(?:s|del|strike)>[^<]*</(?:s|del|strike)>"
    r"|^[ ]{0,3}\[[^\]\n]*\]:[^\n]*$",
    re.S | re.M | re.I,
)
# The address of a tag names a version; those of comparisons and pull requests are about something else.
_ANY_ADDRESS = re.compile(r"https?://[^\s)]*")
_TAG_IN_ADDRESS = re.compile(r"/(?:tag|tree)/")
_HEADING = re.compile(r"[ ]{0,3}(?P<marks>#{1,6})(?:\s|$)")
_RULER = re.compile(r"[\s|:-]*-[\s|:-]*")
_SMALL_WORDS = re.compile(r"(?:[\W_]|\b(?:v|version|tag|image|release|the|use|new)\b)*", re.I)
_NOT_IN_SECTION = 7
# Stands for a line end in what is not seen, to keep count. No text has it: it is a blank to all that reads.
_HIDDEN_END = "\x1f"

_REPOSITORY, _NUMBER = r"(?P<repository>[\w.-]+/[\w.-]+)", r"(?P<number>[1-9][0-9]{0,9})"
_TICKET = re.compile(rf"(?:(?:{_REPOSITORY}(?:/issues/|#))|#)?{_NUMBER}", re.A)
_ADDRESS = re.compile(rf"https?://(?P<host>[^/\s]+)/{_REPOSITORY}/issues/{_NUMBER}/?(?:[?#]\S*)?", re.A | re.I)

_WORDS = re.compile(r"[\w.-]*\w")
_FILLERS = frozenset(("the", "of", "for", "to", "stack", "version", "production", "prod"))
_V_PREFIX = re.compile(r"\Av(?=[0-9])")


@dataclass(frozen=True)
class Ticket:
    """An issue of a repository."""

    repository: str
    number: int

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"


def parse_ticket(text: str, repository: str, server: str) -> Ticket | None:
    """Read `12`, `#12`, `owner/repo#12`, or an address on `server`; a number alone is of `repository`. None for others.

    An address may be that of a comment.
    """
    if found := _ADDRESS.fullmatch(text):
        host, here = found["host"].lower(), server.partition("://")[2].strip("/").lower()
        is_here = host == here or (host, here) == ("www.github.com", "github.com")
        return Ticket(found["repository"], int(found["number"])) if is_here else None
    found = _TICKET.fullmatch(text)
    return Ticket(found["repository"] or repository, int(found["number"])) if found else None


def may_be_told(ticket: Ticket, stack: str, known: Sequence[str]) -> bool:
    """Whether a ticket that a commit names may be written to: it is of the stack's owner, or of a `known` repository.

    Whoever may push a commit may write its message, and what is told may not be for everybody.
    """
    repository = ticket.repository.lower()
    return repository.partition("/")[0] == stack.partition("/")[0].lower() or repository in map(str.lower, known)


@dataclass(frozen=True)
class Author:
    """Who wrote an issue or a comment. `association` is GitHub's word for what they are to the repository."""

    login: str
    association: str = ""
    is_app: bool = False

    @property
    def belongs(self) -> bool:
        """Whether it is somebody of the repository; apps are not, by GitHub's word."""
        return self.association in ("OWNER", "MEMBER", "COLLABORATOR")


@dataclass(frozen=True)
class Issue:
    """A ticket as it is. `repository` is where it is now: GitHub follows those that were transferred."""

    id: int
    repository: str
    number: int
    url: str
    title: str
    body: str
    is_open: bool
    author: Author
    labels: Sequence[str] = ()
    assignees: Sequence[str] = ()


@dataclass(frozen=True)
class Found:
    """Tickets that were looked for, oldest first; where the list was cut, `among` how many of the newest."""

    issues: Sequence[Issue]
    among: int = 0


@dataclass(frozen=True)
class Comment:
    """A comment on a ticket."""

    id: int
    url: str
    body: str
    author: Author


def same_title(one: str, other: str) -> bool:
    """Whether two titles say the same, such as `Release 2023.06.2` and `release: v2023.06.2 (production)`."""
    return _said(one) == _said(other)


def _said(title: str) -> set[str]:
    words = {word.casefold() for word in _WORDS.findall(title)} - _FILLERS
    return {_V_PREFIX.sub("", word) for word in words}


class TicketTextError(Exception):
    """The text does not name exactly one version of a component; `without_words` says so with no word of it."""

    def __init__(self, message: str, without_words: str = "") -> None:
        super().__init__(message)
        self.without_words = without_words or message


def read_versions(text: str, formats: Mapping[str, TagFormat]) -> dict[str, str]:
    """Return the one production tag that `text` names for each component, whose tags are of such a format.

    The text is GitHub's Markdown: a title, an empty line, and the body, whose lines are counted from 1. A `v` before a
    version is taken for the word. Raises TicketTextError, saying what is missing, what is named more than once, and
    which line cannot be understood.
    """
    if len(text) > MAX_CHARACTERS:
        raise TicketTextError(f"it has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read")
    reader = _Reader(list(formats))
    for number, line in _seen_lines(text):
        reader.read(line, number)
    return {component: _only(component, reader.found[component], form) for component, form in formats.items()}


def _seen_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield what a reader sees of each line, with the line's number; what hides line ends joins lines."""
    plain = re.sub(r"\r\n?", "\n", text).replace(_HIDDEN_END, " ")
    seen = _UNSEEN.sub(lambda found: " " + _HIDDEN_END * found.group().count("\n"), plain)
    number = 1
    for line in _ANY_ADDRESS.sub(_address, seen).split("\n"):
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
        named = listed([version[:60] for version in found], 5)
        places = ", ".join(_place(number) for number in sorted(set(versions.values()))[:5])
        raise TicketTextError(
            f"it names several {component} versions: {named}", f"it names several {component} versions: {places}"
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
