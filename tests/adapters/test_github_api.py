from __future__ import annotations

import threading
import time

import pytest

from adapters.github_desk import BACKEND, REF, STACK, TAG, backend, forge, unknown
from world.example import Example
from world.faults import Forward, Reply
from world.github_server import COMPONENT_TOKEN, TOKEN, GitHubServer


def test_a_missing_right_to_read_runs_is_named(github_example: GitHubServer) -> None:
    """A 403 for the runs names the permission that is missing."""
    body = {"message": "Resource not accessible by integration"}
    github_example.fail("GET", "/actions/runs", status=403, body=body)

    answer = unknown(forge(github_example.url).runs.tag_runs(BACKEND, [TAG])[TAG])

    assert "Resource not accessible by integration" in answer.reason
    assert "actions: read" in answer.remedy


def test_the_permission_that_github_names_is_told(github_example: GitHubServer) -> None:
    """What GitHub says would be accepted is what the remedy says."""
    accepted = {"X-Accepted-GitHub-Permissions": "contents=read,metadata=read; administration=read"}
    github_example.fail("GET", REF, status=403, headers=accepted)

    remedy = unknown(backend(github_example.url).tags([TAG])[TAG]).remedy

    assert "contents: read, metadata: read or administration: read" in remedy


def test_a_wrong_token_names_its_input(github_example: GitHubServer) -> None:
    """A 401 says which input holds the token, and never the token."""
    asked = forge(github_example.url, "wrong-secret", "bad-secret")

    own = unknown(asked.repository(STACK).tags(["2023.06.1"])["2023.06.1"])
    component = unknown(asked.repository(BACKEND).tags([TAG])[TAG])

    assert "The token in token " in own.remedy
    assert "The token in component-token " in component.remedy
    assert "secret" not in f"{own}{component}"


def test_a_token_in_an_error_of_the_server_is_left_out(github_example: GitHubServer) -> None:
    """A server that repeats the token cannot make us print it; nor can it break the line or fill the page."""
    body = {"message": f"no {TOKEN}\n::error::x " + "y" * 5000}
    github_example.fail("GET", REF, status=403, body=body)

    answer = unknown(backend(github_example.url).tags([TAG])[TAG])

    assert TOKEN not in str(answer)
    assert "\n" not in answer.reason
    assert len(answer.reason) < 400


def test_a_private_repository_is_not_an_absent_tag(github_example: GitHubServer) -> None:
    """A 404 of a repository that cannot be seen says nothing about its tags, branches and files."""
    github_example.deny(BACKEND)
    repository = backend(github_example.url)

    answers = [
        repository.tags([TAG])[TAG],
        repository.branches([TAG])[TAG],
        repository.files("x", ["1" * 40])["1" * 40],
        repository.tags_starting(["2023."]),
        repository.default_branch(),
        forge(github_example.url).runs.tag_runs(BACKEND, [TAG])[TAG],
    ]

    for answer in answers:
        assert "the token in token may not see it" in unknown(answer).reason
        assert "component-token" in unknown(answer).remedy


def test_a_component_token_opens_its_repository_only(github_example: GitHubServer, example: Example) -> None:
    """The component token is sent for its repository, whatever the case of the name, and for no other."""
    github_example.deny(BACKEND, except_tokens=[COMPONENT_TOKEN])
    asked = forge(github_example.url, component_token=COMPONENT_TOKEN)

    answers = asked.repository(BACKEND).tags([TAG])
    asked.repository(STACK).tags(["2023.06.1"])
    asked.repository("XChem/Fragalysis-Frontend").tags(["2023.05.3"])

    assert answers == {TAG: example.commits["fragalysis-backend"][TAG]}
    sent = [exchange.headers["authorization"] for exchange in github_example.requests[:3]]
    assert sent == [f"Bearer {token}" for token in (COMPONENT_TOKEN, TOKEN, COMPONENT_TOKEN)]


def test_absence_is_believed_of_a_readable_repository(github_example: GitHubServer) -> None:
    """Another answer of the repository proves that a 404 means "none"; alone it costs one more request."""
    absent_after_production_came(github_example)
    together = backend(github_example.url)
    assert together.branches(["production", TAG])[TAG] is None
    assert len(github_example.requests) == 2

    github_example.requests.clear()
    assert backend(github_example.url).branches([TAG]) == {TAG: None}
    paths = [exchange.path for exchange in github_example.requests]
    assert paths == [f"/repos/{BACKEND}/git/ref/heads/{TAG}", f"/repos/{BACKEND}"]


def test_a_404_waits_for_the_proof_that_is_under_way(github_example: GitHubServer) -> None:
    """Where a 404 comes first, the answer that is still under way serves as proof: no request more."""
    absent_after_production_came(github_example, 0.3)

    assert backend(github_example.url).branches([TAG, "production"])[TAG] is None
    assert len(github_example.requests) == 2


def absent_after_production_came(github: GitHubServer, seconds: float = 0.0) -> None:
    """Answer 404 of the tag's name only if production was asked for, too, whose answer comes so much later.

    A busy machine may have one request answered before the other is sent: then nothing is under way.
    """
    came = threading.Event()

    def late(forward: Forward) -> Reply:
        came.set()
        time.sleep(seconds)
        return forward()

    def absent(forward: Forward) -> Reply:
        assert came.wait(60)
        return forward()

    github.add("GET", "/git/ref/heads/production$", late)
    github.add("GET", f"/git/ref/heads/{TAG}$", absent, times=1)


def test_runs_are_no_proof_that_contents_may_be_read(github_example: GitHubServer) -> None:
    """A token that sees the runs but not the contents does not make a branch absent."""
    asked = forge(github_example.url)
    asked.runs.tag_runs(BACKEND, [TAG])
    github_example.fail("GET", f"/repos/{BACKEND}($|/git)", status=404)

    unknown(asked.repository(BACKEND).branches([TAG])[TAG])


def test_a_web_page_is_no_proof(github_example: GitHubServer) -> None:
    """A log-in page answers nothing, and proves nothing about a 404 that comes beside it."""
    github_example.html("GET", "/heads/production$")
    github_example.fail("GET", f"/repos/{BACKEND}$", status=404)

    answers = backend(github_example.url).branches(["production", TAG])

    assert "does not match its API" in unknown(answers["production"]).reason
    unknown(answers[TAG])


def test_an_anonymous_limit_says_that_a_token_would_help(github_example: GitHubServer) -> None:
    """Without a token GitHub allows little, which the remedy says along with the time."""
    limits = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}
    github_example.fail("GET", REF, status=403, headers=limits)

    remedy = unknown(forge(github_example.url, token="").repository(BACKEND).tags([TAG])[TAG]).remedy

    assert "after" in remedy
    assert "allows more with a token in the input token" in remedy
    assert "authorization" not in github_example.requests[0].headers


def test_the_headers_that_github_wants(github_example: GitHubServer) -> None:
    """Each request names the media type, the API's version, and who asks."""
    backend(github_example.url).tags([TAG])

    headers = github_example.requests[0].headers
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["user-agent"].startswith("frag-release-action/")


@pytest.mark.parametrize("name", ["backend", "a/b/c", "../x", "a/..", "a b/c", "a/b?c", ""])
def test_what_is_no_repository_is_not_asked_for(github: GitHubServer, name: str) -> None:
    """A name that is not OWNER/NAME is said to be wrong, and is in no request."""
    assert "is not the name of a repository" in unknown(forge(github.url).repository(name).tags([TAG])[TAG]).reason
    assert github.requests == []
