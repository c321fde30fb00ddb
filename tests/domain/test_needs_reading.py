"""What every command reads: branches, the workflow file, images."""

from __future__ import annotations

from domain.test_needs_outside import HIDDEN, THERE, assert_stands
from frag_release.domain.components import Component, Pin, read_pins
from frag_release.domain.evidence import Answer, Blob, Image
from frag_release.domain.needs import Presence
from frag_release.domain.needs.workflow import judge_branches, judge_image, judge_workflow_file

MISSING, UNAVAILABLE = Presence.MISSING, Presence.UNAVAILABLE
HEAD = "a" * 40
BACKEND = Component("backend", "org/backend", ("production",), ("BE_IMAGE_TAG",), ("BE_NAMESPACE",))
FILE = ".github/workflows/build-main.yaml"


def pins(text: str) -> tuple[Pin, ...]:
    """The pins of a file of this content."""
    return read_pins([BACKEND], FILE, Blob(len(text), text.encode()))


def test_branches() -> None:
    """Of a component one branch is enough, of the stack all are needed; a lost answer is never a no."""
    assert_stands(judge_branches("org/x", {"main": HEAD}, "stack-branch", every=True), THERE, "main is at aaaaaaaaaaaa")
    both = {"main": HEAD, "master": None}
    assert_stands(judge_branches("org/x", both, "stack-branch", every=True), MISSING, "org/x has no branch master")
    assert_stands(judge_branches("org/x", both, "backend-branch", every=False), THERE, "it has no master")
    assert_stands(judge_branches("org/x", {"main": None}, "backend-branch", every=False), MISSING)
    assert_stands(judge_branches("org/x", {"main": HIDDEN, "a": None}, "b", every=False), UNAVAILABLE)
    assert_stands(judge_branches("org/x", {"main": HEAD, "a": HIDDEN}, "b", every=False), THERE)
    assert_stands(judge_branches("org/x", {"main": HEAD, "a": HIDDEN}, "b", every=True), UNAVAILABLE)


def test_the_workflow_file() -> None:
    """Every pin must have a value; where not, file and line are told."""
    assert_stands(judge_workflow_file(FILE, pins("env:\n  BE_IMAGE_TAG: 1.2.3\n")), THERE, "backend 1.2.3")
    judged = judge_workflow_file(FILE, pins("name: x\nenv:\n  BE_IMAGE_TAG: *a\n"))
    assert_stands(judged, MISSING, "does not pin the backend")
    judged = judge_workflow_file(FILE, pins("name: x\nenv:\n  BE_IMAGE_TAG: |\n    a\n"))
    assert_stands(judged, MISSING, "block scalar")
    assert (judged.file, judged.line) == (FILE, 3)
    assert_stands(judge_workflow_file(FILE, read_pins([BACKEND], FILE, None)), MISSING, "there is no file")
    assert_stands(judge_workflow_file(FILE, read_pins([BACKEND], FILE, HIDDEN)), UNAVAILABLE)


def test_images() -> None:
    """The pinned image must be seen; without a pin nothing is known."""
    (pin,) = pins("env:\n  BE_IMAGE_TAG: 1.2.3\n")
    name = "docker.io/org/backend"

    def judged(image: Answer[Image]) -> Presence:
        return judge_image(pin, {(name, "1.2.3"): image}).presence

    assert judged(Image(name, "1.2.3", "sha256:1")) is THERE
    assert judged(Image(name, "1.2.3", None)) is MISSING
    assert judged(HIDDEN) is UNAVAILABLE
    assert judge_image(Pin(BACKEND), {}).presence is UNAVAILABLE
