"""Tickets: their location, their author, and the versions that their text requests.

Ambiguous text is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ..dataclass import dataclass, replace
from .findings import listed
from .refs import TagFormat
from .versions import parse_production_tag

STACK = "stack"
"""The name of the stack, whose version tickets also contain, at least in the title, and which is ignored."""

MAX_CHARACTERS = 70_000
"""The longest text that is read, in characters; title and body of a GitHub issue are never longer."""

Pairs = list[tuple[str, str]]
"""Names, each with a version."""

# A version includes everything attached to it: `2026.06.1-rc.1` is one version, and not a production tag.
# `_2026.06.1_` is emphasis. An address without a scheme, such as `host:2026.06.1`, is not treated specially.
_VERSION = r"(?<![\w.+-])_{0,2}(?P<version>v?[0-9]{1,9}\.[0-9]{1,9}\.[0-9][\w.+-]*)"
_NAMES = {
    "backend": r"back[ -]?end|b/e",
    "frontend": r"front[ -]?end|f/e",
    # "Release 2026.06.2" is the stack's version, "backend release 2026.06.1" is not.
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

# What is invisible or struck through on the page. An unclosed comment hides everything after it.
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|(?<!~)(?P<tildes>~{1,2})(?=[^\s~])[^~\n]*(?<=[^\s~])(?P=tildes)(?!~)"
    r"|<(?:s|del|strike)>[^<]*</(?:s|del|strike)>"
    r"|^[ ]{0,3}\[[^\]\n]*\]:[^\n]*$",
    re.S | re.M | re.I,
)
# The URL of a tag names a version; versions in URLs of comparisons and pull requests do not count.
_ANY_ADDRESS = re.compile(r"https?://[^\s)]*")
_TAG_IN_ADDRESS = re.compile(r"/(?:tag|tree)/")
_HEADING = re.compile(r"[ ]{0,3}(?P<marks>#{1,6})(?:\s|$)")
_RULER = re.compile(r"[\s|:-]*-[\s|:-]*")
_SMALL_WORDS = re.compile(r"(?:[\W_]|\b(?:v|version|tag|image|release|the|use|new)\b)*", re.I)
_NOT_IN_SECTION = 7
# Replaces a line end inside hidden text, to keep the line numbers. In the ticket's own text it is replaced by a space.
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
    """Parse `12`, `#12`, `owner/repo#12`, or a URL on `server`; None for anything else.

    A bare number is a ticket of `repository`. The URL may be that of a comment.
    """
    if found := _ADDRESS.fullmatch(text):
        host, here = found["host"].lower(), server.partition("://")[2].strip("/").lower()
        is_here = host == here or (host, here) == ("www.github.com", "github.com")
        return Ticket(found["repository"], int(found["number"])) if is_here else None
    found = _TICKET.fullmatch(text)
    return Ticket(found["repository"] or repository, int(found["number"])) if found else None


def may_comment_on(ticket: Ticket, stack: str, known: Sequence[str]) -> bool:
    """Whether a ticket named by a commit may be written to: it has the stack's owner, or is in a `known` repository.

    Anyone with push access can name a ticket in a commit message, and the comment may be confidential.
    """
    repository = ticket.repository.lower()
    return repository.partition("/")[0] == stack.partition("/")[0].lower() or repository in map(str.lower, known)


@dataclass(frozen=True)
class Author:
    """Who wrote an issue or a comment. `association` is GitHub's `author_association`."""

    login: str
    association: str = ""
    is_app: bool = False

    @property
    def belongs(self) -> bool:
        """Whether GitHub reports the author as owner, member or collaborator, which apps never are."""
        return self.association in ("OWNER", "MEMBER", "COLLABORATOR")


@dataclass(frozen=True)
class Issue:
    """The current state of a ticket. `repository` is where it is now: GitHub redirects to transferred issues."""

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
    """Tickets that were found, oldest first; if only the newest tickets were listed, `among` is their number."""

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
    """Whether two titles mean the same, such as `Release 2023.06.2` and `release: v2023.06.2 (production)`."""
    return _key_words(one) == _key_words(other)


def _key_words(title: str) -> set[str]:
    words = {word.casefold() for word in _WORDS.findall(title)} - _FILLERS
    return {_V_PREFIX.sub("", word) for word in words}


class TicketTextError(Exception):
    """The text does not name exactly one version of a component; `without_words` is the message without quotations."""

    def __init__(self, message: str, without_words: str = "") -> None:
        super().__init__(message)
        self.without_words = without_words or message


def read_versions(text: str, formats: Mapping[str, TagFormat]) -> dict[str, str]:
    """Return the one production tag that `text` names for each component of `formats`, in that format.

    The text is GitHub's Markdown: a title, an empty line, and the body, whose lines are counted from 1. A `v` before a
    version is treated as the word "version". Raises TicketTextError, which names what is missing, what occurs more than
    once, or which line is ambiguous.
    """
    if len(text) > MAX_CHARACTERS:
        raise TicketTextError(f"it has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read")
    reader = _Reader(list(formats))
    for number, line in _seen_lines(text):
        reader.read(line, number)
    return {component: _only(component, reader.found[component], form) for component, form in formats.items()}


def _seen_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the visible text of each line, with its number; hidden text that contains line ends joins lines."""
    plain = re.sub(r"\r\n?", "\n", text).replace(_HIDDEN_END, " ")
    seen = _UNSEEN.sub(lambda found: " " + _HIDDEN_END * found.group().count("\n"), plain)
    number = 1
    for line in _ANY_ADDRESS.sub(_address, seen).split("\n"):
        yield number, line.replace(_HIDDEN_END, "")
        number += 1 + line.count(_HIDDEN_END)


def _place(number: int) -> str:
    """Return where a line is, for people, who see the title apart from the text."""
    return "its title" if number == 1 else f"line {number - 2} of its text"


def _address(found: re.Match[str]) -> str:
    return found.group() if _TAG_IN_ADDRESS.search(found.group()) else " "


def _only(component: str, versions: Mapping[str, int], form: TagFormat) -> str:
    """Return the only version as a tag; `versions` maps each version to the number of the line that names it."""
    found = sorted(versions)
    if not found:
        raise TicketTextError(f"it names no {component} version, such as '{component} {form.like('2023.05.1')}'")
    if len(found) > 1:
        named = listed([version[:60] for version in found], 5)
        places = ", ".join(_place(number) for number in sorted(set(versions.values()))[:5])
        raise TicketTextError(
            f"it names several {component} versions: {named}", f"it names several {component} versions: {places}"
        )
    # A `v` before the version is treated as the word "version", so a tag with a `v` may be named with or without it.
    tag = f"{form.prefix}{found[0]}"
    if parse_production_tag(tag, form) is None:
        why = f"which is not a production tag (such as {form.like('2023.05.1')})"
        raise TicketTextError(
            f"it names {component} {found[0][:60]}, {why}",
            f"it names a {component} version in {_place(versions[found[0]])}, {why}",
        )
    return tag


class _Reader:
    """Reads line by line; a heading, a label or a table's header applies to the lines below it."""

    def __init__(self, components: Sequence[str]) -> None:
        self.found: dict[str, dict[str, int]] = {component: {} for component in components}
        self._vocabulary = Vocabulary(components)
        self._section, self._level = "", _NOT_IN_SECTION
        self._label = ""
        self._columns: Sequence[str] = ()

    def read(self, line: str, number: int) -> None:
        """Read the next line, the `number`th; raises TicketTextError if it is not clear whose versions it names."""
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
        """Note whose section a heading starts; a lower heading that names no component stays in the section above."""
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
    """Whether a line consists of one name or one version, apart from words that do not change its meaning."""
    return len(words) == 1 and _SMALL_WORDS.fullmatch(line[: words[0].start] + " " + line[words[0].end :]) is not None


def _cells(line: str) -> list[str]:
    row = line.strip()
    row = row[1:] if row.startswith("|") else row
    return re.split(r"(?<!\\)\|", row)


@dataclass(frozen=True)
class Word:
    """The name of a component (or `STACK`) or a version as written, with its position in the line."""

    start: int
    end: int
    component: str = ""
    version: str = ""


def _name_pattern(name: str) -> str:
    """Return the pattern of a name; a hyphen in it may be a space or missing, and a longer name does not match."""
    return re.escape(name).replace(r"\-", "[ -]?") + r"(?![0-9]|-[a-z])"


class Vocabulary:
    """The names that people use for components."""

    def __init__(self, components: Sequence[str]) -> None:
        # Longest first, so that `web-admin` is not read as `web`.
        self._names = sorted([*components, STACK], key=len, reverse=True)
        patterns = "|".join(f"({_NAMES.get(name) or _name_pattern(name)})" for name in self._names)
        self._pattern = re.compile(rf"{_VERSION}|(?<!{_LETTER})(?:{patterns})(?!{_LETTER})", re.I)

    def words(self, line: str) -> list[Word]:
        """Return the words of a line in order; a name that is repeated in a row counts once."""
        words: list[Word] = []
        for found in self._pattern.finditer(line):
            word = self._word(found)
            last = words[-1] if words and word.component else word
            belongs_to_last = found.group().lower() == "release" and bool(
                _NAME_TO_NAME.fullmatch(line, last.end, word.start)
            )
            if last is not word and last.component and (last.component == word.component or belongs_to_last):
                words[-1] = replace(last, end=word.end)
            else:
                words.append(word)
        return words

    def only_name(self, text: str) -> str:
        """Return the only name in `text`, empty if there is none or more than one."""
        names = {word.component for word in self.words(text)}
        return names.pop() if len(names) == 1 else ""

    def _word(self, found: re.Match[str]) -> Word:
        version = found["version"]
        if version is None:
            # The first group is the version's.
            return Word(*found.span(), component=self._names[(found.lastindex or 0) - 2])
        return Word(*found.span(), version=version.lstrip("vV").rstrip("._-"))


def pairs_of_words(line: str, words: Sequence[Word]) -> Pairs | None:
    """Return each version of a line with the name that it belongs to; None if that is not clear.

    With one name, all versions belong to it. With several, names and versions alternate, or each version is next to
    exactly one name.
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
    """Pair names and versions that alternate from the first word to the last; None if they do not."""
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
    """Return each version with the names next to it; of names that are listed together, all count."""
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
