"""The rule `pin-ci`: whose runs count, and which of their ends."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain.findings_of import LOST, assert_finding, of_backend
from domain.worked_example import (
    BACKEND,
    BACKEND_COMMIT,
    DIGEST,
    NOON,
    backend,
    finding_of,
    frontend,
    pins,
    release,
    run,
)
from frag_release.domain.components import Pin
from frag_release.domain.evidence import Image, Lifetime, NotOffered, Placement, Run, Unknown, Workflow
from frag_release.domain.facts import Recorded
from frag_release.domain.findings import Status, blocking
from frag_release.domain.rules import Occasion, judge

UNNAMED = pins(backend=replace(BACKEND, ci_workflows=()))[0]
LINT = run(workflow=".github/workflows/lint.yaml", id=8, workflow_id=80)
ELSEWHERE = "9" * 40


def named(*names: str) -> Pin:
    """The backend's pin where these workflows are to have passed."""
    return pins(backend=replace(BACKEND, ci_workflows=names))[0]


def at(hour: float) -> datetime.datetime:
    """So many hours after noon, when the CI of the tag began."""
    return NOON + datetime.timedelta(hours=hour)


def test_pin_ci_passes_on_green_runs_of_the_tags_commit() -> None:
    """All workflows that are named have passed for the tag: the finding passes with a link, and names their files."""
    finding = of_backend("pin-ci", pin=named("ci.yaml", "lint.yaml"), runs=(run(), LINT))
    assert_finding(finding, Status.PASS)
    assert finding.message == "ci.yaml, lint.yaml passed for 2023.05.1."
    assert finding.url == "https://forge.example/runs/7"


def test_pin_ci_warns_where_it_is_switched_off() -> None:
    """`check-ci: false` is a warning: what is not verified, and how to have it verified."""
    finding = of_backend("pin-ci", runs=None)
    assert_finding(finding, Status.WARN, "is not verified: check-ci is false", "Set check-ci to true")
    assert finding.demoted_from is Status.SKIPPED


def test_pin_ci_warns_of_a_pass_on_runs_that_nobody_has_named() -> None:
    """Without names a failed run that was deleted is not missed: the pass becomes a warning that says what to name."""
    finding = of_backend("pin-ci", pin=UNNAMED)
    assert_finding(finding, Status.WARN, "ci.yaml passed for 2023.05.1, but", "in backend-ci-workflows")
    assert (finding.demoted_from, finding.allowed) == (Status.PASS, False)


@pytest.mark.parametrize(
    "conclusion",
    [
        "failure", "cancelled", "skipped", "neutral", "timed_out", "stale", "startup_failure",
        "something_new", "", None,
    ],
)  # fmt: skip
def test_pin_ci_fails_on_every_end_but_success(conclusion: str | None) -> None:
    """A run that has ended in any other way than success fails, with its conclusion and its link."""
    finding = of_backend("pin-ci", runs=(run(conclusion=conclusion),))
    assert_finding(finding, Status.FAIL, "2023.05.1", conclusion or "unknown", "https://forge.example/runs/7")
    assert finding.url == "https://forge.example/runs/7"


@pytest.mark.parametrize("status", ["queued", "in_progress", "requested", "pending", "something_new", ""])
@pytest.mark.parametrize("conclusion", [None, "success"])
def test_pin_ci_is_unknown_while_it_runs(status: str, conclusion: str | None) -> None:
    """A run that has not ended proves nothing, whatever conclusion it claims; the remedy is to wait."""
    finding = of_backend("pin-ci", runs=(run(status=status, conclusion=conclusion),))
    assert_finding(finding, Status.UNKNOWN, status.replace("_", " "), "Wait")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("waiting", "until it is approved"),
        ("pending", "is still pending behind another run of its concurrency group"),
    ],
)
def test_pin_ci_says_what_a_run_that_is_held_waits_for(status: str, words: str) -> None:
    """Whoever waits for CI reads why it does not go on, and where: the run is named."""
    finding = of_backend("pin-ci", runs=(run(status=status, conclusion=None),))
    assert_finding(finding, Status.UNKNOWN, words, "https://forge.example/runs/7")


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
    assert_finding(
        of_backend("pin-ci", runs=runs), Status.UNKNOWN, "no run", "Otherwise give the same commit (bbbbbbbbbbbb)"
    )


@pytest.mark.parametrize(
    ("status", "conclusion", "words"),
    [
        ("completed", "action_required", ("A person with write access", "Approve and run")),
        ("action_required", None, ("A person with write access", "Approve and run")),
        ("waiting", None, ("a reviewer of its environment", "Approve and run")),
    ],
)
def test_pin_ci_says_who_lets_a_held_run_go(status: str, conclusion: str | None, words: tuple[str, ...]) -> None:
    """A run that waits for an approval has neither failed nor ended: unknown, with who must approve it, and where."""
    finding = of_backend("pin-ci", runs=(run(status=status, conclusion=conclusion),))
    assert_finding(finding, Status.UNKNOWN, "GitHub holds ci.yaml", "https://forge.example/runs/7", *words)
    assert finding.may_settle


@pytest.mark.parametrize(
    ("days", "says", "never"),
    [
        (2, "re-run it at https://forge.example/runs/7 (GitHub allows it for 28 more days)", "new tag"),
        (29, "(GitHub allows it for 1 more day)", "new tag"),
        (
            30,
            "runs/7 is 30 days old: fix what is wrong, then give the same commit (bbbbbbbbbbbb) a new tag",
            "re-run it",
        ),
        (400, "GitHub re-runs nothing after 30 days", "re-run it"),
        (None, "(GitHub allows it for 30 days). After that, give the same commit", "days old"),
    ],
)
def test_pin_ci_mends_a_failed_run_as_its_age_allows(days: int | None, says: str, never: str) -> None:
    """GitHub re-runs what is less than 30 days old; later, and for another commit's image, a new tag is the way."""
    asked = at(24 * days + 1) if days is not None else None
    finding = of_backend("pin-ci", runs=(run(conclusion="failure"),), asked=asked)
    assert_finding(finding, Status.FAIL, says)
    assert never not in finding.remedy
    over = run(head_sha=ELSEWHERE, id=9, url="https://forge.example/runs/9", started=at(1), changed=at(2))
    built_over = of_backend("pin-ci", runs=(run(), over), asked=asked)
    assert_finding(
        built_over, Status.UNKNOWN, says.replace("re-run it", "e-run all jobs").replace("fix what is wrong, then ", "")
    )


@pytest.mark.parametrize(("days", "gone"), [(89, False), (90, False), (91, True), (None, False)])
def test_pin_ci_says_that_an_old_run_is_gone(days: int | None, gone: bool) -> None:
    """Of a commit older than 90 days GitHub has deleted the runs: the message says so, and the remedy is a new tag."""
    committed = at(-24 * days) if days is not None else None
    finding = of_backend("pin-ci", runs=(), placement=Placement(frozenset({"production"}), committed), asked=NOON)
    assert_finding(finding, Status.UNKNOWN, "there is no run", "give the same commit (bbbbbbbbbbbb) a new tag")
    assert (f"The commit is {days} days old, and GitHub keeps runs for 90 days" in finding.message) is gone
    assert "again: GitHub" not in finding.remedy


def test_pin_ci_judges_every_workflow() -> None:
    """Without names one red workflow fails beside green ones, and one that still runs is unknown beside green ones."""
    assert_finding(
        of_backend("pin-ci", pin=UNNAMED, runs=(run(), replace(LINT, conclusion="failure"))),
        Status.FAIL,
        "lint.yaml ended as failure",
    )
    unfinished = replace(LINT, status="in_progress", conclusion=None)
    assert_finding(
        of_backend("pin-ci", pin=UNNAMED, runs=(run(), unfinished)), Status.UNKNOWN, "lint.yaml is still in progress"
    )
    red = run(conclusion="failure")
    assert_finding(of_backend("pin-ci", pin=UNNAMED, runs=(red, unfinished)), Status.FAIL, "ci.yaml ended as failure")


@pytest.mark.parametrize("ids", [(8, 9), (9, 8)])
@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "skipped"])
def test_pin_ci_hides_no_failed_run_behind_another(conclusion: str, ids: tuple[int, int]) -> None:
    """Of two runs of a workflow at the tag's commit a green one, newer or older, does not hide the failed one."""
    red, green = run(id=ids[0], conclusion=conclusion), run(id=ids[1], started=at(2), changed=at(3))
    for runs in ((red, green), (green, red)):
        assert_finding(of_backend("pin-ci", runs=runs), Status.FAIL, f"ci.yaml ended as {conclusion}")


@pytest.mark.parametrize("event", ["workflow_dispatch", "create", "release", "schedule"])
def test_pin_ci_takes_only_pushes_for_evidence(event: str) -> None:
    """A green run of another event at the tag's commit proves nothing, and a red one refutes nothing."""
    finding = of_backend("pin-ci", runs=(run(event=event),))
    assert_finding(finding, Status.UNKNOWN, "no run", f"ci.yaml ran for it, started by {event}", "does not count")
    assert "does not help" in finding.remedy and "push 2023.05.1 to" not in finding.remedy
    other = replace(LINT, event=event)
    assert_finding(of_backend("pin-ci", pin=named("ci.yaml"), runs=(other,)), Status.UNKNOWN, "no run of", "push")
    assert_finding(of_backend("pin-ci", runs=(run(), run(id=8, event=event, conclusion="failure"))), Status.PASS)


BUILT_OVER = {
    "pushed later": {"started": at(1), "changed": at(2)},
    "failed, perhaps after its push": {"started": at(1), "changed": at(2), "conclusion": "failure"},
    "still running": {"started": at(-1), "changed": at(-1), "status": "in_progress", "conclusion": None},
    "waiting since before": {"started": at(-9), "changed": at(-9), "status": "waiting", "conclusion": None},
    "older, and run again": {"id": 1, "created": at(-48), "started": at(1), "changed": at(2)},
    "older, and slower": {"id": 1, "created": at(-1), "started": at(-1), "changed": at(1)},
    "dispatched on a branch": {"event": "workflow_dispatch", "started": at(1), "changed": at(2)},
    "of another workflow": {"workflow": ".github/workflows/x.yaml", "started": at(1), "changed": at(2)},
    "of a time that is not known": {"changed": None},
}


@pytest.mark.parametrize("changes", BUILT_OVER.values(), ids=BUILT_OVER.keys())
def test_pin_ci_is_unknown_where_another_commit_was_built_under_the_name(changes: dict[str, Any]) -> None:
    """A run at another commit that did not end before the tag's run began may have pushed the image that is there."""
    other = run(**{"head_sha": ELSEWHERE, "id": 9, "url": "https://forge.example/runs/9", **changes})
    for runs in ((run(), other), (other, run())):
        finding = of_backend("pin-ci", runs=runs)
        assert_finding(finding, Status.UNKNOWN, "999999999999", "e-run all jobs at https://forge.example/runs/7")
        assert (finding.url, finding.may_settle) == ("https://forge.example/runs/9", False)


@pytest.mark.parametrize("own", [{}, {"id": 3, "created": at(-48)}], ids=["a new run", "the old run once more"])
def test_pin_ci_passes_where_the_tag_was_built_again_since(own: dict[str, Any]) -> None:
    """A run at another commit that had ended when the tag's run began cannot have pushed after it."""
    other = run(head_sha=ELSEWHERE, id=6, started=at(-2), changed=at(-1))
    assert_finding(of_backend("pin-ci", runs=(other, run(**own))), Status.PASS)


def test_pin_ci_wants_each_workflow_built_again() -> None:
    """To run one of two workflows again does not bring the other behind the run of another commit."""
    other = run(head_sha=ELSEWHERE, id=9, started=at(1), changed=at(2))
    again = replace(LINT, started=at(3), changed=at(4))
    both = named("ci.yaml", "lint.yaml")
    assert_finding(of_backend("pin-ci", pin=both, runs=(run(), again, other)), Status.UNKNOWN, "before ci.yaml started")
    built = run(started=at(3), changed=at(4))
    assert_finding(of_backend("pin-ci", pin=both, runs=(built, again, other)), Status.PASS)


def test_pin_ci_fails_rather_than_asking_for_another_build() -> None:
    """A red run of the tag stays red, whatever else was built under its name."""
    runs = (run(conclusion="failure"), run(id=8, head_sha=ELSEWHERE, started=at(1)))
    assert_finding(of_backend("pin-ci", runs=runs), Status.FAIL)


def lifetime(start: float, end: float) -> Lifetime:
    """From one hour to another, counted from when the tag's run was created."""
    return Lifetime(at(start), at(end))


@pytest.mark.parametrize("existed", [(-1, 1), (-1, 0), (0, 1), (-1, -0.08), (0.01, 1)])
def test_pin_ci_is_unknown_where_its_run_may_be_a_branchs(existed: tuple[float, float]) -> None:
    """A branch of the tag's name that existed when the run was created, or minutes before: a new tag is the remedy."""
    finding = of_backend("pin-ci", lifetimes=(lifetime(*existed),))
    assert_finding(
        finding, Status.UNKNOWN, "had a branch named 2023.05.1", "Give the same commit (bbbbbbbbbbbb) a new tag"
    )
    assert not finding.may_settle


@pytest.mark.parametrize("existed", [(-2, -0.09), (0.02, 3), (24, 48)])
def test_pin_ci_passes_where_a_branch_of_its_name_existed_at_other_times(existed: tuple[float, float]) -> None:
    """A branch that was gone for more than five minutes, or came later, started none of the tag's runs."""
    assert_finding(of_backend("pin-ci", lifetimes=(lifetime(*existed),)), Status.PASS)


def test_pin_ci_looks_at_each_run_that_counts() -> None:
    """One of two runs that may be a branch's is enough, and a run that does not count is none."""
    later = replace(LINT, created=at(10))
    existed = (lifetime(9, 11),)
    both = named("ci.yaml", "lint.yaml")
    assert_finding(of_backend("pin-ci", pin=both, runs=(run(), later), lifetimes=existed), Status.UNKNOWN, "lint.yaml")
    assert_finding(of_backend("pin-ci", runs=(run(), later), lifetimes=existed), Status.PASS)
    undated = run(created=None)
    assert_finding(of_backend("pin-ci", runs=(undated,), lifetimes=existed), Status.UNKNOWN, "a branch")


def test_pin_ci_needs_to_know_of_branches() -> None:
    """What could not be read is unknown; what GitHub does not tell anybody is a note beside the pass."""
    assert_finding(of_backend("pin-ci", lifetimes=LOST), Status.UNKNOWN, "503")
    finding = of_backend("pin-ci", lifetimes=NotOffered("GitHub answered 404"))
    assert_finding(finding, Status.PASS, "not checked whether a branch had that name then: GitHub answered 404.")


WORKFLOWS = (Workflow(70, ".github/workflows/ci.yaml", "build production"), Workflow(80, LINT.workflow, "lint"))


@pytest.mark.parametrize("name", [".github/workflows/ci.yaml", "ci.yaml", "build production"])
def test_pin_ci_counts_only_the_workflows_that_are_named(name: str) -> None:
    """`ci-workflows` selects by path, by file or by the workflow's name; others may fail."""
    other = run(workflow=".github/workflows/nightly.yaml", workflow_id=90, conclusion="failure")
    facts = {"pin": named(name), "workflows": WORKFLOWS}
    assert_finding(of_backend("pin-ci", runs=(run(), other), **facts), Status.PASS, "ci.yaml")
    assert_finding(of_backend("pin-ci", runs=(run(conclusion="skipped"), other), **facts), Status.FAIL, "skipped")


@pytest.mark.parametrize("name", ["ci.yml", "i.yaml", "workflows/ci.yaml", "lint"])
def test_pin_ci_is_unknown_where_a_named_workflow_has_not_run(name: str) -> None:
    """A named workflow without a run of the tag is unknown and named, though others are green."""
    finding = of_backend("pin-ci", pin=named("ci.yaml", name), workflows=WORKFLOWS)
    assert_finding(finding, Status.UNKNOWN, name, "there is no run")


@pytest.mark.parametrize("name", ["CI", "Build Production", "ci", "build productio"])
def test_pin_ci_is_unknown_where_no_workflow_has_the_name(name: str) -> None:
    """A name that is nobody's says so, and which files ran; names are compared letter by letter."""
    finding = of_backend("pin-ci", pin=named("ci.yaml", name), workflows=WORKFLOWS)
    assert_finding(finding, Status.UNKNOWN, f"no workflow is named {name}", "ran are ci.yaml", "backend-ci-workflows")
    assert not finding.may_settle


def test_pin_ci_asks_every_workflow_of_a_name() -> None:
    """Two workflows of one name are both meant: one that failed, or has no run, is not made up for by the other."""
    twins = (WORKFLOWS[0], replace(WORKFLOWS[1], name="build production"))
    facts = {"pin": named("build production"), "workflows": twins}
    assert_finding(of_backend("pin-ci", runs=(run(), LINT), **facts), Status.PASS, "ci.yaml, lint.yaml")
    red = replace(LINT, conclusion="failure")
    assert_finding(of_backend("pin-ci", runs=(run(), red), **facts), Status.FAIL, "lint.yaml")
    assert_finding(
        of_backend("pin-ci", runs=(run(),), **facts), Status.UNKNOWN, "no run of .github/workflows/lint.yaml"
    )
    gone = {**facts, "workflows": (twins[0], replace(twins[1], deleted=True))}
    assert_finding(of_backend("pin-ci", runs=(run(),), **gone), Status.PASS)
    assert_finding(of_backend("pin-ci", runs=(run(), red), **gone), Status.FAIL, "lint.yaml")


def test_pin_ci_needs_the_list_of_workflows_for_a_name() -> None:
    """Whose name it is could not be read: unknown. For files nobody has to ask."""
    assert_finding(of_backend("pin-ci", pin=named("build production"), workflows=LOST), Status.UNKNOWN, "503")
    assert_finding(of_backend("pin-ci", workflows=LOST), Status.PASS)


RECORDED = Recorded("2023.06.1", BACKEND_COMMIT, DIGEST, ci_passed=True)


def test_pin_ci_takes_the_record_of_a_release_for_a_run_that_is_forgotten() -> None:
    """Without a run, what release.json recorded of the same commit and the same image is the evidence."""
    mutable = of_backend("pin-ci", runs=(), recorded=RECORDED)
    assert_finding(mutable, Status.PASS, "release.json of 2023.06.1", "can change its release.json")
    frozen = of_backend("pin-ci", runs=(), recorded=replace(RECORDED, frozen=True))
    assert_finding(frozen, Status.PASS, "release.json of 2023.06.1")
    assert "immutable" not in frozen.message
    finding = of_backend("pin-ci", pin=UNNAMED, runs=(), recorded=RECORDED)
    assert_finding(finding, Status.WARN, "release.json of 2023.06.1", "backend-ci-workflows")


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
        assert "pin-exists:backend" in {finding.key for finding in blocking(judge(Occasion.DEPLOYMENT, facts))}


def test_pin_ci_does_not_believe_that_a_run_ended_before_it_began() -> None:
    """A run at another commit that began after the tag's is not over before it, whatever its last change says."""
    own = run(created=at(0), started=at(0), changed=at(0.2))
    other = run(id=9, head_sha=ELSEWHERE, created=at(1), started=at(1), changed=at(-1))
    finding = of_backend("pin-ci", pin=named("ci.yaml"), runs=(own, other), lifetimes=())
    assert_finding(finding, Status.UNKNOWN, "did not end before")
