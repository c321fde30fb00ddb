"""The rules on a component's values, repository and registry, in every status, and what their words must name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain.findings_of import LOST, NOWHERE, assert_finding, of_backend, of_file
from domain.worked_example import BACKEND, BACKEND_COMMIT, DIGEST, FILE, WORKFLOW_FILE, backend, frontend, pins, release
from frag_release.domain.components import Choice, Pin, read_pins
from frag_release.domain.evidence import Image, Unknown
from frag_release.domain.facts import NOT_ASKED, ComponentFacts, Hints
from frag_release.domain.findings import Status, blocking
from frag_release.domain.rules import Occasion, judge


@pytest.mark.parametrize(
    ("file", "words"),
    [
        pytest.param(FILE.replace("BE_IMAGE_TAG: 2023.05.1", "X: 1"), ("BE_IMAGE_TAG",), id="missing"),
        pytest.param(FILE.replace("2023.05.1", "${{ vars.TAG }}"), ("BE_IMAGE_TAG", "expression"), id="expression"),
        pytest.param(FILE + "env: {}\n", ("twice",), id="env twice"),
        pytest.param("name: x\n", ("env",), id="no env"),
        pytest.param("[", ("not valid YAML",), id="malformed"),
        pytest.param(FILE.replace("BE_NAMESPACE: org", "BE_NAMESPACE: |\n    org"), ("BE_NAMESPACE",), id="namespace"),
    ],
)
def test_pin_present_fails_where_the_file_does_not_say(file: str, words: Sequence[str]) -> None:
    """Where the file does not plainly say the version, the finding names file, variable and reason."""
    assert_finding(of_file("pin-present", file), Status.FAIL, WORKFLOW_FILE, "BE_IMAGE_TAG", *words)


def test_pin_present_points_at_the_bad_line() -> None:
    """The finding on a value that is refused has the value's line."""
    assert of_file("pin-present", FILE.replace("2023.05.1", "${{ x }}")).line == 4


def test_pin_present_fails_where_there_is_no_file() -> None:
    """A commit without the workflow file has no pins, even where inputs name some."""
    pin = read_pins((BACKEND,), WORKFLOW_FILE, None, {"backend": Choice("2023.05.1")})[0]
    assert_finding(of_backend("pin-present", pin=pin), Status.FAIL, WORKFLOW_FILE, "no file")


def test_pin_effective() -> None:
    """An override that differs in tag or namespace fails and names both values; an equal one passes."""
    assert_finding(of_file("pin-effective", FILE), Status.PASS)
    assert_finding(of_file("pin-effective", FILE, tag="2023.05.1", namespace="org"), Status.PASS)
    assert_finding(
        of_file("pin-effective", FILE, tag="2023.05.2"), Status.FAIL, "2023.05.2", "2023.05.1", "backend-tag"
    )
    assert_finding(of_file("pin-effective", FILE, tag="latest"), Status.FAIL, "latest", "2023.05.1")
    assert_finding(of_file("pin-effective", FILE, namespace="me"), Status.FAIL, "'me'", "'org'", "backend-namespace")
    assert_finding(of_file("pin-effective", FILE, tag="2023.5.1"), Status.FAIL, "2023.5.1", "2023.05.1")


def test_pin_effective_fails_on_a_namespace_that_the_file_does_not_name() -> None:
    """A namespace from outside, where the file has none, is an override."""
    file = FILE.replace("  BE_NAMESPACE: org\n", "")
    assert_finding(of_file("pin-effective", file), Status.PASS)
    assert_finding(of_file("pin-effective", file, namespace="me"), Status.FAIL, "'me'")


def test_an_override_of_a_missing_value_never_passes() -> None:
    """Where the file names no version, one from the inputs alone cannot be released."""
    file = FILE.replace("  BE_IMAGE_TAG: 2023.05.1\n", "")
    pin = pins(file, tag="2023.05.1")[0]
    findings = judge(Occasion.DEPLOYMENT, release(components=(backend(pin=pin), frontend())))
    assert "pin-present:backend" in {f.key for f in blocking(findings)}


@pytest.mark.parametrize(
    "tag", ["2024.11.1-1", "2023.05.1-rc.1", "v2023.05.1", "latest", "stable", "production", "2023.05", "٢٠٢٣.٠٥.١"]
)
def test_pin_grade_fails_on_anything_but_three_numbers(tag: str) -> None:
    """A tag that is not exactly three numbers fails, is named, and the newest eligible one is proposed."""
    pin = pins(FILE.replace("2023.05.1", tag))[0]
    finding = of_backend("pin-grade", pin=pin, hints=Hints(newest="2023.05.3"))
    assert_finding(finding, Status.FAIL, tag, "2023.05.3", "three numbers")


def test_rules_on_a_tag_are_skipped_where_there_is_none() -> None:
    """Without a value nothing is said about grade, tag, branch or image; that the pin is missing blocks already."""
    pin = pins(FILE.replace("  BE_IMAGE_TAG: 2023.05.1\n", ""))[0]
    judged = judge(Occasion.DEPLOYMENT, release(components=(ComponentFacts(pin),)))
    findings = [f for f in judged if f.subject == "backend"]
    statuses = {finding.rule: finding.status for finding in findings}
    assert statuses.pop("pin-present") is Status.FAIL
    assert set(statuses.values()) == {Status.SKIPPED}
    assert all(finding.message for finding in findings)


def test_pin_order() -> None:
    """A component that goes back is a warning with both tags; the same, a later or an equal number passes."""
    older = pins(FILE.replace("2023.05.1", "2023.6.1"))[0]
    assert_finding(of_backend("pin-order", previous=older), Status.WARN, "2023.6.1", "2023.05.1", "migrations")
    for before in ("2023.05.1", "2023.5.1", "2023.04.10"):
        assert_finding(
            of_backend("pin-order", previous=pins(FILE.replace("2023.05.1", before))[0]), Status.PASS, before
        )
    assert_finding(of_backend("pin-order", previous=None), Status.SKIPPED)
    odd = pins(FILE.replace("2023.05.1", "2023.05.1-1"))[0]
    assert_finding(of_backend("pin-order", previous=odd), Status.SKIPPED, "2023.05.1-1")


def test_pin_order_says_that_the_release_before_could_not_be_read() -> None:
    """Where the release before, or its file, could not be read, the rule warns, and never says that there is none."""
    lost = Unknown("the server answered 503", "Run it again later.")
    unread = Pin(pins()[0].component, unread=lost)
    for before in (lost, unread):
        finding = of_backend("pin-order", previous=before)
        assert_finding(finding, Status.WARN, "could not be read", "the server answered 503", "Run it again later.")
        assert "no previous release" not in finding.message
    assert_finding(of_backend("pin-order", previous=None), Status.SKIPPED, "There is no previous release")
    finding = of_backend("pin-order", previous=NOT_ASKED)
    assert_finding(finding, Status.SKIPPED, "was not looked up")


def test_pin_exists() -> None:
    """A tag that the repository does not have fails, naming the nearest and the newest eligible one."""
    assert_finding(of_backend("pin-exists"), Status.PASS, "org/fragalysis-backend", "bbbbbbbbbbbb")
    failed = of_backend("pin-exists", commit=None, hints=Hints(("2023.05.10", "2023.05.2"), "2023.05.3"))
    assert_finding(failed, Status.FAIL, "2023.05.1", "org/fragalysis-backend", "2023.05.10, 2023.05.2", "2023.05.3")
    assert_finding(of_backend("pin-exists", commit=None), Status.FAIL, "2023.05.1")


def test_pin_shadowed() -> None:
    """A branch of the tag's name fails, whatever it points at."""
    assert_finding(of_backend("pin-shadowed"), Status.PASS)
    for head in (BACKEND_COMMIT, "9" * 40):
        failed = of_backend("pin-shadowed", shadow=head)
        assert_finding(failed, Status.FAIL, "branch", "2023.05.1", "org/fragalysis-backend", "build the tag again")


@pytest.mark.parametrize(
    ("facts", "remedy"),
    [({"is_planned": True}, "then run this again: it creates the tag"), ({"commit": None}, "then create the tag")],
)
def test_a_branch_with_the_name_of_a_tag_that_is_not_made(facts: dict[str, Any], remedy: str) -> None:
    """What was never built is not built again: the branch has to go before the tag is made."""
    failed = of_backend("pin-shadowed", shadow="9" * 40, **facts)
    assert_finding(failed, Status.FAIL, "like the tag", remedy)
    assert "again" not in failed.remedy.replace("run this again", "")


def test_pin_on_branch() -> None:
    """A tag on no production branch fails, naming the branches asked about and the newest tag that is on one."""
    assert_finding(of_backend("pin-on-branch"), Status.PASS, "production")
    failed = of_backend("pin-on-branch", placement=NOWHERE, hints=Hints(newest="2023.05.3"))
    assert_finding(failed, Status.FAIL, "2023.05.1", "production", "org/fragalysis-backend", "2023.05.3")
    listed = pins(backend=replace(BACKEND, branches=("production", "main")))[0]
    assert_finding(of_backend("pin-on-branch", pin=listed, placement=NOWHERE), Status.FAIL, "production or main")
    assert_finding(of_backend("pin-on-branch", commit=None, placement=LOST), Status.SKIPPED)


def test_pin_image() -> None:
    """An image that is not there fails by name and tag; one that is not used or not checked is a warning."""
    assert_finding(of_backend("pin-image"), Status.PASS, "docker.io/org/fragalysis-backend:2023.05.1", DIGEST[:19])
    absent = Image("docker.io/org/fragalysis-backend", "2023.05.1", None)
    assert_finding(of_backend("pin-image", image=absent), Status.FAIL, "docker.io/org/fragalysis-backend:2023.05.1")
    unchecked = of_backend("pin-image", image=None)
    assert_finding(unchecked, Status.WARN, "fragalysis-backend:2023.05.1 is not verified", "Set check-images to true")
    none = of_backend("pin-image", pin=pins(backend=replace(BACKEND, image="none"))[0], image=None)
    assert_finding(none, Status.WARN, "is not verified: backend-image is none", "name the image in backend-image")
    assert "check-images" not in none.message + none.remedy
    assert unchecked.demoted_from is none.demoted_from is Status.SKIPPED
