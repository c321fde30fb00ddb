"""When the record of a release is enough to deploy it again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.worked_example import DIGEST, FILE, STACK_COMMIT, pins
from frag_release.domain.release_record import RecordedComponent, ReleaseRecord
from frag_release.domain.rollback import RecordError, check_pins, expected_of, image_of
from frag_release.domain.rules.deployment import Expected

OTHER = "sha256:" + "9" * 64
BACKEND = RecordedComponent("backend", "org/fragalysis-backend", "2023.05.1", "org", "b" * 40, "i:2023.05.1", DIGEST)
FRONTEND = RecordedComponent("frontend", "org/fragalysis-frontend", "2023.05.4", "org", "f" * 40, "", "")
RECORD = ReleaseRecord(
    "org/fragalysis-stack", "2023.06.2", STACK_COMMIT, "docker.io/org/stack:2023.06.2", OTHER, (BACKEND, FRONTEND)
)


def test_what_was_recorded_is_what_is_expected() -> None:
    """Commit, stack digest and component digests come from the record; inputs that say the same are welcome."""
    recorded = Expected(STACK_COMMIT, OTHER, {"backend": DIGEST, "frontend": ""})
    assert expected_of(RECORD, Expected()) == recorded
    assert expected_of(RECORD, recorded) == recorded
    assert image_of(RECORD) == ("docker.io/org/stack", "2023.06.2")
    check_pins(RECORD, pins())


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (Expected(stack_commit="1" * 40), "expected-stack-commit"),
        (Expected(stack_digest=DIGEST), "expected-stack-digest"),
        (Expected(digests={"backend": OTHER}), "expected-backend-digest"),
        (Expected(digests={"frontend": OTHER}), "expected-frontend-digest"),
    ],
)
def test_inputs_must_agree_with_the_record(given: Expected, name: str) -> None:
    """An input that contradicts the record is refused by its name."""
    with pytest.raises(RecordError, match=name):
        expected_of(RECORD, given)


def test_a_record_without_the_stacks_digest_is_not_enough() -> None:
    """Without it nobody can say whether the image is the one of then."""
    with pytest.raises(RecordError, match="digest"):
        expected_of(replace(RECORD, digest=""), Expected())


@pytest.mark.parametrize("image", ["docker.io/org/stack:2023.06.3", "docker.io/org/stack", ":2023.06.2", "x"])
def test_the_recorded_image_must_be_the_releases(image: str) -> None:
    """An image under another tag is no image of that release."""
    with pytest.raises(RecordError):
        image_of(replace(RECORD, image=image))


def test_the_recorded_pair_must_be_the_files() -> None:
    """A record with another pair than the file at its commit, or none, is refused; an unread file says nothing."""
    with pytest.raises(RecordError, match=r"backend 2023\.05\.1.*'2023\.03\.1'"):
        check_pins(RECORD, pins(FILE.replace("2023.05.1", "2023.03.1")))
    with pytest.raises(RecordError, match="no frontend"):
        check_pins(replace(RECORD, components=(BACKEND,)), pins())
    check_pins(RECORD, pins("["))
