"""Changing values of a workflow file: what stays, what is refused and with which line."""

from __future__ import annotations

import pytest

from frag_release.domain import splice
from frag_release.domain.splice import replace_values
from frag_release.domain.workflow_file import MAX_BYTES, WorkflowFileError

PAIR = {"BE_IMAGE_TAG": "2023.05.1", "FE_IMAGE_TAG": "2023.05.4"}


def refusal(file: str | bytes, changes: dict[str, str] | None = None) -> WorkflowFileError:
    """The error by which a change is refused."""
    with pytest.raises(WorkflowFileError) as caught:
        replace_values(file.encode() if isinstance(file, str) else file, PAIR if changes is None else changes)
    return caught.value


def test_two_values_change_and_nothing_else() -> None:
    """Quotes, comments, tabs, blank ends and the same names elsewhere stay byte by byte."""
    before = (
        b"\xef\xbb\xbfname: 'build main'  # BE_IMAGE_TAG: 1.0.0\r\n"
        b"env:\r\n"
        b"    BE_IMAGE_TAG:   '2023.03.1'   # was\t2023.02.1 \xc3\xbc\r\n"
        b'    "FE_IMAGE_TAG" : "2023.05.3"\r\n'
        b"jobs: {a: {env: {BE_IMAGE_TAG: 2023.03.1}}}   "
    )
    after = before.replace(b"'2023.03.1'", b"'2023.05.1'").replace(b'"2023.05.3"', b'"2023.05.4"')
    assert replace_values(before, PAIR) == after


@pytest.mark.parametrize(
    ("written", "new", "expected"),
    [
        ("2024.10", "2024.11", '"2024.11"'),
        ("2024.10", "2024.11.1", "2024.11.1"),
        ("2023.05.1", "yes", '"yes"'),
        ("2023.05.1", "1e3", '"1e3"'),
        ("2023.05.1", "2023-06-01", '"2023-06-01"'),
        ("2023.05.1", "0123", '"0123"'),
        ("'2024.10'", "2024.11", "'2024.11'"),
        ('"2023\\x2e05.1"', "2023.05.2", '"2023.05.2"'),
        ("2024.10", "2024.10", "2024.10"),
    ],
)
def test_a_value_keeps_its_quotes_and_stays_a_string(written: str, new: str, expected: str) -> None:
    """A new value is quoted as the old one was; where YAML would read a number or the like, it gets quotes."""
    file = f"env: {{BE_IMAGE_TAG: {written}}}\n".encode()
    assert replace_values(file, {"BE_IMAGE_TAG": new}) == f"env: {{BE_IMAGE_TAG: {expected}}}\n".encode()


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        (["on: push"], None, "no top-level env"),
        (["env: &a", "  X: 1", "env: *a"], 3, "twice"),
        (["x: &a {BE_IMAGE_TAG: 1}", "env: *a"], 2, "alias"),
        (["env:", "  BE_IMAGE_TAG: 1.2.3"], 1, "no FE_IMAGE_TAG"),
        (["env:", "  BE_IMAGE_TAG: 1.2.3", "  FE_IMAGE_TAG: 1", "  be_image_tag: 2"], 4, "twice"),
        (["x: &a 1.2.3", "env:", "  BE_IMAGE_TAG: *a", "  FE_IMAGE_TAG: 1"], 3, "an alias (*a): write the value"),
        (["env:", "  BE_IMAGE_TAG: &a 1.2.3", "  FE_IMAGE_TAG: 1", "x: *a"], 2, "has an anchor (&a)"),
        (["x: &a {Y: 1}", "env:", "  <<: *a", "  BE_IMAGE_TAG: 1", "  FE_IMAGE_TAG: 1"], 3, "merge key"),
        (["env:", "  BE_IMAGE_TAG: |", "    1.2.3", "  FE_IMAGE_TAG: 1"], 2, "block scalar"),
        (["env:", "  FE_IMAGE_TAG: 1", "  BE_IMAGE_TAG: >-", "    1.2.3"], 3, "block scalar"),
        (["env:", "  BE_IMAGE_TAG: '1.2", "    .3'", "  FE_IMAGE_TAG: 1"], 2, "more than one line"),
        (["env:", "  BE_IMAGE_TAG: ${{ vars.BE }}", "  FE_IMAGE_TAG: 1"], 2, "expression"),
        (["env:", "  BE_IMAGE_TAG: !!str 1.2.3", "  FE_IMAGE_TAG: 1"], 2, "YAML tag"),
        (["env:", "  BE_IMAGE_TAG: ! 1.2.3", "  FE_IMAGE_TAG: 1"], 2, "cannot be changed safely"),
        (["env:", "  BE_IMAGE_TAG:", "  FE_IMAGE_TAG: 1"], 2, "is empty"),
        (["env:", "  BE_IMAGE_TAG: [1]", "  FE_IMAGE_TAG: 1"], 2, "not a single value"),
        (["env:", "  BE_IMAGE_TAG: 1", "\tFE_IMAGE_TAG: 1"], 3, "not valid YAML"),
        (["env:", "  BE_IMAGE_TAG: 1", "  FE_IMAGE_TAG: 1", "---", "x: 1"], None, "one YAML document"),
    ],
)
def test_what_is_not_safe_is_refused_with_its_line(lines: list[str], line: int | None, words: str) -> None:
    """Each construct by which a splice could go wrong is named, with the line where it stands."""
    error = refusal("\n".join(lines) + "\n")
    assert (error.line, words in error.message) == (line, True), error.message


def test_the_line_is_counted_by_line_breaks_of_windows_too() -> None:
    """A file with CRLF has the same line numbers."""
    assert refusal("on: push\r\nenv:\r\n  FE_IMAGE_TAG: 1\r\n  BE_IMAGE_TAG: |\r\n    1\r\n").line == 4


def test_a_file_over_the_limit_is_refused() -> None:
    """What the gate would not read is not written, be it too long before the change or only after it."""
    file = b"env: {BE_IMAGE_TAG: 1.2.3, FE_IMAGE_TAG: 1.2.3}\n#"
    assert "262,145 bytes" in refusal(file + b"x" * (MAX_BYTES + 1 - len(file))).message
    assert "262,152 bytes" in refusal(file + b"x" * (MAX_BYTES - len(file))).message


@pytest.mark.parametrize(
    "new", ["", "2023.05.1 # x", "1\n2", "'", '"', "a: b", "${{ x }}", "*a", "&a", "a/b", "２", "x" * 129, "1\x00"]
)
def test_a_value_that_no_tag_has_is_never_written(new: str) -> None:
    """What could be more than a value, in any kind of quotes, does not come near the file."""
    with pytest.raises(ValueError, match="not a value for BE_IMAGE_TAG"):
        replace_values(b"env: {BE_IMAGE_TAG: 1}\n", {"BE_IMAGE_TAG": new})


def test_what_parses_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second reading is a net of its own: a splice in the wrong place never leaves the function."""
    file = b"env: {BE_IMAGE_TAG: 1.2.3, FE_IMAGE_TAG: 1.2.3, OTHER: 4.5.6}\n"
    for wrong, words in (("9.9.9", "another one"), ("9.9.9, X: 1", "structure"), ("[", "not valid YAML")):
        monkeypatch.setattr(splice, "_written", lambda *_, wrong=wrong: wrong)
        assert words in refusal(file).message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ENV\nx: &a 1", "ENV\nx: &b 1"),
        ("ENV\nx: 1", "ENV\nx: &a 1"),
        ("ENV\nx: &a 1\ny: *a", "ENV\nx: &a 1\ny: a"),
        ("ENV\nx: !!str 1", "ENV\nx: 1"),
        ("ENV\nx: !!str 1", "ENV\nx: !!int 1"),
        ("ENV\nx: !!set {y}", "ENV\nx: {y}"),
        ("ENV\nx: {y: 1}", "ENV\nx:\n  y: 1"),
        ("ENV\nx: [y]", "ENV\nx:\n- y"),
        ("---\nENV", "ENV"),
    ],
)
def test_what_parses_to_the_same_values_in_another_way_is_refused(
    monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    """Anchors, tags, styles and the start of the document are compared, not values alone."""
    file = before.replace("ENV", "env: {BE_IMAGE_TAG: 1.2.3}")
    written = after.replace("ENV", "env: {BE_IMAGE_TAG: 4.5.6}")
    monkeypatch.setattr(splice, "_spliced", lambda *_: written)
    assert "would change another one" in refusal(file, {"BE_IMAGE_TAG": "4.5.6"}).message


@pytest.mark.parametrize("new", ["2023.05.1", "2023.06.10"])
def test_no_change_asked_for_changes_nothing(new: str) -> None:
    """Values that are there already leave the file alone, however they are written."""
    file = f'env: {{BE_IMAGE_TAG: "{new}"}} # \t\r\n'.encode()
    assert replace_values(file, {"BE_IMAGE_TAG": new}) == file
    assert replace_values(file, {}) == file
