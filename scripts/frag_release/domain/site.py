"""What a deployed site shows, and the lines of `verify-text` that it has to show."""

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
"""The values of the placeholders by name; unknown ones are empty."""

_MOST_SHOWN = 100
_MOST_NAMED = 3
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_PLACE = re.compile(r"\{([a-z][a-z0-9-]*)\}")
_MISSPELT_PLACE = re.compile(r"\{\s*([A-Za-z][A-Za-z0-9_-]*)\s*\}")
_VALUE_LINE = re.compile(r"(/.*?) +=(?: +(.*))?")
# Such a text cannot occur in a JSON page. The query of a URL has a question mark before its equals sign.
_MEANT_AS_VALUE_LINE = re.compile(r"/[^\s=?]*\s*=\s*\S.*")
_MARKUP = re.compile(r"<[^<>]*>")
_VERSION_WORD = re.compile(r"\bv?[0-9]+(?:\.[0-9]+)+(?:[._+-][0-9A-Za-z]+)*|\bv(?=\{)", re.I)
# The parts are bounded, so that a page of digits takes no longer to search than any other.
_VERSION = r"[0-9]{1,9}(?:\.[0-9]{1,9}){1,4}(?:[._+-][0-9A-Za-z]{1,40}){0,4}"
_BEFORE_TAG = r"(?<![0-9])(?<![0-9]\.)(?:(?<![0-9A-Za-z_])|(?!v))"  # dev1.4.2 is not v1.4.2
_BEFORE_WORD = r"(?<![0-9A-Za-z_])(?<![0-9A-Za-z][.-])"
_AFTER = r"(?![0-9A-Za-z_])(?![.+-][0-9A-Za-z])"


class PageError(ValueError):
    """What is wrong with a page, worded to follow "the page"."""


class Number(str):
    """A number as written on the page: 2023.10 and 2023.1 are different versions."""

    __slots__ = ()


def read_json(body: bytes) -> object:
    """Parse a page; raises PageError, also for a duplicate name in an object, which parsers treat differently."""
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
    """Return the reference tokens of a JSON pointer (RFC 6901); raises ValueError if it is malformed."""
    if not pointer.startswith("/") or re.search(r"~(?![01])", pointer):
        raise ValueError("in a JSON pointer ~ is written ~0, and / within a name ~1")
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/")]


def pointer_of(tokens: list[str]) -> str:
    """Return the JSON pointer of reference tokens."""
    return "".join(f"/{token.replace('~', '~0').replace('/', '~1')}" for token in tokens)


def value_at(document: object, pointer: str) -> object:
    """Return the value at a JSON pointer; raises PageError if there is none."""
    value, tokens = document, tokens_of(pointer)
    for depth, token in enumerate(tokens):
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and _INDEX.fullmatch(token) and int(token) < len(value):
            value = value[int(token)]
        elif isinstance(value, (dict, list)):
            raise PageError(f"has no {pointer_of(tokens[: depth + 1])}")
        else:
            raise PageError(f"has no {pointer}: {pointer_of(tokens[:depth]) or 'the document'} is {kind_of(value)}")
    return value


def text_of(value: object) -> str | None:
    """Return a string, a number as written, true, false or null as text; None for objects and lists."""
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return None


def kind_of(value: object) -> str:
    """Return the kind of a value, for people."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Number):
        return "a number"
    return "a string" if isinstance(value, str) else f"{text_of(value)}"


def shown(text: str) -> str:
    """Return foreign text for use in a message: printable, in quotes, at most 100 characters."""
    line = "".join(each if each.isprintable() else " " for each in text)
    return f'"{line}"' if len(line) <= _MOST_SHOWN else f'"{line[: _MOST_SHOWN - 1]}…"'


class LineError(ValueError):
    """What is wrong with a line, as a sentence."""


@dataclass(frozen=True)
class SiteLine:
    """A line as written. `text` is what is searched for, with its placeholders.

    With a `pointer` it is the whole value there, otherwise a part of the page.
    """

    text: str
    pointer: str = ""

    @property
    def places(self) -> list[str]:
        """The names of its placeholders."""
        return _PLACE.findall(self.text)

    @property
    def proves(self) -> bool:
        """Whether it identifies the release; the components' tags do not, because releases often share them."""
        return bool({IMAGE_TAG, STACK_COMMIT}.intersection(self.places))

    def filled(self, values: Values) -> str:
        """Return the line with its placeholders replaced; values are not searched for placeholders."""
        return f"{self.pointer} = {self.wanted(values)}" if self.pointer else self.wanted(values)

    def wanted(self, values: Values) -> str:
        """Return the text to search for."""
        return _PLACE.sub(lambda place: values[place[1]], self.text)


@dataclass(frozen=True)
class LineLook:
    """A filled line, whether the page contains it, and what was seen. `span` is its position in the page.

    With `other` the page has another version or another value in its place.
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
        """The page as text; invalid UTF-8 is replaced."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def document(self) -> object:
        """The page as JSON; raises PageError."""
        return read_json(self.body)


def read_lines(text: str, places: Collection[str], owners: Collection[str]) -> tuple[SiteLine, ...]:
    """Parse the lines without empty ones; raises LineError.

    `places` are the known placeholders. `owners` are namespaces that several images share: a line that consists only of
    these and tags could be about any of the images.
    """
    lines = tuple(_line(one.strip(), places, owners) for one in text.split("\n") if one.strip())
    if lines and not any(line.proves for line in lines):
        raise LineError(
            f"No line of verify-text contains {{{IMAGE_TAG}}} or {{{STACK_COMMIT}}}: none shows the version."
        )
    return lines


def _line(text: str, places: Collection[str], owners: Collection[str]) -> SiteLine:
    match = _VALUE_LINE.fullmatch(text)
    line = SiteLine(match[2] or "", match[1]) if match else SiteLine(text)
    unknown = [place[0] for place in _MISSPELT_PLACE.finditer(line.text) if place[0][1:-1] not in places]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in places)
        raise LineError(f"The line {text!r} of verify-text contains {unknown[0]}, but the placeholders are {known}.")
    if not match and _MEANT_AS_VALUE_LINE.fullmatch(text):
        raise LineError(
            f"The line {text!r} of verify-text starts like a JSON pointer, which needs spaces on both sides of the "
            "equals sign. If it is a text, leave out its first slash."
        )
    if line.pointer:
        _check_pointer(text, line)
    elif _is_bare(line, owners):
        raise LineError(
            f"The line {text!r} of verify-text is a bare tag: stack and components have tags of the same form, so a "
            "page could contain it as the version of another one."
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
            f"The value in the line {text!r} of verify-text is in quotes, which are not part of a JSON string's text."
        )


def _is_bare(line: SiteLine, owners: Collection[str]) -> bool:
    """Whether a text consists only of tags, namespaces and punctuation; a commit is always unique."""
    if STACK_COMMIT in line.places or not (line.places or _VERSION_WORD.search(line.text)):
        return False
    rest = _PLACE.sub(" ", _VERSION_WORD.sub(" ", _MARKUP.sub(" ", line.text)))
    for owner in filter(None, owners):
        rest = re.sub(rf"(?<![\w-]){re.escape(owner)}(?![\w-])", " ", rest, flags=re.I)
    return not any(map(str.isalpha, rest))


def look_at(line: SiteLine, values: Values, page: Page) -> LineLook:
    """Check whether a page contains a line."""
    return _look_at_value(line, values, page) if line.pointer else _look_at_text(line, values, page)


def _look_at_value(line: SiteLine, values: Values, page: Page) -> LineLook:
    text, wanted = line.filled(values), line.wanted(values)
    try:
        value = value_at(page.document, line.pointer)
    except PageError as error:
        return LineLook(text, False, f"the page {error}, so {wanted!r} was not found")
    found = text_of(value)
    if found == wanted:
        return LineLook(text, True, f"{line.pointer} is {wanted!r}")
    is_now = kind_of(value) if found is None else shown(found)
    return LineLook(text, False, f"{line.pointer} is {is_now}, not {wanted!r}", other=found is not None)


def _look_at_text(line: SiteLine, values: Values, page: Page) -> LineLook:
    """Search for a text. If the page also contains it with another version, it is unknown which of them runs."""
    text = line.wanted(values)
    match = _pattern(line.text, lambda name: re.escape(values[name])).search(page.text)
    others = _others(line, values, page) - {text}
    other = f", but {shown(min(others))} is" if others else ""
    if match is None:
        return LineLook(text, False, f"{text!r} is not there{other}", other=bool(others))
    if others:
        seen = f"{text!r} is there, but so is {shown(min(others))}, and the line does not show which of them runs"
        return LineLook(text, False, seen, match.span())
    return LineLook(text, True, f"{text!r} is there", match.span())


def _others(line: SiteLine, values: Values, page: Page) -> set[str]:
    """Return every match of a line's form in the page, with any version, including `latest`, as on staging."""

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
    """Whether a page matches a line with any values."""
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
    """Return the pattern of a text. A value at its start or end does not match as part of a longer value.

    A page that shows 2023.06.12 or 2023.06.1-rc.1 does not show 2023.06.1.
    """
    parts = _PLACE.split(text)
    if len(parts) == 1:
        return re.compile(re.escape(text))
    pieces = [value_of(part) if number % 2 else re.escape(part) for number, part in enumerate(parts)]
    before = "" if parts[0] else _BEFORE_TAG if _is_tag(parts[1]) else _BEFORE_WORD
    # Punctuation at the end may continue the value.
    after = _AFTER if not parts[-1] else "(?![0-9A-Za-z_])" if not parts[-1].strip(".+-_") else ""
    return re.compile(before + "".join(pieces) + after)


def missing_values(lines: Sequence[SiteLine], values: Values) -> list[str]:
    """Return the placeholders without a value."""
    return sorted({name for line in lines for name in line.places if not values.get(name)})


@dataclass(frozen=True)
class OtherPage:
    """Another page that must return 200. `status` is 0 if there was no usable response."""

    url: str
    status: int = 0
    problem: str = ""

    @property
    def seen(self) -> str:
        """What was seen, as a sentence without its full stop."""
        return f"{self.url}: {self.problem}" if self.problem else f"{self.url} answered {self.status}"


@dataclass(frozen=True)
class SiteLook:
    """One look at a site: its first page with the lines that it must contain, and `others`.

    `status` is 0 if there was no usable response, `problem` is why. `size` is in bytes. `excerpt` is foreign text:
    what surrounds the text that was found, otherwise the page's title or its beginning. `held` is how many consecutive
    looks have passed, including this one; `wanted` is how many have to.
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
        """The text that was searched for."""
        return "\n".join(line.text for line in self.lines)

    @property
    def found(self) -> bool:
        """Whether the page contains all lines."""
        return bool(self.lines) and all(line.found for line in self.lines)

    @property
    def passed(self) -> bool:
        """Whether all pages returned 200 and the first contains all lines."""
        return self.status == 200 and self.found and all(one.status == 200 for one in self.others)

    @property
    def shows_other(self) -> bool:
        """Whether the first page shows another version or value, rather than none."""
        return self.status == 200 and any(line.other for line in self.lines)

    @property
    def is_over(self) -> bool:
        """Whether enough consecutive looks have passed."""
        return self.passed and self.held >= self.wanted

    @property
    def state(self) -> tuple[object, ...]:
        """What a new log line depends on: two looks with the same state log nothing new."""
        # Without the size, which changes with each look on many pages.
        return (self.status, self.problem, self._lines, tuple(self.others), self.held)

    @property
    def seen(self) -> str:
        """What was seen, as a sentence without its full stop."""
        if self.problem:
            return self.problem
        if self.status != 200:
            return f"it answered {self.status}"
        failing = [one.seen for one in self.others if one.status != 200]
        row = f" ({self.held} of {self.wanted} looks in a row)" if self.passed and self.wanted > 1 else ""
        return "; ".join([f"it answered 200 with {self.size:,} bytes, and {self._lines}", *failing]) + row

    @property
    def _lines(self) -> str:
        missing = [line.seen for line in self.lines if not line.found]
        if not missing:
            return self.lines[0].seen if len(self.lines) == 1 else f"all {len(self.lines)} lines of verify-text match"
        more = f", and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        return "; ".join(missing[:_MOST_NAMED]) + more

    def as_json(self) -> dict[str, Any]:
        """The look as JSON for reports."""
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
