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


def head(url: str, headers: dict[str, str] | None = None) -> requests.Response:
    """A HEAD as a registry client sends it."""
    with requests.Session() as session:
        return session.head(url, headers=ACCEPT | (headers or {}), timeout=20)
