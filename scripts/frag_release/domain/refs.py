"""Refs by their full names, and how the tags of a repository are written, with what is told of one written otherwise.

A name alone cannot tell a branch from a tag.
"""

from __future__ import annotations

import re

from ..dataclass import dataclass

TAGS, BRANCHES, PULLS = "refs/tags/", "refs/heads/", "refs/pull/"

MAX_DIGITS = 9
"""Longest number within a tag, in digits; far above any real release and below Python's int limits."""

# No `\d` (it matches Arabic-Indic and full-width digits) and no `$` (it accepts a final newline).
_PRODUCTION = re.compile(rf"([0-9]{{1,{MAX_DIGITS}}})\.([0-9]{{1,{MAX_DIGITS}}})\.([0-9]{{1,{MAX_DIGITS}}})")

BY_MONTH, NUMBERS = "YEAR.MONTH.ITERATION", "N.N.N"
FORMATS = (BY_MONTH, f"v{BY_MONTH}", NUMBERS, f"v{NUMBERS}")
"""The values of `tag-format`."""
FORMATS_IN_WORDS = f"`{BY_MONTH}` or `{NUMBERS}`, or either with a `v` in front"
AS_TAG, WITHOUT_V = IMAGE_FORMATS = ("as-tag", "without-v")
"""The values of `image-tag-format`."""
PATCH, MINOR, MAJOR = PARTS = ("patch", "minor", "major")
"""What may be asked for in place of a tag where `tag-format` is `N.N.N`."""
FIRST_YEAR = 2000
"""From here on the first number is the year of YEAR.MONTH.ITERATION; below it is the major number of N.N.N."""


@dataclass(frozen=True)
class TagFormat:
    """How a repository writes its production tags; `name` is one of `FORMATS`.

    With `bare_images` the tags of its images lack the `v`.
    """

    name: str = BY_MONTH
    bare_images: bool = False

    @property
    def prefix(self) -> str:
        """What stands before the numbers."""
        return "v" if self.name.startswith("v") else ""

    @property
    def by_month(self) -> bool:
        """Whether the numbers are year, month and iteration."""
        return self.name.endswith(BY_MONTH)

    @property
    def shape(self) -> str:
        """The form of a tag, whatever its numbers mean."""
        return f"{self.prefix}{NUMBERS}"

    @property
    def numbers(self) -> str:
        """What a tag consists of, for people."""
        return "a v and exactly three numbers" if self.prefix else "exactly three numbers"

    def like(self, by_month: str = "2023.06.1") -> str:
        """Return an example of a tag; `by_month` is the one without the `v` where the numbers are of a month."""
        return f"{self.prefix}{by_month if self.by_month else '1.4.2'}"

    @property
    def samples(self) -> tuple[str, ...]:
        """Tags that the gate takes for production ones, the usual first: what guards production must cover them all."""
        numbers = ("2023.06.1", "2031.12.15", "1.2.3") if self.by_month else ("1.4.2", "12.34.56", "2023.06.1")
        return tuple(f"{self.prefix}{one}" for one in numbers)

    @property
    def near_misses(self) -> tuple[str, ...]:
        """Tags that a pattern such as `*.*.*` means, too, and the gate does not take for production ones."""
        return f"{self.like()}-rc.1", f"{self.like('2023.11.1')}-2"

    @property
    def ruleset_pattern(self) -> str:
        """The pattern of GitHub's rulesets that means every production tag; it means `near_misses`, too."""
        return f"{self.prefix}*.*.*"

    @property
    def environment_patterns(self) -> tuple[str, ...]:
        """The patterns of an environment's tags, as narrow as can be without a way to say "one or more digits"."""
        if not self.by_month:
            return (f"{self.prefix}[0-9]*.[0-9]*.[0-9]*",)
        month = f"{self.prefix}[0-9][0-9][0-9][0-9].[0-9][0-9]"
        return f"{month}.[0-9]", f"{month}.[0-9][0-9]"

    @property
    def trigger_pattern(self) -> str:
        """The pattern of `on.push.tags` that means production tags alone."""
        return f"{self.prefix}[0-9]+.[0-9]+.[0-9]+"

    def image_tag(self, tag: str) -> str:
        """Return the tag of the image that belongs to `tag`; one that is no production tag stays as it is."""
        bare = self.bare_images and numbers_of(tag, self.prefix) is not None
        return tag[len(self.prefix) :] if bare else tag


DEFAULT_FORMAT = TagFormat()


def numbers_of(text: str, prefix: str) -> tuple[int, int, int] | None:
    """Return the three numbers behind `prefix`; None if there is anything else in `text`."""
    if not text.startswith(prefix):
        return None
    match = _PRODUCTION.fullmatch(text, len(prefix))
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def wrong_v(text: str, form: TagFormat, input_: str) -> str:
    """Say what keeps a tag with, or without, a `v` in front from being a production tag, and what to set in `input_`.

    Empty if that is not what is wrong with it.
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
        f"{text} has {here} v in front, and {input_} ({form.name}) has {there} v: set {input_} to "
        f"{'v' if text != bare else ''}{name} if that is how the repository tags its releases."
    )


@dataclass(frozen=True)
class Ref:
    """A ref by its full name, or a short name of which it is not known yet what it names; empty for none."""

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
        """Whether it is a full name."""
        return self.text.startswith("refs/")

    @property
    def tag(self) -> str:
        """The tag's own name, empty if it is not a tag."""
        return self._below(TAGS)

    @property
    def branch(self) -> str:
        """The branch's own name, empty if it is not a branch."""
        return self._below(BRANCHES)

    @property
    def is_pull(self) -> bool:
        """Whether it is of a pull request."""
        return self.text.startswith(PULLS)

    @property
    def name(self) -> str:
        """What people call it: the tag's or branch's own name, else the whole ref."""
        return self.tag or self.branch or self.text

    def _below(self, start: str) -> str:
        return self.text[len(start) :] if self.text.startswith(start) else ""

    def __str__(self) -> str:
        return self.text
