"""The gate as people start it in a terminal: options as arguments, the token in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from commands.conftest import World
from world.github_server import TOKEN
from world.program import Running
from world.workflow_runs import NAMED


def gate_in_terminal(world: World, environment: Mapping[str, str] | None = None, **options: str) -> Running:
    """Start the gate on the worked example's tag; its log is what it prints on standard output."""
    given = {
        **NAMED,
        "registry-url": world.registry.url,
        "stack-repository": "xchem/fragalysis-stack",
        "ref": "refs/tags/2023.06.2",
        "github-api-url": world.github.url,
        **options,
    }
    command = [sys.executable, "-I", "-X", "utf8", str(world.program.folder / "scripts"), "gate"]
    command += [part for name, value in given.items() for part in (f"--{name}", value)]
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "GITHUB_TOKEN": TOKEN, **(environment or {})}
    files = world.program.scratch / "terminal"
    files.mkdir(parents=True)
    for name in ("output", "summary"):
        (files / name).touch()
    with (files / "log").open("wb") as printed, (files / "errors").open("wb") as errors:
        return Running(subprocess.Popen(command, env=env, cwd=files, stdout=printed, stderr=errors), files)


def errors_of(running: Running) -> str:
    """What it has printed on standard error."""
    return (running.files / "errors").read_text("utf-8", "replace")
