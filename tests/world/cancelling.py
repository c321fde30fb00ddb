"""Cancels a program as a runner does, at a chosen moment, while servers watch what it still asks of them.

actions/runner sends SIGINT, 7.5 seconds later SIGTERM, and kills after 2.5 more. A moment is a time since the start, or
a request: when it comes in, or when its answer has left. From then on servers may be silent: they accept, and never
answer.
"""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from world.faults import Forward, Misbehaviour, Reply, json_reply
from world.loopback import LoopbackServer
from world.program import Outcome, Running

WRITING = ("POST", "PATCH", "PUT", "DELETE")
RUNNER_TERMINATES, RUNNER_KILLS = 7.5, 10.0
"""Seconds after its first signal."""
MAY_TAKE = 7.0
"""Seconds after a signal within which a run must have ended, whatever its servers do."""
_ANSWER_LEAVES = 0.02
"""Seconds; a signal that comes a little sooner or later is as good a test."""
_A_WHILE = 0.5
"""Seconds within which a request that was under way may come in, on a busy machine."""
_HOLD = 150


@dataclass(frozen=True)
class Moment:
    """When a signal comes: at the `nth` request (or write: `of_writes`) to any server, else `seconds` after the start.

    `answered` is when its answer has left, else it is on its way. Of `silent` servers that request is the last one
    that is answered, or else (`carried_out` or not) the first one that is not. If `again` is given, the signal comes a
    second time so many seconds later.
    """

    number: signal.Signals = signal.SIGTERM
    nth: int = 0
    of_writes: bool = False
    answered: bool = False
    seconds: float = 0.0
    silent: bool = False
    carried_out: bool = False
    again: float | None = None


def parse_time(seed: str, number: signal.Signals, seconds: float, requests: int) -> Moment:
    """Choose by a seed, for runs that take so many seconds and ask for so much."""
    chosen = random.Random(f"{seed} {number.name}")
    silent, carried_out = chosen.random() < 0.5, chosen.random() < 0.5
    if chosen.random() < 0.5:
        return Moment(number, seconds=chosen.uniform(0, seconds), silent=silent)
    nth, answered = chosen.randint(1, requests), chosen.random() < 0.5
    return Moment(number, nth=nth, answered=answered, silent=silent, carried_out=carried_out)


Kind = Literal["before our handlers", "cancelled", "finished"]


@dataclass(frozen=True)
class Ending:
    """How a run ended: `seconds` after the signal, which is None if it had ended before.

    `stood` says whether its handlers did, `writes_after` how many writes came in after the signal, and `late` how many
    after its end; `went_on` how many requests came in a while after the signal. `is_lost` says that a write was carried
    out whose answer never left.
    """

    outcome: Outcome
    seconds: float | None
    stood: bool
    writes_after: int
    late: int
    went_on: int
    is_lost: bool

    @property
    def kind(self) -> Kind:
        """What became of it, by its own words."""
        if self.seconds is None:
            return "finished"
        if "cancelled" in self.outcome.log.lower():
            return "cancelled"
        return "finished" if self.stood else "before our handlers"


class Cancellation:
    """The signal to a run of which `servers` are all that it asks; give it the run at once with `see_through`.

    `before_lost` is called before a write is carried out whose answer will never leave.
    """

    def __init__(
        self, servers: Sequence[LoopbackServer], moment: Moment, before_lost: Callable[[], None] = lambda: None
    ) -> None:
        self.moment = moment
        self._servers, self._before_lost = servers, before_lost
        self._running: Running | None = None
        self._known, self._over = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._seen = self._writes = self._writes_before = self._went_on = 0
        self._struck: float | None = None
        self._is_silent = self._stood = self._is_lost = False
        for server in servers:
            for method in WRITING:
                server.add(method, "", self._acting(is_write=True))
            server.add("*", "", self._acting(is_write=False))

    def see_through(self, running: Running) -> Ending:
        """Play the runner until the run has ended."""
        self._running = running
        self._known.set()
        if not self.moment.nth:
            self._wait(running, self.moment.seconds)
            self._strike()
        while self._struck is None and running.process.poll() is None:
            time.sleep(0.01)
        if self._struck is not None:
            self._insist(running, self._struck)
        ended, arrived = time.monotonic(), self._writes
        outcome = running.finish()
        self._over.set()
        for server in self._servers:
            server.settle()
        late = self._writes - arrived
        seconds = None if self._struck is None else ended - self._struck
        after = self._writes - self._writes_before if self._struck is not None else 0
        return Ending(outcome, seconds, self._stood, after, late, self._went_on, self._is_lost)

    def _insist(self, running: Running, struck: float) -> None:
        steps = [(RUNNER_TERMINATES, signal.SIGTERM), (RUNNER_KILLS, signal.SIGKILL)]
        if self.moment.again is not None:
            steps.insert(0, (self.moment.again, self.moment.number))
        for seconds, number in steps:
            if not self._wait(running, struck + seconds - time.monotonic()):
                running.process.send_signal(number)

    @staticmethod
    def _wait(running: Running, seconds: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.process.wait(max(seconds, 0))
            return True
        return False

    def _acting(self, *, is_write: bool) -> Misbehaviour:
        def act(forward: Forward) -> Reply:
            with self._lock:
                silent, hit = self._is_silent, self._counts(is_write)
            if silent:
                return self._hold()
            return self._hit(forward, is_write) if hit else forward()

        return act

    def _counts(self, is_write: bool) -> bool:
        self._writes += is_write
        self._went_on += self._struck is not None and time.monotonic() > self._struck + _A_WHILE
        self._seen += is_write or not self.moment.of_writes
        return self._seen == self.moment.nth and (is_write or not self.moment.of_writes)

    def _hit(self, forward: Forward, is_write: bool) -> Reply:
        if self.moment.answered:
            reply = forward()
            self._is_silent = self.moment.silent
            threading.Timer(_ANSWER_LEAVES, self._strike).start()
            return reply
        if self.moment.silent and not self.moment.carried_out:
            self._strike()
            return self._hold()
        self._is_lost = is_write and self.moment.silent
        if self._is_lost:
            self._before_lost()
        reply = forward()
        self._strike()
        return self._hold() if self.moment.silent else reply

    def _hold(self) -> Reply:
        self._over.wait(_HOLD)
        return Reply(0, dropped=True)

    def _strike(self) -> None:
        assert self._known.wait(10) and self._running is not None
        process = self._running.process
        with self._lock:
            self._is_silent |= self.moment.silent
            self._writes_before = self._writes
            state = _state(process.pid) if process.poll() is None else {"State": "Z"}
            if not state["State"].startswith("Z"):
                self._stood = _is_handled(state, signal.SIGTERM)
                process.send_signal(self.moment.number)
                self._struck = time.monotonic()


def _state(pid: int) -> dict[str, str]:
    """What Linux tells of a process; one that has ended is a zombie (Z) until somebody asks for its status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _is_handled(state: dict[str, str], number: signal.Signals) -> bool:
    """Whether a process catches a signal or ignores it, as one does that is telling what became of it.

    Python does so for SIGINT from its start, and not for SIGTERM.
    """
    return any(int(state[mask], 16) >> (number - 1) & 1 for mask in ("SigCgt", "SigIgn"))


def refuse_after(servers: Sequence[LoopbackServer], nth: int, status: int) -> None:
    """Have servers answer every write after the `nth`, over all of them, with an error of this status."""
    seen, lock = 0, threading.Lock()

    def act(forward: Forward) -> Reply:
        nonlocal seen
        with lock:
            seen += 1
            refused = seen > nth
        message = "Resource not accessible by integration" if status == 403 else "Server Error"
        return json_reply(status, {"message": message, "status": str(status)}) if refused else forward()

    for server in servers:
        for method in WRITING:
            server.add(method, "", act)
