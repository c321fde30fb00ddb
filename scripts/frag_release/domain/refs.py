"""Refs by their full names, and the formats of tags, with the hint for a tag of another format.

A short name may be a branch or a tag.
"""

from __future__ import annotations

import re

from ..dataclass import dataclass

TAGS, BRANCHES, PULLS = "refs/tags/", "refs/heads/", "refs/pull/"

MAX_DIGITS = 9
"""Longest number in a tag, in digits: far above any real release, and below Python's limit for integers."""

# No `\d` (it matches Arabic-Indic and full-width digits) and no `$` (it accepts a final newline).
_PRODUCTION = re.compile(rf"([0-9]{{1,{MAX_DIGITS}}})\.([0-9]{{1,{MAX_DIGITS}}})\.([0-9]{{1,{MAX_DIGITS}}})")

BY_MONTH, NUMBERS = "YEAR.MONTH.ITERATION", "N.N.N"
FORMATS = (BY_MONTH, f"v{BY_MONTH}", NUMBERS, f"v{NUMBERS}")
"""The values of `tag-format`."""
FORMATS_IN_WORDS = f"`{BY_MONTH}` or `{NUMBERS}`, or either with a `v` in front"
AS_TAG, WITHOUT_V = IMAGE_FORMATS = ("as-tag", "without-v")
"""The values of `image-tag-format`."""
PATCH, MINOR, MAJOR = PARTS = ("patch", "minor", "major")
"""Values that name the next tag if `tag-format` is `N.N.N`."""
FIRST_YEAR = 2000
"""From here on, the first number is the year of YEAR.MONTH.ITERATION; below, it is the major number of N.N.N."""


@dataclass(frozen=True)
class TagFormat:
    """The format of a repository's production tags; `name` is one of `FORMATS`.

    With `bare_images` the tags of its images have no `v`.
    """

    name: str = BY_MONTH
    bare_images: bool = False

    @property
    def prefix(self) -> str:
        """The `v` before the numbers, or empty."""
        return "v" if self.name.startswith("v") else ""

    @property
    def by_month(self) -> bool:
        """Whether the numbers are year, month and iteration."""
        return self.name.endswith(BY_MONTH)

    @property
    def shape(self) -> str:
        """The form of a tag, without the meaning of its numbers."""
        return f"{self.prefix}{NUMBERS}"

    @property
    def numbers(self) -> str:
        """What a tag consists of, for people."""
        return "a v and exactly three numbers" if self.prefix else "exactly three numbers"

    def like(self, by_month: str = "2023.06.1") -> str:
        """Return an example of a tag; `by_month` is the one, without the `v`, for a format by month."""
        return f"{self.prefix}{by_month if self.by_month else '1.4.2'}"

    @property
    def samples(self) -> tuple[str, ...]:
        """Production tags, the usual one first: rules that guard production must match all of them."""
        numbers = ("2023.06.1", "2031.12.15", "1.2.3") if self.by_month else ("1.4.2", "12.34.56", "2023.06.1")
        return tuple(f"{self.prefix}{one}" for one in numbers)

    @property
    def near_misses(self) -> tuple[str, ...]:
        """Tags that a pattern such as `*.*.*` also matches, but that are not production tags."""
        return f"{self.like()}-rc.1", f"{self.like('2023.11.1')}-2"

    @property
    def ruleset_pattern(self) -> str:
        """The pattern for GitHub's rulesets that matches every production tag; it also matches `near_misses`."""
        return f"{self.prefix}*.*.*"

    @property
    def environment_patterns(self) -> tuple[str, ...]:
        """The patterns for an environment's tags, as narrow as possible: they cannot express "one or more digits"."""
        if not self.by_month:
            return (f"{self.prefix}[0-9]*.[0-9]*.[0-9]*",)
        month = f"{self.prefix}[0-9][0-9][0-9][0-9].[0-9][0-9]"
        return f"{month}.[0-9]", f"{month}.[0-9][0-9]"

    @property
    def trigger_pattern(self) -> str:
        """The pattern for `on.push.tags` that matches production tags only."""
        return f"{self.prefix}[0-9]+.[0-9]+.[0-9]+"

    def image_tag(self, tag: str) -> str:
        """Return the tag of the image of `tag`; one that is not a production tag is returned unchanged."""
        bare = self.bare_images and numbers_of(tag, self.prefix) is not None
        return tag[len(self.prefix) :] if bare else tag


DEFAULT_FORMAT = TagFormat()


def numbers_of(text: str, prefix: str) -> tuple[int, int, int] | None:
    """Return the three numbers after `prefix`; None if there is anything else in `text`."""
    if not text.startswith(prefix):
        return None
    match = _PRODUCTION.fullmatch(text, len(prefix))
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def wrong_v(text: str, form: TagFormat, input_: str) -> str:
    """Return a hint if only a missing or extra `v` keeps a tag from being a production tag, else an empty text.

    It names the value to set `input_` to.
    """
    bare = text[1:] if text[:1] in ("v", "V") else text
    numbers = numbers_of(bare, "")
    if numbers is None or numbers_of(text, form.prefix):
        return ""
    name = BY_MONTH if numbers[0] >= FIRST_YEAR else NUMBERS
    if text.startswith("V"):
        return f"{text} begins with a capital V, which no format of tags has."
    here, there = ("a", "no") if text != bare else ("no", "a")
    return (
        f"{text} has {here} v in front, but {input_} ({form.name}) has {there} v: set {input_} to "
        f"{'v' if text != bare else ''}{name} if that is how the repository tags its releases."
    )


@dataclass(frozen=True)
class Ref:
    """A ref by its full name, or a short name that may be a branch or a tag; empty for none."""

    text: str

    @staticmethod
    def of_tag(name: str) -> Ref:
        """The ref of a tag."""
        return Ref(f"{TAGS}{name}")

    @staticmethod
    def of_branch(name: str) -> Ref:
        """The ref of a branch."""
        return Ref(f"{BRANCHES}{name}")

    @property
    def is_full(self) -> bool:
        """Whether the text is a full name."""
        return self.text.startswith("refs/")

    @property
    def tag(self) -> str:
        """The tag's short name, empty if it is not a tag."""
        return self._below(TAGS)

    @property
    def branch(self) -> str:
        """The branch's short name, empty if it is not a branch."""
        return self._below(BRANCHES)

    @property
    def is_pull(self) -> bool:
        """Whether it is of a pull request."""
        return self.text.startswith(PULLS)

    @property
    def name(self) -> str:
        """The name for people: the short name of a tag or branch, else the whole ref."""
        return self.tag or self.branch or self.text

    def _below(self, start: str) -> str:
        return self.text[len(start) :] if self.text.startswith(start) else ""

    def __str__(self) -> str:
        return self.text
