"""What must be told at the end of a run that did not go through, by what it made: lists of what is amiss."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML

from commands.scenarios import Made, Scenario
from process.gates import ROOT
from world.cancelling import MAY_TAKE, Ending
from world.program import Outcome

OUTPUTS = set(YAML(typ="safe").load(ROOT / "action.yml")["outputs"])
UNDEPLOYED = {"deploy-production": "false", "deploy-staging": "false"}
KINDS = ("report", "summary", "outputs", "report summary outputs", "summary full", "outputs full")
"""What cannot be written; with `full` it can be opened, and takes no byte."""
CLOSED = {"verdict": "blocked", **UNDEPLOYED}


def cut_off(outcome: Outcome, made: Made, status: int, expected: Mapping[str, str]) -> list[str]:
    """What is amiss at the end of a run that was cut off after it had made this."""
    faults = [] if outcome.status == status else [f"status {outcome.status}, not {status}"]
    faults += ["a traceback in the log"] if "Traceback" in outcome.log else []
    faults += in_outputs(outcome.outputs, made, expected)
    faults += in_texts({"log": outcome.log, "summary": outcome.summary}, made)
    if status and outcome.report is not None and not (outcome.report.get("problem") or {}).get("message"):
        faults += ["the report names no problem"]
    return faults + in_report(outcome, made)


def demand(faults: list[str], outcome: Outcome) -> None:
    """Fail with what is amiss, and the log."""
    assert not faults, "\n".join([*faults, "The log:", outcome.log])


def mended(scenario: Scenario) -> None:
    """Demand that one more run, without any fault, makes the rest and nothing twice."""
    again = scenario.run_again()
    wrong_status = [] if again.status == 0 else [f"status {again.status} of the re-run"]
    demand(wrong_status + scenario.amiss(), again)


def in_outputs(outputs: Mapping[str, str], made: Made, expected: Mapping[str, str]) -> list[str]:
    """What the outputs do not say: each one is written, those expected are so, and what was made is there."""
    wanted = {**expected, **made.outputs, **({"changed": "true"} if made else {})}
    faults = [f"output {name} is missing" for name in sorted(OUTPUTS - set(outputs))]
    found = {name: outputs.get(name) for name in wanted}
    return faults + [
        f"output {name} is {found[name]!r}, not {one!r}" for name, one in wanted.items() if found[name] != one
    ]


def in_texts(texts: Mapping[str, str], made: Made) -> list[str]:
    """What was made and is told in a text neither by address nor by name."""
    return [f"{where} does not tell {one}" for where, text in texts.items() for one in made.untold(text)]


def in_report(outcome: Outcome, made: Made) -> list[str]:
    """What was made and is not among the actions of the report, which must be there if anything was made."""
    if outcome.report is None:
        return ["there is no report"] if made else []
    actions = outcome.report.get("actions") or []
    return in_texts({"report": json.dumps(actions, ensure_ascii=False)}, made)


def unwritable(kind: str, folder: Path) -> dict[str, str]:
    """Where results go that cannot be written: for each of `report`, `summary` and `outputs` in one of KINDS."""
    (folder / "a file").touch()
    (folder / "a folder").mkdir()
    places = {name: str(folder / "a folder") for name in ("summary", "outputs")}
    if "full" in kind:
        places = dict.fromkeys(places, "/dev/full")
    places["report"] = str(folder / "a file" / "report.json")
    return {name: place for name, place in places.items() if name in kind}


def environment_of(places: Mapping[str, str]) -> dict[str, str]:
    """The variables by which a runner names these places, and an input the report's."""
    names = {"report": "INPUT_REPORT", "summary": "GITHUB_STEP_SUMMARY", "outputs": "GITHUB_OUTPUT"}
    return {names[name]: place for name, place in places.items()}


def after_unwritable(outcome: Outcome, made: Made, places: Mapping[str, str]) -> list[str]:
    """What is amiss at the end of a run that went through and could not write to these places."""
    status = 3 if {"summary", "outputs"} & set(places) else 2
    faults = [] if outcome.status == status else [f"status {outcome.status}, not {status}"]
    faults += ["a traceback in the log"] if status == 2 and "Traceback" in outcome.log else []
    errors = "\n".join(line for line in outcome.log.splitlines() if line.startswith("::error")).lower()
    faults += [f"no error names the {name}" for name in places if name.removesuffix("s") not in errors]
    faults += in_texts({"log": outcome.log}, made)
    if "summary" not in places:
        faults += in_texts({"summary": outcome.summary}, made)
        faults += [] if "report" not in places or "report.json" in outcome.summary else ["summary names no report"]
    if "report" not in places:
        faults += in_report(outcome, made)
    if "outputs" not in places:
        faults += in_outputs(outcome.outputs, made, UNDEPLOYED)
    said = [outcome.log, outcome.summary]
    return faults + ["nothing is said to be decided" for text in said if made and "othing was decided" in text]


def after_signal(scenario: Scenario, ending: Ending, made: Made) -> list[str]:
    """What is amiss at the end of a run that got a signal when it had made this, as far as it can know.

    A run whose handlers did not stand yet may end in any way but well, and must have written nothing.
    """
    outcome = ending.outcome
    if ending.kind == "before our handlers":
        faults = ["status 0"] if outcome.status == 0 else []
        faults += [f"outputs {dict(outcome.outputs)}"] if outcome.outputs else []
        return faults + (["something was made"] if made or ending.writes_after else [])
    if ending.kind == "finished":
        # It was done already: nothing is left to do, nothing was asked for any more, and the normal ending is told.
        went_on = ending.went_on > scenario.closing
        faults = ["it went on as if there had been no signal"] if went_on else scenario.amiss()
        faults += [] if outcome.status == 0 else [f"status {outcome.status} of a run that was done"]
        faults += in_outputs(outcome.outputs, made, {}) + in_texts({"summary": outcome.summary}, made)
        return faults + in_report(outcome, made)
    took = ending.seconds or 0.0
    faults = [f"it took {took:.1f} s to end"] if took > MAY_TAKE else []
    faults += ["it went on writing"] if ending.writes_after > 1 + scenario.closing or ending.late else []
    if ending.is_lost and scenario.made() != made:
        last = outcome.log[max(0, outcome.log.lower().rindex("cancelled") - 200) :]
        faults += [] if re.search(scenario.subject, last) else ["what was on its way is not named"]
    return faults + cut_off(outcome, made, 1, CLOSED)
