"""The challenges of `WWW-Authenticate` (RFC 9110, 11.6.1), and where a registry's realm may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..http.addresses import is_ip_address, is_loopback, is_public, origin, problem_with

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PART = re.compile(
    rf"[\s,]*(?:(?P<name>{_TOKEN})\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>{_TOKEN}))"
    rf"|(?P<scheme>{_TOKEN})(?=\s|,|$)(?:[ ]+(?P<blob>[A-Za-z0-9._~+/-]+=*)(?=\s*(?:,|$)))?)"
)
_MOST_CHARACTERS = 8192
_SHORT_SECOND_LEVEL = 3


@dataclass(frozen=True)
class Challenge:
    """One way to log in; the names of parameters and the scheme are in lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """Read a header of one or more challenges; what cannot be read ends the list."""
    found: list[tuple[str, dict[str, str]]] = []
    header, position = header[:_MOST_CHARACTERS].rstrip(" ,"), 0
    while position < len(header):
        part = _PART.match(header, position)
        if part is None:
            break
        position = part.end()
        if part["scheme"]:
            found.append((part["scheme"].lower(), {}))
        elif found:
            quoted = part["quoted"]
            value = part["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[-1][1][part["name"].lower()] = value
    return [Challenge(scheme, parameters) for scheme, parameters in found]


def realm_may_be_asked(realm: str, registry: str, *, with_login: bool) -> bool:
    """Whether a registry's token realm may be asked, `with_login` or for a token that anybody gets; both are URLs.

    It must be https, or http on this machine if the registry is on this machine, too. Without a login there is
    nothing to lose: it may be anywhere, but not inside of a network that the registry is outside of.

    With a login its host must be the registry's, or be at or below the domain that the registry's host is directly in
    (`auth.docker.io` for `registry-1.docker.io`), or below the registry's own host. Which domains are in one hand only
    a list that changes every week would tell; so a domain counts only if it has two labels or more, is no address by
    number, and does not look like `co.uk` or `com.au`: two labels, short and then of two letters.
    """
    if problem_with(realm):
        return False
    host, registry_host = origin(realm).host, origin(registry).host
    if is_loopback(host):
        return is_loopback(registry_host)
    if host == registry_host:
        return True
    if not with_login:
        return is_public(host) or not is_public(registry_host)
    domains = (registry_host, registry_host.partition(".")[2])
    return any(_in_one_hand(domain) and _at_or_below(host, domain) for domain in domains)


def _in_one_hand(domain: str) -> bool:
    labels = domain.split(".")
    if len(labels) < 2 or not all(labels) or is_ip_address(domain) or labels[-1].isdigit():
        return False
    return len(labels) > 2 or len(labels[0]) > _SHORT_SECOND_LEVEL or len(labels[1]) != 2


def _at_or_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
