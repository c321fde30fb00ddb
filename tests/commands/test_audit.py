"""`audit` as a process, on a GitHub with the worked example's history."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

from commands.auditing import REPOSITORY, STACK_DIGEST, audit, blockers, record, release, releases_in
from commands.conftest import World
from world.example import BACKEND, STACK, WORKFLOW_FILE, add_off_production_release, release_stack, workflow_text
from world.git import Repo
from world.github_releases import GitHubReleases
from world.histories import add_releases


def test_a_clean_history_is_told_oldest_first_and_ends_well(world: World) -> None:
    """Both releases keep the rules: exit 0, every tag in the report in order, the newest on top of the summary."""
    outcome = audit(world)
    assert outcome.status == 0, outcome.log
    found = releases_in(outcome)
    assert {tag: one["verdict"] for tag, one in found.items()} == {
        "2023.06.1": "deploy",
        "2023.06.2-rc.1": "build-only",
        "2023.06.2": "deploy",
    }
    assert list(found) == ["2023.06.1", "2023.06.2-rc.1", "2023.06.2"]
    last = found["2023.06.2"]
    assert (last["commit"], last["date"]) == (world.commit("2023.06.2"), "2023-06-01T13:00:00Z")
    assert [(one["name"], one["tag"]) for one in last["components"]] == [
        ("backend", "2023.05.1"),
        ("frontend", "2023.05.4"),
    ]
    assert outcome.report is not None
    assert (outcome.report["complete"], outcome.report["verdict"], outcome.report["command"]) == (
        True,
        "build-only",
        "audit",
    )
    assert outcome.report["counts"]["by-year"] == {"2023": {"fine": 2, "broken": 0, "unverified": 0}}
    assert outcome.summary.startswith("## ✅ All 2 production tags keep the rules")
    rows = re.findall(r"\| 2023-06-01 \| \[`([^`]+)`\]", outcome.summary)
    assert rows == ["2023.06.2", "2023.06.2-rc.1", "2023.06.1"]
    assert (outcome.outputs["verdict"], outcome.outputs["deploy-production"]) == ("build-only", "false")


def today() -> str:
    """The date by which it judges, which may be another after midnight."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%d")


def test_it_says_by_which_time_it_judges_and_what_it_left_out(world: World) -> None:
    """The summary and the log name the date of the judgement, what is as of then, and the checks that are off."""
    before = today()
    outcome = audit(world)
    for told in (outcome.summary, outcome.log):
        assert any(f"Judged on {day}" in told for day in (before, today()))
        assert "the order of tags and changes of the pair as of the date of each tag" in told
    assert "CI was not checked" in outcome.summary and "Images were not checked" in outcome.summary
    statuses = {one["rule"]: one["status"] for one in releases_in(outcome)["2023.06.2"]["findings"]}
    assert (statuses["pin-ci"], statuses["pin-image"], statuses["stack-image"]) == ("skipped", "skipped", "skipped")
    assert "pin-effective" not in statuses


def test_switched_on_ci_and_images_are_judged(world: World) -> None:
    """With check-ci and check-images every pin's run and image is asked for, and a run that is gone is unknown."""
    assert blockers(audit(world, check_ci="true", check_images="true")) == {}
    world.github.runs[:] = [run for run in world.github.runs if run.head_branch != "2023.03.1"]
    outcome = audit(world, check_ci="true", check_images="true")
    assert (outcome.status, blockers(outcome)) == (1, {"2023.06.1": ["pin-ci:backend=unknown"]})
    assert outcome.report is not None
    # GitHub answered: the audit is complete, the release is not verified.
    assert outcome.report["complete"] is True
    assert outcome.summary.startswith("## ⛔ 1 production tag could not be verified")


def test_ci_is_judged_as_the_gate_judges_it(world: World) -> None:
    """Another commit built under the tag's name, a branch of that name, and CI without names: as in the gate."""
    backend, frontend = "xchem/fragalysis-backend", "xchem/fragalysis-frontend"
    world.github.add_run(backend, "2023.03.1", "9" * 40)
    world.github.origins.branch(frontend, "2023.05.4", "2023-06-01T08:00:00Z")
    outcome = audit(world, check_ci="true", backend_ci_workflows="", frontend_ci_workflows="")
    assert blockers(outcome) == {"2023.06.1": ["pin-ci:backend=unknown"], "2023.06.2": ["pin-ci:frontend=unknown"]}
    of_ci = {
        one["subject"]: one["status"]
        for one in releases_in(outcome)["2023.06.2"]["findings"]
        if one["rule"] == "pin-ci"
    }
    assert of_ci["backend"] == "warn"


@pytest.mark.parametrize(("status", "complete"), [(404, True), (422, True), (500, False)])
def test_activity_that_is_not_told_is_no_gap(world: World, status: int, complete: bool) -> None:
    """What GitHub tells nobody leaves the audit complete and blocks nothing; what was lost does both."""
    world.github.fail("GET", "fragalysis-backend/activity", status=status)
    outcome = audit(world, check_ci="true", timeout_seconds="50")
    assert outcome.report is not None
    assert (outcome.report["complete"], outcome.status == 0) == (complete, complete)


def test_a_forgotten_run_counts_where_the_release_recorded_it(world: World, releases_of: GitHubReleases) -> None:
    """A run that GitHub forgot is as its release.json recorded it, for the same commit and the same image."""
    world.github.runs[:] = [run for run in world.github.runs if run.head_branch != "2023.03.1"]
    release(world, releases_of, "2023.06.1")
    assert blockers(audit(world, check_ci="true", check_images="true")) == {}


def test_a_comparison_with_a_record_that_can_be_changed_says_so(world: World, releases_of: GitHubReleases) -> None:
    """What is held against the release.json of a mutable release passes with that word; an immutable one needs none."""
    for tag in ("2023.06.1", "2023.06.2"):
        digest = world.registry.push(REPOSITORY, tag, revision="0" * 40)
        release(world, releases_of, tag, digest=None)
        releases_of.releases[-1].files[0].content = record(world, tag).replace(
            b'"digest": null', f'"digest": "{digest}"'.encode()
        )
    releases_of.releases[-1].immutable = True
    outcome = audit(world, check_images="true")
    assert blockers(outcome) == {}, outcome.log
    held = ("tag-commit:stack", "stack-image:stack", "pin-image:backend")
    for tag, told in (("2023.06.1", True), ("2023.06.2", False)):
        said = {f"{one['rule']}:{one['subject']}": one["message"] for one in releases_in(outcome)[tag]["findings"]}
        assert ["can change its release.json" in said[key] for key in held] == [told] * 3, said


def test_a_broken_rule_ends_with_status_one(unseeded: World) -> None:
    """A release of a backend off its production branch is blocked, named in log, summary and output."""
    add_off_production_release(unseeded.example)
    outcome = audit(unseeded.seed())
    assert (outcome.status, blockers(outcome)) == (1, {"2023.06.3": ["pin-on-branch:backend=fail"]})
    assert outcome.outputs["failed-rules"] == "pin-on-branch:backend"
    assert outcome.summary.startswith("## ⛔ 1 production tag breaks a rule")
    assert "::error title=Tag 2023.06.3::2023.05.2 of xchem/fragalysis-backend is not on production." in outcome.log


def test_an_old_sin_can_be_left_behind_with_since(unseeded: World) -> None:
    """The release after the last broken one is named, and judging from it on ends well."""
    add_off_production_release(unseeded.example)
    release_stack(unseeded.example, "2023.07.1", "2023.05.1", "2023.05.4")
    world = unseeded.seed()
    first = audit(world)
    assert first.status == 1
    assert "set `since` to `2023.07.1`" in first.summary
    again = audit(world, since="2023.07.1")
    assert (again.status, list(releases_in(again))) == (0, ["2023.07.1"])
    # The release below is still what it is compared with.
    assert releases_in(again)["2023.07.1"]["previous"] == "2023.06.3"


@pytest.mark.parametrize("since", ["2023.06.2", "2023.6.2"])
def test_since_compares_numbers(world: World, since: str) -> None:
    """From 2023.06.2 on, however it is written; the candidate before it is older and left out."""
    assert list(releases_in(audit(world, since=since))) == ["2023.06.2"]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("since", ["newest", "v2023.06.1", "2023.06.1.", "2023..1", "２０２３."])
def test_a_since_that_is_no_start_of_a_tag_is_refused(world: World, since: str) -> None:
    """What is no start of a production tag ends with status 2."""
    outcome = audit(world, since=since)
    assert (outcome.status, "input since" in outcome.log) == (2, True)


def test_a_since_beyond_the_newest_judges_nothing_and_says_so(world: World) -> None:
    """Nothing to judge is no failure, and never reads as clean."""
    outcome = audit(world, since="2024.")
    assert (outcome.status, releases_in(outcome)) == (0, {})
    assert outcome.summary.startswith("## ➖ Nothing to judge")
    assert "::warning" in outcome.log and "keep the rules" not in outcome.summary


def test_an_older_release_made_later_went_back(unseeded: World) -> None:
    """2023.05.1, tagged when 2023.06.2 was there, took production back; 2023.06.2 itself is in order."""
    release_stack(unseeded.example, "2023.05.1", "2023.03.1", "2023.05.3")
    outcome = audit(unseeded.seed())
    assert blockers(outcome) == {"2023.05.1": ["tag-order:stack=fail"]}
    assert "2023.06.2 was already released on master" in outcome.summary


def test_an_annotated_tag_has_its_own_date(unseeded: World) -> None:
    """An annotated tag put on an old commit later is as young as it says itself."""
    stack = unseeded.example.stack
    late = datetime(2023, 8, 1, 9, tzinfo=timezone.utc)
    old = unseeded.commit("2023.06.1")
    stack.tag("2023.05.9", old, annotated=True, date=late)
    outcome = audit(unseeded.seed())
    assert releases_in(outcome)["2023.05.9"]["date"] == "2023-08-01T09:00:00Z"
    assert blockers(outcome) == {"2023.05.9": ["tag-order:stack=fail"]}


def test_old_files_are_told_of_and_stop_nothing(unseeded: World) -> None:
    """A tag without the file, and one whose file lacks a variable, are findings; the other tags are judged."""
    example = unseeded.example
    pins = workflow_text("2023.03.1", "2023.05.3")
    then = datetime(2020, 6, 9, tzinfo=timezone.utc)
    bare = example.stack.commit({"README.md": "No workflow\n"}, "Before it", branch="old", parents=[], date=then)
    example.stack.tag("1.0.0", bare)
    half = example.stack.commit(
        {WORKFLOW_FILE: re.sub("(?m)^  FE_IMAGE.*\n", "", pins)}, "Half", branch="old", date=then
    )
    example.stack.tag("1.0.1", half)
    outcome = audit(unseeded.seed(), stack_branch="master,old")
    assert blockers(outcome) == {
        "1.0.0": ["pin-present:backend=fail", "pin-present:frontend=fail"],
        "1.0.1": ["pin-present:frontend=fail"],
    }
    assert "there is no file .github/workflows/build-main.yaml at this commit" in outcome.summary
    assert "the top-level env: has no FE_IMAGE_TAG" in outcome.log


def test_each_component_tag_is_asked_for_once(unseeded: World) -> None:
    """Twelve releases of one pair cost one lookup of each tag: lists, one comparison, one peeling."""
    add_releases(unseeded.example, [f"2023.06.{number}" for number in range(3, 13)], "2023.05.1", "2023.05.4")
    world = unseeded.seed()
    assert audit(world, since="2023.06.3").status == 0
    asked = [one.request.target.removeprefix(f"/repos/xchem/{BACKEND}") for one in world.github.requests]
    asked = [target for target in asked if not target.startswith("/repos/")]
    commit, head = world.example.commits[BACKEND]["2023.05.1"], world.example.backend.head("production")
    assert sorted(asked) == sorted(
        [
            "/git/matching-refs/tags",
            "/git/matching-refs/heads",
            "/git/ref/heads/production",
            f"/compare/{head}...{commit}?per_page=1",
        ]
    )


def test_a_stack_without_releases_is_an_error(world: World) -> None:
    """Where there is no production tag at all, that is said, and is no clean audit."""
    outcome = audit(world, stack_repository="xchem/fragalysis-nothing")
    assert outcome.status == 1
    assert "fragalysis-nothing" in outcome.log


def test_a_moved_stack_tag_is_found(unseeded: World, releases_of: GitHubReleases) -> None:
    """A tag that no longer points at what was released is named, with both commits."""
    world = unseeded.seed()
    content = record(world, "2023.06.2").replace(world.commit("2023.06.2").encode(), b"e" * 40)
    releases_of.add(REPOSITORY, "2023.06.2", files={"release.json": content})
    outcome = audit(world)
    assert (outcome.status, blockers(outcome)) == (1, {"2023.06.2": ["tag-commit:stack=fail"]})
    assert f"now points at {world.commit('2023.06.2')[:12]}, but eeeeeeeeeeee was released" in outcome.log


def test_a_moved_component_tag_is_found(world: World, releases_of: GitHubReleases) -> None:
    """A component's tag that points elsewhere than when it was released is named."""
    release(world, releases_of, "2023.06.2", commit="e" * 40)
    outcome = audit(world)
    assert blockers(outcome) == {"2023.06.2": ["pin-exists:backend=fail"]}
    assert "but 2023.06.2 was made from eeeeeeeeeeee: the tag was moved." in outcome.log


def test_images_pushed_again_are_found(world: World, releases_of: GitHubReleases) -> None:
    """A component's image, or the stack's own, that is another one than was released is named."""
    world.registry.push(REPOSITORY, "2023.06.2", revision="0" * 40)
    release(world, releases_of, "2023.06.2", digest=STACK_DIGEST)
    release(world, releases_of, "2023.06.1", digest=None)
    assert blockers(audit(world)) == {}
    outcome = audit(world, check_images="true")
    assert blockers(outcome) == {"2023.06.2": ["stack-image:stack=fail"]}
    assert "it was pushed again" in outcome.summary
    world.registry.push("xchem/fragalysis-backend", "2023.05.1", revision="1" * 40)
    assert blockers(audit(world, check_images="true", stack_image="none")) == {
        "2023.06.2": ["pin-image:backend=fail"],
    }


def test_a_deleted_release_tag_is_found(unseeded: World, releases_of: GitHubReleases) -> None:
    """A release whose tag is gone is told of, though there is no tag to judge."""
    unseeded.seed()
    release(unseeded, releases_of, "2023.06.1")
    unseeded.example.stack.delete("refs/tags/2023.06.1")
    unseeded.github.emulate.reset()
    unseeded.seed()
    outcome = audit(unseeded)
    assert blockers(outcome) == {"2023.06.1": ["tag-commit:stack=fail"]}
    assert releases_in(outcome)["2023.06.1"]["commit"] is None


def test_a_moved_tag_older_than_since_is_found_too(world: World, releases_of: GitHubReleases) -> None:
    """What was released is compared whatever since says; what did not change is not listed."""
    release(world, releases_of, "2023.06.2")
    release(world, releases_of, "2023.06.1", commit="e" * 40)
    outcome = audit(world, since="2023.06.2")
    assert (outcome.status, blockers(outcome)) == (1, {"2023.06.1": ["pin-exists:backend=fail"]})
    assert list(releases_in(outcome)) == ["2023.06.1", "2023.06.2"]
    assert [one["rule"] for one in releases_in(outcome)["2023.06.1"]["findings"]] == ["pin-exists"]


@pytest.mark.parametrize("content", [b"{}", b"\xff", b'{"schema": 1, "stack": {"tag": "2023.06.1"}}'])
def test_a_record_that_is_no_record_clears_nothing(world: World, releases_of: GitHubReleases, content: bytes) -> None:
    """Where release.json cannot be read, whether the tag moved is unknown, and the audit incomplete."""
    releases_of.add(REPOSITORY, "2023.06.2", files={"release.json": content})
    outcome = audit(world)
    assert (outcome.status, blockers(outcome)) == (1, {"2023.06.2": ["tag-commit:stack=unknown"]})
    assert outcome.report is not None and outcome.report["complete"] is False


def test_allow_demotes_an_old_finding_by_name(unseeded: World) -> None:
    """`allow` works as for the gate; one that changed nothing is named."""
    release_stack(unseeded.example, "2023.05.1", "2023.03.1", "2023.05.3")
    world = unseeded.seed()
    outcome = audit(world, allow="tag-order:stack@2023.05.1,pin-ci:backend@2023.05.1")
    assert (outcome.status, blockers(outcome)) == (0, {})
    assert "ALLOWED by hand" in outcome.summary
    assert "The allowance pin-ci:backend@2023.05.1 had no effect" in outcome.log


def test_foreign_names_stay_text(unseeded: World) -> None:
    """Tags named to be markup or a command are neither, in summary and log."""
    for name in ('x"><img/src=x>', "a`b|c", "a##]error", "@someone#1"):
        unseeded.example.stack.tag(name, unseeded.commit("2023.06.2"))
    outcome = audit(unseeded.seed())
    assert outcome.status == 0, outcome.log
    assert len(releases_in(outcome)) == 7
    assert "<img" not in outcome.summary
    assert not re.search(r"(?m)^\s*::error|##\[", outcome.log)


def test_clones_are_judged_the_same(unseeded: World, tmp_path: Path) -> None:
    """On clones the same verdicts come out, without a network, and it is said that no release was compared."""
    add_off_production_release(unseeded.example)
    for name, repository in unseeded.example.repositories.items():
        repository.clone(tmp_path / "clones" / f"{name.partition('/')[2]}.git", bare=True)
    there = audit(unseeded.seed())
    here = audit(unseeded, local=str(tmp_path / "clones"))
    assert unseeded.github.requests == []
    assert (here.status, releases_in(here)) == (there.status, releases_in(there))
    assert "Nothing was compared with any" in here.summary


def test_a_clone_without_the_newest_tags_is_said_to_be_stale(unseeded: World, tmp_path: Path) -> None:
    """A pin above every tag of its clone may exist by now: sentence and first step say that the clone is old."""
    folder = tmp_path / "clones"
    for name, repository in unseeded.example.repositories.items():
        repository.clone(folder / f"{name.partition('/')[2]}.git", bare=True)
    backend = Repo(folder / "fragalysis-backend.git")
    backend.delete("refs/tags/2023.05.1")
    backend.delete("refs/tags/2023.05.2")
    outcome = audit(unseeded, local=str(folder))
    assert blockers(outcome) == {"2023.06.2": ["pin-exists:backend=fail"]}
    why = "2023.05.1 is pinned, and its newest production tag is 2023.03.1."
    said = f"The clone of xchem/fragalysis-backend is older than the pins: {why}"
    for told in (outcome.summary, outcome.log):
        assert said in told and "1. Bring the clones up to date" in told
    assert "fragalysis-frontend is older" not in outcome.log


def test_a_clone_whose_branch_was_not_fetched_is_said_to_be_stale(unseeded: World, tmp_path: Path) -> None:
    """A tag that is younger than production, and on no branch at all, came by `git fetch --tags` alone."""
    folder = tmp_path / "clones"
    for name, repository in unseeded.example.repositories.items():
        repository.clone(folder / f"{name.partition('/')[2]}.git", bare=True)
    backend = Repo(folder / "fragalysis-backend.git")
    for branch in backend.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split():
        backend.branch(branch, unseeded.example.commits[BACKEND]["2023.03.1"])
    outcome = audit(unseeded, local=str(folder))
    assert blockers(outcome) == {"2023.06.2": ["pin-on-branch:backend=fail"]}
    assert "2023.05.1 was committed after the end of its production, and no branch has it." in outcome.log


def test_a_clone_that_is_up_to_date_is_not_said_to_be_stale(unseeded: World, tmp_path: Path) -> None:
    """A pin that never was, below tags that are there, and one that is on another branch say nothing of the clone."""
    example = unseeded.example
    release_stack(example, "2023.06.3", "2023.04.9", "2023.05.4")
    add_off_production_release(example, "2023.06.4")
    example.repositories["xchem/fragalysis-backend"].branch("staging", example.commits[BACKEND]["2023.05.2"])
    for name, repository in example.repositories.items():
        repository.clone(tmp_path / "clones" / f"{name.partition('/')[2]}.git", bare=True)
    outcome = audit(unseeded, local=str(tmp_path / "clones"))
    assert blockers(outcome) == {
        "2023.06.3": ["pin-exists:backend=fail"],
        "2023.06.4": ["pin-on-branch:backend=fail"],
    }
    assert "older than the pins" not in outcome.log + outcome.summary


def test_what_is_of_another_kind_is_told_and_does_not_make_it_incomplete(unseeded: World, tmp_path: Path) -> None:
    """A tag of a tree, or a folder in the place of the file, was seen: it is not verified, and the audit complete."""
    stack = unseeded.example.stack
    tree = stack.git("rev-parse", "2023.06.2^{tree}")
    stack.tag("a-tree", tree)
    stack.tag("2023.06.8", tree)
    stack.tag("2023.06.9", stack.commit({WORKFLOW_FILE: None, f"{WORKFLOW_FILE}/x": "folder"}, "Move it"))
    for name, repository in unseeded.example.repositories.items():
        repository.clone(tmp_path / "clones" / f"{name.partition('/')[2]}.git", bare=True)
    outcome = audit(unseeded, local=str(tmp_path / "clones"))
    assert (outcome.status, list(blockers(outcome))) == (1, ["2023.06.8", "2023.06.9"])
    assert outcome.report is not None and outcome.report["complete"] is True
    assert releases_in(outcome)["a-tree"]["verdict"] == "build-only"
    assert "points at a tree, not at a commit" in outcome.log and "is a folder, not a file" in outcome.log
    # Of what the others are, the odd ones leave nothing open.
    assert releases_in(outcome)["2023.06.2"]["verdict"] == "deploy"


def test_tags_with_a_v_are_told_for_what_they_are(unseeded: World, tmp_path: Path) -> None:
    """A clone whose tags are `vN.N.N` lacks nothing: no word of fetching, or of a clone that is too old."""
    for name, repository in unseeded.example.repositories.items():
        repository.clone(tmp_path / "clones" / f"{name.partition('/')[2]}.git", bare=True)
    backend, stack = (Repo(tmp_path / "clones" / f"{name}.git") for name in (BACKEND, STACK))
    for tag in ("2023.05.1", "2023.05.2"):
        backend.delete(f"refs/tags/{tag}")
    backend.tag("v2023.05.1", backend.head("production"))
    outcome = audit(unseeded, local=str(tmp_path / "clones"))
    assert blockers(outcome) == {"2023.06.2": ["pin-exists:backend=fail"]}
    assert "older than the pins" not in outcome.log
    for tag in ("2023.06.1", "2023.06.2", "2023.06.2-rc.1"):
        stack.delete(f"refs/tags/{tag}")
    stack.tag("v1.4.2", stack.head("master"))
    outcome = audit(unseeded, local=str(tmp_path / "clones"))
    assert outcome.status == 1
    assert "has no production tag: v1.4.2 is not N.N.N" in outcome.log and "fetch" not in outcome.log
