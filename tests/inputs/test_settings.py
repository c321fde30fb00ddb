"""Settings: computed defaults, and checks that need more than one value."""

from __future__ import annotations

from pathlib import Path

import pytest

from frag_release.domain.components import Choice
from frag_release.domain.findings import Allowance
from frag_release.domain.refs import Ref
from frag_release.errors import UsageError
from frag_release.inputs.context import Context
from inputs.inputs_given import RUN, context, settings


def refused(run: Context = RUN, **given: str) -> UsageError:
    """Return the error of these inputs."""
    with pytest.raises(UsageError) as caught:
        settings(run, **given)
    assert caught.value.exit_status == 2
    assert caught.value.remedy
    return caught.value


def test_defaults_of_a_run() -> None:
    """Without inputs the run's own repository and ref are judged, with the components of the same owner."""
    found = settings()
    assert (found.ref, found.own_ref) == (Ref("refs/tags/2023.06.2"), True)
    assert found.stack_repository == "org/fragalysis-stack"
    assert found.stack_branches == ()
    back, front = found.components
    assert (back.name, back.repository, back.branches) == ("backend", "org/fragalysis-backend", ("production",))
    assert (front.name, front.repository, front.branches) == ("frontend", "org/fragalysis-frontend", ("production",))
    assert (back.variables, back.namespace_variables) == (("BE_IMAGE_TAG",), ("BE_NAMESPACE",))
    assert (front.variables, front.namespace_variables) == (("FE_IMAGE_TAG",), ("FE_NAMESPACE",))
    assert (found.choices["backend"], back.image, back.ci_workflows) == (Choice("", ""), "", ())
    assert found.connections.api_url == "https://api.github.com"
    assert found.connections.local is None
    assert found.connections.timeout_seconds == 120.0
    assert (found.check_ci, found.check_images, found.production, found.allow) == (True, True, True, ())


def test_components_follow_the_owner_of_the_stack_that_is_named() -> None:
    """Another stack's components are looked for with that stack's owner."""
    found = settings(stack_repository="other/stack")
    assert [one.repository for one in found.components] == ["other/fragalysis-backend", "other/fragalysis-frontend"]


def test_a_repository_must_be_known() -> None:
    """A terminal that names no stack is told which input is missing."""
    assert "stack-repository" in refused(Context(), ref="refs/tags/1.2.3").message


@pytest.mark.parametrize(
    ("given", "own"),
    [
        pytest.param({}, True, id="nothing given"),
        pytest.param({"ref": "refs/tags/2023.06.2"}, True, id="the run's own ref"),
        pytest.param({"stack_repository": "Org/Fragalysis-Stack"}, True, id="own repository in another case"),
        pytest.param({"ref": "refs/tags/2023.06.1"}, False, id="another tag"),
        pytest.param({"ref": "refs/heads/2023.06.2"}, False, id="branch of that name"),
        pytest.param({"ref": "refs/Tags/2023.06.2"}, False, id="another case"),
        pytest.param({"stack_repository": "other/fragalysis-stack"}, False, id="another repository"),
    ],
)
def test_only_the_runs_own_ref_is_own(given: dict[str, str], own: bool) -> None:
    """A ref counts as the run's own only if ref and repository are both the run's."""
    assert settings(RUN, **given).own_ref is own


def test_a_terminal_has_no_other_ref() -> None:
    """In a terminal nothing is deployed, so that every ref is taken as asked."""
    assert settings(context(on_runner=False, ref=""), ref="refs/tags/2023.06.1").own_ref


@pytest.mark.parametrize("ref", ["2023.06.2", "tags/2023.06.2", "Refs/tags/1.2.3"])
def test_a_short_name_gets_its_full_one(ref: str) -> None:
    """A short name is nobody's own until its full name was looked up."""
    short = settings(ref=ref)
    assert (short.ref.text, short.ref.is_full, short.own_ref) == (ref, False, False)
    found = short.with_full_ref(Ref.of_tag, RUN)
    assert (found.ref.text, found.ref.is_full) == (f"refs/tags/{ref}", True)
    assert found.own_ref is (ref == "2023.06.2")


@pytest.mark.parametrize("ref", ["refs/" + "x" * 1100, "x" * 1025])
def test_a_name_that_no_server_takes_is_refused(ref: str) -> None:
    """A ref has 1024 characters at most, short or not."""
    assert "ref" in refused(ref=ref).message


def test_a_run_without_a_ref_is_refused() -> None:
    """Where neither input nor run has a ref, nothing can be judged."""
    assert "ref" in refused(context(ref="")).message
    assert "ref" in refused(context(ref="2023.06.2")).message


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.yaml", ".github/../../x", "a\\b", ".", "./"])
def test_the_workflow_file_is_within_the_repository(path: str) -> None:
    """A path that leads out of the repository, or to no file, is refused."""
    assert "workflow-file" in refused(workflow_file=path).message


@pytest.mark.parametrize(
    ("path", "expected"),
    [("./ci.yml", "ci.yml"), (".github//workflows/x.yaml", ".github/workflows/x.yaml"), ("a/..b/c", "a/..b/c")],
)
def test_the_workflow_file_is_written_plainly(path: str, expected: str) -> None:
    """Superfluous dots and slashes, which git does not know, are left out."""
    assert settings(workflow_file=path).workflow_file == expected


def test_variables_may_be_lists() -> None:
    """`…-variable` takes several names, the first of which goes first; blanks between them do not count."""
    front = settings(frontend_variable="FE_BRANCH, FE_IMAGE_TAG", frontend_namespace_variable="A,B").components[1]
    assert front.variables == ("FE_BRANCH", "FE_IMAGE_TAG")
    assert front.namespace_variables == ("A", "B")


@pytest.mark.parametrize("name", ["BE-TAG", "1X", "A B", "X" * 101, "É", "A.B", "FE_BRANCH,A B", ",", " , "])
@pytest.mark.parametrize("which", ["backend_variable", "frontend_namespace_variable"])
def test_variables_have_the_names_of_variables(which: str, name: str) -> None:
    """A name that no variable can have is refused."""
    assert which.replace("_", "-") in refused(RUN, **{which: name}).message


def test_a_list_of_no_branch_is_refused() -> None:
    """A list of production branches with nothing in it would let nothing or anything pass."""
    assert "backend-branch" in refused(backend_branch=" , ,").message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", ""),
        ("none", "none"),
        ("org/image", "docker.io/org/image"),
        ("docker.io/org/image", "docker.io/org/image"),
        ("ghcr.io/org/group/image", "ghcr.io/org/group/image"),
        ("localhost:5000/image", "localhost:5000/image"),
        ("localhost/image", "localhost/image"),
        ("registry:5000/org/image", "registry:5000/org/image"),
        ("127.0.0.1:5000/org/image", "127.0.0.1:5000/org/image"),
        ("org/my_image.x-y", "docker.io/org/my_image.x-y"),
    ],
)
def test_image_names_get_their_registry(given: str, expected: str) -> None:
    """As with docker, a name whose first part is no host is one of Docker Hub."""
    assert settings(backend_image=given).components[0].image == expected


@pytest.mark.parametrize(
    "given",
    [
        "org/image:1.2.3", "org/image@sha256:" + "0" * 64, "Org/Image", "https://docker.io/org/image", "org/", "/image",
        "org//image", "org/image/", "ghcr.io/../image", "org/im age", "None", "org/-x", "host:port/image",
        "user@host/image",
    ],
)  # fmt: skip
def test_bad_image_names_are_refused(given: str) -> None:
    """A name with a tag, a digest, capitals or what no registry takes is refused by name."""
    assert "frontend-image" in refused(frontend_image=given).message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("pin-ci:backend@2023.05.1", [Allowance("pin-ci", "backend", "2023.05.1")]),
        (
            "pin-ci:backend@2023.05.1, pin-image:frontend@2023.05.4,",
            [Allowance("pin-ci", "backend", "2023.05.1"), Allowance("pin-image", "frontend", "2023.05.4")],
        ),
        ("tag-order:stack@2023.06.2", [Allowance("tag-order", "stack", "2023.06.2")]),
        ("pin-effective:frontend@latest", [Allowance("pin-effective", "frontend", "latest")]),
    ],
)
def test_allowances(given: str, expected: list[Allowance]) -> None:
    """`allow` is a list of rule, subject and tag."""
    assert list(settings(allow=given).allow) == expected


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("pin-ci", id="rule alone"),
        pytest.param("pin-ci:backend", id="no tag"),
        pytest.param("pin-ci:backend@", id="empty tag"),
        pytest.param("pin-ci@2023.05.1", id="no subject"),
        pytest.param("pin-ci:*@2023.05.1", id="any subject"),
        pytest.param("*:backend@2023.05.1", id="any rule"),
        pytest.param("pin-ci:backend@2023 05 1", id="blanks"),
        pytest.param("pin-cy:backend@2023.05.1", id="no such rule"),
        pytest.param("pin-ci:stack@2023.05.1", id="rule of another subject"),
        pytest.param("tag-order:backend@2023.05.1", id="stack's rule on a component"),
        pytest.param("pin-ci:database@2023.05.1", id="no such component"),
        pytest.param("pin-ci:component@2023.05.1", id="subject of the table"),
        pytest.param("PIN-CI:backend@2023.05.1", id="capitals"),
    ],
)
def test_allowances_that_mean_nothing_are_refused(given: str) -> None:
    """An allowance that could never apply is refused, not silently useless."""
    assert given in refused(allow=given).message


@pytest.mark.parametrize(
    "given",
    [
        "pin-present:backend@2023.05.1",
        "pin-grade:backend@2024.11.1-1",
        "pin-exists:frontend@2023.05.4",
        "pin-on-branch:backend@2023.05.1",
        "pin-shadowed:backend@2023.05.1",
        "tag-commit:stack@2023.06.2",
    ],
)
def test_some_rules_can_never_be_allowed(given: str) -> None:
    """What says whether the pin is a production release at all cannot be allowed, beside what can neither."""
    assert "never be allowed" in refused(allow=given).remedy
    assert given in refused(allow=f"pin-ci:backend@2023.05.1,{given}").message


def test_local_must_be_a_folder(tmp_path: Path) -> None:
    """The folder of clones must be there, before anything is judged."""
    assert settings(local=str(tmp_path)).connections.local == tmp_path
    assert "local" in refused(local=str(tmp_path / "missing")).message


def test_the_api_is_the_runs_own_unless_named() -> None:
    """GitHub Enterprise Server is reached by the run's own address, or by the one given."""
    run = context(api_url="https://ghe.example.org/api/v3")
    assert settings(run).connections.api_url == "https://ghe.example.org/api/v3"
    assert settings(run, github_api_url="http://127.0.0.1:9").connections.api_url == "http://127.0.0.1:9"
