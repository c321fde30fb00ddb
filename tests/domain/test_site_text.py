"""What counts as the deployed version on a page."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path

import pytest

from frag_release.domain.site import (
    LineError,
    LineLook,
    OtherPage,
    Page,
    PageError,
    SiteLine,
    SiteLook,
    fits,
    look_at,
    read_json,
    read_lines,
    text_of,
    tokens_of,
    value_at,
)

TAG = "2023.06.1"
VALUES = {"image-tag": TAG, "stack-commit": "c" * 40, "backend-tag": "2023.05.1", "backend-namespace": "xchem"}
LINE = SiteLine("xchem:{image-tag}", "/version/stack")
HISTORY = Path(__file__).parents[1] / "data" / "stack-pins.tsv"


def held(text: str, page: str) -> bool:
    """Whether a page holds a line as it is written."""
    (line,) = read_lines(text, VALUES, ())
    return look_at(line, VALUES, Page(page.encode())).found


def seen(text: str, page: bytes) -> str:
    """What is said of a line."""
    (line,) = read_lines(text, VALUES, ())
    return look_at(line, VALUES, Page(page)).seen


@pytest.mark.parametrize(
    "page", ["2023.06.1", "v2023.06.1", "<b>2023.06.1</b>", "stack:2023.06.1.", "(2023.06.1)", "a 2023.06.1, b"]
)
def test_the_tag_by_itself_is_found(page: str) -> None:
    """The tag is found between whatever is no part of a tag."""
    assert look_at(SiteLine("{image-tag}"), VALUES, Page(page.encode())).found


@pytest.mark.parametrize("text", ["Shop {image-tag} on sale", "{image-tag} on sale", "Shop {image-tag}"])
def test_of_two_tags_with_a_v_nobody_can_tell_which_runs(text: str) -> None:
    """A page with one fits and holds, a page with two does neither, and nor does one with a candidate or `latest`."""
    line, values = SiteLine(text), {"image-tag": "v1.5.0"}
    one = Page(b"Shop v1.5.0 on sale")
    assert (fits(line, one), look_at(line, values, one).found) == (True, True)
    for other in ("v1.4.2", "v2.0.0-rc.1", "1.5.0", "latest"):
        two = Page(f"Shop v1.5.0 on sale, Shop {other} on sale".encode())
        assert (fits(line, two), look_at(line, values, two).found) == (False, False), other
        gone = Page(f"Shop {other} on sale".encode())
        assert (fits(line, gone), look_at(line, values, gone).found, look_at(line, values, gone).other) == (
            True,
            False,
            True,
        )


@pytest.mark.parametrize("page", ["dev1.5.0", "v1.5.01", "v1.5.0-rc.1", "xv1.5.0", "2v1.5.0", "1.5.0", "V1.5.0"])
def test_a_tag_with_a_v_is_not_within_another_word(page: str) -> None:
    """What stands before the `v` or behind the last number would be another version."""
    assert not look_at(SiteLine("{image-tag}"), {"image-tag": "v1.5.0"}, Page(page.encode())).found


@pytest.mark.parametrize(
    "page",
    ["2023.06.12", "2023.06.1-rc.1", "2023.06.1.3", "12023.06.1", "1.2023.06.1", "2023.06.10", "2023.06.1+build",
     "2023.06.1rc", "2023.06.1_x", "2023x06x1", "", "2023.06.2"],
)  # fmt: skip
def test_a_longer_tag_is_another_one(page: str) -> None:
    """A page that shows 2023.06.12 or a candidate of the release does not show 2023.06.1."""
    assert not look_at(SiteLine("{image-tag}"), VALUES, Page(page.encode())).found


@pytest.mark.parametrize(
    ("text", "shown", "found"),
    [
        ("stack v{image-tag}", "stack v2023.06.1", True), ("stack v{image-tag}", "stack v2023.06.12", False),
        ("Stack {image-tag}", "Stack 2023.06.1-rc.1", False), ("{image-tag} (stack)", "12023.06.1 (stack)", False),
        ("{image-tag} (stack)", "2023.06.1 (stack)2", True), ("Stack {image-tag}.", "Stack 2023.06.1.3", False),
        ("Stack {image-tag}.", "Stack 2023.06.1. ", True), ("a+b (c {image-tag}", "a+b (c 2023.06.1", True),
        ("{backend-namespace}/stack:{image-tag}", "xchem/stack:2023.06.1", True),
        ("{backend-namespace}/stack:{image-tag}", "my-xchem/stack:2023.06.1", False),
        ("{stack-commit}", "c" * 40, True), ("{stack-commit}", "c" * 41, False),
        ("{stack-commit}", "1" + "c" * 40, False),
        ("{backend-tag} and stack {image-tag}", "2023.05.1 and stack 2023.06.1", True),
        ("{backend-tag} and stack {image-tag}", "2023.05.2 and stack 2023.06.1", False),
    ],
)  # fmt: skip
def test_each_value_is_a_whole_one(text: str, shown: str, found: bool) -> None:
    """Where a line begins or ends with a value, that must be the whole value on the page as well."""
    assert held(text, f"<p>{shown}</p>") == found


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("x:2023.06.1", True), ("x:2023.06.1 x:2023.06.1", True), ("x:2023.06.1 x:latest", False),
        ("x:2023.06.1 x:2023.05.9", False), ("x:2023.06.1-rc.1 x:2023.06.1", False), ("x:2023.06.1 y:2023.05.9", True),
    ],
)  # fmt: skip
def test_a_text_with_other_versions_beside_it_tells_nothing(page: str, found: bool) -> None:
    """The same text with another version elsewhere on the page leaves open which of them runs."""
    assert held("x:{image-tag}", page) == found


PAIRS = {"version": {"backend": "xchem:2023.05.1", "frontend": "xchem:2023.06.1", "stack": "xchem:2023.06.2"}}


@pytest.mark.parametrize(
    ("line", "value", "found"),
    [
        ("/a = {image-tag}", '"2023.06.1"', True), ("/a = {image-tag}", '"2023.06.1 "', False),
        ("/a = {image-tag}", '"x2023.06.1"', False), ("/a = stack {image-tag}", '"stack 2023.06.1"', True),
        ("/a   =   {image-tag}", '"2023.06.1"', True), ("/a = {image-tag}", '["2023.06.1"]', False),
        ("/a/1 = {image-tag}", '["x", "2023.06.1"]', True), ("/a/01 = {image-tag}", '["x", "2023.06.1"]', False),
        ("/a/- = {image-tag}", '["2023.06.1"]', False), ("/a/2 = {image-tag}", '["x", "2023.06.1"]', False),
        ("/a/b~1c~0d~01 = {image-tag}", '{"b/c~d~1": "2023.06.1"}', True),
        ("/a/ = {image-tag}", '{"": "2023.06.1"}', True), ("/a/é = {image-tag}", '{"é": "2023.06.1"}', True),
        ("/a/b=c = {image-tag}", '{"b=c": "2023.06.1"}', True), ("/a/x y = {image-tag}", '{"x y": "2023.06.1"}', True),
        ("/a = {backend-namespace}:{backend-tag}@{image-tag}", '"xchem:2023.05.1@2023.06.1"', True),
    ],
)  # fmt: skip
def test_a_value_is_compared_as_a_whole(line: str, value: str, found: bool) -> None:
    """The value at a pointer is the text with its placeholders filled, or the line does not hold."""
    assert held(line, f'{{"a": {value}}}') == found


@pytest.mark.parametrize(
    ("wanted", "value", "same"),
    [
        ("true", "true", True), ("false", "true", False), ("null", "null", True), ("3", "3", True), ("3", "3.0", False),
        ("2023.1", "2023.10", False), ("2023.10", "2023.10", True), ("1", "true", False),
        ("9" * 5000, "9" * 5000, True),
        ("True", "true", False), ("1e3", "1000", False), ("NaN", "NaN", False), ("", '""', True),
    ],
)  # fmt: skip
def test_other_values_are_compared_as_they_are_written(wanted: str, value: str, same: bool) -> None:
    """A number is what the page writes, so that 2023.10 is not 2023.1; true is the word and not 1."""
    try:
        assert (text_of(value_at(read_json(f'{{"a": {value}}}'.encode()), "/a")) == wanted) is same
    except PageError:
        assert not same


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (b"<html>", "the page is not JSON, so 'xchem:2023.06.1' was not found"),
        (b"", "the page is not JSON"),
        (b'{"version": {"stack": "\xff"}}', "the page is not UTF-8, so it is not JSON"),
        (b'{"version": 1, "x": {"a": 1, "a": 1}}', 'the page has the name "a" twice in one object'),
        (b'[{"a":' * 50_000, "the page is nested too deeply"),
        (b'{"version": {}}', "the page has no /version/stack, so"),
        (b"{}", "the page has no /version, so"),
        (b'{"version": "x"}', "the page has no /version/stack: /version is a string"),
        (b'{"version": null}', "the page has no /version/stack: /version is null"),
        (b'"x"', "the page has no /version/stack: the document is a string"),
        (b'{"version": {"stack": []}}', "/version/stack is a list, not 'xchem:2023.06.1'"),
        (b'{"version": {"stack": "a\\n::error::b"}}', "/version/stack is \"a ::error::b\", not 'xchem:2023.06.1'"),
        (json.dumps(PAIRS).encode(), "/version/stack is \"xchem:2023.06.2\", not 'xchem:2023.06.1'"),
    ],
)
def test_a_line_says_what_was_seen(page: bytes, words: str) -> None:
    """Each way in which a page can fail a line is told, in one line and without what the page could do with it."""
    told = seen("/version/stack = xchem:{image-tag}", page)
    assert told.startswith(words)
    assert told.isprintable()


def test_a_mark_of_the_encoding_is_no_trouble() -> None:
    """A byte order mark may stand before JSON."""
    assert held("/a = {image-tag}", '\ufeff{"a": "2023.06.1"}')


@pytest.mark.parametrize("text", ["stack/a", "/a~", "/~2", "/a/~b"])
def test_a_malformed_pointer_is_refused(text: str) -> None:
    """A pointer begins with a slash, and ~ stands before 0 or 1 only."""
    with pytest.raises(ValueError, match="JSON pointer"):
        tokens_of(text)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("{image-tag}", True), ("v{image-tag}", True), ("2023.06.1", True), ("{backend-tag}", True), ("v1.2", True),
        ("V{image-tag}", True),
        ("{backend-tag}-{image-tag}", True), ("XCHEM:{image-tag}", True), ("ghcr.io/xchem/{image-tag}", True),
        ("<td>{image-tag}</td>", True), ("xchem {backend-tag} {image-tag}", True),
        ("Stack {image-tag}", False), ("fragalysis-stack:{image-tag}", False), ("xchem-stack:{image-tag}", False),
        ("{stack-commit}", False), ("rev{image-tag}", False), ("版 {image-tag}", False),
        ("----\nStack {image-tag}", False),
    ],
)  # fmt: skip
def test_a_line_of_tags_and_namespaces_alone_is_refused(text: str, bare: bool) -> None:
    """A line in which no word says whose tag it is could be held by another component's version."""
    if not bare:
        assert read_lines(text, VALUES, ["xchem", "ghcr.io"])
        return
    with pytest.raises(LineError, match="is a bare tag"):
        read_lines(text, VALUES, ["xchem", "ghcr.io"])


def test_lines_are_read_in_their_order_and_empty_ones_left_out() -> None:
    """Blanks around a line do not count, and a text may begin with a slash."""
    read = read_lines("\n  /version/stack = xchem:{image-tag}\n\n/static/app-{image-tag}.js  \n", VALUES, ())
    assert read == (LINE, SiteLine("/static/app-{image-tag}.js"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/version/stack=x:{image-tag}", "needs spaces"), ("/version/stack =x:{image-tag}", "needs spaces"),
        ("/version/stack= x:{image-tag}", "needs spaces"), ("/a\t=\tx:{image-tag}", "needs spaces"),
        ('/version/stack = "xchem:{image-tag}"', "is in quotes"),
        ("Stack {image-tag}\n/version/backend = {backend_tag}", "contains {backend_tag}"),
        ("Stack {image-tag}\nBackend {Backend-Tag}", "contains {Backend-Tag}"),
        ("Stack {image-tag}\nBackend { backend-tag }", "contains { backend-tag }"),
    ],
)  # fmt: skip
def test_a_line_that_no_page_could_hold_is_refused(text: str, words: str) -> None:
    """What is nearly a line of another form would be found nowhere, after the launch."""
    with pytest.raises(LineError) as error:
        read_lines(text, VALUES, ())
    assert words in str(error.value)


@pytest.mark.parametrize(
    "text", ["/static/app.js?v={image-tag}", '{"stack": "x:{image-tag}"}', "/a = x{image-tag}", '/a = "x" {image-tag}']
)
def test_a_line_that_a_page_could_hold_is_taken(text: str) -> None:
    """The address of a script is a text, and so is a piece of JSON."""
    assert read_lines(text, VALUES, ())


def test_a_name_that_stands_twice_is_found_at_once() -> None:
    """However many names there are: a page is read for each line of each look."""
    names = ",".join(f'"{number:x}":1' for number in range(60_000))
    begin = time.process_time()
    with pytest.raises(PageError, match='has the name "last" twice'):
        read_json(f'{{{names},"last":1,"last":2}}'.encode())
    assert time.process_time() - begin < 10


def releases() -> list[tuple[str, dict[str, str]]]:
    """The real history: each release with what the page of its site shows, so far as the file names it."""
    rows = [row.split("\t") for row in HISTORY.read_text("utf-8").splitlines() if not row.startswith("#")]
    return [
        (tag, {"backend": f"xchem:{backend}", "frontend": f"xchem:{frontend}", "stack": f"xchem:{tag}"})
        for tag, _, backend, frontend in rows
    ]


def test_no_step_of_the_real_history_is_green_by_the_page_before_it() -> None:
    """In each of 101 steps, back and forward, the line holds on the new page and not on the old one.

    The tag alone, which was the default, was on the old page beside another component in 6 steps back and 3 forward.
    """
    history = releases()
    wrong = {"back": 0, "forward": 0}
    for older, newer in pairwise(history):
        for way, before, (tag, after) in (("back", newer[1], older), ("forward", older[1], newer)):
            pages = [Page(json.dumps({"version": shown}).encode()) for shown in (before, after)]
            values = {"image-tag": tag}
            assert [look_at(LINE, values, page).found for page in pages] == [False, True]
            assert not look_at(SiteLine("{image-tag}"), values, pages[0]).found
            wrong[way] += f"xchem:{tag}" in (before["backend"], before["frontend"])
    assert len(history) - 1 == 101
    assert wrong == {"back": 6, "forward": 3}


def line(text: str, found: bool) -> LineLook:
    """A line that was looked for as a text."""
    return LineLook(text, found, f"{text!r} is {'' if found else 'not '}there")


def test_a_look_says_what_was_seen() -> None:
    """Status, size and whether the lines were there, or why nothing was seen."""
    there, gone = line("t", True), line("t", False)
    assert SiteLook("u", [there], 200, 1234).seen == "it answered 200 with 1,234 bytes, and 't' is there"
    assert SiteLook("u", [gone], 200, 5).seen == "it answered 200 with 5 bytes, and 't' is not there"
    assert (
        SiteLook("u", [there] * 2, 200, 5).seen == "it answered 200 with 5 bytes, and all 2 lines of verify-text match"
    )
    assert SiteLook("u", [there, *[gone] * 5], 200, 5).seen.endswith("; 't' is not there, and 2 more")
    assert SiteLook("u", [there], 404, 5).seen == "it answered 404"
    assert SiteLook("u", [gone], problem="nobody answered").seen == "nobody answered"
    other = SiteLook("u", [there], 200, 5, others=[OtherPage("v", 503), OtherPage("w", problem="is away")])
    assert other.seen == "it answered 200 with 5 bytes, and 't' is there; v answered 503; w: is away"
    assert SiteLook("u", [there], 200, 5).state == SiteLook("u", [there], 200, 6).state
    row = SiteLook("u", [there], 200, 5, held=2, wanted=3)
    assert row.seen == "it answered 200 with 5 bytes, and 't' is there (2 of 3 looks in a row)"


def test_a_look_passes_by_status_lines_and_all_pages() -> None:
    """One line, one page or one status that is wrong is enough to fail, and without lines nothing was seen."""
    there = line("t", True)
    assert SiteLook("u", [there], 200).passed
    assert not SiteLook("u", [there], 404).passed
    assert not SiteLook("u", [], 200).passed
    assert not SiteLook("u", [there, line("x", False)], 200).passed
    assert not SiteLook("u", [there], 200, others=[OtherPage("v", 204)]).passed
    assert not SiteLook("u", [there], 200, held=2, wanted=3).is_over
    assert SiteLook("u", [there], 200, held=3, wanted=3).is_over
