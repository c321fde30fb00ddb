from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frag_release.render import markdown
from render.hostile import HOSTILE, markup, read, tokens


@pytest.mark.parametrize("foreign", HOSTILE)
@pytest.mark.parametrize("write", [markdown.text, markdown.words, markdown.code])
def test_foreign_text_never_becomes_markup(write: object, foreign: str) -> None:
    """Whatever a name holds, a Markdown parser finds text and code in it and nothing else."""
    assert callable(write)
    assert markup(write(foreign)) == []


@given(st.text(max_size=60))
def test_any_text_is_only_text(foreign: str) -> None:
    """No text at all becomes markup, as prose or as code."""
    assert markup(markdown.text(foreign)) == []
    assert markup(markdown.code(foreign)) == []


@given(st.text(alphabet="abc`|\\<>&*_[]()#@:$'\"~!^{}=+-. 1/", max_size=40))
def test_people_read_what_was_written(foreign: str) -> None:
    """Escaping changes nothing that people see, but for white space."""
    assert read(markdown.text(foreign)) == " ".join(foreign.split())


@pytest.mark.parametrize("foreign", HOSTILE)
@pytest.mark.parametrize("write", [markdown.text, markdown.words, markdown.code])
def test_a_table_keeps_its_cells(write: object, foreign: str) -> None:
    """Foreign text in a cell neither ends the cell nor the row."""
    assert callable(write)
    table = tokens(markdown.table(["a", "b"], [[write(foreign), "end"]]))
    assert [token.type for token in table].count("tr_open") == 2
    # A parser drops cells beyond the header's, so their number alone tells nothing.
    assert [token.content for token in table if token.type == "text"][-1] == "end"


@pytest.mark.parametrize(
    ("foreign", "forbidden"),
    [
        ("@octocat", r"@o"),
        ("see #12", r"(?<!&)#1|&#35;1"),
        ("GH-3", r"GH-3"),
        (":tada:", r":tada"),
        ("www.evil.example", r"www\."),
        ("ftp://evil.example", r"://"),
        ("a@evil.example", r"@e"),
    ],
)
def test_prose_holds_nothing_that_github_links_or_notifies(foreign: str, forbidden: str) -> None:
    """Names, numbers and bare addresses are broken up where GitHub would act on them."""
    assert not re.search(forbidden, markdown.text(foreign))


def test_an_address_in_prose_is_code() -> None:
    """An address can be copied but not clicked, and the full stop after it is no part of it."""
    assert markdown.text("Open https://ci.example/runs/7.") == "Open `https://ci.example/runs/7`."


def test_quoted_parts_of_our_messages_are_code() -> None:
    """`words` shows what a message quotes as code, and `text` does not."""
    assert markdown.words("built as `latest` now") == "built as `latest` now"
    assert markdown.text("`latest`") == "&#96;latest&#96;"


def test_plain_versions_stay_readable_in_the_source() -> None:
    """A version at the start of a line is no list, so it needs no escape."""
    assert markdown.text("2023.06.1 is on master") == "2023.06.1 is on master"


def test_what_cannot_be_seen_is_spelled_out() -> None:
    """Control and direction characters are shown by their numbers; line ends become spaces."""
    assert markdown.visible("a\u202eb\x1b[0m\nc\udcff") == "a\\u202eb\\x1b[0m c\\udcff"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    """Ten thousand characters are cut to the limit, the last of which says so."""
    shown = markdown.visible("x" * 10_000, 50)
    assert (len(shown), shown[-1]) == (50, "…")
    assert markdown.visible("x" * 50, 50) == "x" * 50
    assert markdown.visible(" " * 10_000 + "x", 50) == "…"


def test_empty_code_can_be_seen() -> None:
    """An empty name is shown as such and not as nothing."""
    assert read(markdown.code("")) == '""'


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/b c", "https://a.example/b%20c"),
        ("https://a.example/x)y(", "https://a.example/x%29y%28"),
        ("https://a.example/?a=1&copy;=2", "https://a.example/?a=1&amp;copy;=2"),
        ('https://a.example/"><img>', "https://a.example/%22%3E%3Cimg%3E"),
        ("https://a.example/\nx", "https://a.example/%0Ax"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//a.example/x", ""),
        ("https:///x", ""),
        ("https://github.com@evil.example/", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_become_links(url: str, expected: str) -> None:
    """Addresses are encoded; what is no plain http(s) address makes no link at all."""
    assert markdown.safe_url(url) == expected


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_cannot_leave_its_link(label: str) -> None:
    """A link has exactly its own address, whatever its label holds."""
    for link in (markdown.link(label, "https://a.example/"), markdown.code_link(label, "https://a.example/")):
        found = [token.attrs["href"] for token in tokens(link) if token.type == "link_open"]
        assert found == ["https://a.example/"]


@pytest.mark.parametrize("foreign", HOSTILE)
def test_a_fold_closes_where_it_should(foreign: str) -> None:
    """The title of a fold cannot close it or add another."""
    folded = markdown.details(foreign, "body")
    assert (folded.count("<details>"), folded.count("</details>"), folded.count("<summary>")) == (1, 1, 1)


@pytest.mark.parametrize("content", ["plain", "```\nx", "a ````` b", "~~~"])
def test_a_fence_outgrows_its_content(content: str) -> None:
    """The whole content is in the one fenced block."""
    found = [(token.type, token.content) for token in tokens(markdown.fence(content, "text"))]
    assert found == [("fence", f"{content}\n")]


def test_a_table_says_what_it_left_out() -> None:
    """Past its cap a table tells how many rows there would be, and else it tells nothing."""
    rows = [[str(number)] for number in range(7)]
    assert markdown.table(["n"], rows, cap=3).endswith("| 2 |\n\nShowing 3 of 7.")
    assert "Showing" not in markdown.table(["n"], rows)


def test_a_table_is_cut_by_size_too() -> None:
    """Rows of great length are left out before a table outgrows its share of the summary."""
    table = markdown.table(["n"], [["y" * 10_000]] * 90)
    assert len(table) < 160_000
    assert table.endswith("Showing 14 of 90.")


def test_lists_say_what_they_left_out() -> None:
    """Lists are capped as tables are."""
    assert markdown.bullets(["a", "b", "c"], cap=2) == "- a\n- b\n\nShowing 2 of 3."
    assert markdown.numbered(["a", "b"]) == "1. a\n2. b"


def test_only_the_address_that_is_given_becomes_a_link() -> None:
    """Of several addresses in a message the one of ours can be clicked; without it none can."""
    ours, foreign = "https://github.com/o/r/actions/runs/7", "https://evil.example/x"
    message = f"Open {ours}, or {foreign}, or {ours}/more."
    assert markdown.words(message, url=ours) == f"Open [`{ours}`]({ours}), or `{foreign}`, or `{ours}/more`."
    assert markdown.words(message) == f"Open `{ours}`, or `{foreign}`, or `{ours}/more`."
    assert markdown.words("Open javascript:alert(1)", url="javascript:alert(1)") == "Open javascript:alert(1)"
