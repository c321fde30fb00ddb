from __future__ import annotations

import pytest

from adapters.github_desk import BACKEND, FRONTEND, REF, TAG, backend, forge, unknown
from world.example import Example
from world.faults import json_reply
from world.github_server import GitHubServer


def test_tags_are_exact_and_peeled(github_example: GitHubServer, example: Example) -> None:
    """A tag is its commit, an annotated one too, and the beginning of a tag's name is no tag."""
    asked = forge(github_example.url)
    commits = example.commits["fragalysis-backend"]

    assert asked.repository(BACKEND).tags([TAG, "2023.05", "9.9.9"]) == {
        TAG: commits[TAG],
        "2023.05": None,
        "9.9.9": None,
    }
    annotated = example.commits["fragalysis-frontend"]["2023.05.4"]
    assert asked.repository(FRONTEND).tags(["2023.05.4"]) == {"2023.05.4": annotated}


def test_a_tag_of_tags_is_peeled_to_its_commit(github: GitHubServer, example: Example) -> None:
    """A tag that points at a tag that points at a tag ends at the commit."""
    commit = example.commits["fragalysis-backend"][TAG]
    inner = example.backend.tag("inner", commit, annotated=True)
    middle = example.backend.tag("middle", inner, annotated=True)
    example.backend.tag("outer", middle, annotated=True)
    github.seed_from_git(example.backend, BACKEND)

    assert backend(github.url).tags(["outer"]) == {"outer": commit}


def test_a_ring_of_tags_is_no_commit(github_example: GitHubServer) -> None:
    """Tags that lead from one to the other for ever are unknown."""
    one, two = "1" * 40, "2" * 40
    first = {"ref": f"refs/tags/{TAG}", "object": {"type": "tag", "sha": one}}
    github_example.fail("GET", REF, status=200, body=first)
    for sha, other in ((one, two), (two, one)):
        body = {"sha": sha, "object": {"type": "tag", "sha": other}}
        github_example.fail("GET", f"/git/tags/{sha}$", status=200, body=body)

    assert "a chain of more than 10 tag objects" in unknown(backend(github_example.url).tags([TAG])[TAG]).reason


def test_a_tag_of_a_tree_is_unknown(github_example: GitHubServer) -> None:
    """A tag that is not of a commit says of what it is."""
    body = {"ref": f"refs/tags/{TAG}", "object": {"type": "tree", "sha": "3" * 40}}
    github_example.fail("GET", REF, status=200, body=body)

    assert "points at a tree, not at a commit" in unknown(backend(github_example.url).tags([TAG])[TAG]).reason


@pytest.mark.parametrize("name", ["release/2023", "a%2Fb", 'it\'s "$(x)"', "`id`;#1&x=y", "ünï-١", "a+b"])
def test_odd_names_are_sent_as_they_are(github: GitHubServer, example: Example, name: str) -> None:
    """Slashes, percent signs, quotes, query marks and other scripts in a name reach the server unchanged."""
    name = name.replace(" ", "")
    commit = example.commits["fragalysis-backend"][TAG]
    example.backend.tag(name, commit)
    example.backend.branch(name, commit)
    github.seed_from_git(example.backend, BACKEND)
    repository = backend(github.url)

    assert repository.tags([name]) == {name: commit}
    assert repository.branches([name]) == {name: commit}


@pytest.mark.parametrize("name", ["", "..", "../../../../user", "a b", "a?b", "a\nb", "/a", "a//b", ".a", "a.lock"])
def test_a_name_that_git_forbids_is_never_asked_for(github_example: GitHubServer, name: str) -> None:
    """A name that no ref can have is absent, and cannot lead a request to another place."""
    repository = backend(github_example.url)

    assert repository.tags([name]) == {name: None}
    assert repository.branches([name]) == {name: None}
    assert github_example.requests == []


def test_listed_tags_cost_no_more_requests(github_example: GitHubServer, example: Example) -> None:
    """All tags of a year are listed at once, and are then known without asking."""
    repository = backend(github_example.url)

    assert repository.tags_starting(["2023.05."]) == ["2023.05.1", "2023.05.1-rc.1", "2023.05.2"]
    assert repository.tags([TAG]) == {TAG: example.commits["fragalysis-backend"][TAG]}
    assert len(github_example.requests) == 1


def test_all_tags_are_listed(github_example: GitHubServer) -> None:
    """The empty prefix lists every tag, and a prefix that fits none lists none."""
    repository = backend(github_example.url)

    assert repository.tags_starting([""]) == ["2023.03.1", "2023.05.1", "2023.05.1-rc.1", "2023.05.2"]
    assert repository.tags_starting(["1999."]) == []


def test_a_prefix_may_end_in_a_slash(github: GitHubServer, example: Example) -> None:
    """`release/` lists the tags below it, and not the tag `release-1`."""
    commit = example.commits["fragalysis-backend"][TAG]
    for name in ("release/1", "release-1"):
        example.backend.tag(name, commit)
    github.seed_from_git(example.backend, BACKEND)

    assert backend(github.url).tags_starting(["release/"]) == ["release/1"]


def test_pages_of_tags_are_followed(github_example: GitHubServer) -> None:
    """A list in two pages is one list."""
    _two_pages(github_example)

    assert backend(github_example.url).tags_starting(["2023."]) == ["2023.1.1", "2023.1.2"]


def test_a_lost_page_makes_the_list_unknown(github_example: GitHubServer) -> None:
    """A list of which one page fails is not half a list."""
    github_example.fail("GET", "/the-next-page$", status=500)
    _two_pages(github_example)

    assert "500" in unknown(backend(github_example.url).tags_starting(["2023."])).reason


def test_a_page_on_another_server_is_not_followed(github_example: GitHubServer) -> None:
    """A next page elsewhere is neither asked for nor left out silently."""
    link = {"Link": '<https://127.0.0.1:1/steal>; rel="next"'}
    github_example.change_headers("GET", "/git/matching-refs/", link)

    answer = unknown(backend(github_example.url).tags_starting(["2023."]))

    assert "another server" in answer.reason
    assert len(github_example.requests) == 1


def test_pages_without_end_are_given_up(github_example: GitHubServer) -> None:
    """A next page that is the page before does not go on for ever."""
    link = {"Link": f'<{github_example.url}/repos/{BACKEND}/git/matching-refs/tags/2023.>; rel="next"'}
    github_example.change_headers("GET", "/git/matching-refs/", link)

    unknown(backend(github_example.url).tags_starting(["2023."]))

    assert len(github_example.requests) == 2


def test_branches_are_exact(github_example: GitHubServer, example: Example) -> None:
    """A branch is its head; the beginning of its name and a tag's name are none."""
    answers = backend(github_example.url).branches(["production", "prod", TAG])

    head = example.commits["fragalysis-backend"][TAG]
    assert answers == {"production": head, "prod": None, TAG: None}


def test_a_ref_is_asked_for_once(github_example: GitHubServer) -> None:
    """The same branch in several questions is one request."""
    repository = backend(github_example.url)

    repository.branches(["production", "production"])
    repository.branches(["production"])

    assert len(github_example.requests) == 1


def test_an_empty_repository_has_no_refs(github: GitHubServer, example: Example) -> None:
    """GitHub's 409 for an empty repository means that there are no tags and no branches."""
    github.seed_from_git(example.backend, BACKEND)
    github.fail("GET", "/git/", status=409, body={"message": "Git Repository is empty."})
    repository = backend(github.url)

    assert repository.tags([TAG]) == {TAG: None}
    assert repository.branches(["production"]) == {"production": None}
    assert repository.tags_starting([""]) == []
    assert repository.branches_starting("") == []


def test_another_conflict_is_unknown(github_example: GitHubServer) -> None:
    """A 409 for another reason is not an empty repository."""
    github_example.fail("GET", "/git/", status=409, body={"message": "Repository is being moved"})
    repository = backend(github_example.url)

    assert "Repository is being moved" in unknown(repository.tags([TAG])[TAG]).reason
    unknown(repository.tags_starting([""]))


@pytest.mark.parametrize(
    "body",
    [
        {"ref": "refs/tags/2023.05.10", "object": {"type": "commit", "sha": "1" * 40}},
        {"ref": "refs/heads/2023.05.1", "object": {"type": "commit", "sha": "1" * 40}},
        {"ref": "refs/tags/2023.05.1", "object": {"type": "commit", "sha": "main"}},
        {"ref": "refs/tags/2023.05.1", "object": {"type": "commit", "sha": 1}},
        {"ref": "refs/tags/2023.05.1"},
        [],
        "refs/tags/2023.05.1",
    ],
)
def test_a_reply_about_something_else_is_unknown(github_example: GitHubServer, body: object) -> None:
    """A reply that names another ref, no ref or no commit is no answer about the tag."""
    github_example.add("GET", REF, lambda _: json_reply(200, body))

    unknown(backend(github_example.url).tags([TAG])[TAG])


@pytest.mark.parametrize(("sha", "target"), [("2" * 40, "3" * 40), ("1" * 40, "production"), ("1" * 40, "3" * 39)])
def test_another_tag_object_is_unknown(github_example: GitHubServer, sha: str, target: str) -> None:
    """A reply that is another annotated tag than was asked for, or names no commit, is no answer about it."""
    ref = {"ref": f"refs/tags/{TAG}", "object": {"type": "tag", "sha": "1" * 40}}
    github_example.fail("GET", REF, status=200, body=ref)
    body = {"sha": sha, "object": {"type": "commit", "sha": target}}
    github_example.add("GET", "/git/tags/", lambda _: json_reply(200, body))

    assert "something else" in unknown(backend(github_example.url).tags([TAG])[TAG]).reason


def test_a_list_about_something_else_is_unknown(github_example: GitHubServer) -> None:
    """A list that holds a ref which was not asked for is not trusted with the rest."""
    body = [{"ref": "refs/tags/1999.1.1", "object": {"type": "commit", "sha": "1" * 40}}]
    github_example.add("GET", "/git/matching-refs/", lambda _: json_reply(200, body))

    assert "something else" in unknown(backend(github_example.url).tags_starting(["2023."])).reason


def _two_pages(server: GitHubServer) -> None:
    """The first page of tags holds 2023.1.1, the next 2023.1.2."""
    pages = [[{"ref": f"refs/tags/2023.1.{n}", "object": {"type": "commit", "sha": "1" * 40}}] for n in (1, 2)]
    link = {"Link": f'<{server.url}/repos/{BACKEND}/git/matching-refs/tags/the-next-page>; rel="next"'}
    server.add("GET", "/the-next-page$", lambda _: json_reply(200, pages[1]))
    server.add("GET", "/git/matching-refs/", lambda _: json_reply(200, pages[0], link))
