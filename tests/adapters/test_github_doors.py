"""Every question that commands ask of GitHub is answered whichever of its requests fails; nothing else is raised."""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from adapters.github_desk import BACKEND, STACK
from frag_release.adapters.github import GithubForge
from frag_release.adapters.github.builds import GithubBuilds
from frag_release.adapters.github.deployments import GithubDeployments
from frag_release.adapters.github.issues import GithubTickets
from frag_release.adapters.github.projects import GithubBoard
from frag_release.adapters.github.releases import GithubReleases, GithubTags
from frag_release.adapters.github.repository import GithubRepository
from frag_release.adapters.github.runs import GithubRuns
from frag_release.adapters.github.settings import GithubSettings
from frag_release.adapters.github.writer import GithubWriter
from frag_release.adapters.http import Http
from frag_release.adapters.http.messages import Request, Response
from frag_release.adapters.http.retry import Deadline
from frag_release.adapters.ports import WriteFailedError
from frag_release.adapters.ports.publishing import BoardStatus
from frag_release.domain.builds import Build
from frag_release.domain.deployment_records import Filed
from frag_release.domain.evidence import Answer, Unknown
from frag_release.domain.tickets import Author, Issue
from world.example import WORKFLOW_FILE, Example
from world.github_builds import GitHubBuilds
from world.github_people import GitHubPeople, Project
from world.github_releases import GitHubReleases
from world.github_server import TOKEN, GitHubServer
from world.github_settings import ANYTHING, GitHubSettings, Holder, environment, policy, rule, ruleset

BOARD, TAG, BRANCH, PRODUCTION = "orgs/m2ms/projects/3", "2023.05.1", "production", "awx/production"
LANE = BoardStatus(101, "Status", "101-1", "Done")
ISSUE = Issue(7, STACK, 1, "https://x/1", "Release", "", True, Author("maintainer"))
FILED = Filed(6_000_000_000, "a" * 40, "", "", False, datetime.datetime.now(datetime.timezone.utc), None)
LOST = "this very request is lost"

Ask = Callable[[Any], object]
Doors = dict[type, tuple[Callable[[GithubForge], Any], dict[str, Ask]]]


def questions(commits: Mapping[str, str], run: Build) -> Doors:
    """By the class of a door, how to come to it and what is asked there."""
    old, new = commits["2023.05.1"], commits["2023.05.2"]
    return {
        GithubForge: (
            lambda forge: forge,
            {
                "release_record": lambda door: door.release_record(STACK, "2023.06.2"),
                "release_records": lambda door: door.release_records(STACK, ["2023.06.2"]),
                "released": lambda door: door.released(STACK),
                "rolled_back": lambda door: door.rolled_back(STACK),
                "public_release": lambda door: door.public_release(STACK, "2023.06.2"),
                "issue": lambda door: door.issue(STACK, 1),
            },
        ),
        GithubRepository: (
            lambda forge: forge.repository(BACKEND),
            {
                "default_branch": lambda door: door.default_branch(),
                "is_private": lambda door: door.is_private(),
                "tags": lambda door: door.tags([TAG, "none"]),
                "tag_objects": lambda door: door.tag_objects([TAG]),
                "tag_dates": lambda door: door.tag_dates([TAG]),
                "tags_starting": lambda door: door.tags_starting(["2023.", "x"]),
                "branches": lambda door: door.branches([BRANCH, "none"]),
                "placements": lambda door: door.placements([old, new], [BRANCH]),
                "files": lambda door: door.files("README.md", [old]),
                "current_file": lambda door: door.current_file("README.md"),
                "log": lambda door: door.log(BRANCH, 5),
                "branches_starting": lambda door: door.branches_starting("p"),
                "history": lambda door: door.history(old, new),
            },
        ),
        GithubRuns: (
            lambda forge: forge.runs,
            {
                "tag_runs": lambda door: door.tag_runs(BACKEND, [TAG]),
                "branch_lifetimes": lambda door: door.branch_lifetimes(BACKEND, [BRANCH]),
                "workflows": lambda door: door.workflows(BACKEND),
            },
        ),
        GithubWriter: (
            lambda forge: forge.writer(BACKEND),
            {
                "message_of": lambda door: door.message_of(new),
                "changed_files": lambda door: door.changed_files(new),
                "pull_requests": lambda door: door.pull_requests(BRANCH),
            },
        ),
        GithubTags: (
            lambda forge: forge.publisher(BACKEND),
            {"tag": lambda door: door.tag(TAG), "merged_requests": lambda door: door.merged_requests(new, 1)},
        ),
        GithubBuilds: (
            lambda forge: forge.builds(STACK),
            {
                "of_commit": lambda door: door.of_commit(run.head_sha, [TAG]),
                "of_tag": lambda door: door.of_tag(WORKFLOW_FILE, TAG, run.head_sha),
                "branch_lifetimes": lambda door: door.branch_lifetimes(BRANCH),
                "latest": lambda door: door.latest(run),
                "jobs": lambda door: door.jobs(run),
                "pending_deployments": lambda door: door.pending_deployments(run),
                "approvals": lambda door: door.approvals(run.id),
                "unfinished": lambda door: door.unfinished(WORKFLOW_FILE),
                "artifacts": lambda door: door.artifacts(run),
                "past": lambda door: door.past(WORKFLOW_FILE, 2),
            },
        ),
        GithubReleases: (
            lambda forge: forge.releases(STACK),
            {"public": lambda door: door.public("2023.06.2"), "drafts": lambda door: door.drafts("2023.06.2")},
        ),
        GithubDeployments: (
            lambda forge: forge.deployments(STACK),
            {
                "newest": lambda door: door.newest(),
                "listed": lambda door: door.listed(2),
                "one": lambda door: door.one(FILED.id),
                "with_statuses": lambda door: door.with_statuses(FILED),
                "run": lambda door: door.run(run.id),
                "jobs": lambda door: door.jobs(run.id),
                "has_environment": lambda door: door.has_environment(PRODUCTION),
            },
        ),
        GithubTickets: (
            lambda forge: forge.tickets(STACK),
            {
                "is_private": lambda door: door.is_private(),
                "titles": lambda door: door.titles([1, 2]),
                "of_release": lambda door: door.of_release("Release", bool),
                "issue": lambda door: door.issue(1),
                "comments": lambda door: door.comments(1),
                "labels": lambda door: door.labels(),
                "assignable": lambda door: door.assignable(["one", "two"]),
            },
        ),
        GithubBoard: (
            lambda forge: forge.board(BOARD),
            {"status": lambda door: door.status("Status", "none"), "card": lambda door: door.card(ISSUE, LANE)},
        ),
        GithubSettings: (
            lambda forge: forge.settings(STACK),
            {
                "token": lambda door: door.token(False, True),
                "ticket_place": lambda door: door.ticket_place(),
                "shown_runs": lambda door: door.shown_runs(),
                "shown_pull_requests": lambda door: door.shown_pull_requests(),
                "tag_rulesets": lambda door: door.tag_rulesets(),
                "guard": lambda door: door.guard("release/1.2.3"),
                "branch_rules": lambda door: door.branch_rules("release/1.2.3"),
                "environment": lambda door: door.environment(PRODUCTION),
                "secrets": lambda door: door.secrets(PRODUCTION),
                "variables": lambda door: door.variables(),
                "may_actions_open_pull_requests": lambda door: door.may_actions_open_pull_requests(),
                "retention": lambda door: door.retention(),
                "immutable_releases": lambda door: door.immutable_releases(),
                "execution_policies": lambda door: door.execution_policies(),
                "workflow_files": lambda door: door.workflow_files(run.head_sha),
                "workflow_state": lambda door: door.workflow_state(WORKFLOW_FILE),
            },
        ),
    }


OTHERS = {
    GithubForge: "read_with_component_token repository writer publisher builds releases deployments tickets board "
    "settings ticket_settings",
    GithubWriter: "create_commit create_branch move_branch rebuild_branch open_pull_request update_pull_request "
    "missing_right",
    GithubTags: "create_tag",
    GithubBuilds: "start",
    GithubReleases: "create_with_notes create_draft update publish upload delete",
    GithubDeployments: "file tell",
    GithubTickets: "may_be_ours create rewrite close_duplicate add_comment rewrite_comment delete_comment create_label "
    "add_labels assign",
    GithubBoard: "add move remove",
}
"""What else there is at a door: the way to another one, orders, and what is a guess at best."""

DO_WITHOUT = {
    "GithubBuilds.past": "the jobs of one run less tell the usual time, too",
    "GithubRepository.placements": "a commit is placed by comparisons where its branch cannot be listed",
    "GithubSettings.branch_rules": "whether a rule may be bypassed stays open",
    "GithubSettings.guard": "the same",
    "GithubBoard.status": "names of a board that may be private are not told",
}
"""Doors that have an answer although a request behind the first one is lost."""


class Losing(Http):
    """Loses one request, by its number from 1 (0: none), and counts them all."""

    def __init__(self, lost: int) -> None:
        super().__init__(Deadline(60), sleep=lambda _: None)
        self.lost, self.sent = lost, 0

    def send(self, request: Request) -> Answer[Response]:
        """Send it, or say that it is lost."""
        with self._lock:
            self.sent += 1
            is_lost = self.sent == self.lost
        return Unknown(LOST) if is_lost else super().send(request)


@pytest.fixture
def run(
    github_example: GitHubServer,
    releases_of: GitHubReleases,
    builds: GitHubBuilds,
    people: GitHubPeople,
    example: Example,
) -> Build:
    """A GitHub where there is something to be seen at each door; returns a run of its stack."""
    github_example.parts.append(settings := GitHubSettings(github_example))
    settings.give(TOKEN, Holder(None, permissions=ANYTHING.permissions))
    stack = settings.of(STACK)
    stack.rulesets += [ruleset(7, "x", [], []), ruleset(8, "y", [], [], target="branch")]
    stack.rules["release/1.2.3"] = [rule("creation", 8)]
    stack.environments.append(environment(PRODUCTION, reviewers=1))
    stack.policies[PRODUCTION] = [policy("*.*.*")]
    releases_of.add(STACK, "2023.06.2", files={"release.json": b"{}"})
    people.add_project(Project(BOARD, {"Status": ["Todo", "Done"]}, [TOKEN], page=1))
    made = builds.start(STACK, TAG, example.stack.head())
    return Build(made.id, WORKFLOW_FILE, "push", TAG, example.stack.head(), 1, "completed", "success", "")


def test_each_door_answers_whichever_request_is_lost(
    github_example: GitHubServer, example: Example, run: Build
) -> None:
    """Where the n-th request is lost that is what the answer says, for each n and each door, and no door raises it."""
    doors = questions(example.commits["fragalysis-backend"], run)
    wrong, asked = [], 0
    for kind, (way, asks) in doors.items():
        for name, ask in asks.items():
            number = 1
            while True:
                http = Losing(number)
                answer = ask(way(GithubForge(http, github_example.url, TOKEN)))
                if http.sent < number:
                    break
                door = f"{kind.__name__}.{name}"
                if LOST not in repr(answer) and not (number > 1 and door in DO_WITHOUT):
                    wrong.append((door, number, answer))
                number, asked = number + 1, asked + 1
    assert wrong == []
    assert asked > 90


def test_there_is_no_other_door(example: Example) -> None:
    """Each public method of a door's class is asked above, or named as one that answers nothing."""
    build = Build(1, WORKFLOW_FILE, "push", TAG, "a" * 40, 1, "completed", "success", "")
    for kind, (_, asks) in questions(example.commits["fragalysis-backend"], build).items():
        public = {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
        assert public == asks.keys() | set(OTHERS.get(kind, "").split()), kind


def test_what_is_lost_before_an_order_is_told_as_a_failure(github_example: GitHubServer, example: Example) -> None:
    """An order whose questions or whose own request are lost ends as other failed writes do."""
    head = example.stack.head()
    orders: dict[str, Ask] = {
        "create_commit": lambda forge: forge.writer(STACK).create_commit(head, WORKFLOW_FILE, b"", "x"),
        "move_branch": lambda forge: forge.writer(STACK).move_branch("master", head, head),
        "open_pull_request": lambda forge: forge.writer(STACK).open_pull_request("b", "master", "t", ""),
        "create_tag": lambda forge: forge.publisher(STACK).create_tag("2023.06.3", head),
        "create_draft": lambda forge: forge.releases(STACK).create_draft("2023.06.3", "t", ""),
        "create_label": lambda forge: forge.tickets(STACK).create_label("x"),
        "start": lambda forge: forge.builds(STACK).start(WORKFLOW_FILE, TAG),
    }
    for order in orders.values():
        with pytest.raises(WriteFailedError, match=LOST):
            order(GithubForge(Losing(1), github_example.url, TOKEN))
