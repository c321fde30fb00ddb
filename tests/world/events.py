"""Events that start a workflow run, with the payload fields that the gate and act read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Event:
    """What started a run: the event's name and payload, and the ref and commit that GitHub would set."""

    name: str
    ref: str
    sha: str
    payload: Mapping[str, Any] = field(default_factory=dict)


def push(ref: str, sha: str) -> Event:
    """A push of the full ref name `ref` (`refs/tags/…` or `refs/heads/…`), now at commit `sha`."""
    return Event("push", ref, sha, {"ref": ref, "after": sha, "before": "0" * 40, "deleted": False})


def push_tag(tag: str, sha: str) -> Event:
    """A push of a tag."""
    return push(f"refs/tags/{tag}", sha)


def push_branch(branch: str, sha: str, message: str = "") -> Event:
    """A push of a branch; the payload has the message of its newest commit if one is given."""
    event = push(f"refs/heads/{branch}", sha)
    return (
        replace(event, payload={**event.payload, "head_commit": {"id": sha, "message": message}}) if message else event
    )


def dispatch(ref: str, sha: str, **inputs: str) -> Event:
    """A workflow_dispatch at the full ref name `ref`; inputs left out are absent, as from the API."""
    return Event("workflow_dispatch", ref, sha, {"ref": ref, "inputs": inputs})


def pull_request(number: int, head: str, base: str, merge: str, head_ref: str = "change") -> Event:
    """A pull request from commit `head` into commit `base`; the run is at the merge commit `merge`."""
    pull = {
        "number": number,
        "head": {"ref": head_ref, "sha": head},
        "base": {"ref": "master", "sha": base},
        "merge_commit_sha": merge,
    }
    payload = {"number": number, "action": "opened", "pull_request": pull}
    return Event("pull_request", f"refs/pull/{number}/merge", merge, payload)


def merge_group(number: int, head: str, base: str) -> Event:
    """A merge queue that tries a pull request at commit `head` on top of commit `base` of master."""
    ref = f"refs/heads/gh-readonly-queue/master/pr-{number}-{base}"
    group = {"head_sha": head, "head_ref": ref, "base_sha": base, "base_ref": "refs/heads/master"}
    return Event("merge_group", ref, head, {"action": "checks_requested", "merge_group": group})
