from __future__ import annotations

import os
import shlex
import subprocess
import threading
import time
from pathlib import Path

import pytest

from adapters.clones import Desk, all_answers, unknown
from frag_release import cancellation
from frag_release.adapters.git.process import first_complaint
from frag_release.domain.evidence import Placement
from frag_release.errors import Cancelled
from world.git import Repo, git_environment
from world.program import wait_until

PLANTS = {
    "core.fsmonitor": "{canary}",
    "core.pager": "{canary}",
    "pager.log": "{canary}",
    "core.editor": "{canary}",
    "core.sshCommand": "{canary}",
    "core.askPass": "{canary}",
    "core.alternateRefsCommand": "{canary}",
    "core.hooksPath": "hooks-of-the-clone",
    "diff.external": "{canary}",
    "diff.x.textconv": "{canary}",
    "filter.x.smudge": "{canary}",
    "filter.x.clean": "{canary}",
    "filter.x.process": "{canary}",
    "gpg.program": "{canary}",
    "log.showSignature": "true",
    "alias.rev-list": "!{canary}",
    "alias.for-each-ref": "!{canary}",
    "alias.cat-file": "!{canary}",
    "alias.rev-parse": "!{canary}",
    "credential.helper": "!{canary}",
    "protocol.allow": "always",
    "include.path": "included",
}


@pytest.fixture
def canary(desk: Desk) -> Path:
    """A program that leaves a file `sung` beside it when it is run."""
    program = desk.root / "canary"
    program.write_text(f"#!/bin/sh\ntouch {shlex.quote(str(desk.root / 'sung'))}\n")
    program.chmod(0o755)
    return program


def run_plain_git(repository: Repo, *arguments: str) -> None:
    """Run git as anybody does, however it ends."""
    command = ["git", *arguments]
    subprocess.run(command, cwd=repository.path, env=git_environment(), capture_output=True, check=False, timeout=20)


def plant(repository: Repo, canary: Path) -> None:
    """Fill a clone with every setting known to us that makes git run a program."""
    for name, value in PLANTS.items():
        repository.git("config", name, value.format(canary=canary))
    (repository.path / ".git/included").write_text(f"[core]\n\tfsmonitor = {canary}\n")
    (repository.path / ".git/info").mkdir(exist_ok=True)
    (repository.path / ".git/info/attributes").write_text("* filter=x diff=x\n")
    for folder in (repository.path / ".git/hooks", repository.path / "hooks-of-the-clone"):
        folder.mkdir(exist_ok=True)
        for hook in ("reference-transaction", "post-checkout", "post-index-change", "fsmonitor-watchman"):
            (folder / hook).write_text(f"#!/bin/sh\n{canary} </dev/null\n")
            (folder / hook).chmod(0o755)


def test_nothing_in_a_clone_is_run(desk: Desk, canary: Path) -> None:
    """Hooks, monitors, pagers, filters, aliases and includes of a clone are never started."""
    repository = desk.create()
    commit = repository.commit({"f": "1"}, "one")
    repository.tag("1.2.3", commit, annotated=True)
    repository.checkout()
    plant(repository, canary)
    sung = desk.root / "sung"
    run_plain_git(repository, "status")
    assert sung.exists(), "the trap itself must work"
    sung.unlink()
    asked = desk.repository()
    assert asked.tags(["1.2.3"]) == {"1.2.3": commit}
    all_answers(asked, commit)
    assert not sung.exists()


@pytest.mark.parametrize("url", ["ext::{canary}", "ssh://host.invalid/x"])
def test_partial_clone_starts_no_transport(desk: Desk, canary: Path, url: str) -> None:
    """What a clone names as its origin's address is never called, even for objects it has promised."""
    repository = desk.create()
    repository.commit({"f": "1"}, "one")
    repository.git("config", "remote.origin.url", url.format(canary=canary))
    repository.git("config", "remote.origin.promisor", "true")
    repository.git("config", "core.repositoryFormatVersion", "1")
    repository.git("config", "extensions.partialClone", "origin")
    repository.git("config", "protocol.ext.allow", "always")
    repository.git("config", "core.sshCommand", str(canary))
    missing = "1" * 40
    run_plain_git(repository, "cat-file", "-e", missing)
    assert (desk.root / "sung").exists(), "the trap itself must work"
    (desk.root / "sung").unlink()
    unknown(desk.repository().files("f", [missing])[missing])
    unknown(desk.repository().placements([missing], ["master"])[missing])
    assert not (desk.root / "sung").exists()


def test_the_clone_is_not_changed(desk: Desk) -> None:
    """Answering touches no file of a clone, neither its checkout nor its index."""
    repository = desk.create()
    commit = repository.commit({"f": "1"}, "one")
    repository.checkout()
    (repository.path / "f").write_text("edited")
    before = snapshot(repository.path)
    all_answers(desk.repository(), commit)
    assert snapshot(repository.path) == before


def snapshot(folder: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of the last change of every file and folder."""
    return {each: (each.stat().st_size, each.stat().st_mtime_ns) for each in [folder, *folder.rglob("*")]}


def test_secrets_and_git_variables_stay_with_the_caller(desk: Desk) -> None:
    """Git gets neither the tokens in the caller's environment nor a GIT_* that leads it elsewhere."""
    commit = desk.create().commit({}, "of the clone")
    other = Repo.create(desk.root / "other")
    other.commit({}, "of another repository")
    path = desk.path_with(f'env >> {shlex.quote(str(desk.diary))}; exec "$REAL" "$@"')
    asked = desk.repository(
        PATH=path,
        INPUT_TOKEN="s3cret",
        GITHUB_TOKEN="s3cret",
        GIT_DIR=str(other.path / ".git"),
        GIT_OBJECT_DIRECTORY=str(other.path / ".git/objects"),
        GIT_NAMESPACE="x",
        GIT_TRACE=str(desk.root / "trace"),
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0="safe.directory",
        GIT_CONFIG_VALUE_0="*",
    )
    assert asked.branches(["master"]) == {"master": commit}
    seen = desk.diary.read_text()
    assert "PATH=" in seen and "s3cret" not in seen
    assert "GIT_DIR=" not in seen and "GIT_NAMESPACE" not in seen and "safe.directory" not in seen
    assert not (desk.root / "trace").exists()


@pytest.mark.parametrize("path", ["", ":", ".", "relative:.", "/nowhere"])
def test_missing_git_makes_every_answer_unknown(desk: Desk, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git on the PATH each answer says so; a program named git in the clone is not one."""
    repository = desk.create()
    repository.commit({}, "one")
    for folder in (repository.path, repository.path / "relative"):
        folder.mkdir(exist_ok=True)
        (folder / "git").write_text(f"#!/bin/sh\ntouch {shlex.quote(str(desk.root / 'sung'))}\n")
        (folder / "git").chmod(0o755)
    monkeypatch.chdir(repository.path)
    for answer in all_answers(desk.repository(PATH=path)):
        assert "git was not found" in unknown(answer).reason
    assert not (desk.root / "sung").exists()


def test_git_that_hangs_is_ended_with_its_children(desk: Desk) -> None:
    """A git that does not answer in time is unknown, and neither it nor what it started lives on."""
    desk.create().commit({}, "one")
    pid = desk.root / "pid"
    pid.touch()
    path = desk.path_with(f"sleep 60 & echo $! > {shlex.quote(str(pid))}; wait")
    # The more time, the surer it has started its child by the end of it.
    for seconds in (0.5, 5, 20):
        start = time.monotonic()
        why = unknown(desk.repository(seconds, PATH=path).branches(["master"])["master"])
        assert time.monotonic() - start < 45
        assert "no time left" in why.reason and "timeout-seconds" in why.remedy
        if child := pid.read_text():
            break
    assert ended(int(child))


def ended(process: int) -> bool:
    """Whether a process has ended, or does so within some seconds."""
    for _ in range(100):
        state = Path(f"/proc/{process}/stat")
        # A child that nobody waits for stays listed as a zombie (Z) after its end.
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_much_is_handed_to_a_git_that_begins_late(desk: Desk) -> None:
    """More than a pipe holds reaches a git that takes its time to read: nothing is lost, and nothing hangs."""
    head = desk.create().commit({}, "one")
    many = [f"{number:040x}" for number in range(5_000)]
    repository = desk.repository(PATH=desk.path_with('sleep 0.5; exec "$REAL" "$@"'))
    found = repository.placements([head, *many], ["master"])
    assert isinstance(found[head], Placement)
    assert all("lacks the commit" in unknown(found[commit]).reason for commit in many)


def test_a_git_that_runs_when_the_run_is_cancelled_is_ended(desk: Desk) -> None:
    """A cancelled run does not wait for git, and git does not live on."""
    desk.create().commit({}, "one")
    pid = desk.root / "pid"
    path = desk.path_with(f"echo $$ > {shlex.quote(str(pid))}; sleep 60")

    def cancel() -> None:
        wait_until(lambda: pid.exists() and pid.read_text() != "")
        cancellation.ask()

    timer = threading.Thread(target=cancel)
    timer.start()
    try:
        with pytest.raises(Cancelled):
            desk.repository(PATH=path).branches(["master"])
    finally:
        cancellation.settle()
        timer.join()
    assert ended(int(pid.read_text()))


def test_no_git_is_started_after_the_deadline(desk: Desk) -> None:
    """When the time is up nothing is begun any more."""
    desk.create().commit({}, "one")
    for answer in all_answers(desk.repository(0, PATH=desk.watched_path())):
        assert "no time left" in unknown(answer).reason
    assert desk.processes() == 0


@pytest.mark.parametrize("script", ["exit 1", "exit 128", "kill -9 $$", "echo fatal: no >&2; exit 3"])
def test_failing_git_makes_every_answer_unknown(desk: Desk, script: str) -> None:
    """However git fails, silent or not, no answer comes out of it."""
    desk.create().commit({}, "one")
    for answer in all_answers(desk.repository(PATH=desk.path_with(script))):
        unknown(answer)


def test_silent_git_vouches_for_nothing(desk: Desk) -> None:
    """From a git that succeeds without a word no commit, placement or file is concluded."""
    commit = desk.create().commit({"f": "1"}, "one")
    asked = desk.repository(PATH=desk.path_with("exit 0"))
    assert asked.tags(["1.2.3"]) == {"1.2.3": None}
    unknown(asked.tags_starting([""]))
    unknown(asked.placements([commit], ["master"])[commit])
    unknown(asked.files("f", [commit])[commit])
    unknown(asked.default_branch())


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_clone_of_another_user_is_refused(desk: Desk) -> None:
    """Git's protection from other users' clones stays on, and the remedy says how to trust one."""
    repository = desk.create()
    commit = repository.commit({}, "one")
    for each in [repository.path, *repository.path.rglob("*")]:
        os.chown(each, 65534, 65534)
    why = unknown(desk.repository().branches(["master"])["master"])
    assert "dubious ownership" in why.reason
    assert f"git config --global --add safe.directory {repository.path}" in why.remedy
    (desk.root / ".gitconfig").write_text(f"[safe]\n\tdirectory = {repository.path}\n")
    assert desk.repository().branches(["master"]) == {"master": commit}


def test_bare_clone_is_read_where_git_asks_for_it_by_name(desk: Desk) -> None:
    """A user whose git takes bare repositories only by name can still keep bare clones."""
    commit = desk.create("stack.git", bare=True).commit({}, "one")
    (desk.root / ".gitconfig").write_text("[safe]\n\tbareRepository = explicit\n")
    assert desk.repository().branches(["master"]) == {"master": commit}


def test_folder_that_cannot_be_a_ceiling_is_refused(desk: Desk) -> None:
    """Where the folder's name would undo the confinement of git, git is not run."""
    folder = desk.root / "clones" / "a:b" / "stack"
    Repo.create(folder).commit({}, "one")
    (desk.folder / "stack").symlink_to(folder)
    assert "a:b" in unknown(desk.repository().branches(["master"])["master"]).reason


@pytest.mark.parametrize(
    ("complaint", "line"),
    [
        ("warning: old\nfatal: no such thing\nmore\n", "fatal: no such thing"),
        ("error: one\nfatal: two\n", "error: one"),
        ("\n  only words\n", "only words"),
        ("", ""),
        (
            "fatal: cannot read https://x-access-token:s3cret@host/a and ssh://me@host/b\n",
            "fatal: cannot read https://host/a and ssh://host/b",
        ),
        ("fatal: https://u:p@ss@host/a", "fatal: https://host/a"),
    ],
)
def test_first_complaint(complaint: str, line: str) -> None:
    """Git's own first words on the failure are shown, without credentials."""
    assert first_complaint(complaint) == line
