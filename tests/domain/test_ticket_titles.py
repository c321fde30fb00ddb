"""Titles of release tickets, as people write them."""

from __future__ import annotations

import pytest

from frag_release.domain.tickets import same_title


@pytest.mark.parametrize(
    ("title", "same"),
    [
        ("Release 2023.06.2", True),
        ("release 2023.06.2", True),
        ("Release: 2023.06.2", True),
        ("  RELEASE\u00a0 2023.06.2.  ", True),
        ("[Release] v2023.06.2", True),
        ("2023.06.2 release", True),
        ("Release of stack 2023.06.2 to production", True),
        ("Release 2023.06.22", False),
        ("Release 2023.06.2-rc.1", False),
        ("Release 12023.06.2", False),
        ("2023.06.2", False),
        ("Bug in release 2023.06.2", False),
        ("", False),
    ],
)
def test_a_title_of_a_release_is_known(title: str, same: bool) -> None:
    """Case, blanks, punctuation and words such as *of* make no other title; another tag or subject does."""
    assert same_title(title, "Release 2023.06.2") is same
