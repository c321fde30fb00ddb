"""The newest tag of whole histories, compared with what `git tag --merged` says of them; and what it costs."""

from __future__ import annotations

import datetime
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.clones import Desk
from adapters.github_desk import forge
from frag_release.adapters.ports import Repository
from frag_release.commands.evidence.histories import find_newest
from frag_release.domain.evidence import Answer, TooLong, Unknown
from frag_release.domain.newest import Newest
from frag_release.domain.refs import DEFAULT_FORMAT
from world.clones_on_github import ClonesOnGithub
from world.git import Repo
from world.histories import START, Import

TODAY = datetime.date(2026, 11, 28)
NAME = "org/stack"

calendar = st.builds(
    "{}.{}.{}".format,
    st.integers(2009, 2026),
    st.sampled_from(["01", "3", "05", "08", "11"]),
    st.integers(0, 12),
)
semantic = st.builds("{}.{}.{}".format, st.integers(0, 12), st.integers(0, 30), st.integers(0, 40))
other = st.sampled_from(["v1.4.2", "v2027.01.1", "latest", "2026.11", "2026.11.1-rc.1", "2.6.6.1"])
places = st.tuples(st.sampled_from(["on", "on", "off"]), st.integers(0, 6), st.booleans())


def write(repo: Repo, tags: Sequence[tuple[str, tuple[str, int, bool]]]) -> None:
    """Make seven commits on production and seven beside it, with tags by their place; annotated ones are nested now."""
    added, marks = Import(repo), {}
    for branch in ("on", "off"):
        tip = ""
        for number in range(7):
            parents = [tip] if tip else []
            name = "production" if branch == "on" else "staging"
            tip = marks[branch, number] = added.commit(name, {"n": f"{branch} {number}"}, parents, START)
    for name, (branch, number, annotated) in tags:
        added.tag(name, marks[branch, number], START if annotated else None)
    added.run()


def numbers(tag: str) -> tuple[int, ...]:
    """A tag of three numbers by its numbers."""
    return tuple(map(int, tag.split(".")))


def merged(repo: Repo, branch: str = "production") -> tuple[int, ...]:
    """The numbers of the highest production tag that git says is on the branch; none of them without one."""
    names = repo.git("tag", "--merged", branch).split()
    found = [numbers(name) for name in names if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", name)]
    return max(found, default=())


def newest(repository: Repository) -> Answer[str]:
    """The newest tag on production."""
    found = find_newest(repository, ["production"], TODAY, DEFAULT_FORMAT)
    return found.tag() if isinstance(found, Newest) else found


@settings(max_examples=settings().max_examples * 2 // 5)
@given(st.dictionaries(st.one_of(calendar, calendar, semantic, other), places, max_size=40))
def test_the_newest_is_what_git_says(tags: dict[str, tuple[str, int, bool]]) -> None:
    """Years with gaps, two schemes, other tags between, and any of them off the branch: the highest that is merged."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        repo = desk.create(bare=True)
        write(repo, list(tags.items()))
        found = newest(desk.repository())
        assert isinstance(found, str), found
        assert (numbers(found) if found else ()) == merged(repo)


@pytest.mark.parametrize(
    ("on", "off", "right"),
    [
        (["2023.05.1", "2023.11.1", "2024.03.1"], [], "2024.03.1"),
        (["1.9.3", "1.10.0", "2.0.0"], [], "2.0.0"),
        (["1.9.3"], ["1.10.0", "2.0.0"], "1.9.3"),
        (["1.0.0"], [f"2.{minor}.0" for minor in range(200)], "1.0.0"),
        (["2024.12.3", "2026.08.1"], ["2026.11.1"], "2026.08.1"),
        (["2026.11.2", "2026.12.1", "2026.11.400", "2099.01.1"], [], "2026.11.2"),
        (["v1.4.2"], [], ""),
    ],
)
def test_the_newest_is_right_on_both_forges(tmp_path: Path, on: list[str], off: list[str], right: str) -> None:
    """Tags of years ago, of other numbers, off the branch, and that cannot be right, on a clone and on a GitHub."""
    desk = Desk(tmp_path)
    repo = desk.create(bare=True)
    write(repo, [*((name, ("on", 6, False)) for name in on), *((name, ("off", 6, False)) for name in off)])
    server = ClonesOnGithub({NAME: repo}, checked=True)
    try:
        assert newest(forge(server.url).repository(NAME)) == newest(desk.repository()) == right
    finally:
        server.stop()
    assert server.errors == [] and server.faults_of_replies == []


def long(desk: Desk, count: int, off: int) -> Repo:
    """A production branch with so many tags, each at a commit of its own; so many of the highest are off it."""
    repo = desk.create(bare=True)
    added, tip = Import(repo), ""
    for number in range(count):
        branch = "production" if number < count - off else "staging"
        tip = added.commit(branch, {}, [tip] if tip else [], START)
        added.tag(f"{1 + number // 400}.{number // 20 % 20}.{number % 20}", tip)
    added.run()
    return repo


@pytest.mark.parametrize(
    ("count", "off", "requests"),
    [(10, 0, 12), (1_000, 0, 12), (10_000, 0, 12), (1_000, 12, 22)],
)
def test_what_it_costs_does_not_grow_with_the_tags(tmp_path: Path, count: int, off: int, requests: int) -> None:
    """A list, the branch's head and ten comparisons; if none of the ten is on it, the ten pages of the branch."""
    desk = Desk(tmp_path)
    repo = long(desk, count, off)
    server = ClonesOnGithub({NAME: repo})
    try:
        found = newest(forge(server.url).repository(NAME))
        asked = len(server.requests)
    finally:
        server.stop()
    assert isinstance(found, str) and numbers(found) == merged(repo)
    assert found == newest(desk.repository())
    assert asked == requests


def test_at_its_bound_it_claims_nothing(tmp_path: Path) -> None:
    """With 301 tags off the branch above the only one that is on it, there is no newest, and it is said why."""
    desk = Desk(tmp_path)
    long(desk, 302, 301)
    found = find_newest(desk.repository(), ["production"], TODAY, DEFAULT_FORMAT)
    assert isinstance(found, Newest)
    assert isinstance(found.tag(), TooLong)
    assert "none of the 300 highest production tags is on the branch, and the 2 below them" in found.remark


def test_a_tag_of_something_else_is_passed_over(tmp_path: Path) -> None:
    """A production tag that points at a file is on no branch, and keeps no other from being the newest."""
    desk = Desk(tmp_path)
    repo = desk.create(bare=True)
    write(repo, [("1.0.0", ("on", 0, True))])
    repo.tag("2.0.0", repo.git("rev-parse", "production:n"))
    assert newest(desk.repository()) == "1.0.0"


def test_without_the_branch_nothing_is_claimed(tmp_path: Path) -> None:
    """Where there is no production branch, the newest is not known."""
    desk = Desk(tmp_path)
    repo = desk.create(bare=True)
    write(repo, [("1.0.0", ("on", 0, False))])
    repo.delete("refs/heads/production")
    assert isinstance(newest(desk.repository()), Unknown)
