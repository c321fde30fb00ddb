"""Requests to GitHub's REST API about one place (a repository or a board), and what refusals mean.

A 404 may mean "there is none" as well as "this token may not see it" (docs: "Troubleshooting the REST API").
It is believed only for a repository that the same token has been seen to read.
"""

from __future__ import annotations

import json
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlencode

from ...dataclass import dataclass, replace
from ...domain.evidence import Answer, Denied, Hidden, NotOffered, TooLong, Unknown, Unseen, answered, seen
from ..http import Http, SingleFlight
from ..http.messages import MAX_BYTES, Credentials, Request, Response, host_of, origin, quoted
from ..http.retry import RateLimited
from .payloads import FullName, RepositoryFacts, read_error, read_message, read_payload

_EXPIRED = (
    "The token in {given_as} is wrong or has expired: set it again. The token of an app expires after an hour: if it "
    "is one, just run this again."
)
CONTENTS = "contents: read"
ACTIONS = "actions: read"
_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_NAME = re.compile(r"(?!\.{1,2}/)[A-Za-z0-9_.-]+/(?!\.{1,2}\Z)[A-Za-z0-9_.-]+")
_NEXT = re.compile(r'<([^<>]*)>\s*;[^<]*\brel="?next"?')
_T = TypeVar("_T")


@dataclass(frozen=True)
class KnownRefusal:
    """A refusal recognised by its words or status; `kind` is the answer of a read that it refused."""

    words: re.Pattern[str]
    kind: type[Unknown]
    remedy: str

    def remedy_for(self, given_as: str) -> str:
        """What to do; `given_as` is the input that the token comes from."""
        return self.remedy.format(given_as=given_as)


_UNAUTHORIZED = KnownRefusal(re.compile(""), Denied, _EXPIRED)
_KNOWN = (
    KnownRefusal(re.compile(r"(was|is) archived"), Denied, "Unarchive the repository."),
    KnownRefusal(
        re.compile(r"SAML|single sign-on", re.I),
        Hidden,
        "Authorise the token in {given_as} for the organisation's single sign-on: Configure SSO next to it in the list "
        "of your tokens. The token of an app needs no authorisation.",
    ),
    KnownRefusal(
        re.compile(r"IP allow list", re.I),
        Denied,
        "No other token helps: the organisation allows listed addresses only. Ask its owners to add this runner's "
        "address to the IP allow list, or use a runner that is on it.",
    ),
    KnownRefusal(
        re.compile(r"forbids access via", re.I),
        Hidden,
        "No permission helps: the organisation or its enterprise rejects tokens of this kind or with this lifetime; "
        "GitHub's message states which. Pass the token of an app in {given_as}, or a personal token that they accept.",
    ),
    KnownRefusal(
        re.compile(r"Upgrade to GitHub|make this repository public", re.I),
        NotOffered,
        "No token helps: for private repositories, GitHub offers this on paid plans only. Until the plan is changed "
        "(GitHub Pro, Team or Enterprise) or the repository is public, no ruleset or branch protection guards its tags "
        "and branches.",
    ),
)


def known_refusal(status: int, words: str) -> KnownRefusal | None:
    """Return the known refusal with this status or these words; None if a missing permission may be the cause."""
    if status == 401:
        return _UNAUTHORIZED
    return next((one for one in _KNOWN if one.words.search(words)), None)


def accepted_permissions(response: Response) -> str:
    """Return the permissions that GitHub names with a refusal, for a message; empty if it names none.

    The header reads, for example, `contents=read,issues=write; metadata=read` (docs: "Troubleshooting the REST API").
    """
    header = response.header("x-accepted-github-permissions")
    if not re.fullmatch(r"[a-z_=,; ]{1,200}", header):
        return ""
    choices = [[one.strip().replace("=", ": ") for one in choice.split(",")] for choice in header.split(";")]
    return " or ".join(", ".join(choice) for choice in choices).replace("_", "-")


def _headers(accept: str, version: str) -> dict[str, str]:
    return _HEADERS | ({"Accept": accept} if accept else {}) | ({"X-GitHub-Api-Version": version} if version else {})


@dataclass(frozen=True)
class Pages:
    """The first pages of a list, and whether they are all."""

    found: Sequence[Response]
    is_all: bool


@dataclass(frozen=True)
class Access:
    """The API and the token for it; `given_as` is the input that the token comes from."""

    http: Http
    api_url: str
    credentials: Credentials | None
    given_as: str


class PlaceApi(ABC):
    """One place as one token sees it; thread-safe. `root` is its path in the API, empty for a malformed `name`."""

    def __init__(self, access: Access, name: str, root: str) -> None:
        self.name, self._root = name, root
        self.http, self._access = access.http, access
        self._change = threading.Condition()
        self._in_flight = 0
        self._readable = False

    @abstractmethod
    def confirm_absence(self) -> None:
        """Raise Unseen unless a 404 from this place means that the requested thing does not exist."""

    @abstractmethod
    def not_visible(self) -> Unknown:
        """Return the answer for a place that is missing or hidden."""

    def get(
        self,
        path: str | Sequence[str],
        what: str,
        query: Mapping[str, str | int] | None = None,
        *,
        permission: str = CONTENTS,
        max_bytes: int = MAX_BYTES,
        accept: str = "",
        version: str = "",
    ) -> Response:
        """Request `path` below the place. It is percent-encoded, except for the slashes of a `path` in one string.

        The response has status 200, 204, 404, 409, 410 or 422; raises Unseen for any other result.
        """
        if not self._root:
            raise Unseen(self._malformed())
        below = quote(path) if isinstance(path, str) else "".join(f"/{quote(part, safe='')}" for part in path)
        url = f"{self._access.api_url}{self._root}{below}"
        return self.get_url(
            url + (f"?{urlencode(query)}" if query else ""), what, permission, max_bytes, accept, version
        )

    def get_url(
        self,
        url: str,
        what: str,
        permission: str = CONTENTS,
        max_bytes: int = MAX_BYTES,
        accept: str = "",
        version: str = "",
    ) -> Response:
        """Request a whole URL, such as that of a next page, as `get` does."""
        request = Request(
            url,
            f"{what} of {self.name}",
            headers=_headers(accept, version),
            credentials=self._access.credentials,
            max_bytes=max_bytes,
        )
        with self._tracked() if permission == CONTENTS else nullcontext():
            response = seen(self._advised(self.http.send(request)))
            # A web page, such as that of a proxy, proves nothing.
            if permission == CONTENTS and response.status == 200:
                self._readable |= "json" in response.header("content-type")
        if response.status in (200, 204):
            return response
        if response.status not in (404, 409, 410, 422):
            raise Unseen(self._refused(response, request, permission))
        if not read_message(response.body):  # GitHub explains its refusals; an empty 404 is from a proxy
            raise self._unexpected("refused without a reason", request.what)
        return response

    def write(
        self, method: Literal["POST", "PATCH", "DELETE"], path: str, what: str, body: Mapping[str, Any]
    ) -> Answer[Response]:
        """Send JSON to `path` below the place, once. Returns any response with a status below 500."""
        if not self._root:
            return self._malformed()
        request = Request(
            f"{self._access.api_url}{self._root}{quote(path)}",
            f"{what} of {self.name}",
            method,
            {**_HEADERS, "Content-Type": "application/json"},
            self._access.credentials,
            body=json.dumps(body).encode() if body else b"",
        )
        return self._advised(self.http.send(request))

    def upload(self, url: str, what: str, content: bytes, content_type: str) -> Answer[Response]:
        """Send a file, once, to the upload URL that GitHub returned, if that is on a server of GitHub's own."""
        credentials = self._access.credentials
        if not is_upload_address(url, self._access.api_url) or credentials is None:
            return self._unexpected("names an upload address on another server", what).unknown
        headers = {**_HEADERS, "Content-Type": content_type}
        whose = replace(credentials, origin=origin(url))
        return self.http.send(Request(url, f"{what} of {self.name}", "POST", headers, whose, body=content))

    def read(self, response: Response, kind: type[_T], what: str) -> _T:
        """Return the payload of a response with status 200 or 201; raises Unseen for other statuses and contents."""
        if response.status == 404:
            self.confirm_absence()
            raise self.gone(what)
        if response.status not in (200, 201):
            raise self._unexpected(f"answered {response.status} ({quoted(self.words(response))})", what)
        found = read_payload(response.body, kind)
        if found is None:
            raise self._unexpected("sent a reply that does not match its API", what)
        return found

    def one(
        self,
        path: str | Sequence[str],
        what: str,
        kind: type[_T],
        query: Mapping[str, str | int] | None = None,
        *,
        permission: str = CONTENTS,
    ) -> _T | None:
        """Request a single thing, as `get` does, and return its payload; None if there is none."""
        response = self.get(path, what, query, permission=permission)
        if response.status == 404:
            self.confirm_absence()
            return None
        return self.read(response, kind, what)

    def items(self, pages: Sequence[Response], kind: type[_T], what: str) -> list[_T]:
        """Return the items on the pages of a list; raises Unseen as `read` does."""
        return [item for page in pages for item in self.read(page, list[kind], what)]  # type: ignore[valid-type]

    def expect(self, matches: bool, what: str) -> None:
        """Raise Unseen unless the reply matches the request."""
        if not matches:
            raise self.mismatch(what)

    def mismatch(self, what: str) -> Unseen:
        """Return the error for a reply that does not match the request."""
        return self._unexpected("sent a reply about something else", what)

    def gone(self, what: str) -> Unseen:
        """Return the error for a thing that was seen before, or must exist, but is not found."""
        remedy = "Check whether it was deleted meanwhile, and whether the token may see it; then run this again."
        return Unseen(replace(self._unexpected("found nothing", what).unknown, remedy=remedy))

    def next_page(self, response: Response, what: str) -> Answer[str]:
        """Return the URL of a list's next page, empty after the last; `Unknown` if it is on another server."""
        found = _NEXT.search(response.header("link"))
        if found is None:
            return ""
        try:
            same = origin(found[1]) == origin(self._access.api_url)
        except ValueError:
            same = False
        return found[1] if same else self._unexpected("names a next page on another server", what).unknown

    def pages(
        self, first: Response, what: str, most: int, permission: str = CONTENTS, max_bytes: int = MAX_BYTES
    ) -> Sequence[Response]:
        """Return all pages of a list; raises Unseen if one is lost, with `TooLong` if there are more than `most`."""
        pages = self.first_pages(first, what, most, permission, max_bytes)
        if pages.is_all:
            return pages.found
        error = self._unexpected(f"has more than the {len(pages.found)} pages that can be read", what)
        raise Unseen(TooLong(error.unknown.reason))

    def first_pages(
        self, first: Response, what: str, most: int, permission: str = CONTENTS, max_bytes: int = MAX_BYTES
    ) -> Pages:
        """Return up to `most` pages of a list from its start; raises Unseen if one of them is lost.

        GitHub truncates long lists, some after 1,000 items and some after 10,000, and returns 422 for the next page
        (observed, not documented).
        """
        pages, followed = [first], set[str]()
        while True:
            url = seen(self.next_page(pages[-1], what))
            if not url or len(pages) == most:
                return Pages(pages, is_all=not url)
            if url in followed:
                raise self._unexpected("names the same next page twice", what)
            followed.add(url)
            page = self.get_url(url, what, permission, max_bytes)
            if page.status == 422:
                return Pages(pages, is_all=False)
            pages.append(page)

    @property
    def credentials(self) -> Credentials | None:
        """The token; None for anonymous requests."""
        return self._access.credentials

    @property
    def api_url(self) -> str:
        """The base URL of the API."""
        return self._access.api_url

    @property
    def given_as(self) -> str:
        """The input that the token comes from."""
        return self._access.given_as

    @contextmanager
    def _tracked(self) -> Iterator[None]:
        with self._change:
            self._in_flight += 1
        try:
            yield
        finally:
            with self._change:
                self._in_flight -= 1
                self._change.notify_all()

    def lacks(self, permission: str) -> str:
        """Return the remedy for a missing permission."""
        return f"Give the token in {self.given_as} the permission {permission}."

    @abstractmethod
    def _malformed(self) -> Unknown:
        """Return the answer for a malformed name."""

    def _unexpected(self, did: str, what: str) -> Unseen:
        return Unseen(Unknown(f"{host_of(self._access.api_url)} {did} when asked for {what} of {self.name}"))

    def words(self, response: Response) -> str:
        """GitHub's error message with its details, unaltered except that our own token is masked."""
        message = read_error(response.body)
        if self._access.credentials:
            message = message.replace(self._access.credentials.authorization.partition(" ")[2], "***")
        return message

    def _advised(self, answer: Answer[Response]) -> Answer[Response]:
        if isinstance(answer, RateLimited) and self._access.credentials is None:
            return replace(answer, remedy=f"{answer.remedy} GitHub allows more with a token in the input token.")
        return answer

    def _refused(self, response: Response, request: Request, permission: str) -> Unknown:
        words = self.words(response)
        reason = f"{request.host} answered {response.status} ({quoted(words)}) when asked for {request.what}"
        known = known_refusal(response.status, words)
        if known:
            return known.kind(reason, known.remedy_for(self.given_as))
        if response.status == 403:
            return Hidden(reason, self.lacks(accepted_permissions(response) or permission))
        return Unknown(reason)


class RepositoryApi(PlaceApi):
    """One repository as one token sees it."""

    def __init__(self, access: Access, name: str) -> None:
        super().__init__(access, name, f"/repos/{name}" if _NAME.fullmatch(name) else "")
        self._former: SingleFlight[str, Answer[bool]] = SingleFlight()
        self._entry: SingleFlight[str, Answer[Response]] = SingleFlight()

    def _malformed(self) -> Unknown:
        return Unknown(f"{quoted(self.name)} is not the name of a repository", "Name it as OWNER/NAME.")

    def confirm_absence(self) -> None:
        """Raise Unseen unless a 404 from this repository means that the requested thing does not exist.

        Having read any content of the repository proves that; requests in flight are waited for.
        """
        with self._change:
            self._change.wait_for(lambda: self._readable or not self._in_flight)
            if self._readable:
                return
        self.facts()

    def facts(self) -> RepositoryFacts:
        """The repository's own entry, requested once."""
        response = self.entry()
        if response.status == 404:
            raise Unseen(self.not_visible())
        return self.read(response, RepositoryFacts, "the entry")

    def entry(self) -> Response:
        """The response with the repository's own entry, requested once: its headers describe the token."""
        # It does not prove that contents may be read, hence the other permission.
        return seen(self._entry.get("", answered(lambda: self.get("", "the entry", permission="metadata: read"))))

    def was_named(self, name: str) -> bool:
        """Whether GitHub leads from this name to the repository, which had it before; asked once for each name."""

        def leads_here() -> bool:
            if not _NAME.fullmatch(name):
                return False
            there = RepositoryApi(self._access, name).entry()
            if there.status == 404:
                return False
            ours, theirs = (self.read(one, FullName, "the entry")["full_name"] for one in (self.entry(), there))
            return ours.lower() == theirs.lower()

        return seen(self._former.get(name.lower(), answered(leads_here)))

    def not_visible(self) -> Unknown:
        """Return the answer for a repository that is missing or hidden."""
        if self._access.credentials is None:
            why = "was not found, or is not public"
        else:
            why = f"was not found, or the token in {self._access.given_as} may not see it"
        needs = f"A private repository needs {CONTENTS}: in token for the stack, in component-token for a component."
        return Unknown(f"{self.name} {why}", f"Check the name. {needs}")


def is_upload_address(url: str, api_url: str) -> bool:
    """Whether an upload URL belongs to the same GitHub as the API, so that it may receive the token.

    Files go to the API's own host (Enterprise), or to `uploads.` in place of `api.` (docs: "Upload a release asset").
    """
    try:
        target, api = origin(url), origin(api_url)
    except ValueError:
        return False
    return target in (api, api._replace(host=re.sub(r"^api\.", "uploads.", api.host)))
