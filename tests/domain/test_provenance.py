"""What is read of BuildKit's provenance and of labels, and that nothing of it can break the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frag_release.domain.evidence import Unknown
from frag_release.domain.origin import (
    Descriptor,
    Material,
    Origin,
    configuration_in,
    image_named,
    platforms_in,
    provenance_in,
    read_json,
    read_labels,
    read_statement,
    repository_of,
)
from world.provenance import BUILDKIT, UNKNOWN_PLATFORM, VERSIONS, Built, material

IMAGE, OTHER, THIRD = (f"sha256:{digit * 64}" for digit in "123")
COMMIT = "4be1c0a97d" * 4
SOURCE = "github.com/xchem/fragalysis-backend"


def said(built: Built) -> Origin:
    """What is read of a statement on the image."""
    found = read_statement(built.statement(IMAGE), IMAGE, "it")
    assert isinstance(found, Origin), found
    return found


def why(found: object) -> str:
    """The reason why nothing could be read."""
    assert isinstance(found, Unknown), found
    assert found.remedy.startswith("Running this again does not help")
    return found.reason


@pytest.mark.parametrize("git", [False, True], ids=["vcs", "git"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_statement_names_commit_and_source(version: str, git: bool) -> None:
    """Both versions of SLSA are read, with a Git context as with the client's hints."""
    assert said(Built(COMMIT, version=version, git=git)) == Origin(commit=COMMIT, source=SOURCE, materials=())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_statement_says_which_images_went_in(version: str) -> None:
    """Images are named with their registry and the digest they were pulled by; what is no image is left out."""
    git = {"uri": "https://github.com/xchem/x.git#main", "digest": {"sha1": COMMIT}}
    by_digest = {
        "uri": f"pkg:docker/ghcr.io/acme/shop?digest={OTHER}&platform=linux%2Famd64",
        "digest": {"sha256": OTHER[7:]},
    }
    unpinned = {"uri": "pkg:docker/python@3.12", "digest": {}}
    found = said(Built(COMMIT, version=version, materials=[material("xchem/backend", IMAGE), git, by_digest, unpinned]))
    assert found.materials == (
        Material("docker.io/xchem/backend", IMAGE),
        Material("ghcr.io/acme/shop", OTHER),
        Material("docker.io/library/python", ""),
    )


def test_a_changed_folder_is_said_to_be_dirty() -> None:
    """`-dirty` behind the revision is no part of the commit."""
    assert said(Built(f"{COMMIT}-dirty")) == Origin(commit=COMMIT, source=SOURCE, dirty=True, materials=())


@pytest.mark.parametrize("revision", ["", "main", "v1.2", "4be1c0", f"{COMMIT}-dirt", "{{ sha }}", "\x00"])
def test_what_is_no_commit_names_none(revision: str) -> None:
    """A branch, a version or nothing at all is absence, not a contradiction."""
    found = said(Built(revision))
    assert (found.commit, found.why_no_commit) == ("", "its provenance names no commit")


def test_provenance_without_a_list_of_materials_is_silent_on_them() -> None:
    """No list is not an empty list: an empty one says that no image went in."""
    statement = Built(COMMIT).statement(IMAGE)
    del statement["predicate"]["materials"]
    found = read_statement(statement, IMAGE, "it")
    assert isinstance(found, Origin)
    assert found.materials is None


@pytest.mark.parametrize(
    ("source", "repository"),
    [
        ("https://github.com/Xchem/Fragalysis-Backend", SOURCE),
        ("https://github.com/xchem/fragalysis-backend.git", SOURCE),
        ("https://github.com/xchem/fragalysis-backend/", SOURCE),
        ("https://somebody:ghp_secret@github.com/xchem/fragalysis-backend.git#refs/tags/1", SOURCE),
        ("git@github.com:xchem/fragalysis-backend.git", SOURCE),
        ("github.com:xchem/fragalysis-backend", SOURCE),
        ("ssh://git@github.com:22/xchem/fragalysis-backend.git", SOURCE),
        ("git+https://github.com/xchem/fragalysis-backend?ref=main", SOURCE),
        ("git://github.com/xchem/fragalysis-backend.git#main:sub", SOURCE),
        ("github.com/xchem/fragalysis-backend", SOURCE),
        ("https://ghes.acme.example/xchem/fragalysis-backend", "ghes.acme.example/xchem/fragalysis-backend"),
        ("", ""),
        (".", ""),
        ("https://", ""),
        ("/home/me/backend", ""),
        ("<script>", ""),
    ],
)
def test_a_repository_is_known_by_any_of_its_addresses(source: str, repository: str) -> None:
    """Schemes, users, passwords, ports, `.git`, queries and refs are no part of a repository's name."""
    assert repository_of(source) == repository


@pytest.mark.parametrize(
    ("source", "is_it"),
    [
        (SOURCE, True),
        ("ghes.acme.example/xchem/fragalysis-backend", True),
        (f"{SOURCE}/tree/main", True),
        (f"{SOURCE}/sub", False),
        ("github.com/xchem/fragalysis-backend-2", False),
        ("github.com/me/fragalysis-backend", False),
        ("github.com/a/xchem/fragalysis-backend", False),
        ("?", False),
        ("", False),
    ],
)
def test_the_same_repository_is_that_owner_and_name(source: str, is_it: bool) -> None:
    """The host may be a company's own; a fork, a subgroup and a longer name are others."""
    assert Origin(source=source).is_of("Xchem/Fragalysis-Backend") is is_it


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("pkg:docker/xchem/backend@1?platform=x", "docker.io/xchem/backend"),
        ("pkg:docker/index.docker.io/xchem/backend@1", "docker.io/xchem/backend"),
        ("pkg:docker/127.0.0.1%3A5000/xchem/backend@1", "127.0.0.1:5000/xchem/backend"),
        ("pkg:docker/localhost/backend@1", "localhost/backend"),
        ("pkg:docker/%3Cscript%3E@1", ""),
        ("pkg:oci/backend@sha256%3Aabc", "docker.io/library/backend"),
        ("https://example.org/x.tar", None),
        ("pkg:pypi/requests@2", None),
    ],
)
def test_an_image_is_named_with_its_registry(uri: str, name: str | None) -> None:
    """Names are those that Docker makes of a reference; one with other characters is an image without a name."""
    assert image_named(uri) == name


def entry(digest: str, machine: str = "amd64", **more: Any) -> dict[str, Any]:
    """An entry of an index."""
    return {"digest": digest, "size": 7, "platform": {"os": "linux", "architecture": machine}, **more}


def beside(digest: str, image: str) -> dict[str, Any]:
    """The entry of an attestation on an image."""
    notes = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image}
    return entry(digest, platform=UNKNOWN_PLATFORM, annotations=notes)


def test_an_index_has_platforms_and_what_speaks_of_each() -> None:
    """Each attestation belongs to the image that it names; a strange platform is no platform."""
    index = {"manifests": [entry(IMAGE), entry(OTHER, "arm64"), beside(THIRD, OTHER)]}
    index["manifests"].append(entry("sha256:" + "4" * 64, platform=UNKNOWN_PLATFORM))
    found = platforms_in("sha256:" + "5" * 64, index, "it")
    assert not isinstance(found, Unknown)
    assert [(one.name, one.image.digest, one.attestations) for one in found] == [
        ("linux/amd64", IMAGE, ()),
        ("linux/arm64", OTHER, [Descriptor(THIRD, 7)]),
    ]


def test_a_manifest_is_its_only_platform() -> None:
    """An image without an index is asked for its labels alone."""
    found = platforms_in(IMAGE, {"layers": []}, "it")
    assert not isinstance(found, Unknown)
    assert [(one.image, one.attestations) for one in found] == [(Descriptor(IMAGE), ())]


def test_the_number_of_platforms_is_bounded() -> None:
    """A thousand platforms are not asked for; a thousand entries that are none do no harm."""
    many = [entry(f"sha256:{number:064}") for number in range(1000)]
    assert "it lists 1,000 platforms, and at most 10 are read" in why(platforms_in(IMAGE, {"manifests": many}, "it"))
    idle = [beside(f"sha256:{number:064}", OTHER) for number in range(1000)]
    found = platforms_in(IMAGE, {"manifests": [entry(IMAGE), *idle]}, "it")
    assert not isinstance(found, Unknown)
    assert len(found) == 1


def test_an_index_inside_of_an_index_is_not_followed() -> None:
    """The depth is bounded: such a platform cannot be read."""
    nested = entry(IMAGE, mediaType="application/vnd.oci.image.index.v1+json")
    found = platforms_in(OTHER, {"manifests": [nested]}, "it")
    assert not isinstance(found, Unknown)
    assert "inside an index" in why(found[0].problem)


@pytest.mark.parametrize(
    "changes",
    [
        {"_type": "x"},
        {"subject": []},
        {"subject": [{"digest": {"sha256": OTHER[7:]}}]},
        {"subject": "x"},
        {"predicate": None},
        {"predicateType": "https://slsa.dev/provenance/v2"},
        {"predicateType": "https://spdx.dev/Document"},
        {"predicate": {"materials": "x"}},
        {"predicate": {"materials": [7]}},
        {"predicate": {"invocation": {"configSource": {"digest": {"sha1": "x"}}}}},
        {"predicate": {"metadata": {BUILDKIT: {"vcs": {"revision": 7}}}}},
    ],
)
def test_what_cannot_be_read_is_not_absent(changes: dict[str, Any]) -> None:
    """A statement on another image, of another version or of another form is unknown."""
    why(read_statement({**Built(COMMIT).statement(IMAGE), **changes}, IMAGE, "it"))


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"a":' + b"9" * 3_000_000])
def test_a_body_that_is_no_json_object(body: bytes) -> None:
    """Neither depth nor broken text ends in a traceback."""
    why(read_json(body, "it"))


def test_a_number_of_a_million_digits_is_not_computed() -> None:
    """It would take minutes; it is read as 0, which no field of ours is."""
    assert read_json(b'{"size": ' + b"9" * 1_000_000 + b"}", "it") == {"size": 0}


def test_labels_name_commit_and_source() -> None:
    """The two labels of the OCI specification are read from the configuration."""
    labels = {
        "org.opencontainers.image.revision": COMMIT.upper(),
        "org.opencontainers.image.source": f"https://{SOURCE}",
    }
    expected = Origin(commit=COMMIT, source=SOURCE, by_labels=True)
    assert read_labels({"config": {"Labels": labels}}, "it") == expected
    silent: list[dict[str, Any]] = [{}, {"config": {}}, {"config": {"Labels": None}}, {"config": {"Labels": {}}}]
    for nothing in silent:
        assert read_labels(nothing, "it") == Origin(by_labels=True, why_no_commit="its labels name no commit")
    why(read_labels({"config": {"Labels": [1]}}, "it"))
    why(read_labels({"config": {"Labels": {"org.opencontainers.image.revision": 1}}}, "it"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from([COMMIT, IMAGE, OTHER[7:]]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A good document in which some value, at any depth, is another."""
    built = Built(COMMIT, version=draw(st.sampled_from(VERSIONS)), git=draw(st.booleans()))
    layers = [{"mediaType": "application/vnd.in-toto+json", "digest": IMAGE, "annotations": {}}]
    labels = {"org.opencontainers.image.revision": COMMIT}
    manifests = [entry(IMAGE), beside(OTHER, IMAGE)]
    document = {**built.statement(IMAGE), "manifests": manifests, "layers": layers, "config": {"Labels": labels}}
    document = json.loads(json.dumps(document))
    place: Any = document
    for _ in range(draw(st.integers(0, 5))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place))) if isinstance(place, list) else []
        inner = [key for key in keys if isinstance(place[key], dict | list) and place[key]]
        if not inner:
            break
        place = place[draw(st.sampled_from(inner))]
    key = draw(st.sampled_from(list(place) if isinstance(place, dict) else list(range(len(place)))))
    place[key] = draw(JSON)
    return document  # type: ignore[no-any-return]


@settings(max_examples=3 * settings().max_examples)
@given(mutated() | st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_no_document_ends_in_a_traceback(document: dict[str, Any]) -> None:
    """Whatever a registry sends: an answer or a reason; and all that is kept of it is printable ASCII."""
    found = [read_statement(document, IMAGE, "it"), read_labels(document, "it")]
    configuration_in(document, "it")
    provenance_in(document, "it")
    platforms = platforms_in(IMAGE, document, "it")
    named = [] if isinstance(platforms, Unknown) else [one.name for one in platforms]
    for one in found:
        if isinstance(one, Origin):
            named += [one.commit, one.source, *(each for it in one.materials or () for each in (it.name, it.digest))]
    assert all(each.isascii() and (each.isprintable()) and len(each) < 600 for each in named)


@given(st.binary(max_size=200))
def test_no_bytes_end_in_a_traceback(body: bytes) -> None:
    """Whatever bytes there are: an object or a reason."""
    assert isinstance(read_json(body, "it"), dict | Unknown)


@given(st.text(max_size=80) | st.text("@:/.#?gitxhps+%-", max_size=80))
def test_no_address_ends_in_a_traceback(text: str) -> None:
    """Whatever an address holds, its name is short printable ASCII, or none; a password is in none."""
    assert repository_of(text).isascii()
    assert "@" not in repository_of(text)
    assert (image_named(f"pkg:docker/{text}") or "").isascii()
