from __future__ import annotations

import pytest

from adapters.clones import Desk, unknown
from frag_release.domain.evidence import Placement

ODD_NAMES = [
    "-rc",
    "--upload-pack=touch",
    "it's",
    'say"so"',
    "$(touch${IFS}x)",
    "`touch`",
    "é-版本",
    "##error]x",
    "set-output=x",
    "a|b",
    "<b>bold<!b>",
    "@",
    "HEAD",
    "refs/tags/2023.06.1",
    "feature/x",
    "%(refname)",
    "1.2.3-1-gabcdef1",
]


def test_tags_are_peeled_to_their_commits(desk: Desk) -> None:
    """Lightweight, annotated and nested tags all stand for the commit at their end."""
    repository = desk.create()
    commit = repository.commit({}, "one")
    repository.tag("light", commit)
    assert repository.tag("annotated", commit, annotated=True) != commit
    repository.nested_tag("nested", commit, depth=3)
    names = ["light", "annotated", "nested"]
    assert desk.repository().tags(names) == dict.fromkeys(names, commit)


@pytest.mark.parametrize(("kind", "expression"), [("blob", "master:a"), ("tree", "master^{tree}")])
@pytest.mark.parametrize("annotated", [False, True])
def test_tag_of_no_commit_is_unknown(desk: Desk, kind: str, expression: str, annotated: bool) -> None:
    """A tag of a file or a folder says so, and spoils no other answer."""
    repository = desk.create()
    commit = repository.commit({"a": "1"}, "one")
    repository.tag("1.2.3", repository.resolve(expression), annotated=annotated)
    repository.tag("1.2.4", commit)
    answers = desk.repository().tags(["1.2.3", "1.2.4"])
    assert f"points at a {kind}, not at a commit" in unknown(answers["1.2.3"]).reason
    assert answers["1.2.4"] == commit


def test_only_the_exact_tag_counts(desk: Desk) -> None:
    """Neither a longer name, nor a folder of names, nor git's syntax for objects is a tag."""
    repository = desk.create()
    commit = repository.commit({}, "one")
    repository.tag("1.2.3", commit)
    repository.tag("a/b", commit)
    repository.tag("refs/tags/9.9.9", commit)
    names = ["1.2", "1.2.", "1.2.3/", "1.2.3\n", "1.2.3^0", "1.2.3^{}", "1.2.3~0", "1.2.3:", "", "a", "1.2.?"]
    names += [f"1.2.3-1-g{commit[:7]}", "9.9.9", "*", "master", commit, "\ud800", "1.2.3\0", " 1.2.3"]
    assert desk.repository().tags(names) == dict.fromkeys(names, None)


def test_tag_and_branch_of_one_name_are_told_apart(desk: Desk) -> None:
    """A branch never answers for a tag, nor a tag for a branch."""
    repository = desk.create()
    first = repository.commit({}, "one")
    second = repository.commit({}, "two")
    repository.tag("2026.09.1", first)
    repository.branch("2026.09.1", second)
    assert desk.repository().tags(["2026.09.1"]) == {"2026.09.1": first}
    assert desk.repository().branches(["2026.09.1"]) == {"2026.09.1": second}


def test_odd_names_are_only_names(desk: Desk) -> None:
    """Every name that git allows works for tags and branches, whatever a shell or git would make of it."""
    repository = desk.create()
    commit = repository.commit({}, "one")
    for name in ODD_NAMES:
        repository.git("update-ref", "--stdin", "-z", stdin=f"create refs/tags/{name}\0{commit}\0".encode())
        repository.git("update-ref", "--stdin", "-z", stdin=f"create refs/heads/{name}\0{commit}\0".encode())
    asked = desk.repository()
    assert asked.tags(ODD_NAMES) == dict.fromkeys(ODD_NAMES, commit)
    assert asked.branches(ODD_NAMES) == dict.fromkeys(ODD_NAMES, commit)
    placement = asked.placements([commit], ODD_NAMES)[commit]
    assert isinstance(placement, Placement) and placement.branches == frozenset(ODD_NAMES)
    assert asked.log("--upload-pack=touch", 5) == [commit]


def test_tags_starting_lists_by_prefix(desk: Desk) -> None:
    """All tags that start with one of the prefixes are listed once; an empty prefix takes all."""
    repository = desk.create()
    repository.commit({}, "one")
    for name in ("2023.06.1", "2023.6.1", "2023.10.1", "2024.01.1", "x/2023.06.1", "é"):
        repository.tag(name)
    asked = desk.repository()
    assert asked.tags_starting(["2023.06.", "2023."]) == ["2023.06.1", "2023.10.1", "2023.6.1"]
    assert set(_listed(asked.tags_starting([""]))) == {
        "2023.06.1",
        "2023.6.1",
        "2023.10.1",
        "2024.01.1",
        "x/2023.06.1",
        "é",
    }
    assert asked.tags_starting(["2025."]) == asked.tags_starting([]) == []


def _listed(answer: object) -> list[str]:
    assert isinstance(answer, list)
    return answer


def test_tag_of_a_missing_object_is_unknown(desk: Desk) -> None:
    """A tag whose object is lost cannot be peeled; the others can."""
    repository = desk.create()
    commit = repository.commit({}, "one")
    repository.tag("good", commit)
    (repository.path / ".git/refs/tags/lost").write_text("1" * 40 + "\n")
    answers = desk.repository().tags(["good", "lost"])
    assert answers["good"] == commit
    assert "lacks" in unknown(answers["lost"]).reason


def test_broken_ref_is_not_a_missing_tag(desk: Desk) -> None:
    """A ref that git cannot read and would pass over in silence makes the answer unknown."""
    repository = desk.create()
    repository.tag("1.2.3", repository.commit({}, "one"))
    (repository.path / ".git/refs/tags/2023.06.2").write_text("")
    assert "broken ref" in unknown(desk.repository().tags(["2023.06.2"])["2023.06.2"]).reason
    unknown(desk.repository().tags_starting([""]))
