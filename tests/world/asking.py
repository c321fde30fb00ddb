"""How the tests of the world ask its servers."""

from __future__ import annotations

import requests

from world.github_server import TOKEN
from world.registry import DOCKER_MANIFEST, OCI_INDEX

HEADERS = {"X-GitHub-Api-Version": "2022-11-28", "Authorization": f"Bearer {TOKEN}"}
ACCEPT = {"Accept": f"{OCI_INDEX}, {DOCKER_MANIFEST}"}


def get(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    """A GET with the headers that GitHub wants."""
    with requests.Session() as session:
        return session.get(url, headers=HEADERS | (headers or {}), timeout=20)


def merge_pull(repository: str, method: str = "merge", **message: str) -> str:
    """Merge the one open pull request of the repository at that address, and return the commit that it became."""
    (pull,) = get(f"{repository}/pulls?state=open").json()
    with requests.Session() as session:
        url, body = f"{repository}/pulls/{pull['number']}/merge", {"merge_method": method, **message}
        reply = session.put(url, json=body, headers=HEADERS, timeout=20)
    assert reply.ok, reply.text
    return str(reply.json()["sha"])


def head(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    """A HEAD as a registry client sends it."""
    with requests.Session() as session:
        return session.head(url, headers=ACCEPT | (headers or {}), timeout=20)
