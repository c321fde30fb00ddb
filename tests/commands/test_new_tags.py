"""`prepare` with `new`: the heads of production branches are tagged, their CI followed, the pair prepared."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from commands.conftest import World, go_back
from commands.test_prepare import ask, begin_in_one_month, file_at, head, next_tag, open_issue, writes
from world.asking import HEADERS, get
from world.events import dispatch
from world.example import BACKEND, FRONTEND
from world.faults import Forward, Reply
from world.github_builds import CANCELLED, FAILED, PASSED, RUNNING, WAITING, GitHubBuilds, Look
from world.github_releases import GitHubReleases
from world.github_server import TOKEN
from world.github_settings import CLASSIC, READING, GitHubSettings, ruleset
from world.hurried import SharedTime, hurried
from world.killing import break_off
from world.loopback import Request
from world.program import Outcome
from world.workflow_runs import NAMED

BACKEND_NAME, FRONTEND_NAME = f"xchem/{BACKEND}", f"xchem/{FRONTEND}"


@dataclass
class Line:
    """The worked example before its release, with a commit more on each production branch."""

    world: World
    builds: GitHubBuilds
    heads: dict[str, str]

    def prepare(self, *, environment: Mapping[str, str] | None = None, **inputs: str) -> Outcome:
        """Send the form, `new` twice; inputs by name with underscores."""
        event = dispatch("refs/heads/master", self.world.commit("2023.06.1"))
        given = {
            "command": "prepare",
            "token": TOKEN,
            "registry-url": self.world.registry.url,
            **NAMED,
            "mode": "commit",
        }
        given |= {"backend-tag": "new", "frontend-tag": "new", "stack-tag": "2026.01.1", "wait-minutes": "2"}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        return self.world.program.run(event, given, api_url=self.world.github.url, environment=environment)

    def tags(self, repository: str) -> dict[str, str]:
        """The tags of a component with their objects."""
        found = get(f"{self.world.github.url}/repos/{repository}/git/matching-refs/tags").json()
        return {one["ref"].removeprefix("refs/tags/"): one["object"]["sha"] for one in found}

    def made(self) -> list[tuple[str, str, str]]:
        """The tags of this month: repository, name, commit."""
        month = f"{datetime.datetime.now(datetime.timezone.utc):%Y.%m}."
        return [
            (name, tag, sha)
            for name in (BACKEND_NAME, FRONTEND_NAME)
            for tag, sha in self.tags(name).items()
            if tag.startswith(month)
        ]

    def tag(self, repository: str, name: str, commit: str) -> None:
        """Make a tag, as a person does."""
        self.post(f"/repos/{repository}/git/refs", {"ref": f"refs/tags/{name}", "sha": commit})

    def annotate(self, repository: str, name: str, commit: str) -> None:
        """Make an annotated tag, as a person does."""
        body = {"tag": name, "message": "Ready", "object": commit, "type": "commit"}
        self.tag(repository, name, self.post(f"/repos/{repository}/git/tags", body)["sha"])

    def post(self, path: str, body: Mapping[str, Any], method: str = "POST") -> Any:
        """Write something, as a person does."""
        with requests.Session() as session:
            made = session.request(method, f"{self.world.github.url}{path}", json=body, headers=HEADERS, timeout=20)
        assert made.ok, made.text
        return made.json()

    def both(self) -> list[tuple[str, str, str]]:
        """Both heads tagged, each with the first tag of this month."""
        return [(name, next_tag(), self.heads[name]) for name in (BACKEND_NAME, FRONTEND_NAME)]


@pytest.fixture
def line(unseeded: World, builds: GitHubBuilds) -> Line:
    """Both components have a new commit on production, and the registry has the images that their tags will push."""
    begin_in_one_month()
    go_back(unseeded.example)
    example = unseeded.example
    files = {"viewer/migrations/0002_more.py": "more\n", "viewer/migrations/0003_most.py": "most\n"}
    heads = {
        BACKEND_NAME: example.backend.commit(files, "Add two tables (#501)", branch="production"),
        FRONTEND_NAME: example.frontend.commit(
            {"js/app.js": "export const zoom = 4;\n"}, "Zoom (#95)", branch="production"
        ),
    }
    world = unseeded.seed()
    for name, commit in heads.items():
        world.registry.push(name, next_tag(), revision=commit)
    builds.script = (PASSED,)
    return Line(world, builds, heads)


def test_two_new_tags_are_made_built_and_prepared(line: Line) -> None:
    """Both heads are tagged with this month's first tag, and the commit names that pair; again, nothing is made."""
    outcome = line.prepare()
    assert outcome.status == 0, outcome.log
    assert line.made() == line.both()
    assert outcome.outputs["backend-tag"] == outcome.outputs["frontend-tag"] == next_tag()
    assert outcome.outputs["backend-commit"] == line.heads[BACKEND_NAME]
    text = file_at(line.world, head(line.world))
    assert f"BE_IMAGE_TAG: {next_tag()} " in text and f"FE_IMAGE_TAG: {next_tag()} " in text
    assert "2 new files under migrations" in outcome.summary
    commit = head(line.world)
    line.world.github.requests.clear()
    again = line.prepare()
    assert (again.status, writes(line.world), line.made(), head(line.world)) == (0, [], line.both(), commit), again.log
    assert "nothing new on production of backend and frontend" in again.log


def test_a_dry_run_shows_the_tags_and_writes_nothing(line: Line) -> None:
    """With the workflow's own token, which cannot tag, a dry run plans both tags; what needs the tag is skipped."""
    outcome = line.prepare(environment={"RUN_TOKEN": TOKEN}, dry_run="true")
    assert outcome.status == 0, outcome.log
    assert (writes(line.world), line.made()) == ([], [])
    assert outcome.report is not None
    wanted = [f"Tag {line.heads[name][:12]} of {name} as {next_tag()}" for name in (BACKEND_NAME, FRONTEND_NAME)]
    assert outcome.report["planned"] == [*wanted, "Commit to master"]
    later = ("pin-ci:backend", "pin-image:backend", "pin-ci:frontend", "pin-image:frontend")
    assert {outcome.findings()[one] for one in later} == {"skipped"}
    assert outcome.findings()["branch-ci:backend"] == "pass"
    (backend, _) = outcome.report["plan"]["new-tags"]
    shown = {name: backend[name] for name in ("tag", "commit", "is-there", "since", "commits", "notice")}
    assert shown == {
        "tag": next_tag(),
        "commit": line.heads[BACKEND_NAME],
        "is-there": False,
        "since": "2023.05.1",
        "commits": 1,
        "notice": "2 new files under migrations",
    }
    assert "Add two tables" in outcome.summary


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("looks", "words"), [
    ((FAILED,), "ended as failure"),
    ((CANCELLED,), "ended as cancelled"),
    ((), "no run of .github/workflows/build-production.yaml was started for it"),
    ((Look("completed", "action_required"),), "is not over (waiting)"),
    ((WAITING,), "It waits for the approval of maintainer or the team release"),
    ((Look("completed", "startup_failure"),), "ended as startup_failure"),
    ((Look("completed", "timed_out"),), "ended as timed_out"),
    ((Look("completed", "skipped"),), "ended as skipped"),
])  # fmt: skip
def test_a_build_that_does_not_pass_leaves_the_tag(line: Line, looks: tuple[Look, ...], words: str) -> None:
    """A failed, cancelled, missing or held build ends the run with status 1; the tags stay, and a re-run goes on."""
    line.builds.starts = bool(looks)
    line.builds.scripts = {FRONTEND_NAME: looks} if looks else {}
    before = head(line.world)
    line.world.program = hurried(line.world.program)
    outcome = line.prepare(wait_minutes="0")
    assert (outcome.status, head(line.world)) == (1, before), outcome.log
    assert words in outcome.log and "The tag stays" in outcome.log
    assert line.made() == line.both()
    assert outcome.outputs["frontend-tag"] == next_tag() and outcome.outputs["changed"] == "true"
    for name in (BACKEND_NAME, FRONTEND_NAME):
        runs = [run for run in line.world.github.runs if (run.repository, run.head_branch) == (name, next_tag())]
        for run in runs:
            line.builds.again(run, replace(RUNNING, attempt=2), replace(PASSED, attempt=2))
        if not runs:
            line.world.github.add_run(name, next_tag(), line.heads[name])
    again = line.prepare()
    assert (again.status, line.made()) == (0, line.both()), again.log
    assert head(line.world) != before


def test_no_right_on_the_second_component_writes_nothing_to_the_first(line: Line) -> None:
    """A ruleset that binds the token at the frontend, a token that may only read, or the workflow's own: status 2."""
    line.world.github.parts.append(github_settings := GitHubSettings(line.world.github))
    token = github_settings.give("ghp_some", CLASSIC)
    rules = ruleset(7, "Releases", ["creation"], ["refs/tags/*.*.*"])
    github_settings.of(FRONTEND_NAME).rulesets.append(rules)
    outcome = line.prepare(component_token=token)
    assert (outcome.status, writes(line.world), line.made()) == (2, [], []), outcome.log
    assert "'Releases' forbids creating a tag" in outcome.log and "bypass" in outcome.log
    rules["enforcement"] = "disabled"
    reading = github_settings.give("github_pat_reads", replace(READING, role="push"))
    outcome = line.prepare(component_token=reading)
    assert (outcome.status, writes(line.world), line.made()) == (2, [], []), outcome.log
    assert "lacks contents: write on xchem/fragalysis-backend" in outcome.log
    outcome = line.prepare(environment={"RUN_TOKEN": TOKEN})
    assert (outcome.status, line.world.github.requests[-1:] and line.made()) == (2, []), outcome.log
    assert "workflow's own token (GITHUB_TOKEN)" in outcome.log


def test_a_name_that_is_taken_or_burned_is_passed_over(line: Line) -> None:
    """Somebody tags another commit a moment before: the next number; GitHub refuses a burned name: the one after it."""
    month, backend = next_tag()[:-1], f"/repos/{BACKEND_NAME}/git/refs$"
    other = line.world.example.commits[BACKEND]["2023.05.1"]
    for number in (1, 2, 3):
        line.world.registry.push(BACKEND_NAME, f"{month}{number}", revision=line.heads[BACKEND_NAME])

    errors = [{"resource": "Release", "code": "custom", "message": "tag_name was used by an immutable release"}]
    body = json.dumps({"ref": f"refs/tags/{month}1", "sha": other}).encode()

    def taken(forward: Forward) -> Reply:
        path = backend.rstrip("$")
        line.world.github.emulated(Request("POST", path, {}, {"authorization": f"Bearer {TOKEN}"}, body, path))
        return forward()

    line.world.github.add("POST", backend, taken, times=1)
    line.world.github.fail("POST", backend, status=422, body={"message": "Failed", "errors": errors}, times=1)
    outcome = line.prepare()
    assert outcome.status == 0, outcome.log
    assert line.tags(BACKEND_NAME)[f"{month}3"] == line.heads[BACKEND_NAME]
    assert f"{month}2" not in line.tags(BACKEND_NAME)


def test_a_tag_whose_ci_is_forgotten_counts_as_none(line: Line) -> None:
    """The tag of 2023 has no run any more: its commit gets another one, which is used; again, it is found."""
    old = line.world.example.commits[BACKEND]["2023.05.1"]
    line.world.github.runs[:] = [run for run in line.world.github.runs if run.head_branch != "2023.05.1"]
    line.world.registry.push(BACKEND_NAME, next_tag(), revision=old)
    outcome = line.prepare(backend_tag=f"new@{old}", frontend_tag="")
    assert outcome.status == 0, outcome.log
    assert line.made() == [(BACKEND_NAME, next_tag(), old)]
    assert f"GitHub no longer has the CI runs of 2023.05.1 of {BACKEND_NAME}, so it is not used" in outcome.log
    again = line.prepare(backend_tag=f"new@{old}", frontend_tag="")
    assert (again.status, line.made(), again.outputs["backend-tag"]) == (
        0,
        [(BACKEND_NAME, next_tag(), old)],
        next_tag(),
    )


def test_a_number_whose_ci_is_gone_is_no_dead_end(line: Line) -> None:
    """A number does not show its age, so v1.0.0 without runs is not passed over: the message names the ways on."""
    line.builds.starts = False
    line.tag(BACKEND_NAME, "v1.0.0", line.heads[BACKEND_NAME])
    line.world.program = hurried(line.world.program)
    outcome = line.prepare(backend_tag="patch", frontend_tag="", backend_tag_format="vN.N.N", wait_minutes="0")
    assert outcome.status == 1
    assert "The tag v1.0.0 exists, but no run of" in outcome.log
    assert "GitHub keeps runs for 90 days by default: if they are gone, keep today's tag, or" in outcome.log


def test_the_next_number_is_above_all_tags_of_the_month(line: Line) -> None:
    """With 1 and 3 on production and 12 on staging the next is 13; the frontend, which has none of the month, has 1."""
    month, commits = next_tag()[:-1], line.world.example.commits[BACKEND]
    for number, at in ((1, "2023.03.1"), (3, "2023.05.1"), (12, "2023.05.2")):
        line.tag(BACKEND_NAME, f"{month}{number}", commits[at])
    outcome = line.prepare(dry_run="true")
    assert outcome.status == 0, outcome.log
    assert (outcome.outputs["backend-tag"], outcome.outputs["frontend-tag"]) == (f"{month}13", f"{month}1")


@pytest.mark.parametrize(("zone", "month"), [
    ("UTC", "2026.12."),
    ("Europe/Berlin", "2027.01."),
    ("America/New_York", "2026.12."),
])  # fmt: skip
def test_the_year_changes_in_the_zone(line: Line, tmp_path: Path, zone: str, month: str) -> None:
    """At 23:30 UTC of New Year's Eve it is next year in Berlin: all three tags are of the month that it is there."""
    eve = datetime.datetime(2026, 12, 31, 23, 30, tzinfo=datetime.timezone.utc)
    line.world.program = SharedTime(tmp_path / "time", eve).program(line.world.program)
    line.tag(BACKEND_NAME, "2026.12.4", line.world.example.commits[BACKEND]["2023.05.2"])
    outcome = line.prepare(dry_run="true", timezone=zone, stack_tag="")
    assert outcome.status == 0, outcome.log
    named = [outcome.outputs[f"{name}-tag"] for name in ("backend", "frontend", "stack")]
    assert named == [f"{month}{5 if month == '2026.12.' else 1}", f"{month}1", f"{month}1"]


def test_a_tag_of_the_same_commit_that_somebody_makes_first_is_used(line: Line) -> None:
    """Made between the look and the write, with its run: found, not counted as ours, and the run is followed."""

    def first(forward: Forward) -> Reply:
        line.tag(BACKEND_NAME, next_tag(), line.heads[BACKEND_NAME])
        return forward()

    line.world.github.add("POST", f"/repos/{BACKEND_NAME}/git/refs$", first, times=1)
    outcome = line.prepare()
    assert (outcome.status, line.made()) == (0, line.both()), outcome.log
    assert f"Found the tag of {line.heads[BACKEND_NAME][:12]} of {BACKEND_NAME} as {next_tag()}" in outcome.log
    runs = [run for run in line.world.github.runs if (run.repository, run.head_branch) == (BACKEND_NAME, next_tag())]
    assert len(runs) == 1


@pytest.mark.sampled(3)
@pytest.mark.parametrize("nth", range(1, 10))
@pytest.mark.parametrize("mode", ["commit", "pull-request"])
@pytest.mark.parametrize("kind", ["killed", "lost"])
def test_broken_off_at_any_write_a_re_run_ends_the_same(
    line: Line, releases_of: GitHubReleases, kind: str, mode: str, nth: int
) -> None:
    """Killed right after a write, or its answer lost: again, each tag, release, commit and request is there once."""
    break_off(line.world.github, line.world.program, nth, kind)
    line.prepare(mode=mode, component_releases="true")
    line.world.github.planned.clear()
    again = line.prepare(mode=mode, component_releases="true")
    assert (again.status, line.made()) == (0, line.both()), again.log
    made = sorted((one.repository, one.tag) for one in releases_of.releases)
    assert made == [(BACKEND_NAME, next_tag()), (FRONTEND_NAME, next_tag())]
    at = head(line.world, "master" if mode == "commit" else "release/2026.01.1")
    commit = ask(line.world, f"/git/commits/{at}")
    assert [one["sha"] for one in commit["parents"]] == [line.world.commit("2023.06.1")]
    assert len(ask(line.world, "/pulls?state=all")) == (mode != "commit")


def test_the_heads_tags_are_used_and_a_commit_can_be_named(line: Line) -> None:
    """Of two tags at the head the highest is taken, annotated or not; `new@` names a commit of the branch, no other."""
    backend = line.world.example.commits[BACKEND]["2023.03.1"]
    line.tag(FRONTEND_NAME, next_tag(), line.heads[FRONTEND_NAME])
    line.annotate(FRONTEND_NAME, f"{next_tag()[:-1]}12", line.heads[FRONTEND_NAME])
    for tag in (f"{next_tag()}", f"{next_tag()[:-1]}12"):
        line.world.github.add_run(FRONTEND_NAME, tag, line.heads[FRONTEND_NAME])
        line.world.registry.push(FRONTEND_NAME, tag, revision=line.heads[FRONTEND_NAME])
    off = line.world.example.commits[BACKEND]["2023.05.2"]
    line.world.github.requests.clear()
    refused = line.prepare(backend_tag=f"new@{off[:9]}")
    assert (refused.status, writes(line.world)) == (1, []), refused.log
    assert "is not on production of xchem/fragalysis-backend" in refused.log
    line.world.github.requests.clear()
    outcome = line.prepare(backend_tag=f"new@{backend[:7]}", dry_run="true")
    assert outcome.outputs["backend-tag"] == "2023.03.1", outcome.log
    assert outcome.outputs["frontend-tag"] == f"{next_tag()[:-1]}12"
    assert "nothing new on production of backend and frontend" in outcome.log


def test_one_is_new_and_one_is_kept(line: Line) -> None:
    """A release candidate at the head is no production tag, so it gets one; the other component is left alone."""
    line.tag(BACKEND_NAME, f"{next_tag()}-rc.1", line.heads[BACKEND_NAME])
    outcome = line.prepare(frontend_tag="")
    assert outcome.status == 0, outcome.log
    backend, frontend = line.heads[BACKEND_NAME], line.tags(FRONTEND_NAME)
    assert {tag for tag, sha in line.tags(BACKEND_NAME).items() if sha == backend} == {next_tag(), f"{next_tag()}-rc.1"}
    assert (line.heads[FRONTEND_NAME] in frontend.values(), outcome.outputs["frontend-tag"]) == (False, "2023.05.3")
    text = file_at(line.world, head(line.world))
    assert f"BE_IMAGE_TAG: {next_tag()} " in text and "FE_IMAGE_TAG: 2023.05.3" in text


@pytest.mark.parametrize("form", ["2099.12.9", "{month}999999"])
def test_a_planted_tag_stops_it_before_anything_is_written(line: Line, form: str) -> None:
    """Of one component, at a commit that nobody released: named, and the other component gets no tag, either."""
    planted = form.format(month=next_tag()[:-1])
    line.tag(FRONTEND_NAME, planted, line.world.example.commits[FRONTEND]["2023.05.4"])
    line.world.github.requests.clear()
    outcome = line.prepare()
    assert (outcome.status, writes(line.world)) == (1, []), outcome.log
    assert f"The next tag of {FRONTEND_NAME} is not known: {planted} cannot be right" in outcome.log


def test_each_new_tag_gets_a_release_once(line: Line, releases_of: GitHubReleases) -> None:
    """With component-releases a release is made of each new tag after its CI, and by a re-run none is made again."""
    outcome = line.prepare(component_releases="true", mode="pull-request")
    assert outcome.status == 0, outcome.log
    made = sorted((one.repository, one.tag) for one in releases_of.releases)
    assert made == [(BACKEND_NAME, next_tag()), (FRONTEND_NAME, next_tag())]
    line.world.github.requests.clear()
    again = line.prepare(component_releases="true", mode="pull-request")
    assert (again.status, len(releases_of.releases), writes(line.world)) == (0, 2, []), again.log


@pytest.mark.parametrize(("way", "status", "words"), [
    ("branch", 1, f"Delete or rename the branch 'TAG' in {FRONTEND_NAME}"),
    ("failed", 1, "branch-ci"),
    ("archived", 2, f"{FRONTEND_NAME} is archived"),
    ("unseen", 1, FRONTEND_NAME),
])  # fmt: skip
def test_what_stands_in_the_way_of_one_writes_nothing_to_the_other(
    line: Line, way: str, status: int, words: str
) -> None:
    """The frontend has a branch of the tag's name, a failed CI of its branch, is archived or hidden: no tag at all."""
    github, commit = line.world.github, line.heads[FRONTEND_NAME]
    if way == "branch":
        line.post(f"/repos/{FRONTEND_NAME}/git/refs", {"ref": f"refs/heads/{next_tag()}", "sha": commit})
    elif way == "failed":
        github.add_run(FRONTEND_NAME, "production", commit, conclusion="failure")
    elif way == "archived":
        github.parts.append(settings := GitHubSettings(github))
        settings.of(FRONTEND_NAME).entry["archived"] = True
    else:
        github.deny(FRONTEND_NAME)
    github.requests.clear()
    outcome = line.prepare()
    assert (outcome.status, writes(line.world)) == (status, []), outcome.log
    assert words.replace("TAG", next_tag()) in outcome.log


def test_a_head_that_moves_before_it_is_tagged_is_planned_anew(line: Line) -> None:
    """Somebody pushes to production between plan and tag: the newer head is judged and tagged, and not the one seen."""
    moved: list[str] = []

    def push(forward: Forward) -> Reply:
        tree = get(f"{line.world.github.url}/repos/{FRONTEND_NAME}/git/commits/{line.heads[FRONTEND_NAME]}").json()
        body = {"message": "More", "tree": tree["tree"]["sha"], "parents": [line.heads[FRONTEND_NAME]]}
        moved.append(line.post(f"/repos/{FRONTEND_NAME}/git/commits", body)["sha"])
        line.post(f"/repos/{FRONTEND_NAME}/git/refs/heads/production", {"sha": moved[0], "force": False}, "PATCH")
        line.world.registry.push(FRONTEND_NAME, next_tag(), revision=moved[0])
        return forward()

    line.world.github.add("GET", f"/repos/{FRONTEND_NAME}/rulesets", push, times=1)
    outcome = line.prepare()
    assert outcome.status == 0, outcome.log
    assert "production was moved during this run" in outcome.log
    assert line.made() == [line.both()[0], (FRONTEND_NAME, next_tag(), moved[0])]


def test_what_was_made_is_told_where_the_second_tag_is_refused(line: Line) -> None:
    """GitHub refuses the frontend's tag: status 2, the backend's is told, and is found again by the run after."""
    body = {"message": "Resource not accessible by integration", "status": "403"}
    line.world.github.fail("POST", f"/repos/{FRONTEND_NAME}/git/refs$", status=403, body=body, times=1)
    outcome = line.prepare()
    assert (outcome.status, line.made()) == (2, line.both()[:1]), outcome.log
    assert (outcome.outputs["backend-tag"], outcome.outputs["changed"]) == (next_tag(), "true")
    assert outcome.outputs.get("frontend-tag", "") == "" and "Workflows: write" in outcome.log
    assert f"as {next_tag()}" in outcome.summary
    again = line.prepare()
    assert (again.status, line.made()) == (0, line.both()), again.log


def test_the_ticket_is_told_by_the_commit(line: Line) -> None:
    """With `new` the ticket need not name versions, and the commit carries it beside the stack's tag."""
    number = open_issue(line.world, "Please release")
    outcome = line.prepare(ticket=number)
    assert outcome.status == 0, outcome.log
    message = ask(line.world, f"/git/commits/{head(line.world)}")["message"]
    assert message.strip().endswith(f"Stack-Tag: 2026.01.1\nRelease-Ticket: xchem/fragalysis-stack#{number}")


@pytest.mark.parametrize(("inputs", "words"), [
    ({"backend_tag": "new@12345"}, "7 to 40 hexadecimal digits"),
    ({"backend_repository": "other/fragalysis-backend"}, "different owners"),
    ({"local": "/"}, "cannot be new with local"),
])  # fmt: skip
def test_a_wrong_use_is_refused_before_anything_is_asked(line: Line, inputs: dict[str, str], words: str) -> None:
    """A commit that is none, components of two owners, and clones: status 2, and no request."""
    line.world.github.requests.clear()
    outcome = line.prepare(environment=None, **inputs)
    assert (outcome.status, line.world.github.requests) == (2, []), outcome.log
    assert words in outcome.log
