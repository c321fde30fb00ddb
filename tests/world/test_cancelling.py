"""The harness of cancellations, on programs of a few lines that end as they should, late, or never."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from world import cancelling
from world.cancelling import Cancellation, Ending, Moment, parse_time
from world.faults import Reply
from world.loopback import LoopbackServer, Request
from world.program import Running

ASK = """
import http.client, os, signal, sys, time
port = int(sys.argv[1])
def ask(method):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(method, "/")
    connection.getresponse().read()
def cancelled(*_):
    print("cancelled", flush=True)
    os._exit(1)
"""
WELL = "signal.signal(signal.SIGTERM, cancelled); ask('GET'); ask('POST'); time.sleep(60)"
DEAF = "signal.signal(signal.SIGTERM, lambda *_: None); ask('POST'); time.sleep(60)"
WRITING_ON = "signal.signal(signal.SIGTERM, lambda *_: None); ask('GET'); ask('POST'); ask('POST'); cancelled()"
TELLING = "signal.signal(signal.SIGTERM, signal.SIG_IGN); ask('GET'); print('done')"
BARE = "ask('GET'); time.sleep(60)"


class _Server(LoopbackServer):
    def answer(self, request: Request) -> Reply:
        return Reply(200)


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A server that answers everything."""
    running = _Server()
    yield running
    running.stop()


def _end(server: LoopbackServer, folder: Path, program: str, moment: Moment) -> Ending:
    for name in ("output", "summary"):
        (folder / name).touch()
    cancellation = Cancellation([server], moment)
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-c", ASK + program, str(server.port)]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    return cancellation.see_through(Running(process, folder))


@pytest.mark.parametrize("silent", [False, True])
def test_a_program_that_ends_well(server: LoopbackServer, tmp_path: Path, silent: bool) -> None:
    """It stood, was cancelled, and wrote nothing after the signal that came with its write."""
    ending = _end(server, tmp_path, WELL, Moment(nth=1, of_writes=True, silent=silent))
    assert (ending.kind, ending.stood, ending.outcome.status) == ("cancelled", True, 1)
    assert (ending.writes_after, ending.late, ending.is_lost) == (0, 0, False)


def test_a_program_that_writes_on(server: LoopbackServer, tmp_path: Path) -> None:
    """Writes that come after the signal are counted."""
    ending = _end(server, tmp_path, WRITING_ON, Moment(nth=1))
    assert (ending.kind, ending.writes_after) == ("cancelled", 2)


def test_a_program_that_never_ends_is_killed(
    server: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a runner does it: a second signal, then for good; a write without an answer is known to be lost."""
    monkeypatch.setattr(cancelling, "RUNNER_TERMINATES", 0.1)
    monkeypatch.setattr(cancelling, "RUNNER_KILLS", 0.2)
    ending = _end(server, tmp_path, DEAF, Moment(nth=1, silent=True, carried_out=True))
    assert (ending.kind, ending.outcome.status, ending.is_lost) == ("finished", -signal.SIGKILL, True)


def test_a_program_without_handlers(server: LoopbackServer, tmp_path: Path) -> None:
    """What has no handler yet is known as such: Python's own one for SIGINT is none."""
    ending = _end(server, tmp_path, BARE, Moment(signal.SIGINT, nth=1))
    assert (ending.kind, ending.stood) == ("before our handlers", False)


def test_a_program_that_is_done(server: LoopbackServer, tmp_path: Path) -> None:
    """What ignores signals because it is telling its end has stood, and finishes."""
    ending = _end(server, tmp_path, TELLING, Moment(nth=1))
    assert (ending.kind, ending.stood, ending.outcome.status) == ("finished", True, 0)


def test_a_program_that_has_ended_gets_no_signal(server: LoopbackServer, tmp_path: Path) -> None:
    """A moment after the end, or a request that never comes, is no signal at all."""
    for at, moment in enumerate((Moment(seconds=20.0), Moment(nth=9))):
        (tmp_path / str(at)).mkdir()
        server.planned.clear()
        ending = _end(server, tmp_path / str(at), TELLING, moment)
        assert (ending.kind, ending.seconds, ending.outcome.status) == ("finished", None, 0)


def test_moments_come_from_seeds() -> None:
    """A seed gives the same moment again; many give both kinds, with and without silence, in the run's bounds."""
    moments = [parse_time(f"gate {seed}", signal.SIGINT, 2.0, 30) for seed in range(200)]
    assert moments == [parse_time(f"gate {seed}", signal.SIGINT, 2.0, 30) for seed in range(200)]
    assert {(bool(one.nth), one.silent) for one in moments} == {
        (True, True),
        (True, False),
        (False, True),
        (False, False),
    }
    assert all(0 <= one.seconds <= 2.0 and one.nth <= 30 for one in moments)
