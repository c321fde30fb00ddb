"""The check that a reply holds what its API promises, written as a TypedDict of the fields that are used."""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

_T = TypeVar("_T")


def read_payload(body: bytes, kind: type[_T]) -> _T | None:
    """Parse JSON; None where it is none, or lacks what `kind` (a TypedDict or a list of them) names."""
    document = parse(body)
    return document if _check(kind)(document) else None  # type: ignore[arg-type, return-value]


def parse(body: bytes) -> object:
    """Parse JSON; None where it is none."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document


@cache
def _check(kind: Any) -> Callable[[object], bool]:
    """Return the check for a kind, made once: a list may have tens of thousands of items."""
    if is_typeddict(kind):
        fields = [(name, _check(wanted)) for name, wanted in get_type_hints(kind).items()]
        return lambda value: isinstance(value, dict) and all(check(value.get(name)) for name, check in fields)
    if get_origin(kind) is list:
        item = _check(get_args(kind)[0])
        return lambda value: isinstance(value, list) and all(map(item, value))
    if get_origin(kind) in (Union, types.UnionType):
        checks = [_check(each) for each in get_args(kind)]
        return lambda value: any(check(value) for check in checks)
    if not isinstance(kind, type):
        return lambda value: False
    # A bool is an int to Python, not to JSON.
    return lambda value: isinstance(value, kind) and isinstance(value, bool) == (kind is bool)
