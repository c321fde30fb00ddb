"""Releases on GitHub: drafts among many, and files that go to GitHub alone."""

from __future__ import annotations

import pytest

from adapters.github_desk import STACK, forge
from frag_release.adapters.github.api import is_upload_address
from frag_release.adapters.ports import WriteFailedError
from frag_release.adapters.ports.publishing import Releases
from frag_release.domain.release_record import Drafts, Release
from world.faults import Forward, Reply
from world.github_releases import GitHubReleases
from world.github_server import GitHubServer


def releases_on(server: GitHubServer) -> Releases:
    """The releases of the worked example's stack."""
    return forge(server.url).releases(STACK)


def test_what_a_tag_has_is_found_among_many(github_example: GitHubServer, releases_of: GitHubReleases) -> None:
    """Drafts are found by listing, on any page, what is public by its tag; tags that only look alike are others."""
    first = releases_of.add(STACK, "2023.06.2", draft=True)
    for number in range(120):
        releases_of.add(STACK, f"2023.06.2{number}")
    last = releases_of.add(STACK, "2023.06.2")
    releases = releases_on(github_example)
    drafts, public = releases.drafts("2023.06.2"), releases.public("2023.06.2")
    assert isinstance(drafts, Drafts) and isinstance(public, Release)
    assert ([one.id for one in drafts.found], drafts.among, public.id) == ([first.id], 0, last.id)


def test_a_cut_list_of_releases_is_told_as_cut(github_example: GitHubServer, releases_of: GitHubReleases) -> None:
    """Behind 1,000 releases GitHub lists none: a draft there is not found, and it is said how far the look went."""
    releases_of.add(STACK, "2023.06.2", draft=True)
    for number in range(1000):
        releases_of.add(STACK, f"2023.05.{number + 1}")
    assert releases_on(github_example).drafts("2023.06.2") == Drafts([], 1000)


def test_records_behind_a_cut_list_are_asked_for_by_tag(
    github_example: GitHubServer, releases_of: GitHubReleases
) -> None:
    """Of the releases that GitHub does not list those that are wanted are asked for one by one, and no others."""
    for tag in ("2022.01.1", "2022.01.2"):
        releases_of.add(STACK, tag, files={"release.json": b"{}"})
    for number in range(1000):
        releases_of.add(STACK, f"2023.05.{number + 1}")
    found = forge(github_example.url).release_records(STACK, ["2022.01.2", "2022.01.3", "2023.05.1"])
    asked = [one.request.path for one in github_example.requests if "/tags/" in one.request.path]
    assert isinstance(found, dict) and list(found) == ["2022.01.2"]
    assert sorted(path.rpartition("/")[2] for path in asked) == ["2022.01.2", "2022.01.3"]


def test_releases_with_long_texts_are_read_page_by_page(
    github_example: GitHubServer, releases_of: GitHubReleases
) -> None:
    """A hundred releases with the longest texts are more than is read of one reply, so fewer are asked for at once."""
    for number in range(80):
        releases_of.add(STACK, f"2023.01.{number + 1}").body = "x" * 125_000
    assert forge(github_example.url).release_records(STACK, []) == {}


@pytest.mark.parametrize(
    ("url", "api", "ours"),
    [
        ("https://uploads.github.com/repos/o/r/releases/1/assets", "https://api.github.com", True),
        ("https://uploads.acme.ghe.com/repos/o/r/releases/1/assets", "https://api.acme.ghe.com", True),
        ("https://ghe.example/api/uploads/repos/o/r/releases/1/assets", "https://ghe.example/api/v3", True),
        ("https://uploads.evil.example/repos/o/r/releases/1/assets", "https://api.github.com", False),
        ("https://uploads.github.com.evil.example/x", "https://api.github.com", False),
        ("http://uploads.github.com/x", "https://api.github.com", False),
        ("https://uploads.github.com:444/x", "https://api.github.com", False),
        ("https://api.evil.example/x", "https://ghe.example/api/v3", False),
        ("not an address", "https://api.github.com", False),
    ],
)
def test_files_go_to_the_same_github_alone(url: str, api: str, ours: bool) -> None:
    """The token goes along with a file, so the address that a reply names is judged first."""
    assert is_upload_address(url, api) is ours


def test_a_file_is_not_sent_elsewhere(github_example: GitHubServer, releases_of: GitHubReleases) -> None:
    """A reply that names another server for the file ends it, before anything was sent there."""
    releases = releases_on(github_example)

    def elsewhere(forward: Forward) -> Reply:
        reply = forward()
        body = reply.body.replace(b'"upload_url": "http://127.0.0.1', b'"upload_url": "http://127.0.0.2')
        return Reply(reply.status, reply.headers, body)

    github_example.add("POST", "/releases$", elsewhere)
    draft = releases.create_draft("2023.06.2", "2023.06.2", "text")
    with pytest.raises(WriteFailedError, match="names an upload address on another server"):
        releases.upload(draft, "release.json", b"{}")
    assert releases_of.releases[0].files == []


def test_a_reply_about_another_tag_is_not_believed(github_example: GitHubServer, releases_of: GitHubReleases) -> None:
    """What GitHub says it has made must be what was asked for."""

    def another(forward: Forward) -> Reply:
        reply = forward()
        return Reply(reply.status, reply.headers, reply.body.replace(b'"tag_name": "2023.06.2"', b'"tag_name": "2"'))

    github_example.add("POST", "/releases$", another)
    with pytest.raises(WriteFailedError, match="something else"):
        releases_on(github_example).create_draft("2023.06.2", "2023.06.2", "text")
