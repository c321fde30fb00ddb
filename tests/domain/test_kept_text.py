"""The part of a ticket that is ours, and what people wrote around it."""

from __future__ import annotations

import pytest

from frag_release.domain.release_record import MAX_BODY, KeptText, same_text

KEPT = KeptText.of_ticket("XChem/fragalysis-stack", "2023.06.2")
MARKER = "<!-- frag-release-action: ticket of xchem/fragalysis-stack 2023.06.2 -->"
END = "<!-- frag-release-action: end of the part that is kept up to date -->"


def written(body: str, text: str) -> str | None:
    """The body with our part being `text`."""
    return KEPT.written(body, lambda _: text)


def test_an_empty_body_becomes_our_part() -> None:
    """Our part stands between its two lines; the repository is written in lower case, for GitHub ignores it."""
    assert written("", "new\n") == f"{MARKER}\nnew\n\n{END}"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_stands_around_stays(newline: str) -> None:
    """Text above and below is kept as it is, with the line ends that it has."""
    body = newline.join(["above", MARKER, "old", "", END, "below", ""])
    assert written(body, "new") == f"above{newline}{MARKER}\nnew\n\n{END}{newline}below{newline}"


@pytest.mark.parametrize(
    "body",
    [
        "",
        MARKER.replace("06.2", "06.22"),
        MARKER.replace("xchem", "other"),
        f"> {MARKER}",
        f"text {MARKER}",
        f" {MARKER}",
        f"```\n{MARKER}\n```",
        MARKER[:-1],
    ],
)
def test_only_a_line_of_its_own_is_our_mark(body: str) -> None:
    """Another release's mark, a quoted one and one within a line are not ours."""
    assert not KEPT.is_in(body)
    assert KEPT.is_in(f"above\r\n{MARKER}  \r\nbelow")


def test_a_fenced_copy_of_our_part_is_theirs() -> None:
    """What people show of our text in a fence above it stays, and our part is the one below."""
    copy = f"Like so:\n~~~\n{MARKER}\nold\n{END}\n~~~\n"
    assert written(f"{copy}{MARKER}\nold\n```\n{END}\n```\n{END}\nbelow", "new") == (
        f"{copy}{MARKER}\nnew\n\n{END}\nbelow"
    )


def test_without_an_end_nobody_can_tell() -> None:
    """Where the line that ends our part is gone, or stands before its start, nothing is written."""
    assert written(f"{MARKER}\nold\nmine", "new") is None
    assert written(f"{END}\n{MARKER}\nold", "new") is None


def test_boxes_stay_ticked() -> None:
    """What was ticked is ticked in the new text; a ticket is known by its number, whatever its title is now."""
    old = "- [x] Seen\n* [X] a/b#13 Old title\n- [ ] a/b#14 Open\n  - [x] Deployed\r\n"
    new = "- [ ] Seen\n- [ ] Seen again\n- [ ] a/b#13 New title\n- [ ] a/b#131 Other\n- [ ] a/b#14 Open\n- [ ] Deployed"
    assert written(f"{MARKER}\n{old}\n{END}", new) == (
        f"{MARKER}\n- [x] Seen\n- [ ] Seen again\n- [x] a/b#13 New title\n- [ ] a/b#131 Other\n- [ ] a/b#14 Open\n"
        f"- [x] Deployed\n\n{END}"
    )


@pytest.mark.parametrize(("ticked", "other"), [
    ("Anna&#39;s tests", "Anna&#39;s approval"),
    ("&#35;&#8203;12 is told", "&#35;&#8203;12 is closed"),
    ("C&#35; builds", "C&#35; runs"),
    ("it&#39;s " * 40, "Seen"),
])  # fmt: skip
def test_a_step_is_known_by_all_of_it(ticked: str, other: str) -> None:
    """Only a ticket is known by its start: a step that starts like a ticked one is not ticked; long ones stay."""
    ticked = ticked.strip()
    body = f"{MARKER}\n- [ ] {other}\n- [x] {ticked}\n{END}"
    assert written(body, f"- [ ] {other}\n- [ ] {ticked}") == f"{MARKER}\n- [ ] {other}\n- [x] {ticked}\n\n{END}"


def test_what_is_ticked_and_no_longer_listed_comes_back() -> None:
    """A ticked item that the new text lacks is kept below it, and is ticked when it is listed again."""
    without = written(f"{MARKER}\n- [x] a/b#13 Title\n{END}", "nothing known")
    assert without == f"{MARKER}\nnothing known\n\n### Ticked before\n\n- [x] a/b#13 Title\n\n{END}"
    assert written(without, "- [ ] a/b#13 Title") == f"{MARKER}\n- [x] a/b#13 Title\n\n{END}"


def test_a_box_outside_of_our_part_is_not_ours() -> None:
    """A box that people ticked in their own text ticks nothing in ours."""
    body = f"- [x] Seen\n{MARKER}\n{END}"
    assert written(body, "- [ ] Seen") == f"- [x] Seen\n{MARKER}\n- [ ] Seen\n\n{END}"


def test_the_room_is_what_others_leave() -> None:
    """The text is told how much room it has, and nothing that GitHub would refuse is written."""
    around = "x" * 40_000
    rooms: list[int] = []

    def compose(limit: int) -> str:
        rooms.append(limit)
        return "y" * limit

    body = KEPT.written(f"{around}\n{MARKER}\n- [x] {'t' * 200}\n{END}", compose)
    assert body is not None and len(body) <= MAX_BODY == 65_536
    assert 24_000 < rooms[0] < MAX_BODY - len(around) - 200
    assert written(f"{'x' * 65_000}\n{MARKER}\n{END}", "y" * 1_000) is None


def test_line_ends_are_no_news() -> None:
    """Texts that differ in line ends and outer space are the same."""
    assert same_text("a\r\nb\r\n", "a\nb")
    assert not same_text("a\nb", "a b")


def test_a_duplicate_says_so_in_place_of_our_part() -> None:
    """Our part is replaced and what people wrote stays; where nobody can tell what is ours, all of it stays."""
    ours = KEPT.written("", lambda _: "What came with it.")
    assert KEPT.replaced(f"Above.\n{ours}\nBelow.", "Duplicate of #1.") == "Above.\nDuplicate of #1.\nBelow."
    assert KEPT.replaced(f"{KEPT.marker}\ncut", "Duplicate of #1.") == f"Duplicate of #1.\n\n{KEPT.marker}\ncut"
