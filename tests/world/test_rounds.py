from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from world.asking import get, head
from world.example import STACK
from world.github_server import GitHubServer
from world.registry import Registry
from world.rounds import Rounds, patiently


def test_rounds_count_what_was_sent_together(github_example: GitHubServer, registry: Registry) -> None:
    """Three requests at once, one of them to another server, and then two more are two round trips."""
    rounds = Rounds(expected=[3, 2])
    github_example.rounds = registry.rounds = rounds
    ref = f"{github_example.url}/repos/xchem/{STACK}/git/ref"
    with ThreadPoolExecutor(5) as pool:
        first = [pool.submit(get, f"{ref}/heads/master"), pool.submit(get, f"{ref}/tags/2023.06.2")]
        first.append(pool.submit(head, f"{registry.url}/v2/"))
        assert [job.result().status_code for job in first] == [200, 200, 200]
        list(pool.map(get, [f"{ref}/tags/2023.06.1"] * 2))
    assert rounds.sizes == [3, 2]
    assert {exchange.round for exchange in registry.requests} == {1}


def test_a_slow_client_makes_more_rounds(github_example: GitHubServer) -> None:
    """Two requests one after the other are two round trips."""
    github_example.rounds = Rounds()
    for _ in range(2):
        get(f"{github_example.url}/repos/xchem/{STACK}/git/ref/heads/master")
    assert github_example.rounds.sizes == [1, 1]


def test_more_than_were_expected_make_a_round_more(github_example: GitHubServer) -> None:
    """Two requests at once where one was expected are two round trips: nobody can hide behind an expectation."""
    github_example.rounds = Rounds(expected=[1])
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(get, [f"{github_example.url}/repos/xchem/{STACK}/git/ref/heads/master"] * 2))
    assert github_example.rounds.sizes == [1, 1]


def test_what_came_too_late_for_the_quiet_time_is_counted_anew() -> None:
    """Two that were sent at once and came 0.1 s apart are one round trip for the patient, two in a row are two."""

    def hold_after(rounds: Rounds, *pauses: float) -> None:
        def hold(pause: float) -> None:
            time.sleep(pause)
            rounds.hold()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(hold, pauses))

    assert patiently(1, lambda rounds: hold_after(rounds, 0, 0.1), [0.01, 2]).sizes == [2]
    assert patiently(1, lambda rounds: [rounds.hold(), rounds.hold()], [0.01, 0.02]).sizes == [1, 1]
