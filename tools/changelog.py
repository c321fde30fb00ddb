"""Reads CHANGELOG.md, and checks it against the version to release."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = r"(?:0|[1-9][0-9]{0,5})"
VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}")
"""A version of this action: plain Semantic Versioning, as in `scripts/frag_release/__init__.py`."""

_HEADING = re.compile(r"(?m)^## +(?P<words>.*?) *$")
_RELEASED = re.compile(rf"\[(?P<version>{VERSION.pattern})\] - (?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})")
UNRELEASED = "[Unreleased]"


@dataclass(frozen=True)
class Section:
    """A section of the changelog. The unreleased one has neither version nor date."""

    version: str
    date: str
    body: str


def sections(text: str) -> Sequence[Section]:
    """Return the sections, newest first. Raises SystemExit if a heading is not in Keep a Changelog's format."""
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    return [_section(one["words"], text[one.end() : end].strip()) for one, end in zip(headings, ends, strict=False)]


def to_release(text: str, version: str, today: datetime.date) -> Section | None:
    """Return the section of `version`, None while it is in preparation, which is as long as it has no section.

    Raises SystemExit if the changelog and the version contradict each other, or the section cannot be released.
    """
    if not VERSION.fullmatch(version):
        raise SystemExit(f"The version {version!r} is not of the form 1.2.3.")
    known = sections(text)
    released = [one for one in known if one.version]
    if len({one.version for one in released}) < len(released):
        raise SystemExit("CHANGELOG.md contains a version twice.")
    numbers = [_number(one.version) for one in released]
    if numbers != sorted(numbers, reverse=True):
        raise SystemExit("The versions in CHANGELOG.md are not in order, newest first.")
    if not released or _number(released[0].version) < _number(version):
        return None
    newest = released[0]
    if newest.version != version:
        raise SystemExit(f"CHANGELOG.md is at {newest.version}, but the version is {version}: change one of them.")
    _check(newest, known, today)
    return newest


def _section(words: str, body: str) -> Section:
    if words == UNRELEASED:
        return Section("", "", body)
    match = _RELEASED.fullmatch(words)
    if match is None:
        raise SystemExit(f"CHANGELOG.md: {words!r} is neither {UNRELEASED} nor of the form [1.2.3] - 2026-11-25.")
    return Section(match["version"], match["date"], body)


def _check(newest: Section, known: Sequence[Section], today: datetime.date) -> None:
    if not re.search(r"(?m)^- \S", newest.body):
        raise SystemExit(f"CHANGELOG.md has no entries for {newest.version}.")
    unreleased = next((one for one in known if not one.version), None)
    if unreleased and re.search(r"(?m)^- \S", unreleased.body):
        raise SystemExit(f"CHANGELOG.md still has entries under {UNRELEASED}: move them below {newest.version}.")
    try:
        date = datetime.date.fromisoformat(newest.date)
    except ValueError:
        raise SystemExit(f"CHANGELOG.md: {newest.date} is not a date.") from None
    # A day of leeway: the maintainer may be in a time zone east of the runner's.
    if date > today + datetime.timedelta(days=1):
        raise SystemExit(f"CHANGELOG.md: {newest.version} is dated {newest.date}, which is in the future.")


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
