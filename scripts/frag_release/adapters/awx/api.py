"""Requests to AWX's API (v2, as in AWX 24.6.1), what we read of its replies, and what its refusals mean.

The shapes are those of `awx/api/serializers.py` and `awx/api/views`.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import TypedDict, TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit

from ...domain.awx_jobs import Job, LaunchData, Variables
from ...domain.evidence import Answer, Unknown, Unseen, answered, seen
from ...errors import UsageError
from ..http import Http
from ..http.messages import (
    MAX_BYTES,
    Credentials,
    Redirected,
    Request,
    Response,
    host_of,
    origin,
    parse,
    quoted,
    read_payload,
)

_MOST_DETAILS = 5
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
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


class Named(TypedDict):
    """An object in a summary."""

    name: str


class Capabilities(TypedDict):
    """What the account that asks may do with a job template."""

    start: bool


class TemplateSummary(TypedDict):
    """The summary fields of a job template; one without a project has no organisation."""

    organization: Named | None
    inventory: Named | None
    user_capabilities: Capabilities | None


class TemplatePayload(TypedDict):
    """One item of `job_templates/`. Before there were slices there was no count of them."""

    id: int
    name: str
    job_slice_count: int | None
    limit: str | None
    project: int | None
    summary_fields: TemplateSummary


class TemplatePage(TypedDict):
    """One page of `job_templates/`; `next` is a path with a query."""

    count: int
    next: str | None
    results: list[TemplatePayload]


class LaunchPayload(TypedDict):
    """`job_templates/N/launch/`, read."""

    ask_variables_on_launch: bool
    survey_enabled: bool
    variables_needed_to_start: list[str]
    passwords_needed_to_start: list[str]
    inventory_needed_to_start: bool


class Question(TypedDict):
    """One question of a survey."""

    variable: str


class SurveyPayload(TypedDict):
    """`job_templates/N/survey_spec/` where there is one."""

    spec: list[Question]


class Account(TypedDict):
    """A user, in a summary and in `me/`."""

    username: str


class Me(TypedDict):
    """`me/`."""

    results: list[Account]


class JobSummary(TypedDict):
    """The summary fields of a job."""

    created_by: Account | None


class JobPayload(TypedDict):
    """`jobs/N/`, `workflow_jobs/N/`, one item of their lists, and most of the answer to a launch.

    `result_traceback` is only in the first.
    """

    id: int
    type: str
    name: str
    status: str
    created: str
    started: str | None
    job_template: int | None
    job_explanation: str | None
    result_traceback: str | None
    elapsed: float | int | None
    launch_type: str
    extra_vars: str | None
    job_slice_count: int | None
    event_processing_finished: bool | None
    summary_fields: JobSummary


class JobPage(TypedDict):
    """One page of jobs."""

    count: int
    results: list[JobPayload]


class EventPayload(TypedDict):
    """One event of a job: the lines of output from `start_line` to before `end_line` are its own."""

    start_line: int
    end_line: int
    stdout: str | None


class EventPage(TypedDict):
    """One page of `jobs/N/job_events/`."""

    next: str | None
    results: list[EventPayload]


def launch_data(payload: LaunchPayload, questions: frozenset[str]) -> LaunchData:
    """What a template asks for, its survey having these questions."""
    return LaunchData(
        asks_variables=payload["ask_variables_on_launch"],
        questions=questions,
        needed_variables=tuple(payload["variables_needed_to_start"]),
        needed_passwords=tuple(payload["passwords_needed_to_start"]),
        needs_inventory=payload["inventory_needed_to_start"],
    )


def job_of(payload: JobPayload, url: str) -> Job:
    """The job of a reply; `url` is its page for people."""
    is_workflow = payload["type"] == "workflow_job"
    by = payload["summary_fields"].get("created_by")
    return Job(
        id=payload["id"],
        template=payload.get("job_template"),
        is_workflow=is_workflow,
        name=payload["name"],
        status=payload["status"],
        url=url,
        created=payload["created"],
        explanation=_explained(payload.get("job_explanation") or "") or _last_line(payload.get("result_traceback")),
        # Unless AWX says that it never began, a part of it may be done.
        has_begun=payload.get("started", "not told") is not None,
        elapsed=float(payload.get("elapsed") or 0),
        launch_type=payload["launch_type"],
        launched_by=by["username"] if by else "",
        variables=_variables(payload.get("extra_vars")),
        is_slice=not is_workflow and (payload.get("job_slice_count") or 1) > 1,
        output_complete=is_workflow or bool(payload.get("event_processing_finished")),
    )


def _explained(text: str) -> str:
    """Return what AWX says of a job; what failed before it comes as JSON (`TaskManager.process_job_dep_failures`)."""
    before, _, rest = text.partition(": ")
    document = parse(rest.encode()) if before == "Previous Task Failed" else None
    if not isinstance(document, dict):
        return text
    kind, name, number = (str(document.get(key, "?")) for key in ("job_type", "job_name", "job_id"))
    return f"the {kind.replace('_', ' ')} {number} of {name} failed before it"


def _last_line(traceback: str | None) -> str:
    return next((line.strip() for line in reversed((traceback or "").splitlines()) if line.strip()), "")


def _variables(text: str | None) -> Variables | None:
    """Read the variables of a job, which AWX writes as JSON; None where it does not tell them."""
    document = None if text is None else parse((text or "{}").encode())
    return document if isinstance(document, dict) else None


def text_of(event: EventPayload) -> str:
    """The output of an event in whole lines, without colours."""
    text = _COLOURS.sub("", event["stdout"] or "").replace("\r\n", "\n")
    return text if not text or text.endswith("\n") else f"{text}\n"


def read_complaint(body: bytes) -> str:
    """Return what AWX says in an error: its `detail`, or what it says of each field; empty where it says nothing."""
    document = parse(body)
    if not isinstance(document, Mapping):
        return ""
    detail = document.get("detail")
    if isinstance(detail, str):
        return detail
    said = [f"{name}: {_words(value)}" for name, value in document.items() if value]
    return "; ".join(said[:_MOST_DETAILS])


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


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

    @answered
    def get(
        self, path: str, what: str, query: Mapping[str, str | int] | None = None, *, max_bytes: int = MAX_BYTES
    ) -> Response | None:
        """Ask for `path` below the API; None where AWX itself says that there is no such thing."""
        return self._get(self._address(path) + (f"?{urlencode(query)}" if query else ""), what, max_bytes)

    def read(self, answer: Answer[Response | None], kind: type[_T], what: str) -> _T:
        """Return what a response holds; raises Unseen for other contents, and where there is no such thing."""
        response = seen(answer)
        if response is None:
            reason = f"{self.host} has none, or the account may not see it, when asked for {what}"
            raise Unseen(Unknown(reason, _CHECK_ADDRESS))
        payload = read_payload(response.body, kind)
        if payload is None:
            raise self.odd("sent something else than it promises in its API", what)
        return payload

    @answered
    def next_page(self, page: str | None, what: str, *, max_bytes: int = MAX_BYTES) -> Response | None:
        """Ask for the next page of a list, which must be on the same server; None where there is no other."""
        if not page:
            return None
        url = urljoin(self.url, page)
        try:
            same = origin(url) == origin(self.url)
        except ValueError:
            same = False
        if not same:
            raise self.odd("names a next page on another server", what)
        found = self._get(url, what, max_bytes)
        if found is None:
            raise self.odd("does not have the next page that it named", what)
        return found

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

    def _get(self, url: str, what: str, max_bytes: int) -> Response | None:
        request = Request(url, what, headers=_HEADERS, credentials=self._credentials, max_bytes=max_bytes, stays=True)
        response = seen(self._send(request))
        if "json" not in response.header("content-type"):
            # A page to log in on, a proxy's error, or the address of something else.
            reason = f"{host_of(url)} answered {response.status} with a page that is not AWX's API"
            raise Unseen(Unknown(f"{reason}, when asked for {what}", _CHECK_ADDRESS))
        if response.status == 404:
            return None
        if response.status != 200:
            raise Unseen(Unknown(*self.refusal(response, what, "Give the account in AWX the right to read it.")))
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

    def odd(self, did: str, what: str) -> Unseen:
        """What to raise where AWX did something that it should not."""
        return Unseen(Unknown(f"{self.host} {did}, when asked for {what}"))


def _is_upgrading(response: Answer[Response]) -> bool:
    to = response.url if isinstance(response, Response) else getattr(response, "target", "")
    return urlsplit(to).path.startswith(_UPGRADING)
