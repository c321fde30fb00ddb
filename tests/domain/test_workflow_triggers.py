"""What starts a workflow, as `on` of its file says."""

from __future__ import annotations

import pytest

from frag_release.domain.evidence import Blob
from frag_release.domain.workflow_file import WorkflowFileError
from frag_release.domain.workflow_jobs import EVERY_TAG, NO_TAG, UNKNOWN_TAGS, Tags, Triggers, read_triggers

TAGS = ("2023.06.1", "v1.2.3")


def triggers(on: str) -> Triggers:
    """What is read of a file with this `on`."""
    content = f"name: x\n{on}\njobs: {{}}\n".encode()
    return read_triggers(Blob(len(content), content))


@pytest.mark.parametrize(
    ("on", "dispatch", "tags"),
    [
        ("on: push", False, EVERY_TAG),
        ("on: workflow_dispatch", True, NO_TAG),
        ("on: [push, workflow_dispatch]", True, EVERY_TAG),
        ("'on':\n  workflow_dispatch:\n", True, NO_TAG),
        ("on:\n  push:\n", False, EVERY_TAG),
        ("on:\n  push: {}\n", False, EVERY_TAG),
        ("on:\n  push:\n    branches: [main]\n", False, NO_TAG),
        ("on:\n  push:\n    branches-ignore: [main]\n", False, NO_TAG),
        ("on:\n  push:\n    paths: [x]\n  workflow_dispatch:\n    inputs: {}\n", True, EVERY_TAG),
        ("on:\n  pull_request:\n    tags: [x]\n", False, NO_TAG),
        ("on:\n  - push\n  - {a: workflow_dispatch}\n", False, EVERY_TAG),
    ],
)
def test_what_starts_a_workflow(on: str, dispatch: bool, tags: Tags) -> None:
    """Under each way to write `on`; branches alone leave tags out."""
    assert triggers(on) == Triggers(dispatch, tags)


@pytest.mark.parametrize(
    ("filters", "started"),
    [
        ("branches: [main]\n    tags: ['**']", TAGS),
        ("tags: 20*", TAGS[:1]),
        ("tags:\n    - v*\n    - 20*", TAGS),
        ("tags: ['*', '!v*']", TAGS[:1]),
        ("tags: ['!v*', '*']", TAGS),
        ("tags: ['!v*']", ()),
        ("tags-ignore: v*", TAGS[:1]),
        ("branches: [main]\n    tags-ignore: ['**']", ()),
    ],
)
def test_which_tags_start_it(filters: str, started: tuple[str, ...]) -> None:
    """Those that the last pattern that means them lets in."""
    tags = triggers(f"on:\n  push:\n    {filters}\n").tags
    assert tuple(tag for tag in TAGS if tags.start(tag)) == started


@pytest.mark.parametrize(
    "push",
    [
        "{tags: ['*'], tags-ignore: [v*]}",
        "{tags: }",
        "{tags: []}",
        "{tags: {a: b}}",
        "{tags: [['*']]}",
        "{tags: ['[']}",
        "{tags-ignore: ['v*', '!v2*']}",
        f"{{tags: [{', '.join(['x'] * 101)}]}}",
        "main",
        "[main]",
    ],
)
def test_filters_of_which_github_does_not_tell_what_it_makes(push: str) -> None:
    """They are not read, and no tag is known to start the workflow."""
    tags = triggers(f"on:\n  push: {push}\n").tags
    assert tags == UNKNOWN_TAGS
    assert not any(tags.start(tag) for tag in TAGS)


def test_an_alias_or_a_merge_is_no_filter_that_is_read() -> None:
    """What it stands for could be anything."""
    for push in ("push: *a", "push: {<<: *a}", "push: {tags: *a}", "push: {tags: [*a]}"):
        assert triggers(f"env: &a {{}}\non:\n  {push}\n").tags == UNKNOWN_TAGS


@pytest.mark.parametrize("text", ["name: x\n", "- on\n", "on: [push\n", "on: push\non: push\n"])
def test_a_file_without_triggers_is_refused(text: str) -> None:
    """Rather than taken for one that nothing starts."""
    with pytest.raises(WorkflowFileError):
        read_triggers(Blob(len(text), text.encode()))
