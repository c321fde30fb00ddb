"""AWX, by its REST API: job templates, their jobs, and the output of these.

As in AWX's own client, the output is read from a job's events, which may arrive out of order. AWX's `stdout` endpoint
ends at one megabyte (its setting `STDOUT_MAX_BYTES_DISPLAY`), and is built from the events at each request.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

from ...dataclass import dataclass, field
from ...domain.awx_jobs import MAY_LAUNCH, NOT_OVER, Job, LaunchData, Launched, Output, Template, Variables
from ...domain.evidence import Denied, Unknown, Unseen, answered, seen
from ...domain.findings import listed
from ...errors import ExpectedError, RefusedError
from ..http import Http
from ..http.messages import Credentials, Response, Unconfirmed, parse, quoted, read_payload
from .api import (
    AwxApi,
    AwxRefusedError,
    EventPage,
    EventPayload,
    JobPage,
    JobPayload,
    LaunchPayload,
    Me,
    SurveyPayload,
    TemplatePage,
    TemplatePayload,
    job_of,
    launch_data,
    text_of,
)

_EVENTS_OF_PAGE = 50
_MOST_EVENT_PAGES = 20
_LAST_EVENTS = 100
_LAST_CHARACTERS = 100_000
_MAX_BYTES = 32 * 1024 * 1024
"""Limit of a page: an event has the whole result of a task in addition to the few lines that are shown."""

Gap = Callable[[int], str]
"""Returns the text for that many lines that never came."""
_TEMPLATES_OF_PAGE, _JOBS_OF_PAGE, _RUNNING_JOBS = 200, 50, 200
_MOST_PAGES = 20
_LAST_WITH_OLD_PAGES = (24, 6, 1)
LAUNCH_SECONDS = 125.0
"""Time-out of a launch: AWX's web server waits two minutes, and shows no job before that (ATOMIC_REQUESTS)."""
_MAY_CANCEL = "Only the user who launched a job, the template's administrators and superusers may cancel it."


@dataclass
class _Reading:
    line: int
    gap: Gap | None
    texts: list[str] = field(default_factory=list)

    def take(self, events: Sequence[EventPayload]) -> bool:
        """Append the lines after those taken before; False if a line is missing that has not arrived yet."""
        for event in events:
            missing = event["start_line"] - self.line
            if missing > 0 and self.gap is None:
                return False
            text = text_of(event)
            if text and missing > 0 and self.gap:
                self.texts.append(self.gap(missing))
            if text and event["start_line"] >= self.line:
                self.texts.append(text)
                self.line = max(event["end_line"], event["start_line"] + 1)
        return True

    def output(self, is_all: bool) -> Output:
        return Output("".join(self.texts), self.line, is_all)


def read_output(api: AwxApi, job: int, start: int, gap: Gap | None) -> Output:
    """Return the output from line `start` (from 0) on, up to a missing line unless `gap` replaces it."""
    what, reading = f"the output of the job {job}", _Reading(start, gap)
    query: dict[str, str | int] = {"order_by": "start_line", "no_truncate": "true", "page_size": _EVENTS_OF_PAGE}
    if start:
        query["start_line__gte"] = start
    answer = api.get(f"jobs/{job}/job_events/", what, query, max_bytes=_MAX_BYTES)
    try:
        for _ in range(_MOST_EVENT_PAGES):
            page = api.read(answer, EventPage, what)
            if not reading.take(page["results"]):
                return reading.output(is_all=True)
            answer = api.next_page(page["next"], what, max_bytes=_MAX_BYTES)
            if answer is None:
                return reading.output(is_all=True)
    except Unseen:
        if not reading.texts:
            raise
    return reading.output(is_all=False)


def read_end(api: AwxApi, job: int, start: int) -> Output:
    """Return the last lines of the output, at most `_LAST_CHARACTERS`, and none before line `start`."""
    what = f"the end of the output of the job {job}"
    query: dict[str, str | int] = {"order_by": "-counter", "no_truncate": "true", "page_size": _LAST_EVENTS}
    if start:
        query["start_line__gte"] = start
    page = api.read(api.get(f"jobs/{job}/job_events/", what, query, max_bytes=_MAX_BYTES), EventPage, what)
    events = [event for event in reversed(page["results"]) if event["start_line"] >= start and text_of(event)]
    if not events:
        return Output("", start)
    lines = "".join(map(text_of, events)).splitlines(keepends=True)
    kept = _last(lines)
    left_out = events[0]["start_line"] - start + len(lines) - len(kept)
    return Output("".join(kept), events[-1]["end_line"], left_out=left_out)


def _last(lines: Sequence[str]) -> Sequence[str]:
    """Return as many of the last lines as there is room for, but at least one."""
    room, first = _LAST_CHARACTERS, len(lines)
    while first and (room >= len(lines[first - 1]) or first == len(lines)):
        first -= 1
        room -= len(lines[first])
    return lines[first:]


class UnconfirmedLaunchError(ExpectedError):
    """A launch was sent without a usable response, so there may be a job: look for it before anything else."""


class Awx:
    """AWX as one account sees it. `url` has no trailing slash, `api_path` (such as `/api/v2/`) has one.

    API: AWX 24.6.1, `awx/api/urls`. Reads are retried, writes are sent once. Raises UsageError if credentials cannot
    be sent.
    """

    def __init__(self, http: Http, url: str, api_path: str, credentials: Credentials | None) -> None:
        self._api = AwxApi(http, url, api_path, credentials)

    def with_deadline(self, seconds: float) -> Awx:
        """A copy with a deadline `seconds` from now, for what must still be sent when time is up."""
        other = copy.copy(self)
        other._api = self._api.with_deadline(seconds)
        return other

    @answered
    def template(self, name: str, organization: str = "") -> Template:
        """The one job template of exactly this name; raises RefusedError if there is none, or several."""
        what = f"the job template {quoted(name)}"
        query: dict[str, str | int] = {"name": name, "page_size": _TEMPLATES_OF_PAGE}
        if organization:
            query["organization__name"] = organization
        found: list[TemplatePayload] = []
        answer = self._api.get("job_templates/", what, query)
        for _ in range(_MOST_PAGES):
            page = self._api.read(answer, TemplatePage, what)
            found += page["results"]
            answer = self._api.next_page(page["next"], what)
            if answer is None and len(found) < page["count"]:
                reason = f"{self._api.host} sent only {len(found)} of {page['count']} when asked for {what}"
                raise Unseen(Unknown(reason))
            if answer is None:
                return _only([self._template(each) for each in found], name, organization)
        raise Unseen(Unknown(f"AWX returned more than {_MOST_PAGES} pages of job templates with one name"))

    @answered
    def launch_data(self, template: Template) -> LaunchData:
        """The prompts of the template's launch."""
        what = f"the launch prompts of the job template {quoted(template.name)}"
        payload = self._api.read(self._api.get(f"job_templates/{template.id}/launch/", what), LaunchPayload, what)
        if payload["ask_variables_on_launch"] or not payload["survey_enabled"]:
            return launch_data(payload, frozenset())
        what = f"the survey of the job template {quoted(template.name)}"
        survey = self._api.read(self._api.get(f"job_templates/{template.id}/survey_spec/", what), SurveyPayload, what)
        return launch_data(payload, frozenset(each["variable"] for each in survey["spec"]))

    def launch(self, template: Template, variables: Variables) -> Launched:
        """Launch a template, once, with its own time-out.

        Raises AwxRefusedError, RefusedError or ExpectedError if nothing was launched, and UnconfirmedLaunchError if no
        usable response came, so there may be a job.
        """
        what = f"a launch of the job template {quoted(template.name)}"
        body = {"extra_vars": dict(variables)} if variables else {}
        api = self.with_deadline(LAUNCH_SECONDS)._api
        response = api.post(f"job_templates/{template.id}/launch/", what, body, LAUNCH_SECONDS)
        if isinstance(response, Unconfirmed):
            raise UnconfirmedLaunchError(response.reason, response.remedy)
        if isinstance(response, Unknown):
            raise ExpectedError(f"Nothing was launched: {response.reason}.", response.remedy)
        if response.status >= 300:
            message, remedy = self._api.refusal(response, what, MAY_LAUNCH)
            right = response.status in (401, 403)
            raise (AwxRefusedError if right else RefusedError)(f"Nothing was launched: {message}.", remedy)
        return self._launched(response, what)

    @answered
    def job(self, job: Job) -> Job | None:
        """The current state of the job; None if AWX no longer has it."""
        what = f"the job {job.id}"
        answer = self._api.get(_path(job), what)
        if answer is None:
            return None
        now = self._job(self._api.read(answer, JobPayload, what))
        if (now.id, now.is_workflow, now.created) != (job.id, job.is_workflow, job.created):
            raise self._api.odd("sent another job", what)
        return now

    @answered
    def recent_jobs(self, template: Template) -> Sequence[Job]:
        """The latest jobs of a template, newest first; for a sliced one also its workflow jobs."""
        return self._jobs(template, f"the jobs of the job template {quoted(template.name)}", {}, _JOBS_OF_PAGE)

    @answered
    def running_jobs(self, template: Template) -> Sequence[Job]:
        """All unfinished jobs of a template, newest first; for a sliced one also its workflow jobs."""
        what = f"the jobs of the job template {quoted(template.name)} that have not ended"
        return self._jobs(template, what, {"status__in": ",".join(NOT_OVER)}, _RUNNING_JOBS)

    def _jobs(self, template: Template, what: str, chosen: Mapping[str, str], most: int) -> Sequence[Job]:
        jobs: list[Job] = []
        query: dict[str, str | int] = {**chosen, "order_by": "-id", "page_size": most}
        for kind in ("jobs", "slice_workflow_jobs") if template.sliced else ("jobs",):
            page = self._api.read(self._api.get(f"job_templates/{template.id}/{kind}/", what, query), JobPage, what)
            if len(page["results"]) < (page["count"] if chosen else min(page["count"], most)):
                raise Unseen(Unknown(f"{self._api.host} sent only a part of {what}"))
            jobs += map(self._job, page["results"])
        return sorted(jobs, key=lambda job: -job.id)

    @answered
    def prompts(self, job: Job) -> Mapping[str, object] | None:
        """The prompts that a job was launched with; None for a workflow job, for which AWX does not return them.

        `jobs/N/create_schedule/` returns them, because a schedule would launch the same (`JobLaunchConfig`).
        """
        if job.is_workflow:
            return None
        answer = seen(self._api.get(f"jobs/{job.id}/create_schedule/", f"the prompts of the job {job.id}"))
        document = parse(answer.body) if answer else None
        prompts = document.get("prompts") if isinstance(document, dict) else None
        return prompts if isinstance(prompts, dict) else None

    @answered
    def me(self) -> str:
        """The name of the account that is logged in."""
        what = "the account's own name"
        payload = self._api.read(self._api.get("me/", what), Me, what)
        names = [account["username"] for account in payload["results"]]
        if len(names) != 1 or not names[0]:
            raise Unseen(Unknown("AWX does not name the account of the login"))
        return names[0]

    @answered
    def cancel(self, job: Job) -> bool:
        """Request that a job be cancelled; False if AWX reports that there is nothing left to cancel.

        `Denied` is also the answer for a job that has ended, except to superusers (`JobAccess.can_cancel`).
        """
        what = f"the cancellation of the job {job.id}"
        response = seen(self._api.post(f"{_path(job)}cancel/", what, {}))
        if response.status not in (202, 405):
            kind = Denied if response.status == 403 else Unknown
            raise Unseen(kind(*self._api.refusal(response, what, _MAY_CANCEL)))
        return response.status == 202

    @answered
    def output(self, job: Job, start: int, gap: Gap | None = None) -> Output:
        """The output of a job from line `start` on, up to a line that has not arrived yet.

        With `gap` it continues after that line, with the text that `gap` returns for the lines that never came.
        """
        return Output("", start) if job.is_workflow else read_output(self._api, job.id, start, gap)

    @answered
    def end_of_output(self, job: Job, start: int) -> Output:
        """The last lines of a job's output, none of them before line `start`."""
        return Output("", start) if job.is_workflow else read_end(self._api, job.id, start)

    def jobs_url(self, template: Template) -> str:
        """The page of a template's jobs."""
        return f"{template.url}/jobs"

    def _template(self, payload: TemplatePayload) -> Template:
        organization = payload["summary_fields"].get("organization")
        inventory = payload["summary_fields"].get("inventory")
        capabilities = payload["summary_fields"].get("user_capabilities")
        return Template(
            id=payload["id"],
            name=payload["name"],
            organization=organization["name"] if organization else "",
            sliced=(payload.get("job_slice_count") or 1) > 1,
            may_launch=capabilities["start"] if capabilities else None,
            inventory=inventory["name"] if inventory else "",
            limit=payload.get("limit") or "",
            has_project=payload.get("project", "absent") is not None,
            only_checks=payload.get("job_type") == "check",
            url=self._page("templates/job_template" if self._is_old else "templates/job-template", payload["id"]),
        )

    def _job(self, payload: JobPayload) -> Job:
        kind = "workflow" if payload["type"] == "workflow_job" else "playbook"
        return job_of(payload, f"{self._page(f'jobs/{kind}', payload['id'])}/output")

    @property
    def _is_gateway(self) -> bool:
        """Whether this is the Ansible Automation Platform, whose pages have other URLs than AWX's own."""
        return self._api.api_path.startswith("/api/controller/")

    @property
    def _is_old(self) -> bool:
        """Whether its pages have the URLs of AWX up to 24.6.1, the last release with the old ones."""
        return not self._is_gateway and self._api.version <= _LAST_WITH_OLD_PAGES

    def _page(self, kind: str, number: int) -> str:
        return f"{self._api.url}/{'#/' if self._is_old else 'execution/' if self._is_gateway else ''}{kind}/{number}"

    def _launched(self, response: Response, what: str) -> Launched:
        payload, document = read_payload(response.body, JobPayload), parse(response.body)
        if payload is None or not isinstance(document, dict):
            raise UnconfirmedLaunchError(f"{self._api.host} sent something that is not a job, when asked for {what}")
        return Launched(self._job(payload), _ignored(document.get("ignored_fields")))


def _path(job: Job) -> str:
    return f"{'workflow_jobs' if job.is_workflow else 'jobs'}/{job.id}/"


def _ignored(fields: object) -> list[str]:
    """Return the names of the ignored variables, and of the other ignored fields of a launch."""
    if not isinstance(fields, dict):
        return ["fields that it does not name"]
    variables = fields.get("extra_vars")
    others = [name for name in fields if name != "extra_vars" or not isinstance(variables, dict)]
    return sorted([*(variables if isinstance(variables, dict) else ()), *others])


def _only(found: Sequence[Template], name: str, organization: str) -> Template:
    """Return the one template of exactly that name: the database may ignore case."""
    exact = [one for one in found if one.name == name and organization in ("", one.organization)]
    where = f" in the organisation {quoted(organization)}" if organization else ""
    if not exact:
        near = f" There is {quoted(found[0].name)}." if found else ""
        raise RefusedError(
            f"AWX has no job template {quoted(name)}{where} that this account may see.{near}",
            "Set awx-template to its exact name (a workflow template is not a job template), and give the account the "
            "role Execute on it.",
        )
    if len(exact) > 1:
        owners = listed((quoted(one.organization) if one.organization else "none" for one in exact), 10)
        raise RefusedError(
            f"AWX has {len(exact)} job templates {quoted(name)}{where}, in the organisations {owners}.",
            "Name one of them in awx-organization.",
        )
    return exact[0]
