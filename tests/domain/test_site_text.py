"""What counts as the deployed version on a page."""

from __future__ import annotations

import pytest

from frag_release.domain.site import SiteLook, find_text

TAG = "2023.06.1"


@pytest.mark.parametrize(
    "page", ["2023.06.1", "v2023.06.1", "<b>2023.06.1</b>", "stack:2023.06.1.", "(2023.06.1)", "a 2023.06.1, b"]
)
def test_the_tag_by_itself_is_found(page: str) -> None:
    """The tag is found between whatever is no part of a tag."""
    assert find_text(page, TAG, TAG)


@pytest.mark.parametrize(
    "page",
    ["2023.06.12", "2023.06.1-rc.1", "2023.06.1.3", "12023.06.1", "1.2023.06.1", "2023.06.10", "2023.06.1+build",
     "2023.06.1rc", "2023.06.1_x", "2023x06x1", "", "2023.06.2"],
)  # fmt: skip
def test_a_longer_tag_is_another_one(page: str) -> None:
    """A page that shows 2023.06.12 or a candidate of the release does not show 2023.06.1."""
    assert find_text(page, TAG, TAG) is None


def test_other_text_is_found_wherever_it_stands() -> None:
    """A text of the user's own is taken as it is, special characters included."""
    assert find_text("<title>Fragalysis</title>", "<title>Frag", TAG)
    assert find_text("a+b (c)", "a+b (c", TAG)


def test_a_look_says_what_was_seen() -> None:
    """Status, size and whether the text was there, or why nothing was seen."""
    assert SiteLook("u", "t", 200, 1234, True).seen == "it answered 200 with 1,234 bytes, and 't' is there"
    assert SiteLook("u", "t", 200, 5, False).seen == "it answered 200 with 5 bytes, and 't' is not there"
    assert SiteLook("u", "t", 404, 5, True).seen == "it answered 404"
    assert SiteLook("u", "t", problem="nobody answered").seen == "nobody answered"
    assert not SiteLook("u", "t", 404, 5, True).passed


@pytest.mark.parametrize(
    ("text", "shown", "found"),
    [
        ("v2023.06.1", "v2023.06.1", True), ("v2023.06.1", "v2023.06.12", False),
        ("Stack 2023.06.1", "Stack 2023.06.1-rc.1", False), ("2023.06.1 (stack)", "12023.06.1 (stack)", False),
        ("2023.06.1 (stack)", "2023.06.1 (stack)2", True),
    ],
)  # fmt: skip
def test_a_text_with_the_tag_at_its_end_is_not_found_in_a_longer_tag(text: str, shown: str, found: bool) -> None:
    """Where the text begins or ends with the tag, that must be the whole tag on the page as well."""
    assert (find_text(f"<p>{shown}</p>", text, TAG) is not None) == found
