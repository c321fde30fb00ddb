from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from adapters.github_desk import STACK, forge, unknown
from frag_release.adapters.ports import PullRequest, WriteFailedError, Writer, WriteRefusedError
from world.example import Example
from world.faults import Forward, Reply
from world.github_server import GitHubServer

BRANCH = "release/2023.06.3"
BODY = "<!-- marker -->\n| a | b |\n\u2603"
FORBIDDEN = "GitHub Actions is not permitted to create or approve pull requests."
EXISTS = {
    "message": "Validation Failed",
    "errors": [
        {"resource": "PullRequest", "code": "custom", "message": f"A pull request already exists for xchem:{BRANCH}."}
    ],
}


@pytest.fixture
def writer(github_example: GitHubServer, example: Example) -> Writer:
    """The stack's writer, with branches to propose."""
    writer = forge(github_example.url).writer(STACK)
    for branch in (BRANCH, "other"):
        writer.create_branch(branch, example.stack.head())
    github_example.requests.clear()
    return writer


def listed(writer: Writer, base: str = "master") -> Sequence[PullRequest]:
    """The open pull requests, which must be known."""
    found = writer.pull_requests(base)
    assert isinstance(found, list), found
    return found


def posts(github: GitHubServer) -> int:
    """How often a pull request was ordered."""
    return len([each for each in github.requests if each.method == "POST"])


def test_one_is_opened_and_listed(writer: Writer, github_example: GitHubServer) -> None:
    """What was opened has the title, body and branches that were given, and is found in the list."""
    made = writer.open_pull_request(BRANCH, "master", "build: Use of b/e 1 f/e 2", BODY)

    assert made == PullRequest(
        number=made.number,
        url=f"{github_example.url}/{STACK}/pull/{made.number}",
        owner="maintainer",
        branch=BRANCH,
        base="master",
        title="build: Use of b/e 1 f/e 2",
        body=BODY,
    )
    assert listed(writer) == [made]
    assert listed(writer, "other") == []


def test_opening_twice_makes_one(writer: Writer, github_example: GitHubServer) -> None:
    """The one that is open for the branch is returned as it is."""
    first = writer.open_pull_request(BRANCH, "master", "first", "one")
    assert writer.open_pull_request(BRANCH, "master", "second", "two") == first
    assert posts(github_example) == 1


def test_one_that_appears_meanwhile_is_returned(writer: Writer, github_example: GitHubServer) -> None:
    """Where GitHub says that there is one already, that one is looked up."""

    def somebody_was_faster(forward: Forward) -> Reply:
        forward()
        return Reply(422, (("Content-Type", "application/json"),), json.dumps(EXISTS).encode())

    github_example.add("POST", "/pulls$", somebody_was_faster)
    made = writer.open_pull_request(BRANCH, "master", "title", BODY)
    assert made.branch == BRANCH and listed(writer) == [made]


def test_one_that_exists_and_is_not_found_is_an_error(writer: Writer, github_example: GitHubServer) -> None:
    """GitHub's words are told where what it speaks of cannot be found."""
    github_example.fail("POST", "/pulls$", status=422, body=EXISTS)
    with pytest.raises(WriteFailedError, match="already exists"):
        writer.open_pull_request(BRANCH, "master", "title", BODY)


def test_one_whose_answer_was_lost_is_found(writer: Writer, github_example: GitHubServer) -> None:
    """Nothing is ordered twice: after a lost answer the list tells whether it was done."""
    github_example.add("POST", "/pulls$", lambda forward: replace(forward(), dropped=True), times=1)
    made = writer.open_pull_request(BRANCH, "master", "title", BODY)
    assert listed(writer) == [made] and posts(github_example) == 1

    github_example.drop("POST", "/pulls$")
    with pytest.raises(WriteFailedError) as caught:
        writer.open_pull_request("other", "master", "title", BODY)
    assert "The outcome is unknown." in caught.value.remedy


def test_title_and_body_are_replaced(writer: Writer) -> None:
    """An update changes these two and nothing else."""
    made = writer.open_pull_request(BRANCH, "master", "old", "old")
    changed = writer.update_pull_request(made.number, "new", BODY)
    assert changed == replace(made, title="new", body=BODY)
    assert listed(writer) == [changed]


def pull(number: int, branch: str = BRANCH, repo: int | None = 1, base: str = "master", user: bool = True) -> Any:
    """A pull request as GitHub lists it."""
    return {
        "number": number,
        "html_url": f"https://example.org/{number}",
        "title": "title",
        "body": None,
        "user": {"login": "ada"} if user else None,
        "head": {"ref": branch, "repo": None if repo is None else {"id": repo}},
        "base": {"ref": base, "repo": {"id": 1}},
    }


def test_forks_do_not_count(writer: Writer, github_example: GitHubServer) -> None:
    """A branch of the same name in a fork, or in a fork that is gone, is not ours; nor is another base."""
    pulls = [pull(1, repo=2), pull(2, repo=None), pull(3, base="staging"), pull(4, user=False), pull(5, "other")]
    github_example.fail("GET", "/pulls", status=200, body=pulls)
    found = listed(writer)
    assert [(each.number, each.branch, each.owner, each.body) for each in found] == [
        (4, BRANCH, "ghost", ""),
        (5, "other", "ada", ""),
    ]


def test_every_page_is_read(writer: Writer, github_example: GitHubServer) -> None:
    """One on the second page is found, and a lost page makes the list unknown."""
    link = f'<{github_example.url}/repos/{STACK}/pulls?state=open&base=master&per_page=100&page=2>; rel="next"'
    github_example.fail("GET", "page=2$", status=200, body=[pull(102, "other")])
    first = [pull(number) for number in range(1, 101)]
    github_example.fail("GET", "/pulls", status=200, body=first, headers={"Link": link})
    assert [each.number for each in listed(writer)] == [*range(1, 101), 102]
    assert writer.open_pull_request("other", "master", "t", "b").number == 102

    github_example.planned.clear()
    github_example.fail("GET", "page=2$", status=500)
    github_example.fail("GET", "/pulls", status=200, body=first, headers={"Link": link})
    unknown(writer.pull_requests("master"))
    with pytest.raises(WriteFailedError, match="No pull request was opened"):
        writer.open_pull_request("other", "master", "t", "b")
    assert posts(github_example) == 0


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_list_that_cannot_be_read_is_unknown(writer: Writer, github_example: GitHubServer, status: int) -> None:
    """No list is not an empty one; a refused one names the permission."""
    github_example.fail("GET", "/pulls", status=status)
    why = unknown(writer.pull_requests("master"))
    assert status != 403 or "pull-requests: read" in why.remedy


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, "Resource not accessible by integration"), (404, "Not Found"), (403, "Must have write access")],
)
def test_a_missing_right_names_the_permission(
    writer: Writer, github_example: GitHubServer, status: int, message: str
) -> None:
    """A refused pull request names `pull-requests: write`, when it is opened and when it is changed."""
    github_example.fail("POST", "/pulls$", status=status, body={"message": message})
    github_example.fail("PATCH", "/pulls/", status=status, body={"message": message})
    with pytest.raises(WriteRefusedError) as opened:
        writer.open_pull_request(BRANCH, "master", "title", BODY)
    with pytest.raises(WriteRefusedError) as changed:
        writer.update_pull_request(1, "title", BODY)
    for caught in (opened, changed):
        assert "pull-requests: write" in caught.value.remedy and message in caught.value.message


def test_the_setting_against_pull_requests_is_named(writer: Writer, github_example: GitHubServer) -> None:
    """Where a setting forbids them to GitHub Actions, the remedy is the setting."""
    github_example.fail("POST", "/pulls$", status=403, body={"message": FORBIDDEN})
    with pytest.raises(WriteRefusedError) as caught:
        writer.open_pull_request(BRANCH, "master", "title", BODY)
    assert "Allow GitHub Actions to create and approve pull requests" in caught.value.remedy


def test_other_refusals_are_told(writer: Writer, github_example: GitHubServer) -> None:
    """What GitHub does not accept is told in its words, those in codes included."""
    errors = [{"message": "No commits between master and x"}, {"resource": "P", "field": "head", "code": "invalid"}]
    github_example.fail("POST", "/pulls$", status=422, body={"message": "Validation Failed", "errors": errors})
    with pytest.raises(WriteFailedError) as caught:
        writer.open_pull_request(BRANCH, "master", "title", BODY)
    assert "Validation Failed No commits between master and x head: invalid" in caught.value.message
