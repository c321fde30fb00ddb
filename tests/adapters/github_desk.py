"""The GitHub forge, ready to ask a server of the tests."""

from __future__ import annotations

from frag_release.adapters.github import GithubForge
from frag_release.adapters.http import Http
from frag_release.adapters.http.retry import Deadline
from frag_release.adapters.ports import Repository
from frag_release.domain.evidence import Unknown
from world.example import Example
from world.github_server import TOKEN, GitHubServer

BACKEND = "xchem/fragalysis-backend"
FRONTEND = "xchem/fragalysis-frontend"
STACK = "xchem/fragalysis-stack"
TAG = "2023.05.1"
REF = r"/git/ref/tags/2023\.05\.1$"
"""The request for that tag."""


def forge(url: str, token: str = TOKEN, component_token: str = "", seconds: float = 20) -> GithubForge:
    """A forge that asks `url` and never really waits between two tries."""
    return GithubForge(Http(Deadline(seconds), sleep=lambda _: None), url, token, component_token, (BACKEND, FRONTEND))


def backend(url: str) -> Repository:
    """The worked example's backend."""
    return forge(url).repository(BACKEND)


def unknown(answer: object) -> Unknown:
    """The answer, which must be an `Unknown`."""
    assert isinstance(answer, Unknown), answer
    return answer


def add_runs(server: GitHubServer, example: Example, number: int) -> None:
    """Adds successful runs of the backend's tag."""
    for _ in range(number):
        server.add_run(BACKEND, TAG, example.commits["fragalysis-backend"][TAG])
