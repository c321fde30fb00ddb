"""Logging in to a registry: no challenge, `Basic`, or the token server that a `Bearer` challenge names.

Challenges follow RFC 9110, 11.6.1. Docker's token protocol (distribution docs, "Token Authentication") allows several
`scope` parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal
from urllib.parse import urlencode

from ...dataclass import dataclass, replace
from ...domain.components import Login
from ...domain.evidence import Answer, Unknown, Unseen, answered, seen
from ...errors import UsageError
from ..http import Http
from ..http.messages import (
    MAX_BYTES,
    Credentials,
    Request,
    Response,
    basic,
    bearer,
    host_of,
    is_ip_address,
    is_loopback,
    is_public,
    origin,
    problem_with,
)
from ..http.retry import RateLimited

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PART = re.compile(
    rf"[\s,]*(?:(?P<name>{_TOKEN})\s*=\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<plain>{_TOKEN}))"
    rf"|(?P<scheme>{_TOKEN})(?=\s|,|$)(?:[ ]+(?P<blob>[A-Za-z0-9._~+/-]+=*)(?=\s*(?:,|$)))?)"
)
_MOST_CHARACTERS = 8192
_SHORT_SECOND_LEVEL = 3
_MAX_TOKEN_BYTES = 256 * 1024
_MOST_REDIRECTS = 3
_CHECK_LOGIN = "Check registry-username and registry-password, or registry-config, and that they may pull this image."
STAYS = (
    "Running this again does not help: check what answers there. It must be the registry itself, or a proxy that "
    "passes its answers on unchanged."
)


@dataclass(frozen=True)
class Challenge:
    """One way to log in; the scheme and the names of parameters are in lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """Parse a header of one or more challenges; the first malformed part ends the list."""
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
    """Whether a registry's token realm may be asked, `with_login` or for an anonymous token; both are URLs.

    It must be https, or http on this machine if the registry is on this machine, too. Without a login there is nothing
    to lose: it may be anywhere, but not in an internal network if the registry is outside.

    With a login, its host must be the registry's, or at or below the domain directly above the registry's host
    (`auth.docker.io` for `registry-1.docker.io`), or below the registry's own host. Only the Public Suffix List, which
    changes weekly, would show which domains have one owner; so a domain counts only if it has at least two labels, is
    not an IP address, and does not look like `co.uk` or `com.au`: two labels, a short one and one of two letters.
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
    return any(_has_one_owner(domain) and _at_or_below(host, domain) for domain in domains)


def _has_one_owner(domain: str) -> bool:
    labels = domain.split(".")
    if len(labels) < 2 or not all(labels) or is_ip_address(domain) or labels[-1].isdigit():
        return False
    return len(labels) > 2 or len(labels[0]) > _SHORT_SECOND_LEVEL or len(labels[1]) != 2


def _at_or_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


class RegistryAccess:
    """One registry at `url`."""

    def __init__(self, http: Http, url: str, login: Login | None) -> None:
        self._http = http
        self._url = url
        self._login = login
        self._remedy = (
            _CHECK_LOGIN
            if login
            else (
                "If the image is private, give registry-username and registry-password or, if images are in several "
                f"registries, registry-config with a login for {host_of(url)}."
            )
        )
        self._credentials: Credentials | None = None
        self._own: dict[str, Answer[Credentials]] = {}
        self._shared: Challenge | None = None
        self._problem: Unknown | None = None

    @property
    def host(self) -> str:
        """The registry's host, for messages."""
        return host_of(self._url)

    def log_in(self, repositories: Collection[str]) -> None:
        """Find out how to log in, and do so once for all `repositories`.

        If the login for several is refused, each image is requested without one: the registry then returns a challenge
        for each.
        """
        response = self._http.send(Request(f"{self._url}/v2/", "its API"))
        if isinstance(response, Unknown):
            self._problem = self._advised(response)
        elif response.status == 401:
            answer = self._answer(response, [_pull(name) for name in sorted(repositories)])
            if isinstance(answer, Credentials):
                self._credentials = answer
                self._shared = _token_server(response) if len(repositories) > 1 else None
            elif len(repositories) == 1 or isinstance(answer, RateLimited):
                self._problem = answer
        elif response.status != 200:
            self._problem = Unknown(
                f"{self.host} answered {response.status} when asked for its API",
                "Check the name of the registry.",
            )

    def log_in_for(self, repository: str) -> bool:
        """Request a token for one image alone; return False if it has one already, or the login is for all.

        A token requested for several images may be valid for some of them only.
        """
        if self._shared is None or repository in self._own:
            return False
        self._own[repository] = self._token(self._shared, [_pull(repository)])
        return True

    def ask(
        self,
        method: Literal["GET", "HEAD"],
        path: str,
        what: str,
        headers: Mapping[str, str],
        max_bytes: int = MAX_BYTES,
        repository: str = "",
    ) -> Response:
        """Request a path of a repository; a challenge is answered once, up to three redirects are followed."""
        credentials = seen(self._problem or self._own.get(repository, self._credentials))
        request = Request(self._url + path, what, method, headers, credentials, max_bytes, redirects=_MOST_REDIRECTS)
        response = self._send(request)
        if response.status == 401:
            answer = seen(self._own[repository] if self.log_in_for(repository) else self._answer(response, []))
            if answer != credentials:
                response = self._send(replace(request, credentials=answer))
        return response

    def refused(self, status: int, what: str) -> Unknown:
        """Return that the registry denies access, which is also its answer for what does not exist."""
        return Unknown(
            f"{self.host} answered {status} when asked for {what}: it does not exist, or access is denied",
            f"Check the image's name. {self._remedy}",
        )

    def not_shown(self, status: int, what: str) -> Unknown:
        """Return the meaning of an answer without content; temporary errors were retried before."""
        if status in (401, 403):
            return self.refused(status, what)
        return Unknown(f"{self.host} answered {status} when asked for {what}", STAYS)

    def _answer(self, response: Response, scopes: Sequence[str]) -> Answer[Credentials]:
        """Return the credentials that a 401 requires; `scopes` replace the one that it names."""
        token_server = _token_server(response)
        if token_server:
            return self._token(token_server, scopes)
        challenges = parse_challenges(response.header("www-authenticate"))
        if any(each.scheme == "basic" for each in challenges) and self._login:
            return basic(self._login.username, self._login.password, self._url)
        return Unknown(f"{self.host} requires a login (401)", self._remedy)

    @answered
    def _token(self, challenge: Challenge, scopes: Sequence[str]) -> Credentials:
        realm = challenge.parameters.get("realm", "")
        if not realm_may_be_asked(realm, self._url, with_login=self._login is not None):
            reason = f"{self.host} sends its login to {host_of(realm)}, maybe not its own; nothing was sent"
            remedy = "Use the registry's address at which it handles its own login."
            raise Unseen(Unknown(reason, remedy))
        wanted = scopes or [challenge.parameters.get("scope", "")]
        query = [(name, challenge.parameters[name]) for name in ("service",) if name in challenge.parameters]
        query += [("scope", scope) for scope in wanted if scope]
        login = basic(self._login.username, self._login.password, realm) if self._login else None
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}"
        what = f"a token for {self.host}"
        # A redirect could lead to a place where the realm itself would be refused.
        request = Request(url, what, credentials=login, max_bytes=_MAX_TOKEN_BYTES, stays=True)
        response = self._send(request)
        if response.status != 200:
            raise Unseen(Unknown(f"{request.host} answered {response.status} when asked for {what}", self._remedy))
        token = _read_token(response.body)
        try:
            return bearer(token, self._url, f"The token of {request.host}")
        except UsageError as error:
            raise Unseen(Unknown(f"{request.host} sent no token when asked for {what}", self._remedy)) from error

    def _send(self, request: Request) -> Response:
        response = self._http.send(request)
        if isinstance(response, Unknown):
            raise Unseen(self._advised(response))
        return response

    def _advised(self, unknown: Unknown) -> Unknown:
        if isinstance(unknown, RateLimited) and not self._login:
            login = "With a login (registry-username and registry-password, or registry-config) it may allow more."
            return replace(unknown, remedy=f"{unknown.remedy} {login}")
        return unknown


def _pull(repository: str) -> str:
    return f"repository:{repository}:pull"


def _token_server(response: Response) -> Challenge | None:
    challenges = parse_challenges(response.header("www-authenticate"))
    return next((each for each in challenges if each.scheme == "bearer"), None)


def _read_token(body: bytes) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    token = document.get("token") or document.get("access_token")
    return token if isinstance(token, str) else ""
