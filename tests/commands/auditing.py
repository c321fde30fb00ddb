"""The worked example's past: the audit of it as a process, and what `publish` would have left with its releases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from commands.conftest import World
from world.events import push_branch
from world.example import BACKEND, FRONTEND, STACK
from world.github_releases import GitHubReleases
from world.github_server import TOKEN
from world.program import Outcome
from world.workflow_runs import NAMED

REPOSITORY = f"xchem/{STACK}"
PINS = {"2023.06.1": ("2023.03.1", "2023.05.3"), "2023.06.2": ("2023.05.1", "2023.05.4")}
STACK_DIGEST = "sha256:" + "5" * 64


def audit(world: World, **inputs: str) -> Outcome:
    """Audit what is on the servers, as a schedule does; inputs by name with underscores."""
    world.github.requests.clear()
    given = {"command": "audit", "token": TOKEN, "registry-url": world.registry.url, "stack-branch": "master", **NAMED}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    return world.program.run(push_branch("master", world.commit("2023.06.1")), given, api_url=world.github.url)


def record(world: World, tag: str, *, digest: str | None = None, **changed: Any) -> bytes:
    """The `release.json` of a release as it was published; `changed` replaces facts of the backend."""
    components = [
        {
            "name": short,
            "repository": f"xchem/{name}",
            "tag": pin,
            "namespace": "xchem",
            "commit": world.example.commits[name][pin],
            "image": f"docker.io/xchem/{name}:{pin}",
            "digest": world.digests[name][pin],
        }
        for short, name, pin in zip(("backend", "frontend"), (BACKEND, FRONTEND), PINS[tag], strict=True)
    ]
    components[0] |= changed
    document = {
        "schema": 1,
        "command": "publish",
        "stack": {
            "repository": REPOSITORY,
            "tag": tag,
            "commit": world.commit(tag),
            "image": f"docker.io/{REPOSITORY}:{tag}",
            "digest": digest,
        },
        "components": components,
        "findings": [{"rule": "pin-ci", "subject": name, "status": "pass"} for name in ("backend", "frontend")],
    }
    return json.dumps(document).encode()


def release(world: World, releases: GitHubReleases, tag: str, **changed: Any) -> None:
    """Put the release of a tag on the server, with its `release.json`."""
    releases.add(REPOSITORY, tag, files={"release.json": record(world, tag, **changed)})


def releases_in(outcome: Outcome) -> dict[str, Mapping[str, Any]]:
    """The releases in the report by their tags, in its order."""
    assert outcome.report is not None, outcome.log
    return {one["tag"]: one for one in outcome.report["releases"]}


def blockers(outcome: Outcome) -> dict[str, list[str]]:
    """Tag to `rule:subject=status` of each finding that blocks, for tags that have any."""
    found = {
        tag: [
            f"{finding['rule']}:{finding['subject']}={finding['status']}"
            for finding in one["findings"]
            if finding["status"] in ("fail", "unknown")
        ]
        for tag, one in releases_in(outcome).items()
    }
    return {tag: keys for tag, keys in found.items() if keys}
