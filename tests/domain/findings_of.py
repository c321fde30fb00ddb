"""The findings of single rules, on the worked example with changes."""

from __future__ import annotations

from typing import Any

from domain.worked_example import backend, finding_of, frontend, pins, release, stack
from frag_release.domain.evidence import Placement, Unknown
from frag_release.domain.findings import Finding, Status

LOST = Unknown("the server answered 503")
NOWHERE = Placement(frozenset())


def of_stack(rule: str, **changes: Any) -> Finding:
    """The finding of a rule on the stack, of the worked example with changes."""
    return finding_of(rule, "stack", release(stack=stack(**changes)))


def of_backend(rule: str, **changes: Any) -> Finding:
    """The finding of a rule on the backend, of the worked example with changes."""
    return finding_of(rule, "backend", release(components=(backend(**changes), frontend())))


def of_file(rule: str, file: str, **inputs: Any) -> Finding:
    """The finding of a rule on the backend whose workflow file and inputs are these."""
    return of_backend(rule, pin=pins(file, **inputs)[0])


def assert_finding(finding: Finding, status: Status, *words: str) -> None:
    """The status is that one, the words are in message or remedy, and whoever is refused is told what to do."""
    assert finding.status is status, finding
    for word in words:
        assert word in f"{finding.message} {finding.remedy}", word
    if status in (Status.FAIL, Status.UNKNOWN, Status.WARN):
        assert finding.message
        assert finding.remedy
