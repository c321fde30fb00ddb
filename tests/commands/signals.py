"""A signal to one of the seven commands at a moment, what must be told then, and the re-run that mends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from commands.endings import after_signal, demand, mended
from commands.scenarios import Made, Scenario, forget, scenario_of
from world.cancelling import Cancellation, Ending, Moment

Record = Callable[[str, object], None]
"""pytest's `record_property`."""


@dataclass(frozen=True)
class Course:
    """An undisturbed run: its seconds and how many requests it sends."""

    seconds: float
    requests: int


def course_of(name: str, request: pytest.FixtureRequest) -> Course:
    """Run undisturbed, measure, and forget it."""
    scenario = scenario_of(name, request)
    for server in scenario.servers:
        server.requests.clear()
    start = time.monotonic()
    outcome = scenario.run()
    seconds = time.monotonic() - start
    demand([f"status {outcome.status}"] if outcome.status else scenario.amiss(), outcome)
    course = Course(seconds, sum(len(server.requests) for server in scenario.servers))
    forget(name, request)
    return course


def end_by_signal(scenario: Scenario, moment: Moment, record: Record) -> Ending:
    """Send a signal at a moment; fail where something is amiss then, or after a re-run."""
    known: list[Made] = []
    cancellation = Cancellation(scenario.servers, moment, lambda: known.append(scenario.made()))
    ending = cancellation.see_through(scenario.start())
    record("ending", [scenario.name, ending.kind, ending.seconds or 0.0])
    made = known[0] if ending.is_lost else scenario.made()
    demand(after_signal(scenario, ending, made), ending.outcome)
    if scenario.writes:
        mended(scenario)
    return ending


def table(endings: list[tuple[str, str, float]]) -> list[str]:
    """The lines of a table: how runs of each command ended, and the slowest ending after a signal in seconds."""
    kinds = ("before our handlers", "cancelled", "finished")
    rows = [f"{'command':<24}{'runs':>6}" + "".join(f"{kind:>22}" for kind in kinds) + f"{'slowest (s)':>14}"]
    for name in dict.fromkeys(one[0] for one in endings):
        own = [one for one in endings if one[0] == name]
        counts = "".join(f"{sum(one[1] == kind for one in own):>22}" for kind in kinds)
        rows.append(f"{name:<24}{len(own):>6}{counts}{max(one[2] for one in own):>14.1f}")
    return rows


def report_table(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of all endings that tests have recorded, here or in other workers."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    properties = [pair for one in reports for pair in one.user_properties]
    endings = [(value[0], value[1], value[2]) for name, value in properties if name == "ending"]
    if endings:
        terminalreporter.section("runs that got a signal")
        for line in table(sorted(endings)):
            terminalreporter.write_line(line)
