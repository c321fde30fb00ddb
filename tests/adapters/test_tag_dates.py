from __future__ import annotations

from datetime import datetime, timezone

from adapters.clones import Desk, unknown
from adapters.github_desk import BACKEND, forge
from world.example import Example
from world.github_server import GitHubServer

THEN = datetime(2020, 6, 9, 12, tzinfo=timezone.utc)
LATER = datetime(2023, 8, 1, 9, 30, tzinfo=timezone.utc)


def test_a_clone_tells_when_tags_were_made(desk: Desk) -> None:
    """An annotated tag has its own date, a nested one the outermost's, a lightweight one its commit's."""
    repo = desk.create()
    commit = repo.commit({"a": "1"}, "message\n\ntagger x <x> 1 +0000", date=THEN)
    repo.tag("light", commit)
    repo.tag("annotated", commit, annotated=True, date=LATER)
    repo.nested_tag("nested", commit)
    repo.tag("blob", repo.resolve(f"{commit}:a"))
    text = f"object {commit}\ntype commit\ntag old\n\nno tagger\ntagger x <x> 5 +0000\n"
    repo.git("update-ref", "refs/tags/old", repo.git("hash-object", "-t", "tag", "-w", "--stdin", stdin=text.encode()))
    dates = desk.repository().tag_dates(["light", "annotated", "nested", "blob", "old", "absent"])
    assert dates == {
        "light": THEN,
        "annotated": LATER,
        "nested": repo.now,
        "blob": None,
        "old": None,
        "absent": None,
    }


def test_dates_take_the_same_processes_for_any_number(desk: Desk) -> None:
    """The dates of fifty tags cost as many git processes as that of one."""
    repo = desk.create()
    for number in range(50):
        repo.tag(f"1.0.{number}", repo.commit({}, "x"))
    repository = desk.repository(PATH=desk.watched_path())
    repository.tag_dates(["1.0.0"])
    one = desk.processes()
    assert len(repository.tag_dates([f"1.0.{number}" for number in range(50)])) == 50
    assert desk.processes() == one


def test_a_clone_that_cannot_be_read_tells_no_date(desk: Desk) -> None:
    """Without a clone, or without its object, a date is unknown rather than none."""
    unknown(desk.repository().tag_dates(["1.0.0"])["1.0.0"])
    repo = desk.create()
    commit = repo.commit({}, "x")
    repo.tag("1.0.0", commit)
    (repo.path / ".git/objects" / commit[:2]).rename(repo.path / "lost")
    unknown(desk.repository().tag_dates(["1.0.0"])["1.0.0"])


def test_github_tells_when_tags_were_made(github: GitHubServer, example: Example) -> None:
    """On GitHub the same, of the tag object or of the commit; a tag that is not there has no date."""
    commit = example.backend.commit({"b": "2"}, "x", date=THEN)
    example.backend.tag("light", commit)
    example.backend.tag("annotated", commit, annotated=True, date=LATER)
    github.seed_from_git(example.backend, BACKEND)
    dates = forge(github.url).repository(BACKEND).tag_dates(["light", "annotated", "absent"])
    assert dates == {"light": THEN, "annotated": LATER, "absent": None}
    github.fail("GET", "/git/(tags|commits)/", status=500)
    for answer in forge(github.url).repository(BACKEND).tag_dates(["light", "annotated"]).values():
        assert "500" in getattr(answer, "reason", "")
