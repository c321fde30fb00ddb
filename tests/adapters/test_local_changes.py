from __future__ import annotations

import pytest

from adapters.clones import Desk, unknown
from frag_release.domain.changes import Commit, History


def test_branches_are_found_by_their_beginning(desk: Desk) -> None:
    """All branches with the prefix are told, sorted, and no other; tags do not count."""
    repo = desk.create("stack.git", bare=True)
    head = repo.commit({}, "one")
    for name in ("release/2023.06.2", "release/2023.06.10", "releases", "Release/1"):
        repo.branch(name, head)
    repo.tag("release/9", head)
    repository = desk.repository()
    assert repository.branches_starting("release/") == ["release/2023.06.10", "release/2023.06.2"]
    assert repository.branches_starting("x") == []
    assert repository.branches_starting("") == [
        "Release/1", "master", "release/2023.06.10", "release/2023.06.2", "releases",
    ]  # fmt: skip


def test_branches_of_a_missing_clone_are_unknown(desk: Desk) -> None:
    """No clone is not the same as no branches."""
    unknown(desk.repository().branches_starting("release/"))


def test_what_a_newer_commit_brings(desk: Desk) -> None:
    """The commits of the newer that the older lacks, newest first, with whole messages."""
    repo = desk.create()
    old = repo.commit({}, "old")
    side = repo.commit({"s": "1"}, "side (#447)\n\nFixes #1322\n\n\n* a list", branch="side", parents=[old])
    mid = repo.commit({"a": "1"}, "mid \u2603")
    new = repo.commit({}, "Merge pull request #448", parents=[mid, side])

    assert desk.repository().history(old, new) == History(
        [
            Commit(new, "Merge pull request #448"),
            Commit(mid, "mid \u2603"),
            Commit(side, "side (#447)\n\nFixes #1322\n\n\n* a list"),
        ],
        [],
    )


def test_going_back_removes(desk: Desk) -> None:
    """From newer to older nothing comes and what lay between goes; of two that have parted, both."""
    repo = desk.create()
    old = repo.commit({}, "old")
    new = repo.commit({}, "new")
    other = repo.commit({}, "other", branch="other", parents=[old])
    repository = desk.repository()
    assert repository.history(new, old) == History([], [Commit(new, "new")])
    assert repository.history(other, new) == History([Commit(new, "new")], [Commit(other, "other")])
    assert repository.history(new, new) == History()


def test_a_long_history_is_whole_and_takes_few_processes(desk: Desk) -> None:
    """Six hundred commits come as one answer; the number of git processes does not grow with them."""
    commits = desk.create().fast_history(601)
    repository = desk.repository(PATH=desk.watched_path())
    found = repository.history(commits[0], commits[600])
    assert isinstance(found, History)
    assert [commit.sha for commit in found.added] == commits[:0:-1]
    assert desk.processes() == 2


def test_no_shared_history_is_unknown(desk: Desk) -> None:
    """Two commits that nothing connects have nothing between them that could be told."""
    repo = desk.create()
    one = repo.commit({}, "one")
    other = repo.commit({}, "other", branch="other", parents=[])
    assert "share no history" in unknown(desk.repository().history(one, other)).reason


@pytest.mark.parametrize("commit", ["1" * 40, "master", "--all", "1" * 40 + "\n--all", ""])
def test_what_is_no_commit_of_the_clone_is_unknown(desk: Desk, commit: str) -> None:
    """Neither a name nor an option nor a missing commit gives a history."""
    there = desk.create().commit({}, "one")
    unknown(desk.repository().history(commit, there))
    unknown(desk.repository().history(there, commit))


def test_a_shallow_clone_is_unknown(desk: Desk) -> None:
    """Where commits may be cut off, fewer are not said to be all."""
    origin = desk.origin()
    commits = origin.fast_history(5)
    desk.clone(origin, "--depth=3")
    assert "shallow" in unknown(desk.repository().history(commits[3], commits[4])).reason


def test_hostile_messages_stay_text(desk: Desk) -> None:
    """A message that looks like git's own output is a message; a program for signatures is not started."""
    repo = desk.create()
    old = repo.commit({}, "old")
    text = "commit " + "1" * 40 + "\n>" + "2" * 40 + "\n\x01- %x00 ##[error]"
    new = repo.commit({}, text)
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "i18n.logOutputEncoding", "UTF-16")
    assert desk.repository().history(old, new) == History([Commit(new, text)], [])


def test_issues_are_not_in_a_clone(desk: Desk) -> None:
    """A ticket cannot be read from a clone, and the remedy says what to give in place of it."""
    why = unknown(desk.forge().issue("org/stack", 7))
    assert "Give the versions as inputs" in why.remedy
