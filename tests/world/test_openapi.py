from __future__ import annotations

import pytest

from world.loopback import Request
from world.openapi import github_description


def request(method: str, target: str, body: bytes = b"", **headers: str) -> Request:
    """A request as the server would have read it, with good headers unless others are given."""
    path, _, query = target.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    known = {"x-github-api-version": "2022-11-28", "user-agent": "tests"}
    return Request(method, path, {name: [value] for name, _, value in pairs}, known | given, body, target)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (request("GET", "/repos/o/r/git/refs/tags/1.2.3"), "no such operation"),
        (request("GET", "/repos/o/r/git/ref/tags/"), "empty segment"),
        (request("GET", "/repos/o/r/actions/runs?state=success"), "'state' is unknown"),
        (request("GET", "/repos/o/r/actions/runs?status=green"), "'green' is not one of"),
        (request("GET", "/repos/o/r/actions/runs?per_page=ten"), "'ten' is not of type 'integer'"),
        (request("GET", "/repos/o/r/actions/runs?per_page=101"), "more than 100"),
        (request("GET", "/repos/o/r/pulls/one"), "'one' is not of type 'integer'"),
        (request("POST", "/repos/o/r/git/refs", b'{"ref": "refs/tags/1"}'), "'sha' is a required property"),
        (request("POST", "/repos/o/r/git/refs"), "the body is missing"),
        (request("GET", "/repos/o/r/git/ref/tags/1", b"{}"), "a body is sent"),
        (
            request("GET", "/repos/o/r/git/ref/tags/1", x_github_api_version="2019-01-01"),
            "X-GitHub-Api-Version",
        ),
        (request("GET", "/repos/o/r/git/ref/tags/1", user_agent=""), "User-Agent"),
    ],
)
def test_requests_against_the_description_are_named(bad: Request, why: str) -> None:
    """Each way of asking GitHub wrongly is found, and only that."""
    faults = github_description().request_faults(bad)
    assert len(faults) == 1
    assert why in faults[0]


@pytest.mark.parametrize(
    "good",
    [
        request("GET", "/repos/o/r/git/ref/tags/a/b%23c"),
        request("GET", "/repos/o/r/git/matching-refs/tags/2023."),
        request("GET", "/repos/o/r/compare/" + "a" * 40 + "..." + "b" * 40 + "?per_page=1"),
        request("GET", "/repos/o/r/contents/.github/workflows/build-main.yaml?ref=master"),
        request("GET", "/repos/o/r/actions/runs?branch=1&event=push&exclude_pull_requests=true&per_page=100"),
        request("POST", "/repos/o/r/git/refs", b'{"ref": "refs/tags/1", "sha": "' + b"a" * 40 + b'"}'),
    ],
)
def test_good_requests_pass_the_description(good: Request) -> None:
    """What GitHub documents is accepted."""
    assert github_description().request_faults(good) == []
