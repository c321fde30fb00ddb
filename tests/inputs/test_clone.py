"""The stack that a folder is a clone of: owner and name of its remote, and nothing that is run or believed besides."""

from __future__ import annotations

from pathlib import Path

import pytest

from frag_release.inputs.command_line import find_clone, with_clone
from frag_release.inputs.context import Context
from world.git import run_git


def git(folder: Path, *arguments: str) -> str:
    """What git prints in a folder."""
    return run_git(arguments, folder).decode()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository as git makes it, without remotes."""
    folder = tmp_path / "clone"
    git(tmp_path, "init", "--quiet", str(folder))
    return folder


def found(folder: Path) -> tuple[str, str] | None:
    """The repository of the clone that a folder is in, and the remote that it is from."""
    return find_clone(str(folder))


@pytest.mark.parametrize("url", [
    "https://github.com/xchem/fragalysis-stack",
    "https://github.com/xchem/fragalysis-stack.git",
    "https://github.com/xchem/fragalysis-stack/",
    "https://user:hunter2@github.com/xchem/fragalysis-stack.git",
    "https://ghs_hunter2@git.example:8443/xchem/fragalysis-stack",
    "git@github.com:xchem/fragalysis-stack.git",
    "git@github.com:/xchem/fragalysis-stack.git",
    "github:xchem/fragalysis-stack",
    "ssh://git@github.com:22/xchem/fragalysis-stack",
    "ssh://git@ssh.github.com:443/xchem/fragalysis-stack.git",
    "ssh://git@[::1]:22/xchem/fragalysis-stack",
    "git://github.com/xchem/fragalysis-stack",
])  # fmt: skip
def test_owner_and_name_are_those_of_the_remote(clone: Path, url: str) -> None:
    """Every form that a remote at a server has tells owner and name, whatever the host."""
    git(clone, "remote", "add", "origin", url)
    assert found(clone) == ("xchem/fragalysis-stack", "origin")


@pytest.mark.parametrize("url", [
    "",
    "/srv/git/xchem/fragalysis-stack.git",
    "../xchem/fragalysis-stack",
    "xchem/fragalysis-stack",
    "file:///srv/xchem/fragalysis-stack",
    "C:/xchem/fragalysis-stack",
    "https://github.com/fragalysis-stack",
    "https://github.com/a/xchem/fragalysis-stack",
    "https://github.com/xchem/..",
    "https://github.com/xchem/fragalysis-stack?x=y",
    "https://github.com/xchem/fragalysis stack",
    "https://github.com/../fragalysis-stack",
    "ext::sh -c touch% x xchem/fragalysis-stack",
    "https:///xchem/fragalysis-stack",
    "git@github.com:xchem/fragalysis-stack/../../x",
])  # fmt: skip
def test_any_other_address_tells_nothing(clone: Path, url: str) -> None:
    """A folder of this disk, or what is no owner and name, is as if there was no remote."""
    git(clone, "config", "remote.origin.url", url)
    assert found(clone) is None


@pytest.mark.parametrize(("remotes", "expected"), [
    (["origin", "fork"], ("owner/origin", "origin")),
    (["fork", "origin"], ("owner/origin", "origin")),
    (["upstream"], ("owner/upstream", "upstream")),
    (["upstream", "fork"], None),
    ([], None),
])  # fmt: skip
def test_origin_counts_else_the_only_remote(clone: Path, remotes: list[str], expected: tuple[str, str] | None) -> None:
    """Of several remotes without an origin none is guessed."""
    for remote in remotes:
        git(clone, "remote", "add", remote, f"https://github.com/owner/{remote}.git")
    assert found(clone) == expected


def test_a_folder_below_and_a_worktree_and_a_submodule_are_in_their_clone(clone: Path, tmp_path: Path) -> None:
    """The nearest `.git` upwards decides; that of a worktree leads to the clone, that of a submodule to its own."""
    git(clone, "remote", "add", "origin", "git@github.com:xchem/fragalysis-stack.git")
    git(clone, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "--allow-empty", "-m", "x")
    below = clone / "a" / "b"
    below.mkdir(parents=True)
    git(clone, "worktree", "add", "--quiet", str(tmp_path / "worktree"))
    git(clone, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(clone), "sub")
    git(clone / "sub", "remote", "set-url", "origin", "https://github.com/xchem/other")
    assert found(below) == found(tmp_path / "worktree") == ("xchem/fragalysis-stack", "origin")
    assert found(clone / "sub") == ("xchem/other", "origin")


URL = "https://github.com/xchem/fragalysis-stack"


@pytest.mark.parametrize("text", [
    f'[remote "origin"]\n\turl = {URL}\n',
    f'[remote "origin"]\r\n\turl = {URL}\r\n',
    f'\ufeff[remote "origin"]\nurl={URL}',
    f'[REMOTE "origin"] URL = {URL} # ours\n',
    f'[remote "origin"]\n  url = "{URL}" ; ours\n',
    f"[remote.origin]\n  url = {URL}\n",
    f'[remote "origin"]\n url = {URL}\n url = https://github.com/second/url\n',
    '[remote "origin"]\n url = https:\\\n//github.com/xchem/fragalysis-stack\n',
    f'# [remote "origin"]\n;x\n[core]\n\tbare\n\teditor = "vi \\"x\\"" \\\n  -y\n[remote "origin"]\n\turl = {URL}\n',
    f'[url "git@github.com:"]\n insteadOf = gh:\n[remote "origin"]\n pushurl = /x/y\n url = {URL}\n',
    f'[remote "origin"]\n fetch = +refs/heads/*:x\n[branch "a"]\n x = y\n[remote "origin"]\nurl={URL}',
])  # fmt: skip
def test_the_file_is_read_as_git_reads_it(clone: Path, text: str) -> None:
    """Comments, quotes, joined lines, repeated sections and either case: our answer is that of git."""
    (clone / ".git" / "config").write_text(text, "utf-8", newline="")
    assert git(clone, "config", "--get-all", "remote.origin.url").split()[0] == URL
    assert found(clone) == ("xchem/fragalysis-stack", "origin")


@pytest.mark.parametrize("text", [
    f'[remote "origin"\n\turl = {URL}\n',
    f'[remote "origin"]\n\turl = {URL}\n<<<<<<< ours\n',
    f'url = {URL}\n',
    f'[remote "Origin]\n url = {URL}\n',
    f'[remote]\n url = {URL}\n',
    f'[remotes "origin"]\n url = {URL}\n',
    "\x00" * 100,
    "",
])  # fmt: skip
def test_a_malformed_file_is_as_none(clone: Path, text: str) -> None:
    """What git could not read tells nothing."""
    (clone / ".git" / "config").write_text(text, "utf-8")
    assert found(clone) is None


def test_no_foreign_folder_is_a_fault(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git, without a file, or with one that leads nowhere, there is no clone, and nothing is waited for."""
    git(clone, "remote", "add", "origin", URL)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert found(clone) is None
    monkeypatch.undo()
    assert found(clone) == ("xchem/fragalysis-stack", "origin")
    (clone / ".git" / "config").unlink()
    assert found(clone) is None
    for text in ("gitdir: /nowhere\n", "x", "gitdir: " + "x" * 5000):
        (tmp_path / ".git").write_text(text, "utf-8")
        assert found(tmp_path) is None


def test_a_clone_runs_nothing_that_its_configuration_names(clone: Path, tmp_path: Path) -> None:
    """A planted alias, monitor, pager or include is not run and not followed."""
    planted = f'#!/bin/sh\ntouch "{tmp_path}/ran"\n'
    (tmp_path / "planted").write_text(planted, "utf-8")
    (tmp_path / "planted").chmod(0o755)
    (tmp_path / "more").write_text('[remote "origin"]\n url = https://github.com/evil/stack\n', "utf-8")
    for name in ("core.fsmonitor", "core.pager", "pager.config", "core.editor", "alias.config", "core.sshCommand"):
        git(clone, "config", name, str(tmp_path / "planted"))
    git(clone, "config", "include.path", str(tmp_path / "more"))
    assert found(clone) is None
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("context", "named"), [
    (Context(on_runner=True), ""),
    (Context(repository="org/stack"), ""),
    (Context(), "org/stack"),
])  # fmt: skip
def test_a_clone_is_not_looked_for_where_a_repository_is_named(
    clone: Path, context: Context, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a runner, and where an option or a variable names the repository, the working folder decides nothing."""
    git(clone, "remote", "add", "origin", URL)
    monkeypatch.chdir(clone)
    told: list[str] = []
    assert with_clone(context, {"stack-repository": named}, told.append) == context
    assert told == []
