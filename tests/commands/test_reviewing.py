"""Long pushes: the newest change of the pair is looked for within limits, and a limit that is met is told."""

from __future__ import annotations

import pytest

from adapters.github_desk import forge
from commands.conftest import World
from commands.stack import REPOSITORY, Stack
from commands.test_prepare import head
from frag_release.commands.publish import reviewing
from frag_release.commands.publish.reviewing import Reviewing
from frag_release.commands.stack import Stack as StackView
from frag_release.domain.review import NothingToPublish, Review, Reviewed
from frag_release.errors import EvidenceError
from frag_release.inputs.context import Context
from frag_release.inputs.settings.release import read_publish_settings
from frag_release.inputs.table import INPUTS
from frag_release.inputs.values import Values
from world.example import WORKFLOW_FILE, workflow_text
from world.github_server import TOKEN


def find(world: World, pushed_from: str = "") -> Review:
    """What is reviewed on the newest master, for the push from a commit or for the form."""
    event = {"before": pushed_from} if pushed_from else {}
    context = Context(repository=REPOSITORY, ref="refs/heads/master", sha=head(world), event=event)
    values = Values({**dict.fromkeys((one.name for one in INPUTS), ""), "command": "publish", "token": TOKEN})
    settings = read_publish_settings(values, context)
    view = StackView(settings, forge(world.github.url), context)
    return Reviewing(settings, view, ("master",)).find()


def with_two_more(stack: Stack) -> tuple[str, str]:
    """Push the release and two more commits; returns the commit before, and that of the release."""
    before = head(stack.world)
    commit = stack.reviewed()
    for number in range(2):
        stack.commit("docs: say more", {"README.md": f"More {number}\n"})
    return before, commit


@pytest.mark.parametrize("most", [2, 3])
def test_a_push_that_is_too_long_is_told(stack: Stack, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """A change of the pair below the last commit that is looked at is not lost without a word."""
    before, commit = with_two_more(stack)
    monkeypatch.setattr(reviewing, "_MOST_PUSHED", most)
    if most == 3:
        assert find(stack.world, before) == Reviewed("2023.06.2", commit, "its trailer Stack-Tag")
    else:
        with pytest.raises(EvidenceError, match="in none of its newest 2 commits") as caught:
            find(stack.world, before)
        assert "stack-tag" in caught.value.remedy


def test_the_form_looks_back_so_far_and_says_so(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a push there is no end to look back to but the limit."""
    with_two_more(stack)
    monkeypatch.setattr(reviewing, "_LOOKED_BACK", 2)
    found = find(stack.world)
    assert isinstance(found, NothingToPublish)
    assert found.reason == "None of the newest 2 commits changes the pair."


def test_a_push_that_undoes_its_own_change_is_no_release(stack: Stack) -> None:
    """A release and its revert in one push leave the pair as it was: two files are compared, no commit is walked."""
    before = head(stack.world)
    stack.reviewed()
    stack.commit("Revert", {WORKFLOW_FILE: workflow_text("2023.03.1", "2023.05.3")})
    stack.world.github.requests.clear()
    found = find(stack.world, before)
    assert isinstance(found, NothingToPublish) and "leave the pair unchanged" in found.reason
    assert [one.path for one in stack.world.github.requests if "/git/commits/" in one.path] == []
