"""Pins: what will be built of each component, from inputs and workflow file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.files import blob
from domain.findings_of import of_backend
from domain.worked_example import BACKEND, FILE, FRONTEND, WORKFLOW_FILE, pins
from frag_release.domain.components import Choice, read_pins
from frag_release.domain.evidence import Unknown


def test_the_file_decides_where_no_input_is_given() -> None:
    """Tag and namespace of each component are those of the workflow file, in the order of the components."""
    back, front = pins()
    assert (back.component.name, back.tag, back.namespace) == ("backend", "2023.05.1", "org")
    assert (front.component.name, front.tag, front.namespace) == ("frontend", "2023.05.4", "org")
    assert (back.file, back.line, front.line) == (WORKFLOW_FILE, 4, 6)
    assert back.problem is None
    assert back.unread is None


def test_an_input_overrides_the_file_and_the_file_is_kept() -> None:
    """The effective values are the inputs', and the file's are kept beside them to compare with."""
    (pin, other) = pins(tag="latest", namespace="me")
    assert (pin.tag, pin.namespace) == ("latest", "me")
    assert pin.in_file is not None
    assert pin.namespace_in_file is not None
    assert (pin.in_file.text, pin.namespace_in_file.text) == ("2023.05.1", "org")
    assert pin.line == 4
    assert (other.tag, other.namespace) == ("2023.05.4", "org")


def test_tag_and_namespace_are_overridden_one_by_one() -> None:
    """An input for one of the two leaves the other to the file."""
    assert pins(tag="1.2.3")[0].same_choice == ("org", "1.2.3")
    assert pins(namespace="me")[0].same_choice == ("me", "2023.05.1")


def test_other_variables_can_be_named() -> None:
    """The variables of the file are those that the inputs name."""
    component = replace(BACKEND, variables=("FE_IMAGE_TAG",), namespace_variables=("FE_NAMESPACE",))
    assert pins(backend=component)[0].tag == "2023.05.4"


@pytest.mark.parametrize(
    ("lines", "variable", "tag", "line"),
    [
        ("  FE_IMAGE_TAG: 2024.03.7\n", "FE_IMAGE_TAG", "2024.03.7", 2),
        ("  FE_BRANCH: 2023.07.1\n", "FE_BRANCH", "2023.07.1", 2),
        ("  FE_IMAGE_TAG: 2024.03.7\n  FE_BRANCH: 2023.07.1\n", "FE_BRANCH", "2023.07.1", 3),
    ],
)
def test_of_a_list_of_variables_the_first_that_is_there_counts(lines: str, variable: str, tag: str, line: int) -> None:
    """With `FE_BRANCH,FE_IMAGE_TAG` a file may have either; of both the first of the list, wherever it stands."""
    component = replace(FRONTEND, variables=("FE_BRANCH", "FE_IMAGE_TAG"))
    (pin,) = read_pins([component], WORKFLOW_FILE, blob(f"env:\n{lines}"))
    assert (pin.variable, pin.tag, pin.line, pin.problem) == (variable, tag, line, None)


def test_of_a_list_of_variables_one_that_is_there_and_broken_is_a_problem() -> None:
    """What cannot be read in the first variable is not looked for in the next: the build may take either."""
    component = replace(FRONTEND, variables=("FE_BRANCH", "FE_IMAGE_TAG"))
    (pin,) = read_pins([component], WORKFLOW_FILE, blob("env:\n  FE_BRANCH: ${{ vars.X }}\n  FE_IMAGE_TAG: 1.2.3\n"))
    assert pin.problem is not None and pin.tag == ""
    assert (pin.problem.line, pin.problem.message.split()[0]) == (2, "FE_BRANCH")


def test_a_list_of_variables_none_of_which_is_there_is_named_in_full() -> None:
    """Where none of the variables is there, the message and the remedy name them all; so do those of the namespace."""
    component = replace(BACKEND, variables=("A_TAG", "B_TAG"), namespace_variables=("BE_NAMESPACE", "B_OWNER"))
    (pin,) = read_pins([component], WORKFLOW_FILE, blob("env:\n  B_OWNER: me\n"))
    assert pin.problem is not None and pin.namespace == "me"
    assert pin.problem.message == "the top-level env: has no A_TAG and no B_TAG"
    finding = of_backend("pin-present", pin=pin)
    assert "Write A_TAG or B_TAG (and BE_NAMESPACE or B_OWNER) as one plain value each" in finding.remedy


def test_a_file_without_a_namespace_is_no_problem() -> None:
    """A stack may leave the namespace out: then its owner is meant."""
    (pin, _) = pins(FILE.replace("  BE_NAMESPACE: org\n", ""))
    assert (pin.tag, pin.namespace, pin.problem) == ("2023.05.1", "org", None)


def test_a_namespace_that_is_there_and_broken_is_a_problem() -> None:
    """A namespace that cannot be read is not taken for one that is not there."""
    (pin, _) = pins(FILE.replace("BE_NAMESPACE: org", "BE_NAMESPACE: ${{ vars.X }}"))
    assert pin.problem is not None
    assert "BE_NAMESPACE" in pin.problem.message
    assert pin.problem.line == 3


def test_a_missing_value_points_at_env() -> None:
    """Where a variable is missing, the line is that of `env:`."""
    (pin, other) = pins(FILE.replace("BE_IMAGE_TAG", "OTHER"))
    assert (pin.tag, pin.line) == ("", 2)
    assert pin.problem is not None
    assert other.problem is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(None, "no file", id="no file"),
        pytest.param(blob("["), "not valid YAML", id="malformed file"),
        pytest.param(blob(b"\xff"), "UTF-8", id="no text"),
    ],
)
def test_a_file_that_is_not_there_or_bad_is_a_problem_of_every_pin(content: object, problem: str) -> None:
    """Each pin says what is wrong with the file; inputs are kept."""
    found = read_pins((BACKEND, FRONTEND), WORKFLOW_FILE, content, {"backend": Choice("1.2.3")})  # type: ignore[arg-type]
    assert [pin.tag for pin in found] == ["1.2.3", ""]
    for pin in found:
        assert pin.problem is not None
        assert problem in pin.problem.message
        assert pin.unread is None


def test_a_file_that_could_not_be_fetched_is_not_known() -> None:
    """A file that could not be had is unread, which is not the same as a bad one."""
    lost = Unknown("the server answered 503")
    for pin in read_pins((BACKEND, FRONTEND), WORKFLOW_FILE, lost):
        assert (pin.unread, pin.problem, pin.tag, pin.line) == (lost, None, "", None)


@pytest.mark.parametrize(
    ("repository", "namespace", "image", "expected"),
    [
        pytest.param("org/fragalysis-backend", "me", "", "docker.io/me/fragalysis-backend", id="namespace"),
        pytest.param("org/fragalysis-backend", "", "", "docker.io/org/fragalysis-backend", id="owner"),
        pytest.param("Org/Fragalysis-Backend", "", "", "docker.io/org/fragalysis-backend", id="lower case"),
        pytest.param("org/b", "Me", "", "docker.io/me/b", id="namespace in lower case"),
        pytest.param("org/b", "me", "ghcr.io/a/b", "ghcr.io/a/b", id="name given"),
        pytest.param("org/b", "me", "none", None, id="none"),
    ],
)
def test_the_image_of_a_component(repository: str, namespace: str, image: str, expected: str | None) -> None:
    """The image is the one given, else registry, namespace (else owner) and repository name in lower case."""
    assert replace(BACKEND, repository=repository, image=image).image_name(namespace) == expected
