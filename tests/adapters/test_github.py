from __future__ import annotations

import pytest

from adapters.github_desk import BACKEND, FRONTEND, STACK, TAG, add_runs, backend, forge, unknown
from frag_release.domain.evidence import Blob
from frag_release.errors import UsageError
from world.example import WORKFLOW_FILE, Example, workflow_text
from world.github_server import GitHubServer
from world.rounds import Rounds


def test_files(github_example: GitHubServer, example: Example) -> None:
    """The file comes from each commit, byte by byte; a commit without it has none."""
    commits = example.commits["fragalysis-stack"]
    first = example.stack.git("rev-list", "--max-parents=0", "HEAD").split()[0]
    repository = forge(github_example.url).repository(STACK)

    answers = repository.files(WORKFLOW_FILE, [commits["2023.06.2"], commits["2023.06.1"]])
    text = workflow_text("2023.05.1", "2023.05.4").encode()
    assert answers[commits["2023.06.2"]] == Blob(len(text), text)
    old = workflow_text("2023.03.1", "2023.05.3").encode()
    assert answers[commits["2023.06.1"]] == Blob(len(old), old)
    assert repository.files("no/such.yaml", [first]) == {first: None}


@pytest.mark.parametrize(
    "change",
    [
        {"content": "YWI="},
        {"size": 4},
        {"type": "symlink"},
        {"type": "dir"},
        {"content": "a"},
        {"encoding": "other"},
        {"sha": "5" * 40},
    ],
)
def test_a_file_that_is_not_whole_is_unknown(
    github_example: GitHubServer, example: Example, change: dict[str, object]
) -> None:
    """Content that does not have the blob's id and size, or is no plain file, is not the file."""
    commit = example.commits["fragalysis-stack"]["2023.06.2"]
    # `git hash-object` of the three bytes "abc"
    whole = {"type": "file", "size": 3, "encoding": "base64", "content": "YWJj\n"}
    whole["sha"] = "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f"
    github_example.fail("GET", "/contents/", status=200, body=whole, times=1)
    github_example.fail("GET", "/contents/", status=200, body={**whole, **change})

    assert forge(github_example.url).repository(STACK).files("x", [commit]) == {commit: Blob(3, b"abc")}
    unknown(forge(github_example.url).repository(STACK).files("x", [commit])[commit])


def test_a_file_too_large_for_github_has_its_size(github_example: GitHubServer, example: Example) -> None:
    """Of a file over 1 MiB GitHub sends no content; its size is known."""
    commit = example.commits["fragalysis-stack"]["2023.06.2"]
    large = {"type": "file", "size": 2_000_000, "encoding": "none", "content": "", "sha": "6" * 40}
    github_example.fail("GET", "/contents/", status=200, body=large)

    assert forge(github_example.url).repository(STACK).files("x", [commit]) == {commit: Blob(2_000_000, b"")}


def test_log(github_example: GitHubServer, example: Example) -> None:
    """The newest commits of a branch come newest first, no more than asked for."""
    commits = example.commits["fragalysis-backend"]
    repository = backend(github_example.url)

    assert repository.log("production", 2) == [commits[TAG], commits["2023.05.1-rc.1"]]
    assert "has no branch" in unknown(repository.log("none", 2)).reason


def test_default_branch(github_example: GitHubServer) -> None:
    """The stack's default branch is what GitHub says it is."""
    assert forge(github_example.url).repository(STACK).default_branch() == "master"


@pytest.mark.parametrize("fault", ["drop", "empty", "html", "truncate"])
def test_a_broken_answer_is_unknown(github_example: GitHubServer, example: Example, fault: str) -> None:
    """No connection, an empty, cut or foreign reply: none of them is a yes or a no, for any question."""
    getattr(github_example, fault)("GET", "/repos/")
    asked = forge(github_example.url)
    repository = asked.repository(BACKEND)
    commit = example.commits["fragalysis-backend"][TAG]

    for answer in (
        repository.tags([TAG])[TAG],
        repository.branches(["production"])["production"],
        repository.placements([commit], ["production"])[commit],
        repository.files("README.md", [commit])[commit],
        repository.tags_starting(["2023."]),
        repository.log("production", 5),
        repository.default_branch(),
        asked.runs.tag_runs(BACKEND, [TAG])[TAG],
    ):
        unknown(answer)


@pytest.mark.parametrize("status", [400, 401, 403, 410, 422, 429, 451, 500, 502, 503, 504])
def test_a_refused_question_is_unknown(github_example: GitHubServer, example: Example, status: int) -> None:
    """Whatever GitHub refuses with, nothing follows from it, for any question."""
    commit = example.commits["fragalysis-backend"][TAG]
    asked = forge(github_example.url, seconds=10)
    repository = asked.repository(BACKEND)
    for path in ("/git/ref/tags/", "/git/ref/heads/staging", "/compare/", "/contents/", "/runs"):
        github_example.fail("GET", path, status=status)

    for answer in (
        repository.tags([TAG])[TAG],
        repository.branches(["staging"])["staging"],
        repository.placements([commit], ["production"])[commit],
        repository.files("README.md", [commit])[commit],
        asked.runs.tag_runs(BACKEND, [TAG])[TAG],
    ):
        assert str(status) in unknown(answer).reason


def test_the_enterprise_server_is_asked_at_its_own_place(github_example: GitHubServer, example: Example) -> None:
    """Below `/api/v3` everything is as on github.com, pages included."""
    add_runs(github_example, example, 149)
    asked = forge(f"{github_example.url}/api/v3/")
    commit = example.commits["fragalysis-backend"][TAG]

    assert asked.repository(BACKEND).tags([TAG]) == {TAG: commit}
    runs = asked.runs.tag_runs(BACKEND, [TAG])[TAG]
    assert not hasattr(runs, "reason")
    assert len(list(runs)) == 150


def test_the_questions_of_a_batch_go_out_together(github_example: GitHubServer, example: Example) -> None:
    """Many tags are one round trip, their annotated ones one more, and their places one."""
    repository = forge(github_example.url).repository(FRONTEND)
    github_example.rounds = Rounds(expected=[3, 1, 1, 2])

    repository.tags(["2023.05.3", "2023.05.4", "9.9.9"])
    assert github_example.rounds.sizes == [3, 1]
    commits = [example.commits["fragalysis-frontend"][tag] for tag in ("2023.05.3", "2023.05.4")]
    repository.branches(["production"])
    repository.placements(commits, ["production"])
    assert github_example.rounds.sizes == [3, 1, 1, 2]


@pytest.mark.parametrize("url", ["http://api.example.org", "https://me:pw@example.org", "ftp://example.org", "x"])
def test_an_unfit_address_is_refused(url: str) -> None:
    """The token goes out over https only, and addresses hold no passwords."""
    with pytest.raises(UsageError, match="github-api-url"):
        forge(url)


@pytest.mark.parametrize("token", ["two words", "line\nbreak", "t\u00f6ken"])
def test_an_unfit_token_is_refused_without_showing_it(token: str) -> None:
    """A token that cannot be sent stops the run in words that do not hold it."""
    with pytest.raises(UsageError) as raised:
        forge("https://api.example.org", token)
    assert token not in str(raised.value)
