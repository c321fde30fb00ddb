"""Where requests may go: https anywhere, plain http on this machine only."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import urlsplit

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
