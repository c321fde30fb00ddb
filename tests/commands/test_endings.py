"""Every command ends in the same way: what it did is told in all that can still be written.

Here are some of each kind; `torture_endings.py` has every command at every place.
"""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from commands.conftest import World
from commands.endings import (
    UNDEPLOYED,
    after_signal,
    after_unwritable,
    cut_off,
    demand,
    environment_of,
    mended,
    unwritable,
)
from commands.scenarios import Scenario, scenario_of
from commands.terminal import errors_of, gate_in_terminal
from world.cancelling import Cancellation, Moment, refuse_after


@pytest.mark.sampled(5)
@pytest.mark.parametrize(("name", "kind"), [
    ("prepare", "report"),
    ("prepare commit", "report summary outputs"),
    ("publish", "summary full"),
    ("announce", "outputs full"),
    ("announce on a ticket", "report"),
    ("deploy", "summary"),
    ("gate", "summary full"),
    ("audit", "report summary outputs"),
    ("doctor", "report"),
])  # fmt: skip
def test_what_cannot_be_written_hides_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, kind: str
) -> None:
    """What was made is told in all that can be written, and the status is 2 for the report, 3 for a runner's files."""
    end_unwritable(scenario_of(name, request), kind, tmp_path)


def end_unwritable(scenario: Scenario, kind: str, folder: Path) -> None:
    """Run where results cannot be written, and see what is told."""
    places = unwritable(kind, folder)
    outcome = scenario.run(environment=environment_of(places))
    made = scenario.made()
    assert bool(made) is bool(scenario.writes), outcome.log
    demand(after_unwritable(outcome, made, places), outcome)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("name", "nth", "status"), [
    ("prepare", 4, 500),
    ("prepare", 3, 403),
    ("publish", 1, 500),
    ("publish", 2, 403),
    ("announce", 1, 500),
    ("announce", 3, 403),
    ("announce on a ticket", 1, 403),
])  # fmt: skip
def test_refused_after_a_write(request: pytest.FixtureRequest, name: str, nth: int, status: int) -> None:
    """When a server refuses all further writes, what the earlier ones made is told, and a re-run makes the rest.

    The status is 2 if a permission is missing and 1 after another error; a ticket that is there is worth a warning.
    """
    end_refused(scenario_of(name, request), nth, status)


def end_refused(scenario: Scenario, nth: int, status: int) -> None:
    """Run with a server that carries out so many writes, then without."""
    refuse_after(scenario.servers, nth, status)
    outcome = scenario.run()
    expected = 0 if 0 < scenario.essential <= nth else 2 if status == 403 else 1
    went_through = scenario.name == "deploy" and expected == 0
    demand(cut_off(outcome, scenario.made(), expected, {} if went_through else UNDEPLOYED), outcome)
    mended(scenario)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("name", "nth"), [
    ("prepare", 4),
    ("prepare commit", 3),
    ("publish", 2),
    ("announce", 3),
    ("announce on a ticket", 1),
    ("deploy", 1),
    ("deploy", 2),
])  # fmt: skip
def test_cancelled_after_a_write(request: pytest.FixtureRequest, name: str, nth: int) -> None:
    """A run that is cancelled after a write sends no other, tells what was made, and a re-run makes the rest."""
    end_cancelled(scenario_of(name, request), nth)


def end_cancelled(scenario: Scenario, nth: int) -> None:
    """Run until a SIGTERM comes between a write and its answer, then once more."""
    moment = Moment(signal.SIGTERM, nth=nth, of_writes=True)
    ending = Cancellation(scenario.servers, moment).see_through(scenario.start())
    demand(after_signal(scenario, ending, scenario.made()), ending.outcome)
    mended(scenario)


def _device(place: Path) -> None:
    """A device of the kind of `/dev/full`: only the superuser can make one, and not everywhere."""
    try:
        os.mknod(place, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
    except OSError as error:
        pytest.skip(f"no device can be made here: {error}")


NOT_FILES: dict[str, Callable[[Path], None]] = {
    "folder": Path.mkdir,
    "FIFO": os.mkfifo,
    "device": _device,
    "link to a device": lambda place: place.symlink_to("/dev/null"),
    "link to a folder": lambda place: place.symlink_to(place.parent),
}


@pytest.mark.parametrize("kind", NOT_FILES)
def test_a_report_that_is_no_file_is_refused(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    """What is there and no regular file stays as it is, and the run ends with status 2 before it asks for anything."""
    end_no_file(scenario_of("prepare", request), kind, tmp_path)


def end_no_file(scenario: Scenario, kind: str, folder: Path) -> None:
    """Run with a report that names something else than a file."""
    place = folder / "report.json"
    NOT_FILES[kind](place)
    before = place.lstat()
    for server in scenario.servers:
        server.requests.clear()
    outcome = scenario.run({"report": str(place)})
    assert outcome.status == 2, outcome.log
    assert [one.path for server in scenario.servers for one in server.requests] == []
    assert (place.lstat().st_mode, place.lstat().st_ino) == (before.st_mode, before.st_ino)
    assert outcome.outputs["verdict"] == "blocked" and "report" in outcome.log


@pytest.mark.parametrize("on_runner", [False, True])
def test_a_report_on_standard_output(world: World, on_runner: bool) -> None:
    """With `-` the report is printed: in a terminal it is all that standard output has, on a runner the log has it."""
    running = gate_in_terminal(world, {"GITHUB_ACTIONS": "true"} if on_runner else {}, report="-")
    outcome = running.finish()
    assert outcome.status == 0, outcome.log + errors_of(running)
    printed = outcome.log
    if on_runner:
        printed = printed[printed.index("\n{") :].lstrip("\n")
    report, end = json.JSONDecoder().raw_decode(printed)
    # On the runner the ref is not that of the run, so it is judged alone.
    assert report["verdict"] == ("build-only" if on_runner else "deploy")
    assert on_runner or printed[end:].strip() == ""
