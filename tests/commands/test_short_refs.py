"""Short names of refs: a tag, or a branch, if exactly one of them has the name."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from commands.conftest import World
from commands.deployment import OLD, REPOSITORY, Deployment
from commands.terminal import errors_of, gate_in_terminal
from commands.test_prepare import send
from commands.test_rollback import publish, record, refused, roll_back
from world.events import dispatch, push_branch
from world.program import Outcome

TAG = "2023.06.2"


def asked(world: World, ref: str) -> Outcome:
    """What the gate says of a ref in a run of the stack branch."""
    return world.gate(dispatch("refs/heads/master", world.commit(TAG)), ref=ref)


def report_of(outcome: Outcome) -> dict[str, Any]:
    """The whole report but its time."""
    assert outcome.report is not None, outcome.log
    return {**outcome.report, "time": ""}


def judged(outcome: Outcome) -> tuple[str, str, str]:
    """Of which ref the gate has spoken, and what it said."""
    assert outcome.report is not None, outcome.log
    return outcome.report["ref"], outcome.outputs["verdict"], outcome.outputs["image-tag"]


def test_a_short_name_is_that_of_the_runs_own_tag(world: World) -> None:
    """A push of a tag that names itself in short is the run's own, and may be deployed."""
    outcome = world.gate(TAG, ref=TAG)
    assert (outcome.status, judged(outcome)) == (0, (f"refs/tags/{TAG}", "deploy", TAG)), outcome.log


def test_a_short_name_is_that_of_another_tag(world: World) -> None:
    """A short name is judged as its full name is: the run belongs to another ref, so nothing is deployed."""
    short, full = asked(world, TAG), asked(world, f"refs/tags/{TAG}")
    assert judged(short) == judged(full) == (f"refs/tags/{TAG}", "build-only", "")
    assert report_of(short) == report_of(full)


@pytest.mark.parametrize("name", ["master", "2023.07.1", "feature/a", "tags/2023.06.2"])
def test_a_name_that_only_a_branch_has_is_the_branch(unseeded: World, name: str) -> None:
    """Also one that looks like a release: what is said of it is what is said of `refs/heads/NAME`, and why."""
    unseeded.example.stack.branch(name, unseeded.commit(TAG))
    world = unseeded.seed()
    event = push_branch(name, world.commit(TAG))
    short, full = world.gate(event, ref=name), world.gate(event)
    assert judged(short) == judged(full)
    assert judged(short)[:2] == (f"refs/heads/{name}", "build-only")
    assert (short.status, report_of(short)) == (0, report_of(full))


def test_a_name_that_a_tag_and_a_branch_have_is_refused(unseeded: World) -> None:
    """Nobody guesses which is meant: both full names are offered, and nothing is judged."""
    unseeded.example.stack.branch(TAG, unseeded.commit(TAG))
    world = unseeded.seed()
    for event in (TAG, dispatch("refs/heads/master", world.commit(TAG))):
        outcome = world.gate(event, ref=TAG)
        assert (outcome.status, outcome.report, outcome.outputs["deploy-production"]) == (2, None, "false")
        assert (
            f"The input ref is '{TAG}', which names both a tag and a branch of xchem/fragalysis-stack. "
            f"Write refs/tags/{TAG} or refs/heads/{TAG}." in outcome.log
        )
    assert judged(asked(world, f"refs/heads/{TAG}"))[0] == f"refs/heads/{TAG}"


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ["2023.06", "2023.06.20", "Master", "a..b", "HEAD", "0" * 40])
def test_a_name_that_nothing_has_is_refused(world: World, name: str) -> None:
    """Names are taken exactly; the beginning of one, another case, and a commit are none."""
    outcome = asked(world, name)
    assert (outcome.status, outcome.outputs["deploy-production"]) == (2, "false")
    assert (
        f"The input ref is '{name}', which names neither a tag nor a branch of xchem/fragalysis-stack." in outcome.log
    )


@pytest.mark.parametrize("kind", ["tags", "heads"])
@pytest.mark.parametrize("status", [403, 503])
def test_a_name_that_could_not_be_looked_up_is_neither(world: World, kind: str, status: int) -> None:
    """That the tag was found does not help: a branch could have its name. It ends with 1, for it may go again."""
    world.github.fail("GET", f"/git/ref/{kind}/{TAG}$", status=status)
    outcome = world.gate(TAG, ref=TAG)
    assert (outcome.status, outcome.outputs["deploy-production"]) == (1, "false")
    what = {"tags": "tag", "heads": "branch"}[kind]
    assert f"The {what} {TAG} of xchem/fragalysis-stack could not be looked up" in outcome.log


def test_a_short_name_costs_two_requests(world: World) -> None:
    """Tag and branch of the name are looked up, at times beside other questions; the gate is answered by that, too."""
    world.gate(TAG)
    full = len(world.github.requests)
    world.github.requests.clear()
    assert world.gate(TAG, ref=TAG).outputs["verdict"] == "deploy"
    assert len(world.github.requests) <= full + 3


@pytest.mark.parametrize(("name", "ref"), [(TAG, f"refs/tags/{TAG}"), ("master", "refs/heads/master")])
def test_a_terminal_takes_short_names(world: World, name: str, ref: str) -> None:
    """What is typed in a terminal is a tag if there is one, else a branch."""
    running = gate_in_terminal(world, ref=name, report="report.json")
    outcome = running.finish()
    assert outcome.status == 0, errors_of(running)
    assert outcome.report is not None
    assert outcome.report["ref"] == ref


def test_clones_take_short_names(world: World) -> None:
    """On clones it is the same: a tag, and with a branch of its name neither."""

    def gate(name: str) -> subprocess.CompletedProcess[str]:
        program, folder = str(world.program.folder / "scripts"), str(world.example.folder)
        command = [sys.executable, program, "gate", "--local", folder, "--stack-repository", REPOSITORY, "--ref", name]
        given = [*command, "--check-ci", "false", "--check-images", "false"]
        return subprocess.run(given, env=dict(os.environ), capture_output=True, encoding="utf-8", check=False)

    found = gate(TAG)
    assert (found.returncode, found.stdout.splitlines()[0]) == (0, f"May be deployed to production: {TAG}")
    world.example.stack.branch(TAG, world.commit(TAG))
    both, neither = gate(TAG), gate("2023.06.20")
    assert (both.returncode, neither.returncode) == (2, 2)
    assert "names both a tag and a branch" in both.stderr
    assert "names neither a tag nor a branch" in neither.stderr


def test_a_rollback_takes_the_tag_alone(ready: Deployment) -> None:
    """The night of the rollback is one name shorter, and the report has the full one."""
    publish(ready, record(ready, ready.build(OLD)))
    outcome = roll_back(ready, ref=OLD)
    assert outcome.status == 0, outcome.log
    assert ready.launched() == [{"stack_image_tag": OLD}]
    assert outcome.report is not None
    assert (outcome.report["ref"], outcome.report["rollback"]) == (f"refs/tags/{OLD}", True)


@pytest.mark.parametrize(
    ("name", "branch", "words"),
    [
        (OLD, OLD, "names both a tag and a branch"),
        ("2023.05.1", "2023.05.1", "The input ref cannot be 'refs/heads/2023.05.1'. Name the release to roll back to"),
        ("2023.06.2-rc.1", "", "The input ref cannot be 'refs/tags/2023.06.2-rc.1'. Name the release to roll back to"),
        ("2023.05.1", "", "names neither a tag nor a branch"),
    ],
)
def test_a_rollback_takes_no_other_short_name(ready: Deployment, name: str, branch: str, words: str) -> None:
    """A branch that is named like a release, and a tag that is none, are refused before AWX is asked anything."""
    if branch:
        send(ready.world, "POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": ready.world.commit(OLD)})
    publish(ready, record(ready, ready.build(OLD)))
    outcome = roll_back(ready, ref=name)
    assert refused(ready, outcome, 2), outcome.log
    assert words in outcome.log


def test_a_deployment_takes_short_names(ready: Deployment) -> None:
    """The run's own tag is deployed by its short name, and no other image goes under it."""
    other = ready.deploy(ref=TAG, image_tag="2023.06.1", dry_run="true")
    assert refused(ready, other, 2)
    assert f"The input image-tag cannot be '2023.06.1'. Deploy the tag that is judged ({TAG})" in other.log
    outcome = ready.deploy(ref=TAG)
    assert outcome.status == 0, outcome.log
    assert ready.launched() == [{"stack_image_tag": TAG}]
