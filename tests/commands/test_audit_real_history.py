"""The audit of a real stack to the end of 2024: its tags, their dates and pins are facts, the rest is built."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from world.events import push_branch
from world.example import BACKEND, FRONTEND, STACK, WORKFLOW_FILE, workflow_text
from world.git import Repo
from world.histories import Import
from world.program import Outcome, Program

FACTS = Path(__file__).parents[1] / "data" / "stack-pins.tsv"
NONE = "-"


def facts() -> list[list[str]]:
    """Tag, date, backend and frontend of each release, in the file's order."""
    lines = FACTS.read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clones of a stack with these tags, and of components that have every tag that was pinned but `latest`."""
    folder = tmp_path_factory.mktemp("real")
    stack, tip = Import(Repo.create(folder / STACK, bare=True)), ""
    for tag, day, backend, frontend in facts():
        date = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=timezone.utc)
        text = workflow_text(backend, frontend)
        # What the file of that day did not have.
        text = re.sub(r"(?m)^  (BE|FE)_IMAGE_TAG: -.*\n", "", text)
        tip = stack.commit("master", {WORKFLOW_FILE: text, "tag": tag}, [tip] if tip else [], date)
        stack.tag(tag, tip)
    stack.run()
    for column, name in ((2, BACKEND), (3, FRONTEND)):
        repo = Repo.create(folder / name, bare=True, default_branch="production")
        component, head = Import(repo), ""
        for pin in dict.fromkeys(row[column] for row in facts()):
            if pin not in (NONE, "latest"):
                head = component.commit("production", {"tag": pin}, [head] if head else [], datetime.now(timezone.utc))
                component.tag(pin, head)
        component.run()
    return folder


def audit(action_folder: Path, scratch: Path, clones: Path, **inputs: str) -> Outcome:
    """Audit the clones, as a process."""
    given = {"command": "audit", "local": str(clones), "stack-branch": "master", **inputs}
    return Program(action_folder, scratch).run(push_branch("master", "0" * 40), given)


@pytest.fixture(scope="module")
def outcome(action_folder: Path, clones: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The audit of all of it."""
    return audit(action_folder, tmp_path_factory.mktemp("runs"), clones)


def found(outcome: Outcome, status: str, rule: str) -> list[str]:
    """The releases with a finding of that status and rule, each with its subject."""
    assert outcome.report is not None
    releases: list[dict[str, Any]] = outcome.report["releases"]
    return [
        f"{one['tag']} {finding['subject']}"
        for one in releases
        for finding in one["findings"]
        if (finding["status"], finding["rule"]) == (status, rule)
    ]


def test_every_tag_is_told_in_reading_order(outcome: Outcome) -> None:
    """Releases stand by their numbers, others by their dates among them, whatever the text order is."""
    assert outcome.report is not None, outcome.log
    tags = [one["tag"] for one in outcome.report["releases"]]
    assert sorted(tags) == sorted(row[0] for row in facts()) and len(tags) == 102
    assert tags[9:25] == [*(f"2.0.{number}" for number in range(14)), "2.1.0", "2.1.1"]
    at = tags.index
    assert tags[at("2.4.1") - 1 : at("2.4.1") + 3] == ["2.4.0", "2.4.1", "2.4", "2.4.2"]
    assert tags[at("2023.11.1") : at("2024.03.1") + 1] == ["2023.11.1", "2023.11.1-1", "2024.03.1"]
    assert tags[at("2024.04.1") : at("2024.09.1") + 1] == ["2024.04.1", "2023.11.1-2", "2024.09.1"]


def test_verdicts_by_year(outcome: Outcome) -> None:
    """Of 97 releases the 11 good ones of 2024 keep today's rules; 5 tags are no production tags."""
    assert outcome.report is not None
    verdicts = Counter(one["verdict"] for one in outcome.report["releases"])
    assert verdicts == {"deploy": 11, "blocked": 86, "build-only": 5}
    assert outcome.report["counts"]["by-year"] == {
        "2020": {"fine": 0, "broken": 44, "unverified": 0},
        "2021": {"fine": 0, "broken": 12, "unverified": 0},
        "2022": {"fine": 0, "broken": 14, "unverified": 0},
        "2023": {"fine": 0, "broken": 15, "unverified": 0},
        "2024": {"fine": 11, "broken": 1, "unverified": 0},
    }
    assert outcome.status == 1


def test_the_release_that_went_wrong_is_named(outcome: Outcome) -> None:
    """2024.11.2 went to production with the backend 2024.11.1-1: that, and nothing else, blocks it."""
    assert outcome.report is not None
    (release,) = [one for one in outcome.report["releases"] if one["tag"] == "2024.11.2"]
    (finding,) = [one for one in release["findings"] if one["status"] in ("fail", "unknown")]
    assert (finding["rule"], finding["subject"]) == ("pin-grade", "backend")
    assert "'2024.11.1-1' is not a production tag" in finding["message"]


def test_grades(outcome: Outcome) -> None:
    """`latest` was no production tag in 23 releases of 2021 and 2022, and 2024.11.1-1 is none."""
    failed = found(outcome, "fail", "pin-grade")
    assert len(failed) == 24 and failed[-1] == "2024.11.2 backend"
    assert (failed[0], failed[-2]) == ("2.4.0 backend", "2022.09.0 backend")
    assert found(outcome, "fail", "pin-exists") == failed[:-1]


def test_tags_without_values_are_said_so(outcome: Outcome) -> None:
    """A file without a value is a finding on its release: no backend in 44, no frontend in 85."""
    missing = Counter(one.split()[1] for one in found(outcome, "fail", "pin-present"))
    assert missing == {"backend": 44, "frontend": 85}
    assert "the top-level env: has no FE_IMAGE_TAG" in outcome.log


def test_style_order_and_sameness(outcome: Outcome) -> None:
    """Names before 2022.11.1 are of another style; nothing went back; one pair was released twice."""
    styled = found(outcome, "pass", "tag-style")
    assert styled[0] == "2022.11.1 stack" and len(styled) == 1 + 1 + 15 + 12
    assert "2022.09.0 stack" in found(outcome, "warn", "tag-style")
    assert found(outcome, "fail", "tag-order") == [] and found(outcome, "warn", "pin-order") == []
    assert found(outcome, "warn", "pair-changed") == ["2024.09.3 pair"]


FIRST = (
    "Since 2024.03.1, 11 of 12 production tags keep every rule that was checked. 2024.11.2 breaks a rule. The rules "
    "cannot be applied to the 85 before 2024.03.1, whose workflow file is the first to name every version. 5 other "
    "tags were not judged: only production tags are."
)


def test_the_first_sentence_is_the_one_that_matters(outcome: Outcome) -> None:
    """Since the file names both versions 11 of 12 are fine and one is not: said first, in page, annotation and log."""
    assert outcome.summary.startswith("## ⛔ 1 production tag since 2024.03.1 breaks a rule")
    assert outcome.summary.split("\n\n")[1] == f"**{FIRST}**"
    assert f"::error title=1 production tag since 2024.03.1 breaks a rule::{FIRST}" in outcome.log
    told = outcome.log.split("1 production tag since 2024.03.1 breaks a rule", 1)[1].splitlines()
    assert told[1] == FIRST
    assert outcome.report is not None
    asked = {"since": "2024.03.1", "fine": 11, "broken": 1, "unverified": 0}
    assert (outcome.report["asked"], outcome.report["unasked"]) == (asked, 85)
    assert "never went to production" not in outcome.summary + outcome.log


def test_what_cannot_be_asked_does_not_bury_what_is_wrong(outcome: Outcome) -> None:
    """Annotations, tables and log name the one release that is not fine, and none of the 85 from before."""
    assert re.findall(r"::error title=Tag ([^:]+)::", outcome.log) == ["2024.11.2"]
    blocked = outcome.summary.partition("could not be verified\n\n")[2].partition("\n\n")[0]
    assert re.findall(r"\| `([0-9.]+)` \|", blocked)[:1] == ["2024.11.2"] and len(blocked.splitlines()) == 3
    assert "| `pin-grade` | 1 | 0 | 0 |" in outcome.summary and "| 2024 | 12 | 11 | 1 | 0 |" in outcome.summary
    assert "2023.11.1 ❌" not in outcome.log and "Not shown: 89 older tags" in outcome.log
    assert "add those to `frontend-variable`" in outcome.log


def test_since_leaves_the_old_sins_behind(action_folder: Path, tmp_path: Path, clones: Path) -> None:
    """From 2024 on one of twelve is broken; from the release after it on, as the summary proposes, none is."""
    first = audit(action_folder, tmp_path, clones, since="2024.")
    assert first.status == 1
    assert (
        "Since 2024.03.1, 11 of 12 production tags keep every rule that was checked. 2024.11.2 breaks a rule."
        in first.log
    )
    assert "set `since` to `2024.11.3`" in first.summary
    again = audit(action_folder, tmp_path, clones, since="2024.11.3")
    assert again.status == 0, again.log
    assert again.report is not None
    assert [one["tag"] for one in again.report["releases"]] == ["2024.11.3", "2024.12.1", "2024.12.2"]
