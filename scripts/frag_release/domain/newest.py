"""The newest production tag: the highest that is on a production branch, if known; and tags that cannot be right."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence

from ..dataclass import dataclass
from .evidence import Answer, TooLong, Unknown
from .refs import DEFAULT_FORMAT, FIRST_YEAR, TagFormat, wrong_v
from .versions import ProductionTag, parse_production_tag

NEWEST = "newest"
"""The value of an input that stands for the newest tag; upper and lower case are the same."""

# Some teams number by the day, so the first tag of a month may well be its 31st.
_MOST_AT_FIRST = 31
_WIDEST_GAP = 20
_SHOWN = 10
_NAMED = 3
_NEARLY = re.compile(r"(?:[vV]\.?)?([0-9]+\.[0-9]+\.[0-9]+)")


@dataclass(frozen=True)
class Candidate:
    """A production tag that could be chosen, and whether it is on a production branch.

    `doubt` is why it cannot be right; such a tag is never chosen, on any branch.
    """

    tag: str
    eligible: Answer[bool]
    doubt: str = ""


@dataclass(frozen=True)
class Newest:
    """The highest production tags of a repository, highest first, down to at least the first that is on a branch.

    `doubtful` are those above it that cannot be right, also highest first. `unseen` is the number of lower tags that
    were not checked. `unformed` is the highest tag that would be higher if it had, or did not have, the letter in
    front, such as `v1.4.2`. `form` is the repository's format, set by the input `format_input`.
    """

    candidates: Sequence[Candidate] = ()
    doubtful: Sequence[Candidate] = ()
    unseen: int = 0
    unformed: str = ""
    form: TagFormat = DEFAULT_FORMAT
    format_input: str = "tag-format"

    def tag(self, besides: str = "") -> Answer[str]:
        """Return the newest tag other than `besides`, empty if there is none; `Unknown` if it is not certain."""
        for one in self.candidates:
            if isinstance(one.eligible, Unknown):
                why = one.eligible
                return Unknown(f"it is unknown whether {one.tag} is on the branch: {why.reason}", why.remedy)
            if one.eligible and one.tag != besides:
                return one.tag
        if not self.unseen:
            return ""
        return TooLong(
            f"none of the {len(self.candidates)} highest production tags is on the branch, and the {self.unseen} below "
            "them were not checked",
            "Name the tag itself.",
        )

    @property
    def shown(self) -> list[Candidate]:
        """The tags for a list to choose from: those that cannot be right, then the highest, including the newest."""
        first = next((at for at, one in enumerate(self.candidates) if one.eligible is True), 0)
        end = self.candidates[first : first + 1] if first >= _SHOWN else ()
        return [*self.doubtful[:_NAMED], *self.candidates[:_SHOWN], *end]

    @property
    def wrong(self) -> str:
        """Why no tag is certainly the newest: those above it that cannot be right, with the reason; empty if none are.

        One of them may be planted, or a release with an odd number: only people can decide to choose below it.
        """
        named = [f"{one.tag} cannot be right ({one.doubt})" for one in self.doubtful[:_NAMED]]
        more = len(self.doubtful) - _NAMED
        return ", ".join([*named, *([f"nor can {more} more"] if more > 0 else [])])

    @property
    def remark(self) -> str:
        """What people must know about the newest tag, in sentences; usually empty."""
        found = [f"{one.tag} cannot be right and was passed over: {one.doubt}." for one in self.doubtful[:_NAMED]]
        if len(self.doubtful) > _NAMED:
            found.append(f"So were {len(self.doubtful) - _NAMED} more.")
        if self.unformed:
            found.append(f"{self.unformed} is not {self.form.shape}, so it is not a production tag.")
            found.append(wrong_v(self.unformed, self.form, self.format_input))
        if isinstance(newest := self.tag(), Unknown):
            found.append(f"The newest tag could not be determined: {newest.reason.rstrip('.')}.")
        return " ".join(filter(None, found))


def is_newest(text: str) -> bool:
    """Whether the value of an input asks for the newest tag."""
    return text.lower() == NEWEST


def doubts(tags: Iterable[ProductionTag], today: datetime.date) -> Mapping[str, str]:
    """Return why tags (given lowest first) cannot be right, by their names.

    Otherwise anyone with push access could fix the newest tag, and the next number, permanently.
    """
    found: dict[str, str] = {}
    below: dict[tuple[int, ...], int] = {}
    for tag in tags:
        series, number = (tag.month, tag.numbers[2]) if tag.form.by_month else ((), tag.year)
        if doubt := _doubt(tag, below.get(series), today):
            found[tag.text] = doubt
        else:
            below[series] = number
    return found


def _doubt(tag: ProductionTag, lower: int | None, today: datetime.date) -> str:
    """Return why a tag cannot be right, empty if it can; `lower` is the number before it of its month, or the major."""
    if not tag.form.by_month:
        too_far = f"its first number is more than {_WIDEST_GAP} above {lower or 0}, the next lower one"
        return too_far if tag.year - (lower or 0) > _WIDEST_GAP else ""
    year, month, iteration = tag.numbers
    if (year, month) > (today.year, today.month):
        return "its number is later than this month"
    if year < FIRST_YEAR or not 1 <= month <= 12:
        return ""
    if lower is None:
        return "no month has so many releases" if iteration > _MOST_AT_FIRST else ""
    too_far = f"that is more than {_WIDEST_GAP} above {tag.form.prefix}{year}.{month:02d}.{lower}, the next lower one"
    return too_far if iteration - lower > _WIDEST_GAP else ""


def unformed(names: Iterable[str], form: TagFormat, highest: ProductionTag | None = None) -> str:
    """Return the highest of `names` that would be a production tag with another letter in front, above `highest`."""
    others = (name for name in names if parse_production_tag(name, form) is None)
    bare = (
        (parse_production_tag(match[1], DEFAULT_FORMAT), name) for name in others if (match := _NEARLY.fullmatch(name))
    )
    found = max(((tag.version, name) for tag, name in bare if tag), default=None)
    return found[1] if found and (highest is None or found[0] > highest.version) else ""
