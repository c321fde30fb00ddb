"""The check that a reply holds what its API promises, written as a TypedDict of the fields that are used."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from functools import cache
from typing import TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

_T = TypeVar("_T")


def read_payload(body: bytes, kind: type[_T]) -> _T | None:
    """Parse JSON; None where it is none, or lacks what `kind` (a TypedDict or a list of them) names."""
    document = parse(body)
    return document if _fits(document, kind) else None  # type: ignore[return-value]


def parse(body: bytes) -> object:
    """Parse JSON; None where it is none."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document


def _fits(value: object, kind: object) -> bool:
    if is_typeddict(kind):
        fields = _fields(kind)
        return isinstance(value, dict) and all(_fits(value.get(name), wanted) for name, wanted in fields.items())
    if get_origin(kind) is list:
        return isinstance(value, list) and all(_fits(item, get_args(kind)[0]) for item in value)
    if get_origin(kind) in (Union, types.UnionType):
        return any(_fits(value, each) for each in get_args(kind))
    # A bool is an int to Python, not to JSON.
    return isinstance(value, kind) and isinstance(value, bool) == (kind is bool) if isinstance(kind, type) else False


@cache
def _fields(kind: object) -> Mapping[str, object]:
    return get_type_hints(kind)
