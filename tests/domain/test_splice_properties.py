"""Changing values in generated workflow files, checked against how they were built and by another reader."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.yaml_reader import YamlReader
from frag_release.domain.splice import replace_values

VARIABLES = ("BE_IMAGE_TAG", "FE_IMAGE_TAG")
# By YAML 1.1 or 1.2 these are no strings when they stand without quotes.
NOT_STRINGS = ["2024.10", "10", "010", "0x1F", "1e3", "1_000", "yes", "Off", "null", "2023-06-01", "true"]
STRINGS = ["2023.05.1", "2023.05.4", "2023.10.10", "1.2.3", "2024.11.1-1", "latest", "v1.2.3", "x"]
QUOTES = ["", "'", '"']

old_values = st.sampled_from([*STRINGS, "2024.10", "010", "yes", "2023-06-01"])
new_values = st.sampled_from([*STRINGS, *NOT_STRINGS])
comments = st.sampled_from(
    [
        *("", "\t", "\t# x", " \t # x\t", "  # was\t1.2.3"),
        *(" #", " #\t#", " # grün 😀 {BE_IMAGE_TAG: 1}", "   "),
    ]
)
clutter = st.lists(
    st.sampled_from(
        [
            "",
            "x: [a,\tb]\t# c",
            "# BE_IMAGE_TAG: 1.0.0",
            "#\tenv: {BE_IMAGE_TAG: 1.0.0}",
            "name: 'ü: BE_IMAGE_TAG: 1.0.0' # ☃",
            "on: {push: {tags: ['**']}, pull_request: }",
            "note: |\n  env:\n    BE_IMAGE_TAG: 1.0.0\n\n  FE_IMAGE_TAG: 1.0.0",
            "defaults:\n    run:  { shell: bash }   # odd   spaces",
            "folded: >-\n   BE_IMAGE_TAG:\n   1.0.0",
        ]
    ),
    max_size=5,
    unique=True,
)
JOBS = """\
jobs:
  build:
    env:
      BE_IMAGE_TAG: 1.0.0
      FE_IMAGE_TAG: "1.0.0"
    steps:
    - run: |
        BE_IMAGE_TAG: 2023.05.1
        echo "FE_IMAGE_TAG=${FE_IMAGE_TAG}"
    - &step {name: 'x', with: {"BE_IMAGE_TAG": 2023.05.1}}
    - *step"""


@dataclass
class Built:
    """A file in two states, written side by side, with the values that a reader shall find changed."""

    before: str = ""
    after: str = ""
    wanted: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Text that is the same in both states."""
        self.before += text
        self.after += text

    def add_value(self, variable: str, old: str, new: str, quote: str) -> None:
        """A value, as it is written before and as it must be written after."""
        self.wanted[variable] = new
        if new == old:
            return self.add(f"{quote}{old}{quote}")
        self.changed[variable] = new
        self.before += f"{quote}{old}{quote}"
        safe = quote or ('"' if new in NOT_STRINGS else "")
        self.after += f"{safe}{new}{safe}"
        return None


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, bytes, Built]:
    """A workflow file, what it must become, and what it was built from."""
    built = Built()
    lines = draw(clutter)
    before = draw(st.integers(0, len(lines)))
    built.add("".join(f"{line}\n" for line in lines[:before]))
    (_add_flow if draw(st.booleans()) else _add_block)(draw, built)
    built.add("".join(f"{line}\n" for line in [*lines[before:], JOBS]))
    newline, mark = draw(st.sampled_from(["\n", "\r\n"])), draw(st.sampled_from([b"", codecs.BOM_UTF8]))
    cut = -1 if draw(st.booleans()) else None
    old, new = (mark + text[:cut].replace("\n", newline).encode() for text in (built.before, built.after))
    return old, new, built


def _add_block(draw: st.DrawFn, built: Built) -> None:
    indent = " " * draw(st.integers(1, 9))
    built.add(f"env:{draw(comments)}\n")
    for name in draw(st.permutations([*VARIABLES, "BE_NAMESPACE", "be_image_tag_2"])):
        built.add("".join(draw(st.lists(st.sampled_from(["\n", f"{indent}# BE_IMAGE_TAG: 9\n"]), max_size=2))))
        key = draw(st.sampled_from([name, f'"{name}"', f"'{name}'"]))
        built.add(f"{indent}{key}{draw(st.sampled_from(['', ' ']))}:{' ' * draw(st.integers(1, 4))}")
        _add_entry(draw, built, name)
        built.add(f"{draw(comments)}\n")


def _add_flow(draw: st.DrawFn, built: Built) -> None:
    gap = draw(st.sampled_from(["", " ", "\n   "]))
    built.add("env: {")
    for name in draw(st.permutations([*VARIABLES, "BE_NAMESPACE"])):
        built.add(gap + draw(st.sampled_from([f"{name}: ", f'"{name}":', f"'{name}':  "])))
        _add_entry(draw, built, name)
        built.add(draw(st.sampled_from([",", " ,", " , # note, BE_IMAGE_TAG: 7\n  "])))
    built.add(f"{gap}}}{draw(comments)}\n")


def _add_entry(draw: st.DrawFn, built: Built, name: str) -> None:
    if name in VARIABLES:
        built.add_value(name, draw(old_values), draw(new_values), draw(st.sampled_from(QUOTES)))
    else:
        built.add(draw(st.sampled_from(["xchem", "'xchem'", "2024.10"])))


@pytest.fixture(scope="module")
def reader() -> Iterator[YamlReader]:
    """The other reader."""
    process = YamlReader()
    yield process
    process.stop()


@settings(max_examples=3 * settings().max_examples)
@given(files())
def test_only_the_values_change(reader: YamlReader, generated: tuple[bytes, bytes, Built]) -> None:
    """The bytes are those built by hand, and by either version of YAML the new values alone differ, as strings."""
    before, after, built = generated
    assert replace_values(before, built.wanted) == after
    for version in ("1.1", "1.2"):
        expected = reader.read(before, version)
        expected["env"].update(built.changed)
        assert reader.read(after, version) == expected


@given(files())
def test_a_second_time_changes_nothing(generated: tuple[bytes, bytes, Built]) -> None:
    """A file that holds the values already comes back as it is."""
    _, after, built = generated
    assert replace_values(after, built.wanted) == after
