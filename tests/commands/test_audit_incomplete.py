"""An audit that was cut short says so, keeps what it has, ends with status 1 and calls nothing clean."""

from __future__ import annotations

import threading
import time

import pytest

from commands.auditing import REPOSITORY, audit, release, releases_in
from commands.conftest import World
from world.faults import Forward, Reply, json_reply
from world.github_releases import GitHubReleases
from world.histories import add_releases
from world.program import Outcome, with_little_time

RELEASES = 30


@pytest.fixture
def past(unseeded: World) -> World:
    """Thirty more releases of the worked example's pair."""
    more = [f"2023.06.{number}" for number in range(3, 3 + RELEASES)]
    add_releases(unseeded.example, more, "2023.05.1", "2023.05.4")
    return unseeded.seed()


def limit_after(world: World, number: int) -> list[int]:
    """Have the GitHub refuse everything after so many answers, for an hour; the list counts refusals."""
    count, lock = [0, 0], threading.Lock()
    headers = {
        "X-RateLimit-Limit": "1000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": f"{time.time() + 3600:.0f}",
    }

    def refuse(forward: Forward) -> Reply:
        with lock:
            is_refused = count[0] >= number
            count[is_refused] += 1
        if not is_refused:
            return forward()
        return json_reply(403, {"message": "API rate limit exceeded for installation."}, headers)

    world.github.add("GET", "", refuse)
    return count


def incomplete(outcome: Outcome) -> bool:
    """Whether an outcome can be taken for nothing but an audit that was not finished."""
    assert outcome.report is not None, outcome.log
    return (
        outcome.status == 1
        and outcome.outputs["verdict"] == "blocked"
        and outcome.report["complete"] is False
        and outcome.report["missing"]["count"] > 0
        and outcome.summary.startswith("## ⛔ Incomplete")
        and "keep the rules" not in outcome.summary + outcome.log
    )


@pytest.mark.parametrize("number", [6, 20, 44])
def test_a_rate_limit_half_way_stops_the_audit(past: World, number: int) -> None:
    """From the first refusal on next to nothing is asked; what is known by then is told, as incomplete."""
    refused = limit_after(past, number)
    started = time.monotonic()
    outcome = audit(past)
    assert incomplete(outcome), outcome.summary
    assert len(releases_in(outcome)) == RELEASES + 3
    # Those that were under way beside each other when the first was refused.
    assert refused[1] <= 16
    assert time.monotonic() - started < 60
    assert "takes no more requests for now" in outcome.log
    assert "Run this again after" in outcome.summary


def test_a_rate_limit_at_the_very_start_judges_nothing(past: World) -> None:
    """Without the list of tags there is no audit at all: status 1, and the report says what stopped it."""
    limit_after(past, 0)
    outcome = audit(past)
    assert outcome.status == 1
    assert outcome.report is not None and outcome.report["verdict"] == "blocked"
    assert "frag-release.yaml of xchem/fragalysis-stack could not be read" in outcome.log
    assert "Run this again after" in outcome.log


def test_what_was_seen_before_the_limit_is_judged(past: World) -> None:
    """Releases whose files were read in time are told with their pair, the others as not verified."""
    limit_after(past, 20)
    found = releases_in(audit(past))
    with_pair = [tag for tag, one in found.items() if all(part["tag"] for part in one["components"])]
    assert 0 < len(with_pair) < len(found)
    assert all(one["verdict"] != "deploy" for one in found.values())


def test_a_time_out_is_incomplete(past: World) -> None:
    """What does not come within timeout-seconds is missing, and the run ends in about that time."""
    over = past.github.hold("GET", "contents/.*build-main")
    started = time.monotonic()
    # Without the list of tags nothing is judged at all.
    outcome = with_little_time(
        lambda seconds: audit(past, timeout_seconds=seconds),
        lambda outcome: outcome.report and "releases" in outcome.report,
        seconds="4",
    )
    assert time.monotonic() - started < 120
    over.set()
    assert incomplete(outcome)


@pytest.mark.parametrize("status", [404, 500])
def test_a_page_of_releases_that_is_lost_is_incomplete(past: World, releases_of: GitHubReleases, status: int) -> None:
    """Where the second page of releases cannot be had, no tag is taken for one that did not move."""
    release(past, releases_of, "2023.06.1")
    for number in range(150):
        releases_of.add(REPOSITORY, f"2022.01.{number + 1}")
    past.github.fail("GET", r"/releases\?.*page=2", status=status)
    assert incomplete(audit(past, timeout_seconds="50"))


@pytest.mark.parametrize("what", ["html", "truncate"])
def test_half_an_answer_is_incomplete(past: World, what: str) -> None:
    """An answer that is no answer leaves its releases not verified."""
    getattr(past.github, what)("GET", r"fragalysis-backend/git/matching-refs/heads")
    assert incomplete(audit(past, timeout_seconds="50"))


def test_a_lost_page_of_a_branch_is_made_up_for(past: World) -> None:
    """A list of commits that is not whole is not believed: the commits are compared one by one instead."""
    past.example.stack.fast_history(250)
    past.github.emulate.reset()
    past.seed()
    past.github.fail("GET", r"/commits\?.*page=2", status=500)
    outcome = audit(past)
    assert outcome.status == 0, outcome.log
    compared = [one for one in past.github.requests if f"{REPOSITORY}/compare/" in one.path]
    assert len(compared) == RELEASES + 2


def test_a_candidate_that_cannot_be_read_is_incomplete_too(world: World) -> None:
    """Also where only a tag that is not judged could not be read, the audit is not finished, and ends with 1."""
    world.github.fail("GET", f"contents/.*ref={world.commit('2023.06.2-rc.1')}", status=500)
    outcome = audit(world, timeout_seconds="50")
    assert incomplete(outcome)
    assert [one["verdict"] for one in releases_in(outcome).values()] == ["deploy", "build-only", "deploy"]


def test_a_release_whose_file_is_lost_is_not_taken_for_none(world: World) -> None:
    """The release above one that could not be read is compared with nothing, and says why."""
    world.github.fail("GET", f"/contents/.*ref={world.commit('2023.06.1')}", status=503)
    findings = releases_in(audit(world))["2023.06.2"]["findings"]
    for rule in ("pin-order", "pair-changed"):
        found = [(one["status"], "could not be read" in one["message"]) for one in findings if one["rule"] == rule]
        assert found and set(found) == {("warn", True)}, findings
