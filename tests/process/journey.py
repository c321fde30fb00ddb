"""A release from the form to the ticket, on a real runner, told as a timeline."""

from __future__ import annotations

import datetime
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from commands.deployment import REPOSITORY
from process.stage import Stage
from world.act import Run
from world.asking import get, merge_pull
from world.events import Event, dispatch, push_tag
from world.github_builds import RUNNING, GitHubBuilds, Job, Look
from world.github_people import GitHubPeople
from world.github_releases import GitHubReleases
from world.workflow_runs import Run as WorkflowRun

TAG = "2023.06.2"
BOARD = "orgs/xchem/projects/1"
FORM = {
    "backend": "keep today's",
    "backend-at": "2023.05.1",
    "frontend": "keep today's",
    "frontend-at": "2023.05.4",
    "stack-tag": TAG,
    "ticket": "",
    "mode": "pull-request",
    "dry-run": "false",
}
NEW = {**FORM, **dict.fromkeys(("backend", "frontend"), "tag production now"), "backend-at": "", "frontend-at": ""}
"""The form with both components tagged first."""


@dataclass
class RunnerBuilds(GitHubBuilds):
    """Builds that a runner really runs: what becomes of `carry_out` is what they show.

    A run that could not even be carried out is kept in `faults`.
    """

    carry_out: Callable[[WorkflowRun], Run] | None = None
    faults: list[Exception] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, name: str, tag: str, commit: str, event: str = "push") -> WorkflowRun:
        """Start a build of a tag, as its push does."""
        self.script = (RUNNING,)
        run = super().start(name, tag, commit, event)
        thread = threading.Thread(target=self._run, args=(run,))
        self._threads.append(thread)
        thread.start()
        return run

    def clear(self) -> None:
        """Wait for what still runs, and go back to nothing."""
        for thread in self._threads:
            thread.join()
        super().clear()

    def _run(self, run: WorkflowRun) -> None:
        assert self.carry_out is not None
        began = _now()
        try:
            done = self.carry_out(run)
        except Exception as error:
            self.faults.append(error)
            self.again(run, Look("completed", "failure"))
            return
        jobs = tuple(Job(name, "completed", result, began, _now()) for name, result in done.jobs.items())
        self.again(run, Look("completed", "success" if done.exit_code == 0 else "failure", jobs))


@dataclass
class Journey:
    """The steps of a release, one after the other, on one stage. `tell` gets each line of the timeline."""

    stage: Stage
    releases: GitHubReleases
    people: GitHubPeople
    tell: Callable[[str], None]
    builds: RunnerBuilds = field(init=False)
    started: float = field(default_factory=time.monotonic)

    def step(self, name: str, work: Callable[[], str]) -> None:
        """Take a step, and tell when it began, how long it took and what came of it."""
        began = time.monotonic()
        self.stage.github.requests.clear()
        outcome = work()
        at, took = began - self.started, time.monotonic() - began
        self.tell(f"{int(at) // 60}:{int(at) % 60:02d}  {name:<22} {took:5.1f} s  {outcome}")

    def prepare(self, form: Mapping[str, str] = FORM) -> Run:
        """Fill in the form."""
        return self._run("prepare-release.yaml", dispatch("refs/heads/master", self.head(), **form))

    def merge(self) -> str:
        """Merge the one open pull request, as a reviewer does, and return the commit that it became."""
        return merge_pull(f"{self.stage.github.url}/repos/{REPOSITORY}")

    def publish(self, before: str) -> Run:
        """Run what the push of the merge starts."""
        event = Event("push", "refs/heads/master", self.head(), {"before": before, "after": self.head()})
        return self._run("publish-release.yaml", event, RELEASE_ASSIGNEES="maintainer", RELEASE_PROJECT=BOARD)

    def gate(self, variables: Mapping[str, str] | None = None) -> Run:
        """Run the build workflow at the new tag; without AWX unless `variables` say otherwise."""
        commit = str(self.ask(f"/git/ref/tags/{TAG}")["object"]["sha"])
        return self._run("build-main.yaml", push_tag(TAG, commit), **{"TRIGGER_AWX": "", **(variables or {})})

    def build(self, run: WorkflowRun) -> Run:
        """What the push of a tag starts on GitHub, beside everything else; a component's also has its image pushed."""
        tag, name = push_tag(run.head_branch, run.head_sha), run.repository
        if name == REPOSITORY:
            return replace(self.stage, folder=self.stage.folder / "build").run("build-main.yaml", tag, run_id=run.id)
        done = replace(self.stage, folder=self.stage.folder / name, repository=name).run("component.yaml", tag)
        if not self.stage.builds_images:
            self.stage.registry.push(name, run.head_branch, revision=run.head_sha)
        return done

    def tags(self, name: str, commit: str) -> list[str]:
        """The tags of a repository at a commit."""
        found = get(f"{self.stage.github.url}/repos/{name}/git/matching-refs/tags").json()
        return [one["ref"].removeprefix("refs/tags/") for one in found if one["object"]["sha"] == commit]

    def head(self) -> str:
        """The head of master."""
        return str(self.ask("/git/ref/heads/master")["object"]["sha"])

    def writes(self) -> list[str]:
        """The requests of the last step that change something."""
        return [f"{one.method} {one.path}" for one in self.stage.github.requests if one.method != "GET"]

    def state(self) -> dict[str, Any]:
        """All that a release leaves behind on GitHub and in AWX."""
        return {
            "refs": {
                one["ref"]: one["object"]["sha"]
                for kind in ("heads", "tags")
                for one in self.ask(f"/git/matching-refs/{kind}")
            },
            "pulls": [(one["number"], one["state"], one["body"]) for one in self.ask("/pulls?state=all")],
            "releases": [
                (one.tag, one.draft, one.body, [(file.name, file.content) for file in one.files])
                for one in self.releases.releases
            ],
            "issues": [
                (one["title"], one["state"], one["body"], [each["login"] for each in one["assignees"]])
                for one in self.ask("/issues?state=all")
            ],
            "lanes": [project.lanes() for project in self.people.projects],
            "runs": [(one.head_branch, one.event, one.conclusion) for one in self.stage.github.runs],
            "launched": [(job.template.name, job.variables) for job in self.stage.awx.jobs],
        }

    def ask(self, path: str) -> Any:
        """What the GitHub says of the stack's repository."""
        return get(f"{self.stage.github.url}/repos/{REPOSITORY}{path}").json()

    def _run(self, name: str, event: Event, **variables: str) -> Run:
        folder = self.stage.folder / Path(name).stem
        return replace(self.stage, folder=folder).run(name, event, variables)


def in_one_line(run: Run) -> str:
    """How a run ended, job by job, and what it says it has made or found; fails where it failed."""
    assert run.exit_code == 0, run.log
    told = ("changed", "pull-request-url", "release-url", "ticket-url", "verdict", "image-tag")
    made = {name: value for step in run.outputs.values() for name, value in step.items() if name in told and value}
    made |= {name: "/".join(value.split("/")[3:]) for name, value in made.items() if name.endswith("-url")}
    jobs = ", ".join(f"{job} {result}" for job, result in run.jobs.items())
    return f"{jobs} ({', '.join(f'{name} {value}' for name, value in made.items())})"


def record_of(journey: Journey) -> dict[str, Any]:
    """The `release.json` of the one release."""
    (release,) = [one for one in journey.releases.releases if one.repository == REPOSITORY]
    (file,) = release.files
    document: dict[str, Any] = json.loads(file.content)
    return document


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
