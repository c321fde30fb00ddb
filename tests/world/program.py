"""Runs the program as a runner does: one process, inputs by environment, results by files."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from world.events import Event
from world.forks import Fork, Forks


@dataclass(frozen=True)
class Outcome:
    """What a run left behind."""

    status: int
    log: str
    outputs: Mapping[str, str]
    summary: str
    report: Mapping[str, Any] | None

    def findings(self, *statuses: str) -> dict[str, str]:
        """`rule:subject` -> status in the report, of those statuses only where some are named."""
        assert self.report is not None
        found = {f"{one['rule']}:{one['subject']}": one["status"] for one in self.report["findings"]}
        return {key: status for key, status in found.items() if not statuses or status in statuses}


@dataclass(frozen=True)
class Running:
    """A run that goes on, with its files."""

    process: subprocess.Popen[bytes] | Fork
    files: Path

    def log(self) -> str:
        """What it has printed so far."""
        return (self.files / "log").read_text("utf-8", "replace")

    def wait_for(self, words: str) -> None:
        """Wait until it has printed these words, a minute at most."""
        wait_until(lambda: words in self.log() or self.process.poll() is not None)
        assert words in self.log(), self.log()

    def finish(self) -> Outcome:
        """Wait for its end."""
        # Popen's own wait with a time-out looks every 50 ms; this wakes up when it ends.
        if self.process.poll() is None:
            ended = os.pidfd_open(self.process.pid)
            if not select.select([ended], [], [], 170)[0]:
                self.process.kill()
            os.close(ended)
        status = self.process.wait()
        report = self.files / "report.json"
        return Outcome(
            status,
            self.log(),
            read_outputs((self.files / "output").read_text("utf-8")),
            (self.files / "summary").read_text("utf-8"),
            json.loads(report.read_text("utf-8")) if report.exists() else None,
        )


@dataclass(frozen=True)
class Program:
    """The program of the action in `folder`; every run has files of its own below `scratch`.

    `as_step` starts it by the shell of the action's one step, with the options that a runner gives it; else, if there
    are `forks`, its processes are made by those, and not by a new Python.
    """

    folder: Path
    scratch: Path
    as_step: bool = False
    forks: Forks | None = None

    def run(self, event: Event, inputs: Mapping[str, str], **settings: Any) -> Outcome:
        """Run one command for an event to its end; the settings are those of `start`."""
        return self.start(event, inputs, **settings).finish()

    def start(
        self,
        event: Event,
        inputs: Mapping[str, str],
        *,
        api_url: str = "http://127.0.0.1:9",
        repository: str = "xchem/fragalysis-stack",
        default_branch: str | None = "master",
        environment: Mapping[str, str] | None = None,
        python: str = sys.executable,
    ) -> Running:
        """Start one command for an event; `inputs` by their names in `action.yml`."""
        files = self._files()
        payload = dict(event.payload)
        if default_branch:
            payload["repository"] = {"default_branch": default_branch}
        (files / "event.json").write_text(json.dumps(payload), "utf-8")
        env = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": repository,
            "GITHUB_REF": event.ref,
            "GITHUB_SHA": event.sha,
            "GITHUB_EVENT_NAME": event.name,
            "GITHUB_EVENT_PATH": str(files / "event.json"),
            "GITHUB_API_URL": api_url,
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_OUTPUT": str(files / "output"),
            "GITHUB_STEP_SUMMARY": str(files / "summary"),
            "RUNNER_TEMP": str(files),
            **{f"INPUT_{name.upper().replace('-', '_')}": value for name, value in inputs.items()},
            **(environment or {}),
        }
        env.setdefault("INPUT_REPORT", str(files / "report.json"))
        command = [python, "-I", "-X", "utf8", str(self.folder / "scripts")]
        if self.as_step:
            env |= {"PATH": f"{Path(python).parent}:{env['PATH']}", "GITHUB_ACTION_PATH": str(self.folder)}
            command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(self._script(files))]
        elif self.forks and python == sys.executable:
            return Running(self.forks.start(self.folder / "scripts", env, files, files / "log"), files)
        with (files / "log").open("wb") as output:
            process = subprocess.Popen(command, env=env, cwd=files, stdout=output, stderr=subprocess.STDOUT)
        return Running(process, files)

    def _script(self, files: Path) -> Path:
        action = YAML(typ="safe").load(self.folder / "action.yml")
        script = files / "step.sh"
        script.write_text(action["runs"]["steps"][0]["run"], "utf-8")
        return script

    def _files(self) -> Path:
        files = self.scratch / f"run-{len(list(self.scratch.glob('run-*')))}"
        files.mkdir(parents=True)
        for name in ("output", "summary"):
            (files / name).touch()
        return files


def with_little_time(
    run: Callable[[str], Outcome], came_far: Callable[[Outcome], object], *, seconds: str = "8"
) -> Outcome:
    """Run with so few `timeout-seconds`, and with 45 where a busy machine did not come far enough in them."""
    outcome = run(seconds)
    return outcome if came_far(outcome) else run("45")


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait until something has happened, a minute at most."""
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it has not happened for a minute"
        time.sleep(0.05)


def read_outputs(text: str) -> dict[str, str]:
    """Read the output file as the runner does: `name=value` or `name<<DELIMITER`, whichever sign is first."""
    outputs: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        name, equals, value = line.partition("=")
        heredoc, here, delimiter = line.partition("<<")
        if here and len(heredoc) < len(name):
            collected: list[str] = []
            for inner in lines:
                if inner == delimiter:
                    break
                collected.append(inner)
            outputs[heredoc] = "\n".join(collected)
        elif equals:
            outputs[name] = value
    return outputs
