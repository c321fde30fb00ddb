"""Pairs of runs at the same moment, and what they must leave: one open ticket with one card, one job that stays."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping

import pytest

from commands.deployment import Deployment
from commands.desk import FULL, TAG, Desk
from commands.test_prepare import writes
from world.awx_jobs import LINES, PENDING, RUNNING, Look
from world.events import push_tag
from world.faults import Forward, Misbehaviour, Reply
from world.hurried import hurried
from world.program import Outcome, Running

TITLE = "Release 2023.06.2"
POSTED = {False: "/issues$", True: "/comments$"}
LONG = (*[PENDING] * 60, *[RUNNING] * 4, Look("successful", LINES))
"""A job that goes on until both runs have looked at it."""


def at_once(start: Callable[[], Running], apart: float = 0.0) -> list[Outcome]:
    """Start two runs, the second so many seconds later, and return how they ended."""
    first = start()
    time.sleep(apart)
    second = start()
    return [first.finish(), second.finish()]


def apart(seed: int) -> float | None:
    """None for runs that meet at their write; else how many seconds there are between their starts."""
    return None if seed % 2 else random.Random(seed).uniform(0, 0.4)


def together() -> Misbehaviour:
    """Hold the first request until the second has come."""
    both = threading.Barrier(2)

    def act(forward: Forward) -> Reply:
        both.wait(60)
        return forward()

    return act


def announced(desk: Desk, inputs: Mapping[str, str], seconds: float | None = None) -> list[Outcome]:
    """Two announcements; by default neither has seen the other's ticket or comment before its own."""
    if seconds is None:
        desk.world.github.add("POST", POSTED["ticket" in inputs], together(), times=2)
    event = push_tag(TAG, desk.world.commit(TAG))
    outcomes = at_once(lambda: desk.start(event, inputs), seconds or 0.0)
    desk.world.github.planned.clear()
    return outcomes


def deployed(ready: Deployment, seconds: float | None = None) -> list[Outcome]:
    """Two deployments; by default neither has seen the other's job before its launch."""
    ready.world.program = hurried(ready.world.program)
    ready.awx.templates[0].script = LONG
    if seconds is None:
        ready.awx.add("POST", "/launch/", together(), times=2)
    return at_once(ready.start, seconds or 0.0)


def demand_one_ticket(desk: Desk, outcomes: list[Outcome]) -> int:
    """Demand one open ticket with one card, the lowest, to which both runs lead; returns how many were opened."""
    assert [one.status for one in outcomes] == [0, 0], "\n".join(one.log for one in outcomes)
    first, *others = desk.tickets()
    assert first["state"] == "open"
    for second in others:
        assert (second["state"], second["state_reason"], second["assignees"]) == ("closed", "duplicate", [])
        assert second["body"] == f"Duplicate of #{first['number']}, which another run opened at the same moment."
    assert sorted(user["login"] for user in first["assignees"]) == ["maintainer", "reviewer"]
    assert [item.issue["number"] for item in desk.board.items] == [first["number"]]
    assert desk.board.lanes() == {TITLE: ["Push to Production"]}
    told = {(one.outputs["ticket-number"], one.outputs["ticket-url"]) for one in outcomes}
    assert told == {(str(first["number"]), first["html_url"])}
    again = desk.announce(**FULL)
    assert (again.status, writes(desk.world), again.findings("warn")) == (0, [], {}), again.log
    return 1 + len(others)


def demand_one_job(ready: Deployment, outcomes: list[Outcome]) -> int:
    """Demand that the lowest job alone has run, and that both runs lead to it; returns how many were launched."""
    assert [one.status for one in outcomes] == [0, 0], "\n".join(one.log for one in outcomes)
    first, *others = sorted(ready.awx.jobs, key=lambda job: job.id)
    assert first.look.status == "successful"
    for second in others:
        assert (second.look.status, second.look.has_begun) == ("canceled", False)
        assert any(f"Ours, the job {second.id}, was not needed" in one.summary for one in outcomes)
    cancelled = [one for one in ready.awx.requests if one.method == "POST" and one.path.endswith("/cancel/")]
    assert len(cancelled) == len(others)
    url = f"{ready.awx.url}/#/jobs/playbook/{first.id}/output"
    told = {(one.outputs["job-id"], one.outputs["job-url"], one.outputs["job-status"]) for one in outcomes}
    assert told == {(str(first.id), url, "successful")}
    return 1 + len(others)


def report_pairs(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many pairs of each command left one ticket or job, by what they had made, here or in other workers."""
    reports = terminalreporter.stats.get("passed", [])
    pairs = [tuple(value) for one in reports for name, value in one.user_properties if name == "pair"]
    if pairs:
        terminalreporter.section("pairs of runs at the same moment, of which one ticket or job stayed")
        for command, made in sorted(set(pairs)):
            terminalreporter.write_line(f"{command:<12}made {made}: {pairs.count((command, made)):>4}")
