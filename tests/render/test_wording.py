from __future__ import annotations

import datetime

import pytest

from frag_release.render.wording import age
from render.reports import NOW


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({"seconds": 59}, "just now"),
        ({"minutes": 1}, "1 minute ago"),
        ({"hours": 23, "minutes": 59}, "23 hours ago"),
        ({"days": 1}, "1 day ago"),
        ({"days": 29}, "29 days ago"),
        ({"days": 30}, "1 month ago"),
        ({"days": 364}, "12 months ago"),
        ({"days": 800}, "2 years ago"),
        ({"seconds": -1}, "dated in the future"),
    ],
)
def test_ages_are_told_in_words(before: dict[str, int], words: str) -> None:
    """The largest whole unit counts."""
    assert age(NOW - datetime.timedelta(**before), NOW) == words


def test_a_time_without_a_zone_is_in_utc() -> None:
    """Clocks of different kinds can be compared."""
    assert age(datetime.datetime(2023, 6, 8, 10), NOW) == "2 hours ago"


def test_an_age_that_is_not_known_is_not_told() -> None:
    """No time, no words."""
    assert age(None, NOW) == ""
