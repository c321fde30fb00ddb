"""What `publish` says when GitHub cannot be asked, or its answer to a write cannot be read, is true."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from commands.stack import Stack
from frag_release.commands.building import Building
from frag_release.commands.journal import Journal
from frag_release.commands.waiting import Clock
from frag_release.domain.builds import Build, Job, PendingDeployment, Progress
from frag_release.domain.evidence import Answer, Unknown
from frag_release.domain.reports import Problem
from frag_release.errors import ExpectedError
from frag_release.render.plan import progress_line
from world.faults import Forward, Reply

NOW = datetime.datetime(2023, 6, 2, 9, 0, tzinfo=datetime.timezone.utc)
LOST = Unknown("api.github.com answered 503, when asked for the jobs of a run")


@dataclass
class Builds:
    """A build in some state, whose jobs cannot be read, or can."""

    build: Build
    seen: Answer[Sequence[Job]]

    def past(self, workflow: str, limit: int) -> Answer[Sequence[Sequence[Job]]]:
        """No build was before it."""
        return ()

    def latest(self, build: Build) -> Answer[Build | None]:
        """The build."""
        return self.build

    def jobs(self, build: Build) -> Answer[Sequence[Job]]:
        """Its jobs."""
        return self.seen

    def pending_deployments(self, build: Build) -> Answer[Sequence[PendingDeployment]]:
        """GitHub names nobody."""
        return ()


def a_build(status: str, conclusion: str | None) -> Build:
    """The build of a tag in that state."""
    return Build(7, "x", "push", "2023.06.2", "5" * 40, 1, status, conclusion, "https://github.example/run/7")


def building_of(build: Build, jobs: Answer[Sequence[Job]]) -> Building:
    """What follows that build, without any time left."""
    builds: Any = Builds(build, jobs)
    say: Callable[[object], None] = lambda _: None  # noqa: E731
    clock = Clock(lambda: NOW, lambda: 0.0, lambda _: None)
    building = Building(builds, "f.yaml", "2023.06.2", "5" * 40, False, say, clock, Journal(print).writing)
    building.seen = Progress(NOW, build)
    return building


def stopped(status: str, conclusion: str | None, jobs: Answer[Sequence[Job]]) -> ExpectedError:
    """What is said of a build in that state when time is up after the first look."""
    with pytest.raises(ExpectedError) as caught:
        building_of(a_build(status, conclusion), jobs).follow()
    return caught.value


def out_of_time(status: str, conclusion: str | None, jobs: Answer[Sequence[Job]]) -> str:
    """The message of that."""
    return stopped(status, conclusion, jobs).message


def test_a_build_that_could_not_be_seen_is_not_said_to_go_on() -> None:
    """Where the last look failed, that is said with its reason, and a completed build is not called unfinished."""
    assert out_of_time("completed", "success", LOST) == (
        "Time is up (timeout-seconds), and the build of 2023.06.2 could not be followed to its end: api.github.com "
        "answered 503, when asked for the jobs of a run. It was last seen ended as success."
    )
    assert "It was last seen in progress." in out_of_time("in_progress", None, LOST)
    assert out_of_time("in_progress", None, ()) == (
        "Time is up (timeout-seconds), and the build of 2023.06.2 is not over (in progress)."
    )


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("a.example answered 503", "a.example answered 503. Run this again."),
        ("It is gone.", "It is gone. Run this again."),
        ('GitHub refused it: 403 "No"', 'GitHub refused it: 403 "No". Run this again.'),
    ],
)
def test_a_reason_and_its_remedy_are_two_sentences(message: str, told: str) -> None:
    """Between what happened and what to do stands a full stop, and never two."""
    assert Problem(message, "Run this again.", 1).text == told
    assert Problem(message, "", 1).text == message


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/git/refs$"), ("POST", "/releases$"), ("POST", "/assets"), ("PATCH", "/releases/")]
)
def test_a_write_that_was_done_and_not_told_is_not_called_harmless(stack: Stack, method: str, path: str) -> None:
    """Where the answer to a write cannot be read, that it was done is said, and another run goes on from there."""
    stack.prepare()
    event = stack.push()

    def unreadable(forward: Forward) -> Reply:
        return replace(forward(), body=b"<html>")

    stack.world.github.add(method, path, unreadable, times=1)
    outcome = stack.publish(event)
    assert "Nothing is known to be wrong" not in outcome.log + outcome.summary
    if outcome.status:
        assert "GitHub reports success, but its reply is unusable. Run this again" in outcome.log
    assert stack.publish(event).status == 0
    assert len(stack.releases.releases) == 1


@pytest.mark.parametrize(
    ("status", "conclusion", "who"),
    [
        ("completed", "action_required", "A person with write access to the repository must approve it at"),
        ("waiting", None, "a reviewer of its environment by Review deployments"),
    ],
)
def test_a_held_build_says_who_must_approve_it(status: str, conclusion: str | None, who: str) -> None:
    """A build that GitHub holds is left, for nothing has failed; whoever needs its end reads who approves it, where."""
    building = building_of(a_build(status, conclusion), ())
    assert building.follow().is_left
    with pytest.raises(ExpectedError, match=r"The build of 2023\.06\.2 is not over \(waiting\)") as caught:
        building.require_over()
    assert who in caught.value.remedy and "https://github.example/run/7" in caught.value.remedy
    line = progress_line(Progress(NOW, a_build(status, conclusion)))
    assert line.startswith("build 2023.06.2: waiting for approval | ") and who in line


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (3, "re-run its failed jobs at https://github.example/run/7 (GitHub allows it for 27 more days)"),
        (31, "The run is 31 days old, and GitHub re-runs nothing after 30."),
    ],
)
def test_a_failed_build_is_mended_as_its_age_allows(days: int, says: str) -> None:
    """Within 30 days its failed jobs are run again; what is older GitHub does not run, so a new release is the way."""
    build = replace(a_build("completed", "failure"), created=NOW - datetime.timedelta(days=days))
    following = building_of(build, ())
    with pytest.raises(ExpectedError) as caught:
        following.require_passed()
    assert says in caught.value.remedy


def test_a_tag_that_starts_nothing_may_be_left_out_by_a_policy() -> None:
    """Where no run appears, a workflow execution protection is named among the causes, with where to look."""
    remedy = building_of(a_build("queued", None), ())._never_started().remedy
    assert "workflow execution protection" in remedy and "Settings > Actions > Policies" in remedy
