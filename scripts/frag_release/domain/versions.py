"""The grammar of release tags: which text is production grade, how such tags compare, what comes next.

Our own grammar decides and semver only orders: real tags have leading zeros (`2023.06.1`), which
Semantic Versioning forbids, and every laxer parser accepts text that must never reach production.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass

from semver import Version

MAX_DIGITS = 9
"""Longest number within a tag, in digits; far above any real release and below Python's int limits."""

# No `\d` (it matches Arabic-Indic and full-width digits) and no `$` (it accepts a final newline).
_PRODUCTION = re.compile(rf"([0-9]{{1,{MAX_DIGITS}}})\.([0-9]{{1,{MAX_DIGITS}}})\.([0-9]{{1,{MAX_DIGITS}}})")
_CALENDAR = re.compile(r"2[0-9]{3}\.(0[1-9]|1[0-2])\.[1-9][0-9]*")


@dataclass(frozen=True)
class ProductionTag:
    """A tag of exactly the form `N.N.N`; make one with `parse_production_tag`.

    Two tags are equal when their texts are; compare `.version` for numeric order and sameness
    (`2023.6.1` and `2023.06.1` are two tags of one version).
    """

    text: str
    version: Version

    @property
    def year(self) -> int:
        """The first number."""
        return self.version.major

    @property
    def is_calendar_style(self) -> bool:
        """Whether the tag reads YEAR.MONTH.ITERATION: a real month of two digits, iterations from 1."""
        return _CALENDAR.fullmatch(self.text) is not None

    def __str__(self) -> str:
        return self.text


def parse_production_tag(text: str) -> ProductionTag | None:
    """Return the tag when `text` is exactly `N.N.N` in ASCII digits, else None; never raises."""
    numbers = _numbers(text)
    return ProductionTag(text, Version(*numbers)) if numbers else None


def production_tags(names: Iterable[str], lowest: ProductionTag | None = None) -> list[ProductionTag]:
    """Keep the production tags among `names` from `lowest` on, lowest first; tags of one version in text order."""
    # Numbers rather than versions are compared: ten thousand names take hundredths of a second so.
    bound = _numbers(lowest.text) if lowest else None
    numbered = ((_numbers(name), name) for name in names)
    found = sorted((numbers, name) for numbers, name in numbered if numbers and (bound is None or numbers >= bound))
    return [ProductionTag(name, Version(*numbers)) for numbers, name in found]


def _numbers(text: str) -> tuple[int, int, int] | None:
    match = _PRODUCTION.fullmatch(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def is_above(one: str, other: str) -> bool:
    """Whether both are production tags, and the first has the higher number."""
    high, low = _numbers(one), _numbers(other)
    return bool(high and low and high > low)


def same_number(tag: str, names: Iterable[str]) -> list[str]:
    """Return those of `names` that are the same production tag, however they are written; itself among them."""
    number = _numbers(tag)
    return [name for name in names if name == tag or (number and _numbers(name) == number)]


def following(tag: ProductionTag) -> str:
    """Return the tag with the last number one higher, written as it is."""
    return f"{tag.text.rpartition('.')[0]}.{tag.version.patch + 1}"


def next_iteration(month: datetime.date, taken: Iterable[str]) -> str:
    """Return the next `YEAR.MONTH.ITERATION` of `month`: one more than the highest among `taken`.

    Names in `taken` that are not production tags of that year and month do not count; how their
    month is written does not matter (`2023.6.4` makes the next one `2023.06.5`).
    """
    highest = max(
        (
            tag.version.patch
            for tag in production_tags(taken)
            if (tag.version.major, tag.version.minor) == (month.year, month.month)
        ),
        default=0,
    )
    return f"{month.year:04d}.{month.month:02d}.{highest + 1}"
