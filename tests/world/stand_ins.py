"""Local stand-ins for actions that need the network: they record what they were given and do nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

DIGEST = "sha256:" + "5" * 64
"""The digest that every stand-in gives as its output `digest`, unless a test gives another."""

HEADLINE = "2023.06.2 deployed: backend 2023.05.1"
"""The headline that every stand-in gives."""

UPLOAD = "actions/upload-artifact"


@dataclass(frozen=True)
class Call:
    """One use of a stand-in: the action (without its version), the job, and the inputs it was given."""

    action: str
    job: str
    inputs: Mapping[str, str]


def stand_ins(
    workflow: str,
    folder: Path,
    *,
    calls: Path,
    instead: Mapping[str, Path] | None = None,
    fails: Sequence[str] = (),
    digest: str = DIGEST,
) -> dict[str, Path]:
    """Return a folder for every action that the text of a workflow uses, keyed by `owner/name@ref`.

    `instead` maps names of actions (`owner/name`) to folders to be taken as they are; all others get a
    stand-in below `folder` that writes a call to `calls`. Those named in `fails` then fail.
    """
    chosen = dict(instead or {})
    calls.mkdir(parents=True, exist_ok=True)
    repositories = {}
    for uses, inputs in _used(workflow).items():
        action = uses.partition("@")[0]
        exit_code = 1 if action in fails else 0
        repositories[uses] = chosen.get(action) or recorder(
            folder / uses, action, inputs, calls, exit_code=exit_code, digest=digest
        )
    return repositories


def recorder(
    folder: Path, action: str, inputs: Sequence[str], calls: Path, *, exit_code: int = 0, digest: str = DIGEST
) -> Path:
    """Write a composite action that records its inputs as one file in `calls` and outputs a digest."""
    record = (
        f"printf '%s' \"$CALL\" > '{calls}'/\"$GITHUB_JOB-$$-$RANDOM.json\"\n"
        f'printf "%s\\n" "digest={digest}" "headline={HEADLINE}" >> "$GITHUB_OUTPUT"\n'
        f"exit {exit_code}\n"
    )
    call = f'{{"action": "{action}", "job": "${{{{ github.job }}}}", "inputs": ${{{{ toJSON(inputs) }}}}}}'
    step = {"id": "record", "shell": "bash", "env": {"CALL": call}, "run": record}
    return composite(folder, step, inputs=inputs, outputs=["digest", "headline"])


def fixed_gate(
    folder: Path,
    outputs: Mapping[str, str],
    *,
    inputs: Sequence[str] = (),
    exit_code: int = 0,
    seconds: int = 0,
    again: Mapping[str, str] | None = None,
) -> Path:
    """Write a stand-in for our own action: it sets these outputs, waits, and ends with this status.

    In the job `build` it says something else where `again` is given.
    """

    def lines(chosen: Mapping[str, str]) -> str:
        return "".join(f"{name}={value}\n" for name, value in chosen.items())

    run = (
        '[ "$GITHUB_JOB" = build ] && LINES_TO_SET="$LINES_IN_BUILD"\n'
        f'printf "%s" "$LINES_TO_SET" >> "$GITHUB_OUTPUT"\necho gate is waiting\nsleep {seconds}\nexit {exit_code}\n'
    )
    env = {"LINES_TO_SET": lines(outputs), "LINES_IN_BUILD": lines(outputs if again is None else again)}
    step = {"id": "record", "shell": "bash", "env": env, "run": run}
    return composite(folder, step, inputs=inputs, outputs=list(outputs))


def uploader(folder: Path, calls: Path, service: str) -> Path:
    """Write a stand-in for the upload of artifacts: it records its inputs, and sends the name to `service`."""
    recorder(folder, UPLOAD, ["name", "path", "if-no-files-found"], calls)
    send = (
        f"import os, urllib.request as r; url = '{service}/' + os.environ['GITHUB_RUN_ID']; "
        "r.urlopen(r.Request(url, os.environ['NAME'].encode(), method='POST'))"
    )
    action = json.loads((folder / "action.yml").read_text(encoding="utf-8"))
    step = {"shell": "bash", "env": {"NAME": "${{ inputs.name }}"}, "run": f'python3 -c "{send}"'}
    action["runs"]["steps"].append(step)
    (folder / "action.yml").write_text(json.dumps(action), encoding="utf-8")
    return folder


def composite(folder: Path, step: Mapping[str, Any], *, inputs: Sequence[str], outputs: Sequence[str]) -> Path:
    """Write a composite action of one step whose id is `record`. JSON is YAML, so JSON is written."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {name: f"${{{{ steps.record.outputs.{name} }}}}" for name in outputs}
    action = {
        "name": "stand-in",
        "description": "stand-in",
        "inputs": {name: {"description": name} for name in inputs},
        "outputs": {name: {"description": name, "value": value} for name, value in values.items()},
        "runs": {"using": "composite", "steps": [step]},
    }
    (folder / "action.yml").write_text(json.dumps(action), encoding="utf-8")
    return folder


def read_calls(calls: Path) -> list[Call]:
    """Return the recorded calls, in no particular order."""
    found = []
    for file in sorted(calls.glob("*.json")):
        call = json.loads(file.read_text(encoding="utf-8"))
        found.append(Call(call["action"], call["job"], call["inputs"]))
    return found


def _used(workflow: str) -> dict[str, list[str]]:
    """Return what a workflow's steps use, each with the names of all inputs given to it."""
    used: dict[str, list[str]] = {}
    for job in YAML(typ="safe").load(workflow)["jobs"].values():
        for step in job["steps"]:
            if "uses" in step:
                used[step["uses"]] = sorted({*used.get(step["uses"], []), *step.get("with", {})})
    return used
