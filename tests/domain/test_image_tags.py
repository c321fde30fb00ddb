"""Image tags made from names of branches and tags."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frag_release.domain.components import safe_image_tag

# OCI distribution specification, "Pulling manifests".
OCI_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
PRODUCTION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
# Names that are near the dangerous ones, beside any text at all.
tricky = st.builds(
    "".join,
    st.lists(
        st.sampled_from(["+", "-", ".", "/", "2023.06.1", "latest", "Stable", "1", "a", "é", "😀", "-0123456789"]),
        max_size=6,
    ),
)
names = st.one_of(st.text(), tricky, st.text("ab.-+/", max_size=140))


@pytest.mark.parametrize(
    "name",
    ["2023.06.1-rc.1", "2024.11.1-1", "2023.06", "2.6.6.1", "v2023.06.1", "feature", "_x", "latest-2", "a.b_c-d"],
)
def test_a_legal_name_stays_as_it_is(name: str) -> None:
    """What a registry accepts and nobody can take for a release is not changed."""
    assert safe_image_tag(name, "") == name


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        pytest.param("+2023.06.1", "2023.06.1", id="plus before a release"),
        pytest.param("2023.06.1+", "2023.06.1", id="plus after a release"),
        pytest.param("-2023.06.1", "2023.06.1", id="dash before a release"),
        pytest.param("2023.06.2", "2023.06.2", id="branch named like a release"),
        pytest.param("1234567890.1.1", "1234567890.1.1", id="numbers longer than any release's"),
        pytest.param("+latest", "latest", id="plus before latest"),
        pytest.param("latest", "latest", id="branch named latest"),
        pytest.param("Latest", "Latest", id="latest in another case"),
        pytest.param("stable", "stable", id="branch named stable"),
        pytest.param("STABLE", "STABLE", id="stable in another case"),
        pytest.param("feature/x", "feature-x", id="slash"),
        pytest.param(".hidden", "hidden", id="leading dot"),
        pytest.param("-dash", "dash", id="leading dash"),
        pytest.param("release 😀", "release", id="emoji"),
        pytest.param("😀", "ref", id="nothing but an emoji"),
        pytest.param("é2023.06.1", "2023.06.1", id="letter with accent before a release"),
        pytest.param("٢٠٢٣.٠٦.١", "ref", id="Arabic-Indic digits"),
        pytest.param("$(id)`id`", "id-id", id="shell text"),
        pytest.param("", "ref", id="empty"),
        pytest.param("...", "ref", id="only dots"),
    ],
)
def test_a_changed_or_dangerous_name_gets_a_hash(name: str, stem: str) -> None:
    """A name that had to be changed, or that would pass for a release, carries ten hexadecimal digits."""
    assert re.fullmatch(rf"{re.escape(stem)}-[0-9a-f]{{10}}", safe_image_tag(name, ""))


@pytest.mark.parametrize("name", ["a" * 128, "1" * 128])
def test_128_characters_are_kept(name: str) -> None:
    """The longest legal image tag stays as it is."""
    assert safe_image_tag(name, "") == name


@pytest.mark.parametrize("name", ["a" * 129, "feature/" + "x" * 300])
def test_a_longer_name_is_cut_and_hashed(name: str) -> None:
    """A name of more than 128 characters is cut to what a registry takes, with its hash."""
    tag = safe_image_tag(name, "")
    assert len(tag) == 128
    assert re.search(r"-[0-9a-f]{10}$", tag)


def test_names_that_differ_behind_the_cut_give_two_tags() -> None:
    """The hash is of the whole name, not of what is left of it."""
    assert safe_image_tag("a" * 200 + "1", "") != safe_image_tag("a" * 200 + "2", "")


def test_a_name_that_looks_hashed_is_hashed_itself() -> None:
    """Nobody can name a branch after the image tag that another name gets."""
    taken = safe_image_tag("+2023.06.1", "")
    assert safe_image_tag(taken, "") != taken


@given(names)
def test_every_name_gives_a_legal_and_harmless_tag(name: str) -> None:
    """Whatever a ref is named, its image tag is legal and never a production tag, `latest` or `stable`."""
    tag = safe_image_tag(name, "")
    assert OCI_TAG.fullmatch(tag)
    assert not PRODUCTION.fullmatch(tag)
    assert tag.lower() not in ("latest", "stable")


@given(names, names)
def test_two_names_never_share_a_tag(one: str, other: str) -> None:
    """Two refs of different names never build one image."""
    assert (safe_image_tag(one, "") == safe_image_tag(other, "")) == (one == other)


@given(st.lists(names, min_size=2, max_size=30, unique=True))
def test_no_name_can_be_chosen_to_hit_another_ones_tag(chosen: list[str]) -> None:
    """Not even a name that is the image tag of another one gives that image tag."""
    everything = set(chosen) | {safe_image_tag(name, "") for name in chosen}
    assert len({safe_image_tag(name, "") for name in everything}) == len(everything)


def test_bytes_that_are_no_text_are_told_apart() -> None:
    """Names with bytes that are not UTF-8, which Python holds as surrogates, are distinct too."""
    assert safe_image_tag("\udcff", "") != safe_image_tag("\udcfe", "")
    assert safe_image_tag("\ud800", "") != safe_image_tag("\ud801", "")
