"""Which tags cannot be right, and what is said of the newest."""

from __future__ import annotations

import datetime

import pytest

from frag_release.domain.evidence import TooLong, Unknown
from frag_release.domain.newest import Candidate, Newest, doubts, is_newest, unformed
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.versions import parse_production_tag, production_tags

TODAY = datetime.date(2026, 11, 28)
LATER = "its number is later than this month"


@pytest.mark.parametrize(
    ("tags", "wrong"),
    [
        (["2026.11.1", "2026.12.1", "2027.01.1", "20261.01.1"], ["2026.12.1", "2027.01.1", "20261.01.1"]),
        (["2026.13.1", "2026.00.1", "2026.11.1"], ["2026.13.1"]),
        (["2026.12.01", "2026.011.1"], ["2026.12.01"]),
        (["2026.11.3", "2026.11.23"], []),
        (["2026.11.3", "2026.11.24"], ["2026.11.24"]),
        (["2026.11.3", "2026.11.500", "2026.11.501", "2026.11.4"], ["2026.11.500", "2026.11.501"]),
        (["2025.03.9999"], ["2025.03.9999"]),
        (["2025.03.31"], []),
        (["2025.03.1", "2025.03.21", "2025.03.41"], []),
        (["2025.03.1", "2025.04.22", "2024.03.22"], []),
        (["1.4.2", "1.4.99", "1999.12.500", "0.0.0", "999.0.0"], []),
        (["2.7.1", "2022.09.0", "2023.08.7", "2024.12.3"], []),
    ],
)
def test_tags_that_cannot_be_right_are_found(tags: list[str], wrong: list[str]) -> None:
    """Later than this month, or more than 20 above the next lower one of its month, and all that are above that."""
    assert sorted(doubts(production_tags(tags, DEFAULT_FORMAT), TODAY)) == sorted(wrong)


def test_a_doubt_says_why() -> None:
    """The words name what the tag is compared with."""
    found = doubts(production_tags(["2026.11.3", "2026.11.99", "2027.01.1", "2025.02.40"], DEFAULT_FORMAT), TODAY)
    assert found == {
        "2026.11.99": "that is more than 20 above 2026.11.3, the next lower one",
        "2027.01.1": LATER,
        "2025.02.40": "no month has so many releases",
    }


def test_the_newest_is_the_highest_that_is_on_the_branch() -> None:
    """Tags off the branch are passed over, and one that is given is left out."""
    seen = Newest([Candidate("3.0.0", False), Candidate("2.0.0", True), Candidate("1.0.0", True)])
    assert (seen.tag(), seen.tag(besides="2.0.0"), seen.tag(besides="3.0.0")) == ("2.0.0", "1.0.0", "2.0.0")
    assert (Newest([Candidate("3.0.0", False)]).tag(), Newest().tag()) == ("", "")


def test_without_all_above_known_no_tag_is_claimed() -> None:
    """A tag whose place is not known, and a list that was left at its bound, make the newest unknown, and say why."""
    lost = Newest([Candidate("3.0.0", False), Candidate("2.0.0", Unknown("503")), Candidate("1.0.0", True)])
    cut = Newest([Candidate("3.0.0", False), Candidate("2.0.0", False)], unseen=9_998)
    assert lost.tag() == Unknown("it is unknown whether 2.0.0 is on the branch: 503")
    assert isinstance(cut.tag(), TooLong)
    assert cut.remark == (
        "The newest tag could not be determined: none of the 2 highest production tags is on the branch, and the "
        "9998 below them were not checked."
    )


def test_what_was_passed_over_is_named() -> None:
    """The first three that cannot be right, how many more there are, and a higher tag in another form."""
    wrong = [Candidate(f"20{year}.01.1", False, LATER) for year in (99, 98, 97, 96, 95)]
    found = Newest([Candidate("2026.11.1", True)], wrong, unformed="v2026.11.2")
    assert found.remark == (
        f"2099.01.1 cannot be right and was passed over: {LATER}. 2098.01.1 cannot be right and was passed over: "
        f"{LATER}. 2097.01.1 cannot be right and was passed over: {LATER}. So were 2 more. "
        "v2026.11.2 is not N.N.N, so it is not a production tag. v2026.11.2 has a v in front, but tag-format "
        "(YEAR.MONTH.ITERATION) has no v: set tag-format to vYEAR.MONTH.ITERATION if that is how the repository tags "
        "its releases."
    )
    assert found.wrong == (
        f"2099.01.1 cannot be right ({LATER}), 2098.01.1 cannot be right ({LATER}), 2097.01.1 cannot be right "
        f"({LATER}), nor can 2 more"
    )
    assert (Newest([Candidate("2026.11.1", True)]).remark, Newest([Candidate("2026.11.1", True)]).wrong) == ("", "")


def test_a_list_to_choose_from_has_the_newest_however_far_down_it_is() -> None:
    """Ten, and the newest behind them; those that cannot be right stand first."""
    off = [Candidate(f"1.{minor}.0", False) for minor in range(40, 20, -1)]
    found = Newest([*off, Candidate("1.20.0", True), Candidate("1.19.0", True)], [Candidate("2099.01.1", False, LATER)])
    assert [one.tag for one in found.shown] == [
        "2099.01.1", *(f"1.{minor}.0" for minor in range(40, 30, -1)), "1.20.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "highest", "found"),
    [
        (["v1.4.2", "v1.4.10", "latest"], "", "v1.4.10"),
        (["v1.4.2", "V1.5.0"], "1.4.3", "V1.5.0"),
        (["v1.4.2"], "1.4.2", ""),
        (["v1.4.2-rc.1", "v1.4", "xv1.4.2", "1.4.2"], "", ""),
    ],
)
def test_a_tag_with_a_v_is_known_for_what_it_is(names: list[str], highest: str, found: str) -> None:
    """The highest `vN.N.N`, if it is above all production tags."""
    assert unformed(names, DEFAULT_FORMAT, parse_production_tag(highest, DEFAULT_FORMAT)) == found


@pytest.mark.parametrize(("text", "means"), [("newest", True), ("Newest", True), ("NEWEST", True), ("new", False)])
def test_the_keyword_is_known_in_any_case(text: str, means: bool) -> None:
    """`Newest` is `newest`."""
    assert is_newest(text) == means
