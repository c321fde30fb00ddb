"""A signal to each of the seven commands, at a few moments; `torture_signals.py` has hundreds."""

from __future__ import annotations

import signal

import pytest

from commands.conftest import World
from commands.scenarios import SEVEN, scenario_of
from commands.signals import Record, end_by_signal
from commands.terminal import errors_of, gate_in_terminal
from world.cancelling import MAY_TAKE, Cancellation, Moment

pytestmark = pytest.mark.new_python

INT, TERM = signal.SIGINT, signal.SIGTERM
EARLY = Moment(INT, nth=1)
"""When the first request is on its way."""
SILENT = Moment(TERM, nth=3, silent=True)
"""When the third request gets no answer, and no other does after it."""
MIDDLE = {
    "prepare": Moment(INT, nth=4, of_writes=True),
    "publish": Moment(INT, nth=1, of_writes=True, silent=True, answered=True),
    "announce": Moment(INT, nth=3, of_writes=True, silent=True, carried_out=True),
    "deploy": Moment(INT, nth=2, of_writes=True, answered=True, silent=True),
}
"""Of the commands that write: in the middle of that, and some servers fall silent then."""


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", SEVEN)
@pytest.mark.parametrize("when", ["early", "in silence", "in the middle"])
def test_a_signal(request: pytest.FixtureRequest, record_property: Record, name: str, when: str) -> None:
    """It ends in time, says that it was cancelled and what was made, writes no more, and a re-run mends it."""
    moment = {"early": EARLY, "in silence": SILENT, "in the middle": MIDDLE.get(name, Moment(TERM, nth=8))}[when]
    ending = end_by_signal(scenario_of(name, request), moment, record_property)
    assert ending.kind == "cancelled"


@pytest.mark.parametrize(("name", "moment"), [
    ("gate", Moment(INT, nth=2, silent=True, again=0.0)),
    ("prepare", Moment(TERM, nth=4, of_writes=True, silent=True, again=0.5)),
    ("deploy", Moment(INT, nth=2, of_writes=True, silent=True, carried_out=True, again=0.5)),
])  # fmt: skip
def test_a_second_signal_ends_at_once(request: pytest.FixtureRequest, name: str, moment: Moment) -> None:
    """The second signal ends the run and not the grace of the first, also while it waits for a write; it tells."""
    scenario = scenario_of(name, request)
    ending = Cancellation(scenario.servers, moment).see_through(scenario.start())
    assert ending.kind == "cancelled", ending.outcome.log
    assert ending.seconds is not None and moment.again is not None and ending.seconds < moment.again + 5
    assert (ending.outcome.status, ending.outcome.outputs["verdict"]) == (1, "blocked"), ending.outcome.log


@pytest.mark.parametrize("silent", [False, True])
def test_an_interrupt_in_a_terminal_ends_with_130(world: World, silent: bool) -> None:
    """Ctrl-C in a terminal ends the run with 130 and a line about it on standard error, without a traceback."""
    running = gate_in_terminal(world)
    servers = (world.github, world.registry)
    ending = Cancellation(servers, Moment(INT, nth=2, silent=silent)).see_through(running)
    printed, errors = ending.outcome.log, errors_of(running)
    assert ending.outcome.status == 130, printed + errors
    assert "cancelled" in errors.lower() and "Traceback" not in printed + errors
    assert ending.seconds is not None and ending.seconds < MAY_TAKE
