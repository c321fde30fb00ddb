"""The changelog decides whether there is something to release, and must fit the version."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

import changelog
from contract.sources import ROOT

TODAY = datetime.date(2026, 11, 25)
START = "# Changelog\n\nWords.\n\n"


def text(*parts: str) -> str:
    """A changelog with these parts."""
    return START + "\n\n".join(parts) + "\n"


RELEASED = "## [1.1.0] - 2026-11-24\n\n### Added\n\n- A thing."
OLDER = "## [1.0.0] - 2026-10-01\n\n- The first."


def test_the_section_of_the_version_is_found() -> None:
    """Version, date and body of the newest section, which begins and ends without empty lines."""
    found = changelog.to_release(text("## [Unreleased]", RELEASED, OLDER), "1.1.0", TODAY)
    assert found == changelog.Section("1.1.0", "2026-11-24", "### Added\n\n- A thing.")


@pytest.mark.parametrize(
    "content", [text("## [Unreleased]\n\n- Coming."), text("## [Unreleased]\n\n- Coming.", OLDER), START]
)
def test_without_a_section_it_is_in_preparation(content: str) -> None:
    """A version that is higher than the newest section is not released, and that is no fault."""
    assert changelog.to_release(content, "1.1.0", TODAY) is None


@pytest.mark.parametrize(
    ("content", "version", "words"),
    [
        (text(RELEASED), "1.0.1", "at 1.1.0, but the version is 1.0.1"),
        (text(OLDER, RELEASED), "1.1.0", "not in order"),
        (text(RELEASED, RELEASED), "1.1.0", "twice"),
        (text("## [1.1.0] - 2026-11-24\n\nWords alone.", OLDER), "1.1.0", "has no entries for 1.1.0"),
        (text("## [Unreleased]\n\n- Left over.", RELEASED), "1.1.0", "still has entries"),
        (text("## [1.1.0] - 2026-02-30\n\n- A thing."), "1.1.0", "not a date"),
        (text("## [1.1.0] - 2026-11-27\n\n- A thing."), "1.1.0", "in the future"),
        (text("## 1.1.0 (2026-11-24)\n\n- A thing."), "1.1.0", "neither"),
        (text("## [1.1] - 2026-11-24\n\n- A thing."), "1.1.0", "neither"),
        (text(RELEASED), "v1.1.0", "not of the form"),
        (text(RELEASED), "1.01.0", "not of the form"),
        (text(RELEASED), "1.1.0\n", "not of the form"),
        (text(RELEASED), "1.1.\N{ARABIC-INDIC DIGIT ONE}", "not of the form"),
    ],
)
def test_what_does_not_fit_ends_the_release(content: str, version: str, words: str) -> None:
    """Each contradiction is told in words of its own."""
    with pytest.raises(SystemExit, match=words):
        changelog.to_release(content, version, TODAY)


def test_tomorrow_is_a_date() -> None:
    """Who releases east of the runner writes the date of where they are."""
    assert changelog.to_release(text("## [1.1.0] - 2026-11-26\n\n- A thing."), "1.1.0", TODAY)


def test_our_own_changelog_can_be_read() -> None:
    """Headings are those of Keep a Changelog, and fit the version that the program tells."""
    from frag_release import __version__

    changelog.to_release((ROOT / "CHANGELOG.md").read_text("utf-8"), __version__, datetime.date.today())
    assert Path(ROOT / "CHANGELOG.md").read_text("utf-8").startswith("# Changelog\n")
