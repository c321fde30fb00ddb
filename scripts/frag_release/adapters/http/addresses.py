"""Where requests may go (https anywhere, plain http on this machine only), and which origin may see a credential."""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

from ...errors import UsageError

_INNER_DOMAINS = ("localhost", "local", "internal", "intranet", "private", "corp", "home", "lan")
_LAST_32_BITS = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """What credentials belong to (RFC 6454)."""

    scheme: str
    host: str
    port: int


def origin(url: str) -> Origin:
    """Return the origin of a URL; raises ValueError where it has none."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("no http address")
    return Origin(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme])


def host_of(url: str) -> str:
    """Return the host for people to read, with a port that is not the usual one."""
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
    """Whether a host is given by number."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(host: str) -> bool:
    """Whether a host is on the public network, as far as its name or number tells; nobody is asked.

    What looks like a number but is not written as one (`127.1`, `0x7f000001`) is taken for an inner address: some
    resolvers read it as one. Names of inner networks: RFC 6761, 6762 (with appendix G) and 8375.
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
    """Return the IPv4 address that one of IPv6 leads to: mapped, 6to4, by a translator (RFC 6052), or compatible."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in _LAST_32_BITS):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def problem_with(url: str) -> str:
    """Say why no request may go to a URL; empty where it may."""
    try:
        scheme, host, _ = origin(url)
    except ValueError:
        return "is not an https address"
    if "@" in urlsplit(url).netloc:
        return "holds a user name, which does not belong in an address"
    if scheme == "http" and not is_loopback(host):
        return "is plain http, which is for this machine itself only"
    return ""


_SENDABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Credentials:
    """The value of an `Authorization` header, for requests to `origin` and to nobody else."""

    origin: Origin
    authorization: str = field(repr=False)


def bearer(token: str, url: str, given_as: str) -> Credentials:
    """Credentials for the origin of `url`; raises UsageError where the token cannot be sent.

    `given_as` says where the token is from. It is checked here, because the HTTP library would
    quote a malformed one in its own error.
    """
    if not _SENDABLE.fullmatch(token):
        raise UsageError(f"{given_as} holds characters that no token has.", "Set it again, in one line.")
    return Credentials(origin(url), f"Bearer {token}")


def basic(username: str, password: str, url: str) -> Credentials:
    """User name and password (RFC 7617, as UTF-8) for the origin of `url`."""
    pair = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
    return Credentials(origin(url), f"Basic {pair}")
