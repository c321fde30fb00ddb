"""The rule `pin-ci`: whose runs count, and which of their ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from domain.findings_of import LOST, assert_finding, of_backend
from domain.worked_example import BACKEND, BACKEND_COMMIT, DIGEST, backend, finding_of, frontend, pins, release, run
from frag_release.domain.evidence import Image, Run, Unknown
from frag_release.domain.facts import Recorded
from frag_release.domain.findings import Status, blocking
from frag_release.domain.rules import judge


def test_pin_ci_passes_on_green_runs_of_the_tags_commit() -> None:
    """All workflows that ran for the tag have passed: the finding passes with a link."""
    finding = of_backend("pin-ci", runs=(run(), run(workflow=".github/workflows/lint.yaml", name="Lint")))
    assert_finding(finding, Status.PASS, "CI", "Lint", "2023.05.1")
    assert finding.url == "https://forge.example/runs/7"


def test_pin_ci_is_skipped_where_it_is_switched_off() -> None:
    """`check-ci: false` is told as the reason."""
    assert_finding(of_backend("pin-ci", runs=None), Status.SKIPPED, "check-ci")


@pytest.mark.parametrize(
    "conclusion",
    [
        "failure", "cancelled", "skipped", "neutral", "timed_out", "action_required", "stale", "startup_failure",
        "something_new", "", None,
    ],
)  # fmt: skip
def test_pin_ci_fails_on_every_end_but_success(conclusion: str | None) -> None:
    """A run that has ended in any other way than success fails, with its conclusion and its link."""
    finding = of_backend("pin-ci", runs=(run(conclusion=conclusion),))
    assert_finding(finding, Status.FAIL, "2023.05.1", conclusion or "unknown", "https://forge.example/runs/7")
    assert finding.url == "https://forge.example/runs/7"


@pytest.mark.parametrize("status", ["queued", "in_progress", "waiting", "requested", "pending", "something_new", ""])
@pytest.mark.parametrize("conclusion", [None, "success"])
def test_pin_ci_is_unknown_while_it_runs(status: str, conclusion: str | None) -> None:
    """A run that has not ended proves nothing, whatever conclusion it claims; the remedy is to wait."""
    finding = of_backend("pin-ci", runs=(run(status=status, conclusion=conclusion),))
    assert_finding(finding, Status.UNKNOWN, status.replace("_", " "), "Wait")


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param((), id="no run"),
        pytest.param((run(head_sha="9" * 40),), id="run of another commit"),
        pytest.param((run(head_sha=""),), id="run of no commit"),
    ],
)
def test_pin_ci_is_unknown_without_a_run_of_the_tags_commit(runs: Sequence[Run]) -> None:
    """Where no run is of this tag at this commit, nothing was proved; the remedy says how to get one."""
    assert_finding(of_backend("pin-ci", runs=runs), Status.UNKNOWN, "no run", "push 2023.05.1", "branch")


def test_pin_ci_judges_every_workflow() -> None:
    """One red workflow fails beside green ones, and one still running is unknown beside green ones."""
    lint = run(workflow=".github/workflows/lint.yaml", name="Lint")
    assert_finding(of_backend("pin-ci", runs=(run(), replace(lint, conclusion="failure"))), Status.FAIL, "Lint")
    unfinished = replace(lint, status="in_progress", conclusion=None)
    assert_finding(of_backend("pin-ci", runs=(run(), unfinished)), Status.UNKNOWN, "Lint")
    red = run(conclusion="failure")
    assert_finding(of_backend("pin-ci", runs=(red, unfinished)), Status.FAIL, "CI ended as failure")


def test_pin_ci_takes_the_newest_run_of_each_workflow() -> None:
    """Of a tag that was pushed twice the run with the higher number counts, in whatever order they come."""
    red, green = run(number=8, conclusion="failure"), run(number=9)
    for runs in ((red, green), (green, red)):
        assert_finding(of_backend("pin-ci", runs=runs), Status.PASS)
    for runs in ((run(number=10, conclusion="failure"), green), (green, run(number=10, conclusion="failure"))):
        assert_finding(of_backend("pin-ci", runs=runs), Status.FAIL)


def test_pin_ci_ignores_a_newer_run_of_another_commit() -> None:
    """A newer green run of another commit does not hide the red one of the tag's commit."""
    runs = (run(conclusion="failure"), run(number=8, head_sha="9" * 40))
    assert_finding(of_backend("pin-ci", runs=runs), Status.FAIL)


@pytest.mark.parametrize("name", [".github/workflows/ci.yaml", "ci.yaml", "CI"])
def test_pin_ci_counts_only_the_workflows_that_are_named(name: str) -> None:
    """`ci-workflows` selects by path, by file name or by name; others may fail."""
    pin = pins(backend=replace(BACKEND, ci_workflows=(name,)))[0]
    other = run(workflow=".github/workflows/nightly.yaml", name="Nightly", conclusion="failure")
    assert_finding(of_backend("pin-ci", pin=pin, runs=(run(), other)), Status.PASS, "CI")
    assert_finding(of_backend("pin-ci", pin=pin, runs=(run(conclusion="skipped"), other)), Status.FAIL, "skipped")


@pytest.mark.parametrize("name", ["ci.yml", "ci", "Release", "i.yaml", "workflows/ci.yaml"])
def test_pin_ci_is_unknown_where_a_named_workflow_has_not_run(name: str) -> None:
    """A named workflow without a run of the tag is unknown and named, though others are green."""
    pin = pins(backend=replace(BACKEND, ci_workflows=("CI", name)))[0]
    assert_finding(of_backend("pin-ci", pin=pin), Status.UNKNOWN, name)


RECORDED = Recorded("2023.06.1", BACKEND_COMMIT, DIGEST, ci_passed=True)


def test_pin_ci_takes_the_record_of_a_release_for_a_run_that_is_forgotten() -> None:
    """Without a run, what release.json recorded of the same commit and the same image is the evidence."""
    mutable = of_backend("pin-ci", runs=(), recorded=RECORDED)
    assert_finding(mutable, Status.PASS, "release.json of 2023.06.1", "can change its release.json")
    frozen = of_backend("pin-ci", runs=(), recorded=replace(RECORDED, frozen=True))
    assert_finding(frozen, Status.PASS, "release.json of 2023.06.1")
    assert "immutable" not in frozen.message


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"recorded": replace(RECORDED, ci_passed=False)}, id="had not passed"),
        pytest.param({"recorded": replace(RECORDED, commit="9" * 40)}, id="another commit"),
        pytest.param({"recorded": replace(RECORDED, digest="sha256:" + "9" * 64)}, id="another digest"),
        pytest.param({"recorded": replace(RECORDED, digest="")}, id="no digest in the record"),
        pytest.param({"image": None}, id="no image looked up"),
        pytest.param({"image": LOST}, id="image unknown"),
        pytest.param({"image": Image("docker.io/org/fragalysis-backend", "2023.05.1", None)}, id="no image"),
        pytest.param({"recorded": Unknown("release.json of 2023.06.1 cannot be used: it is not JSON")}, id="unread"),
    ],
)
def test_pin_ci_takes_no_other_record(changes: dict[str, object]) -> None:
    """A record of anything else, or one that could not be read, leaves it unknown, and the message says so."""
    finding = of_backend("pin-ci", **{"runs": (), "recorded": RECORDED, **changes})
    assert_finding(finding, Status.UNKNOWN, "no run", "release.json of 2023.06.1")


@pytest.mark.parametrize("changes", [{"conclusion": "failure"}, {"status": "in_progress", "conclusion": None}])
def test_pin_ci_excuses_no_run_that_is_there(changes: dict[str, object]) -> None:
    """A run that failed, or that runs, is judged as it is, whatever was recorded."""
    finding = of_backend("pin-ci", runs=(run(**changes),), recorded=RECORDED)
    assert finding.status is (Status.FAIL if changes["conclusion"] else Status.UNKNOWN)


def test_pin_ci_without_a_tag_to_look_for() -> None:
    """Where the tag does not exist or is not known, CI is skipped: that the tag is missing blocks already."""
    for commit in (None, LOST):
        facts = release(components=(backend(commit=commit), frontend()))
        assert_finding(finding_of("pin-ci", "backend", facts), Status.SKIPPED)
        assert "pin-exists:backend" in {finding.key for finding in blocking(judge(facts))}
