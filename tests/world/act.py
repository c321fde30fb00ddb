"""Runs a workflow with act, offline and in host mode, and tells what each job did.

act is a stand-in for GitHub's runner, not GitHub: it ignores `on:` filters, `permissions`, `concurrency`
and `environment` (`JobDeployments` files what GitHub would for it), keeps masked outputs that GitHub would drop, and
gives every composite step `INPUT_*` variables that the real runner does not. Those have to be tested elsewhere.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from world.events import Event
from world.stand_ins import Call, read_calls

TOKEN = "not-a-real-token-7f3a"
"""The `GITHUB_TOKEN` of a run unless the test gives another: recognisable, so that a leak is found."""


NOBODY = "http://127.0.0.1:9"
"""Where nobody listens: the address of GitHub for runs that must not need it."""

_TOO_NEW = re.compile(
    r"(?P<kept>^ *concurrency:\n(?: +(?!queue:)[a-z-]+:.*\n)*) +queue: max\n"
    r"|(?P<named>^ *environment:\n +name: .*\n(?: +[$&|].*\n)*) +deployment: false(?: +#.*)?\n",
    re.MULTILINE,
)
"""What act would ignore if it knew it, as all of `concurrency` and `environment`: its grammar is older (2026)."""

_DRAIN_SECONDS = 0.1
"""How long a step of the shell outlives its last line, for act to read it."""


def without_what_is_too_new(workflow: str) -> str:
    """Take `queue: max` out of concurrency groups and `deployment: false` out of environments, and nothing else."""
    return _TOO_NEW.sub(lambda found: found["kept"] or found["named"], workflow)


@dataclass(frozen=True)
class Annotation:
    """One workflow command that GitHub would show beside the code: `error`, `warning` or `notice`."""

    level: str
    message: str
    properties: Mapping[str, str]
    job: str


@dataclass(frozen=True)
class Run:
    """What became of a workflow run.

    `jobs` has the jobs that were started, with `success`, `failure` or `unfinished`. A job that was
    skipped or never reached is not in it: to act the two are one. `outputs` goes by `job.step`, `summaries`
    by job (those written by Python), and `log` has no markers that tell one job's lines from another's.
    """

    exit_code: int
    jobs: Mapping[str, str]
    outputs: Mapping[str, Mapping[str, str]]
    annotations: Sequence[Annotation]
    calls: Sequence[Call]
    summaries: Mapping[str, str]
    log: str
    seconds: float

    def ran(self, job: str) -> bool:
        """Whether the job was started at all."""
        return job in self.jobs

    def deployed_to(self) -> set[str]:
        """The deploy jobs in which the deployment itself was started."""
        return {call.job for call in self.calls if call.job.startswith("deploy-")}


@dataclass(frozen=True)
class Runner:
    """A runner with its own home below `folder`, for runs one after the other.

    `repositories` maps what a workflow uses (`owner/name@ref`) to folders on this disk; anything else
    that a workflow uses would have to be downloaded and fails. `python` is the interpreter that the
    workflow's `python3` stands for: not the tests' own, whose packages must not be found by accident. `on_job` gets
    each job when it begins, and with its result when it ends. `api_url` is that of an Enterprise Server.
    """

    folder: Path
    repositories: Mapping[str, Path]
    repository: str = "xchem/fragalysis-stack"
    default_branch: str = "master"
    server_url: str = NOBODY
    api_url: str = ""
    python: str = ""
    token: str = TOKEN
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    on_job: Callable[[str, str], None] = lambda job, result: None

    def run(
        self,
        workflow: str,
        event: Event,
        *,
        variables: Mapping[str, str] | None = None,
        timeout: float = 120,
        interrupt_at: str | None = None,
    ) -> Run:
        """Run the text of a workflow for an event, with repository variables, to its end.

        `interrupt_at` cancels the run (as an interrupt at the terminal does) as soon as a step prints a
        line with that text. Raises TimeoutError when the run takes longer than `timeout` seconds.
        """
        place = _Place.create(self.folder)
        place.workflow.write_text(without_what_is_too_new(workflow), encoding="utf-8")
        place.event.write_text(json.dumps(self._payload(event)), encoding="utf-8")
        place.shims(self.python or _bare_python())
        command = self._command(place, event, variables or {})
        started = time.monotonic()
        exit_code, lines = _follow(command, self._environment(place), timeout, interrupt_at, _Jobs(self.on_job))
        return _report(place, exit_code, lines, time.monotonic() - started)

    def _payload(self, event: Event) -> dict[str, Any]:
        owner, name = self.repository.split("/")
        known = {
            "name": name,
            "full_name": self.repository,
            "default_branch": self.default_branch,
            "owner": {"login": owner},
        }
        return {"repository": known, **event.payload}

    def _command(self, place: _Place, event: Event, variables: Mapping[str, str]) -> list[str]:
        command = [_act(), event.name, "--json", "-W", str(place.workflow), "-e", str(place.event)]
        command += ["-C", str(place.workspace), "-P", "ubuntu-latest=-self-hosted", "--no-cache-server"]
        # The values come from act's environment, not its arguments; unmasked, so that a leak is seen.
        command += ["-s", "GITHUB_TOKEN", "--insecure-secrets"]
        for name in self.secrets:
            command += ["-s", name]
        for uses, folder in self.repositories.items():
            command += ["--local-repository", f"{uses}={folder}"]
        for name, value in variables.items():
            command += ["--var", f"{name}={value}"]
        for name, value in {**self._github(event), **self.env}.items():
            command += ["--env", f"{name}={value}"]
        return command

    def _github(self, event: Event) -> dict[str, str]:
        """Variables from which act makes the `github` context; `SHA_REF` is its name for the commit."""
        return {
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_REPOSITORY_OWNER": self.repository.partition("/")[0],
            "GITHUB_REF": event.ref,
            "SHA_REF": event.sha,
            "GITHUB_SERVER_URL": self.server_url,
            "GITHUB_API_URL": self.api_url or self.server_url,
            "GITHUB_GRAPHQL_URL": f"{self.api_url.removesuffix('/v3') or self.server_url}/graphql",
        }

    def _environment(self, place: _Place) -> dict[str, str]:
        path = os.pathsep.join([str(place.bin), "/usr/local/bin", "/usr/bin", "/bin"])
        home = str(place.home)
        return {"PATH": path, "HOME": home, "LC_ALL": "C.UTF-8", "GITHUB_TOKEN": self.token, **self.secrets}


@dataclass(frozen=True)
class _Place:
    """The folders and files of one run."""

    home: Path
    workspace: Path
    bin: Path
    summaries: Path
    workflow: Path
    event: Path
    calls: Path

    @classmethod
    def create(cls, below: Path) -> _Place:
        calls = below / "calls"
        for call in calls.glob("*.json"):
            call.unlink()
        below.mkdir(parents=True, exist_ok=True)
        run = below / f"run-{sum(1 for _ in below.glob('run-*'))}"
        home, workspace, bin_folder, summaries = (run / name for name in ("home", "work", "bin", "summaries"))
        for folder in (home, workspace, bin_folder, summaries):
            folder.mkdir(parents=True)
        return cls(home, workspace, bin_folder, summaries, run / "build-main.yaml", run / "event.json", calls)

    def shims(self, python: str) -> None:
        """Put a `bash` and a `python3` on the run's PATH that make up for two habits of act.

        It loses the last lines of a step that ends at once, and it deletes the job's summary at the end.
        """
        save = f'[ -s "$GITHUB_STEP_SUMMARY" ] && cp "$GITHUB_STEP_SUMMARY" "{self.summaries}/$GITHUB_JOB.md"'
        self._shim("bash", shutil.which("bash") or "/bin/bash", f"sleep {_DRAIN_SECONDS}\n{save}")
        self._shim("python3", python, save)

    def _shim(self, name: str, program: str, afterwards: str) -> None:
        shim = self.bin / name
        shim.write_text(f'#!/bin/sh\n"{program}" "$@"\nstatus=$?\n{afterwards}\nexit $status\n', encoding="utf-8")
        shim.chmod(0o755)


def _act() -> str:
    """Return the act that lies beside the tests' interpreter, else the one on the PATH."""
    beside = Path(sys.executable).parent
    found = shutil.which("act", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise FileNotFoundError("act is not installed: run `make test`, which installs it")
    return found


def _bare_python() -> str:
    """Return the interpreter below the tests' virtual environment: it has none of our packages."""
    return os.path.realpath(sys.executable)


@dataclass
class _Jobs:
    """Tells of jobs as act does: each once when it begins, and once with its result; at its end those it broke off."""

    on_job: Callable[[str, str], None]
    _going_on: dict[str, bool] = field(default_factory=dict)

    def take(self, entry: Mapping[str, Any]) -> None:
        job, result = entry.get("jobID", ""), entry.get("jobResult", "")
        if job and job not in self._going_on:
            self._going_on[job] = True
            self.on_job(job, "")
        if job and result and self._going_on[job]:
            self._going_on[job] = False
            self.on_job(job, result)

    def end(self) -> None:
        for job, goes_on in self._going_on.items():
            if goes_on:
                self.on_job(job, "cancelled")


def _follow(
    command: list[str], env: dict[str, str], timeout: float, interrupt_at: str | None, jobs: _Jobs
) -> tuple[int, list[str]]:
    """Run act to its end in a process group of its own; return its exit status and its lines."""
    with subprocess.Popen(
        command,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as act:
        overdue = threading.Event()
        timer = threading.Timer(timeout, _kill, [act, overdue])
        timer.start()
        try:
            lines = list(_lines(act, interrupt_at, jobs))
        finally:
            timer.cancel()
    if overdue.is_set():
        raise TimeoutError(f"act did not end within {timeout} s; its last lines:\n{''.join(lines[-20:])}")
    return act.returncode, lines


def _lines(act: subprocess.Popen[str], interrupt_at: str | None, jobs: _Jobs) -> Iterator[str]:
    assert act.stdout is not None
    for line in act.stdout:
        entry = _entry(line)
        jobs.take(entry)
        if entry.get("raw_output") and interrupt_at and interrupt_at in entry["msg"]:
            interrupt_at = None
            act.send_signal(signal.SIGINT)
        yield line
    jobs.end()


def _kill(act: subprocess.Popen[str], overdue: threading.Event) -> None:
    overdue.set()
    os.killpg(act.pid, signal.SIGKILL)


def _report(place: _Place, exit_code: int, lines: list[str], seconds: float) -> Run:
    entries = [entry for line in lines if (entry := _entry(line))]
    return Run(
        exit_code=exit_code,
        jobs=_jobs(entries),
        outputs=_outputs(entries),
        annotations=[_annotation(entry) for entry in entries if entry.get("command") in _LEVELS],
        calls=read_calls(place.calls),
        summaries={file.stem: file.read_text(encoding="utf-8") for file in place.summaries.glob("*.md")},
        log="".join(str(entry["msg"]).rstrip("\n") + "\n" for entry in entries),
        seconds=seconds,
    )


_LEVELS = ("error", "warning", "notice")


def _entry(line: str) -> dict[str, Any]:
    """Return a line of act's log as a mapping; what is not JSON (act's own last words) becomes a message."""
    try:
        entry = json.loads(line)
    except ValueError:
        return {"msg": line}
    return entry if isinstance(entry, dict) else {"msg": line}


def _jobs(entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    jobs: dict[str, str] = {}
    for entry in entries:
        if "jobID" in entry:
            jobs[entry["jobID"]] = entry.get("jobResult", jobs.get(entry["jobID"], "unfinished"))
    return jobs


def _outputs(entries: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the outputs of each job's own steps; the steps inside composite actions are left out."""
    outputs: dict[str, dict[str, str]] = {}
    for entry in entries:
        if entry.get("command") == "set-output" and len(entry["stepID"]) == 1:
            outputs.setdefault(f"{entry['jobID']}.{entry['stepID'][0]}", {})[entry["name"]] = entry["arg"]
    return outputs


def _annotation(entry: Mapping[str, Any]) -> Annotation:
    return Annotation(entry["command"], entry["arg"], entry.get("kvPairs") or {}, entry.get("jobID", ""))
