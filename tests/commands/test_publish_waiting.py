"""`publish` while it waits for a component's CI: the world goes on meanwhile."""

from __future__ import annotations

import pytest
import requests

from commands.stack import REPOSITORY, Stack
from commands.test_building import Simulated
from domain.worked_example import release
from frag_release.commands.waiting import Judged, judge_when_settled
from frag_release.domain.findings import Finding, Status
from world.asking import HEADERS
from world.example import WORKFLOW_FILE, workflow_text
from world.program import Running
from world.workflow_runs import Run


def waiting_for_ci(stack: Stack) -> tuple[Running, Run]:
    """A run of publish that waits for the backend's CI, and that CI's run."""
    running = next(run for run in stack.world.github.runs if run.head_branch == "2023.05.1")
    running.status, running.conclusion = "in_progress", None
    waiting = stack.start(wait_minutes="1")
    waiting.wait_for("Waiting for CI")
    return waiting, running


def make_branch(stack: Stack, repository: str, name: str, commit: str) -> None:
    """Make a branch, as a person does."""
    with requests.Session() as session:
        url, body = (
            f"{stack.world.github.url}/repos/{repository}/git/refs",
            {"ref": f"refs/heads/{name}", "sha": commit},
        )
        assert session.post(url, json=body, headers=HEADERS, timeout=20).ok


def test_a_branch_that_appears_while_it_waits_for_ci_is_seen(stack: Stack) -> None:
    """A branch of the backend tag's name that appears while its CI is waited for refuses the release."""
    stack.reviewed()
    waiting, running = waiting_for_ci(stack)
    make_branch(stack, running.repository, "2023.05.1", running.head_sha)
    running.status, running.conclusion = "completed", "success"
    outcome = waiting.finish()
    assert (outcome.status, outcome.outputs["failed-rules"]) == (1, "pin-shadowed:backend"), outcome.log
    assert "2023.06.2" not in stack.tags()


@pytest.mark.parametrize("meanwhile", ["reverted", "named"])
def test_a_review_that_is_overtaken_while_it_waits_for_ci_publishes_nothing(stack: Stack, meanwhile: str) -> None:
    """A pair that is reverted while CI is waited for, or a branch that gets the tag's name: no tag, and told why."""
    commit = stack.reviewed()
    waiting, running = waiting_for_ci(stack)
    if meanwhile == "reverted":
        stack.commit("Revert it", {WORKFLOW_FILE: workflow_text("2023.03.1", "2023.05.3")})
    else:
        make_branch(stack, REPOSITORY, "2023.06.2", commit)
    running.status, running.conclusion = "completed", "success"
    outcome = waiting.finish()
    words = {"reverted": "was superseded while this run waited for CI", "named": "has a branch named 2023.06.2"}
    assert outcome.status == 1 and words[meanwhile] in outcome.summary, outcome.log
    assert outcome.summary.startswith("## ⛔")
    assert "2023.06.2" not in stack.tags() and stack.releases.releases == []


def test_a_review_that_stands_after_a_wait_is_published(stack: Stack) -> None:
    """Where other work came to the branch while CI was waited for, the reviewed commit is published all the same."""
    commit = stack.reviewed()
    waiting, running = waiting_for_ci(stack)
    stack.commit("docs: New", {"NEW.md": "x"})
    running.status, running.conclusion = "completed", "success"
    outcome = waiting.finish()
    assert (outcome.status, stack.tags()["2023.06.2"]) == (0, commit), outcome.log


@pytest.mark.parametrize(
    ("takes", "minutes", "looks"),
    [(0.0, 0.0, [0]), (0.0, 0.5, [0, 10, 20, 30]), (25.0, 1.0, [25, 60]), (90.0, 1.0, [90]), (0.0, 0.05, [0, 3])],
)
def test_what_judging_takes_counts_as_waiting(takes: float, minutes: float, looks: list[float]) -> None:
    """CI that never ends is waited for so many minutes, however long each look takes; the last is at their end."""
    time, ends, told = Simulated(), list[float](), list[str]()
    running = Finding("pin-ci", "backend", "2023.05.1", Status.UNKNOWN, "CI is running", may_settle=True)

    def judge() -> Judged:
        time.sleep(takes)
        ends.append(time.seconds)
        return release(), [running]

    assert judge_when_settled(judge, [], minutes, told.append, time.clock)[1] == [running]
    assert (ends, len(told)) == (looks, min(1, len(looks) - 1))
