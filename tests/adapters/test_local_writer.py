from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from adapters.clones import NAME, Desk, unknown
from adapters.trees import CONTENT, PATH, add_files, rows
from frag_release.adapters.git.writer import WorkingTree
from frag_release.adapters.ports import CommitFacts, LostRaceError, WriteFailedError, Writer, WriteRefusedError
from frag_release.errors import RefusedError
from world.git import Repo, run_git

BLOB = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
MESSAGE = "build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2\n"


@pytest.fixture
def repo(desk: Desk) -> Repo:
    """A bare repository with files of every kind on master."""
    repo = desk.create("stack.git", bare=True)
    add_files(repo)
    return repo


@pytest.fixture
def writer(desk: Desk) -> Writer:
    """What writes to `org/stack`."""
    return desk.forge().writer(NAME)


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file and its content, but for the objects of git."""
    files = (each for each in folder.rglob("*") if each.is_file() and "objects" not in each.parts)
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


@pytest.mark.parametrize("mode", ["100644", "100755"])
def test_one_file_changes_and_nothing_else(desk: Desk, mode: str) -> None:
    """The new commit has the parent's tree with these very bytes at the path, under the file's old mode."""
    repo = desk.create("stack.git", bare=True)
    writer = desk.forge().writer(NAME)
    parent = add_files(repo, mode)
    before = rows(repo, parent)

    commit = writer.create_commit(parent, PATH, CONTENT, MESSAGE)

    assert repo.read(commit, PATH) == CONTENT
    assert rows(repo, commit) == {**before, PATH: f"{mode} blob {BLOB}"}
    assert repo.git("rev-list", "--parents", "-1", commit) == f"{commit} {parent}"
    assert run_git(["cat-file", "commit", commit], repo.path).endswith(b"\n\n" + MESSAGE.encode())


def test_no_branch_moves_by_a_commit(repo: Repo, writer: Writer) -> None:
    """A commit alone is seen by nobody: refs, index and settings of the clone stay."""
    before = snapshot(repo.path)

    writer.create_commit(repo.head(), PATH, CONTENT, MESSAGE)

    assert snapshot(repo.path) == before


def test_a_checkout_is_not_touched(desk: Desk) -> None:
    """Index and files of a clone with a working tree stay, edits in both included; a branch beside it can be made."""
    repo = desk.create()
    writer = desk.forge().writer(NAME)
    parent = add_files(repo)
    repo.checkout()
    (repo.path / "run.sh").write_text("edited")
    (repo.path / "new").write_text("staged")
    repo.git("add", "new")
    before = snapshot(repo.path)

    commit = writer.create_commit(parent, PATH, CONTENT, MESSAGE)
    writer.create_branch("release/2023.06.2", commit)

    after = snapshot(repo.path)
    assert after.pop(".git/refs/heads/release/2023.06.2").decode().strip() == commit
    assert b"noreply@frag-release-action.invalid" in after.pop(".git/logs/refs/heads/release/2023.06.2")
    assert after == before


def test_the_commit_is_in_the_users_name(desk: Desk, repo: Repo, writer: Writer) -> None:
    """Git's own configuration says who commits; without any it is the action, at an address that is nobody's."""
    shown = ["show", "-s", "--format=%an <%ae> %cn <%ce>"]
    nobody = writer.create_commit(repo.head(), PATH, CONTENT, MESSAGE)
    address = "frag-release-action <noreply@frag-release-action.invalid>"
    assert repo.git(*shown, nobody) == f"{address} {address}"

    (desk.root / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.org\n")
    hers = writer.create_commit(repo.head(), PATH, CONTENT, MESSAGE)
    assert repo.git(*shown, hers) == "Ada <ada@example.org> Ada <ada@example.org>"


def test_nothing_of_the_clone_is_run(desk: Desk, repo: Repo, writer: Writer) -> None:
    """Hooks, signing programs and filters that a clone names do not run when we write."""
    canary = desk.root / "canary"
    canary.write_text(f"#!/bin/sh\necho sung >> '{desk.root}/sung'\ncat\n")
    canary.chmod(0o755)
    hooks = repo.path / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-index-change", "update", "pre-commit", "post-update"):
        (hooks / name).symlink_to(canary)
    for key, value in {"commit.gpgSign": "true", "gpg.program": str(canary), "core.splitIndex": "true"}.items():
        repo.git("config", key, value)
    repo.git("config", "filter.x.clean", str(canary))
    (repo.path / "info").mkdir(exist_ok=True)
    (repo.path / "info/attributes").write_text("* filter=x text eol=lf\n")
    parent = repo.head()
    run_git(["update-ref", "refs/heads/trap", parent], repo.path)
    assert (desk.root / "sung").exists(), "the trap itself must work"
    (desk.root / "sung").unlink()

    commit = writer.create_commit(parent, PATH, CONTENT, MESSAGE)
    writer.create_branch("release/1", commit)
    writer.move_branch("master", parent, commit)
    writer.rebuild_branch("release/1", commit, parent)

    assert not (desk.root / "sung").exists()
    assert repo.read(commit, PATH) == CONTENT
    assert list(repo.path.glob("sharedindex*")) == []


def test_a_branch_is_made_once(repo: Repo, writer: Writer) -> None:
    """A new branch is at its commit; where one of that name is, it stays and the race says where."""
    first, second = repo.head(), repo.commit({"a": "b"}, "more", branch="other")
    writer.create_branch("release/2023.06.2", first)
    assert repo.head("release/2023.06.2") == first

    with pytest.raises(LostRaceError) as caught:
        writer.create_branch("release/2023.06.2", second)

    assert (caught.value.branch, caught.value.found) == ("release/2023.06.2", first)
    assert repo.head("release/2023.06.2") == first


def test_two_race_and_one_wins(repo: Repo, desk: Desk) -> None:
    """Of two who saw the same head the second moves nothing, loses nothing, and learns where the branch is."""
    seen = repo.head()
    winner, loser = desk.forge().writer(NAME), desk.forge().writer(NAME)
    first = winner.create_commit(seen, PATH, b"first", "first\n")
    second = loser.create_commit(seen, PATH, b"second", "second\n")
    winner.move_branch("master", seen, first)

    with pytest.raises(LostRaceError) as caught:
        loser.move_branch("master", seen, second)

    assert caught.value.found == first
    assert repo.read("master", PATH) == b"first"


def test_our_own_branch_is_rebuilt_from_where_it_was_seen(repo: Repo, writer: Writer) -> None:
    """A rebuild may leave the old history, but not if somebody has moved or deleted the branch meanwhile."""
    seen = repo.head()
    ours = repo.commit({"a": "1"}, "ours", branch="release/1", parents=[seen])
    other = repo.commit({"a": "2"}, "other", branch="other", parents=[seen])
    writer.rebuild_branch("release/1", ours, other)
    assert repo.head("release/1") == other

    with pytest.raises(LostRaceError) as caught:
        writer.rebuild_branch("release/1", ours, seen)
    assert caught.value.found == other

    repo.delete("refs/heads/release/1")
    with pytest.raises(LostRaceError) as caught:
        writer.rebuild_branch("release/1", other, seen)
    assert caught.value.found is None
    assert repo.resolve("refs/heads/release/1") is None


@pytest.mark.parametrize("act", ["create", "move", "rebuild"])
def test_a_clone_that_shows_its_origins_branches_is_refused(desk: Desk, act: str) -> None:
    """Where branches are read from origin, nothing is written beside them that no one would see."""
    origin = desk.origin()
    head = add_files(origin)
    clone = desk.clone(origin)
    writer = desk.forge().writer(NAME)
    clone.git("checkout", "--quiet", "--detach")

    with pytest.raises(WriteRefusedError) as caught:
        if act == "create":
            writer.create_branch("release/1", head)
        else:
            getattr(writer, f"{act}_branch")("master", head, head)

    assert "cloned from" in caught.value.message and "bare" in caught.value.remedy
    assert caught.value.exit_status == 2
    assert "cloned from" in writer.missing_right(PATH)
    assert clone.resolve("refs/heads/release/1") is None


@pytest.mark.parametrize("linked", [False, True])
def test_a_branch_that_is_checked_out_is_not_moved(desk: Desk, linked: bool) -> None:
    """Moving a branch under a working tree, the clone's own or a linked one, would leave its files behind."""
    repo = desk.create()
    writer = desk.forge().writer(NAME)
    seen = add_files(repo)
    repo.checkout()
    if linked:
        repo.git("checkout", "--quiet", "--detach")
        repo.git("worktree", "add", "--quiet", str(desk.root / "linked"), "master")
    commit = writer.create_commit(seen, PATH, CONTENT, MESSAGE)

    with pytest.raises(WriteRefusedError) as caught:
        writer.move_branch("master", seen, commit)

    assert "checked out" in caught.value.message and "bare clone" in caught.value.remedy
    assert repo.head() == seen
    if linked:
        repo.git("worktree", "remove", str(desk.root / "linked"))
    else:
        repo.git("checkout", "--quiet", "--detach")
    writer.move_branch("master", seen, commit)
    assert repo.head() == commit


@pytest.mark.parametrize("path", ["no/such.yaml", "link", ".github", ".github/workflows/", "run.sh/x", "*", ""])
def test_only_an_ordinary_file_that_is_there_can_be_changed(repo: Repo, writer: Writer, path: str) -> None:
    """A missing file, a link, a folder and a pattern are refused, and nothing is made of them."""
    with pytest.raises(WriteFailedError):
        writer.create_commit(repo.head(), path, CONTENT, MESSAGE)


@pytest.mark.parametrize("branch", ["", "a..b", "a b", "x.lock", "a\n", "@{1}", "master/x"])
def test_a_name_that_is_no_branch_makes_none(repo: Repo, writer: Writer, branch: str) -> None:
    """Names that git forbids, or that another branch leaves no room for, are errors and make no ref."""
    before = repo.git("for-each-ref")
    with pytest.raises(WriteFailedError):
        writer.create_branch(branch, repo.head())
    assert repo.git("for-each-ref") == before


def test_a_commit_tells_of_itself(repo: Repo, writer: Writer) -> None:
    """Message, parents and author are read as they are, merges and other encodings included."""
    seen = repo.head()
    side = repo.commit({}, "side", branch="side", parents=[seen])
    merge = repo.commit({"a": "1"}, "join \u2603\n\nStack-Tag: 2023.06.2", parents=[seen, side])
    tree = repo.git("rev-parse", f"{merge}^{{tree}}")
    expected = CommitFacts(merge, "join \u2603\n\nStack-Tag: 2023.06.2", [seen, side], "Test Person")
    assert writer.message_of(merge) == expected

    raw = f"tree {tree}\nauthor J\xe9 <a@b> 0 +0000\ncommitter a <a@b> 0 +0000\nencoding ISO-8859-1\n\nd\xe9j\xe0 vu\n"
    old = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw.encode("latin-1"))
    assert writer.message_of(old) == CommitFacts(old, "d\xe9j\xe0 vu", [], "J\xe9")
    for wrong in ("1" * 40, "master", tree, "-x"):
        unknown(writer.message_of(wrong))


def test_a_clone_has_no_pull_requests(repo: Repo, writer: Writer) -> None:
    """There are none to list; opening or changing one is refused with what to do in place of it."""
    assert writer.pull_requests("master") is None
    assert writer.missing_right(PATH) == ""
    with pytest.raises(WriteRefusedError) as caught:
        writer.open_pull_request("release/1", "master", "title", "body")
    assert "mode: commit" in caught.value.remedy and "release/1" in caught.value.remedy
    with pytest.raises(WriteRefusedError):
        writer.update_pull_request(1, "title", "body")


def test_a_missing_clone_is_an_error_with_a_remedy(desk: Desk) -> None:
    """Without the clone every way to write says so."""
    writer = desk.forge().writer(NAME)
    with pytest.raises(WriteFailedError, match="has no clone"):
        writer.create_commit("1" * 40, PATH, CONTENT, MESSAGE)
    with pytest.raises(WriteFailedError, match="has no clone"):
        writer.create_branch("x", "1" * 40)
    unknown(writer.message_of("1" * 40))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A parent folder that the file system refuses is an error with a remedy, and nothing is written."""
    with pytest.raises(RefusedError, match="cannot be written: File name too long"):
        WorkingTree(tmp_path).create(f"{'x' * 300}/file.yaml", CONTENT)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """In a container each run may have the same process id, and so the same draft: the next run replaces it."""
    (tmp_path / "file.yaml").write_bytes(b"old")
    (tmp_path / f".file.yaml.{os.getpid()}.tmp").write_bytes(b"half")
    WorkingTree(tmp_path).replace("file.yaml", b"old", CONTENT)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("file.yaml", CONTENT)]


def test_a_folder_that_is_deleted_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is not written to the current folder in its place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(WorkingTree, "_opened", lambda tree, path: None)
    with pytest.raises(RefusedError, match="its folder was deleted"):
        WorkingTree(tmp_path / "clone").create("file.yaml", CONTENT)
    assert list(tmp_path.iterdir()) == []
