"""Read a stack's workflow file: the values of its top-level `env:`, each with its position.

The file is read as a stream of YAML events, not as a document: an event has its own position (in a
document an alias has that of its anchor), keeps the text of a value as written (`2024.10` is
not the number 2024.1), and nesting needs no recursion.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scanner import Scanner

from .components import Value as Value
from .components import WorkflowEnvironment as WorkflowEnvironment
from .components import WorkflowFileError as WorkflowFileError
from .evidence import Blob

MAX_BYTES = 256 * 1024
"""Largest workflow file that is read, in bytes; GitHub refuses files of twice that size."""

MAX_DEPTH = 100
"""Deepest nesting that is read; real workflows stay below ten levels."""

_NEAR = 3
"""Up to so many lines after an invisible character, an error may be due to it."""

_NAMES = {
    "\r": "carriage return, without a line feed",
    "\x85": "next line",
    "\u2028": "line separator",
    "\u2029": "paragraph separator",
    "\ufeff": "byte-order mark, a second one",
}
_LINE_ENDS = "\n\r\0"
_UNSEEN = re.compile("[\u00a0\u00ad\u1680\u2000-\u200f\u202a-\u202f\u205f-\u2064\u3000\ufeff]")
_UNCERTAIN = re.compile("\r(?!\n)|[\x85\u2028\u2029]|\\A\ufeff")
_ENDED_COMMENT = re.compile("[ \t]*#[^\r\x85\u2028\u2029]*[\r\x85\u2028\u2029 \t]*")
# Words that, on a line of their own, are not a mapping or list, but may continue one.
_WORDED_COMMENT = re.compile(rf"{_ENDED_COMMENT.pattern}(?:[^\W_][\w ,.;()]*[\r\x85\u2028\u2029 \t]*)*")


def read_environment(blob: Blob) -> WorkflowEnvironment:
    """Read the top-level `env:` of a workflow file; raises WorkflowFileError if it cannot be read."""
    events = parse_events(decode(blob))
    entries = top_level(events)
    if "env" not in entries:
        raise WorkflowFileError("the file has no top-level env:")
    key, position = entries["env"]
    line = line_of(events[key])
    value = events[position]
    if isinstance(value, AliasEvent):
        raise WorkflowFileError(
            f"the top-level env: is an alias (*{_anchor(value)}): write the variables themselves", line
        )
    if not isinstance(value, MappingStartEvent):
        raise WorkflowFileError("the top-level env: is not a mapping of names to values", line)
    variables = mapping_at(events, position, "env:")
    if "<<" in variables:
        raise WorkflowFileError("the top-level env: has a merge key (<<)", line_of(events[variables["<<"][0]]))
    return WorkflowEnvironment(
        {name: _value(name, events[key], events[at]) for name, (key, at) in variables.items()}, line
    )


def decode(blob: Blob) -> str:
    """Return the file's text without a byte-order mark; raises WorkflowFileError if it is too large or not UTF-8."""
    if blob.size > MAX_BYTES:
        raise WorkflowFileError(f"the file has {blob.size:,} bytes; at most {MAX_BYTES:,} are read")
    try:
        return blob.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = blob.content.count(b"\n", 0, error.start) + 1
        raise WorkflowFileError("the file is not UTF-8 text", line) from error


@lru_cache(maxsize=4)
def parse_events(text: str) -> list[Event]:
    """Parse one YAML document into its events; raises WorkflowFileError on anything else.

    The last few results are cached: scanning is slow, and the same file is read for its values and for its jobs.
    """
    return _parsed(_with_certain_lines(text))


class _Scanner(Scanner):
    """Treats a tab as white space where YAML 1.2 and GitHub do, and ruamel does not."""

    def scan_to_next_token(self) -> Any:
        """Skip to the next token, also over tabs at the end of a line and before a comment."""
        while True:
            super().scan_to_next_token()
            ahead = next(at for at in itertools.count() if self.reader.peek(at) not in "\t ")
            # Before anything else, a tab could be an indentation.
            if not ahead or self.reader.peek(ahead) not in _LINE_ENDS + "#":
                return
            self.reader.forward(ahead)


def _parsed(text: str) -> list[Event]:
    reader = YAML(typ="safe", pure=True)
    reader.Scanner = _Scanner
    try:
        # Events need neither the C library nor a constructor: nothing in the file is ever run or constructed.
        events = _bounded(reader.parse(text))
    except MarkedYAMLError as error:
        raise _invalid(error, text) from error
    except ReaderError as error:
        line = text.count("\n", 0, text.find(chr(error.character))) + 1
        why = f"it contains the control character U+{error.character:04X}: delete it, or write it as a quoted escape"
        raise WorkflowFileError(f"the file is not valid YAML: {why}", line) from error
    except WorkflowFileError:
        raise
    # On malformed input ruamel's scanner also raises plain Python errors: at least AttributeError,
    # IndexError, OverflowError, TypeError and ValueError (a bad `%YAML` line, the escape \UFFFFFFFF).
    except Exception as error:
        raise WorkflowFileError("the file is not valid YAML") from error
    if sum(isinstance(event, DocumentStartEvent) for event in events) != 1:
        raise WorkflowFileError("the file does not contain exactly one YAML document")
    return events


def _invalid(error: MarkedYAMLError, text: str) -> WorkflowFileError:
    mark, why = error.problem_mark, error.problem or error.context
    if mark and text[mark.index : mark.index + 1] == "\t":
        why = f"a tab (U+0009) is in column {mark.column + 1}, which YAML parsers read differently: use spaces"
    elif mark and (unseen := _unseen_before(text, mark.index)):
        why = f"{why}. {unseen}"
    return WorkflowFileError(f"the file is not valid YAML: {why}", mark.line + 1 if mark else None)


def _unseen_before(text: str, at: int) -> str:
    """Name the last invisible character before the end of the line at an index, if it is near; else empty."""
    start, found = 0, None
    for found in _UNSEEN.finditer(text, 0, _line_end(text, at)):
        start = found.start()
    line = text.count("\n", 0, start) + 1
    if found is None or text.count("\n", 0, at) + 1 - line > _NEAR:
        return ""
    column = start - text.rfind("\n", 0, start)
    return f"The invisible character U+{ord(found[0]):04X} is in line {line}, column {column}: delete it"


def _with_certain_lines(text: str) -> str:
    """Return the text, of the same length, without characters that are line breaks only to some YAML parsers.

    YAML 1.1 has more line breaks than YAML 1.2, and parsers differ on a lone carriage return, so a comment to one is
    a value to another. They are refused, except in a comment on its own line: at its end, where they add only a blank
    line, and between words, unless the file is valid YAML with another meaning if they break the line. (If it is not
    valid that way, GitHub can only read it as we do.)
    """
    worded = []
    for found in _UNCERTAIN.finditer(text):
        line = text.rfind("\n", 0, found.start()) + 1, _line_end(text, found.end())
        if not _WORDED_COMMENT.fullmatch(text, *line):
            raise _uncertain(text, found)
        worded += [] if _ENDED_COMMENT.fullmatch(text, *line) else [found]
    plain = _UNCERTAIN.sub(" ", text)
    if worded and _means_something_else(text, plain):
        raise _uncertain(text, worded[0])
    return plain


def _uncertain(text: str, found: re.Match[str]) -> WorkflowFileError:
    return WorkflowFileError(
        f"the file contains the character {_named(found[0])}, which YAML parsers read differently: delete it",
        text.count("\n", 0, found.start()) + 1,
    )


def _means_something_else(text: str, plain: str) -> bool:
    """Whether a parser for which some of these characters break lines reads another, valid document."""
    wanted = [shape(event) for event in _parsed(plain)]
    kinds = sorted(set(_UNCERTAIN.findall(text)))
    for chosen in itertools.product((" ", "\n"), repeat=len(kinds)):
        ends = dict(zip(kinds, chosen, strict=True))
        try:
            other = _parsed(_UNCERTAIN.sub(lambda found, ends=ends: ends[found[0]], text))  # type: ignore[misc]
        except WorkflowFileError:
            continue
        if [shape(event) for event in other] != wanted:
            return True
    return False


def shape(event: Event) -> tuple[object, ...]:
    """Return an event without its position, for comparison."""
    names = ("anchor", "tag", "flow_style", "explicit", "value")
    return (type(event).__name__, *(getattr(event, name, None) for name in names))


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _named(character: str) -> str:
    return f"U+{ord(character):04X} ({_NAMES[character]})"


def _bounded(stream: Iterable[Event]) -> list[Event]:
    """Return the events of `stream`; raises WorkflowFileError at deep nesting, which is slow to scan (quadratic)."""
    events: list[Event] = []
    depth = 0
    for event in stream:
        depth += isinstance(event, CollectionStartEvent)
        depth -= isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise WorkflowFileError(f"the file is nested deeper than {MAX_DEPTH} levels", line_of(event))
        events.append(event)
    return events


def root_of(events: list[Event]) -> int:
    """Return the position of the file's mapping; raises WorkflowFileError if it has none."""
    position = next(i for i, event in enumerate(events) if isinstance(event, DocumentStartEvent)) + 1
    if not isinstance(events[position], MappingStartEvent):
        raise WorkflowFileError("the file is not a mapping, so it is not a workflow", line_of(events[position]))
    return position


def top_level(events: list[Event]) -> dict[str, tuple[int, int]]:
    """Return the keys of the file as `mapping_at` does; raises WorkflowFileError if it is not a mapping."""
    return mapping_at(events, root_of(events), "the file")


def mapping_at(events: list[Event], start: int, where: str) -> dict[str, tuple[int, int]]:
    """Return key -> (position of the key, position of its value) for the mapping that starts at `start`."""
    found: dict[str, tuple[int, int]] = {}
    seen: set[str] = set()
    position = start + 1
    while not isinstance(events[position], CollectionEndEvent):
        key, value = position, after(events, position)
        name = _key(events[key], where)
        # GitHub ignores the case of keys, and refuses a file with duplicates.
        if name.lower() in seen:
            raise WorkflowFileError(f"{where} has the key {name} twice", line_of(events[key]))
        seen.add(name.lower())
        found[name] = (key, value)
        position = after(events, value)
    return found


def _key(event: Event, where: str) -> str:
    if not isinstance(event, ScalarEvent):
        raise WorkflowFileError(f"{where} has a key that is not plain text", line_of(event))
    return _text(event)


def _text(event: Event) -> str:
    return str(event.value)  # type: ignore[attr-defined]  # ruamel declares no attribute of its events


def after(events: list[Event], position: int) -> int:
    """Return the position after the node that starts at `position`."""
    depth = 0
    while True:
        depth += isinstance(events[position], CollectionStartEvent)
        depth -= isinstance(events[position], CollectionEndEvent)
        position += 1
        if depth == 0:
            return position


def _value(name: str, key: Event, event: Event) -> Value | WorkflowFileError:
    start, end = event.start_mark, event.end_mark
    # To ruamel, a value that is absent starts at the next key.
    line = line_of(event if end.index > start.index else key)
    problem = _problem(event)
    if problem:
        return WorkflowFileError(f"{name} {problem}", line)
    return Value(_text(event), line, start.column + 1, start.index, end.index)


def _problem(event: Event) -> str | None:
    if isinstance(event, AliasEvent):
        return f"is an alias (*{_anchor(event)}): write the value itself"
    if not isinstance(event, ScalarEvent):
        return "is not a single value"
    if event.style in ("|", ">"):
        return "is a block scalar (| or >)"
    if event.start_mark.line != event.end_mark.line:
        return "spans more than one line"
    if event.tag is not None and event.tag != "!":
        return "has an explicit YAML tag"
    text = _text(event)
    if "${{" in text:
        return "is an expression, which only GitHub can evaluate"
    if not text.strip() or (event.style is None and text in ("~", "null", "Null", "NULL")):
        return "is empty"
    return None if text.isprintable() else "has characters that cannot be printed"


def _anchor(event: Event) -> str:
    return str(event.anchor)  # type: ignore[attr-defined]


def line_of(event: Event) -> int:
    """Return the line on which an event starts, from 1."""
    return int(event.start_mark.line) + 1
