"""The catalogue of rules, the worked example, evidence that is missing, and the rule on the pair."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.files import blob
from domain.findings_of import LOST, assert_finding
from domain.worked_example import (
    BACKEND,
    FILE,
    FRONTEND,
    STACK_COMMIT,
    WORKFLOW_FILE,
    backend,
    finding_of,
    frontend,
    pins,
    previous,
    production,
    release,
    stack,
)
from frag_release.domain.audit.rules import PAST_RULES, PastStackFacts
from frag_release.domain.components import read_pins
from frag_release.domain.evidence import RETRY
from frag_release.domain.facts import NOT_ASKED, ComponentFacts, PreviousRelease, ReleaseFacts, StackFacts
from frag_release.domain.findings import Finding, Status, blocking
from frag_release.domain.rules import CATALOGUE, Occasion, all_fixable_elsewhere, judge

# Design section 4, by hand: rule, subject, and whether `allow` may cover it.
DESIGNED = [
    ("tag-on-stack-branch", "stack", True),
    ("tag-commit", "stack", False),
    ("tag-unique", "stack", True),
    ("tag-order", "stack", True),
    ("tag-style", "stack", True),
    ("tag-released", "stack", True),
    ("config-same", "stack", False),
    ("pin-present", "component", False),
    ("pin-effective", "component", True),
    ("hidden-override", "component", True),
    ("pin-grade", "component", False),
    ("pin-exists", "component", False),
    ("pin-shadowed", "component", False),
    ("pin-on-branch", "component", False),
    ("pin-ci", "component", True),
    ("pin-image", "component", True),
    ("pin-origin", "component", True),
    ("pin-order", "component", True),
    ("branch-ci", "component", True),
    ("pair-changed", "pair", True),
    ("stack-ci", "stack", True),
    ("stack-image", "stack", True),
    ("staged", "stack", True),
    ("stack-contents", "stack", True),
]
# Rules of single commands, which not everybody who judges applies.
OF_ONE_COMMAND = {
    "stack-ci", "stack-image", "staged", "stack-contents", "tag-released", "branch-ci", "config-same"
}  # fmt: skip


def test_the_catalogue_is_the_designs_table() -> None:
    """Ids, subjects and what may be allowed are those of the contract, each once."""
    assert sorted((rule.id, rule.subject, rule.allowable) for rule in CATALOGUE) == sorted(DESIGNED)


def test_the_past_is_judged_by_every_rule_that_can_be_asked_of_it() -> None:
    """An audit leaves out what is of a run alone: overrides, CI before something is tagged, another build."""
    of_a_run = {"pin-effective", "hidden-override", "stack-ci", "staged", "tag-released", "branch-ci", "config-same"}
    assert {rule.id for rule in PAST_RULES if Occasion.AUDIT not in rule.when} == of_a_run


ALWAYS = {
    "tag-unique", "tag-style", "pin-present", "pin-grade", "pin-exists", "pin-shadowed", "pin-on-branch", "pin-ci",
    "pin-image", "pin-origin", "pin-order", "pair-changed",
}  # fmt: skip
OF_RUNS = ALWAYS | {"tag-on-stack-branch", "tag-commit", "tag-order", "config-same", "pin-effective", "hidden-override"}
OF_COMMIT = ALWAYS | {"tag-on-stack-branch", "config-same", "hidden-override", "stack-ci"}
ASKED = {
    Occasion.GATE: OF_RUNS | {"tag-released"},
    Occasion.DEPLOYMENT: OF_RUNS | {"stack-image", "staged", "stack-contents"},
    Occasion.PLAN: ALWAYS | {"tag-order", "config-same", "hidden-override", "branch-ci"},
    Occasion.PUBLICATION: OF_COMMIT | {"tag-order"},
    Occasion.BASELINE: OF_COMMIT,
    Occasion.BUILT: {"stack-contents"},
    Occasion.AUDIT: ALWAYS | {"tag-on-stack-branch", "tag-commit", "tag-order", "stack-image", "stack-contents"},
    Occasion.COMPARISON: {"tag-commit", "stack-image", "pin-exists", "pin-image"},
    Occasion.UNJUDGED: {"pin-present"},
}


@pytest.mark.parametrize("occasion", Occasion)
def test_a_rule_is_asked_when_its_row_says_so(occasion: Occasion) -> None:
    """Each occasion has these rules; that a rule has no place there is no reason to pass, so all are listed."""
    assert {rule.id for rule in CATALOGUE if occasion in rule.when} == ASKED[occasion]


def test_no_rule_of_the_past_waits_for_facts_that_an_audit_lacks() -> None:
    """A rule on an image that is about to be deployed would never be asked by an audit: it judges by other facts."""
    on = {rule.of for rule in PAST_RULES if {Occasion.AUDIT, Occasion.COMPARISON} & set(rule.when)}
    assert on == {StackFacts, PastStackFacts, ComponentFacts, ReleaseFacts}


def test_what_can_be_mended_without_another_tag() -> None:
    """Only what other repositories, registries and CI are to blame for may pass in the same run later."""
    elsewhere = {rule.id for rule in CATALOGUE if rule.fixable_elsewhere}
    assert elsewhere == {
        "pin-exists", "pin-shadowed", "pin-on-branch", "pin-ci", "branch-ci", "pin-image", "pin-origin", "stack-ci",
        "staged",
    }  # fmt: skip
    failed, unknown = (
        Finding("tag-order", "stack", "2023.06.2", status, "") for status in (Status.FAIL, Status.UNKNOWN)
    )
    mends = Finding("pin-ci", "backend", "2023.05.1", Status.FAIL, "")
    assert all_fixable_elsewhere([mends, unknown])
    assert not all_fixable_elsewhere([mends, failed])


def test_every_rule_has_words_for_the_readme() -> None:
    """Each rule says when it does not pass and what to do about it."""
    assert all(rule.fails_when and rule.remedy for rule in CATALOGUE)


def test_the_worked_example_passes_every_rule() -> None:
    """Stack 2023.06.2 of backend 2023.05.1 and frontend 2023.05.4 passes all sixteen rules on all subjects."""
    findings = judge(Occasion.DEPLOYMENT, release())
    assert [(finding.key, finding.status) for finding in findings if finding.status is not Status.PASS] == []
    expected = {f"{rule}:stack" for rule, subject, _ in DESIGNED if subject == "stack"} | {"pair-changed:pair"}
    expected -= {f"{rule}:stack" for rule in OF_ONE_COMMAND}
    expected |= {
        f"{r}:{name}" for r, subject, _ in DESIGNED if subject == "component" for name in ("backend", "frontend")
    } - {"branch-ci:backend", "branch-ci:frontend"}
    assert {finding.key for finding in findings} == expected
    assert len(findings) == len(expected) == 5 + 2 * 11 + 1


def test_findings_on_pins_point_at_the_line_of_the_pin() -> None:
    """A finding on a component names the workflow file and the line of its tag, and dies with that tag."""
    found = {finding.subject: finding for finding in judge(Occasion.DEPLOYMENT, release()) if finding.rule == "pin-ci"}
    assert (found["backend"].file, found["backend"].line, found["backend"].tag) == (WORKFLOW_FILE, 4, "2023.05.1")
    assert (found["frontend"].file, found["frontend"].line, found["frontend"].tag) == (WORKFLOW_FILE, 6, "2023.05.4")


def test_findings_on_stack_and_pair_bear_the_stacks_tag() -> None:
    """An allowance for the stack or the pair is for one stack tag, so the findings bear it."""
    assert {f.tag for f in judge(Occasion.DEPLOYMENT, release()) if f.subject in ("stack", "pair")} == {"2023.06.2"}


def test_a_pull_request_is_judged_without_a_stack_tag() -> None:
    """Where there is no stack tag, the component rules alone are applied, and the pair."""
    findings = judge(Occasion.DEPLOYMENT, ReleaseFacts(None, (backend(), frontend()), None))
    assert {finding.subject for finding in findings} == {"backend", "frontend", "pair"}
    assert blocking(findings) == []


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        pytest.param("tag-on-stack-branch:stack", release(stack=stack(placement=LOST)), id="stack branch"),
        pytest.param("tag-commit:stack", release(stack=stack(tag_commit=LOST)), id="stack tag"),
        pytest.param("tag-unique:stack", release(stack=stack(siblings=LOST)), id="other tags"),
        pytest.param("tag-order:stack", release(stack=stack(higher=LOST)), id="higher tags"),
        pytest.param("pin-exists:backend", release(components=(backend(commit=LOST),)), id="component tag"),
        pytest.param("pin-shadowed:backend", release(components=(backend(shadow=LOST),)), id="branch of that name"),
        pytest.param("pin-on-branch:backend", release(components=(backend(placement=LOST),)), id="branch"),
        pytest.param("pin-ci:backend", release(components=(backend(runs=LOST),)), id="CI runs"),
        pytest.param("pin-image:backend", release(components=(backend(image=LOST),)), id="image"),
        pytest.param(
            "pin-present:backend",
            release(components=(backend(pin=read_pins((BACKEND,), WORKFLOW_FILE, LOST)[0]),)),
            id="workflow file",
        ),
    ],
)
def test_evidence_that_cannot_be_had_blocks_as_unknown(rule: str, facts: ReleaseFacts) -> None:
    """Each piece of evidence that is missing gives exactly one `unknown`, which blocks, says why and says retry."""
    (finding,) = blocking(judge(Occasion.DEPLOYMENT, facts))
    assert finding.key == rule
    assert_finding(finding, Status.UNKNOWN, "the server answered 503", RETRY)


def test_evidence_that_nobody_asked_for_blocks() -> None:
    """Facts that were never gathered are unknown: forgetting to ask is no way to pass."""
    bare = StackFacts("org/stack", ("master",), production("2023.06.2"), STACK_COMMIT)
    no_commit, commit_only = ComponentFacts(pins()[0]), ComponentFacts(pins()[1], commit="f" * 40)
    facts = ReleaseFacts(bare, (no_commit, commit_only))
    blocked = {finding.key for finding in blocking(judge(Occasion.DEPLOYMENT, facts))}
    assert blocked == {
        "tag-on-stack-branch:stack",
        "tag-commit:stack",
        "tag-unique:stack",
        "tag-order:stack",
        "pin-exists:backend",
        "pin-shadowed:backend",
        "pin-image:backend",
        "pin-shadowed:frontend",
        "pin-on-branch:frontend",
        "pin-ci:frontend",
        "pin-image:frontend",
    }


def test_pair_changed() -> None:
    """The same pair as before is a warning, another tag or namespace passes, and no release before is skipped."""

    def pair(before: object) -> Finding:
        return finding_of("pair-changed", "pair", release(previous=before))

    same = PreviousRelease(production("2023.06.1"), "6" * 40, pins())
    assert_finding(pair(same), Status.WARN, "2023.06.1")
    assert_finding(pair(previous()), Status.PASS, "2023.06.1")
    moved = PreviousRelease(
        production("2023.06.1"), "6" * 40, pins(FILE.replace("BE_NAMESPACE: org", "BE_NAMESPACE: me"))
    )
    assert_finding(pair(moved), Status.PASS)
    assert_finding(pair(None), Status.SKIPPED)
    unread = PreviousRelease(production("2023.06.1"), "6" * 40, pins("[]"))
    assert_finding(pair(unread), Status.SKIPPED, "2023.06.1")
    assert_finding(pair(LOST), Status.WARN, "the server answered 503")
    lost = [replace(pin, tag="", unread=LOST) for pin in pins()]
    half = PreviousRelease(production("2023.06.1"), "6" * 40, lost)
    assert_finding(pair(half), Status.WARN, "could not be read", "the server answered 503")
    assert_finding(pair(NOT_ASKED), Status.SKIPPED, "was not looked up")


def test_presence_says_nothing_of_pins_that_can_be_read() -> None:
    """A build that is not judged gets no findings where its pins can be read."""
    assert judge(Occasion.UNJUDGED, release()) == []


@pytest.mark.parametrize(("content", "status"), [(blob("["), Status.FAIL), (None, Status.FAIL), (LOST, Status.UNKNOWN)])
def test_presence_tells_of_pins_that_cannot_be_read(content: Any, status: Status) -> None:
    """A build that is not judged still hears that its workflow file has no pins to read."""
    facts = [ComponentFacts(pin) for pin in read_pins((BACKEND, FRONTEND), WORKFLOW_FILE, content)]
    findings = judge(Occasion.UNJUDGED, ReleaseFacts(None, facts, None))
    assert [(finding.key, finding.status) for finding in findings] == [
        ("pin-present:backend", status),
        ("pin-present:frontend", status),
    ]


def test_rules_are_pure() -> None:
    """Judging twice gives the same findings: a rule keeps nothing and asks nobody."""
    assert judge(Occasion.DEPLOYMENT, release()) == judge(Occasion.DEPLOYMENT, release())
