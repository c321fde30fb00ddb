"""The gate's table of refs, row by row."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frag_release.domain.decision import Circumstances, Decision, RefKind, Verdict, decide
from frag_release.domain.findings import Finding, Status
from frag_release.domain.refs import Ref


def finding(status: Status, rule: str = "pin-ci") -> Finding:
    """A finding of that status."""
    return Finding(rule, "backend", "2023.05.1", status, "What was found.", "What to do.")


def decided(
    ref: str,
    event: str = "push",
    findings: Sequence[Finding] = (),
    production: bool = True,
    own_ref: bool = True,
    pins_changed: bool | None = False,
) -> Decision:
    """The decision on a ref of a stack whose branches are master and main."""
    asked = Circumstances(Ref(ref), event, ("master", "main"), production, own_ref, pins_changed)
    return decide(asked, findings)


def answer(decision: Decision) -> tuple[str, str, bool, bool]:
    """Verdict, image tag, deploy-production and deploy-staging."""
    return (decision.verdict.value, decision.image_tag, decision.deploy_production, decision.deploy_staging)


GOOD = [finding(Status.PASS), finding(Status.WARN), finding(Status.SKIPPED)]


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "create", ""])
def test_a_production_tag_without_blocking_findings_is_deployed(event: str) -> None:
    """A production tag that nothing speaks against is deployed, under its own name; warnings do not stop it."""
    decision = decided("refs/tags/2023.06.2", event, GOOD)
    assert answer(decision) == ("deploy", "2023.06.2", True, True)
    assert decision.kind is RefKind.PRODUCTION_TAG


@pytest.mark.parametrize("status", [Status.FAIL, Status.UNKNOWN])
def test_a_production_tag_with_a_blocking_finding_is_blocked(status: Status) -> None:
    """One finding that failed or is unknown blocks the release: nothing is built or deployed."""
    decision = decided("refs/tags/2023.06.2", findings=[*GOOD, finding(status)])
    assert answer(decision) == ("blocked", "", False, False)


def test_the_reason_of_a_block_counts_failures_and_unknowns() -> None:
    """The reason tells how many checks failed and how many could not be verified."""
    several = [finding(Status.FAIL), finding(Status.FAIL), finding(Status.UNKNOWN), finding(Status.WARN)]
    reason = decided("refs/tags/2023.06.2", findings=several).reason
    assert re.search(r"\b2\b.*\bfailed\b.*\b1\b.*\bcould not be\b", reason)


@pytest.mark.parametrize(
    ("ref", "image"),
    [
        ("refs/tags/2023.06.2-rc.1", "2023.06.2-rc.1"),
        ("refs/tags/v2023.06.2", "v2023.06.2"),
        ("refs/tags/2024.11.1-1", "2024.11.1-1"),
    ],
)
def test_another_tag_is_only_built(ref: str, image: str) -> None:
    """A tag that is not of production is built and staged, and the reason says why it goes no further."""
    decision = decided(ref)
    assert answer(decision) == ("build-only", image, False, True)
    assert "not a production tag" in decision.reason


@pytest.mark.parametrize(
    "ref",
    [
        "refs/tags/+2023.06.1", "refs/tags/+latest", "refs/tags/2023.06.1😀", "refs/tags/latest", "refs/tags/Stable",
        "refs/tags/heads/2023.06.1", "refs/tags/2023.06.1/x", "refs/tags/٢٠٢٣.٠٦.١", "refs/tags/refs/tags/2023.06.1",
    ],
)  # fmt: skip
def test_an_odd_tag_is_only_built_under_a_harmless_name(ref: str) -> None:
    """A tag near a production tag, `latest` or `stable` is no production tag, nor is its image tag."""
    decision = decided(ref)
    assert decision.verdict is Verdict.BUILD_ONLY
    assert decision.kind is RefKind.OTHER_TAG
    assert not decision.deploy_production
    assert re.search(r"-[0-9a-f]{10}$", decision.image_tag)


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "schedule"])
@pytest.mark.parametrize("ref", ["refs/heads/master", "refs/heads/main"])
def test_the_stack_branch_is_built_as_latest(ref: str, event: str) -> None:
    """The stack branch, one of a list too, is built as `latest` and staged."""
    decision = decided(ref, event)
    assert answer(decision) == ("build-only", "latest", False, True)
    assert decision.kind is RefKind.STACK_BRANCH


@pytest.mark.parametrize(("ref", "event", "expected"), [
    ("refs/heads/master", "push", ("build-only", "", False, False)),
    ("refs/heads/master", "workflow_dispatch", ("build-only", "latest", False, True)),
    ("refs/heads/feature", "push", ("build-only", "feature", False, False)),
    ("refs/tags/try", "push", ("build-only", "try", False, True)),
])  # fmt: skip
def test_a_push_of_a_releases_commit_is_left_to_its_tag(ref: str, event: str, expected: object) -> None:
    """The stack branch alone is left, if nobody asked for the build; and it is said why."""
    decision = decide(Circumstances(Ref(ref), event, ("master", "main"), released_as="2023.06.2"), [])
    assert answer(decision) == expected
    assert ("its build is left to that tag" in decision.reason) == (expected == ("build-only", "", False, False))


@pytest.mark.parametrize(
    ("ref", "image"),
    [
        ("refs/heads/feature", "feature"),
        ("refs/heads/Master", "Master"),
        ("refs/heads/release-2023.06", "release-2023.06"),
    ],
)
def test_another_branch_is_built_but_not_staged(ref: str, image: str) -> None:
    """A branch that is not the stack's is built under its name and goes nowhere."""
    assert answer(decided(ref)) == ("build-only", image, False, False)


@pytest.mark.parametrize(
    "ref",
    [
        "refs/heads/2023.06.2",
        "refs/heads/latest",
        "refs/heads/feature/x",
        "refs/heads/tags/2023.06.2",
        "refs/heads/x/master",
    ],
)
def test_a_branch_is_never_taken_for_something_else(ref: str) -> None:
    """A branch named like a production tag, `latest` or with slashes is a branch, with a hash in its image tag."""
    decision = decided(ref)
    assert decision.kind is RefKind.OTHER_BRANCH
    assert (decision.deploy_production, decision.deploy_staging) == (False, False)
    assert re.search(r"-[0-9a-f]{10}$", decision.image_tag)


@pytest.mark.parametrize("pins_changed", [True, None])
def test_a_pull_request_that_may_change_a_pin_is_judged(pins_changed: bool | None) -> None:
    """A pull request that changes a pin, or of which that is not known, is judged and builds no image."""
    good = decided("refs/pull/7/merge", "pull_request", GOOD, pins_changed=pins_changed)
    assert answer(good) == ("build-only", "", False, False)
    for status in (Status.FAIL, Status.UNKNOWN):
        bad = decided("refs/pull/7/merge", "pull_request", [finding(status)], pins_changed=pins_changed)
        assert answer(bad) == ("blocked", "", False, False)


@pytest.mark.parametrize(
    ("ref", "event"),
    [("refs/pull/7/merge", "pull_request"), ("refs/heads/gh-readonly-queue/master/pr-7-" + "a" * 40, "merge_group")],
)
@pytest.mark.parametrize(("found", "verdict"), [(Status.PASS, "build-only"), (Status.UNKNOWN, "blocked")])
def test_a_merge_queue_is_judged_as_the_pull_request(ref: str, event: str, found: Status, verdict: str) -> None:
    """A group of a merge queue that changes a pin is judged, stops what is not verified, and builds no image."""
    decision = decided(ref, event, [finding(found)], pins_changed=True)
    assert answer(decision) == (verdict, "", False, False)
    assert decision.kind is RefKind.PULL_REQUEST


def test_a_pull_request_that_changes_no_pin_is_not_judged() -> None:
    """A pull request that leaves the pair alone passes, whatever is known of the pair."""
    decision = decided("refs/pull/7/merge", "pull_request", [finding(Status.FAIL)], pins_changed=False)
    assert answer(decision) == ("build-only", "", False, False)


@pytest.mark.parametrize(
    ("ref", "event"),
    [
        pytest.param("refs/heads/master", "pull_request_target", id="pull_request_target at the stack branch"),
        pytest.param("refs/tags/2023.06.2", "pull_request_target", id="pull_request_target at a tag"),
        pytest.param("refs/pull/7/merge", "pull_request_target", id="pull_request_target at a pull request"),
        pytest.param("refs/heads/master", "merge_group", id="merge queue at the stack branch"),
        pytest.param("refs/tags/2023.06.2", "merge_group", id="merge queue at a tag"),
        pytest.param("refs/pull/7/merge", "push", id="pull request's ref without its event"),
        pytest.param("refs/pull/7/head", "workflow_dispatch", id="pull request's head"),
        pytest.param("refs/notes/2023.06.2", "push", id="notes"),
        pytest.param("refs/2023.06.2", "push", id="ref without a kind"),
        pytest.param("2023.06.2", "push", id="bare name"),
        pytest.param("master", "push", id="bare branch"),
        pytest.param("tags/2023.06.2", "push", id="shortened name"),
        pytest.param("refs/Tags/2023.06.2", "push", id="another case"),
        pytest.param("refs/remotes/origin/master", "push", id="remote branch"),
        pytest.param("", "push", id="nothing"),
    ],
)
@pytest.mark.parametrize("findings", [[], [finding(Status.FAIL)]], ids=["no finding", "failure"])
def test_anything_else_goes_nowhere(ref: str, event: str, findings: list[Finding]) -> None:
    """What is neither tag, branch nor pull request builds no image and is not staged, and never fails."""
    decision = decided(ref, event, findings)
    assert answer(decision) == ("build-only", "", False, False)
    assert decision.kind is RefKind.OTHER


@pytest.mark.parametrize(
    ("ref", "event", "image", "staging"),
    [
        ("refs/tags/2023.06.2", "push", "2023.06.2", True),
        ("refs/tags/2023.06.2-rc.1", "push", "2023.06.2-rc.1", True),
        ("refs/heads/master", "push", "latest", True),
        ("refs/heads/feature", "push", "feature", False),
        ("refs/pull/7/merge", "pull_request", "", False),
    ],
)
@pytest.mark.parametrize("status", [Status.FAIL, Status.UNKNOWN, Status.PASS])
def test_without_production_everything_is_only_built(
    ref: str, event: str, image: str, staging: bool, status: Status
) -> None:
    """`production: false` makes every verdict `build-only`, whatever was found."""
    decision = decided(ref, event, [finding(status)], production=False, pins_changed=True)
    assert answer(decision) == ("build-only", image, False, staging)


@pytest.mark.parametrize(
    "ref", ["refs/tags/2023.06.2", "refs/tags/2023.06.2-rc.1", "refs/heads/master", "refs/heads/feature"]
)
def test_a_ref_that_is_not_the_runs_own_deploys_nothing(ref: str) -> None:
    """A run of one ref cannot have another one deployed, to production or to staging."""
    decision = decided(ref, own_ref=False)
    assert decision.verdict is Verdict.BUILD_ONLY
    assert (decision.deploy_production, decision.deploy_staging) == (False, False)


def test_a_ref_that_is_not_the_runs_own_is_judged() -> None:
    """A bad production tag is blocked, whichever run asks."""
    assert decided("refs/tags/2023.06.2", findings=[finding(Status.FAIL)], own_ref=False).verdict is Verdict.BLOCKED


@pytest.mark.parametrize("status", [Status.FAIL, Status.UNKNOWN])
def test_findings_of_what_is_not_judged_become_warnings(status: Status) -> None:
    """What would block a release only warns on a branch, and the report keeps what it was."""
    (found,) = decided("refs/heads/master", findings=[finding(status)]).findings
    assert (found.status, found.demoted_from) == (Status.WARN, status)


refs = st.one_of(
    st.text(max_size=30),
    st.builds(
        "{}{}".format,
        st.sampled_from(["refs/tags/", "refs/heads/", "refs/pull/", "refs/", "tags/", ""]),
        st.sampled_from(
            ["2023.06.2", "2023.06.2\n", "2023.06.2-rc.1", "master", "latest", "7/merge", "", "heads/1.1.1"]
        ),
    ),
)
statuses = st.lists(st.sampled_from(Status), max_size=4)


@given(
    refs,
    st.sampled_from(["push", "pull_request", "pull_request_target", "merge_group", "workflow_dispatch", ""]),
    statuses,
    st.booleans(),
    st.booleans(),
    st.sampled_from([True, False, None]),
)
def test_production_is_reached_in_one_way_only(
    ref: str, event: str, found: list[Status], production: bool, own_ref: bool, pins_changed: bool | None
) -> None:
    """Production is deployed exactly for an own production tag, with production on and nothing that blocks."""
    decision = decided(ref, event, [finding(one) for one in found], production, own_ref, pins_changed)
    allowed = (
        re.fullmatch(r"refs/tags/[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}", ref) is not None
        and event not in ("pull_request_target", "merge_group")
        and production
        and own_ref
        and not {Status.FAIL, Status.UNKNOWN} & set(found)
    )
    assert decision.deploy_production == (decision.verdict is Verdict.DEPLOY) == allowed
    if decision.deploy_production:
        assert ref == f"refs/tags/{decision.image_tag}"
    if decision.verdict is Verdict.BLOCKED:
        assert not decision.deploy_staging
        assert decision.image_tag == ""


@given(refs, st.booleans())
def test_only_a_production_tag_is_built_under_its_name(ref: str, production: bool) -> None:
    """An image tag of three numbers is given to the production tag of that name and to nothing else."""
    image = decided(ref, production=production).image_tag
    if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", image):
        assert ref == f"refs/tags/{image}"
