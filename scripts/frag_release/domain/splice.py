"""Changing values of a workflow file, and not one byte besides.

A YAML round trip rewrites quotes, long lines and comments, so values are found by parsing and
replaced in the text; the result is parsed again, and refused unless only those values differ.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping

from ruamel.yaml.events import ScalarEvent
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver

from .evidence import Blob
from .workflow_file import Value, WorkflowEnvironment, WorkflowFileError, decode, parse_events, read_environment, shape

_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}")
_STRING = "tag:yaml.org,2002:str"


def replace_values(content: bytes, changes: Mapping[str, str]) -> bytes:
    """Return the file `content` with each variable of the top-level `env:` set to its new value.

    `changes` maps variables to values. A value keeps its quotes; one that stood without quotes gets
    some where YAML would read the new one as a number or the like. Raises WorkflowFileError, with the
    line, where a value cannot be changed safely, and ValueError on a new value that no tag can have.
    """
    blob = Blob(len(content), content)
    environment = read_environment(blob)
    text = decode(blob)
    edits = []
    for variable, new in changes.items():
        if not _SAFE.fullmatch(new):
            raise ValueError(f"{new!r} is no value for {variable}")
        value = environment.value(variable)
        edits.append((value.start, value.end, _written(variable, value, text[value.start : value.end], new)))
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    result = mark + _spliced(text, edits).encode("utf-8")
    # What cannot be read again is not written, so it is what will be read that is verified.
    _verify(text, decode(Blob(len(result), result)), environment, changes)
    return result


def _spliced(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def _written(variable: str, value: Value, old: str, new: str) -> str:
    """Return the new value as it stands in the file: as the old one was written, in its quotes."""
    if value.text == new:
        return old
    if old == value.text:
        return new if _is_plain_string(new) else f'"{new}"'
    if old[0] == old[-1] and old[0] in "'\"" and len(old) > 1:
        return f"{old[0]}{new}{old[0]}"
    if old.startswith("&"):
        raise WorkflowFileError(
            f"{variable} has an anchor ({old.split()[0][:60]}), by which other places may take its value: write it "
            "without one, and those places with values of their own",
            value.line,
        )
    raise WorkflowFileError(f"{variable} is written in a way that is not changed safely ({old[:60]})", value.line)


def _is_plain_string(text: str) -> bool:
    """Whether YAML, in either of its versions, reads `text` without quotes as a string."""
    return all(
        VersionedResolver(version=version).resolve(ScalarNode, text, (True, False)) == _STRING
        for version in ((1, 1), (1, 2))
    )


def _verify(before: str, after: str, environment: WorkflowEnvironment, changes: Mapping[str, str]) -> None:
    """Raise WorkflowFileError unless the two texts parse alike but for the values that were to change."""
    old, new = parse_events(before), parse_events(after)
    places = {environment.value(variable).start: text for variable, text in changes.items()}
    if len(old) != len(new):
        raise WorkflowFileError("changing the values would change the file's structure")
    for one, other in zip(old, new, strict=True):
        wanted = places.get(one.start_mark.index) if isinstance(one, ScalarEvent) else None
        expected = (*shape(one)[:-1], wanted) if wanted is not None else shape(one)
        if shape(other) != expected:
            raise WorkflowFileError("changing the values would change another one", int(one.start_mark.line) + 1)
