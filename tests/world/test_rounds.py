from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from world.asking import get, head
from world.example import STACK
from world.github_server import GitHubServer
from world.registry import Registry
from world.rounds import Rounds


def test_rounds_count_what_was_sent_together(github_example: GitHubServer, registry: Registry) -> None:
    """Three requests at once, one of them to another server, and then two more are two round trips."""
    rounds = Rounds()
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
