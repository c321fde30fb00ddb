"""Every command at every request with every fault: what it must not do then, and the table of how often it did."""

from __future__ import annotations

import base64
import datetime
import json
import os
import re
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from zlib import crc32

import pytest

from commands.scenarios import WRITERS, Scenario, forget, scenario_of
from world.cancelling import WRITING
from world.fault_proxy import TRUE_AFTER_ALL, Disturbance, Position, Stranger, positions_of
from world.hurried import hurried
from world.program import Outcome, Program

SECONDS = {"timeout-seconds": "20"}
_LIMIT = 120.0
"""Seconds after which a run hangs: what it may take by its settings, and as much again for a busy machine."""
_PATIENCE = 0.7
_FOR_BODIES = ("JSON", "[]", "{}", "null", "shape", "content type", "in the body", "next page")
_SURE_TO_DIFFER = re.compile(r"[0-9a-f]{7,64}|[0-9]+")

OPTIONAL: Mapping[tuple[str, str], str] = {
    ("deploy", "/job_events/"): "what the job printed is for reading: how it ended is asked of the job itself",
    (".", r"GET /repos/[^/]+/[^/]+ [0-9]+$"): "a repository whose visibility is not seen is taken for a private one",
    ("announce", "/git/matching-refs/tags 1$"): "the release before is found by its year, in requests of their own",
    (
        "audit",
        "fragalysis-(backend|frontend)/git/matching-refs/tags 1$",
    ): "each tag that the list lacks is asked for by itself",
    ("prepare", "fragalysis-stack/git/ref/tags/"): "the list of tags says that the name is free; this is a second look",
    (".", "GET /v2/ "): "it says how to log in: each image is asked for by itself, and is seen or not",
    ("doctor", "/contents/(docs/)?CODEOWNERS"): "GitHub takes the one in .github, which is there, and no other",
    ("doctor", "/rulesets/7$"): "it is not shown to this token in any case (404): what is not seen protects nothing",
    (
        "publish|prepare",
        r"stack/git/matching-refs/tags/2023\. 1$",
    ): "what the list of a year lacks, the list of all has",
    ("announce", r"stack/compare/SHA\.\.\.SHA [12]$"): "where the tag itself lies is for the gate to judge",
}
"""What a run may go without unsaid: pattern of the command, and of the position or of all paths, with the reason."""


@dataclass(frozen=True)
class Case:
    """A command, a fault at one of its requests, once or from there on for good."""

    name: str
    position: Position
    fault: str
    for_good: bool

    def __str__(self) -> str:
        return f"{self.name} | {self.position} | {self.fault} | {'for good' if self.for_good else 'once'}"

    @property
    def applies(self) -> bool:
        """Whether it is a case.

        HEAD has no body, nor has the answer whether somebody can be assigned (204); that of `/v2/` is not for reading;
        and a question whose answer is lost is one that is lost.
        """
        if self.position.method == "HEAD" and any(word in self.fault for word in _FOR_BODIES):
            return False
        if (self.position.path == "/v2/" or "/assignees/" in self.position.path) and any(
            word in self.fault for word in _FOR_BODIES
        ):
            return False
        if self.fault == "reset after it was done" and self.position.method not in WRITING:
            return False
        return self.for_good or self.fault != "refused"


@dataclass
class Tally:
    """What came of the cases of a test."""

    of: int = 0
    ran: int = 0
    not_reached: int = 0
    mended: int = 0
    broken: list[tuple[str, str, str]] = field(default_factory=list)
    """Promise, case, and what was amiss."""


@dataclass(frozen=True)
class Course:
    """An undisturbed run, and the positions of its requests."""

    outcome: Outcome
    positions: Sequence[Position]


class Torture:
    """Runs the cases of a command, one after the other, each on servers as if nothing had run."""

    courses: ClassVar[dict[str, Course]] = {}
    """Measured once in each worker."""

    def __init__(self, name: str, request: pytest.FixtureRequest, stranger: Stranger) -> None:
        self.name, self._request, self._stranger = name, request, stranger
        self._scenario: Scenario | None = None
        if name not in self.courses:
            self.courses[name] = self._undisturbed()
        self.course = self.courses[name]

    def cases(self, fault: str) -> list[Case]:
        """The cases with this fault."""
        cases = [Case(self.name, one, fault, for_good) for one in self.course.positions for for_good in (False, True)]
        return [case for case in cases if case.applies]

    def run(self, cases: Iterable[Case], tally: Tally) -> None:
        """Run these cases."""
        for case in cases:
            self._fresh()
            broken = self._run(case, tally)
            tally.broken += [(promise, str(case), what) for promise, what in broken]

    def _undisturbed(self) -> Course:
        self._hurry(3600.0)
        for server in self.scenario.servers:
            server.requests.clear()
        outcome = self.scenario.run(SECONDS)
        assert "Traceback" not in outcome.log and self.scenario.amiss() == [], outcome.log
        return Course(outcome, positions_of(self.scenario.servers))

    @property
    def scenario(self) -> Scenario:
        """The scenario, on its servers; made when it is needed."""
        if self._scenario is None:
            self._scenario = scenario_of(self.name, self._request)
        return self._scenario

    def _fresh(self) -> None:
        if self._scenario and self.name in WRITERS:
            forget(self.name, self._request)
            self._scenario = None
        for server in self.scenario.servers:
            server.requests.clear()

    def _hurry(self, patience: float) -> None:
        folder, scratch, forks = map(self._request.getfixturevalue, ("action_folder", "tmp_path", "forks"))
        program = Program(folder, scratch, forks=forks)
        self.scenario.world.program = hurried(program, 0.002, patience, whole=True)

    def _run(self, case: Case, tally: Tally) -> list[tuple[str, str]]:
        scenario = self.scenario
        disturbance = Disturbance(scenario.servers, case.position, case.fault, case.for_good, self._stranger)
        self._hurry(_PATIENCE)
        start = time.monotonic()
        try:
            outcome = scenario.run(SECONDS)
        finally:
            disturbance.end()
        tally.ran += 1
        tally.not_reached += not disturbance.hits
        broken = judge(scenario, self.course.outcome, outcome, disturbance)
        broken += [("double", one) for one in scenario.amiss() if "too many" in one]
        broken += [("hang", f"{time.monotonic() - start:.0f} s")] if time.monotonic() - start > _LIMIT else []
        if any(one.method in WRITING for server in scenario.servers for one in server.requests):
            tally.mended += 1
            broken += self._again()
        return broken

    def _again(self) -> list[tuple[str, str]]:
        self._hurry(3600.0)
        again = self.scenario.run_again()
        amiss = self.scenario.amiss() + ([f"status {again.status}: {_end(again)}"] if again.status else [])
        return [("double" if "too many" in one else "half done", one) for one in amiss]


def judge(
    scenario: Scenario, undisturbed: Outcome, outcome: Outcome, disturbance: Disturbance
) -> list[tuple[str, str]]:
    """The promises that a run has broken, each with what is amiss."""
    broken = [("exit 3", _end(outcome))] if outcome.status not in (0, 1, 2) else []
    broken += [("secret shown", where) for where in shown(scenario.inputs, outcome)]
    broken += [("secret sent", one) for one in disturbance.sent_to_stranger()]
    broken += [("silent end", what) for what in silent_end(outcome)]
    never_had = disturbance.changed and not disturbance.true_answers and disturbance.fault not in TRUE_AFTER_ALL
    if never_had and not _may_lack(scenario.name, disturbance):
        broken += [("false success", what) for what in false_success(scenario, undisturbed, outcome, disturbance)]
    return broken


def _may_lack(name: str, disturbance: Disturbance) -> bool:
    patterns = [at for command, at in OPTIONAL if re.search(command, name)]
    position, paths = str(disturbance.position), disturbance.paths
    return any(re.search(at, position) or (paths and all(re.search(at, one) for one in paths)) for at in patterns)


def false_success(scenario: Scenario, undisturbed: Outcome, outcome: Outcome, disturbance: Disturbance) -> list[str]:
    """Why the end of a run that lacked an answer is not one that it may have."""
    if disturbance.position.method in WRITING:
        # What was made is looked for when no answer came.
        return scenario.amiss() if outcome.status == 0 and not _warned(outcome) else []
    if _same(undisturbed, outcome):
        return ["ends as if nothing had been missing"]
    if outcome.status or outcome.report is None:
        return []
    before, after = undisturbed.findings("pass"), outcome.findings()
    lost = {key: after.get(key, "not there") for key in before if after.get(key) not in ("pass", "warn")}
    wrong = [f"{key} is {status}" for key, status in lost.items()]
    return wrong + ([] if _warned(outcome) else scenario.amiss())


def _warned(outcome: Outcome) -> bool:
    return "::warning" in outcome.log or bool(outcome.report and outcome.report["notes"])


def silent_end(outcome: Outcome) -> list[str]:
    """What the last words of a run that did not go well lack."""
    if outcome.status == 0:
        return []
    report = outcome.report or {}
    problem = report.get("problem") or {}
    blocking = _blocking(report)
    said = [line for line in outcome.log.splitlines() if line.startswith("::error")]
    if not said:
        return ["no error is told"]
    if outcome.report is None or problem:
        # Wrong use has no report; its error is two sentences.
        told = problem.get("message") and problem.get("remedy")
        is_conclusive = told and problem["remedy"][:30] in " ".join(said)
        return [] if is_conclusive or (not problem and ". " in said[-1]) else [f"no remedy: {said[-1][:300]}"]
    mute = [f"no remedy: {one['message'][:300]}" for one in blocking if not one["remedy"]]
    return mute if blocking else ["nothing stands in the way, and the status is not 0"]


def _blocking(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What stands in the way, each with its message and remedy; of an audit also by release, and what is missing."""
    findings = [one for part in (report, *report.get("releases", [])) for one in part.get("findings", [])]
    blocking = [one for one in findings if one["status"] in ("fail", "unknown")]
    return [*blocking, *report.get("missing", {}).get("reasons", [])]


def shown(inputs: Mapping[str, str], outcome: Outcome) -> list[str]:
    """Where a secret of the inputs is shown, plain or encoded."""
    secrets = {value for name, value in inputs.items() if value and re.search("token|password", name)}
    log = "\n".join(line for line in outcome.log.splitlines() if not line.startswith("::add-mask::"))
    places = {
        "log": log,
        "summary": outcome.summary,
        "outputs": json.dumps(dict(outcome.outputs)),
        "report": json.dumps(outcome.report),
    }
    marks = {mark for secret in secrets for mark in _encoded(secret)}
    marks |= set(_encoded(f"{inputs.get('awx-username')}:{inputs.get('awx-password')}"))
    return [f"{where}: {mark}" for where, text in places.items() for mark in marks if mark in text]


def _encoded(secret: str) -> Iterable[str]:
    return (secret, base64.b64encode(secret.encode()).decode().rstrip("="), urllib.parse.quote(secret, safe=""))


def _same(undisturbed: Outcome, outcome: Outcome) -> bool:
    """Whether two runs tell the same, but for numbers and commits."""
    return _told(undisturbed) == _told(outcome)


def _told(outcome: Outcome) -> tuple[Any, ...]:
    lines = [line for line in outcome.log.splitlines() if line.startswith("::")]
    texts = (json.dumps(outcome.report), outcome.summary, "\n".join(lines))
    return outcome.status, *(_SURE_TO_DIFFER.sub("#", text) for text in texts)


def _end(outcome: Outcome) -> str:
    return " / ".join(outcome.log.strip().splitlines()[-3:])[-600:]


def is_mine(case: Case) -> bool:
    """Whether a case is of this part: FAULTS_PART is such as `1/8` or `2-4/8`, FAULTS_ONLY a pattern of the names."""
    part, _, parts = os.environ.get("FAULTS_PART", "1/1").partition("/")
    first, _, last = part.partition("-")
    if not re.search(os.environ.get("FAULTS_ONLY", ""), str(case)):
        return False
    own = crc32(f"{os.environ.get('FAULTS_SEED', '')}{case}".encode()) % int(parts) + 1
    return int(first) <= own <= int(last or first)


def tallies(terminalreporter: pytest.TerminalReporter) -> list[tuple[str, dict[str, Any]]]:
    """What the tests of this run, here or in other workers, have recorded: commands and their tallies."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    return [(value[0], value[1]) for one in reports for name, value in one.user_properties if name == "faults"]


def report_faults(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all cases, and write them to the file that FAULTS_FILE names."""
    found = tallies(terminalreporter)
    if not found:
        return
    commit = os.environ.get("FAULTS_COMMIT", "")
    figures: dict[str, Any] = {"commit": commit, "date": f"{datetime.date.today()}"}
    figures |= {"commands": {}, "broken": []}
    for name, tally in found:
        own = figures["commands"].setdefault(name, Counter())
        own.update({key: tally[key] for key in ("of", "ran", "not_reached", "mended")})
        own.update(promise for promise, _, _ in tally["broken"])
        figures["broken"] += tally["broken"]
    terminalreporter.section("faults of servers, by command: cases, those that ran, and promises that were broken")
    for name, own in sorted(figures["commands"].items()):
        terminalreporter.write_line(f"{name:<24}{dict(own)}")
    for promise, case, what in figures["broken"]:
        terminalreporter.write_line(f"{promise}: {case}: {what}")
    if os.environ.get("FAULTS_FILE"):
        with open(os.environ["FAULTS_FILE"], "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
