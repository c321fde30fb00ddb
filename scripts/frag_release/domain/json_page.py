"""A page of JSON, and the value at a place in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, NoReturn

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_MOST_SHOWN = 100


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
