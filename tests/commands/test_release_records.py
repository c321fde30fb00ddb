"""What `release.json` of the release before says for pins whose CI runs GitHub has forgotten."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.github_desk import forge
from domain.worked_example import BACKEND_COMMIT, DIGEST, backend, frontend, pins, previous, run
from frag_release.commands.evidence.stack import with_records
from frag_release.domain.evidence import Answer, Unknown
from frag_release.domain.facts import ComponentFacts, Recorded, Released
from world.example import STACK
from world.github_releases import GitHubReleases
from world.github_server import GitHubServer

REPOSITORY = f"xchem/{STACK}"
UNCHANGED = backend(runs=(), previous=pins()[0])
RECORD: dict[str, Any] = {
    "schema": 1,
    "stack": {"repository": REPOSITORY, "tag": "2023.06.1", "commit": "6" * 40, "image": "x:1", "digest": DIGEST},
    "components": [{"name": "backend", "repository": "o/b", "tag": "2023.05.1", "commit": "b" * 40, "digest": DIGEST}],
    "findings": [{"rule": "pin-ci", "subject": "backend", "status": "pass"}],
}


def recorded(server: GitHubServer, facts: ComponentFacts = UNCHANGED) -> Answer[Recorded | None]:
    """What is found for the backend."""
    return with_records(forge(server.url), REPOSITORY, previous(), [facts, frontend()])[0].recorded


def changed(**parts: Any) -> bytes:
    """The record with other parts; those of `stack` on top of its own."""
    stack = {**RECORD["stack"], **parts.pop("stack", {})}
    return json.dumps({**RECORD, "stack": stack, **parts}).encode()


@pytest.fixture
def github_with_releases(github_example: GitHubServer, releases_of: GitHubReleases) -> GitHubServer:
    """The worked example, on a GitHub with releases."""
    return github_example


def test_the_record_of_the_release_before_is_read(
    github_with_releases: GitHubServer, releases_of: GitHubReleases
) -> None:
    """Commit, digest and the result of pin-ci are those of the component in that very release."""
    releases_of.add(REPOSITORY, "2023.06.1", files={"release.json": changed()})
    assert recorded(github_with_releases) == Recorded("2023.06.1", BACKEND_COMMIT, DIGEST, ci_passed=True)


def test_a_pass_without_names_was_a_pass(github_with_releases: GitHubServer, releases_of: GitHubReleases) -> None:
    """CI that passed while nobody had named its workflows is recorded as a warning, and had passed all the same."""
    findings = [{"rule": "pin-ci", "subject": "backend", "status": "warn", "demoted-from": "pass"}]
    releases_of.add(REPOSITORY, "2023.06.1", files={"release.json": changed(findings=findings)})
    found = recorded(github_with_releases)
    assert isinstance(found, Recorded) and found.ci_passed


@pytest.mark.parametrize(
    "status",
    [
        {"status": "warn"},
        {"status": "warn", "demoted-from": "skipped"},
        {"status": "warn", "demoted-from": "fail"},
        {"status": "fail"},
        {"status": "unknown"},
        {"status": "skipped"},
    ],
)
def test_only_a_pass_was_a_pass(
    github_with_releases: GitHubServer, releases_of: GitHubReleases, status: dict[str, str]
) -> None:
    """CI that was allowed by hand, or not looked at, had not passed."""
    findings = [{"rule": "pin-ci", "subject": "backend", **status}]
    releases_of.add(REPOSITORY, "2023.06.1", files={"release.json": changed(findings=findings)})
    found = recorded(github_with_releases)
    assert isinstance(found, Recorded) and not found.ci_passed


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"{", "it is not JSON", id="no JSON"),
        pytest.param(changed(schema=2), "it is not a report of schema 1", id="another schema"),
        pytest.param(changed(stack={"commit": "6" * 39}), "its commit is malformed", id="half a commit"),
        pytest.param(changed(stack={"tag": "2023.05.9"}), "describes", id="another tag's"),
        pytest.param(changed(stack={"repository": "evil/stack"}), "describes", id="another repository's"),
        pytest.param(changed(stack={"commit": "7" * 40}), "but the tag is at 666666666666", id="a moved tag's"),
    ],
)
def test_a_record_that_cannot_be_used_is_unknown(
    github_with_releases: GitHubServer, releases_of: GitHubReleases, content: bytes, words: str
) -> None:
    """A malformed or replaced file proves nothing, and says what is wrong with it."""
    releases_of.add(REPOSITORY, "2023.06.1", files={"release.json": content})
    found = recorded(github_with_releases)
    assert isinstance(found, Unknown) and words in found.reason


@pytest.mark.parametrize("pattern", [r"/releases/tags/", r"/releases/assets/"])
def test_a_record_that_github_does_not_give_is_unknown(
    github_with_releases: GitHubServer, releases_of: GitHubReleases, pattern: str
) -> None:
    """A bad gateway in place of the release, or of its file, proves nothing."""
    releases_of.add(REPOSITORY, "2023.06.1", files={"release.json": changed()})
    github_with_releases.fail("GET", pattern, status=502)
    found = recorded(github_with_releases)
    assert isinstance(found, Unknown) and "502" in found.reason


def test_a_draft_or_a_release_without_the_file_says_nothing(
    github_with_releases: GitHubServer, releases_of: GitHubReleases
) -> None:
    """What was never published is no evidence, and neither is a release that somebody made by hand."""
    releases_of.add(REPOSITORY, "2023.06.1", files={"release.json": changed()}, draft=True)
    assert recorded(github_with_releases) is None
    releases_of.add(REPOSITORY, "2023.06.1", files={"notes.txt": b"hello"})
    assert recorded(github_with_releases) is None


def test_a_release_before_that_could_not_be_read_may_have_had_a_record(github_example: GitHubServer) -> None:
    """Where no run is left and the release before is unknown, that is said, and not that there is no record."""
    lost = Unknown("GitHub answered 503")
    (facts, other) = with_records(
        forge(github_example.url), REPOSITORY, lost, [backend(runs=(), previous=lost), frontend(previous=lost)]
    )
    assert isinstance(facts.recorded, Unknown) and "GitHub answered 503" in facts.recorded.reason
    assert other.recorded is None
    assert github_example.requests == []


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(backend(runs=(run(conclusion="failure"),), previous=pins()[0]), id="a run that failed"),
        pytest.param(backend(runs=()), id="a pin that changed"),
        pytest.param(backend(runs=(), previous=None), id="a new component"),
        pytest.param(backend(runs=None, previous=pins()[0]), id="switched off"),
        pytest.param(backend(runs=Unknown("503"), previous=pins()[0]), id="runs that are unknown"),
    ],
)
def test_nothing_is_asked_for_others(
    github_with_releases: GitHubServer, releases_of: GitHubReleases, facts: ComponentFacts
) -> None:
    """Only a pin that is the same as before and has no run left needs the record: else there is no request."""
    releases_of.add(REPOSITORY, "2023.06.1", files={"release.json": changed()})
    assert recorded(github_with_releases, facts) is None
    assert github_with_releases.requests == []


def test_the_released_tags_are_listed_by_one_request(
    github_with_releases: GitHubServer, releases_of: GitHubReleases
) -> None:
    """Public releases with a whole release.json, and whether there may be older ones: of one page."""
    releases_of.add(REPOSITORY, "2023.06.1", files={"release.json": b"{}"})
    releases_of.add(REPOSITORY, "2023.05.3", files={"release.json": b"{}"}, draft=True)
    releases_of.add(REPOSITORY, "2023.05.2", files={"release.json": b"{}"}).files[0].state = "open"
    releases_of.add(REPOSITORY, "2023.05.1", files={"notes.txt": b""})
    assert forge(github_with_releases.url).released(REPOSITORY) == Released(["2023.06.1"], is_all=True)
    assert len(github_with_releases.requests) == 1
    for number in range(60):
        releases_of.add(REPOSITORY, f"2022.01.{number}")
    found = forge(github_with_releases.url).released(REPOSITORY)
    assert isinstance(found, Released) and not found.is_all


def test_releases_that_github_does_not_list_are_unknown(github_with_releases: GitHubServer) -> None:
    """A bad gateway says nothing of what was released."""
    github_with_releases.fail("GET", r"/releases\?", status=502)
    found = forge(github_with_releases.url).released(REPOSITORY)
    assert isinstance(found, Unknown) and "502" in found.reason
