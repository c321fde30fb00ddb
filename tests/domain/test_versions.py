"""What counts as a release tag, and how release tags compare."""

from __future__ import annotations

import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.versions import following, is_above, next_iteration, parse_production_tag, production_tags

# Tags of the stack as they were really made, in the order in which they were made.
REAL_HISTORY = [
    "2.0.0", "2.0.1", "2.0.10", "2.0.11", "2.0.2", "2.0.9", "2.1.11", "2.1.2", "2.3.6", "2.4", "2.4.0",
    "2.6.6", "2.6.6.1", "2.6.7", "2.6.9", "2.6.10", "2.7.1", "2022.09.0", "2022.11.1", "2022.11.2-rc.1",
    "2022.12.1", "2023.05.1", "2023.08.7", "2023.11.1", "2023.11.1-1", "2024.03.1", "2023.11.1-2",
    "2024.09.4", "2024.11.1", "2024.11.2", "2024.12.2",
]  # fmt: skip
REAL_ORDER = [
    "2.0.0", "2.0.1", "2.0.2", "2.0.9", "2.0.10", "2.0.11", "2.1.2", "2.1.11", "2.3.6", "2.4.0", "2.6.6",
    "2.6.7", "2.6.9", "2.6.10", "2.7.1", "2022.09.0", "2022.11.1", "2022.12.1", "2023.05.1", "2023.08.7",
    "2023.11.1", "2024.03.1", "2024.09.4", "2024.11.1", "2024.11.2", "2024.12.2",
]  # fmt: skip

number = st.integers(min_value=0, max_value=999_999_999)


@pytest.mark.parametrize(
    "text",
    ["2023.06.1", "2023.6.1", "0.0.1", "01.2.3", "2022.09.0", "1.2.3", "999999999.999999999.999999999", "0.0.0"],
)
def test_three_numbers_are_a_production_tag(text: str) -> None:
    """Exactly three numbers are a production tag, with leading zeros too, and keep their text."""
    tag = parse_production_tag(text, DEFAULT_FORMAT)
    assert tag is not None
    assert str(tag) == tag.text == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("v2023.06.1", id="letter before"),
        pytest.param("2023.06.1-rc.1", id="release candidate"),
        pytest.param("2024.11.1-1", id="rebuild"),
        pytest.param("2023.06.1+build", id="build metadata"),
        pytest.param("+2023.06.1", id="plus before"),
        pytest.param("-2023.06.1", id="minus before"),
        pytest.param("2023.+6.1", id="plus within"),
        pytest.param("2023.06.1\n", id="newline after"),
        pytest.param("\n2023.06.1", id="newline before"),
        pytest.param("2023.06.1\r", id="carriage return after"),
        pytest.param("2023.06.1\0", id="NUL after"),
        pytest.param(" 2023.06.1", id="space before"),
        pytest.param("2023.06.1 ", id="space after"),
        pytest.param("2023. 06.1", id="space within"),
        pytest.param("2023.06", id="two numbers"),
        pytest.param("2.6.6.1", id="four numbers"),
        pytest.param("2023..1", id="empty number"),
        pytest.param("2023.06.", id="no last number"),
        pytest.param("2023_06_1", id="underscores"),
        pytest.param("2_0.0.1", id="underscore in a number"),
        pytest.param("٢٠٢٣.٠٦.١", id="Arabic-Indic digits"),
        pytest.param("2023.06.１", id="full-width digit"),
        pytest.param("2023．06．1", id="full-width dots"),
        pytest.param("2023.06.²", id="superscript digit"),
        pytest.param("1e3.0.0", id="exponent"),
        pytest.param("0x7.0.0", id="hexadecimal"),
        pytest.param("1.1." + "1" * 5000, id="5,000 digits"),
        pytest.param("1.1.1234567890", id="ten digits"),
        pytest.param("2023.06.1\ud800", id="lone surrogate"),
    ],
)
def test_anything_else_is_no_production_tag(text: str) -> None:
    """Whatever is not exactly three ASCII numbers of bounded length is no production tag, and no error."""
    assert parse_production_tag(text, DEFAULT_FORMAT) is None


@given(st.text())
def test_the_grammar_is_total(text: str) -> None:
    """Any text is either refused or is ASCII digits and two dots; nothing raises."""
    tag = parse_production_tag(text, DEFAULT_FORMAT)
    if tag is not None:
        assert set(text) <= set("0123456789.")
        assert text.count(".") == 2


@given(number, number, number)
def test_numbers_survive_the_parse(major: int, minor: int, patch: int) -> None:
    """The numbers written in a tag are the numbers that order it."""
    tag = parse_production_tag(f"{major}.{minor}.{patch}", DEFAULT_FORMAT)
    assert tag is not None
    assert (tag.version.major, tag.version.minor, tag.version.patch) == (major, minor, patch)
    assert tag.year == major


@given(st.from_regex(re.compile(r"[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}[^0-9]"), fullmatch=True))
def test_one_character_more_is_refused(text: str) -> None:
    """A production tag with any character after it is none."""
    assert parse_production_tag(text, DEFAULT_FORMAT) is None


@pytest.mark.parametrize("text", ["2023.06.1", "2023.12.10", "2024.01.1", "2023.06.100"])
def test_calendar_style_is_year_month_iteration(text: str) -> None:
    """A real month of two digits and an iteration from 1 is the style of releases."""
    tag = parse_production_tag(text, DEFAULT_FORMAT)
    assert tag is not None
    assert tag.is_calendar_style


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2022.09.0", id="iteration 0"),
        pytest.param("2023.13.1", id="month 13"),
        pytest.param("2023.00.1", id="month 0"),
        pytest.param("2023.6.1", id="month of one digit"),
        pytest.param("2023.06.01", id="iteration with a zero before"),
        pytest.param("2023.006.1", id="month of three digits"),
        pytest.param("23.06.1", id="year of two digits"),
        pytest.param("02023.06.1", id="year of five digits"),
        pytest.param("1.2.3", id="semantic version"),
    ],
)
def test_other_styles_are_production_tags_but_not_of_the_calendar(text: str) -> None:
    """A production tag of another style is told apart, without being refused."""
    tag = parse_production_tag(text, DEFAULT_FORMAT)
    assert tag is not None
    assert not tag.is_calendar_style


def test_real_history_is_put_in_numeric_order() -> None:
    """Of the real tags the production tags are kept, in the order of their numbers and not of their letters."""
    assert [tag.text for tag in production_tags(REAL_HISTORY, DEFAULT_FORMAT)] == REAL_ORDER


def test_order_is_numeric_across_leading_zeros() -> None:
    """`2023.06.10` comes after `2023.6.9`, and `2023.09.1` before `2023.10.1`."""
    names = ["2023.10.1", "2023.06.10", "2023.6.9", "2023.09.1"]
    found = [tag.text for tag in production_tags(names, DEFAULT_FORMAT)]
    assert found == ["2023.6.9", "2023.06.10", "2023.09.1", "2023.10.1"]


@pytest.mark.parametrize("other", ["2023.6.1", "02023.06.01", "2023.006.1"])
def test_two_tags_of_one_version_are_the_same_number_but_not_the_same_tag(other: str) -> None:
    """Leading zeros change the tag, not the version."""
    one, two = (parse_production_tag(tag, DEFAULT_FORMAT) for tag in ("2023.06.1", other))
    assert one is not None
    assert two is not None
    assert one.version == two.version
    assert one != two


@given(st.lists(st.tuples(number, number, number), max_size=8))
def test_order_agrees_with_that_of_the_numbers(triples: list[tuple[int, int, int]]) -> None:
    """Sorting tags is sorting their three numbers."""
    tags = production_tags([f"{a}.{b}.{c}" for a, b, c in triples], DEFAULT_FORMAT)
    assert [(t.version.major, t.version.minor, t.version.patch) for t in tags] == sorted(triples)


@pytest.mark.parametrize(
    ("month", "taken", "expected"),
    [
        pytest.param((2023, 6), [], "2023.06.1", id="first of all"),
        pytest.param((2023, 6), ["2023.05.7", "2022.06.9", "2024.06.3"], "2023.06.1", id="first of the month"),
        pytest.param((2023, 6), ["2023.06.1"], "2023.06.2", id="second"),
        pytest.param((2023, 6), ["2023.06.9", "2023.06.10"], "2023.06.11", id="ten is more than nine"),
        pytest.param((2023, 6), ["2023.06.1", "2023.06.3"], "2023.06.4", id="gaps stay gaps"),
        pytest.param((2023, 6), ["2023.6.4"], "2023.06.5", id="month written with one digit"),
        pytest.param((2023, 6), ["2023.06.5-rc.1", "v2023.06.6", "2023.06"], "2023.06.1", id="others do not count"),
        pytest.param((2023, 6), ["2023.06.0"], "2023.06.1", id="iteration 0 was taken"),
        pytest.param((2023, 12), ["2023.12.1"], "2023.12.2", id="december"),
        pytest.param((2023, 1), ["2023.11.4", "2023.10.4"], "2023.01.1", id="january is not october"),
    ],
)
def test_next_iteration(month: tuple[int, int], taken: list[str], expected: str) -> None:
    """The next release of a month is one more than the highest so far, from 1, with a month of two digits."""
    assert next_iteration(datetime.date(*month, 15), taken, DEFAULT_FORMAT) == expected


@pytest.mark.parametrize(
    ("one", "other", "above"),
    [
        ("2023.06.10", "2023.06.9", True),
        ("2023.6.1", "2023.06.1", False),
        ("2.0.0", "10.0.0", False),
        ("v3", "1.0.0", False),
    ],
)
def test_a_tag_is_above_another_by_its_numbers(one: str, other: str, above: bool) -> None:
    """Ten is more than nine, however both are written; what is not a production tag is above nothing."""
    assert is_above(one, other, DEFAULT_FORMAT) == above


def test_the_following_tag_keeps_its_spelling() -> None:
    """The last number is one higher, and what stands before it as it was."""
    tags = production_tags(["1.4.9", "02023.6.09"], DEFAULT_FORMAT)
    assert [following(tag) for tag in tags] == ["1.4.10", "02023.6.10"]


@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2999, 12, 31)), st.sets(st.integers(0, 10_000)))
def test_next_iteration_is_free_higher_and_in_style(day: datetime.date, used: set[int]) -> None:
    """The next release is in style, not taken, and above all that are."""
    taken = [f"{day.year}.{day.month:02d}.{one}" for one in used]
    new = parse_production_tag(next_iteration(day, taken, DEFAULT_FORMAT), DEFAULT_FORMAT)
    assert new is not None
    assert new.is_calendar_style
    assert all(new.version > tag.version for tag in production_tags(taken, DEFAULT_FORMAT))
