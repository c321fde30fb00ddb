from __future__ import annotations

from pathlib import Path

import pytest

from adapters.clones import NAME, Desk, all_answers, unknown
from frag_release.domain.evidence import Blob
from world.git import Repo, run_git

# Finding the clone


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("place", ["stack", "stack.git", "org/stack", "org/stack.git"])
def test_clone_is_found_by_its_place(desk: Desk, place: str, bare: bool) -> None:
    """A clone is found as NAME, NAME.git, OWNER/NAME or OWNER/NAME.git, bare or not."""
    commit = desk.create(place, bare).commit({"a": "1"}, "one")
    assert desk.repository().branches(["master"]) == {"master": commit}
    assert desk.repository().name == "org/stack"


def test_place_with_the_owner_goes_first(desk: Desk) -> None:
    """Where a fork lies beside the repository asked for, the one under its owner's name is read."""
    desk.create("stack").commit({}, "of the fork")
    commit = desk.create("org/stack").commit({}, "of the owner")
    assert desk.repository().branches(["master"]) == {"master": commit}


def test_missing_clone_makes_every_answer_unknown(desk: Desk) -> None:
    """Without a clone every answer names the places looked in and how to make a clone."""
    for answer in all_answers(desk.repository()):
        why = unknown(answer)
        for place in ("org/stack,", "org/stack.git,", "stack", "stack.git"):
            assert place in why.reason
        assert "git clone" in why.remedy and str(desk.folder / "stack") in why.remedy


@pytest.mark.parametrize("name", ["../stack", "org/..", "./stack", "stack", "a/b/c", "org/stack\n", "", "org/"])
def test_only_repository_names_are_looked_for(desk: Desk, name: str) -> None:
    """A name that is no OWNER/NAME never leads to a folder, least of all to one outside."""
    Repo.create(desk.root / "stack").commit({}, "outside")
    desk.create("stack").commit({}, "inside")
    assert "OWNER/NAME" in unknown(desk.forge().repository(name).branches(["master"])["master"]).remedy


def test_repository_around_the_clones_is_not_read(desk: Desk) -> None:
    """A broken clone is an error; git must not go up and answer from the repository around it."""
    Repo.create(desk.root).commit({}, "around")
    (desk.folder / "stack" / ".git").mkdir(parents=True)
    assert "not a git repository" in unknown(desk.repository().branches(["master"])["master"]).reason


def test_clone_behind_a_symbolic_link_stays_confined(desk: Desk) -> None:
    """The folder that a link leads to counts, also for the repository around it."""
    Repo.create(desk.root / "elsewhere").commit({}, "around")
    broken = desk.root / "elsewhere" / "deep"
    (broken / ".git").mkdir(parents=True)
    (desk.folder / "stack").symlink_to(broken)
    unknown(desk.repository().branches(["master"])["master"])


# Branches


def test_branches_of_the_origin_are_preferred(desk: Desk) -> None:
    """Where the clone knows its origin's branches, local ones neither win nor count."""
    origin = desk.origin()
    first = origin.commit({"a": "1"}, "one")
    clone = desk.clone(origin)
    clone.commit({"a": "2"}, "not pushed")
    clone.branch("mine", first)
    assert desk.repository().branches(["master", "mine"]) == {"master": first, "mine": None}


def test_local_branches_count_without_an_origin(desk: Desk) -> None:
    """A repository that has no origin is its own authority."""
    repository = desk.create()
    commit = repository.commit({}, "one")
    repository.branch("production", commit)
    answers = desk.repository().branches(["production", "prod", "production/x"])
    assert answers == {"production": commit, "prod": None, "production/x": None}


def test_head_of_the_origin_is_no_branch(desk: Desk) -> None:
    """The remote's HEAD lies among its branches but is none."""
    origin = desk.origin()
    origin.commit({}, "one")
    desk.clone(origin)
    assert desk.repository().branches(["HEAD"]) == {"HEAD": None}


def test_default_branch_of_a_clone_is_its_origins(desk: Desk) -> None:
    """What happens to be checked out in a clone is not the default branch."""
    origin = desk.origin()
    origin.commit({}, "one")
    clone = desk.clone(origin)
    clone.branch("feature/x", clone.head())
    clone.checkout("feature/x")
    assert desk.repository().default_branch() == "master"


def test_default_branch_without_the_origins_head_is_unknown(desk: Desk) -> None:
    """A clone with an origin that does not tell the origin's default branch guesses nothing."""
    origin = desk.origin()
    origin.commit({}, "one")
    desk.clone(origin).git("remote", "set-head", "origin", "--delete")
    assert "remote set-head origin --auto" in unknown(desk.repository().default_branch()).remedy


def test_an_origins_head_that_leads_nowhere_is_named(desk: Desk) -> None:
    """After the default branch was renamed at the origin, a clone that was pruned says where its mark leads."""
    origin = desk.origin()
    origin.commit({}, "one")
    desk.clone(origin).git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/gone")
    why = unknown(desk.repository().default_branch())
    assert "origin/HEAD points at origin/gone, which no longer exists" in why.reason
    assert "remote set-head origin --auto" in why.remedy


@pytest.mark.parametrize("bare", [False, True])
def test_default_branch_without_an_origin_is_head(desk: Desk, bare: bool) -> None:
    """A repository of its own says by HEAD which branch is the default."""
    repository = desk.create(bare=bare)
    repository.branch("trunk/é", repository.commit({}, "one"))
    repository.git("symbolic-ref", "HEAD", "refs/heads/trunk/é")
    assert desk.repository().default_branch() == "trunk/é"


def test_detached_head_tells_no_default_branch(desk: Desk) -> None:
    """A detached HEAD names no branch."""
    repository = desk.create()
    commit = repository.commit({}, "one")
    repository.checkout(commit)
    unknown(desk.repository().default_branch())


@pytest.mark.parametrize("bare", [False, True])
def test_empty_repository(desk: Desk, bare: bool) -> None:
    """An empty repository has no tags and no branches, and can vouch for nothing."""
    desk.create(bare=bare)
    repository = desk.repository()
    assert repository.tags(["1.2.3"]) == {"1.2.3": None}
    assert repository.tags_starting([""]) == []
    assert repository.branches(["master"]) == {"master": None}
    unknown(repository.default_branch())
    unknown(repository.placements(["1" * 40], ["master"])["1" * 40])
    unknown(repository.files("a", ["1" * 40])["1" * 40])
    unknown(repository.log("master", 5))


# The number of processes


@pytest.mark.parametrize(("question", "limit"), [("tags", 2), ("branches", 1), ("placements", 3), ("files", 5)])
def test_processes_do_not_grow_with_the_batch(desk: Desk, question: str, limit: int) -> None:
    """A batch of 300 takes as many git processes as a batch of one."""
    repository = desk.create()
    commits = repository.fast_history(300)
    lines = "".join(f"create refs/tags/{n} {commit}\n" for n, commit in enumerate(commits))
    repository.git("update-ref", "--stdin", stdin=lines.encode())
    head = repository.commit({".github/workflows/f": "1"}, "file")
    asked = desk.repository(PATH=desk.watched_path())

    def ask(size: int) -> int:
        names = [str(n) for n in range(size)]
        if question == "tags":
            asked.tags(names)
        elif question == "branches":
            asked.branches(names)
        elif question == "placements":
            asked.placements(commits[:size], ["master", "absent"])
        else:
            asked.files(".github/workflows/f", [head, *commits[:size]])
        return desk.processes()

    assert 1 <= ask(1) == ask(300) <= limit


# CI


def test_clones_hold_no_evidence_of_ci(desk: Desk) -> None:
    """Every tag's runs are unknown, and the remedy names both ways out."""
    answers = desk.forge().runs.tag_runs(NAME, ["1.2.3", "1.2.4"])
    assert set(answers) == {"1.2.3", "1.2.4"}
    for answer in answers.values():
        assert "check-ci: false" in unknown(answer).remedy and "GitHub" in unknown(answer).remedy


def test_sha256_repositories_work(desk: Desk) -> None:
    """Object ids of 64 digits are read as well."""
    run_git(["init", "--quiet", "--object-format=sha256", "-b", "master", str(desk.folder / "stack")])
    repository = Repo(desk.folder / "stack")
    commit = repository.commit({"d/f": "1"}, "one")
    repository.tag("1.2.3", commit, annotated=True)
    asked = desk.repository()
    assert len(commit) == 64
    assert asked.tags(["1.2.3"]) == {"1.2.3": commit}
    assert asked.files("d/f", [commit]) == {commit: Blob(1, b"1")}


def test_worktree_counts_as_its_repository(desk: Desk) -> None:
    """A linked worktree among the clones is read like the repository that it belongs to."""
    origin = desk.origin()
    commit = origin.commit({"a": "1"}, "one")
    origin.git("worktree", "add", "--quiet", "--detach", str(desk.folder / "stack"))
    assert desk.repository().branches(["master"]) == {"master": commit}
    assert not Path(desk.folder / "stack" / ".git").is_dir()
