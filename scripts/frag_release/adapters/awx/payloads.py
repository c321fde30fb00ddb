"""What we read of AWX's replies (API v2, AWX 24.6.1: `awx/api/serializers.py`, `awx/api/views`).

The TypedDicts name only the fields that are used; replies have many more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypedDict

from ...domain.awx_jobs import Job, LaunchData, Variables
from ..http.messages import parse

_MOST_DETAILS = 5
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


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
