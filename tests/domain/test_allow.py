"""Allowances: single findings that a person turns into warnings."""

from __future__ import annotations

import pytest

from frag_release.domain.findings import Allowance, Finding, Status, apply_allowances, unused_allowances

ALLOWED = Allowance("pin-ci", "backend", "2023.05.1")


def finding(status: Status, rule: str = "pin-ci", subject: str = "backend", tag: str = "2023.05.1") -> Finding:
    """A finding of that status."""
    return Finding(
        rule, subject, tag, status, "The CI did not pass.", "Mend it.", url="https://forge.example/7", line=4
    )


@pytest.mark.parametrize("status", [Status.FAIL, Status.UNKNOWN])
def test_an_allowed_finding_becomes_a_loud_warning(status: Status) -> None:
    """What blocks and is allowed warns instead, says ALLOWED and what it was, and keeps everything else."""
    (found,) = apply_allowances([finding(status)], [ALLOWED])
    assert (found.status, found.demoted_from) == (Status.WARN, status)
    assert "ALLOWED" in found.message
    assert status.value in found.message
    assert "The CI did not pass." in found.message
    assert (found.remedy, found.url, found.line) == ("Mend it.", "https://forge.example/7", 4)


@pytest.mark.parametrize("status", [Status.PASS, Status.WARN, Status.SKIPPED])
def test_a_finding_that_does_not_block_is_left_alone(status: Status) -> None:
    """An allowance changes nothing on what is no reason to refuse."""
    found = finding(status)
    assert apply_allowances([found], [ALLOWED]) == [found]
    assert unused_allowances([found], [ALLOWED]) == [ALLOWED]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Allowance("pin-image", "backend", "2023.05.1"), id="rule"),
        pytest.param(Allowance("pin-ci", "frontend", "2023.05.1"), id="subject"),
        pytest.param(Allowance("pin-ci", "backend", "2023.05.2"), id="tag"),
        pytest.param(Allowance("pin-ci", "backend", "2023.5.1"), id="tag of the same number"),
    ],
)
def test_an_allowance_for_another_finding_does_nothing(other: Allowance) -> None:
    """An allowance dies with its release: rule, subject and tag must all be the finding's."""
    found = finding(Status.FAIL)
    assert apply_allowances([found], [other]) == [found]
    assert unused_allowances([found], [other]) == [other]


def test_only_the_findings_that_are_named_are_demoted() -> None:
    """Of several findings the named one alone becomes a warning, in its place."""
    before = [finding(Status.FAIL, rule="pin-image"), finding(Status.FAIL), finding(Status.FAIL, subject="frontend")]
    after = apply_allowances(before, [ALLOWED])
    assert [one.status for one in after] == [Status.FAIL, Status.WARN, Status.FAIL]


def test_an_allowance_that_was_used_is_not_reported() -> None:
    """Only allowances that changed nothing are told as unused."""
    stale = Allowance("pin-ci", "backend", "2023.04.1")
    assert unused_allowances([finding(Status.FAIL)], [ALLOWED, stale]) == [stale]


def test_an_allowance_is_written_as_it_is_given() -> None:
    """An allowance in a message is what a person wrote into the input."""
    assert str(ALLOWED) == "pin-ci:backend@2023.05.1"
