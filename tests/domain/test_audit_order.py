from __future__ import annotations

import datetime

from frag_release.domain.audit import Timeline, by_month, previous_releases, production
from frag_release.domain.audit.rules import StackTag
from frag_release.domain.evidence import Answer, Placement, Unknown, WrongKind
from frag_release.domain.facts import PreviousRelease
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.versions import parse_production_tag

ON, OFF = Placement(frozenset({"master"})), Placement(frozenset())
LOST = Unknown("the server was away")


def day(number: int) -> datetime.datetime:
    """A day of January 2023."""
    return datetime.datetime(2023, 1, number, tzinfo=datetime.timezone.utc)


def tag(name: str, on: int = 1, placement: Answer[Placement] = ON) -> StackTag:
    """A tag of the stack, made on a day of January."""
    return StackTag(name, "1" * 40, day(on), placement)


def previous(*tags: StackTag, below: Answer[PreviousRelease | None] = None) -> dict[str, str]:
    """Tag to the release before it: its name, `?` where it is not known, empty where there is none."""
    found = previous_releases(production(tags), below)
    return {name: "?" if isinstance(one, Unknown) else one.tag.text if one else "" for name, one in found.items()}


def higher(tags: list[StackTag], name: str, on: int) -> str:
    """The higher release that was there before a day; `?` where that is not known."""
    parsed = parse_production_tag(name, DEFAULT_FORMAT)
    assert parsed
    found = Timeline(production(tags)).higher_before(parsed, day(on))
    return "?" if isinstance(found, Unknown) else "".join(found)


def test_the_release_before_is_the_next_lower_on_the_branch() -> None:
    """By numbers, not by letters or dates; tags off the branch are passed over."""
    tags = (tag("2023.01.10", 1), tag("2023.01.9", 3), tag("2023.01.8", 2, OFF), tag("2022.12.1", 9))
    assert previous(*tags) == {
        "2022.12.1": "",
        "2023.01.8": "2022.12.1",
        "2023.01.9": "2022.12.1",
        "2023.01.10": "2023.01.9",
    }


def test_two_tags_of_one_version_have_the_same_release_before() -> None:
    """Neither of two equal versions is the release before the other."""
    tags = (tag("2023.1.1"), tag("2023.01.1"), tag("2022.12.1"), tag("2023.01.2"))
    found = previous(*tags)
    assert (found["2023.1.1"], found["2023.01.1"]) == ("2022.12.1", "2022.12.1")
    assert found["2023.01.2"] in ("2023.1.1", "2023.01.1")


def test_a_tag_that_could_not_be_placed_may_be_the_release_before() -> None:
    """What is above it does not know its release before, until a placed one comes between."""
    tags = (tag("2023.01.1"), tag("2023.01.2", placement=LOST), tag("2023.01.3", placement=OFF), tag("2023.01.4"))
    assert previous(*tags, tag("2023.01.5")) == {
        "2023.01.1": "",
        "2023.01.2": "2023.01.1",
        "2023.01.3": "?",
        "2023.01.4": "?",
        "2023.01.5": "2023.01.4",
    }


def test_what_lies_below_the_window_counts_until_a_release_is_found() -> None:
    """The release before the first is what is known from further down."""
    assert previous(tag("2023.01.1"), tag("2023.01.2"), below=LOST) == {"2023.01.1": "?", "2023.01.2": "2023.01.1"}


def test_a_tag_of_no_commit_is_no_release() -> None:
    """A tag of a tree, or one that is gone, is on no branch, and that is known."""
    tree = StackTag("2023.01.2", WrongKind("a tree"), None)
    gone = StackTag("2023.01.3", None, None)
    assert previous(tag("2023.01.1"), tree, gone, tag("2023.01.4"))["2023.01.4"] == "2023.01.1"
    assert higher([tree, gone], "2023.01.1", 9) == ""


def test_a_higher_release_counts_from_the_day_after() -> None:
    """A higher release of the same moment was not there already; the highest is named."""
    tags = [tag("2023.02.1", 5), tag("2023.03.1", 6)]
    assert [higher(tags, "2023.01.1", on) for on in (4, 5, 6, 7)] == ["", "", "2023.02.1", "2023.03.1"]
    assert higher(tags, "2023.02.1", 9) == "2023.03.1" and higher(tags, "2023.03.1", 9) == ""


def test_a_higher_tag_off_the_branch_does_not_count() -> None:
    """What never was on the stack branch was never released."""
    assert higher([tag("2023.02.1", 1, OFF)], "2023.01.1", 9) == ""


def test_a_higher_tag_that_is_not_known_leaves_it_open() -> None:
    """A tag that could not be placed, or dated, may have been there; one that is known to have been decides."""
    undated = StackTag("2023.02.1", "1" * 40, LOST, ON)
    assert higher([undated], "2023.01.1", 9) == "?"
    assert higher([tag("2023.02.1", placement=LOST)], "2023.01.1", 9) == "?"
    assert higher([undated, tag("2023.03.1", 2)], "2023.01.1", 9) == "2023.03.1"
    assert higher([undated], "2023.03.1", 9) == ""


def test_tags_of_a_month_however_it_is_written() -> None:
    """`2023.6.1` and `2023.06.1` are of one month; what is no production tag is of none."""
    assert by_month(["2023.6.1", "2023.06.1", "2023.07.1", "v2023.06.2"], DEFAULT_FORMAT) == {
        (2023, 6): ["2023.06.1", "2023.6.1"],
        (2023, 7): ["2023.07.1"],
    }
