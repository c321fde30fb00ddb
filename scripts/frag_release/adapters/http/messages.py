"""Requests and responses as the rest of the program sees them, and whether a reply holds what its API promises.

No HTTP library is in sight. What an API promises is written as a TypedDict of the fields that are used.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

from ...domain.evidence import Unknown
from .addresses import Credentials, host_of

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


MAX_BYTES = 8 * 1024 * 1024
"""Most that is read of a body, in bytes after decompression, where the caller asks for no other limit."""

_MOST_QUOTED = 200


@dataclass(frozen=True)
class Request:
    """A question, or with POST, PATCH and DELETE an order to write. `what` names for people what is asked for.

    `tries` is how often a question is asked at most. One that `stays` follows no redirect to another server.
    `seconds` is the longest that one exchange may take, `redirects` how many are followed at most.
    """

    url: str
    what: str
    method: Literal["GET", "HEAD", "POST", "PATCH", "DELETE"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    credentials: Credentials | None = None
    max_bytes: int = MAX_BYTES
    body: bytes = field(default=b"", repr=False)
    tries: int = 3
    stays: bool = False
    seconds: float = 30.0
    redirects: int = 5

    @property
    def writes(self) -> bool:
        """Whether the request changes something: it is sent once, because twice could do it twice."""
        return self.method in ("POST", "PATCH", "DELETE")

    @property
    def host(self) -> str:
        """The host that is asked, for messages: never the query, which may hold secrets."""
        return host_of(self.url)


@dataclass(frozen=True)
class Response:
    """A whole answer. Header names are in lower case; a header sent twice has its values joined by `, `.

    `url` is where it came from in the end, after redirects.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = field(default="", repr=False)

    def header(self, name: str) -> str:
        """Return a header's value, or an empty text."""
        return self.headers.get(name, "")


@dataclass(frozen=True)
class Failure:
    """No whole answer came; `transient` says whether asking again may help.

    `undone` is for a write: it is certain that the server has not done it.
    """

    unknown: Unknown
    transient: bool = True
    undone: bool = False


@dataclass(frozen=True)
class Unconfirmed(Unknown):
    """A write was sent, and no answer says whether it was done."""


@dataclass(frozen=True)
class Redirected(Unknown):
    """A redirect to `target` that was not followed; what was to be written was not."""

    target: str = field(default="", repr=False)


def quoted(text: str) -> str:
    """Return foreign text fit for one line of a message: printable, in quotes, at most 200 characters."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return f'"{line}"' if len(line) <= _MOST_QUOTED else f'"{line[: _MOST_QUOTED - 1]}…"'
