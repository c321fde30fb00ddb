"""The grammar of release tags: which text is production grade, how such tags compare, what comes next.

Our own grammar decides and semver only orders: real tags have leading zeros (`2023.06.1`), which
Semantic Versioning forbids, and laxer parsers accept text that must never reach production.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from semver import Version

from ..dataclass import dataclass
from .refs import TagFormat, numbers_of

_CALENDAR = re.compile(r"2[0-9]{3}\.(0[1-9]|1[0-2])\.[1-9][0-9]*")


@dataclass(frozen=True)
class ProductionTag:
    """A tag of exactly the form `N.N.N`, with the `v` of its format; create one with `parse_production_tag`.

    Two tags are equal if their texts are; compare `.version` for numeric order and equality
    (`2023.6.1` and `2023.06.1` are two tags of one version).
    """

    text: str
    version: Version
    form: TagFormat

    @property
    def image_tag(self) -> str:
        """The tag of its image."""
        return self.form.image_tag(self.text)

    @property
    def year(self) -> int:
        """The first number."""
        return self.numbers[0]

    @property
    def month(self) -> tuple[int, int]:
        """The first two numbers: year and month if the format is by month."""
        return self.numbers[:2]

    @property
    def numbers(self) -> tuple[int, int, int]:
        """The three numbers."""
        return self.version.major, self.version.minor, self.version.patch

    @property
    def is_calendar_style(self) -> bool:
        """Whether the tag is YEAR.MONTH.ITERATION: a real month of two digits, iterations from 1."""
        return _CALENDAR.fullmatch(self.text[len(self.form.prefix) :]) is not None

    def __str__(self) -> str:
        return self.text


def parse_production_tag(text: str, form: TagFormat) -> ProductionTag | None:
    """Return the tag if `text` is exactly `N.N.N` in ASCII digits, with the `v` of `form`, else None; never raises."""
    numbers = numbers_of(text, form.prefix)
    return ProductionTag(text, Version(*numbers), form) if numbers else None


def production_tags(names: Iterable[str], form: TagFormat, lowest: ProductionTag | None = None) -> list[ProductionTag]:
    """Return the production tags among `names` from `lowest` on, lowest first; tags of one version in text order."""
    # Numbers are compared, not versions, which would be much slower for ten thousand names.
    prefix = form.prefix
    bound = numbers_of(lowest.text, prefix) if lowest else None
    numbered = ((numbers_of(name, prefix), name) for name in names)
    found = sorted((numbers, name) for numbers, name in numbered if numbers and (bound is None or numbers >= bound))
    return [ProductionTag(name, Version(*numbers), form) for numbers, name in found]


def is_above(one: str, other: str, form: TagFormat) -> bool:
    """Whether both are production tags, and the first has the higher number."""
    high, low = numbers_of(one, form.prefix), numbers_of(other, form.prefix)
    return bool(high and low and high > low)


def same_number(tag: str, names: Iterable[str], form: TagFormat) -> list[str]:
    """Return those of `names` with the same three numbers as the production tag `tag`, itself included."""
    number = numbers_of(tag, form.prefix)
    return [name for name in names if name == tag or (number and numbers_of(name, form.prefix) == number)]


def following(tag: ProductionTag) -> str:
    """Return the tag with the last number one higher, otherwise written the same."""
    return f"{tag.text.rpartition('.')[0]}.{tag.version.patch + 1}"


def next_iteration(month: datetime.date, taken: Iterable[str], form: TagFormat) -> str:
    """Return the next `YEAR.MONTH.ITERATION` of `month`: one more than the highest among `taken`.

    Names in `taken` that are not production tags of that year and month do not count; how the month is
    written does not matter (after `2023.6.4` comes `2023.06.5`).
    """
    own = (tag for tag in production_tags(taken, form) if tag.month == (month.year, month.month))
    highest = max((tag.version.patch for tag in own), default=0)
    return f"{form.prefix}{month.year:04d}.{month.month:02d}.{highest + 1}"


def next_number(part: str, newest: ProductionTag | None, taken: Iterable[str], form: TagFormat) -> str:
    """Return the next free `patch`, `minor` or `major` above `newest` (None: there is no release yet).

    A number in `taken`, on any branch, is skipped; the next one is tried.
    """
    used = {numbers_of(name, form.prefix) for name in taken}
    numbers = newest.version if newest else Version(0)
    while True:
        numbers = getattr(numbers, f"bump_{part}")()
        if (numbers.major, numbers.minor, numbers.patch) not in used:
            return f"{form.prefix}{numbers.major}.{numbers.minor}.{numbers.patch}"
