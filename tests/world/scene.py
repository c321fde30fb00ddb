"""Sets the worked example up on servers: repositories and passed CI on a GitHub, images in a registry."""

from __future__ import annotations

from world.example import BACKEND, FRONTEND, Example
from world.github_server import GitHubServer
from world.registry import Registry

COMPONENTS = (BACKEND, FRONTEND)


def seed_example(server: GitHubServer, example: Example, *, passed_ci: bool = True) -> None:
    """Puts the three repositories on the server; every component tag gets its own successful push run."""
    for name, repo in example.repositories.items():
        server.seed_from_git(repo, name)
    if passed_ci:
        for name in COMPONENTS:
            for tag, commit in example.commits[name].items():
                server.add_run(f"{example.owner}/{name}", tag, commit)


def push_images(registry: Registry, example: Example) -> dict[str, dict[str, str]]:
    """Pushes an image for every component tag; returns digests as `["fragalysis-backend"]["2023.05.1"]`."""
    return {
        name: {
            tag: registry.push(
                f"{example.owner}/{name}", tag, revision=commit, source=f"https://github.com/{example.owner}/{name}"
            )
            for tag, commit in example.commits[name].items()
        }
        for name in COMPONENTS
    }
