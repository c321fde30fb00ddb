from __future__ import annotations

import re

import pytest

import torture
from contract.sources import ROOT
from torture_check import MUTATIONS, Mutation

PART = {
    "commit": "1234567",
    "date": "2026-11-28",
    "commands": {"gate": {"of": 1200, "ran": 20, "mended": 0}, "deploy": {"of": 1800, "ran": 30, "mended": 7}},
    "broken": [],
}
OTHER = {
    "commit": "1234567",
    "date": "2026-11-29",
    "commands": {"gate": {"of": 1200, "ran": 5, "mended": 0, "hang": 1}},
    "broken": [["hang", "gate | 0 GET /a 1 | silence | once", "130 s"]],
}


def test_no_generated_test_has_a_fixed_number_of_examples() -> None:
    """The torture's fifty times as many are of a profile, which a number of a test's own would hide."""
    fixed = re.compile(r"max_examples=[0-9]+[,)]")
    assert [path.name for path in (ROOT / "tests").rglob("test_*.py") if fixed.search(path.read_text("utf-8"))] == []


def test_parts_add_up() -> None:
    """What ran and what was broken is added, and all cases there are is not; the date is the last one."""
    figures = torture.merge([PART, OTHER])
    assert figures["commands"]["gate"] == {"of": 1200, "ran": 25, "hang": 1}
    assert (figures["date"], figures["broken"]) == ("2026-11-29", OTHER["broken"])
    shown = torture.table(figures).splitlines()
    assert shown[0] == "55 of 3,000 cases, run on 2026-11-29 at commit 1234567."
    assert shown[-1] == "| `gate` | 25 of 1,200 | 0 | 0 | 0 | 0 | 0 | 1 | 0 | 0 | 0 |"


def test_parts_of_two_commits_are_not_one_run() -> None:
    """Figures of different programs are never added up."""
    with pytest.raises(SystemExit, match="2 commits"):
        torture.merge([PART, {**OTHER, "commit": "7654321"}])


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: f"{one.promise} {one.file.rpartition('/')[2]}")
def test_a_mutation_fits_the_sources(mutation: Mutation) -> None:
    """What it replaces is there, once: else `make torture-check` could not break the promise."""
    assert (ROOT / mutation.file).read_text("utf-8").count(mutation.old) == 1


def test_each_promise_is_broken_by_a_mutation() -> None:
    """None of the promises of SECURITY.md is counted by something that cannot see it broken."""
    assert {one.promise for one in MUTATIONS} == set(torture.PROMISES)
