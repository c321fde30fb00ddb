"""Which release the way back leads to, once production has gone back from some."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from frag_release.domain.facts import Released
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.rollback import Mark, deployed_again_event, left_by, name_in_mark, taken_back_event
from frag_release.domain.versions import ProductionTag, parse_production_tag

TAGS = ["2023.06.1", "2023.06.2", "2023.06.10", "2023.07.1"]
MARK = Mark("XChem/fragalysis-stack", "2023.07.1")
MARKER = "<!-- frag-release-action: taken back, xchem/fragalysis-stack 2023.07.1 -->"
NIGHT = datetime.datetime(2023, 7, 3, 18, 12, tzinfo=datetime.timezone.utc)
BACK = "> ⚠️ Taken back to 2023.06.2 at 18:12 (UTC) by anna on 2023-07-03."


def parsed(tag: str) -> ProductionTag:
    """The tag, which is one."""
    found = parse_production_tag(tag, DEFAULT_FORMAT)
    assert found
    return found


def released(**taken_back: str) -> Released:
    """The releases of `TAGS`; those that were taken back are given as `t2023_07_1="2023.06.2"`."""
    return Released(TAGS, True, {name[1:].replace("_", "."): to for name, to in taken_back.items()})


@pytest.mark.parametrize(
    ("taken_back", "below", "proposed"),
    [
        ({}, "2023.07.2", "2023.07.1"),
        ({"t2023_07_1": "2023.06.10"}, "2023.07.2", "2023.06.10"),
        ({"t2023_07_1": "2023.06.2"}, "2023.07.2", "2023.06.2"),
        ({"t2023_07_1": "2023.06.10", "t2023_06_10": "2023.06.1"}, "2023.07.2", "2023.06.1"),
        ({"t2023_07_1": ""}, "2023.07.2", "2023.06.10"),
        ({"t2023_07_1": "2022.01.1"}, "2023.07.2", "2023.06.10"),
        ({"t2023_07_1": "2023.08.1"}, "2023.07.2", "2023.06.10"),
        ({"t2023_06_10": "2023.06.10"}, "2023.07.1", "2023.06.2"),
        ({"t2023_07_1": "2023.06.2"}, "2023.07.1", "2023.06.10"),
        ({f"t{tag.replace('.', '_')}": "" for tag in TAGS}, "2023.07.2", ""),
    ],
)
def test_the_way_back_leads_to_what_ran_well(taken_back: dict[str, str], below: str, proposed: str) -> None:
    """Never to a release that was taken back: to the one that it was taken back to, else to the next below."""
    assert released(**taken_back).below(parsed(below)) == proposed


@pytest.mark.parametrize(
    ("taken_back", "target", "left"),
    [
        ({}, "2023.06.10", "2023.07.1"),
        ({}, "2023.06.1", "2023.07.1"),
        ({}, "2023.07.1", ""),
        ({"t2023_07_1": "2023.06.2"}, "2023.06.1", "2023.06.2"),
        ({"t2023_07_1": "2023.06.2"}, "2023.06.2", "2023.07.1"),
        ({"t2023_07_1": "2023.06.2"}, "2023.06.10", ""),
        ({"t2023_07_1": "2023.06.2"}, "2023.07.1", ""),
        ({f"t{tag.replace('.', '_')}": "" for tag in TAGS}, "2023.06.1", ""),
    ],
)
def test_the_release_that_was_left_is_the_one_that_ran(taken_back: dict[str, str], target: str, left: str) -> None:
    """What ran follows from the marks; going forward leaves nothing behind, and a second run leaves the same again."""
    assert left_by(released(**taken_back), target) == left


def test_forward_leads_to_no_release_that_was_taken_back() -> None:
    """Above 2023.06.2 the newest that stands is 2023.06.10, and nothing if that was left, too."""
    left = replace(released(t2023_07_1="2023.06.2"))
    assert left.above(parsed("2023.06.2")) == "2023.06.10"
    assert released(t2023_07_1="", t2023_06_10="").above(parsed("2023.06.2")) == ""
    assert left.taken_back_below(parsed("2023.07.2")) == ["2023.07.1"]


def test_the_mark_goes_first_and_what_is_there_stays() -> None:
    """The text of a release keeps all that it had; each event adds a line, and the last one counts."""
    assert taken_back_event("2023.06.2", NIGHT, "anna") == BACK
    first = MARK.with_event("Our release.\r\n", BACK)
    assert first is not None
    assert first.startswith(f"{MARKER}\n{BACK}\n\n<!-- ") and first.endswith("-->\n\nOur release.\r\n")
    assert MARK.gone_back_to(first) == "2023.06.2"
    second = MARK.with_event(first, deployed_again_event(NIGHT, "anna"))
    assert second is not None and MARK.gone_back_to(second) is None
    assert MARK.events(second) == [BACK, "> Deployed again at 18:12 (UTC) by anna on 2023-07-03."]
    third = MARK.with_event(second, taken_back_event("2023.06.1", NIGHT, "x @all"))
    assert third is not None and MARK.gone_back_to(third.replace("\n", "\r\n")) == "2023.06.1"
    assert MARK.events(third)[-1] == "> ⚠️ Taken back to 2023.06.1 at 18:12 (UTC) on 2023-07-03."
    assert third.endswith("-->\n\nOur release.\r\n")


@pytest.mark.parametrize(
    ("body", "to"),
    [
        ("", None),
        ("Taken back to 2023.06.2 at 18:12 (UTC).", None),
        (BACK, None),
        (f"{MARKER.replace('07.1', '07.2')}\n{BACK}\n", None),
        (f"```\n{MARKER}\n{BACK}\n```", None),
        (f"{MARKER}\n{BACK}\n", ""),
        (f"{MARKER}\nBroken.\n\n<!-- frag-release-action: end of the part that is kept up to date -->", ""),
    ],
)
def test_only_our_mark_of_that_release_counts(body: str, to: str | None) -> None:
    """Words alone, the mark of another release and a quoted one are nothing; a changed one says taken back, to where
    nobody knows."""
    assert MARK.gone_back_to(body) == to


def test_the_mark_of_a_renamed_repository_is_found_by_its_old_name() -> None:
    """Not one in a fence, nor that of another release; the own name goes first."""
    old = MARKER.replace("xchem/fragalysis-stack", "x/old")
    assert name_in_mark(f"```\n{old.replace('x/old', 'a/b')}\n```\n{old}\n", MARK.repository, MARK.tag) == "x/old"
    for body in ("", old.replace("07.1", "07.2"), f"{old}\n{MARKER}\n"):
        assert name_in_mark(body, MARK.repository, MARK.tag) == MARK.repository
    assert name_in_mark(old, MARK.repository, "%s%(") == MARK.repository


def test_a_mark_without_its_end_is_not_written_into() -> None:
    """Where the line that ends our part is gone, or a text is as long as GitHub takes, nothing is written."""
    assert MARK.with_event(f"{MARKER}\nmine", BACK) is None
    assert MARK.with_event("x" * 124_990, BACK) is None
