"""The findings that a release recorded, as they are read back for its ticket."""

from __future__ import annotations

import json
from typing import Any

import pytest

from frag_release.domain.findings import Finding, Status
from frag_release.domain.release_record import ReleaseRecord, parse_release_record


def record(*findings: dict[str, Any]) -> ReleaseRecord:
    """The record of a release with these findings."""
    stack = {"repository": "a/b", "tag": "1.2.3", "commit": "1" * 40, "image": "x:1.2.3"}
    document = {"schema": 1, "stack": stack, "components": [], "findings": list(findings)}
    return parse_release_record(json.dumps(document).encode())


def test_a_finding_is_read_with_what_people_need() -> None:
    """What was demoted by hand is known to have been, with its words and its link."""
    found = record(
        {
            "rule": "pin-ci",
            "subject": "backend",
            "status": "warn",
            "demoted-from": "fail",
            "message": "CI failed.",
            "url": "https://ci.example/1",
        }
    )
    assert found.findings == (
        Finding(
            "pin-ci",
            "backend",
            "1.2.3",
            Status.WARN,
            "CI failed.",
            demoted_from=Status.FAIL,
            url="https://ci.example/1",
            allowed=True,
        ),
    )


@pytest.mark.parametrize(
    ("status", "before", "allowed", "passed"),
    [
        ("pass", None, False, True),
        ("warn", "pass", False, True),
        ("warn", "skipped", False, False),
        ("warn", "fail", True, False),
        ("warn", "unknown", True, False),
        ("warn", None, False, False),
        ("skipped", None, False, False),
        ("fail", "pass", False, False),
    ],
)
def test_a_warning_says_what_it_would_be_without(status: str, before: str | None, allowed: bool, passed: bool) -> None:
    """CI that passed without names has passed; one that a person allowed, or that was switched off, has not."""
    found = record({"rule": "pin-ci", "subject": "backend", "status": status, "demoted-from": before})
    assert (found.findings[0].allowed, found.ci_passed("backend")) == (allowed, passed)
    assert not found.ci_passed("frontend")


def test_a_status_that_is_none_of_ours_is_no_finding() -> None:
    """A record of a later version may hold other words: those are kept out, and the rest is read."""
    found = record(
        {"rule": "new", "subject": "x", "status": "shrug", "message": ""},
        {"rule": "pin-ci", "subject": "x", "status": "pass", "demoted-from": 7},
    )
    assert [(one.rule, one.message, one.demoted_from) for one in found.findings] == [("pin-ci", "", None)]
    assert not found.findings[0].allowed


@pytest.mark.parametrize("finding", [{"rule": 1}, {"rule": "a", "subject": "b", "status": "pass", "message": 7}])
def test_a_malformed_finding_makes_the_record_malformed(finding: dict[str, Any]) -> None:
    """What is not as we write it is not used at all."""
    with pytest.raises(ValueError, match="it has no"):
        record(finding)
