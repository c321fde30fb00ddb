"""What a ref names, by its full name."""

from __future__ import annotations

import pytest

from frag_release.domain.refs import Ref


@pytest.mark.parametrize(
    ("text", "tag", "branch", "is_pull", "name"),
    [
        ("refs/tags/2023.06.2", "2023.06.2", "", False, "2023.06.2"),
        ("refs/tags/a/refs/heads/b", "a/refs/heads/b", "", False, "a/refs/heads/b"),
        ("refs/heads/2023.06.2", "", "2023.06.2", False, "2023.06.2"),
        ("refs/heads/fix/one", "", "fix/one", False, "fix/one"),
        ("refs/pull/7/merge", "", "", True, "refs/pull/7/merge"),
        ("refs/tags/", "", "", False, "refs/tags/"),
        ("refs/notes/x", "", "", False, "refs/notes/x"),
    ],
)
def test_a_full_name_says_what_it_names(text: str, tag: str, branch: str, is_pull: bool, name: str) -> None:
    """One of tag and branch is named, or neither: a branch that is called like a release is not a tag."""
    ref = Ref(text)
    assert (ref.tag, ref.branch, ref.is_pull, ref.name, ref.is_full) == (tag, branch, is_pull, name, True)


@pytest.mark.parametrize("text", ["2023.06.2", "master", "tags/2023.06.2", "heads/master", ""])
def test_a_short_name_names_nothing_yet(text: str) -> None:
    """Nobody guesses whether a short name is that of a tag or of a branch."""
    ref = Ref(text)
    assert (ref.tag, ref.branch, ref.is_pull, ref.name, ref.is_full) == ("", "", False, text, False)


def test_a_ref_is_made_of_what_it_names() -> None:
    """Only the full name goes to GitHub."""
    assert (str(Ref.of_tag("2023.06.2")), str(Ref.of_branch("master"))) == ("refs/tags/2023.06.2", "refs/heads/master")
