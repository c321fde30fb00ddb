"""Requests to AWX's API (v2, as in AWX 24.6.1), the parts of its responses that we read, and its refusals.

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
    "Check awx-url and awx-api-path: the path is /api/v2/ for AWX itself, and /api/controller/v2/ behind the gateway "
    "of the Ansible Automation Platform."
)
_CHECK_LOGIN = (
    "The login is wrong or has expired: set a new awx-token, or awx-username and awx-password. Some releases accept "
    "only tokens."
)
_LOG_IN_ELSEWHERE = (
    "A login page is in front of AWX. Set awx-url to the address at which AWX's API accepts the login itself, and "
    "check awx-api-path."
)
_UPGRADING = "/migrations_notran/"
"""AWX redirects all requests here while its database is upgraded (`awx/main/middleware`)."""
_UPGRADE_TRIES, _UPGRADE_PAUSE = 7, 10.0
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})")
_T = TypeVar("_T")


class Named(TypedDict):
    """An object in a summary."""

    name: str


class Capabilities(TypedDict):
    """What the logged-in account may do with a job template."""

    start: bool


class TemplateSummary(TypedDict):
    """The summary fields of a job template; a template without a project has no organisation."""

    organization: Named | None
    inventory: Named | None
    user_capabilities: Capabilities | None


class TemplatePayload(TypedDict):
    """One item of `job_templates/`. `job_slice_count` is missing in releases without slices."""

    id: int
    name: str
    job_slice_count: int | None
    limit: str | None
    project: int | None
    job_type: str | None
    summary_fields: TemplateSummary


class TemplatePage(TypedDict):
    """One page of `job_templates/`; `next` is a path with a query."""

    count: int
    next: str | None
    results: list[TemplatePayload]


class LaunchPayload(TypedDict):
    """The response to a GET of `job_templates/N/launch/`."""

    ask_variables_on_launch: bool
    survey_enabled: bool
    variables_needed_to_start: list[str]
    passwords_needed_to_start: list[str]
    inventory_needed_to_start: bool


class Question(TypedDict):
    """One question of a survey."""

    variable: str


class SurveyPayload(TypedDict):
    """`job_templates/N/survey_spec/` of a template with a survey."""

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
    """`jobs/N/`, `workflow_jobs/N/`, one item of their lists, and most of the response to a launch.

    Only the first has `result_traceback`.
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
    """One event of a job, with the output lines from `start_line` up to, not including, `end_line`."""

    start_line: int
    end_line: int
    stdout: str | None


class EventPage(TypedDict):
    """One page of `jobs/N/job_events/`."""

    next: str | None
    results: list[EventPayload]


def launch_data(payload: LaunchPayload, questions: frozenset[str]) -> LaunchData:
    """The prompts of a template whose survey has the variables `questions`."""
    return LaunchData(
        asks_variables=payload["ask_variables_on_launch"],
        questions=questions,
        needed_variables=tuple(payload["variables_needed_to_start"]),
        needed_passwords=tuple(payload["passwords_needed_to_start"]),
        needs_inventory=payload["inventory_needed_to_start"],
    )


def job_of(payload: JobPayload, url: str) -> Job:
    """The job in a response; `url` is its page for people."""
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
        # Unless AWX reports that it never started, part of it may be done.
        has_begun=payload.get("started", "absent") is not None,
        elapsed=float(payload.get("elapsed") or 0),
        launch_type=payload["launch_type"],
        launched_by=by["username"] if by else "",
        variables=_variables(payload.get("extra_vars")),
        is_slice=not is_workflow and (payload.get("job_slice_count") or 1) > 1,
        output_complete=is_workflow or bool(payload.get("event_processing_finished")),
    )


def _explained(text: str) -> str:
    """Return AWX's explanation of a job; a failed dependency is JSON in it (`TaskManager.process_job_dep_failures`)."""
    before, _, rest = text.partition(": ")
    document = parse(rest.encode()) if before == "Previous Task Failed" else None
    if not isinstance(document, dict):
        return text
    kind, name, number = (str(document.get(key, "?")) for key in ("job_type", "job_name", "job_id"))
    return f"the {kind.replace('_', ' ')} {number} of {name} failed before it"


def _last_line(traceback: str | None) -> str:
    return next((line.strip() for line in reversed((traceback or "").splitlines()) if line.strip()), "")


def _variables(text: str | None) -> Variables | None:
    """Read the variables of a job, which AWX writes as JSON; None if it does not return them."""
    document = None if text is None else parse((text or "{}").encode())
    return document if isinstance(document, dict) else None


def text_of(event: EventPayload) -> str:
    """The output of an event in whole lines, without colours."""
    text = _COLOURS.sub("", event["stdout"] or "").replace("\r\n", "\n")
    return text if not text or text.endswith("\n") else f"{text}\n"


def read_error(body: bytes) -> str:
    """Return the message of an error response: its `detail`, or a message for each field; empty if it has neither."""
    document = parse(body)
    if not isinstance(document, Mapping):
        return ""
    detail = document.get("detail")
    if isinstance(detail, str):
        return detail
    details = [f"{name}: {_joined(value)}" for name, value in document.items() if value]
    return "; ".join(details[:_MOST_DETAILS])


def _joined(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


class AwxRefusedError(UsageError):
    """The account lacks the permission, or the login is not accepted."""


class AwxApi:
    """AWX as one account sees it: `url` without, `api_path` with a trailing slash.

    `version` comes from its responses; empty before the first that has one.
    """

    def __init__(self, http: Http, url: str, api_path: str, credentials: Credentials | None) -> None:
        self.http = http
        self.url = url
        self.api_path = api_path
        self.version: tuple[int, ...] = ()
        self._credentials = credentials

    def with_deadline(self, seconds: float) -> AwxApi:
        """A copy with a deadline `seconds` from now."""
        other = copy.copy(self)
        other.http = self.http.with_deadline(seconds)
        return other

    @property
    def host(self) -> str:
        """The host, for people to read."""
        return host_of(self.url)

    @answered
    def get(
        self, path: str, what: str, query: Mapping[str, str | int] | None = None, *, max_bytes: int = MAX_BYTES
    ) -> Response | None:
        """Request `path` below the API; None if AWX itself reports that it does not exist."""
        return self._get(self._address(path) + (f"?{urlencode(query)}" if query else ""), what, max_bytes)

    def read(self, answer: Answer[Response | None], kind: type[_T], what: str) -> _T:
        """Return the payload of a response; raises Unseen for other contents, and if it does not exist."""
        response = seen(answer)
        if response is None:
            reason = f"{self.host} has no such object, or the account may not see it, when asked for {what}"
            raise Unseen(Unknown(reason, _CHECK_ADDRESS))
        payload = read_payload(response.body, kind)
        if payload is None:
            raise self.odd("sent a response that does not match its API", what)
        return payload

    @answered
    def next_page(self, page: str | None, what: str, *, max_bytes: int = MAX_BYTES) -> Response | None:
        """Request the next page of a list, which must be on the same server; None if there is none."""
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
        """Send JSON to `path` below the API, once. Return the response if its status is below 500."""
        headers = {**_HEADERS, "Content-Type": "application/json"}
        sent = json.dumps(body).encode()
        request = Request(self._address(path), what, "POST", headers, self._credentials, body=sent, seconds=seconds)
        return self._send(request)

    def refusal(self, response: Response, what: str, right: str) -> tuple[str, str]:
        """Return the message about a refusing response, and its remedy; `right` is the remedy of a 403."""
        message = f"{self.host} answered {self.words(response)} when asked for {what}"
        if response.status == 401:
            return message, _CHECK_LOGIN
        if response.status == 403:
            return message, right
        if response.status in (404, 405) and not read_error(response.body):
            return message, _CHECK_ADDRESS
        return message, "Nothing was done. Correct what AWX names, and run this again."

    def words(self, response: Response) -> str:
        """The status with AWX's own message, in which our login is masked."""
        complaint = read_error(response.body)
        if self._credentials:
            complaint = complaint.replace(self._credentials.authorization.partition(" ")[2], "***")
        return f"{response.status} ({quoted(complaint)})" if complaint else str(response.status)

    def _address(self, path: str) -> str:
        return f"{self.url}{self.api_path}{quote(path)}"

    def _get(self, url: str, what: str, max_bytes: int) -> Response | None:
        request = Request(url, what, headers=_HEADERS, credentials=self._credentials, max_bytes=max_bytes, stays=True)
        response = seen(self._send(request))
        if "json" not in response.header("content-type"):
            # A login page, a proxy's error, or the URL of something else.
            reason = f"{host_of(url)} answered {response.status} with a page that is not AWX's API"
            raise Unseen(Unknown(f"{reason}, when asked for {what}", _CHECK_ADDRESS))
        if response.status == 404:
            return None
        if response.status != 200:
            raise Unseen(Unknown(*self.refusal(response, what, "Give the account permission to read it in AWX.")))
        return response

    def _send(self, request: Request) -> Answer[Response]:
        """Send a request; repeat it, even a write, while AWX is being upgraded, because then AWX does nothing."""
        for again in range(_UPGRADE_TRIES):
            if again and not self.http.pause(_UPGRADE_PAUSE):
                break
            response = self.http.send(request)
            if not _is_upgrading(response):
                return self._seen(response, request.what)
        return Unknown(
            f"{self.host} is being upgraded and serves no requests, when asked for {request.what}",
            "Wait until the upgrade of AWX is finished, then run this again.",
        )

    def _seen(self, response: Answer[Response], what: str) -> Answer[Response]:
        """Record the version from a response, and turn a redirect into `Unknown`."""
        if isinstance(response, Redirected):
            if host_of(response.target) == self.host:
                return Unknown(response.reason, _CHECK_ADDRESS)
            to = f"{host_of(response.target)}, probably to a login page"
            return Unknown(f"{self.host} redirects to {to}, when asked for {what}", _LOG_IN_ELSEWHERE)
        found = _VERSION.match(response.header("x-api-product-version")) if isinstance(response, Response) else None
        if found:
            self.version = tuple(map(int, found.groups()))
        return response

    def odd(self, did: str, what: str) -> Unseen:
        """The error to raise if AWX did something unexpected."""
        return Unseen(Unknown(f"{self.host} {did}, when asked for {what}"))


def _is_upgrading(response: Answer[Response]) -> bool:
    to = response.url if isinstance(response, Response) else getattr(response, "target", "")
    return urlsplit(to).path.startswith(_UPGRADING)
