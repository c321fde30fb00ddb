"""Filter patterns of workflows, by the examples of GitHub's docs and by what these leave open."""

from __future__ import annotations

import time

import pytest

from frag_release.domain.workflow_jobs import means, read_pattern


@pytest.mark.parametrize(
    ("text", "meant", "others"),
    [
        ("*", ["2023.06.1", "x", ""], ["a/b"]),
        ("**", ["2023.06.1", "a/b/c"], []),
        ("feature/**", ["feature/a/b", "feature/"], ["feature", "x/feature/a"]),
        ("v2*", ["v2", "v2.0"], ["v1", "xv2"]),
        ("*.*.*", ["2023.06.1", "v1.2.3", "1.2.3-rc.1"], ["1.2", "1.2.a/b"]),
        ("[0-9]+.[0-9]+.[0-9]+", ["1.2.3", "01.2.3", "2024.11.12"], ["v1.2.3", "1.2.3-rc.1", "1x2x3", "1..3"]),
        ("v[12].[0-9]+", ["v1.0", "v2.99"], ["v3.0", "v1.", "v1x0"]),
        ("[CB]at", ["Cat", "Bat"], ["cat", "at", "CBat"]),
        ("[1-2]00", ["100", "200"], ["300"]),
        ("Octoc?t", ["Octoct", "Octot"], ["Octocat", "Octocct"]),
        ("ab+c", ["abc", "abbbc"], ["ac", "ababc"]),
        ("2023.06.1", ["2023.06.1"], ["2023x06x1", "2023.06.10"]),
        (r"a\+\*\!", ["a+*!"], ["aa", "a+"]),
        ("(a|b)$^", ["(a|b)$^"], ["a"]),
    ],
)
def test_what_a_pattern_means(text: str, meant: list[str], others: list[str]) -> None:
    """The whole name, with GitHub's special characters; every other one, and the dot, is itself."""
    pattern = read_pattern(text)
    assert pattern is not None
    assert [name for name in meant if not pattern.means(name)] == []
    assert [name for name in others if pattern.means(name)] == []


@pytest.mark.parametrize(
    "text",
    ["", "!", "?a", "+", "a++", "a?+", "*?", "*+", "***", "**/a", "[", "a]", "[]", "[^a]", "[!a]", "[*]", "a!", "\\"],
)
def test_what_the_docs_leave_open_is_not_read(text: str) -> None:
    """Nobody is told that tags start a build by a guess."""
    assert read_pattern(text) is None


def test_the_last_pattern_that_means_a_name_decides() -> None:
    """Positive and negative ones in their order; without a positive one nothing is taken."""
    every, no_candidates, one = (read_pattern(text) for text in ("*", "!*-rc*", "1-rc1"))
    assert every and no_candidates and one
    assert means([every, no_candidates], "1") and not means([every, no_candidates], "1-rc2")
    assert means([every, no_candidates, one], "1-rc1") and means([no_candidates, every], "1-rc2")
    assert not means([no_candidates], "1") and not means([], "1")


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    """However a file is written, doctor ends."""
    pattern = read_pattern("*a?" * 33)
    assert pattern is not None
    started = time.process_time()
    assert not pattern.means("2024.11.12/" * 3)
    assert time.process_time() - started < 10
    assert read_pattern("a" * 101) is None
