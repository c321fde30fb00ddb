"""The plan of a release: its tag, its diff, its words, and the marker by which it is known again."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from domain.worked_example import BACKEND, FILE, FRONTEND, WORKFLOW_FILE
from frag_release.domain.components import Pin
from frag_release.domain.plan import (
    Change,
    ChoiceError,
    Mode,
    Plan,
    choose_stack_tag,
    marked_release,
    may_change_scheme,
    require_same_scheme,
)
from frag_release.domain.refs import DEFAULT_FORMAT
from frag_release.domain.splice import replace_values
from frag_release.domain.versions import ProductionTag, parse_production_tag

JUNE = datetime.date(2023, 6, 8)
TAGS = ["2023.05.1", "2023.06.1", "2023.06.3-rc.1", "v2023.06.9", "latest"]


def plan(backend: str = "2023.05.1", frontend: str = "2023.05.4", old: bytes = b"", tag: str = "2023.06.2") -> Plan:
    """The plan of the worked example: from older pins to these."""
    before = old or FILE.replace("2023.05.1", "2023.03.1").replace("2023.05.4", "2023.05.3").encode()
    changes = (
        Change(Pin(BACKEND, "2023.03.1"), Pin(BACKEND, backend)),
        Change(Pin(FRONTEND, "2023.05.3"), Pin(FRONTEND, frontend)),
    )
    after = replace_values(before, {"BE_IMAGE_TAG": "2023.05.1", "FE_IMAGE_TAG": "2023.05.4"})
    return Plan("org/stack", "master", "5" * 40, WORKFLOW_FILE, before, after, tag, Mode.COMMIT, changes)


def refusal(
    wanted: str, tags: list[str] | None = None, branches: list[str] | None = None, own: str = ""
) -> ChoiceError:
    """The error by which a wanted tag is refused."""
    with pytest.raises(ChoiceError) as caught:
        choose_stack_tag(wanted, JUNE, TAGS if tags is None else tags, branches or [], DEFAULT_FORMAT, own)
    return caught.value


def test_the_words_are_those_of_the_contract() -> None:
    """Subject, blank line and trailer are exactly what people and programs look for."""
    assert plan().title == "build: Use of b/e 2023.05.1 f/e 2023.05.4"
    assert plan().message == "build: Use of b/e 2023.05.1 f/e 2023.05.4\n\nStack-Tag: 2023.06.2\n"
    assert plan().release_branch == "release/2023.06.2"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "# the end\u2028\n"])
def test_the_diff_shows_the_two_lines(mark: bytes, newline: str, end: str) -> None:
    """Both values are there, before and after, with their line numbers, whatever the file's line breaks are."""
    old = FILE.replace("2023.05.1", "2023.03.1").replace("2023.05.4", "2023.05.3") + end
    assert plan(old=mark + old.replace("\n", newline).encode()).diff.split("\n") == [
        "--- a/.github/workflows/build-main.yaml",
        "+++ b/.github/workflows/build-main.yaml",
        "@@ -4 +4 @@",
        "-  BE_IMAGE_TAG: 2023.03.1",
        "+  BE_IMAGE_TAG: 2023.05.1",
        "@@ -6 +6 @@",
        "-  FE_IMAGE_TAG: 2023.05.3",
        "+  FE_IMAGE_TAG: 2023.05.4",
    ]


def test_a_file_that_says_it_already_needs_nothing() -> None:
    """Where the values are there, there is nothing to write and nothing to show."""
    same = plan(old=FILE.encode())
    assert (same.is_needed, same.diff) == (False, "")
    assert plan().is_needed


def test_a_marker_is_found_again_wherever_it_stands() -> None:
    """A line of its own tells whose it is, whatever people wrote around it and in whichever line breaks it comes."""
    marker = plan().marker
    assert marker == "<!-- frag-release-action: release 2023.06.2 backend=2023.05.1 frontend=2023.05.4 -->"
    bodies = [marker, f"{marker}\nThe plan", f"{marker}\r\nThe plan", f"By Friday.\r\n\r\n{marker} \r\nThe plan"]
    bodies += [f"```\ncode\n```\n{marker}\n```\nmore", f"~~~ x\n```\n~~~~ \n{marker}", f"``` `a` ```\n{marker}"]
    bodies += [f"{marker}\nThe plan\n{marker}\nA copy", f"{marker}\n> {plan(tag='2023.06.3').marker}"]
    for body in bodies:
        assert marked_release(body) == marker, body


@pytest.mark.parametrize(
    "body",
    [
        "",
        "The plan",
        "> {}",
        "Look:\n> {}\n",
        "{} {}",
        "x {}",
        "{} x",
        " {}",
        "\t{}",
        "Look:\n\n    {}\n",
        "`{}`",
        "- {}",
        "```\n{}\n```",
        "```html\r\n{}\r\n```",
        "   ~~~\n{}\n~~~",
        "````\n```\n{}\n````",
        "~~~\n```\n{}\n```\n",
        "```\n``` x\n{}\n```",
        "```\nnever closed\n\n{}",
    ],
)
def test_a_marker_that_is_quoted_is_none(body: str) -> None:
    """What is quoted, indented, fenced or within a line is somebody's example; what a page shows as code is code."""
    assert marked_release(body.replace("{}", plan().marker)) is None


def test_two_markers_say_nothing() -> None:
    """A body that names two releases, or two pairs of one, is of neither."""
    other = [plan(tag="2023.06.3").marker, plan(backend="2023.05.2").marker]
    for marker in other:
        assert marked_release(f"{plan().marker}\nThe plan\n\n{marker}") is None
    assert marked_release(plan().marker[:-1]) is None


@pytest.mark.parametrize(
    "hostile",
    [
        "1.1.1 -->",
        "1.1.1-->",
        "1.1.1 frontend=2.2.2",
        "1\n2",
        "=",
        "<b>",
        "",
        "é",
        "2023.05.1 frontend=2023.05.4 -->\nx",
        "\ud800\udcff",
    ],
)
def test_no_tag_can_forge_a_marker(hostile: str) -> None:
    """A tag stays one value of one line, different from every other pair's, and the marker is found again."""
    forged = plan(backend=hostile)
    assert marked_release(f"{forged.marker}\nThe plan") == forged.marker
    assert forged.marker.count("-->") == forged.marker.count("<!--") == 1
    assert forged.marker.count(" frontend=") == 1
    assert forged.marker not in {plan().marker, plan(backend="x").marker}
    assert marked_release(plan(tag=f"1.1.1 {hostile}").marker) == plan(tag=f"1.1.1 {hostile}").marker


def test_other_pairs_and_tags_have_other_markers() -> None:
    """What an earlier run made for another release is not taken for this one's."""
    markers = {plan().marker, plan(backend="2023.05.2").marker, plan(frontend="2023.05.5").marker,
               plan(tag="2023.06.3").marker, plan(backend="2023.05.4", frontend="2023.05.1").marker}  # fmt: skip
    assert len(markers) == 5


def test_whether_a_component_changes_is_told_by_its_tag() -> None:
    """A kept pin is no change."""
    change = plan().changes[0]
    assert change.changed
    assert not replace(change, before=change.after).changed
    assert change.name == "backend"


@pytest.mark.parametrize(
    ("tags", "branches", "today", "expected"),
    [
        (TAGS, [], JUNE, "2023.06.2"),
        ([], [], JUNE, "2023.06.1"),
        (["2023.6.4"], [], JUNE, "2023.06.5"),
        (TAGS, ["release/2023.06.2", "release/x", "2023.06.7", "feature/2023.06.8"], JUNE, "2023.06.3"),
        (TAGS, ["release/2023.6.9"], JUNE, "2023.06.10"),
        (TAGS, [], datetime.date(2023, 7, 1), "2023.07.1"),
        (TAGS, [], datetime.date(2023, 5, 31), "2023.05.2"),
        (["2022.12.9"], [], datetime.date(2023, 1, 1), "2023.01.1"),
    ],
)
def test_the_next_tag_is_one_more_than_all_of_the_month(
    tags: list[str], branches: list[str], today: datetime.date, expected: str
) -> None:
    """Tags and release branches of that month count, numerically; other names and months do not."""
    assert choose_stack_tag("", today, tags, branches, DEFAULT_FORMAT).text == expected


@pytest.mark.parametrize(("own", "expected"), [
    ("2023.06.2", "2023.06.2"),
    ("2023.05.9", "2023.05.9"),
    ("2023.06.1", "2023.06.3"),
    ("2023.6.1", "2023.06.3"),
    ("nonsense", "2023.06.3"),
])  # fmt: skip
def test_the_tag_of_an_earlier_run_is_used_again_while_it_is_free(own: str, expected: str) -> None:
    """A broken run is taken up where it was; a tag that has been given meanwhile is not given twice."""
    assert choose_stack_tag("", JUNE, TAGS, ["release/2023.06.2"], DEFAULT_FORMAT, own).text == expected


@pytest.mark.parametrize("wanted", ["2023.06.2", "2023.06.20", "2024.01.1", "1.2.3"])
def test_a_free_tag_that_is_asked_for_is_taken(wanted: str) -> None:
    """What people type is used as it stands, be it out of order or another month's: the rules judge that."""
    assert choose_stack_tag(wanted, JUNE, TAGS, ["release/2023.06.3"], DEFAULT_FORMAT).text == wanted


def test_a_branch_of_exactly_that_tag_is_left_to_who_writes() -> None:
    """It may be ours, of a broken run; whose it is can only be told, with its owner's name, by looking at it."""
    assert choose_stack_tag("2023.06.2", JUNE, TAGS, ["release/2023.06.2"], DEFAULT_FORMAT).text == "2023.06.2"


@pytest.mark.parametrize("wanted", ["2023.06.1", "2023.6.1", "2023.006.01"])
def test_a_tag_that_is_there_is_refused(wanted: str) -> None:
    """So is one that is the same number in other words; the next free one is named."""
    error = refusal(wanted, branches=["release/2023.06.2"])
    assert error.message == f"The stack tag {wanted} is taken: the stack has the tag 2023.06.1."
    assert error.remedy == "Leave stack-tag empty for the next free one, 2023.06.3."


def test_a_branch_of_the_same_number_is_refused() -> None:
    """Two open releases whose tags are the same number would collide when they are published."""
    error = refusal("2023.6.2", branches=["release/2023.06.2"])
    assert error.message == "The stack tag 2023.6.2 is taken: the stack has the branch release/2023.06.2."
    chosen = choose_stack_tag("2023.6.2", JUNE, TAGS, ["release/2023.06.2"], DEFAULT_FORMAT, own="2023.06.2")
    assert chosen.text == "2023.6.2"


@pytest.mark.parametrize(
    "wanted", ["v2023.06.2", "2023.06.2-rc.1", "2023.06", "2023.06.2\n", " 2023.06.2", "２023.06.2", "x", "x" * 10_000]
)
def test_what_is_no_production_tag_is_refused(wanted: str) -> None:
    """It could never be deployed; the error says what would."""
    error = refusal(wanted)
    assert "is not a production tag" in error.message
    assert len(error.message) < 200
    assert "such as 2023.06.1" in error.remedy


@pytest.mark.parametrize("tag", ["2023.06.22", "2023.6.9999"])
def test_a_tag_of_this_month_that_cannot_be_right_does_not_choose_the_next(tag: str) -> None:
    """After 2023.06.1, a jump of more than 20 is named, with stack-tag; one that is asked for is taken as it stands."""
    error = refusal("", tags=["2023.06.1", tag])
    assert f"but {tag} cannot be right: that is more than 20 above 2023.06.1" in error.message
    assert error.remedy.startswith("Name the tag in stack-tag, or delete")
    assert choose_stack_tag("2023.06.2", JUNE, ["2023.06.1", tag], [], DEFAULT_FORMAT).text == "2023.06.2"
    assert choose_stack_tag("", JUNE, ["2023.06.1", "2023.06.21"], [], DEFAULT_FORMAT).text == "2023.06.22"


@pytest.mark.parametrize(
    ("newest", "said", "next_one"),
    [
        ("1.4.2", "The newest tag of the stack is 1.4.2, and by month the next would be 2026.11.1", "such as 1.4.3,"),
        ("23.05.9", "The newest tag of the stack is 23.05.9, and", "such as 23.05.10,"),
        ("v1.4.2", "The newest tag of the stack is v1.4.2, which is not N.N.N", "exactly three numbers"),
    ],
)
def test_a_change_of_scheme_that_nobody_asked_for_is_refused(newest: str, said: str, next_one: str) -> None:
    """The newest tag is named, and one that would follow it."""
    with pytest.raises(ChoiceError) as refused:
        require_same_scheme(parsed("2026.11.1"), newest)
    assert refused.value.message.startswith(said)
    assert next_one in refused.value.remedy


@pytest.mark.parametrize("newest", ["", "2026.10.4", "2022.09.0", "2023.6.1"])
def test_the_next_of_a_stack_that_numbers_by_month_is_not_asked_about(newest: str) -> None:
    """So it is for a stack without any tag."""
    require_same_scheme(parsed("2026.11.1"), newest)


@pytest.mark.parametrize(
    ("names", "may"),
    [([], True), (["latest"], True), (["2023.06.1", "v1.4.2"], False), (["2023.06.1", "2.7.1"], True)],
)
def test_only_a_stack_with_other_numbers_is_looked_at(names: list[str], may: bool) -> None:
    """Where all production tags have a year, nothing needs to be asked of any branch."""
    assert may_change_scheme(names, DEFAULT_FORMAT) == may


def parsed(text: str) -> ProductionTag:
    """A production tag."""
    tag = parse_production_tag(text, DEFAULT_FORMAT)
    assert tag
    return tag
