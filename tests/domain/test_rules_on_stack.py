"""The rules on the stack's own tag, in every status, and what their words must name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from domain.findings_of import LOST, NOWHERE, assert_finding, of_stack
from domain.worked_example import DIGEST, production, release, run, stack
from frag_release.domain.evidence import Answer, NotOffered, Run, Unknown, Workflow
from frag_release.domain.facts import PublicRelease
from frag_release.domain.findings import Finding, Status
from frag_release.domain.rules import Occasion, judge


def test_tag_on_stack_branch() -> None:
    """A tag whose commit is on no stack branch fails, naming tag, branches and repository."""
    assert_finding(of_stack("tag-on-stack-branch"), Status.PASS, "2023.06.2", "master")
    failed = of_stack("tag-on-stack-branch", placement=NOWHERE, branches=("master", "main"))
    assert_finding(failed, Status.FAIL, "2023.06.2", "master or main", "org/fragalysis-stack")


def test_tag_commit() -> None:
    """A tag that was moved or deleted since the run started fails, naming both commits; a terminal skips."""
    assert_finding(of_stack("tag-commit"), Status.PASS, "555555555555")
    assert_finding(of_stack("tag-commit", tag_commit="9" * 40), Status.FAIL, "999999999999", "555555555555", "moved")
    assert_finding(of_stack("tag-commit", tag_commit=None), Status.FAIL, "no longer exists", "2023.06.2")
    assert_finding(of_stack("tag-commit", run_commit=None), Status.SKIPPED, "not a run of the tag itself")


@pytest.mark.parametrize(
    ("siblings", "twin"),
    [
        pytest.param(("2023.06.2", "2023.6.2"), "2023.6.2", id="month of one digit"),
        pytest.param(("2023.06.02",), "2023.06.02", id="iteration with a zero"),
        pytest.param(("02023.06.2", "2023.06.2"), "02023.06.2", id="year with a zero"),
    ],
)
def test_tag_unique_fails_on_the_same_numbers(siblings: Sequence[str], twin: str) -> None:
    """Another tag of the same three numbers fails and is named."""
    assert_finding(of_stack("tag-unique", siblings=siblings), Status.FAIL, twin, "2023.06.2")


@pytest.mark.parametrize(
    "siblings",
    [(), ("2023.06.2",), ("2023.06.2", "2023.06.20", "2023.06.1", "2023.06.2-rc.1", "v2023.6.2", "2024.06.2")],
)
def test_tag_unique_passes_otherwise(siblings: Sequence[str]) -> None:
    """Other numbers, and names that are no production tags, are no second tag of the version."""
    assert_finding(of_stack("tag-unique", siblings=siblings), Status.PASS)


def test_tag_order() -> None:
    """A higher release on the stack branch fails, naming the highest."""
    assert_finding(of_stack("tag-order"), Status.PASS, "2023.06.2")
    failed = of_stack("tag-order", higher=("2023.07.1", "2023.08.3"))
    assert_finding(failed, Status.FAIL, "2023.08.3", "2023.06.2", "back")


@pytest.mark.parametrize("text", ["2022.09.0", "2023.13.1", "2023.6.1", "2023.06.01", "1.2.3"])
def test_tag_style_only_warns(text: str) -> None:
    """A production tag of another style is worth a warning that names it, and blocks nothing."""
    finding = of_stack("tag-style", tag=production(text))
    assert_finding(finding, Status.WARN, text, "YEAR.MONTH.ITERATION")
    assert not finding.status.blocks


@pytest.mark.parametrize(
    "conclusion",
    ["failure", "cancelled", "skipped", "neutral", "timed_out", "startup_failure", "new_word", None],
)
def test_stack_ci_fails_on_every_end_but_success(conclusion: str | None) -> None:
    """Of a run that has ended only success counts, and its end is named."""
    assert_finding(stack_ci(run()), Status.PASS, "ci.yaml passed")
    assert_finding(stack_ci(run(conclusion=conclusion)), Status.FAIL, f"ended as {conclusion or 'unknown'}", run().url)


def stack_ci(*runs: Run, given: str = "ci.yaml", workflows: Answer[Sequence[Workflow]] = ()) -> Finding:
    """What is found of the runs of the stack's commit, where that workflow is to have passed."""
    facts = release(stack=stack(ci_workflows=(given,), ci=runs, workflows=workflows))
    (finding,) = [one for one in judge(Occasion.PUBLICATION, facts) if one.rule == "stack-ci"]
    return finding


RED = run(conclusion="failure")


@pytest.mark.parametrize("event", ["push", "workflow_dispatch"])
@pytest.mark.parametrize("green", [6, 9])
def test_stack_ci_hides_no_failed_run(event: str, green: int) -> None:
    """Neither another push nor a dispatch, older or newer, hides a push run that failed: it is run again instead."""
    for runs in ((RED, run(id=green, event=event)), (run(id=green, event=event), RED)):
        assert_finding(stack_ci(*runs), Status.FAIL, "ci.yaml ended as failure")


def test_stack_ci_takes_a_dispatched_run_only_for_want_of_a_push() -> None:
    """A dispatched run stands in for a workflow without a push run; a red one counts for nothing beside a push."""
    dispatched = run(id=9, event="workflow_dispatch")
    assert_finding(stack_ci(dispatched), Status.PASS)
    assert_finding(stack_ci(dispatched, replace(dispatched, id=8, conclusion="failure")), Status.FAIL)
    assert_finding(stack_ci(run(), replace(dispatched, conclusion="failure")), Status.PASS)


@pytest.mark.parametrize("event", ["release", "schedule", "issue_comment", "repository_dispatch"])
def test_stack_ci_names_a_run_that_does_not_count(event: str) -> None:
    """What another event has started is no evidence, and is named, with its address and what would count."""
    other = run(id=9, event=event, url="https://forge.example/runs/9")
    finding = stack_ci(other)
    assert_finding(
        finding, Status.UNKNOWN, f"no run of ci.yaml on it that counts. ci.yaml ran for it, started by {event}"
    )
    assert finding.remedy.startswith("Have ci.yaml started by a push of the branch, or start it there by")
    assert finding.url == other.url
    assert_finding(stack_ci(run(), replace(other, conclusion="failure")), Status.PASS)


def test_stack_ci_goes_by_the_name_of_the_workflow() -> None:
    """A name is that of the list of workflows: its run counts by the id, and a name that is nobody's is unknown."""
    workflows = (Workflow(70, ".github/workflows/ci.yaml", "checks"), Workflow(80, ".github/workflows/x.yaml", "x"))
    other = run(id=9, workflow=".github/workflows/x.yaml", workflow_id=80)
    assert_finding(stack_ci(run(), given="checks", workflows=workflows), Status.PASS, "ci.yaml")
    assert_finding(stack_ci(other, given="checks", workflows=workflows), Status.UNKNOWN, "no run of", "ci.yaml")
    assert_finding(
        stack_ci(other, given="CI", workflows=workflows), Status.UNKNOWN, "no workflow is named CI", "x.yaml"
    )
    assert_finding(stack_ci(run(), given="checks", workflows=Unknown("503")), Status.UNKNOWN, "503")


def of_building(public: object) -> Finding:
    """What tag-released says of the worked example, whose tag has this public release."""
    findings = judge(Occasion.GATE, release(stack=stack(public=public)))
    return next(one for one in findings if one.key == "tag-released:stack")


def test_tag_released() -> None:
    """A release whose record has a digest fails, naming it and the form; a tag without such a record passes."""
    url = "https://github.com/org/fragalysis-stack/releases/tag/2023.06.2"
    failed = of_building(PublicRelease(url, True, DIGEST))
    assert_finding(failed, Status.FAIL, "2023.06.2", DIGEST, "with the stack's form", "rollback ticked")
    assert failed.url == url
    assert_finding(of_building(None), Status.PASS, "no public release")
    assert_finding(of_building(PublicRelease(url, False)), Status.PASS, "has no release.json")
    assert_finding(of_building(PublicRelease(url, True)), Status.PASS, "release.json names no digest")
    assert_finding(of_building(LOST), Status.UNKNOWN, "the server answered 503")
    assert_finding(of_building(NotOffered("a clone holds no releases")), Status.SKIPPED, "a clone holds no releases")


def test_what_is_only_deployed_is_not_asked_whether_it_is_released() -> None:
    """A deployment of what was built is judged after the release, too: the rule is for a build alone."""
    released = stack(public=PublicRelease("", True, DIGEST))
    assert "tag-released:stack" not in {one.key for one in judge(Occasion.DEPLOYMENT, release(stack=released))}
