"""`component-tags`, `component-namespaces` and `expected-components`, which are for every component."""

from __future__ import annotations

import json

import pytest

from frag_release.domain.components import Choice
from frag_release.errors import UsageError
from frag_release.inputs.context import Context
from frag_release.inputs.settings.deploy import read_deploy_settings
from inputs.inputs_given import settings, values

DIGEST, OTHER = "sha256:" + "d" * 64, "sha256:" + "e" * 64
DEPLOY = {
    "command": "deploy", "expected_stack_commit": "c" * 40, "expected_stack_digest": DIGEST,
    "awx_url": "https://awx.example", "awx_token": "t", "awx_template": "T",
}  # fmt: skip
RUN = Context(True, "xchem/fragalysis-stack", "refs/tags/2023.06.2", "c" * 40)


def test_one_list_gives_every_component_its_tag_and_namespace() -> None:
    """Blanks around names and values do not count, and a component that is not in the list keeps its own input."""
    read = settings(
        component_tags=" backend=2023.05.1 , frontend = 2023.05.4", component_namespaces="frontend=lab",
        backend_namespace="org",
    )  # fmt: skip
    assert read.choices == {"backend": Choice("2023.05.1", "org"), "frontend": Choice("2023.05.4", "lab")}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"backend_tag": "2023.05.2", "component_tags": "backend=2023.05.1"}, "backend-tag is '2023.05.2'"),
        ({"frontend_namespace": "a", "component_namespaces": "frontend=b"}, "frontend-namespace is 'a'"),
        ({"component_tags": "worker=1.2.3"}, "component-tags cannot be 'worker'"),
        ({"component_tags": "backend"}, "component-tags cannot be 'backend'"),
        ({"component_tags": "backend=1.2.3,backend=1.2.4"}, "component-tags cannot be"),
    ],
)
def test_a_list_that_contradicts_or_names_nothing_is_a_wrong_use(given: dict[str, str], message: str) -> None:
    """Two inputs that differ, a component that is none, a name without a value and a name twice are refused."""
    with pytest.raises(UsageError, match=message):
        settings(RUN, **given)


def test_two_inputs_that_say_the_same_are_one() -> None:
    """Only a difference is wrong: a form may fill in both."""
    assert settings(backend_tag="2023.05.1", component_tags="backend=2023.05.1").choices["backend"].tag == "2023.05.1"


def deploy(components: object, **given: str) -> dict[str, str]:
    """The digests that a deployment is held to."""
    text = components if isinstance(components, str) else json.dumps(components)
    return dict(read_deploy_settings(values(**DEPLOY, expected_components=text, **given), RUN).expected.digests)


def test_the_gates_output_is_what_a_deployment_is_held_to() -> None:
    """`expected-components` takes the place of the digests of single components, and may stand beside the same one."""
    whole = {name: {"tag": "2023.05.1", "digest": DIGEST} for name in ("backend", "frontend")}
    assert deploy(whole) == {"backend": DIGEST, "frontend": DIGEST}
    assert deploy(whole, expected_backend_digest=DIGEST) == {"backend": DIGEST, "frontend": DIGEST}


@pytest.mark.parametrize(
    ("components", "given", "message"),
    [
        ({"backend": {"digest": DIGEST}}, {"expected_backend_digest": OTHER}, "expected-backend-digest is sha256:e"),
        ({"backend": {"digest": DIGEST}}, {}, "expected-frontend-digest must not be empty"),
        ({"worker": {"digest": DIGEST}}, {}, "expected-components cannot be 'worker'"),
        ({"backend": {"digest": "latest"}}, {}, "expected-components cannot be"),
        ({"backend": {"digest": None}}, {}, "expected-components cannot be"),
        ({"backend": DIGEST}, {}, "expected-components cannot be"),
        ({"backend": {}}, {}, "expected-components cannot be"),
        ("[]", {}, "expected-components cannot be"),
        ("{", {}, "expected-components cannot be"),
    ],
)
def test_what_is_not_the_whole_output_is_refused(components: object, given: dict[str, str], message: str) -> None:
    """A digest that differs, lacks or is none, a component that is none, and what is no such JSON end the run."""
    with pytest.raises(UsageError, match=message):
        deploy(components, **given)
