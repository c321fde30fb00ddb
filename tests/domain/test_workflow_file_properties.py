"""Reading pins out of generated workflow files, and out of anything at all."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.files import blob
from frag_release.domain.workflow_file import Value, WorkflowEnvironment, WorkflowFileError, read_environment

word = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+/-]{0,12}", fullmatch=True).filter(
    lambda text: text not in ("null", "Null", "NULL")
)
quoted = st.text(st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters='"\\'), max_size=12).filter(
    lambda text: text.strip() != "" and "${{" not in text and text.isprintable()
)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[str, tuple[int, int, str, str]]]:
    """A workflow file with, by variable, the line, column, text as written and value."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    indent = " " * draw(st.integers(1, 6))
    lines = draw(st.lists(st.sampled_from(["# 😀 env:", "", "name: 'ü'", "on: push"]), max_size=4, unique=True))
    lines.append("env:")
    places: dict[str, tuple[int, int, str, str]] = {}
    for number in range(draw(st.integers(1, 6))):
        lines += draw(st.lists(st.sampled_from(["", f"{indent}# BE_X: 1", "      "]), max_size=2))
        name = f"BE_{number}"
        blanks = " " * draw(st.integers(1, 3))
        plain = draw(st.booleans())
        value = draw(word if plain else quoted)
        written = value if plain else draw(st.sampled_from([f'"{value}"', "'" + value.replace("'", "''") + "'"]))
        comment = draw(st.sampled_from(["", " # was 1.2.3", "   "]))
        lines.append(f"{indent}{name}:{blanks}{written}{comment}")
        places[name] = (len(lines), len(indent) + len(name) + 1 + len(blanks) + 1, written, value)
    lines += draw(st.lists(st.sampled_from(["jobs: {}", "# end"]), max_size=2, unique=True))
    return newline.join(lines) + draw(st.sampled_from(["", newline])), places


@given(files())
def test_every_value_is_found_where_it_was_put(
    generated: tuple[str, dict[str, tuple[int, int, str, str]]],
) -> None:
    """Line, column, offsets and text of every value are those with which the file was written."""
    text, places = generated
    environment = read_environment(blob(text))
    assert set(environment.entries) == set(places)
    for name, (line, column, written, value) in places.items():
        found = environment.value(name)
        assert (found.line, found.column, found.text) == (line, column, value)
        assert text[found.start : found.end] == written


PIECES = [
    "env:", "\n", " ", "  ", "A", ": ", ":", "- ", "? ", "[", "]", "{", "}", ",", "&a ", "*a", "!", "!!str ", "<<", "|",
    ">", "'", '"', "#", "%", "%YAML", " 1.2", "%TAG", "---", "...", "\t", "\r", "\x85", "\u2028", "\ufeff", "\\", "@",
    "`", "~", "1.2.3", "${{", "}}", "|-1", ">+9", "!<", ">", "\\x", "\\U0010FFFF", "\0", "é",
]  # fmt: skip
yaml_like = st.builds("".join, st.lists(st.sampled_from(PIECES), max_size=30))


@settings(max_examples=6 * settings().max_examples)
@given(st.one_of(st.text(), st.binary(), yaml_like, yaml_like.map(lambda text: f"env:\n  A: 1\n{text}")))
@example("%YAML")
@example("%TAG")
@example("env:\n  A: |9\n")
@example('"\\UFFFFFFFF"')
@example("!<")
def test_no_content_raises_anything_else(content: str | bytes) -> None:
    """Whatever the bytes of a file are, the answer is an environment or a WorkflowFileError."""
    try:
        environment = read_environment(blob(content))
    except WorkflowFileError as error:
        assert error.message
        assert error.line is None or error.line >= 1
    else:
        assert isinstance(environment, WorkflowEnvironment)
        for entry in environment.entries.values():
            assert isinstance(entry, (Value, WorkflowFileError))
