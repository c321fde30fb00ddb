from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from world.asking import get
from world.emulate import TOKENS, Emulate
from world.example import BACKEND, STACK, Example
from world.git import Repo
from world.github_server import GHES_PREFIX, GitHubServer
from world.loopback import Request


def test_seeded_commits_have_gits_ids(github: GitHubServer, tmp_path: Path) -> None:
    """The emulator has every commit under git's id, odd file names, merges and odd tag names included."""
    repo = Repo.create(tmp_path / "repo")
    first = repo.commit({"a.txt": "1", "a/b c/ü": b"\0\xff", "a-b": ""}, "Fix “it” & more\n\nBody")
    side = repo.commit({"side": "2"}, "side", branch="side")
    merge = repo.commit({}, "merge", parents=[first, side])
    repo.tag('+1.0-\N{SMILING FACE WITH OPEN MOUTH}"`$(x)|<b>', merge)
    github.seed_from_git(repo, "xchem/odd")
    reply = get(f"{github.url}/repos/xchem/odd/git/commits/{merge}").json()
    assert [parent["sha"] for parent in reply["parents"]] == [first, side]
    name = "%2B1.0-%F0%9F%98%83%22%60%24%28x%29%7C%3Cb%3E"
    assert get(f"{github.url}/repos/xchem/odd/git/ref/tags/{name}").json()["object"]["sha"] == merge


def test_seeding_notices_another_id(github: GitHubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the emulator computed another id than git, seeding would fail rather than go on."""
    repo = Repo.create(tmp_path / "repo")
    repo.commit({"a": "b"}, "start")
    somebody = {"name": "Somebody", "email": "else@example.org"}
    monkeypatch.setattr("world.emulate._identity", lambda _: somebody)
    with pytest.raises(AssertionError, match="the emulator calls"):
        github.seed_from_git(repo, "xchem/other")


def test_annotated_tags_peel_on_the_server(github_example: GitHubServer, example: Example) -> None:
    """The frontend's 2023.05.4 is a tag object on the server, and leads to git's commit."""
    base = f"{github_example.url}/repos/xchem/fragalysis-frontend/git"
    held = get(f"{base}/ref/tags/2023.05.4").json()["object"]
    assert held["type"] == "tag"
    peeled = get(f"{base}/tags/{held['sha']}").json()["object"]
    assert peeled["sha"] == example.commits["fragalysis-frontend"]["2023.05.4"]


def test_runs_are_filtered_and_described_as_on_github(github_example: GitHubServer, example: Example) -> None:
    """Only the run of the tag asked for is listed, in the shape that GitHub documents."""
    sha = example.commits[BACKEND]["2023.05.1"]
    github_example.add_run(f"xchem/{BACKEND}", "production", sha, conclusion="failure")
    url = f"{github_example.url}/repos/xchem/{BACKEND}/actions/runs"
    listed = get(f"{url}?branch=2023.05.1&event=push&head_sha={sha}").json()
    assert listed["total_count"] == 1
    assert listed["workflow_runs"][0]["conclusion"] == "success"
    failed = get(f"{url}?status=failure").json()
    assert [run["head_branch"] for run in failed["workflow_runs"]] == ["production"]


def test_run_lists_have_pages(github_example: GitHubServer) -> None:
    """Following `next` from the first page sees every run once."""
    for number in range(5):
        github_example.add_run(f"xchem/{STACK}", f"b{number}", "0" * 40)
    url, seen = f"{github_example.url}/repos/xchem/{STACK}/actions/runs?per_page=2", []
    while url:
        page = get(url)
        seen += [run["head_branch"] for run in page.json()["workflow_runs"]]
        url = page.links.get("next", {}).get("url", "")
    assert seen == ["b4", "b3", "b2", "b1", "b0"]


def test_replies_name_the_server_itself(github_example: GitHubServer) -> None:
    """Addresses in replies lead to the recording server, with the Enterprise prefix where it was used."""
    path = f"/repos/xchem/{STACK}/git/ref/tags/2023.06.2"
    assert get(github_example.url + path).json()["url"] == github_example.url + path
    enterprise = github_example.url + GHES_PREFIX
    assert get(enterprise + path).json()["url"] == enterprise + path
    assert [exchange.path for exchange in github_example.requests] == [path, path]


def test_strangers_tokens_and_hidden_repositories_are_refused(github_example: GitHubServer) -> None:
    """An unknown token is a 401; a hidden repository is a 404 except for the token that may see it."""
    url = f"{github_example.url}/repos/xchem/{BACKEND}/git/ref/heads/production"
    assert get(url, {"Authorization": "Bearer stranger"}).status_code == 401
    assert get(url).status_code == 200
    github_example.deny(f"xchem/{BACKEND}", except_tokens=["token-of-components"])
    assert get(url).status_code == 404
    assert get(url, {"Authorization": "Bearer token-of-components"}).status_code == 200


def test_faults_happen_as_often_as_asked(github_example: GitHubServer) -> None:
    """A fault planned once hits the first request and leaves the second alone."""
    url = f"{github_example.url}/repos/xchem/{STACK}/git/ref/heads/master"
    github_example.fail("GET", r"/git/ref/heads/master$", status=503, times=1)
    assert [get(url).status_code for _ in range(2)] == [503, 200]
    github_example.html("GET", r"/git/ref/")
    assert get(url).text.startswith("<!doctype html>")


def test_connections_break_as_asked(github_example: GitHubServer) -> None:
    """A dropped connection and a cut body are errors for the client, an empty body is not."""
    url = f"{github_example.url}/repos/xchem/{STACK}/git/ref/heads/master"
    github_example.drop("GET", r"/git/ref/", times=1)
    with pytest.raises(requests.ConnectionError):
        get(url)
    github_example.truncate("GET", r"/git/ref/", times=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        get(url)
    github_example.empty("GET", r"/git/ref/", times=1)
    assert get(url).content == b""
    assert [exchange.status for exchange in github_example.requests] == [0, 200, 200]


def test_an_invalid_request_fails_the_test_that_made_it(_github: GitHubServer) -> None:
    """A request that GitHub does not describe is answered all the same, and reported at the end."""
    _github.clear()
    get(f"{_github.url}/repos/xchem/none/no-such-thing")
    with pytest.raises(AssertionError, match="no-such-thing: no such operation"):
        _github.assert_valid()


def test_the_emulator_forgets_on_reset(tmp_path: Path) -> None:
    """After a reset there is no repository but what is put there again, as it is then, and the port stays."""
    repo = Repo.create(tmp_path / "repo")
    first = repo.commit({"a": "1"}, "start")
    emulate = Emulate("http://127.0.0.1:1")

    def ask(method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        token = {"authorization": f"Bearer {next(iter(TOKENS))}", "content-type": "application/json"}
        reply = emulate.ask(Request(method, path, {}, token, body, path))
        return reply.status, json.loads(reply.body)

    def head(name: str) -> str | None:
        status, answer = ask("GET", f"/repos/xchem/{name}/git/ref/heads/{repo.default_branch}")
        return answer["object"]["sha"] if status == 200 else None

    try:
        port = emulate.port
        for name in ("one", "two"):
            emulate.seed(repo, f"xchem/{name}")
        assert (head("one"), head("two")) == (first, first)
        emulate.reset()
        emulate.seed(repo, "xchem/one")
        assert (head("one"), head("two")) == (first, None)
        emulate.reset()
        second = repo.commit({"a": "2"}, "more")
        emulate.seed(repo, "xchem/one")
        assert head("one") == second
        assert ask("POST", "/repos/xchem/one/issues", b'{"title": "written"}')[0] == 201
        emulate.reset()
        emulate.seed(repo, "xchem/one")
        assert ask("GET", "/repos/xchem/one/issues") == (200, [])
        assert emulate.port == port
    finally:
        emulate.stop()
