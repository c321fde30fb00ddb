"""The text that a published release has."""

from __future__ import annotations

import pytest

from commands.conftest import World
from commands.stack import REPOSITORY, Stack
from commands.test_prepare import ask, writes
from world.events import push_tag
from world.github_builds import GitHubBuilds
from world.github_releases import GitHubReleases
from world.github_server import COMPONENT_TOKEN, TOKEN

pytestmark = pytest.mark.hurried


@pytest.fixture
def stack(before_release: World, builds: GitHubBuilds, releases_of: GitHubReleases) -> Stack:
    """The stack with the worked example's release prepared."""
    builds.pushes = before_release.registry.push(REPOSITORY, "2023.06.2", revision="0" * 40)
    stack = Stack(before_release, builds, releases_of)
    stack.prepare()
    return stack


def test_a_release_says_what_is_in_it(stack: Stack) -> None:
    """The published release has the pair with digests, what came with it, the ticket that it names, and its build."""
    assert stack.publish().status == 0
    (release,) = stack.releases.releases
    marker, _, text = release.body.partition("\n")
    assert marker == "<!-- frag-release-action: release notes of 2023.06.2 -->"
    assert "of backend `2023.05.1` and frontend `2023.05.4`" in text
    assert "- xchem/fragalysis-stack#1322 (no visible ticket has this number) (backend)" in text
    digest = stack.world.digests["fragalysis-backend"]["2023.05.1"]
    assert f"- backend image: `docker.io/xchem/fragalysis-backend@{digest}`" in text
    assert "): ✅ success\n  - " in text
    assert "[ ]" not in text


def test_what_was_published_is_announced_with_its_evidence(stack: Stack) -> None:
    """The ticket of the published release has its checks with links, digests and build; told twice, nothing is new."""
    assert stack.publish().status == 0
    world = stack.world
    event = push_tag("2023.06.2", stack.tags()["2023.06.2"])
    inputs = {"command": "announce", "token": TOKEN}
    outcome = world.program.run(event, inputs, api_url=world.github.url)
    assert outcome.status == 0 and outcome.findings() == {}, outcome.log
    (ticket,) = [one for one in ask(world, "/issues?state=all") if one["title"] == "Release 2023.06.2"]
    body = ticket["body"]
    digest = world.digests["fragalysis-frontend"]["2023.05.4"]
    assert f"- frontend image: `docker.io/xchem/fragalysis-frontend@{digest}`" in body
    assert "- stack image: `docker.io/xchem/fragalysis-stack@sha256:" in body
    assert "[CI run](" in body and "<br>✅ passed" in body and "): ✅ success\n  - " in body
    assert "not recorded" not in body
    world.github.requests.clear()
    again = world.program.run(event, inputs, api_url=world.github.url)
    assert (again.status, writes(world), again.outputs["changed"]) == (0, [], "false")


def test_tickets_are_those_of_the_repository_that_is_named(stack: Stack) -> None:
    """With `tickets-from` the references are to that repository."""
    assert stack.publish(tickets_from="m2ms/tickets").status == 0
    (release,) = stack.releases.releases
    assert "- m2ms/tickets#1322" in release.body


def test_what_cannot_be_read_does_not_stop_a_release(stack: Stack) -> None:
    """Neither commits nor titles that cannot be had keep a release from being published; its text says so."""
    stack.world.github.fail("GET", "fragalysis-frontend/compare/.*per_page=100", status=500)
    stack.world.github.fail("GET", "/issues/1322$", status=403)
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    (release,) = stack.releases.releases
    assert not release.draft
    assert "What changed in the frontend could not be read:" in release.body
    assert "A title could not be looked up:" in release.body


def test_what_is_read_at_the_second_look_leaves_no_gap(stack: Stack) -> None:
    """What fails once, with all its retries, is asked for again before the text is published, which then has it."""
    commits = "fragalysis-frontend/compare/.*per_page=100"
    stack.world.github.fail("GET", commits, status=403, times=1)
    outcome = stack.publish()
    assert outcome.status == 0, outcome.log
    (release,) = stack.releases.releases
    assert "could not be read" not in release.body + outcome.log and "this text has gaps" not in release.body
    assert "| [what changed](" in release.body.replace("<br>", "| ")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("immutable", [False, True])
def test_a_published_text_with_a_gap_is_mended_by_a_second_run(stack: Stack, immutable: bool) -> None:
    """A gap is a warning of the run and stands in the text; run again when it can be read, the text is whole."""
    stack.releases.immutable = immutable
    event, github = stack.push(), stack.world.github
    github.fail("GET", "fragalysis-frontend/compare/.*per_page=100", status=403)
    first = stack.publish(event)
    assert first.status == 0, first.log
    (release,) = stack.releases.releases
    assert "::warning title=publish::What changed in the frontend could not be read:" in first.log
    assert "The commits of the frontend could not be read: they may name more." in release.body
    with_gap = release.body
    again = stack.publish(event)
    assert (again.status, release.body) == (0, with_gap), again.log
    github.planned.pop()
    mended = stack.publish(event)
    assert (mended.status, mended.outputs["changed"]) == (0, "true"), mended.log
    assert "Filled the gaps in the text of the release 2023.06.2" in mended.log
    assert "could not be read" not in release.body and "this text has gaps" not in release.body
    last = stack.publish(event)
    assert (last.status, writes(stack.world), last.outputs["changed"]) == (0, [], "false")


def test_a_text_that_somebody_has_changed_is_not_mended(stack: Stack) -> None:
    """What people wrote into the text of a release stays, gap or not."""
    event, github = stack.push(), stack.world.github
    github.fail("GET", "fragalysis-frontend/compare/.*per_page=100", status=403)
    assert stack.publish(event).status == 0
    (release,) = stack.releases.releases
    release.body = edited = f"{release.body}\nSeen by me."
    github.planned.pop()
    assert (stack.publish(event).status, release.body) == (0, edited)


def test_words_of_private_commits_are_not_told_in_public(stack: Stack) -> None:
    """A private component's commits are counted and their tickets named, but not a word of them is published."""
    name = "xchem/fragalysis-backend"
    stack.world.github.change_json("GET", f"/repos/{name}$", lambda entry: entry.update(private=True))
    stack.world.github.deny(name, except_tokens=[COMPONENT_TOKEN])
    outcome = stack.publish(component_token=COMPONENT_TOKEN)
    assert outcome.status == 0, outcome.log
    (release,) = stack.releases.releases
    assert "backend: 1 new commit" not in release.body and "1 new commit<br>" in release.body
    assert "their messages are omitted: the repository is private, or may be" in release.body
    assert "Fix #1322" not in release.body + outcome.summary + outcome.log
    assert "xchem/fragalysis-stack#1322" in release.body
    assert "frontend: " in release.body
