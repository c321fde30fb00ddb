"""What a loopback AWX holds: accounts, job templates, and jobs that go on by being looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

QUEUED = ("new", "pending", "waiting")
OVER = ("successful", "failed", "error", "canceled")
ORGANIZATIONS = {"Science": 1, "Operations": 2, "Production": 3}
CREATED = "2023-06-02T10:00:00.000000Z"


@dataclass(frozen=True)
class Look:
    """What one look at a job shows. A line that is None has not come yet, though later ones have.

    `complete` says whether all events are written down; by default that is when the job is over. `began` says whether
    it was ever begun; by default that is so as soon as it is no longer queued. `traceback` is of an error of AWX.
    """

    status: str
    lines: Sequence[str | None] = ()
    explanation: str = ""
    complete: bool | None = None
    began: bool = True
    traceback: str = ""

    @property
    def has_begun(self) -> bool:
        """Whether it has a time at which it was started."""
        return self.began and self.status not in QUEUED


LINES = ("PLAY [deploy the stack] ****", "TASK [roll out] ****", "ok: [web-1]", "PLAY RECAP ****")
PENDING, RUNNING = Look("pending"), Look("running", LINES[:2])
SUCCESSFUL = (PENDING, Look("waiting"), RUNNING, Look("successful", LINES))
FAILED = (PENDING, RUNNING, Look("failed", (*LINES[:2], "fatal: [web-1]: FAILED! => no such image")))
ERROR = (PENDING, Look("error", (), "Task was marked as running at system start up."))
CANCELED = (PENDING, RUNNING, Look("canceled", LINES[:2]))
ENDLESS = (PENDING, RUNNING)
NO_CAPACITY = Look("pending", (), "This job is not ready to start because there is not enough available capacity.")
UPDATE_FAILED = (
    PENDING,
    Look(
        "failed",
        (),
        'Previous Task Failed: {"job_type": "project_update", "job_name": "Stack playbooks", "job_id": "75"}',
        began=False,
    ),
)
NO_RUNNER = (
    PENDING,
    Look(
        "error",
        (),
        began=False,
        traceback='Traceback (most recent call last):\n  File "awx/main/tasks/jobs.py", line 1\nKeyError: "k8s"\n',
    ),
)
CANCELED_EARLY = (PENDING, Look("canceled", (), began=False))


@dataclass(frozen=True)
class Account:
    """A user; `role` is what it may do with every template: only `read`, `execute`, `admin`, or `superuser`.

    With a token of the `scope` read it writes nothing, whatever its role.
    """

    id: int
    username: str
    password: str
    token: str
    role: str = "execute"
    scope: str = "write"

    @property
    def may_launch(self) -> bool:
        """Whether it may launch templates."""
        return self.role != "read" and self.scope == "write"


@dataclass(frozen=True)
class Question:
    """One question of a survey; the answer to a secret one (type `password`) is not shown."""

    variable: str
    required: bool = False
    secret: bool = False
    choices: Sequence[str] = ()


@dataclass
class Template:
    """A job template. `survey` counts while it is `survey_enabled`; `script` is what its jobs show, look by look.

    It is launched as a workflow of `slices` jobs, but never of more than its inventory has `hosts`.
    """

    id: int
    name: str
    organization: str = "Science"
    asks_variables: bool = True
    survey: Sequence[Question] = ()
    survey_enabled: bool = True
    variables: Mapping[str, Any] = field(default_factory=dict)
    project: bool = True
    inventory: bool = True
    inventory_name: str = "stacks"
    limit: str = ""
    job_type: str = "run"
    passwords: Sequence[str] = ()
    slices: int = 1
    hosts: int = 3
    script: Sequence[Look] = SUCCESSFUL

    @property
    def is_split(self) -> bool:
        """Whether a launch is a workflow of slices."""
        return min(self.slices, self.hosts) > 1

    @property
    def questions(self) -> Sequence[Question]:
        """The questions that are asked."""
        return self.survey if self.survey_enabled else ()

    def sort(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
        """Part variables into accepted and ignored ones, with what is wrong with them.

        As `_accept_or_ignore_variables` does: survey first, then the rest if variables are prompted for.
        """
        rest, accepted, wrong = dict(given), dict[str, Any](), list[str]()
        for question in self.questions:
            if question.variable not in rest:
                wrong += [f"'{question.variable}' value missing"] if question.required else []
                continue
            value = rest.pop(question.variable)
            if question.choices and value not in question.choices:
                wrong.append(f"Value {value} for '{question.variable}' expected to be one of {list(question.choices)}.")
            accepted[question.variable] = value
        if self.asks_variables:
            return {**accepted, **rest}, {}, wrong
        return accepted, rest, wrong


@dataclass
class Job:
    """A job, or the workflow of a sliced template. `prompts` is what it was launched with, `at` the look it shows.

    After a cancellation it shows `canceled` from `cancelled_at` on.
    """

    id: int
    template: Template
    script: Sequence[Look]
    variables: dict[str, Any]
    prompts: dict[str, Any]
    by: Account | None
    launch_type: str = "manual"
    is_workflow: bool = False
    is_slice: bool = False
    at: int = 0
    cancelled_at: int | None = None
    _written: tuple[Look, list[dict[str, Any]]] | None = None

    @property
    def look(self) -> Look:
        """What it shows now."""
        look = self.script[min(self.at, len(self.script) - 1)]
        if (
            self.cancelled_at is not None
            and self.at >= self.cancelled_at
            and look.status not in ("successful", "failed")
        ):
            return Look("canceled", look.lines, began=look.has_begun)
        return look

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.look.status in OVER

    @property
    def shown_variables(self) -> str:
        """Its variables as AWX shows them: JSON in a text, without secret answers."""
        return json.dumps(self._hidden(self.variables))

    @property
    def shown_prompts(self) -> dict[str, Any]:
        """Its prompts as AWX shows them."""
        prompts = dict(self.prompts)
        if "extra_vars" in prompts:
            prompts["extra_vars"] = self._hidden(prompts["extra_vars"])
        return prompts

    def _hidden(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        secret = {question.variable for question in self.template.questions if question.secret}
        return {name: "$encrypted$" if name in secret else value for name, value in variables.items()}

    def events(self) -> list[dict[str, Any]]:
        """Its events, in the order of their lines: an empty one first, as the start of a playbook is."""
        look = self.look
        if self._written is None or self._written[0] is not look:
            self._written = look, self._events_of(look)
        return self._written[1]

    def _events_of(self, look: Look) -> list[dict[str, Any]]:
        events, line = [_event(self.id, 1, "playbook_on_start", "", 0, 0)], 0
        for text in look.lines:
            end = line + 1 + (text or "").count("\r\n")
            if text is not None:
                events.append(_event(self.id, len(events) + 1, "runner_on_ok", text, line, end))
            line = end
        return events


def _event(job: int, counter: int, name: str, stdout: str, start: int, end: int) -> dict[str, Any]:
    return {
        "id": job * 1000 + counter,
        "type": "job_event",
        "url": f"/api/v2/job_events/{job * 1000 + counter}/",
        "related": {},
        "summary_fields": {},
        "created": CREATED,
        "modified": CREATED,
        "job": job,
        "event": name,
        "counter": counter,
        "event_display": name,
        "event_data": {},
        "event_level": 0,
        "failed": False,
        "changed": False,
        "uuid": f"{job}-{counter}",
        "parent_uuid": "",
        "host": None,
        "host_name": "",
        "playbook": "deploy.yml",
        "play": "deploy the stack",
        "task": "",
        "role": "",
        "stdout": stdout,
        "start_line": start,
        "end_line": end,
        "verbosity": 0,
    }
