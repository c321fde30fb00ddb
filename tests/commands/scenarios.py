"""One scenario a command: the worked example on its servers, how the command is started, and what it leaves behind.

Nothing here asks a server by HTTP: faults and counts of requests are the program's alone.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from commands.conftest import World
from commands.deployment import AT_ONCE, Deployment
from commands.desk import FULL, TAG, Desk
from commands.stack import REPOSITORY, Stack
from commands.test_doctor import ENVIRONMENT, RELEASING, with_file
from commands.test_prepare import FORM, open_issue
from world.awx_jobs import PENDING, RUNNING
from world.events import Event, dispatch, push_branch, push_tag
from world.github_builds import PASSED
from world.github_deployments import Deployment as Record
from world.github_server import TOKEN
from world.github_settings import CLASSIC
from world.level_one import FULL as WHOLE_FILE
from world.loopback import LoopbackServer, Request
from world.program import Outcome, Running
from world.workflow_runs import NAMED

TICKET = "Release 2023.06.2"
LANE = ["Push to Production"]
_JOB = re.compile("AWX job [0-9]+")


@dataclass(frozen=True)
class Made:
    """What there is in the world of a run's: the outputs that must say so, and names by which it can be told."""

    outputs: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.outputs or self.names)

    def untold(self, text: str) -> list[str]:
        """What a text for people does not tell: each address, seven digits of a commit, each name."""
        addresses = [value for name, value in self.outputs.items() if name.endswith("-url")]
        commits = [value[:7] for name, value in self.outputs.items() if name == "commit"]
        shown = html.unescape(text)
        return [one for one in (*addresses, *commits, *self.names) if one not in shown]


@dataclass(frozen=True)
class Scenario:
    """A command that may be started.

    `made` tells what a run has made so far, `amiss` what is missing or there twice after a run that went through;
    `writes` is how many writes an undisturbed run sends; one that fails after the `essential` first ones is a warning.
    `cut` is called when a run was cut off, before it is run again. `subject` is a pattern for the names of its writes.
    `variables` are those that a runner gives the run. `closing` is how many writes tell of the end of a run that was
    cancelled, where it has begun something.
    """

    name: str
    world: World
    servers: tuple[LoopbackServer, ...]
    event: Callable[[], Event]
    inputs: Mapping[str, str]
    writes: int = 0
    made: Callable[[], Made] = Made
    amiss: Callable[[], list[str]] = list
    cut: Callable[[], None] = lambda: None
    essential: int = 0
    subject: str = ""
    variables: Callable[[], Mapping[str, str]] = dict
    closing: int = 0

    def start(self, inputs: Mapping[str, str] | None = None, environment: Mapping[str, str] | None = None) -> Running:
        """Start the command, with more inputs and variables than it needs."""
        given = {**self.inputs, **(inputs or {})}
        url = self.world.github.url
        variables = {**self.variables(), **(environment or {})}
        return self.world.program.start(self.event(), given, api_url=url, environment=variables)

    def run(self, inputs: Mapping[str, str] | None = None, environment: Mapping[str, str] | None = None) -> Outcome:
        """Run the command to its end."""
        return self.start(inputs, environment).finish()

    def run_again(self) -> Outcome:
        """Run the command once more, on servers that do what they are asked."""
        self.cut()
        for server in self.servers:
            server.planned.clear()
        return self.run()


def forget(name: str, request: pytest.FixtureRequest) -> None:
    """Make the servers of a scenario forget what a run has made: `scenario_of` then gives it as if nothing had run."""
    world: World = request.getfixturevalue("unseeded")
    if name == "deploy":
        request.getfixturevalue("awx").jobs.clear()
        world.github.deployments.clear()
    elif name in WRITERS and not name.startswith("announce"):
        parts = list(world.github.parts)
        world.github.clear()
        world.github.parts += parts
        world.seed()


def look(world: World, path: str) -> Any:
    """What the emulated GitHub holds for the stack, asked behind its server's back."""
    path = f"/repos/{REPOSITORY}{path}"
    headers = {"accept": "application/json", "authorization": f"Bearer {TOKEN}"}
    reply = world.github.emulated(Request("GET", path.partition("?")[0], {}, headers, b"", path))
    return json.loads(reply.body) if reply.status == 200 else None


def head(world: World, branch: str) -> str:
    """The head of a branch of the stack, empty if there is none."""
    found = look(world, f"/git/ref/heads/{branch}")
    return str(found["object"]["sha"]) if found else ""


def _wrong(expected: Mapping[str, object], found: Mapping[str, object]) -> list[str]:
    wrong = {name: (found[name], value) for name, value in expected.items() if found[name] != value}
    return [f"{name}: {_more(is_, value)}{is_!r}, not {value!r}" for name, (is_, value) in wrong.items()]


def _more(found: Any, expected: Any) -> str:
    """What is there twice is the worst that can be."""
    numbers = [one if isinstance(one, int) else len(one) for one in (found, expected)]
    return "too many, " if numbers[0] > numbers[1] else ""


def _prepare(request: pytest.FixtureRequest, mode: str) -> Scenario:
    world: World = request.getfixturevalue("before_release")
    before = world.commit("2023.06.1")
    branch = "master" if mode == "commit" else "release/2023.06.2"

    def made() -> Made:
        at = head(world, branch)
        pulls = look(world, "/pulls?state=open")
        outputs = {"commit": at} if at not in ("", before) else {}
        if pulls:
            outputs |= {"pull-request-number": str(pulls[0]["number"]), "pull-request-url": pulls[0]["html_url"]}
        return Made(outputs)

    def amiss() -> list[str]:
        at = head(world, branch)
        parents = [one["sha"] for one in (look(world, f"/git/commits/{at}") or {"parents": []})["parents"]]
        found = {"pulls": len(look(world, "/pulls?state=all")), "parents": parents}
        return _wrong({"pulls": int(mode != "commit"), "parents": [before]}, found)

    inputs = {"command": "prepare", "token": TOKEN, "registry-url": world.registry.url, **NAMED, **FORM, "mode": mode}
    event = dispatch("refs/heads/master", before)
    servers = (world.github, world.registry)
    writes = 4 if mode == "commit" else 5
    subject = re.escape(branch) + "|pull request"
    return Scenario(f"prepare {mode}", world, servers, lambda: event, inputs, writes, made, amiss, subject=subject)


def _publish(request: pytest.FixtureRequest) -> Scenario:
    stack: Stack = request.getfixturevalue("stack")
    world, commit = stack.world, stack.reviewed()
    stack.builds.pushes = world.registry.push(REPOSITORY, TAG, revision="0" * 40)
    stack.builds.script = (PASSED,)

    def made() -> Made:
        tagged = look(world, "/git/ref/tags/2023.06.2") is not None
        url = f"{world.github.url}/{REPOSITORY}/releases/tag/2023.06.2"
        names = (f"Tagged {commit[:12]} as 2023.06.2",) if tagged else ()
        return Made({"release-url": url} if stack.releases.releases else {}, names)

    def amiss() -> list[str]:
        releases = stack.releases.releases
        found = {
            "builds": [run.head_sha for run in stack.runs()],
            "releases": [one.tag for one in releases if not one.draft],
            "drafts": [one.tag for one in releases if one.draft],
            "files": [file.name for one in releases for file in one.files],
        }
        # One draft of a run that failed is what the next one goes on with.
        left = [] if found["releases"] else found["drafts"][:1]
        return _wrong({"builds": [commit], "releases": [TAG], "drafts": left, "files": ["release.json"]}, found)

    inputs = {"command": "publish", "token": TOKEN, "registry-url": world.registry.url, **NAMED}
    event = Event("push", "refs/heads/master", commit)
    servers = (world.github, world.registry)
    subject = re.escape(TAG)
    return Scenario("publish", world, servers, lambda: event, inputs, 4, made, amiss, subject=subject)


def _announce(request: pytest.FixtureRequest, existing: bool) -> Scenario:
    world: World = request.getfixturevalue("unseeded")
    desk = Desk.of(world)
    named = {name.replace("_", "-"): value for name, value in FULL.items()}
    number = open_issue(world, "Please release") if existing else ""

    def comments() -> list[Any]:
        return look(world, f"/issues/{number}/comments") if existing else []

    def made() -> Made:
        tickets = look(world, "/issues?state=all")
        done = comments() if existing else tickets
        outputs = {"ticket-number": str(tickets[0]["number"]), "ticket-url": done[0]["html_url"]} if done else {}
        labels = {one["name"] for one in look(world, "/labels")} & {"release", "urgent"}
        return Made(outputs, tuple(sorted(f"'{name}'" for name in labels)))

    def amiss() -> list[str]:
        tickets = look(world, "/issues?state=all")
        found = {
            "tickets": [one["title"] for one in tickets],
            "labels": sorted(label["name"] for one in tickets for label in one["labels"]),
            "people": sorted(user["login"] for one in tickets for user in one["assignees"]),
            "comments": len(comments()),
            "lanes": desk.board.lanes(),
        }
        own = {"tickets": [TICKET], "people": ["maintainer", "reviewer"], "comments": 0, "lanes": {TICKET: LANE}}
        other = {"tickets": ["Release"], "people": [], "comments": 1, "lanes": {}}
        return _wrong({"labels": ["release", "urgent"], **(other if existing else own)}, found)

    more = {"ticket": number, "labels": named["labels"]} if existing else named
    inputs = {"command": "announce", "token": TOKEN, **more}
    event = push_tag(TAG, world.commit(TAG))
    name = "announce on a ticket" if existing else "announce"
    writes, essential = (4, 1) if existing else (6, 3)
    servers = (world.github,)
    subject = "ticket|label|board"
    return Scenario(
        name, world, servers, lambda: event, inputs, writes, made, amiss, essential=essential, subject=subject
    )


def _deploy(request: pytest.FixtureRequest) -> Scenario:
    ready: Deployment = request.getfixturevalue("ready")
    world, awx = ready.world, ready.awx
    awx.templates[0].script = (PENDING, RUNNING, AT_ONCE[-1])
    ended: list[int] = []
    attempts = [1]

    def made() -> Made:
        names = tuple(f"deployment record of {TAG} at the environment production ({one.id})" for one in filed())
        if not awx.jobs:
            return Made({}, names)
        job = awx.jobs[0]
        return Made({"job-id": str(job.id), "job-url": f"{awx.url}/#/jobs/playbook/{job.id}/output"}, names)

    def filed() -> list[Record]:
        return world.github.deployments.records

    def amiss() -> list[str]:
        # What runs is followed; what had ended when the run was cut off is launched again, as by hand.
        found = {"jobs": len(awx.jobs), "status": {job.look.status for job in awx.jobs}, "site": ready.site.shown}
        wrong = _wrong({"jobs": 1 + len(ended), "status": {"successful"}, "site": TAG}, found)
        return wrong + [f"records: {one}" for one in untrue(filed(), awx.jobs[-1].id if awx.jobs else 0)]

    def cut() -> None:
        ended.extend(job.id for job in awx.jobs if job.is_over)
        attempts.append(attempts[-1] + 1)

    def variables() -> Mapping[str, str]:
        return {"GITHUB_RUN_ID": "6001", "GITHUB_RUN_ATTEMPT": str(attempts[-1]), "GITHUB_JOB": "deploy-production"}

    event = push_tag(TAG, world.commit(TAG))
    servers = (world.github, world.registry, awx, ready.site)
    # Its writes: the record, the launch, and two statuses of the record, which are best effort.
    return Scenario(
        "deploy",
        world,
        servers,
        lambda: event,
        ready.inputs(),
        4,
        made,
        amiss,
        cut,
        2,
        "AWX|deployment record",
        variables, closing=1,
    )  # fmt: skip


def untrue(records: Sequence[Record], job: int) -> list[str]:
    """What is not true of deployment records (oldest first) when a run has gone through that followed this job.

    The newest says that the job was successful; none is left unended, and none is of a job that another one is of. One
    is a failure only if the site did not show what was deployed.
    """
    names = [{found[0] for one in record.statuses if (found := _JOB.match(one.description))} for record in records]
    jobs = [name for own in names for name in own]
    wrong = [f"{one.id} is {one.states}" for one in records if not _is_ended(one)]
    wrong += ["too many, several are of one job"] if len(jobs) != len(set(jobs)) else []
    told = records[-1].statuses[-1:] if records else []
    if not told or told[0].state != "success" or not told[0].description.startswith(f"AWX job {job}: "):
        wrong.append(f"the newest does not say that the job was successful: {told}")
    return wrong


def _is_ended(record: Record) -> bool:
    state = record.states[-1:]
    return state in (["success"], ["error"]) or (
        state == ["failure"] and "the site did not show it" in record.statuses[-1].description
    )


def _gate(request: pytest.FixtureRequest) -> Scenario:
    world: World = request.getfixturevalue("world")
    inputs = {"token": TOKEN, "registry-url": world.registry.url, **NAMED}
    event = push_tag(TAG, world.commit(TAG))
    return Scenario("gate", world, (world.github, world.registry), lambda: event, inputs)


def _audit(request: pytest.FixtureRequest) -> Scenario:
    world: World = request.getfixturevalue("world")
    inputs = {"command": "audit", "token": TOKEN, "registry-url": world.registry.url, "stack-branch": "master", **NAMED}
    event = push_branch("master", world.commit("2023.06.1"))
    return Scenario("audit", world, (world.github, world.registry), lambda: event, inputs)


def _doctor(request: pytest.FixtureRequest) -> Scenario:
    practice = with_file(request.getfixturevalue("unseeded"), request.getfixturevalue("people"), WHOLE_FILE)
    practice.guard()
    world, token = practice.world, practice.settings.give("ghp_all", CLASSIC)
    inputs = {"command": "doctor", "token": token, "registry-url": world.registry.url}
    event = push_branch("master", world.commit(TAG))
    more = {"for": RELEASING, "environment": ENVIRONMENT}
    return Scenario("doctor", world, (world.github, world.registry), lambda: event, {**inputs, **more})


_SCENARIOS: Mapping[str, Callable[[pytest.FixtureRequest], Scenario]] = {
    "prepare": lambda request: _prepare(request, "pull-request"),
    "prepare commit": lambda request: _prepare(request, "commit"),
    "publish": _publish,
    "announce": lambda request: _announce(request, False),
    "announce on a ticket": lambda request: _announce(request, True),
    "deploy": _deploy,
    "gate": _gate,
    "audit": _audit,
    "doctor": _doctor,
}
WRITERS = ("prepare", "prepare commit", "publish", "announce", "announce on a ticket", "deploy")
READERS = ("gate", "audit", "doctor")
SEVEN = ("prepare", "publish", "announce", "deploy", *READERS)
"""The seven commands, each once."""


def scenario_of(name: str, request: pytest.FixtureRequest) -> Scenario:
    """The scenario of that name, on fresh servers."""
    return _SCENARIOS[name](request)
