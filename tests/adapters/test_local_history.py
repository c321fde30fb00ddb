from __future__ import annotations

from datetime import datetime, timezone

import pytest

from adapters.clones import Desk, unknown
from frag_release.domain.evidence import Placement


def test_placements_tell_which_branches_contain_a_commit(desk: Desk) -> None:
    """A commit is on a branch when it is its head or an ancestor of it, also through a merge."""
    repository = desk.create()
    date = datetime(2023, 5, 1, 12, 30, tzinfo=timezone.utc)
    base = repository.commit({"a": "1"}, "base", date=date)
    merged = repository.commit({"b": "1"}, "side", branch="side", parents=[base], date=date)
    head = repository.commit({"a": "2"}, "join", branch="production", parents=[base, merged], date=date)
    off = repository.commit({"a": "3"}, "off", branch="other", parents=[base], date=date)
    answers = desk.repository().placements([base, merged, head, off], ["production", "side", "absent"])
    assert answers == {
        base: Placement(frozenset({"production", "side"}), date),
        merged: Placement(frozenset({"production", "side"}), date),
        head: Placement(frozenset({"production"}), date),
        off: Placement(frozenset(), date),
    }


def test_placement_without_any_of_the_branches_is_unknown(desk: Desk) -> None:
    """A branch that does not exist contains nothing and denies nothing."""
    commit = desk.create().commit({}, "one")
    why = unknown(desk.repository().placements([commit], ["production", "prod"])[commit])
    assert "'production' or 'prod'" in why.reason


@pytest.mark.parametrize("commit", ["1" * 40, "master", "-x", "abc1234", "A" * 40, "1" * 41, "1" * 40 + "\nHEAD"])
def test_placement_of_what_the_clone_lacks_is_unknown(desk: Desk, commit: str) -> None:
    """A commit that is not in the clone, or no full commit id, is not said to be off the branch."""
    there = desk.create().commit({}, "one")
    answers = desk.repository().placements([commit, there], ["master"])
    unknown(answers[commit])
    assert isinstance(answers[there], Placement)


def test_placement_in_a_damaged_clone_is_unknown(desk: Desk) -> None:
    """A history with a commit missing in the middle can deny nothing."""
    repository = desk.create()
    repository.git("config", "fastimport.unpackLimit", "100")
    first, lost, last = (repository.commit({}, text) for text in ("one", "two", "three"))
    (repository.path / ".git/objects" / lost[:2] / lost[2:]).unlink()
    for answer in desk.repository().placements([first, last], ["master"]).values():
        unknown(answer)


def test_shallow_clone_denies_nothing(desk: Desk) -> None:
    """In a shallow clone a commit that is found on the branch is on it; any other is unknown."""
    origin = desk.origin()
    old = origin.commit({}, "old")
    origin.tag("2023.06.1", old)
    head = origin.commit({}, "head")
    off = origin.commit({}, "off", branch="off", parents=[old])
    desk.clone(origin, "--depth=1", "--no-single-branch")
    repository = desk.repository()
    answers = repository.placements([head, off, old], ["master"])
    found = answers[head]
    assert isinstance(found, Placement) and found.branches == {"master"}
    for commit in (off, old):
        assert "shallow" in unknown(answers[commit]).reason
        assert "fetch --unshallow" in unknown(answers[commit]).remedy
    assert "fetch --unshallow" in unknown(repository.tags_starting(["2023."])).remedy


def test_replaced_and_grafted_commits_count_as_they_are(desk: Desk) -> None:
    """Refs and files that make git show another history cannot put a commit on a branch."""
    repository = desk.create()
    base = repository.commit({}, "base")
    off = repository.commit({}, "off", branch="off", parents=[base])
    head = repository.commit({}, "head")
    forged = repository.git("commit-tree", "-p", off, "-m", "forged", f"{head}^{{tree}}")
    repository.git("update-ref", f"refs/replace/{head}", forged)
    (repository.path / ".git/info").mkdir(exist_ok=True)
    (repository.path / ".git/info/grafts").write_text(f"{head} {off}\n")
    placement = desk.repository().placements([off], ["master"])[off]
    assert isinstance(placement, Placement) and placement.branches == frozenset()


def test_date_beyond_the_calendar_is_no_error(desk: Desk) -> None:
    """A commit may bear a date that no calendar has: its placement is told without one."""
    repository = desk.create()
    tree = repository.git("mktree", stdin=b"")
    text = f"tree {tree}\nauthor a <a@b> 0 +0000\ncommitter a <a@b> 9999999999999999 +0000\n\nx\n"
    commit = repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode())
    repository.branch("master", commit)
    assert desk.repository().placements([commit], ["master"]) == {commit: Placement(frozenset({"master"}), None)}


def test_log_is_newest_first_and_limited(desk: Desk) -> None:
    """The log gives the newest commits first, at most as many as asked for and never over 100."""
    commits = desk.create().fast_history(120)
    repository = desk.repository()
    assert repository.log("master", 3) == [commits[119], commits[118], commits[117]]
    assert repository.log("master", 500) == commits[:19:-1]
    unknown(repository.log("absent", 3))
