from __future__ import annotations

import pytest

from adapters.clones import Desk, unknown
from frag_release.domain.evidence import Blob
from frag_release.domain.workflow_file import MAX_BYTES
from world.git import Repo


def written(repository: Repo, path: str, mode: str, object_id: str) -> str:
    """A commit whose only entry is `path`, made without a checkout."""
    tree = object_id
    for number, part in enumerate(reversed(path.split("/"))):
        kind, bits = ("tree", "040000") if number else ({"160000": "commit"}.get(mode, "blob"), mode)
        tree = repository.git("mktree", "--missing", stdin=f"{bits} {kind} {tree}\t{part}\n".encode())
    return repository.git("commit-tree", "-m", "written", tree)


def test_files_are_read_byte_by_byte(desk: Desk) -> None:
    """A file comes as it is in the commit, and a commit without it says None."""
    repository = desk.create()
    content = b"env:\r\n  A: 1\n\0\xff no newline at the end"
    path = ".github/workflows/build main.yaml"
    without = repository.commit({"a": "1", ".github/other": "x"}, "one")
    empty = repository.commit({path: b""}, "two")
    full = repository.commit({path: content}, "three")
    assert desk.repository().files(path, [without, empty, full]) == {
        without: None,
        empty: Blob(0, b""),
        full: Blob(len(content), content),
    }


@pytest.mark.parametrize("path", ["a/b", "b", "A", "", "/a", "../a", "./a", "a/", "a\nb", "*", ":(top)a", "\ud800"])
def test_only_the_exact_path_counts(desk: Desk, path: str) -> None:
    """Paths are compared literally: below a file, outside the commit or by pattern there is nothing."""
    commit = desk.create().commit({"a": "1", "c": "2"}, "one")
    assert desk.repository().files(path, [commit]) == {commit: None}


def test_large_file_tells_its_size_only(desk: Desk) -> None:
    """Of a file over the limit, not the content is read but the size; at the limit it is read."""
    repository = desk.create()
    over = repository.commit({"f": b"x" * (MAX_BYTES + 1)}, "over")
    at = repository.commit({"f": b"y" * MAX_BYTES}, "at")
    answers = desk.repository().files("f", [over, at])
    assert answers[over] == Blob(MAX_BYTES + 1, b"")
    assert answers[at] == Blob(MAX_BYTES, b"y" * MAX_BYTES)


@pytest.mark.parametrize(("mode", "kind"), [("120000", "a symbolic link"), ("160000", "a submodule")])
def test_no_file_at_the_path_is_unknown(desk: Desk, mode: str, kind: str) -> None:
    """A symbolic link or a submodule in place of the file is refused, and not followed."""
    repository = desk.create()
    target = repository.commit({"target": "env: {}"}, "one")
    link = repository.git("hash-object", "-w", "--stdin", stdin=b"target")
    object_id = target if mode == "160000" else link
    commit = written(repository, "d/f", mode, object_id)
    assert f"d/f is {kind}" in unknown(desk.repository().files("d/f", [commit])[commit]).reason


def test_folder_at_the_path_is_unknown(desk: Desk) -> None:
    """A folder in place of the file is refused."""
    commit = desk.create().commit({"d/f": "1"}, "one")
    assert "d is a folder" in unknown(desk.repository().files("d", [commit])[commit]).reason


def test_linked_folder_is_not_followed(desk: Desk) -> None:
    """A symbolic link on the way to the file leads nowhere, as on GitHub."""
    repository = desk.create()
    repository.commit({"real/f": "1"}, "one")
    link = repository.git("hash-object", "-w", "--stdin", stdin=b"real")
    commit = written(repository, "d", "120000", link)
    assert desk.repository().files("d/f", [commit]) == {commit: None}


def test_file_of_a_missing_commit_is_unknown(desk: Desk) -> None:
    """What a commit holds that the clone lacks is not known, nor of what is no commit id; the rest is."""
    there = desk.create().commit({"f": "1"}, "one")
    others = ["1" * 40, "master", f"{there}\n{there}"]
    answers = desk.repository().files("f", [*others, there])
    for other in others:
        unknown(answers[other])
    assert answers[there] == Blob(1, b"1")


@pytest.mark.parametrize("filtering", ["blob:none", "tree:0"])
def test_partial_clone_lacks_and_does_not_fetch(desk: Desk, filtering: str) -> None:
    """A file that a partial clone has left out is unknown: nothing is fetched and it is not absent."""
    origin = desk.origin()
    commit = origin.commit({"d/f": "1"}, "one")
    origin.git("config", "uploadpack.allowFilter", "true")
    origin.git("config", "uploadpack.allowAnySHA1InWant", "true")
    clone = desk.clone(origin, f"--filter={filtering}", "--no-checkout")
    before = sorted(clone.path.rglob("*.pack"))
    why = unknown(desk.repository().files("d/f", [commit])[commit])
    assert "is a partial clone (made with --filter)" in why.reason and "--refetch --no-filter" in why.remedy
    assert sorted(clone.path.rglob("*.pack")) == before
