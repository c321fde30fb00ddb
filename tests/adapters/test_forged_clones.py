"""Clones whose files tell git something else than the objects of the repository say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from adapters import forgeries
from adapters.clones import Desk, unknown
from frag_release.domain.evidence import Placement
from world.git import Repo

DAMAGED = "does not match its id"


@dataclass(frozen=True)
class Forked:
    """A clone with a commit beside its branch `master`, and an annotated tag at it."""

    repo: Repo
    head: str
    beside: str


@pytest.fixture
def forked(desk: Desk) -> Forked:
    """The clone, unforged."""
    repo = desk.create()
    first = repo.commit({"d/f": "first"}, "first")
    beside = repo.commit({"d/f": "beside"}, "beside", branch="side", parents=[first])
    head = repo.commit({"d/f": "good"}, "head", parents=[first])
    repo.tag("1.2.3", beside, annotated=True)
    return Forked(repo, head, beside)


def believed(forked: Forked) -> bool:
    """Whether git itself takes the commit for a part of the branch."""
    return forked.beside in forked.repo.git("rev-list", "master")


@pytest.mark.parametrize(
    "forge",
    [forgeries.commit_graph, forgeries.commit_graph_chain, forgeries.grafts, forgeries.replace_ref],
)
def test_forged_caches_are_not_believed(desk: Desk, forked: Forked, forge: Callable[[Repo, str, str], None]) -> None:
    """What git keeps beside a commit about its parents places no other commit on the branch."""
    forge(forked.repo, forked.head, forked.beside)
    assert believed(forked), "the forgery itself must work"
    answer = desk.repository().placements([forked.beside], ["master"])[forked.beside]
    assert isinstance(answer, Placement)
    assert answer.branches == frozenset()


@pytest.mark.parametrize("forge", [forgeries.loose_object, forgeries.pack_index])
def test_commits_under_other_names_are_not_believed(
    desk: Desk, forked: Forked, forge: Callable[[Repo, str, str], None]
) -> None:
    """A commit that does not hash to its name is unknown, and the clone is to be made again."""
    forge(forked.repo, forked.head, forked.beside)
    assert believed(forked), "the forgery itself must work"
    why = unknown(desk.repository().placements([forked.beside], ["master"])[forked.beside])
    assert DAMAGED in why.reason
    assert "clone it again" in why.remedy


def test_a_forged_end_of_a_tag_is_not_believed(desk: Desk, forked: Forked) -> None:
    """What packed-refs says of an annotated tag's end does not count, but the tag's own object."""
    forgeries.peeled_ref(forked.repo, "1.2.3", forked.head)
    shown = forked.repo.git("show-ref", "--dereference", "1.2.3")
    assert f"{forked.head} refs/tags/1.2.3^{{}}" in shown, "the forgery itself must work"
    assert desk.repository().tags(["1.2.3"]) == {"1.2.3": forked.beside}


def test_a_forged_tag_object_is_not_believed(desk: Desk, forked: Forked) -> None:
    """An annotated tag whose object does not hash to its name stands for no commit."""
    name = forked.repo.git("rev-parse", "refs/tags/1.2.3")
    forgeries.swapped_object(forked.repo, name, forked.beside.encode(), forked.head.encode())
    unknown(desk.repository().tags(["1.2.3"])["1.2.3"])


@pytest.mark.parametrize("kind", ["blob", "folder", "tree", "commit"])
def test_forged_files_are_not_believed(desk: Desk, forked: Forked, kind: str) -> None:
    """A file is unknown whose content, folder or commit does not hash to its name."""
    repo, head = forked.repo, forked.head
    name, part = {
        "blob": (f"{head}:d/f", ""),
        "folder": (f"{head}:d", "{}:d/f"),
        "tree": (f"{head}^{{tree}}", "{}:d"),
        "commit": (head, "{}^{{tree}}"),
    }[kind]
    ids = [repo.git("rev-parse", part.format(commit)) if part else "" for commit in (head, forked.beside)]
    old, new = (one.encode() if kind == "commit" else bytes.fromhex(one) for one in ids)
    forgeries.swapped_object(repo, repo.git("rev-parse", name), old or b"good", new or b"evil")
    unknown(desk.repository().files("d/f", [head])[head])
