"""Characters that end a line for some readers of YAML and not for others, in workflow files."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.files import blob
from domain.yaml_reader import YamlReader
from frag_release.domain.splice import replace_values
from frag_release.domain.workflow_file import WorkflowFileError, read_environment

ODD = {"\r": "U+000D", "\x85": "U+0085", "\u2028": "U+2028", "\u2029": "U+2029"}
FILE = """\
name: grün 😀
# note
on: push
env:
  # the pair
  A: "1"
  BE_IMAGE_TAG: 2023.05.1
  # é
  Z: 'q'
jobs:
  a: {b: c}
  run: |
    BE_IMAGE_TAG: 9.9.9
# end
"""
PLACES = {
    "before the value": ("TAG: 2", "TAG: {}2", 7),
    "in the value": ("2023.05.1", "2023.{}05.1", 7),
    "behind the value": ("2023.05.1", "2023.05.1{} ", 7),
    "in a comment behind the value": ("2023.05.1", "2023.05.1 # x{}y", 7),
    "in the name": ("BE_IMAGE_TAG: 2", "BE_IMAGE{}_TAG: 2", 7),
    "in the line of env": ("env:", "env: # x{} ", 4),
    "another value": ("# the pair", "# x{}  BE_IMAGE_TAG: 6.6.6", 5),
    "an end of env": ("# the pair", "# x{}jobs:", 5),
    "a block that swallows": ("# the pair", "# x{}  NOTE: |", 5),
    "a quote that swallows": ("# note", '# note{}x: "', 2),
    "another env": ("# note", "# note{}env: {{BE_IMAGE_TAG: 6.6.6}}", 2),
    "in a script": ("TAG: 9.9.9", "TAG: 9.9{}.9", 13),
}


@pytest.fixture(scope="module")
def reader() -> Iterator[YamlReader]:
    """The other reader."""
    process = YamlReader()
    yield process
    process.stop()


def refused(content: str) -> WorkflowFileError:
    """The error of reading the pair's tag."""
    with pytest.raises(WorkflowFileError) as caught:
        read_environment(blob(content)).value("BE_IMAGE_TAG")
    return caught.value


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("odd", ODD, ids=list(ODD.values()))
@pytest.mark.parametrize("place", PLACES)
def test_what_may_or_may_not_end_a_line_is_refused_by_name(odd: str, place: str, newline: str) -> None:
    """Where such a character could change what a value is, the error names the character and its line."""
    old, new, line = PLACES[place]
    content = FILE.replace(old, new.format(odd), 1).replace("\n", newline)
    error = refused(content)
    assert ODD[odd] in error.message
    assert error.line == line
    with pytest.raises(WorkflowFileError):
        replace_values(content.encode(), {"BE_IMAGE_TAG": "2023.05.2"})


@pytest.mark.parametrize("odd", ODD, ids=list(ODD.values()))
@pytest.mark.parametrize("comment", ["# note", "  # é", "# end"])
def test_at_the_end_of_a_comment_it_changes_nothing(odd: str, comment: str) -> None:
    """Behind a comment that has its line to itself all readers agree; the splice leaves it where it is."""
    content = FILE.replace(comment, f"{comment}{odd} {odd}", 1)
    assert read_environment(blob(content)).value("BE_IMAGE_TAG").text == "2023.05.1"
    changed = replace_values(content.encode(), {"BE_IMAGE_TAG": "2023.05.2"})
    assert changed == content.replace("2023.05.1", "2023.05.2").encode()


@pytest.mark.parametrize("odd", ODD, ids=list(ODD.values()))
@pytest.mark.parametrize("comment", ["# note", "  # the pair", "  # é", "# end"])
def test_between_the_words_of_a_comment_it_changes_nothing(odd: str, comment: str) -> None:
    """Where it would end a line the file would be no YAML, and GitHub runs it: so it is a comment as it stands."""
    content = FILE.replace(comment, f"{comment}{odd}that somebody (grün) pasted, twice{odd} here.", 1)
    assert read_environment(blob(content)).value("BE_IMAGE_TAG").text == "2023.05.1"
    changed = replace_values(content.encode(), {"BE_IMAGE_TAG": "2023.05.2"})
    assert changed == content.replace("2023.05.1", "2023.05.2").encode()


@pytest.mark.parametrize("odd", ODD, ids=list(ODD.values()))
@pytest.mark.parametrize("note", ["x:\n# note{} word", "x: |\n  # note{}  word"])
def test_words_that_could_be_a_value_are_refused_by_name(odd: str, note: str) -> None:
    """Behind a key without a value, or in a script, the words of a comment would be one for some readers."""
    error = refused(FILE.replace("# note", note.format(odd), 1))
    assert ODD[odd] in error.message and error.line == 3


@pytest.mark.parametrize("odd", ["\xa0", "\u200b", "\ufeff", "\u3000"])
@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('A: "1"', 'A:{}"1"', "line 6, column 5"),
        ('A: "1"', 'A: "1"{}# note', "line 6, column 9"),
        ("jobs:", "jobs:{}", "line 10, column 6"),
        ("run: |", "run: |{}", "line 12, column 9"),
    ],
)
def test_a_character_that_nobody_sees_is_named_with_its_place(odd: str, old: str, new: str, place: str) -> None:
    """Where the file is no YAML because of it the error says which it is, where it stands, and to delete it."""
    said = f"The invisible character U+{ord(odd):04X} is in {place}: delete it"
    assert said in refused(FILE.replace(old, new.format(odd), 1)).message
    assert read_environment(blob(FILE.replace("# note", f"# no{odd}te"))).value("BE_IMAGE_TAG").text == "2023.05.1"


@pytest.mark.parametrize("control", ["\x0b", "\x0c", "\x1b", "\x7f", "\x00"])
def test_a_control_character_is_named_with_its_line(control: str) -> None:
    """It is not allowed anywhere in YAML: the error says which it is and in which line."""
    error = refused(FILE.replace("TAG: 9.9.9", f"TAG: 9.9{control}.9"))
    assert (f"control character U+{ord(control):04X}: delete it" in error.message, error.line) == (True, 13)


def test_a_second_byte_order_mark_is_refused_by_name() -> None:
    """Of two byte-order marks the second belongs to the first name for some readers."""
    error = refused("\ufeff\ufeff" + FILE)
    assert "U+FEFF" in error.message
    assert error.line == 1


PIECES = [
    *ODD,
    *ODD,
    "\t",
    "\xa0",
    "\ufeff",
    "\u3000",
    "  BE_IMAGE_TAG: 6.6.6",
    "env:",
    "# ",
    "x: ",
    "  NOTE: |",
    "word ",
    "'",
    '"',
    "?",
]


@st.composite
def disturbed(draw: st.DrawFn) -> str:
    """The file with pieces put in anywhere."""
    text = FILE
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + "".join(draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=3))) + text[place:]
    return text


@settings(max_examples=6 * settings().max_examples)
@given(disturbed())
def test_no_value_is_read_otherwise_than_by_others(reader: YamlReader, content: str) -> None:
    """What we read is what GitHub's parser reads, whether such characters end a line or not, if it reads it at all."""
    try:
        value = read_environment(blob(content)).value("BE_IMAGE_TAG")
    except WorkflowFileError:
        return
    for reading in (content, re.sub("\r(?!\n)|[\x85\u2028\u2029]", "\n", content)):
        answer = reader.answer(reading.encode())
        if not answer["errors"]:
            (read,) = (one["env"]["BE_IMAGE_TAG"] for one in answer["values"])
            assert read == value.text if isinstance(read, str) else float(read) == float(value.text)
