"""A GitHub on loopback: `emulate` behind a server of ours that adds what it lacks.

Ours are workflow runs, rate-limit headers, refused tokens, hidden repositories, faults, round counting,
and the judgement of every request (and of every reply that is ours) by GitHub's OpenAPI description.
"""

from __future__ import annotations

import datetime
import json
import re
import urllib.parse
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from world.emulate import STRANGERS, TOKENS, Emulate
from world.faults import Reply, json_reply
from world.git import Repo
from world.github_deployments import Deployments
from world.loopback import LoopbackServer, Request
from world.openapi import github_description
from world.run_origins import RunOrigins
from world.workflow_runs import CI_FILE, FILTERED_LIMIT, Run, person

TOKEN, COMPONENT_TOKEN = TOKENS
GHES_PREFIX = "/api/v3"
_UPLOADS = "/api/uploads"
FIRST_RUN_ID = 5_000_000_000
"""Above 2**32, as GitHub's are: an id that does not fit 32 bits must survive."""
_FIRST_RUN = datetime.datetime(2023, 6, 1, 9, tzinfo=datetime.timezone.utc)
RATE_LIMIT_RESET = 4_102_444_800


class Part(Protocol):
    """A part of GitHub that the emulator lacks: a module of its own in this folder, added to `parts`."""

    def reply(self, request: Request) -> Reply | None:
        """The reply, None for what is not its business; one of the emulator's may be changed on its way."""

    def clear(self) -> None:
        """Forget everything: the GitHub is cleared, and has no parts after it."""


class GitHubServer(LoopbackServer):
    """`url` is the API's address, as for github.com; `url + "/api/v3"` is the same as an Enterprise Server.

    Paths are recorded and matched without that prefix.
    """

    def __init__(self) -> None:
        super().__init__()
        self.emulate = Emulate(self.url)
        self.runs: list[Run] = []
        self.approvals: dict[int, list[tuple[str, ...]]] = {}
        self.origins = RunOrigins(self.url, self.runs)
        self.deployments = Deployments(self.url)
        self.remaining = 4999
        self.parts: list[Part] = []
        self.tokens = {*TOKENS, *STRANGERS}
        """The tokens that are accepted; those that the emulator does not know act as its first."""
        self._seeded: set[str] = set()
        self._hidden: dict[str, tuple[str, ...]] = {}
        self._request_faults: list[str] = []
        self._own_reply_faults: list[str] = []

    def clear(self) -> None:
        """Back to a GitHub without repositories, runs, faults and memories."""
        super().clear()
        self.emulate.reset()
        self.runs.clear()
        self.approvals.clear()
        self.origins.clear()
        self.deployments.clear()
        self.remaining = 4999
        for part in self.parts:
            part.clear()
        self.parts.clear()
        self.tokens = {*TOKENS, *STRANGERS}
        self._seeded.clear()
        self._hidden.clear()
        self._request_faults.clear()
        self._own_reply_faults.clear()

    def stop(self) -> None:
        """Ends the server and the emulator."""
        super().stop()
        self.emulate.stop()

    def seed_from_git(self, repo: Repo, name: str) -> dict[str, str]:
        """Makes `OWNER/NAME` hold what `repo` holds (owners: `world.emulate.OWNERS`).

        Commit ids are git's; the returned mapping leads from git's tag object ids to the ones here.
        """
        self._seeded.add(name.lower())
        return self.emulate.seed(repo, name)

    def add_run(self, repository: str, head_branch: str, head_sha: str, **facts: Any) -> Run:
        """Adds a workflow run: by default a successful push run of `CI_FILE`, ten minutes after the one before."""
        start = _FIRST_RUN + datetime.timedelta(minutes=10 * len(self.runs))
        times = {"created_at": start, "run_started_at": start, "updated_at": start + datetime.timedelta(minutes=4)}
        written = {name: time.strftime("%Y-%m-%dT%H:%M:%SZ") for name, time in times.items()}
        run = Run(repository, FIRST_RUN_ID + len(self.runs), head_branch, head_sha, **{**written, **facts})
        self.runs.append(run)
        return run

    def deny(self, repository: str, *, except_tokens: Sequence[str] = ()) -> None:
        """Makes a repository as invisible as a private one: 404 for all tokens but the given."""
        self._hidden[repository.lower()] = tuple(except_tokens)

    def assert_valid(self) -> None:
        """Fails where a request, or a reply made here, was not as GitHub describes it, or a fault of ours."""
        faults = [*self._request_faults, *self._own_reply_faults, *map(repr, self.errors)]
        assert not faults, "\n".join(faults)

    def emulator_reply_faults(self) -> list[str]:
        """Where the emulator's replies differ from GitHub's description: good to know, not our fault."""
        judge = github_description().reply_faults
        own = [exchange for exchange in self.requests if exchange.reply.header("X-Made-By") == "emulate"]
        return [fault for exchange in own for fault in judge(exchange.request, exchange.reply)]

    def respond(self, request: Request) -> Reply:
        """Judges the request before anything else happens to it."""
        for prefix in (GHES_PREFIX, _UPLOADS):
            if request.path.startswith(prefix + "/"):
                own = f"http://{request.headers['host']}"
                return _with_prefix(self.respond(_without(prefix, request)), self.url, own)
        self._request_faults.extend(github_description().request_faults(request))
        return super().respond(request)

    def answer(self, request: Request) -> Reply:
        """The reply of this GitHub."""
        self.remaining -= 1
        reply = self._refusal(request) or self._reply_of_a_part(request) or self._runs_reply(request)
        reply = reply or self._origins_reply(request) or self._deployments_reply(request)
        reply = reply or self.emulated(request)
        resource = {"X-RateLimit-Used": str(5000 - self.remaining), "X-RateLimit-Resource": "core"}
        limits = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": str(max(self.remaining, 0))}
        times = {"X-RateLimit-Reset": str(RATE_LIMIT_RESET), "X-GitHub-Media-Type": "github.v3; format=json"}
        return reply.with_headers({**limits, **resource, **times})

    def _refusal(self, request: Request) -> Reply | None:
        token = _token(request)
        if token is not None and token not in self.tokens:
            return json_reply(401, _message("Bad credentials", 401))
        match = re.match(r"/repos/([^/]+/[^/]+)", urllib.parse.unquote(request.path))
        permitted = self._hidden.get(match.group(1).lower()) if match else None
        if permitted is not None and token not in permitted:
            return json_reply(404, _message("Not Found", 404))
        return None

    def _reply_of_a_part(self, request: Request) -> Reply | None:
        for part in self.parts:
            reply = part.reply(request)
            if reply is not None:
                if reply.header("X-Made-By") is None:
                    self._own_reply_faults.extend(github_description().reply_faults(request, reply))
                return reply
        return None

    def _runs_reply(self, request: Request) -> Reply | None:
        if found := re.fullmatch(r"/repos/[^/]+/[^/]+/actions/runs/(?P<id>[0-9]+)/approvals", request.path):
            reply = json_reply(200, [_review(self.url, *one) for one in self.approvals.get(int(found["id"]), [])])
            self._own_reply_faults.extend(github_description().reply_faults(request, reply))
            return reply
        match = re.fullmatch(
            r"/repos/(?P<name>[^/]+/[^/]+)/actions/(?:workflows/(?P<workflow>[^/]+)/)?runs(?:/(?P<id>[0-9]+))?",
            request.path,
        )
        if match is None or request.method != "GET":
            return None
        if match["name"].lower() not in self._seeded:
            return json_reply(404, _message("Not Found", 404))
        runs = [run for run in self.runs if run.repository.lower() == match["name"].lower()]
        if match["workflow"]:
            runs = [run for run in runs if match["workflow"] in run.workflow_names]
        reply = self._one_run(runs, int(match["id"])) if match["id"] else self._run_list(runs, request)
        if reply.status == 200:
            self._own_reply_faults.extend(github_description().reply_faults(request, reply))
        return reply

    def _origins_reply(self, request: Request) -> Reply | None:
        reply = self.origins.reply(request, self.repositories)
        if reply is not None:
            self._own_reply_faults.extend(github_description().reply_faults(request, reply))
        return reply

    def _deployments_reply(self, request: Request) -> Reply | None:
        reply = self.deployments.reply(request, self.repositories, self._commit)
        if reply is not None:
            self._own_reply_faults.extend(github_description().reply_faults(request, reply))
        return reply

    def _commit(self, name: str, ref: str) -> str | None:
        path = f"/repos/{name}/commits/{urllib.parse.quote(ref)}"
        asked = Request("GET", path, {}, {"accept": "application/json"}, b"", path)
        reply = self.emulate.ask(asked)
        return str(json.loads(reply.body)["sha"]) if reply.status == 200 else None

    def _one_run(self, runs: Sequence[Run], number: int) -> Reply:
        found = next((run for run in runs if run.id == number), None)
        if found is None:
            return json_reply(404, _message("Not Found", 404))
        return json_reply(200, found.as_json(self.url))

    def _run_list(self, runs: Sequence[Run], request: Request) -> Reply:
        """Newest first, as on GitHub."""
        fitting = sorted((run for run in runs if run.fits(request.query)), key=lambda run: -run.id)
        with_pulls = request.query.get("exclude_pull_requests", ["false"])[0] != "true"
        listed = [run.as_json(self.url, with_pulls) for run in fitting[:FILTERED_LIMIT]]
        return page_reply(self.url, request, "workflow_runs", listed)

    @property
    def repositories(self) -> list[str]:
        """The repositories that were put here, in lower case."""
        return sorted(self._seeded)

    def emulated(self, request: Request) -> Reply:
        """The emulator's reply, as GitHub would give it: its `documentation_url` and status in errors."""
        if (_token(request) or TOKEN) not in {*TOKENS, *STRANGERS}:
            request = replace(request, headers={**request.headers, "authorization": f"Bearer {TOKEN}"})
        reply = self.emulate.ask(request)
        if reply.status >= 400:
            reply = _github_error(reply)
        return reply.with_headers({"X-Made-By": "emulate"})


def _without(prefix: str, request: Request) -> Request:
    return replace(request, path=request.path.removeprefix(prefix), target=request.target.removeprefix(prefix))


def _review(url: str, login: str, environment: str, state: str = "approved") -> dict[str, Any]:
    """Somebody's word on a run, as GitHub has it."""
    page = f"https://github.example/environments/{environment}"
    facts = {"id": 1, "node_id": "EN_1", "name": environment, "url": f"{url}/environments/1", "html_url": page}
    times = dict.fromkeys(("created_at", "updated_at"), "2023-06-02T09:00:00Z")
    return {"state": state, "comment": "", "user": person(login, url), "environments": [{**facts, **times}]}


def _with_prefix(reply: Reply, url: str, own: str) -> Reply:
    """The same reply with its addresses as an Enterprise Server writes them that is called `own`."""

    def written(text: str) -> str:
        text = text.replace(f'"upload_url": "{url}/repos/', f'"upload_url": "{own}{_UPLOADS}/repos/')
        return text.replace(f"{url}/repos/", f"{own}{GHES_PREFIX}/repos/").replace(url, own)

    headers = tuple((name, written(value)) for name, value in reply.headers)
    return replace(reply, headers=headers, body=written(reply.body.decode("latin-1")).encode("latin-1"))


def _token(request: Request) -> str | None:
    """The token in `Authorization: Bearer …` or `token …`; empty for other schemes."""
    value = request.headers.get("authorization")
    if value is None:
        return None
    scheme, _, token = value.partition(" ")
    return token if scheme.lower() in ("bearer", "token") else ""


def _message(text: str, status: int) -> dict[str, str]:
    return {"message": text, "documentation_url": "https://docs.github.com/rest", "status": str(status)}


def _github_error(reply: Reply) -> Reply:
    try:
        body = json.loads(reply.body)
    except ValueError:
        return reply
    body.update(documentation_url="https://docs.github.com/rest", status=str(reply.status))
    return replace(reply, body=json.dumps(body).encode())


def page_reply(base_url: str, request: Request, name: str, items: Sequence[Any]) -> Reply:
    """A page of a list that tells its total, with the links to the others."""
    size, page = (int(request.query.get(key, [usual])[0]) for key, usual in (("per_page", "30"), ("page", "1")))
    size = min(size, 100)
    listed = list(items[(page - 1) * size : page * size])
    links = _link(base_url, request, page, -(-len(items) // size))
    return json_reply(200, {"total_count": len(items), name: listed}, links)


def _link(base_url: str, request: Request, page: int, last: int) -> dict[str, str]:
    """The `Link` header of a list, in GitHub's form; none for a single page."""

    def to(number: int) -> str:
        query = urllib.parse.urlencode({**{k: v[0] for k, v in request.query.items()}, "page": number})
        return f"<{base_url}{request.path}?{query}>"

    before = [f'{to(page - 1)}; rel="prev"', f'{to(1)}; rel="first"'] if page > 1 else []
    after = [f'{to(page + 1)}; rel="next"', f'{to(last)}; rel="last"'] if page < last else []
    return {"Link": ", ".join([*before, *after])} if before or after else {}


__all__ = ["CI_FILE", "COMPONENT_TOKEN", "TOKEN", "GitHubServer", "page_reply"]
