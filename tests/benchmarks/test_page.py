from __future__ import annotations

from xml.etree import ElementTree

from benchmarks.figures import Figures, Target
from benchmarks.page import figures_table, page, scale_table, targets_table
from benchmarks.plot import draw
from benchmarks.scale import Scale

SVG = "{http://www.w3.org/2000/svg}"
FIGURES = [
    Figures("gate", 0, 10, 0.5, 0.4, 0.75, 0.25, 0.3, 35.6, 23, 0.1, 0.6),
    Figures("a < b", 50, 4, 1.0, 1.0, 1.0, 0.125, 1.1, 90, 18, 0, 1),
]


def test_the_table_has_a_line_for_every_contestant_and_delay() -> None:
    """Times have two digits behind the point, memory none."""
    assert figures_table(FIGURES).split("\n")[2:] == [
        "| 0 ms | gate | 0.50 s (0.40 to 0.75) | 0.25 s | 23 | 0.30 s | 36 MiB | 0.10 s | 0.60 s |",
        "| 50 ms | a < b | 1.00 s (1.00 to 1.00) | 0.12 s | 18 | 1.10 s | 90 MiB | 0.00 s | 1.00 s |",
    ]


def test_a_missed_target_says_by_how_much() -> None:
    """What is met says yes; what is not, how far over it is."""
    lines = targets_table([Target("start", 0.4, 0.25, " s"), Target("memory", 60, 75, " MiB")]).split("\n")

    assert lines[2:] == ["| start | 0.4 s | 0.25 s | yes |", "| memory | 60 MiB | 75 MiB | **no**, 25% over |"]


def test_sizes_are_written_for_people() -> None:
    """Thousands are set apart."""
    assert scale_table([Scale(10_000, 0.5, 23, 1.25)]).split("\n")[2:] == ["| 10,000 | 0.50 s | 23 | 1.25 s |"]


def test_the_page_holds_all_of_it() -> None:
    """Machine, number of runs, tables and picture are on the page."""
    text = page(
        "A processor, 2 cores",
        FIGURES,
        {"gate": (2_500_000, 1348)},
        [Target("start", 0.4, 0.25, " s")],
        [Scale(10, 0.5, 23, 1.25)],
        "| audits |",
        7,
    )

    assert "On A processor, 2 cores; medians of 10 (bare checkout 4) runs." in text
    assert "](benchmark.svg)" in text
    assert "| gate | 2.50 MB | 1,348 |" in text
    assert "about 7 minutes" in text
    assert "\n\n| audits |\n\n" in text
    assert "{" not in text


def test_the_picture_is_true_to_scale() -> None:
    """A bar of twice the time has twice the length, its own colour, and its number beside it; names are text."""
    root = ElementTree.fromstring(draw(FIGURES, ["gate"]))
    bars = root.findall(f"{SVG}rect")
    texts = [one.text for one in root.findall(f"{SVG}text")]

    assert [bar.get("class") for bar in bars] == ["ours", "other"]
    assert float(bars[1].get("width", "")) == 2 * float(bars[0].get("width", ""))
    assert {"gate", "a < b", "0.50", "1.00", "0 ms added to every reply", "50 ms added to every reply"} <= set(texts)
    assert "prefers-color-scheme: dark" in (root.findtext(f"{SVG}style") or "")
