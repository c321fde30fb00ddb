"""What `deploy` takes from its inputs; what production refuses is tested with the process."""

from __future__ import annotations

from typing import Any

import pytest

from frag_release.domain.rules.deployment import Expected
from frag_release.errors import UsageError
from frag_release.inputs.context import Context
from frag_release.inputs.settings.deploy import DeploySettings, read_deploy_settings
from inputs.inputs_given import values

COMMIT, DIGEST = "c" * 40, "sha256:" + "d" * 64
CONTEXT = Context(True, "xchem/fragalysis-stack", "refs/tags/2023.06.2", COMMIT)
EXPECTED = {
    "expected-stack-commit": COMMIT,
    "expected-backend-digest": DIGEST,
    "expected-frontend-digest": DIGEST,
    "expected-stack-digest": DIGEST,
}
NOTHING = dict.fromkeys((name.replace("-", "_") for name in EXPECTED), "")
AWX = {"awx-url": "https://awx.example", "awx-token": "t", "awx-template": "T"}


def read(**given: Any) -> DeploySettings:
    """Read inputs, by name with underscores, on top of a complete production deployment."""
    named = {name.replace("_", "-"): value for name, value in given.items()}
    return read_deploy_settings(values(command="deploy", **{**EXPECTED, **AWX, **named}), CONTEXT)


def test_a_production_deployment() -> None:
    """The defaults: production, gated, the stack's own image, no site, and three looks where there is one."""
    settings = read()
    assert (settings.environment, settings.is_production, settings.gated) == ("production", True, True)
    assert settings.stack_image == "docker.io/xchem/fragalysis-stack"
    assert settings.expected == Expected(COMMIT, DIGEST, {"backend": DIGEST, "frontend": DIGEST})
    assert (settings.image_tag, settings.wait_minutes) == ("", 30.0)
    assert (settings.site.urls, settings.site.lines, settings.verify_looks) == ((), (), 3)


def test_a_component_without_an_image_needs_no_digest() -> None:
    """An image of none has no digest, and one that is not looked at has none to be held against."""
    assert read(frontend_image="none", expected_frontend_digest="").expected.digests == {"backend": DIGEST}
    unchecked = read(check_images="false", expected_backend_digest="", expected_frontend_digest="")
    assert unchecked.expected.digests == {}
    with pytest.raises(UsageError, match="expected-backend-digest cannot be compared with"):
        read(check_images="false", expected_frontend_digest="")
    with pytest.raises(UsageError, match="expected-stack-digest must not be empty"):
        read(check_images="false", expected_backend_digest="", expected_frontend_digest="", expected_stack_digest="")


def test_all_that_is_missing_is_named_at_once() -> None:
    """Whoever forgot everything is told everything."""
    with pytest.raises(UsageError) as caught:
        read(**NOTHING)
    assert caught.value.message.startswith(
        "The inputs expected-stack-commit, expected-backend-digest, expected-frontend-digest, "
        "expected-stack-digest must not be empty: the environment production counts as production, as does every "
        "name without a word such as staging."
    )
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("tag", ["-x", "a/b", "ä", "a" * 129, "+1"])
def test_a_tag_that_no_image_can_have_is_refused(tag: str) -> None:
    """What is handed to AWX is a tag, and nothing else."""
    with pytest.raises(UsageError, match="The input image-tag cannot be"):
        read(environment="staging", image_tag=tag)


def test_staging_needs_nothing_that_was_expected() -> None:
    """Elsewhere what was expected is held to where it is given, and ungated is a choice."""
    settings = read(environment="Staging", ungated="true", image_tag="any", **NOTHING)
    assert (settings.is_production, settings.gated, settings.expected) == (False, False, Expected())


def test_a_rollback_finds_what_it_needs_in_the_record() -> None:
    """For a rollback neither expectations nor the image's name are needed."""
    settings = read(rollback="true", ref="refs/tags/2023.06.1", **NOTHING)
    assert (settings.stack_image, settings.expected, settings.rollback) == ("", Expected(), True)


@pytest.mark.parametrize(
    "given",
    [
        {"backend_namespace": "m2ms"},
        {"backend_image": "quay.io/m2ms/api"},
        {"stack_image": "quay.io/m2ms/stack"},
        {"frontend_repository": "m2ms/front"},
    ],
)
def test_a_namespace_that_is_known_tells_no_image(given: dict[str, str]) -> None:
    """A line of a tag in a namespace that several images may share is a bare tag, wherever that is known from."""
    with pytest.raises(UsageError, match="is a bare tag"):
        read(verify_text="m2ms:{image-tag}", **given)
    assert read(verify_text="m2ms:{image-tag}").site.lines


def test_lines_need_no_page_to_be_wrong() -> None:
    """A wrong line is told also where no page is looked at yet, and a page without lines is a wrong use."""
    with pytest.raises(UsageError, match="is a bare tag"):
        read(verify_text="{image-tag}")
    with pytest.raises(UsageError, match="verify-text is empty although verify-url is given") as caught:
        read(verify_url="https://site.example/")
    assert "The command doctor reads verify-url and suggests lines" in caught.value.remedy


def test_several_pages() -> None:
    """verify-url is a list, in which every address is checked."""
    pages = "https://site.example/version, https://site.example/"
    site = read(verify_url=pages, verify_text="Stack {image-tag}").site
    assert site.urls == ("https://site.example/version", "https://site.example/")
    for wrong in ("https://site.example/,", "https://site.example/,http://site.example/", ","):
        with pytest.raises(UsageError, match="The input verify-url"):
            read(verify_url=wrong, verify_text="Stack {image-tag}")
