"""The rules on what images say of their making: the commit, and what went into the stack's image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain.findings_of import LOST, assert_finding, of_backend
from domain.worked_example import BACKEND_COMMIT, DIGEST, OTHER, backend, frontend, image
from frag_release.domain.evidence import Answer, Image
from frag_release.domain.facts import StackImageFacts
from frag_release.domain.findings import Finding, Status
from frag_release.domain.origin import Material, Origin, Origins, judged_pair
from frag_release.domain.rules import Occasion, judge

ELSE = "e" * 40
OURS, FORK = "github.com/org/fragalysis-backend", "github.com/me/fragalysis-backend"
RIGHT = Origin("linux/amd64", BACKEND_COMMIT, OURS)
PLATFORM = "sha256:" + "5" * 64
BACKEND, FRONTEND = "docker.io/org/fragalysis-backend", "docker.io/org/fragalysis-frontend"


def finding(*said: Answer[Origin], **changes: Any) -> Finding:
    """What the rule says of an image that says this."""
    return of_backend("pin-origin", image=image("backend", "2023.05.1", *said), **changes)


def test_the_tags_commit_passes() -> None:
    """The words are those of the image: it says that it was built from that commit."""
    words = f"{BACKEND}:2023.05.1 (linux/amd64) says that it was built from bbbbbbbbbbbb of org/fragalysis-backend"
    assert_finding(finding(RIGHT), Status.PASS, words)
    assert_finding(finding(replace(RIGHT, commit="bbbbbbb", by_labels=True)), Status.PASS, "built from bbbbbbb")


@pytest.mark.parametrize(
    "said",
    [
        replace(RIGHT, commit=ELSE),
        replace(RIGHT, commit=ELSE[:7]),
        replace(RIGHT, commit=ELSE, dirty=True),
        replace(RIGHT, commit=ELSE, source=""),
        replace(RIGHT, commit=ELSE, by_labels=True),
        replace(RIGHT, commit=ELSE, source="ghes.acme.example/Org/fragalysis-backend".lower()),
    ],
)
def test_another_commit_fails_and_both_are_named(said: Origin) -> None:
    """Whoever says it, and however short: a contradiction blocks."""
    assert_finding(finding(said), Status.FAIL, said.commit[:12], "bbbbbbbbbbbb", "Run the CI")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            Origin(why_no_commit="it has no provenance"),
            "does not say which commit it was built from: it has no provenance.",
        ),
        (replace(RIGHT, source=FORK), f"of {FORK}, not of org/fragalysis-backend"),
        (replace(RIGHT, commit=ELSE, source=FORK), f"of {FORK}, not of org/fragalysis-backend"),
        (replace(RIGHT, source="?"), "of a repository that cannot be read"),
        (replace(RIGHT, source="", by_labels=True), "its labels name no repository"),
        (replace(RIGHT, commit=ELSE, source="", by_labels=True), "may be those of its base image"),
    ],
)
def test_absence_is_skipped_and_with_require_unknown(said: Origin, words: str) -> None:
    """Nothing said, another repository, or labels of a base image: no evidence, but no contradiction either."""
    assert_finding(finding(said), Status.SKIPPED, words)
    assert_finding(finding(said, origin_required=True), Status.UNKNOWN, words, "check-origin requires it", "provenance")
    assert_finding(finding(RIGHT, said), Status.SKIPPED, words)


def test_what_cannot_be_read_is_unknown() -> None:
    """Of the whole image or of one platform: it blocks, and says why."""
    assert_finding(finding(RIGHT, LOST), Status.UNKNOWN, "the server answered 503")
    whole = Image(BACKEND, "2023.05.1", DIGEST, LOST)
    assert_finding(of_backend("pin-origin", image=whole), Status.UNKNOWN, "the server answered 503")
    empty = Image(BACKEND, "2023.05.1", DIGEST, Origins(frozenset(), ()))
    assert_finding(of_backend("pin-origin", image=empty), Status.UNKNOWN, "lists no platform")


def test_platforms_have_to_agree() -> None:
    """One platform of another commit is enough to refuse, whatever is unknown beside it, and is named."""
    other = replace(RIGHT, platform="linux/arm64", commit=ELSE)
    assert_finding(finding(RIGHT, LOST, other), Status.FAIL, "(linux/arm64)", ELSE[:12])


def test_a_changed_checkout_is_a_warning() -> None:
    """The commit is right, and more than the commit went in."""
    assert_finding(finding(replace(RIGHT, dirty=True)), Status.WARN, "bbbbbbbbbbbb-dirty", "clean checkout")


def test_an_annotated_tags_own_object_is_the_tags() -> None:
    """A build of a Git context may have seen the tag's object in place of its commit."""
    said = replace(RIGHT, commit=ELSE)
    assert_finding(finding(said, tag_object=ELSE), Status.PASS)
    assert_finding(finding(said, tag_object="a" * 40), Status.FAIL)
    assert_finding(finding(said, tag_object=LOST), Status.UNKNOWN, "503")


def test_what_was_not_looked_at_is_skipped() -> None:
    """No tag, no image, no commit, or a check that is off have findings of other rules, or reasons."""
    silent = Image(BACKEND, "2023.05.1", DIGEST)
    assert_finding(of_backend("pin-origin", image=silent), Status.SKIPPED, "Switched off by check-origin")
    for unseen in (None, LOST, Image(BACKEND, "2023.05.1", None)):
        assert_finding(of_backend("pin-origin", image=unseen), Status.SKIPPED, "There is no image")
    assert_finding(finding(RIGHT, commit=None), Status.SKIPPED)
    assert_finding(finding(RIGHT, commit=LOST), Status.SKIPPED)


def contents(*went_in: Material, said: Sequence[Answer[Origin]] = (), **changes: Any) -> Finding:
    """What the rule says of a stack image into which these images went."""
    origins = Origins(frozenset(), tuple(said) or (Origin("linux/amd64", ELSE, materials=tuple(went_in)),))
    of_backend = replace(backend(), image=image("backend", "2023.05.1", manifests=frozenset({PLATFORM})))
    components = [of_backend, frontend()]
    images = {facts.pin.component.name: facts.image for facts in components}
    good = StackImageFacts(
        "docker.io/org/fragalysis-stack",
        "2023.06.2",
        DIGEST,
        Image("docker.io/org/fragalysis-stack", "2023.06.2", DIGEST, origins),
        pair=judged_pair(components, images, {}),
    )
    return judge(Occasion.BUILT, replace(good, **changes))[0]


GOOD = (Material(BACKEND, DIGEST), Material(FRONTEND, DIGEST))


@pytest.mark.parametrize(
    "went_in",
    [
        GOOD,
        (Material(BACKEND, PLATFORM), Material(FRONTEND, DIGEST)),
        (Material("mirror.example/backend", DIGEST), Material(FRONTEND, DIGEST)),
        (*GOOD, Material("docker.io/library/python", OTHER)),
    ],
    ids=["index", "platform", "mirror", "more"],
)
def test_the_judged_pair_is_accepted(went_in: Sequence[Material]) -> None:
    """By the judged index or an image of its platforms, under whatever name, beside other images."""
    assert_finding(contents(*went_in), Status.PASS, "went into it, which was judged")


@pytest.mark.parametrize(
    "went_in",
    [
        (Material(BACKEND, OTHER), Material(FRONTEND, DIGEST)),
        (*GOOD, Material(BACKEND, OTHER)),
        (Material("docker.io/me/fragalysis-backend", OTHER), Material("", DIGEST[:-1] + "0")),
        (Material(FRONTEND, OTHER), Material(BACKEND, DIGEST)),
    ],
    ids=["other", "one more", "fork", "frontend"],
)
def test_another_pair_fails_and_both_digests_are_named(went_in: Sequence[Material]) -> None:
    """Another digest of a component, one more of it, or none that was judged: a contradiction."""
    assert_finding(contents(*went_in), Status.FAIL, OTHER, DIGEST, "Do not deploy it")


def test_contents_that_are_not_told() -> None:
    """No provenance, no list, or a list without images is absence; an image without a digest cannot be verified."""
    for said in (Origin(why_no_commit="it has no provenance"), Origin(materials=())):
        assert_finding(contents(said=[said]), Status.SKIPPED, "does not say which images went into it")
        assert_finding(contents(said=[said], origin_required=True), Status.UNKNOWN, "check-origin requires it")
    assert_finding(contents(Material(BACKEND, ""), GOOD[1]), Status.UNKNOWN, "does not name the digest")
    assert_finding(contents(said=[LOST]), Status.UNKNOWN, "503")
    assert_finding(contents(*GOOD, pair=()), Status.SKIPPED, "to compare with")
    assert_finding(contents(*GOOD, image=None, unasked="It is switched off."), Status.SKIPPED, "It is switched off.")
    assert_finding(contents(*GOOD, image=LOST), Status.SKIPPED)
    assert_finding(contents(*GOOD, expected=OTHER), Status.SKIPPED)


def test_platforms_that_could_not_be_listed() -> None:
    """Another digest may then be one of a platform: unknown, which does not stop a rollback; a contradiction does."""
    images = {"backend": Image(BACKEND, "2023.05.1", DIGEST, LOST)}
    pair = judged_pair([backend()], images, {})
    assert_finding(contents(Material(BACKEND, OTHER), pair=pair), Status.UNKNOWN, "503")
    assert_finding(contents(*GOOD, pair=pair), Status.PASS)
    assert_finding(contents(Material(BACKEND, OTHER), pair=pair, rollback=True), Status.WARN, "evidence of a rollback")
    assert_finding(contents(Material(BACKEND, OTHER), GOOD[1], rollback=True), Status.FAIL)
    recorded = judged_pair([backend()], images, {"backend": OTHER})
    assert_finding(contents(Material(BACKEND, DIGEST), pair=recorded), Status.UNKNOWN, "no longer under its tag")
