"""What was judged and built, held against what is there now."""

from __future__ import annotations

import pytest

from domain.findings_of import LOST, assert_finding
from domain.worked_example import DIGEST, STACK_COMMIT, backend, release, stack
from frag_release.domain.decision import Circumstances, Verdict, decide, reconsider
from frag_release.domain.evidence import Answer, Image
from frag_release.domain.facts import PublicRelease, StackImageFacts
from frag_release.domain.findings import Finding, Status
from frag_release.domain.refs import Ref
from frag_release.domain.rollback import as_rollback
from frag_release.domain.rules import Occasion, judge
from frag_release.domain.rules.deployment import Expected, differences, with_differences

NAME, TAG = "docker.io/org/fragalysis-stack", "2023.06.2"
OTHER = "sha256:" + "9" * 64
IMAGE = Image("docker.io/org/fragalysis-backend", "2023.05.1", DIGEST)
TAGS = {"stack": TAG, "backend": "2023.05.1"}


def image_finding(image: Answer[Image] | None, expected: str = DIGEST) -> Finding:
    """What the rule on the stack's image says."""
    finding, *_ = judge(Occasion.DEPLOYMENT, StackImageFacts(NAME, TAG, expected, image, "It is switched off."))
    assert (finding.key, finding.tag) == ("stack-image:stack", TAG)
    return finding


def test_stack_image() -> None:
    """The digest that was expected passes; none or another fails, naming old and new; unseen is unknown."""
    assert_finding(image_finding(Image(NAME, TAG, DIGEST)), Status.PASS, DIGEST, "the expected digest")
    assert_finding(image_finding(Image(NAME, TAG, DIGEST), ""), Status.PASS, "No digest is expected")
    assert_finding(image_finding(Image(NAME, TAG, None)), Status.FAIL, f"no image {NAME}:{TAG}")
    assert_finding(image_finding(Image(NAME, TAG, None), ""), Status.FAIL)
    assert_finding(image_finding(Image(NAME, TAG, OTHER)), Status.FAIL, DIGEST, OTHER)
    assert_finding(image_finding(LOST), Status.UNKNOWN, "the server answered 503")
    assert_finding(image_finding(None), Status.SKIPPED, "It is switched off.")


@pytest.mark.parametrize("expected", [DIGEST, ""])
def test_another_image_than_was_released(expected: str) -> None:
    """What is to be deployed under a released tag must be what its release records, expected or as it is now."""

    def judged(public: Answer[PublicRelease | None], image: Answer[Image] | None = IMAGE) -> Finding:
        finding, *_ = judge(Occasion.DEPLOYMENT, StackImageFacts(NAME, TAG, expected, image, "", public))
        return finding

    assert_finding(judged(PublicRelease("", True, OTHER)), Status.FAIL, DIGEST, OTHER, "Do not deploy it")
    assert_finding(judged(LOST), Status.UNKNOWN, "the server answered 503")
    for public in (None, PublicRelease("", True, DIGEST), PublicRelease("", True), PublicRelease("", False)):
        assert_finding(judged(public), Status.PASS)
    unseen = Status.FAIL if expected else Status.SKIPPED
    assert_finding(judged(PublicRelease("", True, OTHER), None), unseen)


def test_nothing_differs() -> None:
    """The same commit and digest, and what was not expected, make no finding."""
    expected = Expected(STACK_COMMIT, DIGEST, {"backend": DIGEST, "frontend": ""})
    assert differences(expected, STACK_COMMIT, {"backend": IMAGE}, TAGS) == []
    assert differences(Expected(), "", {}, {}) == []


@pytest.mark.parametrize(
    ("commit", "image", "key", "status", "words"),
    [
        ("6" * 40, IMAGE, "tag-commit:stack", Status.FAIL, [STACK_COMMIT, "6" * 40]),
        ("", IMAGE, "tag-commit:stack", Status.FAIL, [STACK_COMMIT, "no commit"]),
        (STACK_COMMIT, Image(IMAGE.name, IMAGE.tag, OTHER), "pin-image:backend", Status.FAIL, [DIGEST, OTHER]),
        (STACK_COMMIT, Image(IMAGE.name, IMAGE.tag, None), "pin-image:backend", Status.FAIL, [DIGEST, "is gone"]),
        (STACK_COMMIT, LOST, "pin-image:backend", Status.UNKNOWN, [DIGEST, "the server answered 503"]),
    ],
)
def test_a_difference_names_old_and_new(
    commit: str, image: Answer[Image], key: str, status: Status, words: list[str]
) -> None:
    """What differs, or cannot be seen, is one finding that says what was expected and what is there."""
    expected = Expected(STACK_COMMIT, "", {"backend": DIGEST})
    (finding,) = differences(expected, commit, {"backend": image}, TAGS)
    assert finding.key == key
    assert_finding(finding, status, *words)


def test_an_image_that_nobody_looked_at_is_unknown() -> None:
    """An expectation that was forgotten to be checked blocks."""
    (finding,) = differences(Expected(digests={"backend": DIGEST}), "", {}, {})
    assert finding.status is Status.UNKNOWN


def test_a_difference_takes_the_place_of_what_passed_and_blocks() -> None:
    """A release that passed is blocked by a difference, which is there once; what blocked before stays."""
    passed = judge(Occasion.DEPLOYMENT, release())
    differing = differences(Expected("", "", {"backend": OTHER}), "", {"backend": IMAGE}, TAGS)
    together = with_differences(passed, differing)
    assert [one.status for one in together if one.key == "pin-image:backend"] == [Status.FAIL]
    assert len(together) == len(passed)
    failed = judge(Occasion.DEPLOYMENT, release(components=(backend(image=LOST),)))
    kept = with_differences(failed, differing)
    assert [one.status for one in kept if one.key == "pin-image:backend"] == [Status.UNKNOWN]
    assert with_differences([], differing) == differing
    decision = decide(Circumstances(Ref("refs/tags/2023.06.2"), "push", ("master",)), passed)
    assert (decision.verdict, decision.deploy_production) == (Verdict.DEPLOY, True)
    blocked = reconsider(decision, together)
    assert (blocked.verdict, blocked.deploy_production, blocked.deploy_staging) == (Verdict.BLOCKED, False, False)
    assert blocked.image_tag == ""
    assert reconsider(decision, passed) == decision


def test_a_rollback_weighs_findings_anew() -> None:
    """Components warn, the order does not apply, and the stack's own tag must still be right."""
    facts = release(
        stack=stack(higher=["2023.06.3"], tag_commit="7" * 40, rollback=True),
        components=(backend(image=LOST, runs=LOST, commit=None),),
    )
    found = {one.key: one for one in as_rollback(judge(Occasion.DEPLOYMENT, facts))}
    for rule in ("pin-exists", "pin-image"):
        finding = found[f"{rule}:backend"]
        assert finding.status is Status.WARN
        assert finding.demoted_from in (Status.FAIL, Status.UNKNOWN)
        assert not finding.allowed
    assert_finding(found["tag-order:stack"], Status.SKIPPED, "This is a rollback")
    assert_finding(found["tag-commit:stack"], Status.FAIL, "release.json recorded 555555555555", "777777777777")
    facts = release(stack=stack(tag_commit=LOST, placement=LOST))
    lost = {one.key: one.status for one in as_rollback(judge(Occasion.DEPLOYMENT, facts))}
    assert lost["tag-commit:stack"] is Status.UNKNOWN
    assert lost["tag-on-stack-branch:stack"] is Status.UNKNOWN
