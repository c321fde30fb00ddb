"""How text is laid out for a terminal: every word stays, and what belongs together is seen as that."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frag_release.runner.console import Console, laid_out

FINDING = "FAIL  pin-ci  backend  The CI of 2023.05.1 failed, and nothing may be released on top of that."
LINK = "https://github.example/xchem/fragalysis-backend/actions/runs/1234567890"


@pytest.mark.parametrize(("text", "width", "expected"), [
    ("short", 40, ["short"]),
    (FINDING, 60, [
        "FAIL  pin-ci  backend  The CI of 2023.05.1 failed, and",
        "                       nothing may be released on top of",
        "                       that.",
    ]),
    (f"  {FINDING}", 60, [
        "  FAIL  pin-ci  backend  The CI of 2023.05.1 failed, and",
        "                         nothing may be released on top of",
        "                         that.",
    ]),
    # Below the message there are less than half of the columns.
    (FINDING, 40, [
        "FAIL  pin-ci  backend  The CI of",
        "    2023.05.1 failed, and nothing may be",
        "    released on top of that.",
    ]),
    ("    -> Re-run its failed jobs, then run this again.", 30, [
        "    -> Re-run its failed jobs,",
        "       then run this again.",
    ]),
    ("1. Re-run its failed jobs, then run this again.", 30, [
        "1. Re-run its failed jobs,",
        "   then run this again.",
    ]),
    ("error: frag-release-action: The input ref cannot be 'x'.", 40, [
        "error: frag-release-action: The input",
        "       ref cannot be 'x'.",
    ]),
    # Such as an address, which is to be copied.
    (f"PASS  pin-ci  backend  {LINK} passed", 60, ["PASS  pin-ci  backend", f"    {LINK}", "    passed"]),
    ("one\n\ntwo", 40, ["one", "", "two"]),
    ("a diff\n+      BE_IMAGE_TAG: 1", 40, ["a diff", "+      BE_IMAGE_TAG: 1"]),
])  # fmt: skip
def test_what_belongs_together_hangs_below_it(text: str, width: int, expected: list[str]) -> None:
    """The rest of a message is below its beginning, that of a step below its text; a long word stays whole."""
    assert laid_out(text, width).split("\n") == expected


def test_wide_signs_take_two_columns() -> None:
    """Twelve signs of two columns each, and the blanks between them, do not fit into 24 columns."""
    lines = laid_out(" ".join("日本" for _ in range(6)), 24).split("\n")
    assert len(lines) > 1
    assert all(len(line) + sum(char in "日本" for char in line) <= 24 for line in lines)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])), st.integers(20, 200))
def test_no_word_is_lost(text: str, width: int) -> None:
    """Whatever the text, its words are there in their order, and only a single word is longer than the width."""
    shown = laid_out(text, width)
    assert shown.split() == text.split()
    # Other white space than a blank is no place to break a line at.
    assert all(len(line) <= width or " " not in line.strip() for line in shown.split("\n"))


@given(st.text("FAIL PSKED->1.:error x", max_size=200), st.integers(20, 100))
def test_colour_adds_nothing_else(text: str, width: int) -> None:
    """Without its marks a coloured text is the plain one."""
    coloured = laid_out(f"{FINDING}\n{text}", width, lambda part, style: f"\x01{part}\x02")
    assert coloured.replace("\x01", "").replace("\x02", "") == laid_out(f"{FINDING}\n{text}", width)


class Full(io.StringIO):
    """A stream on a full disk, whose file descriptor is a pipe of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = os.pipe()

    def fileno(self) -> int:
        """The descriptor that is given up after a failure."""
        return self.ends[1]

    def flush(self) -> None:
        """Fail as a full disk does."""
        raise OSError(28, "No space left on device")


def test_what_is_lost_once_is_not_forgotten() -> None:
    """After a text was lost no later one is taken for written: the whole would have a hole."""
    stream = Full()
    console = Console(stream, {}, on_runner=True)
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            console.write("x")
    for end in stream.ends:
        os.close(end)


@pytest.mark.parametrize("on_runner", [True, False])
def test_what_is_no_terminal_is_left_as_it_is(on_runner: bool) -> None:
    """On a pipe and on a runner a long line stays one line, whatever the environment says."""
    stream = io.StringIO()
    Console(stream, {"COLUMNS": "20", "TERM": "xterm"}, on_runner).write(FINDING)
    assert stream.getvalue() == f"{FINDING}\n"
