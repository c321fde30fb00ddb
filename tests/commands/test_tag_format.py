"""A stack whose tags are `v1.4.2`, as a process: judged, refused, and given its next number."""

from __future__ import annotations

import pytest

from commands.conftest import World
from commands.test_prepare import prepare
from world.example import BACKEND, FRONTEND, STACK, release_stack

FORMATS = {"tag_format": "vN.N.N", "backend_tag_format": "vN.N.N", "frontend_tag_format": "vN.N.N"}


@pytest.fixture
def versions(unseeded: World) -> World:
    """The worked example with version numbers: stack v1.4.2 of backend v0.9.1 and frontend v2.0.0, no other tags."""
    example = unseeded.example
    pairs = ((example.backend, BACKEND, "2023.05.1", "v0.9.1"), (example.frontend, FRONTEND, "2023.05.4", "v2.0.0"))
    for repo, name, old, new in pairs:
        commit = example.commits[name][old]
        for tag in example.commits[name]:
            repo.delete(f"refs/tags/{tag}")
        example.commits[name].clear()
        repo.tag(new, commit)
        example.commits[name][new] = commit
    for tag in list(example.commits[STACK]):
        if tag != "2023.06.1":  # the commit that a form is sent from
            del example.commits[STACK][tag]
    for tag in example.stack.git("tag").split():
        example.stack.delete(f"refs/tags/{tag}")
    release_stack(example, "v1.4.2", "v0.9.1", "v2.0.0")
    return unseeded.seed()


def test_a_release_with_a_v_may_be_deployed(versions: World) -> None:
    """v1.4.2 is of production where the format says so, with the image's tag as it is told."""
    outcome = versions.gate("v1.4.2", **FORMATS)
    assert outcome.status == 0, outcome.log
    told = outcome.outputs
    assert (told["verdict"], told["image-tag"], told["stack-tag"]) == ("deploy", "v1.4.2", "v1.4.2")
    assert told["backend-digest"] == versions.digests[BACKEND]["v0.9.1"]
    assert outcome.findings()["tag-style:stack"] == "skipped"


def test_images_without_the_v_are_looked_for_so(versions: World) -> None:
    """The components' images are asked for by the bare number, and the stack's is told as that."""
    backend = versions.registry.push(f"xchem/{BACKEND}", "0.9.1")
    frontend = versions.registry.push(f"xchem/{FRONTEND}", "2.0.0")
    bare = {f"{one}image_tag_format": "without-v" for one in ("", "backend_", "frontend_")}
    outcome = versions.gate("v1.4.2", **FORMATS, **bare)
    assert outcome.status == 0, outcome.log
    assert (outcome.outputs["image-tag"], outcome.outputs["stack-tag"]) == ("1.4.2", "v1.4.2")
    assert (outcome.outputs["backend-digest"], outcome.outputs["frontend-digest"]) == (backend, frontend)


def test_without_the_format_it_is_told_what_it_is(versions: World) -> None:
    """By default v1.4.2 is no production tag, and the reason names the input to set."""
    outcome = versions.gate("v1.4.2")
    assert (outcome.status, outcome.outputs["deploy-production"]) == (0, "false")
    assert "set tag-format to vN.N.N" in outcome.log


def test_the_next_number_is_that_of_the_part(versions: World) -> None:
    """`minor` after v1.4.2 is v1.5.0; left empty, nothing is written and the three candidates are named."""
    pair = {"backend_tag": "v0.9.1", "frontend_tag": "newest", "dry_run": "true"}
    planned = prepare(versions, stack_tag="minor", **pair, **FORMATS)
    assert planned.status == 0, planned.log
    assert planned.outputs["stack-tag"] == "v1.5.0"
    empty = prepare(versions, stack_tag="", **pair, **FORMATS)
    assert empty.status == 1
    assert "patch (v1.4.3), minor (v1.5.0) or major (v2.0.0)" in empty.log
