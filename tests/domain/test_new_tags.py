"""Which commit and which name a new tag has, and what stands in its way."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest

from domain.worked_example import BACKEND
from frag_release.domain.changes import Commit, History, NewFiles
from frag_release.domain.components import Pin
from frag_release.domain.evidence import Answer, Placement, Run, Unknown, WrongKind
from frag_release.domain.facts import ComponentFacts, ReleaseFacts
from frag_release.domain.findings import Status
from frag_release.domain.new_tags import (
    NewTag,
    in_order,
    is_forgotten,
    is_new,
    lacking,
    next_tag,
    planned_facts,
    quiet,
    require_plausible,
    tag_at,
    wanted_commit,
)
from frag_release.domain.plan import ChoiceError
from frag_release.domain.refs import DEFAULT_FORMAT, TagFormat
from frag_release.domain.rules import Occasion, judge
from frag_release.domain.rules.proof import branch_ci

TODAY = datetime.date(2026, 11, 28)
HEAD, OTHER = "a" * 40, "b" * 40


@pytest.mark.parametrize(("text", "asks", "commit"), [
    ("new", True, ""),
    ("New", True, ""),
    ("new@4be1c0a", True, "4be1c0a"),
    ("new@" + "F" * 40, True, "f" * 40),
    ("new@4be1c0", True, None),
    ("new@" + "f" * 41, True, None),
    ("new@production", True, None),
    ("new@", True, None),
    ("newest", False, None),
    ("2026.11.1", False, None),
    ("", False, None),
])  # fmt: skip
def test_what_asks_for_a_new_tag(text: str, asks: bool, commit: str | None) -> None:
    """`new` and `new@` with 7 to 40 hexadecimal digits; another text behind the sign is a mistake, and no tag."""
    assert (is_new(text), wanted_commit(text)) == (asks, commit)


@pytest.mark.parametrize(("today", "names", "burned", "tag"), [
    (TODAY, [], (), "2026.11.1"),
    (TODAY, ["2026.11.1", "2026.11.3", "2026.10.9"], (), "2026.11.4"),
    (TODAY, ["2026.11.9", "2026.11.10"], (), "2026.11.11"),
    (TODAY, ["2026.11.2", "2026.11.3-rc.1", "v2026.11.7"], (), "2026.11.3"),
    (TODAY, ["2026.11.1"], ["2026.11.2", "2026.11.3"], "2026.11.4"),
    (datetime.date(2027, 1, 1), ["2026.12.14"], (), "2027.01.1"),
])  # fmt: skip
def test_the_next_name(today: datetime.date, names: list[str], burned: list[str], tag: str) -> None:
    """One above the highest of the month, gaps or not, of all tags wherever they are and of the burned names."""
    assert next_tag(today, names, DEFAULT_FORMAT, burned) == tag


@pytest.mark.parametrize(("names", "named"), [
    (["2026.11.1", "2099.12.9"], "2099.12.9"),
    (["2026.11.1", "2026.11.999999"], "2026.11.999999"),
    (["2026.12.1"], "2026.12.1"),
    (["2026.13.1"], "2026.13.1"),
    (["1.4.2"], "1.4.2"),
    (["2026.10.1", "v2027.1.1"], "v2027.1.1"),
])  # fmt: skip
def test_a_tag_that_cannot_be_right_stops_the_run(names: list[str], named: str) -> None:
    """A later month, a leap in this one, and another scheme are refused by name: they would choose the next number."""
    with pytest.raises(ChoiceError, match=named.replace(".", r"\.")):
        require_plausible("x/backend", names, TODAY, DEFAULT_FORMAT, "tag-format")


@pytest.mark.parametrize("names", [[], ["2026.11.1"], ["2.7.1", "2025.12.3"], ["2025.03.99", "2026.11.2"]])
def test_tags_that_choose_nothing_stop_nothing(names: list[str]) -> None:
    """Odd tags of months that are over have no part in the next name."""
    require_plausible("x/backend", names, TODAY, DEFAULT_FORMAT, "tag-format")


def test_after_tags_by_month_a_number_is_chosen_by_people() -> None:
    """Tags by month stay above 1.4.3, so it is never the next: the message says why, and how to go on."""
    with pytest.raises(ChoiceError, match=r"The newest tag of x/backend, 2026\.10\.2, is numbered by month") as refused:
        require_plausible("x/backend", ["1.4.2", "2026.10.1", "2026.10.2"], TODAY, TagFormat("N.N.N"), "tag-format")
    assert "numbers as N.N.N from now on, tag by hand, and name that tag" in refused.value.remedy
    with pytest.raises(ChoiceError, match=r"9999\.0\.1 cannot be right"):
        require_plausible("x/backend", ["1.4.2", "9999.0.1"], TODAY, TagFormat("N.N.N"), "tag-format")


def test_a_v_tells_numbers_from_tags_by_month() -> None:
    """After 2026.10.2, v1.4.2 is the newest of vN.N.N; without any such tag, and after a bare 1.5.0, nothing is."""
    form = TagFormat("vN.N.N")
    require_plausible("x/backend", ["2026.10.2", "v1.4.2"], TODAY, form, "tag-format")
    for names in (["2026.10.2"], ["2026.10.2", "v1.4.2", "1.5.0"]):
        with pytest.raises(ChoiceError, match="would be of another scheme"):
            require_plausible("x/backend", names, TODAY, form, "tag-format")


def test_the_tag_at_a_commit_is_the_highest() -> None:
    """Of several the highest; a release candidate, a wrong tag and one elsewhere are none; unknown is never none."""
    commits: dict[str, Answer[str | None]] = {
        "2026.10.4": WrongKind("it is a tree"),
        "2026.09.1": HEAD, "2026.10.2": HEAD, "2026.11.1": OTHER, "2026.11.2-rc.1": HEAD, "2099.01.1": HEAD,
    }  # fmt: skip
    assert tag_at(HEAD, commits, DEFAULT_FORMAT, ["2099.01.1"]) == "2026.10.2"
    assert tag_at("c" * 40, commits, DEFAULT_FORMAT) == ""
    unseen = tag_at(HEAD, {**commits, "2026.10.3": Unknown("GitHub answered 503")}, DEFAULT_FORMAT, ["2099.01.1"])
    assert isinstance(unseen, Unknown) and "2026.10.3" in unseen.reason


def run(**facts: Any) -> Run:
    """A run of a push at the head that passed."""
    return replace(Run(".github/workflows/ci.yaml", HEAD, "completed", "success", "https://x.example/1"), **facts)


@pytest.mark.parametrize(("tag", "runs", "forgotten"), [
    ("2026.07.3", (), True),
    ("2026.09.1", (), False),
    ("2026.11.1", (), False),
    ("2026.07.3", (run(),), False),
    ("2026.07.3", (run(head_sha=OTHER), run(event="workflow_dispatch")), True),
    ("2026.07.3", Unknown("GitHub answered 503"), False),
    ("2026.07.3", None, False),
    ("2025.12.1", (), True),
])  # fmt: skip
def test_a_tag_without_evidence_of_its_ci_is_forgotten(
    tag: str, runs: Answer[tuple[Run, ...]] | None, forgotten: bool
) -> None:
    """No run left, and its month ended over 90 days ago; one that was just made is never taken for it."""
    assert is_forgotten(tag, HEAD, runs, TODAY, DEFAULT_FORMAT) is forgotten


@pytest.mark.parametrize(("runs", "status"), [
    ((), Status.PASS),
    ((run(),), Status.PASS),
    ((run(status="in_progress", conclusion=None),), Status.PASS),
    ((run(conclusion="failure"),), Status.FAIL),
    ((run(conclusion="timed_out"), run(id=2)), Status.FAIL),
    ((run(conclusion="something new"),), Status.FAIL),
    ((run(conclusion="cancelled"),), Status.PASS),
    ((run(conclusion="failure", event="workflow_dispatch"),), Status.PASS),
    (Unknown("GitHub answered 503"), Status.UNKNOWN),
    (None, Status.SKIPPED),
])  # fmt: skip
def test_the_ci_of_the_branch(runs: Answer[tuple[Run, ...]] | None, status: Status) -> None:
    """A finished run of a push that failed refuses; running or none passes, for the tag's own run decides."""
    facts = ComponentFacts(pin_of(), HEAD, branch_runs=runs)
    outcome = branch_ci.judge(facts)
    assert outcome.status is status
    if status is Status.PASS and (not runs or runs[0].status != "completed"):  # type: ignore[index]
        assert "The tag's own run decides" in outcome.message


def pin_of() -> Pin:
    """The backend's pin of a planned tag."""
    return Pin(BACKEND, "2026.11.1", "xchem")


def new_tag(**facts: Any) -> NewTag:
    """A tag of the backend's head that is to be made."""
    made = NewTag(BACKEND, "production", HEAD, HEAD, "2026.11.1", placement=Placement(frozenset({"production"})))
    return replace(made, **{"shadow": None, **facts})


def test_what_needs_the_tag_is_skipped_until_it_is_made() -> None:
    """Of a planned tag all is judged that can be: a branch of its name refuses it, CI and image come later."""
    found = ReleaseFacts(None, [planned_facts(pin_of(), new_tag())])
    statuses = {one.rule: one.status for one in judge(Occasion.PLAN, found) if one.subject == "backend"}
    assert {statuses[name] for name in ("pin-exists", "pin-shadowed", "pin-on-branch", "pin-grade")} == {Status.PASS}
    assert (statuses["pin-ci"], statuses["pin-image"]) == (Status.SKIPPED, Status.SKIPPED)
    assert "branch-ci" not in statuses
    shadowed = ReleaseFacts(None, [planned_facts(pin_of(), new_tag(shadow=OTHER))])
    assert [one.rule for one in judge(Occasion.PLAN, shadowed) if one.status.blocks] == ["pin-shadowed"]


def test_what_is_followed() -> None:
    """One that is to be made, one without a run yet, and one that runs; not one that is over, or settled."""
    there = new_tag(is_there=True, runs=(run(),))
    assert new_tag().waits_for_ci and replace(there, runs=()).waits_for_ci
    assert replace(there, runs=(run(), run(status="queued", conclusion=None))).waits_for_ci
    assert not there.waits_for_ci and not replace(there, runs=(), is_settled=True).waits_for_ci
    assert quiet([there, new_tag(is_there=True)], []) == ["backend", "backend"]
    assert quiet([there], ["backend"]) == []


def test_what_may_be_refused_is_made_first() -> None:
    """A repository whose default branch is another goes first: a right that is missing shows before any other write."""
    likely, other = new_tag(is_default=False, tag="2026.11.7"), new_tag()
    assert in_order([other, likely]) == [likely, other]


def test_commits_that_production_lacks_are_told() -> None:
    """How many there are and the newest subject, but no words of a secret one; nothing where there are none."""
    history = History([Commit(HEAD, "Add a page\n\nMore"), Commit(OTHER, "Start")])
    said = "staging of x/backend has 2 commits that production does not have."
    assert lacking("staging", "production", history, "x/backend", False) == f"{said} The newest is 'Add a page'."
    assert lacking("staging", "production", history, "x/backend", True) == said
    assert lacking("staging", "production", History(), "x/backend", False) == ""
    assert "does not have: down" in lacking("staging", "production", Unknown("down"), "x/backend", False)


@pytest.mark.parametrize(("paths", "patterns", "is_all", "words"), [
    (["viewer/migrations/1.py", "migrations/2.py", "a.py"], ["**/migrations/**"], True, "2 new files under migrations"),
    (["db/migrate/1.rb"], ["**/migrations/**", "db/migrate/**"], True, "1 new file under db/migrate"),
    (["viewer/migrations/1.py"], ["**/migrations/**"], False, "at least 1 new file under migrations"),
    (["viewer/migrations.py", "MIGRATIONS/1"], ["**/migrations/**"], True, ""),
    ([], ["**/migrations/**"], True, ""),
    (["viewer/migrations/1.py"], [], True, ""),
])  # fmt: skip
def test_new_files_are_counted(paths: list[str], patterns: list[str], is_all: bool, words: str) -> None:
    """Those below the patterns, with where they are; of a list that was cut they are the least."""
    assert NewFiles(paths, is_all).below(patterns) == words


@pytest.mark.parametrize(("name", "given_in"), [("backend", "backend-tag"), ("api", "component-tags")])
def test_who_must_choose_a_part_is_told_where(name: str, given_in: str) -> None:
    """A component of another name has no input of its own: `api-tag` would be dropped by GitHub."""
    with pytest.raises(ChoiceError) as caught:
        next_tag(datetime.date(2026, 11, 3), ["v1.4.2"], TagFormat("vN.N.N"), newest="v1.4.2", name=name)
    assert caught.value.remedy.startswith(f"In {given_in}, give patch (v1.4.3), ")
    assert "api-tag" not in f"{caught.value.message} {caught.value.remedy}"
