"""Suggestions for a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MOST = 3
_SHORTEST = 3
_LONGEST = 40


def meant(text: str, names: Iterable[str]) -> list[str]:
    """Return the names that the text may stand for, at most three.

    Names that it abbreviates, such as `wait` for `wait-minutes` and `url` for `awx-url`, else similar ones.
    """
    known, typed = list(names), text.lower().replace("_", "-")[:_LONGEST]
    shortened = [name for name in known if _shortens(typed, name)]
    return (shortened or get_close_matches(typed, known))[:_MOST]


def _shortens(typed: str, name: str) -> bool:
    return len(typed) >= _SHORTEST and (name.startswith(typed) or f"-{typed}-" in f"-{name}-")


def closest_first(text: str, names: Iterable[str]) -> list[str]:
    """Return all names in their order, except that likely ones come first."""
    known = list(names)
    return list(dict.fromkeys([*meant(text, known), *known]))
