"""The deployed site as it was seen, and the lines of `verify-text` that it must show."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn

from ..dataclass import dataclass

IMAGE_TAG, STACK_COMMIT = "image-tag", "stack-commit"

Values = Mapping[str, str]
"""What the placeholders stand for, by their names; empty where it is not known."""

_MOST_SHOWN = 100
_MOST_TOLD = 3
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_PLACE = re.compile(r"\{([a-z][a-z0-9-]*)\}")
_MISSPELT_PLACE = re.compile(r"\{\s*([A-Za-z][A-Za-z0-9_-]*)\s*\}")
_VALUE_LINE = re.compile(r"(/.*?) +=(?: +(.*))?")
# As a text it would be nowhere in a page of JSON. The query of an address has a question mark before the sign.
_MEANT_AS_VALUE_LINE = re.compile(r"/[^\s=?]*\s*=\s*\S.*")
_MARKUP = re.compile(r"<[^<>]*>")
_VERSION_WORD = re.compile(r"\bv?[0-9]+(?:\.[0-9]+)+(?:[._+-][0-9A-Za-z]+)*|\bv(?=\{)", re.I)
# The parts are bounded, so that a page of digits takes no longer than another one.
_VERSION = r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,4}(?:[._+-][0-9A-Za-z]{1,40}){0,4}"
_BEFORE_TAG = r"(?<![0-9])(?<![0-9]\.)(?:(?<![0-9A-Za-z_])|(?!v))"  # dev1.4.2 is not v1.4.2
_BEFORE_WORD = r"(?<![0-9A-Za-z_])(?<![0-9A-Za-z][.-])"
_AFTER = r"(?![0-9A-Za-z_])(?![.+-][0-9A-Za-z])"


class PageError(ValueError):
    """What is wrong with a page, as words that follow "the page"."""


class Number(str):
    """A number as the page writes it: 2023.10 is another version than 2023.1."""

    __slots__ = ()


def read_json(body: bytes) -> object:
    """Read a page; raises PageError, also for a name that stands twice in an object: readers differ in which counts."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PageError("is not UTF-8, so it is not JSON") from error
    try:
        return json.loads(
            text, object_pairs_hook=_once_each, parse_int=Number, parse_float=Number, parse_constant=_no_number
        )
    except RecursionError as error:
        raise PageError("is nested too deeply") from error
    except PageError:
        raise
    except ValueError as error:
        raise PageError("is not JSON") from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise PageError(f"has the name {shown(twice)} twice in one object")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def tokens_of(pointer: str) -> list[str]:
    """Return the reference tokens of a JSON pointer (RFC 6901); raises ValueError where it is malformed."""
    if not pointer.startswith("/") or re.search(r"~(?![01])", pointer):
        raise ValueError("in a JSON pointer ~ is written ~0, and / within a name ~1")
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/")]


def pointer_of(tokens: list[str]) -> str:
    """Return the JSON pointer of reference tokens."""
    return "".join(f"/{token.replace('~', '~0').replace('/', '~1')}" for token in tokens)


def value_at(document: object, pointer: str) -> object:
    """Return the value that a pointer leads to; raises PageError where there is none."""
    value, tokens = document, tokens_of(pointer)
    for depth, token in enumerate(tokens):
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and _INDEX.fullmatch(token) and int(token) < len(value):
            value = value[int(token)]
        elif isinstance(value, (dict, list)):
            raise PageError(f"has no {pointer_of(tokens[: depth + 1])}")
        else:
            raise PageError(f"has no {pointer}: {pointer_of(tokens[:depth]) or 'all of it'} is {kind_of(value)}")
    return value


def text_of(value: object) -> str | None:
    """Return a value as it is compared: a string's text, a number as it is written, true, false or null.

    None for objects and lists, which are no single value.
    """
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return None


def kind_of(value: object) -> str:
    """Name the kind of a value, for people."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Number):
        return "a number"
    return "a text" if isinstance(value, str) else f"{text_of(value)}"


def shown(text: str) -> str:
    """Return foreign text fit for a message: printable, in quotes, at most 100 characters."""
    line = "".join(each if each.isprintable() else " " for each in text)
    return f'"{line}"' if len(line) <= _MOST_SHOWN else f'"{line[: _MOST_SHOWN - 1]}…"'


class LineError(ValueError):
    """What is wrong with a line, as a sentence."""


@dataclass(frozen=True)
class SiteLine:
    """A line as it was written. `text` is what is looked for, with its placeholders.

    With a `pointer` it is the whole value there, else a part of the page.
    """

    text: str
    pointer: str = ""

    @property
    def places(self) -> list[str]:
        """The names of its placeholders."""
        return _PLACE.findall(self.text)

    @property
    def proves(self) -> bool:
        """Whether it depends on what is deployed. The components' tags are often the same in two releases."""
        return bool({IMAGE_TAG, STACK_COMMIT}.intersection(self.places))

    def filled(self, values: Values) -> str:
        """Return the line with values for its placeholders; what was filled in is not read again."""
        return f"{self.pointer} = {self.wanted(values)}" if self.pointer else self.wanted(values)

    def wanted(self, values: Values) -> str:
        """Return the text that is looked for."""
        return _PLACE.sub(lambda place: values[place[1]], self.text)


@dataclass(frozen=True)
class LineLook:
    """A line as it was filled, whether the page holds it, and what was seen. `span` is where in the page.

    `other` says that the page holds something else in its place: another version, or another value.
    """

    text: str
    found: bool
    seen: str
    span: tuple[int, int] | None = None
    other: bool = False


@dataclass(frozen=True)
class Page:
    """The body of a page."""

    body: bytes

    @cached_property
    def text(self) -> str:
        """The page as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def document(self) -> object:
        """The page as JSON; raises PageError."""
        return read_json(self.body)


def read_lines(text: str, places: Collection[str], owners: Collection[str]) -> tuple[SiteLine, ...]:
    """Read the lines; raises LineError. Empty ones are left out.

    `places` are the placeholders that there are. `owners` are namespaces that several images share: a line that
    holds nothing but these and tags could be about any of the images.
    """
    lines = tuple(_line(one.strip(), places, owners) for one in text.split("\n") if one.strip())
    if lines and not any(line.proves for line in lines):
        raise LineError(f"No line of verify-text holds {{{IMAGE_TAG}}} or {{{STACK_COMMIT}}}: none tells the version.")
    return lines


def _line(text: str, places: Collection[str], owners: Collection[str]) -> SiteLine:
    match = _VALUE_LINE.fullmatch(text)
    line = SiteLine(match[2] or "", match[1]) if match else SiteLine(text)
    unknown = [place[0] for place in _MISSPELT_PLACE.finditer(line.text) if place[0][1:-1] not in places]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in places)
        raise LineError(f"The line {text!r} of verify-text holds {unknown[0]}, and the placeholders are {known}.")
    if not match and _MEANT_AS_VALUE_LINE.fullmatch(text):
        raise LineError(
            f"The line {text!r} of verify-text begins as a JSON pointer does, and blanks are needed on both sides of "
            "the equals sign. If it is a text, leave out its first slash."
        )
    if line.pointer:
        _check_pointer(text, line)
    elif _is_bare(line, owners):
        raise LineError(
            f"The line {text!r} of verify-text is a bare tag: the tags of stack and components have one form, so a "
            "page that shows another one's version could hold it."
        )
    return line


def _check_pointer(text: str, line: SiteLine) -> None:
    try:
        tokens_of(line.pointer)
    except ValueError as error:
        raise LineError(f"The line {text!r} of verify-text has a malformed pointer: {error}.") from error
    if _PLACE.search(line.pointer):
        raise LineError(f"The line {text!r} of verify-text has a placeholder before the equals sign.")
    if not line.text:
        raise LineError(f"The line {text!r} of verify-text has no value.")
    if len(line.text) > 1 and line.text[0] == line.text[-1] == '"':
        raise LineError(
            f"The value in the line {text!r} of verify-text is in quotes, which are no part of a text of JSON."
        )


def _is_bare(line: SiteLine, owners: Collection[str]) -> bool:
    """Whether nothing but tags, namespaces and marks is in a text. A commit is nobody else's."""
    if STACK_COMMIT in line.places or not (line.places or _VERSION_WORD.search(line.text)):
        return False
    rest = _PLACE.sub(" ", _VERSION_WORD.sub(" ", _MARKUP.sub(" ", line.text)))
    for owner in filter(None, owners):
        rest = re.sub(rf"(?<![\w-]){re.escape(owner)}(?![\w-])", " ", rest, flags=re.I)
    return not any(map(str.isalpha, rest))


def look_at(line: SiteLine, values: Values, page: Page) -> LineLook:
    """Look whether a page holds a line."""
    return _look_at_value(line, values, page) if line.pointer else _look_at_text(line, values, page)


def _look_at_value(line: SiteLine, values: Values, page: Page) -> LineLook:
    text, wanted = line.filled(values), line.wanted(values)
    try:
        value = value_at(page.document, line.pointer)
    except PageError as error:
        return LineLook(text, False, f"the page {error}, where {wanted!r} is looked for")
    found = text_of(value)
    if found == wanted:
        return LineLook(text, True, f"{line.pointer} is {wanted!r}")
    is_now = kind_of(value) if found is None else shown(found)
    return LineLook(text, False, f"{line.pointer} is {is_now}, not {wanted!r}", other=found is not None)


def _look_at_text(line: SiteLine, values: Values, page: Page) -> LineLook:
    """Look for a text. Where the page holds it with another version as well, nobody can tell which of them runs."""
    text = line.wanted(values)
    match = _pattern(line.text, lambda name: re.escape(values[name])).search(page.text)
    others = _others(line, values, page) - {text}
    other = f", but {shown(min(others))} is" if others else ""
    if match is None:
        return LineLook(text, False, f"{text!r} is not there{other}", other=bool(others))
    if others:
        seen = f"{text!r} is there, but so is {shown(min(others))}, and the line does not tell which of them runs"
        return LineLook(text, False, seen, match.span())
    return LineLook(text, True, f"{text!r} is there", match.span())


def _others(line: SiteLine, values: Values, page: Page) -> set[str]:
    """Return all that the page holds of a line's form, with whatever versions; `latest` is one, as on staging."""

    def any_version(name: str) -> str:
        value = re.escape(values[name])
        v = "v?" if values[name].startswith("v") else ""
        return f"(?:{value}|{v}{_VERSION}|latest)" if _is_tag(name) else value

    if not any(map(_is_tag, line.places)):
        return set()
    return {match[0] for match in _pattern(line.text, any_version).finditer(page.text)}


def _is_tag(name: str) -> bool:
    return name.endswith("-tag")


def fits(line: SiteLine, page: Page) -> bool:
    """Whether a page has what a line looks for, with whatever values."""
    if not line.pointer:
        found = {one[0] for one in _pattern(line.text, _any_value).finditer(page.text)}
        return len(found) == 1
    try:
        text = text_of(value_at(page.document, line.pointer))
    except PageError:
        return False
    return text is not None and _pattern(line.text, _any_value).fullmatch(text) is not None


def _any_value(name: str) -> str:
    if name == STACK_COMMIT:
        return "[0-9a-f]{40}"
    return rf"(?:v?{_VERSION}|latest)" if _is_tag(name) else "[A-Za-z0-9._/-]{1,100}"


def _pattern(text: str, value_of: Callable[[str], str]) -> re.Pattern[str]:
    """Return the pattern of a text. Where it begins or ends with a value, a longer value is another one.

    A page that shows 2023.06.12 or 2023.06.1-rc.1 does not show 2023.06.1.
    """
    parts = _PLACE.split(text)
    if len(parts) == 1:
        return re.compile(re.escape(text))
    pieces = [value_of(part) if number % 2 else re.escape(part) for number, part in enumerate(parts)]
    before = "" if parts[0] else _BEFORE_TAG if _is_tag(parts[1]) else _BEFORE_WORD
    # A mark at the end may be the beginning of more.
    after = _AFTER if not parts[-1] else "(?![0-9A-Za-z_])" if not parts[-1].strip(".+-_") else ""
    return re.compile(before + "".join(pieces) + after)


def missing_values(lines: Sequence[SiteLine], values: Values) -> list[str]:
    """Return the placeholders that cannot be filled."""
    return sorted({name for line in lines for name in line.places if not values.get(name)})


@dataclass(frozen=True)
class OtherPage:
    """Another page that must answer 200 as well. `status` is 0 where there was no usable answer."""

    url: str
    status: int = 0
    problem: str = ""

    @property
    def seen(self) -> str:
        """What was seen, as a sentence without its end."""
        return f"{self.url}: {self.problem}" if self.problem else f"{self.url} answered {self.status}"


@dataclass(frozen=True)
class SiteLook:
    """One look at a site: its first page with the lines that it must hold, and `others`.

    `status` is 0 where there was no usable answer, and `problem` says why. `size` is in bytes. `excerpt` is foreign
    text: what stands around the text that was looked for, else the page's title or its beginning. `held` says how many
    looks in a row have passed with this one, of the `wanted` ones.
    """

    url: str
    lines: Sequence[LineLook] = ()
    status: int = 0
    size: int = 0
    excerpt: str = ""
    problem: str = ""
    others: Sequence[OtherPage] = ()
    held: int = 0
    wanted: int = 1

    @property
    def text(self) -> str:
        """What was looked for."""
        return "\n".join(line.text for line in self.lines)

    @property
    def found(self) -> bool:
        """Whether the page holds all lines."""
        return bool(self.lines) and all(line.found for line in self.lines)

    @property
    def passed(self) -> bool:
        """Whether all pages answered 200, and the first holds all lines."""
        return self.status == 200 and self.found and all(one.status == 200 for one in self.others)

    @property
    def shows_other(self) -> bool:
        """Whether the first page shows something else than what was looked for, and not merely nothing of it."""
        return self.status == 200 and any(line.other for line in self.lines)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to wait for."""
        return self.passed and self.held >= self.wanted

    @property
    def state(self) -> tuple[object, ...]:
        """What makes a line of news: two looks with the same state have none."""
        # Not the size: many pages have another one at each look.
        return (self.status, self.problem, self._lines, tuple(self.others), self.held)

    @property
    def seen(self) -> str:
        """What was seen, as a sentence without its end."""
        if self.problem:
            return self.problem
        if self.status != 200:
            return f"it answered {self.status}"
        failing = [one.seen for one in self.others if one.status != 200]
        row = f" ({self.held} of {self.wanted} looks in a row)" if self.passed and self.wanted > 1 else ""
        return "; ".join([f"it answered 200 with {self.size:,} bytes, and {self._lines}", *failing]) + row

    @property
    def _lines(self) -> str:
        told = [line.seen for line in self.lines if not line.found]
        if not told:
            return self.lines[0].seen if len(self.lines) == 1 else f"all {len(self.lines)} lines of verify-text hold"
        more = f", and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
        return "; ".join(told[:_MOST_TOLD]) + more

    def as_json(self) -> dict[str, Any]:
        """The look as reports have it."""
        return {
            "url": self.url,
            "text": self.text,
            "status": self.status or None,
            "bytes": self.size,
            "found": self.found,
            "excerpt": self.excerpt or None,
            "problem": self.problem or None,
            "lines": [{"text": line.text, "found": line.found} for line in self.lines],
            "others": [
                {"url": one.url, "status": one.status or None, "problem": one.problem or None} for one in self.others
            ],
            "looks": self.held,
        }
