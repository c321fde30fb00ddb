from __future__ import annotations

import pytest

from frag_release.domain.evidence import Placement, Unknown
from frag_release.domain.findings import Allowance
from render.hostile import HOSTILE
from render.reports import good_facts, pin, report, unjudged, with_backend
from render.shown import gate_text


def test_verdict_and_reason_come_first() -> None:
    """The first two lines are the verdict with its name and why."""
    assert gate_text(unjudged("refs/tags/2023.06.2-rc.1")).splitlines() == [
        "Build only: 2023.06.2-rc.1",
        "2023.06.2-rc.1 is not a production tag (exactly three numbers such as 2023.06.1), so it will not "
        "reach production.",
    ]


def test_a_branch_named_like_a_release_is_called_a_branch() -> None:
    """The log does not show the name of a branch as if it were a release."""
    assert gate_text(unjudged("refs/heads/2023.06.2")).splitlines()[0] == "Build only: branch 2023.06.2"


def test_each_finding_is_a_line_the_worst_first() -> None:
    """Failures come before what is unknown and that before what passed; remedies stand below theirs."""
    facts = with_backend(good_facts(), placement=Placement(frozenset()), image=Unknown("the registry answered 503"))
    lines = gate_text(report(facts)).splitlines()
    assert lines[2].split()[:3] == ["FAIL", "pin-on-branch", "backend"]
    assert lines[3] == ("    -> Pin a tag that is on production, or merge bbbbbbbbbbbb there and give it a new tag.")
    assert lines[4].split()[:3] == ["UNKNOWN", "pin-image", "backend"]
    assert lines[5] == "    -> Nothing is known to be wrong: run this again."
    assert [line.split()[:2] for line in lines[6:] if not line.startswith("PASS")] == [["SKIPPED", "pin-origin"]]


def test_what_was_allowed_is_called_so() -> None:
    """An allowance is as loud in the log as in the summary."""
    facts = with_backend(good_facts(), image=Unknown("503"))
    text = gate_text(report(facts, allow=[Allowance("pin-image", "backend", "2023.05.1")]))
    assert "\nALLOWED  pin-image" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_foreign_names_start_no_line(name: str) -> None:
    """A finding stays one line, whatever its names hold."""
    plain = gate_text(report(with_backend(good_facts(), pin=pin("backend", "nonsense"), commit=None)))
    hostile = gate_text(report(with_backend(good_facts(), pin=pin("backend", name), commit=None)))
    assert len(hostile.splitlines()) == len(plain.splitlines())


def test_an_allowance_that_changed_nothing_is_told() -> None:
    """A terminal has no annotations: that an allowance can go is told in the text, last."""
    text = gate_text(report(allow=[Allowance("pin-ci", "backend", "2023.03.1")]))
    assert text.splitlines()[-1] == (
        "pin-ci:backend@2023.03.1 changed nothing: there is no such finding in this release. Remove it from allow."
    )
