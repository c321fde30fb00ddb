"""`prepare` with `expected-plan`: what was approved is carried out, and nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from commands.conftest import World
from commands.test_new_tags import BACKEND_NAME, FRONTEND_NAME, Line, line  # noqa: F401 - a fixture
from commands.test_prepare import ask, head, next_tag, open_issue, send, writes
from frag_release.domain.plan import read_approval, written
from world.asking import HEADERS, get
from world.example import BACKEND
from world.github_releases import GitHubReleases
from world.github_server import TOKEN
from world.hurried import SharedTime
from world.killing import break_off
from world.program import Outcome

STACK_NAME = "xchem/fragalysis-stack"


@dataclass
class Approved:
    """A plan of two new tags that was shown and approved; `plan` is the output of that run."""

    line: Line
    plan: str

    @property
    def world(self) -> World:
        """The servers."""
        return self.line.world

    def carry_out(self, plan: str = "", **inputs: str) -> Outcome:
        """Run the approved job."""
        self.world.github.requests.clear()
        return self.line.prepare(environment=None, **inputs, expected_plan=plan or self.plan)

    def with_parts(self, **parts: str) -> str:
        """The plan with other parts, as an earlier run may have made it."""
        approval = read_approval(self.plan)
        assert approval is not None
        return written({**approval.target, **{name.replace("_", " "): text for name, text in parts.items()}})

    def push(self, message: str = "More", repository: str = STACK_NAME, branch: str = "master") -> str:
        """Push a commit to a branch, as somebody else does."""
        at = f"{self.world.github.url}/repos/{repository}/git"
        before = get(f"{at}/ref/heads/{branch}").json()["object"]["sha"]
        tree = get(f"{at}/commits/{before}").json()["tree"]["sha"]
        with requests.Session() as session:
            session.headers.update(HEADERS)
            body = {"message": message, "tree": tree, "parents": [before]}
            made = session.post(f"{at}/commits", json=body, timeout=20).json()["sha"]
            moved = session.patch(f"{at}/refs/heads/{branch}", json={"sha": made, "force": False}, timeout=20)
        assert moved.ok, moved.text
        return str(made)


@pytest.fixture
def approved(line: Line) -> Approved:  # noqa: F811
    """The plan, by the workflow's own token and a dry run."""
    shown = line.prepare(environment={"RUN_TOKEN": TOKEN}, dry_run="true")
    assert shown.status == 0, shown.log
    backend, frontend = line.heads[BACKEND_NAME][:7], line.heads[FRONTEND_NAME][:7]
    title = f"2026.01.1: backend {next_tag()} ({backend}), frontend {next_tag()} ({frontend})"
    assert shown.outputs["plan-title"] == title
    return Approved(line, shown.outputs["plan"])


def trailers(world: World) -> list[str]:
    """The last paragraph of the newest commit's message."""
    message: str = ask(world, f"/git/commits/{head(world)}")["message"]
    return message.strip().split("\n\n")[-1].splitlines()


def test_an_approved_plan_is_carried_out_once(approved: Approved) -> None:
    """Both tags and the commit are those of the plan, which the commit names; run again, nothing is written."""
    outcome = approved.carry_out()
    assert outcome.status == 0, outcome.log
    assert approved.line.made() == approved.line.both()
    assert trailers(approved.world) == ["Stack-Tag: 2026.01.1", f"Plan: {approved.plan.partition('.')[0]}"]
    commit = head(approved.world)
    assert outcome.outputs["commit"] == commit
    again = approved.carry_out()
    assert (again.status, writes(approved.world), head(approved.world)) == (0, [], commit), again.log
    assert (again.outputs["stack-tag"], again.outputs["commit"]) == ("2026.01.1", commit)
    send(approved.world, "POST", "/git/refs", {"ref": "refs/tags/2026.01.1", "sha": commit})
    on_top = approved.push()
    late = approved.carry_out(stack_tag="")
    assert (late.status, writes(approved.world), head(approved.world)) == (0, [], on_top), late.log
    assert (late.outputs["stack-tag"], late.outputs["commit"]) == ("2026.01.1", commit)


Change = Callable[[Approved], Mapping[str, str]]


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("change", "words"), [
    (lambda approved: {"backend_tag": "2023.05.1"}, "backend commit is "),
    (lambda approved: {"backend_tag": ""}, "backend kept is 'true', and was 'false' when approved"),
    (lambda approved: approved.push() and {}, "head is "),
    (lambda approved: approved.push(repository=FRONTEND_NAME, branch="production") and {}, "frontend commit is "),
    (lambda approved: {"check_images": "false"}, "input check-images is 'false', and was 'true' when approved"),
    (lambda approved: {"component_releases": "true"}, "component-releases is 'true', and was 'false' when approved"),
    (lambda approved: {"check_origin": "off"}, "input check-origin is 'off', and was 'check' when approved"),
    (lambda approved: {"allow": "pin-ci:backend@2023.05.1"}, "input allow is 'pin-ci:backend@2023.05.1'"),
    (lambda approved: {"backend_ci_workflows": "build-main.yaml"}, "input backend-ci-workflows is 'build-main.yaml'"),
    (lambda approved: {"ticket": open_issue(approved.world, "Release")}, "ticket is 'xchem/fragalysis-stack#1', and"),
    (lambda approved: {"backend_tag": "2023.05.1", "frontend_tag": "newest"}, "frontend tag is '2023.05.4'"),
    (lambda approved: {"stack_tag": "2026.01.2"}, "stack tag is '2026.01.2', and was '2026.01.1' when approved"),
    (lambda approved: {"plan": approved.with_parts(backend_commit="c" * 40)}, "backend commit is "),
])  # fmt: skip
def test_another_plan_is_refused_in_words(approved: Approved, change: Change, words: str) -> None:
    """Another commit or pin, another head, another setting or tag: status 1, nothing is written, the part is named."""
    given = dict(change(approved))
    outcome = approved.carry_out(**given)
    assert (outcome.status, writes(approved.world), approved.line.made()) == (1, [], []), outcome.log
    assert "This is not the plan that was approved" in outcome.log and words in outcome.log
    assert outcome.outputs["plan"] == ""


def test_approved_names_stay_when_the_month_changes(line: Line, tmp_path: Path) -> None:  # noqa: F811
    """Planned ten minutes before New Year and approved after it: the tags are those of the plan, by a re-run, too."""
    time = SharedTime(tmp_path / "time", datetime.datetime(2026, 12, 31, 23, 50, tzinfo=datetime.timezone.utc))
    world, name = line.world, "2026.12.1"
    world.program = time.program(world.program)
    shown = line.prepare(environment={"RUN_TOKEN": TOKEN}, dry_run="true", stack_tag="")
    assert shown.outputs["plan-title"].startswith(f"{name}: backend {name} ("), shown.log
    for repository in line.heads:
        world.registry.push(repository, name, revision=line.heads[repository])
    time.go_on(3600)
    approved = Approved(line, shown.outputs["plan"])
    outcome = approved.carry_out(stack_tag="")
    assert outcome.status == 0, outcome.log
    assert [line.tags(repository)[name] for repository in line.heads] == list(line.heads.values())
    assert "2027.01.1" not in [*line.tags(BACKEND_NAME), *line.tags(FRONTEND_NAME)]
    assert trailers(world)[0] == f"Stack-Tag: {name}"
    again = approved.carry_out(stack_tag="")
    assert (again.status, writes(world), again.outputs["stack-tag"]) == (0, [], name), again.log


def test_a_name_that_is_taken_meanwhile_stops(approved: Approved) -> None:
    """At another commit, also written otherwise: refused. At the planned one: it counts as made."""
    other, name = approved.world.example.commits[BACKEND]["2023.05.1"], next_tag()
    approved.line.tag(FRONTEND_NAME, name, approved.line.heads[FRONTEND_NAME])
    approved.world.github.add_run(FRONTEND_NAME, name, approved.line.heads[FRONTEND_NAME])
    approved.line.tag(BACKEND_NAME, name.replace(".1", ".01"), other)
    outcome = approved.carry_out()
    assert (outcome.status, writes(approved.world)) == (1, []), outcome.log
    assert f"The tag {name} of {BACKEND_NAME} was approved" in outcome.log
    with requests.Session() as session:
        url = f"{approved.world.github.url}/repos/{BACKEND_NAME}/git/refs/tags/{name.replace('.1', '.01')}"
        assert session.delete(url, headers=HEADERS, timeout=20).ok
    outcome = approved.carry_out()
    assert (outcome.status, approved.line.made()) == (0, approved.line.both()), outcome.log


@pytest.mark.sampled(4)
@pytest.mark.parametrize("nth", range(1, 9))
@pytest.mark.parametrize("kind", ["killed", "lost"])
@pytest.mark.parametrize("frontend", ["", "newest", "new"])
def test_a_re_run_goes_on_after_any_write(
    line: Line,  # noqa: F811
    releases_of: GitHubReleases,
    frontend: str,
    kind: str,
    nth: int,
) -> None:
    """Whatever was written last, and whoever pushed to production since: the same plan goes on to the same end."""
    form = {"frontend_tag": frontend, "component_releases": "true"}
    shown = line.prepare(environment={"RUN_TOKEN": TOKEN}, dry_run="true", **form)
    approved, new = Approved(line, shown.outputs["plan"]), line.both()[: 2 if frontend == "new" else 1]
    break_off(line.world.github, line.world.program, nth, kind)
    approved.carry_out(**form)
    line.world.github.planned.clear()
    if line.made() == new:
        approved.push(repository=BACKEND_NAME, branch="production")
    again = approved.carry_out(**form)
    assert (again.status, line.made()) == (0, new), again.log
    assert sorted(one.repository for one in releases_of.releases) == [name for name, _, _ in new]
    commit = ask(line.world, f"/git/commits/{head(line.world)}")
    assert [one["sha"] for one in commit["parents"]] == [line.world.commit("2023.06.1")]


def test_a_commit_that_only_says_so_is_not_the_plans(approved: Approved) -> None:
    """Somebody's commit with the trailers of the plan changes nothing of the pair: refused, naming it."""
    digest = approved.plan.partition(".")[0]
    forged = approved.push(f"build: Use of b/e {next_tag()} f/e {next_tag()}\n\nStack-Tag: 2026.01.1\nPlan: {digest}\n")
    outcome = approved.carry_out()
    assert (outcome.status, writes(approved.world), approved.line.made()) == (1, [], []), outcome.log
    assert f"{forged[:12]} on master claims to apply this plan, but it is not the plan's change" in outcome.log


@pytest.mark.parametrize(("inputs", "words"), [
    ({"mode": "pull-request"}, "The input expected-plan belongs to mode: commit"),
    ({"plan": "sha256:123"}, "Give it the whole output plan of prepare, unchanged"),
])  # fmt: skip
def test_a_wrong_use_is_refused(approved: Approved, inputs: Mapping[str, str], words: str) -> None:
    """A pull request carries out no approval, and a line that is none is not guessed at: status 2, no request."""
    outcome = approved.carry_out(**inputs)
    assert (outcome.status, approved.world.github.requests) == (2, []), outcome.log
    assert words in outcome.log
