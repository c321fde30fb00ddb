"""Requests and responses as the rest of the program sees them, and where requests may go.

That is https anywhere, but plain http on this machine only; a credential goes only to its origin. A reply is used if
it has the fields that its API promises.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict
from urllib.parse import urlsplit

from ...dataclass import dataclass, field
from ...domain.evidence import Unknown
from ...errors import UsageError

_INNER_DOMAINS = ("localhost", "local", "internal", "intranet", "private", "corp", "home", "lan")
_LAST_32_BITS = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
_PORTS = {"http": 80, "https": 443}
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_T = TypeVar("_T")
MAX_BYTES = 8 * 1024 * 1024
"""Default limit of a body, in bytes after decompression."""
_MOST_QUOTED = 200


class Origin(NamedTuple):
    """The server that credentials belong to (RFC 6454)."""

    scheme: str
    host: str
    port: int


def origin(url: str) -> Origin:
    """Return the origin of a URL; raises ValueError if it has none."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("not an http address")
    return Origin(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])


def host_of(url: str) -> str:
    """Return the host for people to read, with its port unless that is the default."""
    try:
        scheme, host, port = origin(url)
    except ValueError:
        return "an unreadable address"
    shown = f"[{host}]" if ":" in host else host
    return shown if port == _PORTS[scheme] else f"{shown}:{port}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_ip_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(host: str) -> bool:
    """Whether a host is on the public network, judged by its name or address alone, without a look-up.

    Irregular numbers (`127.1`, `0x7f000001`) count as internal, because some resolvers read them as addresses. Names of
    internal networks: RFC 6761, 6762 (with appendix G) and 8375.
    """
    name = host.rstrip(".").lower()
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        last = name.rpartition(".")[2]
        is_inner = last in _INNER_DOMAINS or last[:1].isdigit() or name.endswith(".home.arpa")
        return "." in name and name.isascii() and not is_inner
    stands_for = _wrapped(address) or address
    return stands_for.is_global and not stands_for.is_multicast


def _wrapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address in an IPv6 one: mapped, 6to4, translated (RFC 6052) or compatible; None if none."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in _LAST_32_BITS):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def problem_with(url: str) -> str:
    """Return why no request may go to a URL, empty if it may."""
    try:
        scheme, host, _ = origin(url)
    except ValueError:
        return "is not an https address"
    if "@" in urlsplit(url).netloc:
        return "contains a user name, which does not belong in an address"
    if scheme == "http" and not is_loopback(host):
        return "is plain http, which is allowed for this machine only"
    return ""


@dataclass(frozen=True)
class Credentials:
    """The value of an `Authorization` header, for requests to `origin` only."""

    origin: Origin
    authorization: str = field(repr=False)


def bearer(token: str, url: str, given_as: str) -> Credentials:
    """Credentials for the origin of `url`; raises UsageError if the token cannot be sent.

    `given_as` names the source of the token. It is checked here, because the HTTP library would quote a malformed one
    in its own error.
    """
    if not _SENDABLE.fullmatch(token):
        raise UsageError(f"{given_as} contains characters that no token has.", "Set it again, in one line.")
    return Credentials(origin(url), f"Bearer {token}")


def basic(username: str, password: str, url: str) -> Credentials:
    """User name and password (RFC 7617, as UTF-8) for the origin of `url`."""
    pair = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
    return Credentials(origin(url), f"Basic {pair}")


def read_payload(body: bytes, kind: type[_T]) -> _T | None:
    """Parse JSON; None if it is not JSON, or lacks what `kind` (a TypedDict or a list of them) names."""
    document = parse(body)
    return document if _check(kind)(document) else None  # type: ignore[arg-type, return-value]


def parse(body: bytes) -> object:
    """Parse JSON; None if it is not JSON."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document


@cache
def _check(kind: Any) -> Callable[[object], bool]:
    """Return the check for a kind, cached because a list may have tens of thousands of items."""
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


@dataclass(frozen=True)
class Request:
    """A read or, with POST, PATCH and DELETE, a write. `what` names its subject for people.

    A read is sent at most `tries` times. A request that `stays` follows no redirect to another server. `seconds` is the
    time limit of one exchange; at most `redirects` are followed.
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
        """Whether the request changes something: it is sent once, because a retry could do it twice."""
        return self.method in ("POST", "PATCH", "DELETE")

    @property
    def host(self) -> str:
        """The host for messages, never with the query, which may contain secrets."""
        return host_of(self.url)


@dataclass(frozen=True)
class Response:
    """A complete answer. Header names are in lower case; a header sent twice has its values joined by `, `.

    `url` is the final URL, after redirects.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = field(default="", repr=False)

    def header(self, name: str) -> str:
        """Return a header's value, empty if there is none."""
        return self.headers.get(name, "")


@dataclass(frozen=True)
class Failure:
    """No complete answer came; if `transient`, a retry may help.

    `undone` is for a write: the server has certainly not done it.
    """

    unknown: Unknown
    transient: bool = True
    undone: bool = False


@dataclass(frozen=True)
class Unconfirmed(Unknown):
    """A write was sent, and no answer shows whether it was done."""


@dataclass(frozen=True)
class Redirected(Unknown):
    """A redirect to `target` that was not followed; nothing was written."""

    target: str = field(default="", repr=False)


def quoted(text: str) -> str:
    """Return foreign text for one line of a message: printable, in quotes, at most 200 characters."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return f'"{line}"' if len(line) <= _MOST_QUOTED else f'"{line[: _MOST_QUOTED - 1]}…"'
