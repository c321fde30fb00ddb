"""Requests to AWX's API (v2, as in AWX 24.6.1), and what its refusals mean."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit

from ...domain.evidence import Answer, Unknown
from ...errors import UsageError
from ..http.addresses import Credentials, host_of, origin
from ..http.messages import MAX_BYTES, Redirected, Request, Response, quoted, read_payload
from ..http.session import Http
from .payloads import read_complaint

_HEADERS = {"Accept": "application/json"}
_CHECK_ADDRESS = (
    "Look at awx-url, and at awx-api-path: it is /api/v2/ for AWX itself, and /api/controller/v2/ behind the gateway "
    "of the Ansible Automation Platform."
)
_CHECK_LOGIN = (
    "The login is wrong or has expired: set awx-token anew, or awx-username and awx-password. Some releases take "
    "tokens only."
)

_LOG_IN_ELSEWHERE = (
    "A page to log in on stands before AWX. Give awx-url the address at which its API takes the login itself, and look "
    "at awx-api-path."
)

_UPGRADING = "/migrations_notran/"
"""Where AWX redirects everything to while its database is upgraded (`awx/main/middleware`)."""
_UPGRADE_TRIES, _UPGRADE_PAUSE = 7, 10.0
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})")

_T = TypeVar("_T")


class AwxRefusedError(UsageError):
    """The account may not do it, or the login is not accepted."""


class AwxApi:
    """AWX as one account sees it: `url` without, `api_path` with a slash at its end.

    `version` is what its answers say; empty as long as none has.
    """

    def __init__(self, http: Http, url: str, api_path: str, credentials: Credentials | None) -> None:
        self.http = http
        self.url = url
        self.api_path = api_path
        self.version: tuple[int, ...] = ()
        self._credentials = credentials

    def anew(self, seconds: float) -> AwxApi:
        """The same with `seconds` from now."""
        other = copy.copy(self)
        other.http = self.http.anew(seconds)
        return other

    @property
    def host(self) -> str:
        """The host, for people to read."""
        return host_of(self.url)

    def get(
        self, path: str, what: str, query: Mapping[str, str | int] | None = None, *, max_bytes: int = MAX_BYTES
    ) -> Answer[Response | None]:
        """Ask for `path` below the API; None where AWX itself says that there is no such thing."""
        return self._get(self._address(path) + (f"?{urlencode(query)}" if query else ""), what, max_bytes)

    def read(self, answer: Answer[Response | None], kind: type[_T], what: str) -> Answer[_T]:
        """Return what a response holds; `Unknown` for other contents, and where there is no such thing."""
        if isinstance(answer, Unknown):
            return answer
        if answer is None:
            return Unknown(
                f"{self.host} has none, or the account may not see it, when asked for {what}", _CHECK_ADDRESS
            )
        payload = read_payload(answer.body, kind)
        return self._odd("sent something else than it promises in its API", what) if payload is None else payload

    def next_page(self, page: str | None, what: str, *, max_bytes: int = MAX_BYTES) -> Answer[Response | None]:
        """Ask for the next page of a list, which must be on the same server; None where there is no other."""
        if not page:
            return None
        url = urljoin(self.url, page)
        try:
            same = origin(url) == origin(self.url)
        except ValueError:
            same = False
        return self._get(url, what, max_bytes) if same else self._odd("names a next page on another server", what)

    def post(self, path: str, what: str, body: Mapping[str, object], seconds: float = 30.0) -> Answer[Response]:
        """Send JSON to `path` below the API, once. Returns the response, whatever its status below 500."""
        headers = {**_HEADERS, "Content-Type": "application/json"}
        sent = json.dumps(body).encode()
        order = Request(self._address(path), what, "POST", headers, self._credentials, body=sent, seconds=seconds)
        return self._send(order)

    def refusal(self, response: Response, what: str, right: str) -> tuple[str, str]:
        """Say what a response that is no yes means, and what helps; `right` is what the account needs."""
        said = f"{self.host} answered {self.words(response)} when asked for {what}"
        if response.status == 401:
            return said, _CHECK_LOGIN
        if response.status == 403:
            return said, right
        if response.status in (404, 405) and not read_complaint(response.body):
            return said, _CHECK_ADDRESS
        return said, "Nothing was done. Correct what AWX names, and run this again."

    def words(self, response: Response) -> str:
        """The status with what AWX says, as it is but for our own login."""
        said = read_complaint(response.body)
        if self._credentials:
            said = said.replace(self._credentials.authorization.partition(" ")[2], "***")
        return f"{response.status} ({quoted(said)})" if said else str(response.status)

    def _address(self, path: str) -> str:
        return f"{self.url}{self.api_path}{quote(path)}"

    def _get(self, url: str, what: str, max_bytes: int) -> Answer[Response | None]:
        request = Request(url, what, headers=_HEADERS, credentials=self._credentials, max_bytes=max_bytes, stays=True)
        response = self._send(request)
        if isinstance(response, Unknown):
            return response
        if "json" not in response.header("content-type"):
            # A page to log in on, a proxy's error, or the address of something else.
            return Unknown(
                f"{host_of(url)} answered {response.status} with a page that is not AWX's API, when asked for {what}",
                _CHECK_ADDRESS,
            )
        if response.status == 404:
            return None
        if response.status != 200:
            return Unknown(*self.refusal(response, what, "Give the account in AWX the right to read it."))
        return response

    def _send(self, request: Request) -> Answer[Response]:
        """Send a request. While AWX is upgraded it does nothing, so that even an order is sent again after a while."""
        for again in range(_UPGRADE_TRIES):
            if again and not self.http.pause(_UPGRADE_PAUSE):
                break
            response = self.http.send(request)
            if not _is_upgrading(response):
                return self._seen(response, request.what)
        return Unknown(
            f"{self.host} is being upgraded, and answers nothing else, when asked for {request.what}",
            "Wait until the upgrade of AWX is over, then run this again.",
        )

    def _seen(self, response: Answer[Response], what: str) -> Answer[Response]:
        """Learn the version from a response, and say what a redirect means."""
        if isinstance(response, Redirected):
            if host_of(response.target) == self.host:
                return Unknown(response.reason, _CHECK_ADDRESS)
            to = f"{host_of(response.target)}, as to a page to log in on"
            return Unknown(f"{self.host} redirects to {to}, when asked for {what}", _LOG_IN_ELSEWHERE)
        found = _VERSION.match(response.header("x-api-product-version")) if isinstance(response, Response) else None
        if found:
            self.version = tuple(map(int, found.groups()))
        return response

    def _odd(self, did: str, what: str) -> Unknown:
        return Unknown(f"{self.host} {did}, when asked for {what}")


def _is_upgrading(response: Answer[Response]) -> bool:
    to = response.url if isinstance(response, Response) else getattr(response, "target", "")
    return urlsplit(to).path.startswith(_UPGRADING)
