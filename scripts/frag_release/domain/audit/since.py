"""From which release on an audit judges."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..tag_format import MAX_DIGITS
from ..versions import ProductionTag

_START = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}(\.[0-9]{{1,{MAX_DIGITS}}}){{0,2}}\.?")


@dataclass(frozen=True)
class Since:
    """The first numbers of the first release; none of them means every release.

    `2023.` and `2023` are everything from 2023 on, `2023.06` everything from June 2023 on: numbers are
    compared, not letters.
    """

    numbers: tuple[int, ...] = ()
    text: str = ""

    def covers(self, tag: ProductionTag) -> bool:
        """Whether the release `tag` is judged."""
        version = (tag.version.major, tag.version.minor, tag.version.patch)
        return version[: len(self.numbers)] >= self.numbers


def since_of(tag: ProductionTag) -> Since:
    """Return what covers a release and all that are higher."""
    version = tag.version
    return Since((version.major, version.minor, version.patch), tag.text)


def parse_since(text: str) -> Since | None:
    """Read a production tag or the start of one; None for anything else. An empty text means every release."""
    if not text:
        return Since()
    # A fourth part would never be compared, so a full tag ends without a dot.
    if not _START.fullmatch(text) or (text.count(".") == 3):
        return None
    return Since(tuple(int(number) for number in text.rstrip(".").split(".")), text)
