"""What images in a real registry say of their making, and what it costs to ask."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.asking import unknown
from adapters.echo import Echo
from adapters.registries import TAG, client
from frag_release.adapters.registry import RegistryClient
from frag_release.domain.evidence import Answer, Image, Unknown
from frag_release.domain.origin import Material, Origin, Origins
from world.buildah import buildah
from world.faults import Forward, Reply
from world.provenance import VERSIONS, Built, material
from world.registry import PASSWORD, USERNAME, BasicRegistry, Registry

NAME = "one/built"
COMMIT, OTHER = "4be1c0a97d" * 4, "90d3f72b1e" * 4
SOURCE = "github.com/xchem/fragalysis-backend"
BLOBS = rf"/v2/{NAME}/blobs/"


def asked(registry: Registry, wanted: RegistryClient | None = None, *, contents: bool = False) -> Answer[Origins]:
    """What the image of the tests says; the registry then has recorded the requests of this alone."""
    pair = (f"{registry.host}/{NAME}", TAG)
    registry.requests.clear()
    given = {"contents" if contents else "origins": [pair]}
    image = (wanted or client()).images([pair], **given)[pair]
    assert isinstance(image, Image), image
    assert image.origins is not None
    return image.origins


def platforms(found: Answer[Origins]) -> list[Answer[Origin]]:
    """What each platform says."""
    assert isinstance(found, Origins), found
    return list(found.platforms)


def paths(registry: Registry) -> list[str]:
    """What was asked for of the image, by the kind of place."""
    kept = [one for one in registry.requests if NAME in one.path]
    return [f"{one.method} {one.path.split('/')[-2]}" for one in kept]


@pytest.mark.parametrize("artifact", [False, True], ids=["image", "artifact"])
@pytest.mark.parametrize("git", [False, True], ids=["vcs", "git"])
@pytest.mark.parametrize("version", VERSIONS)
def test_provenance_is_read_in_three_requests(registry: Registry, version: str, git: bool, artifact: bool) -> None:
    """HEAD by tag, then by digest index, attestation and statement: whatever the version, context and form."""
    built = Built(COMMIT, version=version, git=git, artifact=artifact)
    index = registry.push_built(NAME, TAG, built)
    found = asked(registry)
    assert platforms(found) == [Origin("linux/amd64", COMMIT, SOURCE, materials=())]
    assert isinstance(found, Origins)
    assert found.manifests == {registry.manifests_of(NAME, index)[0]}
    assert paths(registry) == ["HEAD manifests", "GET manifests", "GET manifests", "GET blobs"]
    by_digest = [one.path.rpartition("/")[2] for one in registry.requests if one.method == "GET" and NAME in one.path]
    assert all(one.startswith("sha256:") for one in by_digest)


def test_each_further_platform_costs_two_requests(registry: Registry) -> None:
    """Platforms may disagree, so each is asked."""
    registry.push_built(NAME, TAG, Built(COMMIT), Built(OTHER), Built(f"{COMMIT}-dirty"))
    found = platforms(asked(registry))
    assert [(one.platform, one.commit, one.dirty) for one in found if isinstance(one, Origin)] == [
        ("linux/amd64", COMMIT, False),
        ("linux/arm64", OTHER, False),
        ("linux/s390x", COMMIT, True),
    ]
    assert len(paths(registry)) == 1 + 3 + 2 + 2


def test_labels_speak_where_there_is_no_provenance(registry: Registry) -> None:
    """Of an image with or without an index the configuration is read, by digest; of a stack's contents it is not."""
    registry.push(NAME, TAG, revision=COMMIT, source=f"https://{SOURCE}")
    assert platforms(asked(registry)) == [Origin("", COMMIT, SOURCE, by_labels=True)]
    assert paths(registry) == ["HEAD manifests", "GET manifests", "GET blobs"]
    assert platforms(asked(registry, contents=True)) == [Origin(why_no_commit="it has no provenance")]
    assert paths(registry) == ["HEAD manifests", "GET manifests"]
    registry.push_built(NAME, TAG, None, Built(""), revision=COMMIT, source=f"https://{SOURCE}")
    by_labels = [Origin("linux/amd64", COMMIT, SOURCE, by_labels=True)]
    assert platforms(asked(registry)) == [
        *by_labels,
        Origin("linux/arm64", COMMIT, SOURCE, by_labels=True, materials=()),
    ]


def test_an_image_that_says_nothing(registry: Registry) -> None:
    """Neither provenance nor labels: absence, in words."""
    registry.push(NAME, TAG)
    (found,) = platforms(asked(registry))
    assert isinstance(found, Origin)
    assert (found.commit, found.why_no_commit) == ("", "it has no provenance, and its labels name no commit")


def test_what_went_in_is_listed(registry: Registry) -> None:
    """The images that a build has pulled are read with their digests."""
    digest = "sha256:" + "7" * 64
    registry.push_built(NAME, TAG, Built(OTHER, materials=[material("xchem/fragalysis-backend", digest)]))
    (found,) = platforms(asked(registry, contents=True))
    assert isinstance(found, Origin)
    assert found.materials == (Material("docker.io/xchem/fragalysis-backend", digest),)


@pytest.mark.parametrize("kind", ["manifests/sha256", "blobs"])
def test_other_bytes_than_the_digest_says_are_not_read(registry: Registry, kind: str) -> None:
    """A registry or a cache that sends something else is not believed, and it is worth asking again."""
    registry.push_built(NAME, TAG, Built(COMMIT))

    def alter(forward: Forward) -> Reply:
        reply = forward()
        return Reply(reply.status, reply.headers, reply.body + b" ")

    registry.add("GET", rf"/v2/{NAME}/{kind}", alter)
    found = asked(registry)
    problem = unknown(found if isinstance(found, Unknown) else found.platforms[0])
    assert "its digest differs" in problem.reason
    assert "run this again" in problem.remedy


def test_a_statement_on_another_image_is_not_believed(registry: Registry) -> None:
    """The subject must be the platform's manifest."""
    registry.push_built(NAME, TAG, Built(COMMIT, subject="sha256:" + "1" * 64))
    (found,) = platforms(asked(registry))
    assert "it is about another image" in unknown(found).reason


@pytest.mark.parametrize("status", [401, 403, 404, 418, 429, 500])
def test_what_is_refused_is_unknown(registry: Registry, status: int) -> None:
    """The image stays known; what it says is not. To run again is advised only where that may help."""
    registry.push_built(NAME, TAG, Built(COMMIT))
    registry.fail("GET", BLOBS, status=status)
    (found,) = platforms(asked(registry))
    assert unknown(found).remedy
    assert ("run this again" in unknown(found).remedy.lower()) is (status in (429, 500)), unknown(found).remedy


def test_fifty_megabytes_of_provenance_are_not_fetched(registry: Registry) -> None:
    """What is said to be large is not asked for; what is larger than it is said to be is cut off."""
    huge = b'{"x": "' + b"y" * 50_000_000 + b'"}'
    registry.push_built(NAME, TAG, Built(body=huge))
    (found,) = platforms(asked(registry))
    assert "has 50,000,009 bytes, over the limit of 4,194,304" in unknown(found).reason
    assert "mode=min" in unknown(found).remedy
    assert "GET blobs" not in paths(registry)
    registry.push_built(NAME, TAG, Built(COMMIT))
    registry.add("GET", BLOBS, lambda _: Reply(200, (), huge[:5_000_000]))
    (found,) = platforms(asked(registry))
    assert "4,194,304" in unknown(found).reason


def test_a_thousand_entries_are_not_asked_for(registry: Registry) -> None:
    """An index of a thousand platforms is unknown after one request."""
    index = json.dumps({"schemaVersion": 2, "manifests": [{"digest": f"sha256:{n:064}"} for n in range(1000)]}).encode()
    registry.push_built(NAME, TAG, Built(COMMIT))
    registry.change_headers("HEAD", "/manifests/", {"Docker-Content-Digest": None})
    registry.add("GET", "/manifests/", lambda _: Reply(200, (), index))
    assert "1,000 platforms" in unknown(asked(registry)).reason
    assert paths(registry) == ["HEAD manifests", "GET manifests", "GET manifests"]


def test_blobs_elsewhere_are_fetched_without_the_login(basic_registry: BasicRegistry, server: Echo) -> None:
    """A redirect to a store is followed up to three times, and takes no credentials along."""
    basic_registry.push_built(NAME, TAG, Built(COMMIT))
    held: list[Reply] = []

    def send_away(forward: Forward) -> Reply:
        held.append(forward())
        return Reply(307, (("Location", f"{server.url}/store"),), b"")

    basic_registry.add("GET", BLOBS, send_away)
    server.add("GET", "/store$", lambda _: held[-1])
    login = client(basic_registry, USERNAME, PASSWORD)
    assert platforms(asked(basic_registry, login)) == [Origin("linux/amd64", COMMIT, SOURCE, materials=())]
    assert ["authorization" in one.headers for one in server.requests] == [False]
    for at in range(4):
        server.fail("GET", f"/{at}$", status=302, headers={"Location": f"{server.url}/{at + 1}"})
    basic_registry.planned.clear()
    basic_registry.fail("GET", BLOBS, status=302, headers={"Location": f"{server.url}/0"})
    server.requests.clear()
    (found,) = platforms(asked(basic_registry, login))
    assert "redirects without end" in unknown(found).reason
    assert [one.path for one in server.requests] == ["/0", "/1", "/2"]


def test_nothing_is_read_of_what_is_not_asked_for(registry: Registry) -> None:
    """Without the wish there is HEAD alone, and of an image that is absent nothing is read."""
    registry.push_built(NAME, TAG, Built(COMMIT))
    pair, absent = (f"{registry.host}/{NAME}", TAG), (f"{registry.host}/{NAME}", "9.9.9")
    registry.requests.clear()
    found = client().images([pair, absent], origins=[absent])
    assert [one.origins for one in found.values() if isinstance(one, Image)] == [None, None]
    assert sorted(set(paths(registry))) == ["GET manifests", "HEAD manifests"]


def test_an_image_that_was_really_built_names_its_commit(registry: Registry, tmp_path: Path) -> None:
    """Of an image that buildah has built and pushed the labels are its origin, at the very digest of the push."""
    labels = {"org.opencontainers.image.revision": COMMIT, "org.opencontainers.image.source": f"https://{SOURCE}"}
    digest = buildah(tmp_path / "buildah").push(registry.own_host, NAME, TAG, labels=labels)
    pair = (f"{registry.host}/{NAME}", TAG)
    image = client().images([pair], origins=[pair])[pair]
    assert isinstance(image, Image) and image.digest == digest
    assert image.origins is not None and platforms(image.origins) == [Origin("", COMMIT, SOURCE, by_labels=True)]


def test_a_real_stack_image_inherits_labels_that_say_nothing_of_it(registry: Registry, tmp_path: Path) -> None:
    """An image built FROM a component has the component's labels: of its contents they say nothing."""
    builder = buildah(tmp_path / "buildah")
    labels = {"org.opencontainers.image.revision": COMMIT, "org.opencontainers.image.source": f"https://{SOURCE}"}
    builder.push(registry.own_host, "one/component", TAG, labels=labels)
    builder.push(registry.own_host, NAME, TAG, labels={}, base=f"{registry.own_host}/one/component:{TAG}")
    found = asked(registry, contents=True)
    assert [one.materials for one in platforms(found) if isinstance(one, Origin)] == [None]
