"""A loopback AWX: what its API v2 (24.6.1) answers about job templates and jobs.

A job goes one look further each time somebody asks for it by number, so that tests need no clock. AWX's own
client is run against it: see `test_awx_own_client.py`.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from world.awx_jobs import Account, Job, Template
from world.awx_shapes import RESOURCES, job_json, launch_actions, launch_json, list_actions, survey_json, template_json
from world.faults import Reply, json_reply
from world.loopback import LoopbackServer, Request

ROBOT = Account(11, "robot", "r0b0ts-password", "r0b0ts-token-0123456789")
SOMEBODY = Account(12, "somebody", "somebodys-password", "somebodys-token-0123456789")
READER = Account(13, "reader", "readers-password", "readers-token-0123456789", role="read")
OWNER = Account(14, "owner", "owners-password", "owners-token-0123456789", role="admin")
SUPERUSER = Account(15, "root", "roots-password", "roots-token-0123456789", role="superuser")
LOOKER = Account(11, "robot", "-", "r0b0ts-token-to-read-0123", scope="read")
"""The robot with a token that only reads."""

_LOG_IN = {"detail": "Authentication credentials were not provided. To establish a login session, visit /api/login/."}
_LOG_IN_BY = {"WWW-Authenticate": 'Bearer realm="api"'}
"""Also of a wrong password."""
_FORBIDDEN = {"detail": "You do not have permission to perform this action."}
_HTML = (("Content-Type", "text/html; charset=utf-8"),)
_NO_PAGE = Reply(404, _HTML, b"<!doctype html><html><body><h1>Not Found</h1></body></html>")
_UPGRADING = "/migrations_notran/"
_MODELS = {"job_templates": "JobTemplate", "jobs": "Job", "workflow_jobs": "WorkflowJob"}
_ALLOW = {"Allow": "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"}
_MAX_PAGE = 200
_PATH = re.compile(r"(?P<kind>[a-z_]+)/(?:(?P<id>[0-9]+)/(?:(?P<part>[a-z_]+)/)?)?")


class AwxServer(LoopbackServer):
    """An AWX for `accounts` below `prefix`; `launches` counts the jobs that were launched by POST.

    `cancel_looks` is how many looks a running job takes to be cancelled. So many requests as `upgrading` says are
    redirected, as while its database is upgraded. `version` is what it calls itself.
    """

    def __init__(self, prefix: str = "/api/v2/") -> None:
        super().__init__()
        self.prefix = prefix
        self._transaction = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Back to an AWX without templates and jobs."""
        self.clear()
        self.accounts: list[Account] = [ROBOT, SOMEBODY, READER, OWNER, SUPERUSER, LOOKER]
        self.templates: list[Template] = []
        self.jobs: list[Job] = []
        self.launches = 0
        self.cancel_looks = 1
        self.upgrading = 0
        self.version = "24.6.1"
        self._last_id = 100

    def add_template(self, name: str, **settings: Any) -> Template:
        """Make a template."""
        self.templates.append(template := Template(self._next_id(), name, **settings))
        return template

    def add_job(self, template: Template, variables: Mapping[str, Any], by: Account | None = ROBOT, **more: Any) -> Job:
        """Make a job as if it had been launched with these variables; `more` are fields of it, such as `prompts`."""
        prompts = {"extra_vars": dict(variables)} if variables else {}
        more = {"script": template.script, "prompts": prompts, "is_workflow": template.is_split, **more}
        self.jobs.append(
            job := Job(self._next_id(), template, variables={**template.variables, **variables}, by=by, **more)
        )
        if job.is_workflow:
            for _ in range(template.slices):
                slice_fields = {**more, "is_workflow": False, "is_slice": True, "launch_type": "workflow"}
                self.jobs.append(Job(self._next_id(), template, variables=job.variables, by=by, **slice_fields))
        return job

    def answer(self, request: Request) -> Reply:
        """What AWX would say."""
        if request.path == _UPGRADING:
            return Reply(200, _HTML, b"<!doctype html><html><body>AWX is currently upgrading.</body></html>")
        if self.upgrading:
            self.upgrading -= 1
            return Reply(302, (*_HTML, ("Location", _UPGRADING)))
        root = self.prefix.removesuffix("v2/")
        if request.path == root:
            versions = {"current_version": self.prefix, "available_versions": {"v2": self.prefix}}
            return json_reply(200, {"description": "AWX REST API", **versions})
        if not request.path.startswith(self.prefix):
            return (
                Reply(200, _HTML, b"<!doctype html><html><body>AWX</body></html>") if request.path == "/" else _NO_PAGE
            )
        path = request.path.removeprefix(self.prefix)
        if not path:
            return json_reply(200, {name: f"{self.prefix}{name}/" for name in RESOURCES})
        if not path.endswith("/"):
            return Reply(301, (("Location", f"{request.path}/"),))
        account = self._account(request.headers.get("authorization", ""))
        if isinstance(account, Reply):
            return account
        found = _PATH.fullmatch(path)
        reply = self._answer(request, account, found.groupdict()) if found else _NO_PAGE
        return reply.with_headers({"X-API-Product-Version": self.version, "X-API-Product-Name": "AWX"})

    def _answer(self, request: Request, account: Account, at: dict[str, str | None]) -> Reply:
        kind, part = at["kind"] or "", at["part"]
        number = int(at["id"]) if at["id"] else None
        if request.method == "OPTIONS":
            actions = launch_actions() if part == "launch" else list_actions(kind)
            return json_reply(200, actions, _ALLOW if number else {"Allow": "GET, POST, HEAD, OPTIONS"})
        if kind == "me" and number is None:
            return self._page(request, [{"id": account.id, "type": "user", "username": account.username}])
        if kind == "job_templates":
            return self._templates(request, account, number, part)
        if kind in ("jobs", "workflow_jobs") and number is not None:
            job = next((one for one in self.jobs if one.id == number), None)
            if job is None or job.is_workflow != (kind == "workflow_jobs"):
                return _none(kind)
            return self._job(request, account, job, part)
        return _NO_PAGE

    def _account(self, authorization: str) -> Account | Reply:
        scheme, _, value = authorization.partition(" ")
        if scheme == "Basic":
            pair = base64.b64decode(value).decode()
            known = [one for one in self.accounts if f"{one.username}:{one.password}" == pair]
            return known[0] if known else json_reply(401, _LOG_IN, _LOG_IN_BY)
        known = [one for one in self.accounts if scheme == "Bearer" and one.token == value]
        return known[0] if known else json_reply(401, _LOG_IN, _LOG_IN_BY)

    def _templates(self, request: Request, account: Account, number: int | None, part: str | None) -> Reply:
        if number is None:
            return self._found_templates(request, account)
        template = next((one for one in self.templates if one.id == number), None)
        if template is None:
            return _none("job_templates")
        if part == "launch" and request.method == "POST":
            return self._launch(request, account, template)
        if part in ("jobs", "slice_workflow_jobs"):
            return self._jobs(request, template, part == "slice_workflow_jobs")
        answers: dict[str | None, Callable[[], dict[str, Any]]] = {
            None: lambda: template_json(template, self.prefix, account),
            "launch": lambda: launch_json(template),
            "survey_spec": lambda: survey_json(template),
        }
        return json_reply(200, answers[part]()) if part in answers else _NO_PAGE

    def _found_templates(self, request: Request, account: Account) -> Reply:
        fields: dict[str, Callable[[Template], str]] = {
            "name": lambda one: one.name,
            "organization__name": lambda one: one.organization,
        }
        found = self.templates
        for name, wanted in _filters(request).items():
            if name not in fields:
                return json_reply(400, {"detail": f"JobTemplate has no field named '{name}'"})
            found = [one for one in found if fields[name](one) == wanted]
        return self._page(request, [template_json(one, self.prefix, account) for one in found])

    def _jobs(self, request: Request, template: Template, workflows: bool) -> Reply:
        filters = _filters(request)
        statuses = filters.pop("status__in", "").split(",")
        unknown = set(filters)
        if unknown:
            return json_reply(400, {"detail": f"Job has no field named '{min(unknown)}'"})
        jobs = [one for one in self.jobs if one.template is template and one.is_workflow == workflows]
        jobs = [one for one in jobs if statuses == [""] or one.look.status in statuses]
        if request.query.get("order_by") == ["-id"]:
            jobs = sorted(jobs, key=lambda one: -one.id)
        return self._page(request, [job_json(one, self.prefix, detail=False) for one in jobs])

    def _launch(self, request: Request, account: Account, template: Template) -> Reply:
        if not account.may_launch:
            return json_reply(403, _FORBIDDEN)
        body = json.loads(request.body or b"{}")
        given = body.get("extra_vars") or {}
        given = json.loads(given) if isinstance(given, str) else given
        accepted, ignored, wrong = template.sort(given)
        errors: dict[str, Any] = {"variables_needed_to_start": wrong} if wrong else {}
        if template.passwords:
            errors["passwords_needed_to_start"] = list(template.passwords)
        lacking = [what for what in ("project", "inventory") if not getattr(template, what)]
        if lacking:
            missing = [f"Job Template {what} is missing or undefined." for what in lacking]
            errors["resources_needed_to_start"] = missing
        if errors:
            return json_reply(400, errors)
        with self._transaction:
            self.launches += 1
            job = self.add_job(template, accepted, account)
        shown = job_json(job, self.prefix)
        kind = "workflow_job" if job.is_workflow else "job"
        answer = {kind: job.id, "ignored_fields": {"extra_vars": ignored} if ignored else {}, **shown}
        return json_reply(201, answer, {"Location": shown["url"]})

    def _job(self, request: Request, account: Account, job: Job, part: str | None) -> Reply:
        if part is None:
            job.at += 1
            return json_reply(200, job_json(job, self.prefix))
        if part == "cancel":
            return self._cancel(request, account, job)
        if part == "create_schedule" and not job.is_workflow:
            return json_reply(200, {"can_schedule": True, "prompts": job.shown_prompts})
        if part == "job_events" and not job.is_workflow:
            start = int(request.query.get("start_line__gte", ["0"])[0])
            events = [one for one in job.events() if one["start_line"] >= start]
            newest_first = request.query.get("order_by") == ["-counter"]
            return self._page(request, events[::-1] if newest_first else events)
        return _NO_PAGE

    def _cancel(self, request: Request, account: Account, job: Job) -> Reply:
        """Cancel a job, as `JobAccess.can_cancel` allows it: of one that has ended that is refused, too."""
        if request.method == "GET":
            return json_reply(200, {"can_cancel": not job.is_over})
        if job.is_over and account.role == "superuser":
            return json_reply(405, {"detail": 'Method "POST" not allowed.'})
        is_own = account.role == "execute" and job.by == account
        may = (is_own or account.role in ("admin", "superuser")) and account.scope == "write"
        if job.is_over or not may:
            return json_reply(403, _FORBIDDEN)
        job.cancelled_at = job.at + (0 if job.look.status == "pending" else self.cancel_looks)
        return Reply(202)

    def _page(self, request: Request, items: Sequence[Mapping[str, Any]]) -> Reply:
        """One page of a list, with the path of the next one."""
        size = min(int(request.query.get("page_size", ["25"])[0]), _MAX_PAGE)
        number = int(request.query.get("page", ["1"])[0])
        rest = {name: values[0] for name, values in request.query.items() if name != "page"}
        more = len(items) > number * size
        following = f"{request.path}?{urlencode({'page': number + 1, **rest})}" if more else None
        shown = list(items[(number - 1) * size : number * size])
        return json_reply(200, {"count": len(items), "next": following, "previous": None, "results": shown})

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id


def _none(kind: str) -> Reply:
    """What is said of an object that is not there."""
    return json_reply(404, {"detail": f"No {_MODELS[kind]} matches the given query."})


def _filters(request: Request) -> dict[str, str]:
    """The parts of a query that choose by a field (`awx/api/filters.py`: the others have reserved names)."""
    reserved = ("page", "page_size", "order_by", "no_truncate", "format")
    return {name: values[0] for name, values in request.query.items() if name not in reserved}
