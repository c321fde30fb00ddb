"""Reading pins out of workflow files: values, positions, and refusals with their line."""

from __future__ import annotations

import time

import pytest

from domain.files import blob
from frag_release.domain.evidence import Blob
from frag_release.domain.workflow_file import (
    MAX_BYTES,
    Value,
    WorkflowFileError,
    decode,
    read_environment,
)


def refused(content: str | bytes, name: str = "BE_IMAGE_TAG") -> WorkflowFileError:
    """Return the error of reading `name` from a file."""
    with pytest.raises(WorkflowFileError) as caught:
        read_environment(blob(content)).value(name)
    return caught.value


def read(content: str | bytes, name: str = "BE_IMAGE_TAG") -> Value:
    """Return the value of `name`."""
    return read_environment(blob(content)).value(name)


def test_values_come_with_their_line_and_column() -> None:
    """Each value is returned as text, with the line and column at which it starts, counted from 1."""
    file = "name: build main\non: push\nenv:\n  BE_NAMESPACE: org\n  BE_IMAGE_TAG:   2023.05.1\njobs: {}\n"
    value = read(file)
    assert (value.text, value.line, value.column) == ("2023.05.1", 5, 19)
    assert read(file, "BE_NAMESPACE").text == "org"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        pytest.param("2024.10", "2024.10", id="number with a last zero"),
        pytest.param("2024.1", "2024.1", id="number"),
        pytest.param("010", "010", id="octal"),
        pytest.param("0x1F", "0x1F", id="hexadecimal"),
        pytest.param("1e3", "1e3", id="exponent"),
        pytest.param("1_000", "1_000", id="number with underscore"),
        pytest.param("yes", "yes", id="truth of YAML 1.1"),
        pytest.param("true", "true", id="truth"),
        pytest.param("2023-06-01", "2023-06-01", id="date"),
        pytest.param("12:30:45", "12:30:45", id="time in base 60"),
        pytest.param(".inf", ".inf", id="infinity"),
        pytest.param("'2024.10'", "2024.10", id="single quotes"),
        pytest.param('"2024.10"', "2024.10", id="double quotes"),
        pytest.param("'null'", "null", id="quoted null"),
        pytest.param("'~'", "~", id="quoted tilde"),
        pytest.param('"\\x31.2.3"', "1.2.3", id="escape in double quotes"),
        pytest.param("'it''s'", "it's", id="doubled single quote"),
    ],
)
def test_a_value_is_the_text_that_was_written(written: str, text: str) -> None:
    """What YAML would make a number, a date or a truth value stays the text of the file."""
    assert read(f"env:\n  BE_IMAGE_TAG: {written}\n").text == text


@pytest.mark.parametrize("written", ["2023.05.1", "'2023.05.1'", '"2023.05.1"'])
@pytest.mark.parametrize("rest", ["", " ", "  # 2023.05.2", "   "])
def test_the_place_of_a_value_holds_the_value_alone(written: str, rest: str) -> None:
    """Start and end enclose the value with its quotes, without blanks or a comment after it."""
    file = f"# ümlaut 😀\nenv:\n  BE_IMAGE_TAG: {written}{rest}\n  Z: 1\n"
    value = read(file)
    assert file[value.start : value.end] == written
    assert (value.line, value.column) == (3, 17)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no mark", "byte-order mark"])
def test_newlines_of_windows_and_a_byte_order_mark(newline: str, mark: bytes) -> None:
    """CRLF and a byte-order mark change neither values nor lines, and offsets are those of the text without mark."""
    text = newline.join(["name: x", "env:", "  BE_IMAGE_TAG: 2023.05.1 # x", "  FE_IMAGE_TAG: '2023.05.4'", ""])
    content = mark + text.encode()
    back, front = read(content), read(content, "FE_IMAGE_TAG")
    assert (back.text, back.line, back.column) == ("2023.05.1", 3, 17)
    assert (front.text, front.line, front.column) == ("2023.05.4", 4, 17)
    assert decode(blob(content)) == text
    assert text[back.start : back.end] == "2023.05.1"
    assert text[front.start : front.end] == "'2023.05.4'"


@pytest.mark.parametrize(
    "file",
    [
        pytest.param("env: {A: '1', BE_IMAGE_TAG: 2023.05.1}\n", id="flow style"),
        pytest.param('{"env": {"BE_IMAGE_TAG": "2023.05.1"}}', id="JSON"),
        pytest.param("---\nenv:\n  BE_IMAGE_TAG: 2023.05.1\n...\n", id="document marks"),
        pytest.param("%YAML 1.1\n---\nenv:\n  BE_IMAGE_TAG: 2023.05.1\n", id="YAML 1.1"),
        pytest.param("env: &all\n  BE_IMAGE_TAG: 2023.05.1\n", id="anchor on env"),
        pytest.param("env:\n  BE_IMAGE_TAG: &tag 2023.05.1\n", id="anchor on the value"),
        pytest.param("env:\n  'BE_IMAGE_TAG': 2023.05.1\n", id="quoted name"),
        pytest.param("env:\n  ? BE_IMAGE_TAG\n  : 2023.05.1\n", id="long form of a key"),
        pytest.param("on:\n  push:\n    tags: ['*']\nenv:\n  BE_IMAGE_TAG: 2023.05.1", id="no last newline"),
        pytest.param(
            "jobs:\n  a:\n    env: {BE_IMAGE_TAG: 9.9.9}\nenv:\n  BE_IMAGE_TAG: 2023.05.1\n", id="env of a job"
        ),
    ],
)
def test_other_ways_to_write_it(file: str) -> None:
    """Whatever style of YAML the file has, the value of the top-level `env:` is found."""
    assert read(file).text == "2023.05.1"


@pytest.mark.parametrize(
    ("file", "line", "word"),
    [
        pytest.param("name: x\nenv:\n  A: 1\n", 2, "BE_IMAGE_TAG", id="variable missing"),
        pytest.param("env:\n  be_image_tag: 1.2.3\n", 1, "BE_IMAGE_TAG", id="variable in another case"),
        pytest.param("name: x\njobs: {}\n", None, "env", id="no env"),
        pytest.param("x: 1\nENV:\n  BE_IMAGE_TAG: 1.2.3\n", None, "env", id="env in another case"),
        pytest.param("name: x\nenv:\njobs: {}\n", 2, "mapping", id="empty env"),
        pytest.param("name: x\nenv: [1]\n", 2, "mapping", id="env is a list"),
        pytest.param("name: x\nenv: a\n", 2, "mapping", id="env is a word"),
        pytest.param("name: x\nenv: ${{ vars }}\n", 2, "mapping", id="env is an expression"),
        pytest.param("x: &x {BE_IMAGE_TAG: 1.2.3}\nenv: *x\n", 2, "alias", id="env is an alias"),
        pytest.param("x: &x\n  A: 1\nenv:\n  <<: *x\n  BE_IMAGE_TAG: 1.2.3\n", 4, "<<", id="merge key"),
        pytest.param("x: &x 1.2.3\nenv:\n  BE_IMAGE_TAG: *x\n", 3, "alias", id="alias of a value before"),
        pytest.param("env:\n  A: &x 1.2.3\n  B: 1\n  BE_IMAGE_TAG: *x\n", 4, "alias", id="alias within env"),
        pytest.param("x: &x BE_IMAGE_TAG\nenv:\n  *x : 1.2.3\n", 3, "plain text", id="alias as a name"),
        pytest.param("env:\n  BE_IMAGE_TAG: |\n    1.2.3\n", 2, "block", id="literal block"),
        pytest.param("env:\n  BE_IMAGE_TAG: >-\n    1.2.3\n", 2, "block", id="folded block"),
        pytest.param('env:\n  BE_IMAGE_TAG: "1.2.\\\n    3"\n', 2, "one line", id="double quotes over two lines"),
        pytest.param("env:\n  BE_IMAGE_TAG: '1.2\n    3'\n", 2, "one line", id="single quotes over two lines"),
        pytest.param("env:\n  BE_IMAGE_TAG: 1.2\n    3\n", 2, "one line", id="plain over two lines"),
        pytest.param("env:\n  BE_IMAGE_TAG: ${{ inputs.x || '1.2.3' }}\n", 2, "expression", id="expression"),
        pytest.param("env:\n  BE_IMAGE_TAG: '1.2.3${{ x }}'\n", 2, "expression", id="expression in quotes"),
        pytest.param("env:\n  BE_IMAGE_TAG: !!str 1.2.3\n", 2, "tag", id="tag of YAML"),
        pytest.param("env:\n  BE_IMAGE_TAG: !mine 1.2.3\n", 2, "tag", id="tag of one's own"),
        pytest.param("env:\n  A: 1\n  BE_IMAGE_TAG:\n\n  # note\n  Z: 1\n", 3, "empty", id="nothing"),
        pytest.param("env:\n  A: 1\n  BE_IMAGE_TAG:\n", 3, "empty", id="nothing at the end of the file"),
        pytest.param("env:\n  A: 1\n  BE_IMAGE_TAG:\njobs: {}\n", 3, "empty", id="nothing at the end of env"),
        pytest.param("env:\n  BE_IMAGE_TAG: ''\n", 2, "empty", id="empty quotes"),
        pytest.param("env:\n  BE_IMAGE_TAG: '  '\n", 2, "empty", id="blanks in quotes"),
        pytest.param("env:\n  BE_IMAGE_TAG: null\n", 2, "empty", id="null"),
        pytest.param("env:\n  BE_IMAGE_TAG: ~\n", 2, "empty", id="tilde"),
        pytest.param("env:\n  BE_IMAGE_TAG:\n    x: 1.2.3\n", 2, "single value", id="mapping"),
        pytest.param("env:\n  BE_IMAGE_TAG: [1.2.3]\n", 2, "single value", id="list"),
        pytest.param("env:\n  A: 1\nenv:\n  BE_IMAGE_TAG: 1.2.3\n", 3, "twice", id="env twice"),
        pytest.param("env:\n  A: 1\nEnv:\n  BE_IMAGE_TAG: 1.2.3\n", 3, "twice", id="env twice in two cases"),
        pytest.param("env:\n  BE_IMAGE_TAG: 1.2.3\n  B: 1\n  BE_IMAGE_TAG: 1.2.4\n", 4, "twice", id="value twice"),
        pytest.param("env:\n  BE_IMAGE_TAG: 1.2.3\n  be_image_tag: 1.2.4\n", 3, "twice", id="value twice in two cases"),
        pytest.param("name: x\nname: y\nenv:\n  BE_IMAGE_TAG: 1.2.3\n", 2, "twice", id="another key twice"),
        pytest.param("? [a]\n: b\nenv:\n  BE_IMAGE_TAG: 1.2.3\n", 1, "plain text", id="list as a key"),
        pytest.param("env:\n  BE_IMAGE_TAG: 1.2.3\n  ? {a: b}\n  : c\n", 3, "plain text", id="mapping as a name"),
        pytest.param("", None, "one YAML document", id="empty file"),
        pytest.param("# nothing\n", None, "one YAML document", id="only a comment"),
        pytest.param("a: 1\n---\nenv:\n  BE_IMAGE_TAG: 1.2.3\n", None, "one YAML document", id="two documents"),
        pytest.param("env:\n  BE_IMAGE_TAG: 1.2.3\n---\n", None, "one YAML document", id="a second, empty document"),
        pytest.param("- env:\n    BE_IMAGE_TAG: 1.2.3\n", 1, "not a mapping", id="list at the top"),
        pytest.param("just words\n", 1, "not a mapping", id="words"),
        pytest.param("name: x\nenv:\n  A: [1\njobs: {}\n", 4, "not valid YAML", id="bracket left open"),
        pytest.param("env:\n  BE_IMAGE_TAG: a: b\n", 2, "not valid YAML", id="two colons"),
        pytest.param("env:\n\tBE_IMAGE_TAG: 1.2.3\n", 2, "not valid YAML", id="tab as indentation"),
        pytest.param("name: x\nenv:\n  BE_IMAGE_TAG: 'x\n", 4, "not valid YAML", id="quote left open"),
        pytest.param("env:\n  BE_IMAGE_TAG:\t1.2.3\n", 2, "tab (U+0009) is in column 16", id="tab behind a colon"),
        pytest.param("on: a\tb\nenv:\n  BE_IMAGE_TAG: 1.2.3\n", 1, "use spaces", id="tab in a value"),
        pytest.param("on: |\t\n x\nenv:\n  BE_IMAGE_TAG: 1.2.3\n", 1, "use spaces", id="tab behind a block's sign"),
        pytest.param('env:\n  BE_IMAGE_TAG: "\\uD800"\n', 2, "printed", id="surrogate"),
        pytest.param('env:\n  BE_IMAGE_TAG: "1.2.3\\n"\n', 2, "printed", id="escaped newline"),
        pytest.param("env:\n  BE_IMAGE_TAG: 1.2.3\u202e\n", 2, "printed", id="text direction"),
        pytest.param('env:\n  BE_IMAGE_TAG: "\\UFFFFFFFF"\n', None, "not valid YAML", id="escape beyond Unicode"),
        pytest.param("env:\n  BE_IMAGE_TAG: @x\n", 2, "not valid YAML", id="reserved character"),
        pytest.param("%YAML x\n---\nenv: {}\n", 1, "not valid YAML", id="bad directive"),
        pytest.param("%YAML\n---\nenv: {}\n", 1, "not valid YAML", id="cut directive"),
        pytest.param("env:\n  BE_IMAGE_TAG: 1.2.3\0\n", 2, "not valid YAML", id="NUL"),
        pytest.param(b"env:\n  A: 1\n  BE_IMAGE_TAG: \xff\n", 3, "UTF-8", id="invalid UTF-8"),
        pytest.param("env: {}".encode("utf-16"), 1, "UTF-8", id="UTF-16"),
        pytest.param(b"\x00\x01\x02", 1, "not valid YAML", id="binary"),
        pytest.param("env:\n  BE_IMAGE_TAG: *nowhere\n", 2, "alias", id="alias of nothing"),
    ],
)
def test_what_is_no_plain_value_is_refused_with_its_line(file: str | bytes, line: int | None, word: str) -> None:
    """Every file that does not plainly say the version is refused in words that name the reason and the line."""
    error = refused(file)
    assert word in error.message
    assert error.line == line


@pytest.mark.parametrize("depth", [3_000, 200_000])
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
@pytest.mark.parametrize("pair", ["[]", "{}"])
def test_deep_nesting_is_refused_quickly(depth: int, closed: bool, pair: str) -> None:
    """Thousands of nested brackets neither end in a traceback nor take the parser's quadratic time."""
    if closed and depth > 100_000:
        depth = 100_000
    text = f"name: x\nx: {pair[0] * depth}{pair[1] * depth if closed else ''}\nenv:\n  BE_IMAGE_TAG: 1.2.3\n"
    started = time.process_time()
    error = refused(text)
    assert "nested" in error.message
    assert error.line == 2
    assert time.process_time() - started < 20


def test_deep_nesting_by_indentation_is_refused() -> None:
    """Nesting without brackets has the same limit."""
    assert "nested" in refused("- " * 100_000).message


def test_nesting_of_real_workflows_is_read() -> None:
    """Twenty levels, more than any workflow has, are no reason to refuse."""
    assert read(f"x: {'[' * 20}{']' * 20}\nenv:\n  BE_IMAGE_TAG: 1.2.3\n").text == "1.2.3"


def test_a_file_at_the_limit_is_read() -> None:
    """A file of exactly 256 KiB is read."""
    text = "env:\n  BE_IMAGE_TAG: 1.2.3\n#"
    file = text + "x" * (256 * 1024 - len(text))
    assert read(file).text == "1.2.3"


def test_a_larger_file_is_refused_with_both_sizes() -> None:
    """A file over 256 KiB is refused by its size, even where only its beginning was fetched."""
    with pytest.raises(WorkflowFileError) as caught:
        read_environment(Blob(MAX_BYTES + 1, b"env:\n  BE_IMAGE_TAG: 1.2.3\n"))
    assert "262,145" in caught.value.message
    assert "262,144" in caught.value.message


def test_one_bad_value_does_not_hide_the_others() -> None:
    """A variable that is refused leaves the other variables readable."""
    environment = read_environment(blob("env:\n  A: ${{ x }}\n  BE_IMAGE_TAG: 1.2.3\n  B: |\n    x\n"))
    assert environment.value("BE_IMAGE_TAG").text == "1.2.3"
    assert environment.line == 1
