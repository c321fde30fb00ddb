"""What counts as reviewed: the merge of our pull request, or the trailer; everything else says why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.worked_example import FILE, pins
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.review import (
    Contradiction,
    EndedBuild,
    MergedRequest,
    NothingToPublish,
    PairChange,
    Reviewed,
    named_request,
    released_as,
    review_of,
    trailer_tags,
)

COMMIT, URL = "c" * 40, "https://forge.example/pull/12"
MARKER = "<!-- frag-release-action: release 2023.06.2 backend=2023.05.1 frontend=2023.05.4 -->"
OURS = MergedRequest(12, URL, "release/2023.06.2", "master", f"{MARKER}\nThe plan", COMMIT)
OLD = pins(FILE.replace("2023.05.1", "2023.04.9"))


def change(message: str = "Merge pull request #12 from org/release/2023.06.2", *requests: MergedRequest) -> PairChange:
    """The change of the pair that the worked example's release is."""
    return PairChange(COMMIT, message, OLD, pins(), requests)


@pytest.mark.parametrize(
    ("message", "tags"),
    [
        ("build: Use\n\nStack-Tag: 2023.06.2", ["2023.06.2"]),
        ("build: Use\r\n\r\nStack-Tag: 2023.06.2\r\n", ["2023.06.2"]),
        ("build: Use (#12)\n\nStack-Tag: 2023.06.2\nCo-authored-by: A <a@b.example>", ["2023.06.2"]),
        ("build: Use (#12)\n\nStack-Tag: 2023.06.2\n\n---------\n\nCo-authored-by: A <a@b.example>", ["2023.06.2"]),
        ("build: Use (#12)\n\n* build: Use\n\nStack-Tag: 2023.06.2\n\n* more\n\nStack-Tag: 2023.06.2", ["2023.06.2"]),
        ("build: Use\n\nstack-tag: 2023.06.2", ["2023.06.2"]),
        ("build: Use\n\nStack-Tag: 2023.06.2\nStack-Tag: 2023.06.3", ["2023.06.2", "2023.06.3"]),
        ("Stack-Tag: 2023.06.2", []),
        ("build: Use\n\nWe write Stack-Tag: 2023.06.2 below.", []),
        ("build: Use\n\nStack-Tag: 2023.06.2\n\nand then some prose", []),
        ("build: Use\n\nSome prose\nStack-Tag: 2023.06.2", []),
        ("build: Use\n\nStack-Tag: 2023.06.2 or later", []),
        ("", []),
    ],
)
def test_trailers_are_read_at_the_end_alone(message: str, tags: list[str]) -> None:
    """Only in the last paragraphs, which are nothing but trailers, a Stack-Tag counts; each tag once."""
    assert sorted(trailer_tags(message)) == tags


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("Merge pull request #12 from org/release/2023.06.2\n\nbuild: Use", 12),
        ("build: Use of b/e 1 f/e 2 (#12)\n\nStack-Tag: 2023.06.2", 12),
        ("build: Use (#1) (#12)", 12),
        ("build: Use\n\nMerge pull request #12 from org/x", None),
        ("build: Use\n\nsee (#12)", None),
        ("Merge branch 'release/2023.06.2'", None),
        ("build: for #12", None),
    ],
)
def test_the_pull_request_that_a_merge_names(message: str, number: int | None) -> None:
    """Only GitHub's own wording of a merge or a squash, in the subject, names a pull request."""
    assert named_request(message) == number


@pytest.mark.parametrize(("message", "tag"), [
    ("build: Use\n\nStack-Tag: 2023.06.2\n", "2023.06.2"),
    ("build: Use (#7)\n\nStack-Tag: 2023.06.2\nPlan: sha256:0", "2023.06.2"),
    ("Merge pull request #7 from org/release/2023.06.2\n\nbuild: Use", "2023.06.2"),
    ("Merge pull request #7 from fork/release/2023.06.2\n\nbuild: Use", ""),
    ("Merge pull request #7 from org/release/2023.06.2x", ""),
    ("Merge pull request #7 from org/release/2023.06.2\n\nStack-Tag: 2023.06.3", ""),
    ("build: Use\n\nStack-Tag: latest", ""),
    ("Stack-Tag: 2023.06.2", ""),
    ("", ""),
])  # fmt: skip
def test_a_commit_says_which_release_it_was_made_for(message: str, tag: str) -> None:
    """By its trailer, or as the merge of our branch of the stack itself; one production tag, or none."""
    assert released_as(message, "org", DEFAULT_FORMAT) == tag


def test_the_merge_of_our_pull_request_is_reviewed() -> None:
    """The marked pull request of the branch of its tag, with the pair of its merge."""
    review = review_of(change("Merge pull request #12 from org/release/2023.06.2", OURS), "master", DEFAULT_FORMAT)
    assert review == Reviewed("2023.06.2", COMMIT, "the merge of pull request #12", URL)


def test_what_people_wrote_around_the_marker_does_not_matter() -> None:
    """A reviewer's line above our text does not disown it, though the squash has words of its own."""
    request = replace(OURS, body=f"Please review by Friday.\r\n\r\n{MARKER}\r\nThe plan\r\n\r\n- [x] seen")
    review = review_of(change("Release", request), "master", DEFAULT_FORMAT)
    assert review == Reviewed("2023.06.2", COMMIT, "the merge of pull request #12", URL)


def test_the_trailer_is_reviewed() -> None:
    """A commit whose message ends with the trailer, and that changes the pair."""
    review = review_of(change("build: Use\n\nStack-Tag: 2023.06.2"), "master", DEFAULT_FORMAT)
    assert review == Reviewed("2023.06.2", COMMIT, "its trailer Stack-Tag")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"branch": "topic"}, id="a branch that is not ours"),
        pytest.param({"branch": "release/2023.06.3"}, id="the branch of another tag"),
        pytest.param({"base": "develop"}, id="into another branch"),
        pytest.param({"merge_commit": "d" * 40}, id="merged as another commit"),
        pytest.param({"body": f"Look at this:\n> {MARKER}"}, id="a marker that is quoted"),
        pytest.param({"body": f"Look at this:\n```\n{MARKER}\n```"}, id="a marker in a fence"),
        pytest.param({"body": f"Look at this:\n\n    {MARKER}"}, id="a marker that is indented"),
        pytest.param({"body": f"{MARKER}\n{MARKER.replace('06.2', '06.3')}"}, id="two markers"),
        pytest.param({"body": f"{MARKER}\n{MARKER}", "branch": "fix/release"}, id="a copy of our text"),
        pytest.param({"body": "Please merge"}, id="no marker"),
        pytest.param({"body": ""}, id="no text"),
    ],
)
def test_other_pull_requests_review_nothing(changes: dict[str, str]) -> None:
    """A pasted marker, a hand-made branch, another base: the change counts as one that nobody prepared."""
    review = review_of(change("Merge pull request #12 from org/x", replace(OURS, **changes)), "master", DEFAULT_FORMAT)  # type: ignore[arg-type]
    assert isinstance(review, NothingToPublish)
    assert "is not the merge of a pull request that prepare created" in review.reason


@pytest.mark.parametrize(
    ("message", "body", "words"),
    [
        ("x\n\nStack-Tag: 2023.06.3", OURS.body, "the release of 2023.06.3 and of 2023.06.2"),
        ("x\n\nStack-Tag: 2023.06.2\nStack-Tag: 2023.06.3", OURS.body, "the release of 2023.06.2 and of 2023.06.3"),
        ("x", OURS.body.replace("=2023.05.4", "=2023.05.3"), "created for another pair"),
        ("x", OURS.body.replace(" frontend=2023.05.4", ""), "created for another pair"),
    ],
)
def test_what_does_not_say_one_thing_is_refused(message: str, body: str, words: str) -> None:
    """Two tags, or another pair than was merged: nobody can have reviewed that."""
    review = review_of(change(message, replace(OURS, body=body)), "master", DEFAULT_FORMAT)
    assert isinstance(review, Contradiction) and words in review.reason


@pytest.mark.parametrize("tag", ["v2023.06.2", "2023.06.2-rc.1", "latest", "2023.06", "٢٠٢٣.06.2"])
def test_a_trailer_that_names_no_production_tag_is_refused(tag: str) -> None:
    """Nothing but three numbers is released."""
    review = review_of(change(f"x\n\nStack-Tag: {tag}"), "master", DEFAULT_FORMAT)
    assert isinstance(review, Contradiction) and "not a production tag" in review.reason


def test_a_commit_that_leaves_the_pair_is_no_release() -> None:
    """The trailer alone releases nothing: the pair must change with it."""
    same = replace(change("x\n\nStack-Tag: 2023.06.2", OURS), before=pins())
    assert isinstance(review_of(same, "master", DEFAULT_FORMAT), NothingToPublish)


def test_another_namespace_is_another_pair() -> None:
    """The same tags from another namespace are other images."""
    other = replace(change("x"), before=pins(FILE.replace("BE_NAMESPACE: org", "BE_NAMESPACE: me")))
    review = review_of(other, "m", DEFAULT_FORMAT)
    assert isinstance(review, NothingToPublish) and "changes the pair, but" in review.reason


ENDED = EndedBuild(
    "xchem/fragalysis-stack",
    "xchem/fragalysis-stack",
    ".github/workflows/build-main.yaml",
    "push",
    "success",
    "2023.06.2",
    "5" * 40,
)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, ""),
        ({"repository": "Xchem/Fragalysis-Stack"}, ""),
        ({"repository": "xchem/other"}, "it is not a build of xchem/fragalysis-stack itself"),
        ({"source": "fork/fragalysis-stack"}, "it is not a build of xchem/fragalysis-stack itself"),
        ({"source": ""}, "it is not a build of xchem/fragalysis-stack itself"),
        ({"file": ".github/workflows/x.yaml"}, "it is a run of .github/workflows/x.yaml, not of"),
        ({"file": ""}, "it is a run of an unknown workflow, not of"),
        ({"event": "pull_request"}, "it was started by pull_request, not by the push of a tag"),
        ({"event": "workflow_dispatch"}, "it was started by workflow_dispatch, not by the push of a tag"),
        ({"event": ""}, "it was started by an unknown event, not by the push of a tag"),
        ({"branch": "master"}, "it is not the build of a production tag"),
        ({"branch": "2023.06.2-rc.1"}, "it is not the build of a production tag"),
        ({"branch": "2023.06.2\n"}, "it is not the build of a production tag"),
        ({"branch": ""}, "it is not the build of a production tag"),
        ({"conclusion": "failure"}, "it ended as failure"),
        ({"conclusion": ""}, "it ended as unknown"),
    ],
)
def test_only_a_build_of_a_production_tag_that_passed_makes_a_release(changed: dict[str, str], words: str) -> None:
    """The stack's own run of its build file, of the push of a tag, that passed: each other one says what it is."""
    wrong = replace(ENDED, **changed).wrong_for("xchem/fragalysis-stack", ENDED.file, ["push"], DEFAULT_FORMAT)
    assert wrong.startswith(words) and bool(wrong) is bool(words)


@pytest.mark.parametrize("event", [{}, {"workflow_run": None}, {"workflow_run": {"head_repository": [], "path": 7}}])
def test_a_payload_that_says_nothing_makes_no_release(event: dict[str, Any]) -> None:
    """What is missing or of another kind is empty, and that is wrong."""
    build = EndedBuild.of_event(event, "o/s")
    assert build == EndedBuild("o/s", "", "", "", "", "", "")
    assert build.wrong_for("o/s", "ci.yaml", ["push"], DEFAULT_FORMAT) == "it is not a build of o/s itself"
