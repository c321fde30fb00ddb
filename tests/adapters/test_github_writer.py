from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.github_desk import forge, unknown
from adapters.trees import CONTENT, PATH, add_files, rows
from frag_release.adapters.http.messages import Response
from frag_release.adapters.ports import CommitFacts, LostRaceError, WriteFailedError, Writer
from world.faults import Forward, Reply
from world.git import Repo
from world.github_server import GitHubServer

NAME = "xchem/stack"
MESSAGE = "build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2\n"
BLOB = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()


@pytest.fixture
def repo(github: GitHubServer, tmp_path: Path) -> Repo:
    """A repository with files of every kind, on the server as it is here."""
    repo = Repo.create(tmp_path / "stack")
    repo.commit({"a": "1"}, "start")
    add_files(repo)
    github.seed_from_git(repo, NAME)
    return repo


@pytest.fixture
def writer(github: GitHubServer, repo: Repo) -> Writer:
    """What writes to that repository."""
    return forge(github.url).writer(NAME)


def head(github: GitHubServer, branch: str = "master") -> str | None:
    """Where a branch of the server is now."""
    found = forge(github.url).repository(NAME).branches([branch])[branch]
    assert found is None or isinstance(found, str)
    return found


def bodies(github: GitHubServer) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path below the repository, and JSON of everything that was sent to be written."""
    writes = [each for each in github.requests if each.method != "GET"]
    return [(each.method, each.path.removeprefix(f"/repos/{NAME}"), json.loads(each.request.body)) for each in writes]


def tree_of(github: GitHubServer, commit: str) -> dict[str, str]:
    """Path to mode and object id, of every file of a commit on the server."""
    api = forge(github.url)._find(NAME).api
    response = api.get(f"/git/trees/{commit}", "everything", {"recursive": "1"})
    assert isinstance(response, Response)
    entries = json.loads(response.body)["tree"]
    return {each["path"]: f"{each['mode']} {each['type']} {each['sha']}" for each in entries if each["type"] == "blob"}


@pytest.mark.parametrize("mode", ["100644", "100755"])
def test_one_file_changes_and_nothing_else(github: GitHubServer, tmp_path: Path, mode: str) -> None:
    """The new commit has the parent's tree with these very bytes at the path, under the file's old mode."""
    repo = Repo.create(tmp_path / "stack")
    parent = add_files(repo, mode)
    github.seed_from_git(repo, NAME)

    commit = forge(github.url).writer(NAME).create_commit(parent, PATH, CONTENT, MESSAGE)

    assert tree_of(github, commit) == {**rows(repo, parent), PATH: f"{mode} blob {BLOB}"}
    assert head(github) == parent


def test_a_commit_is_sent_as_github_can_sign_it(github: GitHubServer, repo: Repo, writer: Writer) -> None:
    """Blob, tree, commit, in this order, on the parent's tree, with one parent and with no author of ours."""
    parent = repo.head()

    writer.create_commit(parent, PATH, CONTENT, MESSAGE)

    blob, tree, commit = bodies(github)
    assert [each[:2] for each in (blob, tree, commit)] == [
        ("POST", "/git/blobs"),
        ("POST", "/git/trees"),
        ("POST", "/git/commits"),
    ]
    entry = {"path": PATH, "mode": "100755", "type": "blob", "sha": BLOB}
    assert tree[2] == {"base_tree": repo.git("rev-parse", f"{parent}^{{tree}}"), "tree": [entry]}
    assert {**commit[2], "tree": ""} == {"message": MESSAGE, "tree": "", "parents": [parent]}


@pytest.mark.parametrize("path", ["no/such.yaml", "link", ".github", "run.sh/x", ".github/workflows"])
def test_only_an_ordinary_file_that_is_there_can_be_changed(
    github: GitHubServer, repo: Repo, writer: Writer, path: str
) -> None:
    """A missing file, a link and a folder are refused before anything is sent."""
    with pytest.raises(WriteFailedError, match="cannot be changed"):
        writer.create_commit(repo.head(), path, CONTENT, MESSAGE)
    assert bodies(github) == []


def test_a_list_that_was_cut_is_no_absence(github: GitHubServer, repo: Repo, writer: Writer) -> None:
    """Where GitHub lists a part of a folder alone, it is not said that the file is not there."""
    github.change_json("GET", "/git/trees/", lambda tree: tree.update(tree=[], truncated=True))
    with pytest.raises(WriteFailedError, match="lists only part of them") as caught:
        writer.create_commit(str(head(github)), PATH, CONTENT, MESSAGE)
    assert "by hand" in caught.value.remedy


@pytest.mark.parametrize("kind", ["commits", "trees", "ref"])
def test_what_cannot_be_read_is_not_written(github: GitHubServer, repo: Repo, writer: Writer, kind: str) -> None:
    """Where commit, folder or branch cannot be seen, nothing is sent."""
    github.fail("GET", f"/git/{kind}/", status=500)
    with pytest.raises(WriteFailedError):
        writer.create_commit(repo.head(), PATH, CONTENT, MESSAGE)
        writer.move_branch("master", repo.head(), repo.head())
    assert [each for each in bodies(github) if kind != "ref" or "refs" in each[1]] == []


@pytest.mark.parametrize("kind", ["blobs", "trees", "commits"])
@pytest.mark.parametrize("fault", ["drop", "html", "empty", "other"])
def test_an_object_that_is_not_confirmed_stops(
    github: GitHubServer, repo: Repo, writer: Writer, kind: str, fault: str
) -> None:
    """Without GitHub's word for each object, in JSON and about this one, no branch is moved and nothing repeated."""
    if fault == "other":
        wrong = {"sha": "1" * 40, "tree": {"sha": "2" * 40}, "parents": []}
        github.fail("POST", f"/git/{kind}$", status=201, body=wrong)
    else:
        getattr(github, fault)("POST", f"/git/{kind}$")
    with pytest.raises(WriteFailedError):
        writer.create_commit(repo.head(), PATH, CONTENT, MESSAGE)
    assert len([each for each in bodies(github) if each[1] == f"/git/{kind}"]) == 1


def test_a_branch_is_made_once(github: GitHubServer, repo: Repo, writer: Writer) -> None:
    """A new branch is at its commit; where one of that name is, it stays and the race says where."""
    first = repo.head()
    second = writer.create_commit(first, PATH, CONTENT, MESSAGE)
    writer.create_branch("release/2023.06.2", first)
    assert head(github, "release/2023.06.2") == first

    with pytest.raises(LostRaceError) as caught:
        writer.create_branch("release/2023.06.2", second)

    assert (caught.value.branch, caught.value.found) == ("release/2023.06.2", first)
    assert head(github, "release/2023.06.2") == first


def test_two_race_and_one_wins(github: GitHubServer, repo: Repo) -> None:
    """Of two who saw the same head the second moves nothing, loses nothing, and learns where the branch is."""
    seen = repo.head()
    winner, loser = forge(github.url).writer(NAME), forge(github.url).writer(NAME)
    first = winner.create_commit(seen, PATH, b"first", "first\n")
    second = loser.create_commit(seen, PATH, b"second", "second\n")
    winner.move_branch("master", seen, first)

    with pytest.raises(LostRaceError) as caught:
        loser.move_branch("master", seen, second)

    assert caught.value.found == first
    assert head(github) == first


def between(github: GitHubServer, act: Callable[[], object]) -> None:
    """Let somebody act between our look at the branch and our order to move it."""

    def first_act(forward: Forward) -> Reply:
        act()
        return forward()

    github.add("PATCH", "/git/refs/heads/", first_act, times=1)


def test_a_race_after_the_last_look_is_lost_too(github: GitHubServer, repo: Repo, writer: Writer) -> None:
    """The order itself is without force: somebody who was faster by a moment stays where they are."""
    seen = repo.head()
    ours = writer.create_commit(seen, PATH, b"ours", "ours\n")
    theirs = writer.create_commit(seen, PATH, b"theirs", "theirs\n")
    between(github, lambda: forge(github.url).writer(NAME).move_branch("master", seen, theirs))

    with pytest.raises(LostRaceError) as caught:
        writer.move_branch("master", seen, ours)

    assert caught.value.found == theirs
    assert head(github) == theirs
    moves = [body for method, path, body in bodies(github) if method == "PATCH"]
    assert {body["force"] for body in moves} == {False}


def test_a_branch_that_was_set_back_is_not_brought_forward(github: GitHubServer, repo: Repo, writer: Writer) -> None:
    """Though git could go forward from an older commit, the branch is not where it was seen."""
    older, seen = repo.git("rev-parse", "master^"), repo.head()
    ours = writer.create_commit(seen, PATH, b"ours", "ours\n")
    writer.rebuild_branch("master", seen, older)

    with pytest.raises(LostRaceError) as caught:
        writer.move_branch("master", seen, ours)

    assert caught.value.found == older and head(github) == older


@pytest.mark.parametrize("message", ["Update is not a fast forward", "Reference does not exist"])
def test_githubs_words_for_a_lost_race(github: GitHubServer, repo: Repo, writer: Writer, message: str) -> None:
    """Each of them is a lost race, even if the branch looks as before."""
    github.fail("PATCH", "/git/refs/", status=422, body={"message": message})
    with pytest.raises(LostRaceError):
        writer.move_branch("master", repo.head(), repo.head())


def test_a_branch_that_is_gone_is_a_lost_race(github: GitHubServer, repo: Repo, writer: Writer) -> None:
    """A branch that somebody deleted is not made again, and nothing is said of rights."""
    ours = writer.create_commit(repo.head(), PATH, CONTENT, MESSAGE)
    for act in (writer.move_branch, writer.rebuild_branch):
        with pytest.raises(LostRaceError) as caught:
            act("release/1", repo.head(), ours)
        assert caught.value.found is None
    assert head(github, "release/1") is None


def test_our_own_branch_is_rebuilt_from_where_it_was_seen(github: GitHubServer, repo: Repo, writer: Writer) -> None:
    """A rebuild may leave the old history, but not if somebody has moved the branch meanwhile."""
    seen = repo.head()
    ours = writer.create_commit(seen, PATH, b"ours", "ours\n")
    other = writer.create_commit(seen, PATH, b"other", "other\n")
    writer.create_branch("release/1", ours)
    writer.rebuild_branch("release/1", ours, other)
    assert head(github, "release/1") == other

    with pytest.raises(LostRaceError) as caught:
        writer.rebuild_branch("release/1", ours, seen)
    assert caught.value.found == other and head(github, "release/1") == other


def test_a_branch_that_was_read_before_is_looked_at_again(github: GitHubServer, repo: Repo) -> None:
    """What a repository remembers of a branch is not what a move is judged by."""
    one = forge(github.url)
    seen = repo.head()
    assert one.repository(NAME).branches(["master"]) == {"master": seen}
    other = forge(github.url).writer(NAME)
    theirs = other.create_commit(seen, PATH, b"theirs", "theirs\n")
    other.move_branch("master", seen, theirs)

    with pytest.raises(LostRaceError) as caught:
        one.writer(NAME).rebuild_branch("master", seen, seen)
    assert caught.value.found == theirs


def lose_answer(github: GitHubServer, method: str, pattern: str) -> None:
    """Do what is asked, but lose the answer on its way."""

    def act(forward: Forward) -> Reply:
        return replace(forward(), dropped=True)

    github.add(method, pattern, act, times=1)


def test_a_move_whose_answer_was_lost_is_found_again(github: GitHubServer, repo: Repo, writer: Writer) -> None:
    """Where no answer comes the branch is looked at: if it is at our commit, it was done."""
    ours = writer.create_commit(repo.head(), PATH, CONTENT, MESSAGE)
    lose_answer(github, "PATCH", "/git/refs/heads/master$")
    writer.move_branch("master", repo.head(), ours)
    lose_answer(github, "POST", "/git/refs$")
    writer.create_branch("release/1", ours)
    assert head(github) == ours and head(github, "release/1") == ours
    assert [method for method, path, _ in bodies(github) if "refs" in path] == ["PATCH", "POST"]


@pytest.mark.parametrize("fault", ["drop", "fail"])
def test_a_move_that_is_not_confirmed_is_not_repeated(
    github: GitHubServer, repo: Repo, writer: Writer, fault: str
) -> None:
    """If the branch is where it was, it may still come: that is said, and left to the next run."""
    ours = writer.create_commit(repo.head(), PATH, CONTENT, MESSAGE)
    getattr(github, fault)("PATCH", "/git/refs/", **({"status": 502} if fault == "fail" else {}))
    with pytest.raises(WriteFailedError) as caught:
        writer.move_branch("master", repo.head(), ours)
    assert "The outcome is unknown." in caught.value.remedy
    assert caught.value.exit_status == 1
    assert len([each for each in bodies(github) if each[0] == "PATCH"]) == 1


def test_a_commit_tells_of_itself(github: GitHubServer, repo: Repo, writer: Writer) -> None:
    """Message, parents and author; a commit that cannot be had is unknown."""
    commit = repo.head()
    facts = CommitFacts(commit, "files", [repo.git("rev-parse", f"{commit}^")], "Test Person")
    assert writer.message_of(commit) == facts
    ours = writer.create_commit(commit, PATH, CONTENT, MESSAGE)
    told = writer.message_of(ours)
    assert isinstance(told, CommitFacts)
    assert (told.message, told.parents, told.author) == (MESSAGE.rstrip("\n"), [commit], "maintainer")
    unknown(writer.message_of("1" * 40))
    unknown(writer.message_of("master"))


def test_names_are_sent_encoded(github: GitHubServer, repo: Repo, writer: Writer) -> None:
    """A branch with characters that mean something in an address is that branch."""
    writer.create_branch("release/1%2F#;&\u2603", repo.head())
    ours = writer.create_commit(repo.head(), PATH, CONTENT, MESSAGE)
    writer.move_branch("release/1%2F#;&\u2603", repo.head(), ours)
    assert head(github, "release/1%2F#;&\u2603") == ours


def test_a_writer_cannot_be_made_for_what_is_no_repository(github: GitHubServer, repo: Repo) -> None:
    """A name that is no OWNER/NAME is refused before anything is asked."""
    github.requests.clear()
    with pytest.raises(WriteFailedError, match="is not the name of a repository"):
        forge(github.url).writer("../x").create_commit("1" * 40, PATH, b"", "x")
    assert github.requests == []
