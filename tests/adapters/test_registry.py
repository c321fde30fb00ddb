from __future__ import annotations

import hashlib
import json
import threading
import time

import pytest

from adapters.asking import unknown
from adapters.registries import MANIFESTS, TAG, client, image
from frag_release.domain.evidence import Image
from frag_release.errors import UsageError
from world.faults import Reply, json_reply
from world.registry import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    PASSWORD,
    USERNAME,
    Registry,
)


def test_images_and_their_absence(registry: Registry) -> None:
    """A pushed image has the digest it was pushed with; other tags and names hold nothing."""
    digest = registry.push("one/backend", TAG)
    name, other = f"{registry.host}/one/backend", f"{registry.host}/one/nothing"

    found = client().images([(name, TAG), (name, "9.9.9"), (other, TAG)])

    assert found == {
        (name, TAG): Image(name, TAG, digest),
        (name, "9.9.9"): Image(name, "9.9.9", None),
        (other, TAG): Image(other, TAG, None),
    }


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
def test_an_image_for_several_platforms_is_its_index(registry: Registry, media_type: str) -> None:
    """The digest is that of the index, not that of one platform."""
    digest = registry.push_index("one/index", TAG, media_type=media_type)

    assert image(client(), registry, "one/index") == Image(f"{registry.host}/one/index", TAG, digest)


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_an_image_for_one_platform_is_its_manifest(registry: Registry, media_type: str) -> None:
    """Both types of manifests are known."""
    digest = registry.push("one/single", TAG, media_type=media_type)

    assert image(client(), registry, "one/single") == Image(f"{registry.host}/one/single", TAG, digest)


def test_a_digest_that_is_not_sent_is_computed(registry: Registry) -> None:
    """A registry that sends no digest is asked for the manifest, whose hash is the digest."""
    digest = registry.push("one/old", TAG)
    registry.change_headers("*", MANIFESTS, {"Docker-Content-Digest": None})

    assert image(client(), registry, "one/old") == Image(f"{registry.host}/one/old", TAG, digest)
    assert [exchange.method for exchange in registry.requests] == ["GET", "HEAD", "GET"]


def test_no_manifest_is_pulled_where_the_digest_is_sent(registry: Registry) -> None:
    """HEAD alone is asked: it does not count as a pull."""
    registry.push("one/backend", TAG)

    image(client(), registry, "one/backend")

    assert [(exchange.method, exchange.path) for exchange in registry.requests] == [
        ("GET", "/v2/"),
        ("HEAD", f"/v2/one/backend/manifests/{TAG}"),
    ]
    assert registry.requests[1].headers["accept"].split(", ") == [
        OCI_INDEX,
        DOCKER_LIST,
        OCI_MANIFEST,
        DOCKER_MANIFEST,
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 405, 418, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("path", [r"/v2/$", MANIFESTS])
def test_what_a_registry_refuses_is_not_absent(registry: Registry, status: int, path: str) -> None:
    """Only a 404 of the manifest means that there is no image."""
    registry.push("one/backend", TAG)
    registry.fail("*", path, status=status)

    assert str(status) in unknown(image(client(), registry, "one/backend")).reason


def test_a_registry_without_the_api_is_not_an_absent_image(registry: Registry) -> None:
    """A 404 for the API itself says nothing about images."""
    registry.fail("GET", r"/v2/$", status=404)

    assert "Check the name of the registry" in unknown(image(client(), registry, "one/backend")).remedy


@pytest.mark.parametrize("fault", ["drop", "html", "empty"])
def test_a_broken_manifest_is_no_image(registry: Registry, fault: str) -> None:
    """Neither a lost reply nor a web page nor an empty one is an image, with or without its digest."""
    registry.push("one/backend", TAG)
    getattr(registry, fault)("GET", MANIFESTS)
    if fault == "html":
        registry.html("HEAD", MANIFESTS)
    else:
        registry.change_headers("HEAD", MANIFESTS, {"Docker-Content-Digest": None})

    unknown(image(client(), registry, "one/backend"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"schemaVersion": 1}'])
def test_a_body_that_is_no_manifest_is_not_hashed(registry: Registry, body: bytes) -> None:
    """The hash of anything else is the digest of no image, whatever type it is said to have."""
    registry.add("HEAD", MANIFESTS, lambda _: Reply(200))
    registry.add("GET", MANIFESTS, lambda _: Reply(200, (("Content-Type", OCI_MANIFEST),), body))

    unknown(image(client(), registry, "one/backend"))


TYPES = [None, "text/html", "application/json", "application/octet-stream", "application/vnd.oci.image.x+json", ""]
"""What registries and proxies say of a manifest: nothing, or less than it is."""
DIGESTS = ["sha256:abc", "sha512:" + "a" * 128, "a" * 64, "sha256:" + "A" * 64, "x\ty"]


@pytest.mark.parametrize("methods", ["HEAD", "*"])
@pytest.mark.parametrize("media_type", TYPES)
def test_get_decides_where_the_type_is_not_a_manifests(registry: Registry, media_type: str, methods: str) -> None:
    """A type that is missing or too general is nobody's evidence against an image: its manifest is read."""
    digest = registry.push("one/backend", TAG)
    registry.change_headers(methods, MANIFESTS, {"Content-Type": media_type})

    assert image(client(), registry, "one/backend") == Image(f"{registry.host}/one/backend", TAG, digest)
    assert [exchange.method for exchange in registry.requests] == ["GET", "HEAD", "GET"]


@pytest.mark.parametrize("media_type", [OCI_MANIFEST.upper(), f" {OCI_MANIFEST} ; charset=utf-8"])
def test_the_type_of_a_manifest_may_be_spelled_otherwise(registry: Registry, media_type: str) -> None:
    """Types ignore case and may have parameters (RFC 9110, 8.3.1): HEAD suffices."""
    digest = registry.push("one/backend", TAG, media_type=OCI_MANIFEST)
    registry.change_headers("HEAD", MANIFESTS, {"Content-Type": media_type})

    assert image(client(), registry, "one/backend") == Image(f"{registry.host}/one/backend", TAG, digest)
    assert [exchange.method for exchange in registry.requests] == ["GET", "HEAD"]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_get_decides_where_head_is_refused(registry: Registry, status: int) -> None:
    """Some proxies do not let HEAD through, in whatever words: the image is there if GET finds it."""
    digest = registry.push("one/backend", TAG)
    registry.fail("HEAD", MANIFESTS, status=status)

    assert image(client(), registry, "one/backend") == Image(f"{registry.host}/one/backend", TAG, digest)


@pytest.mark.parametrize("digest", DIGESTS)
def test_a_digest_must_be_one(registry: Registry, digest: str) -> None:
    """A digest of another form pins nothing: the manifest is read, whose own digest is computed."""
    right = registry.push("one/backend", TAG)
    registry.change_headers("HEAD", MANIFESTS, {"Docker-Content-Digest": digest})

    assert image(client(), registry, "one/backend") == Image(f"{registry.host}/one/backend", TAG, right)


@pytest.mark.parametrize("digest", DIGESTS)
def test_a_digest_that_is_not_of_what_is_sent_is_no_image(registry: Registry, digest: str) -> None:
    """A body that is promised to have another digest is not what was pushed, and asking again does not help."""
    registry.push("one/backend", TAG)
    registry.change_headers("*", MANIFESTS, {"Docker-Content-Digest": digest})

    assert "does not help" in unknown(image(client(), registry, "one/backend")).remedy


@pytest.mark.parametrize("status", [400, 401, 403, 405, 418])
def test_a_refusal_that_stays_is_no_reason_to_ask_again(registry: Registry, status: int) -> None:
    """What passes by itself is run again; a refusal is not, nor a web page in the place of a manifest."""
    registry.push("one/backend", TAG)
    registry.fail("*", MANIFESTS, status=status)
    refused = unknown(image(client(), registry, "one/backend"))
    registry.planned.clear()
    registry.html("*", MANIFESTS)
    for why in (refused, unknown(image(client(), registry, "one/backend"))):
        assert "un this again." not in why.remedy, why


def test_a_body_of_another_digest_is_no_image(registry: Registry) -> None:
    """Where the manifest is pulled and says a digest, its hash must be that."""
    registry.push("one/backend", TAG)
    registry.change_headers("HEAD", MANIFESTS, {"Docker-Content-Digest": None})
    registry.change_headers("GET", MANIFESTS, {"Docker-Content-Digest": "sha256:" + "1" * 64})

    unknown(image(client(), registry, "one/backend"))


def test_a_manifest_over_four_mebibytes_is_not_read(registry: Registry) -> None:
    """The hash of a part would be a wrong digest."""
    registry.change_headers("HEAD", MANIFESTS, {"Docker-Content-Digest": None})
    registry.push("one/backend", TAG)
    body = json.dumps({"schemaVersion": 2, "padding": "x" * 4 * 1024 * 1024}).encode()
    registry.add("GET", MANIFESTS, lambda _: Reply(200, (("Content-Type", OCI_MANIFEST),), body))

    assert "4,194,304" in unknown(image(client(), registry, "one/backend")).reason


def test_a_limit_names_the_time_and_the_login(registry: Registry) -> None:
    """429 says when to come back, and that a login may allow more."""
    registry.push("one/backend", TAG)
    registry.fail("HEAD", MANIFESTS, status=429, headers={"Retry-After": "7200"})

    answer = unknown(image(client(), registry, "one/backend"))
    with_login = unknown(image(client(registry, USERNAME, PASSWORD), registry, "one/backend"))

    assert "after" in answer.remedy
    assert "registry-username" in answer.remedy
    assert "registry-username" not in with_login.remedy


def test_a_slow_registry_ends_with_the_deadline(registry: Registry) -> None:
    """All images together take no longer than the time that is left."""
    over = registry.hold("GET", r"/v2/$")
    began = time.monotonic()

    unknown(image(client(seconds=0.5), registry, "one/backend"))

    assert time.monotonic() - began < 45
    over.set()


def test_the_registry_of_the_input_is_asked(registry: Registry) -> None:
    """`registry-url` is asked for all images, whatever their names say; the names stay."""
    digest = registry.push("library/nginx", TAG)
    wanted = [("docker.io/nginx", TAG), ("ghcr.io/library/nginx", TAG)]

    found = client(url=f"{registry.url}/").images(wanted)

    assert found == {pair: Image(*pair, digest) for pair in wanted}


def test_what_no_registry_can_hold_is_not_asked_for(registry: Registry) -> None:
    """A tag that registries do not take has no image; a name that is none is said to be so."""
    name = f"{registry.host}/one/backend"

    found = client().images([(name, "+2023.06.1"), (f"{registry.host}/One", TAG), ("docker.io/../x", TAG)])

    assert found[name, "+2023.06.1"] == Image(name, "+2023.06.1", None)
    assert "is not an image name" in unknown(found[f"{registry.host}/One", TAG]).reason
    unknown(found["docker.io/../x", TAG])
    assert registry.requests == []


def test_nothing_wanted_is_nothing_asked() -> None:
    """Without images there are no requests and no answers."""
    assert client().images([]) == {}


@pytest.mark.parametrize("url", ["http://registry.example.org", "registry.example.org", "https://u:p@example.org"])
def test_an_unfit_registry_is_refused(url: str) -> None:
    """A login goes out over https only."""
    with pytest.raises(UsageError, match="registry-url"):
        client(url=url)


def test_clients_may_be_shared_by_threads(registry: Registry) -> None:
    """Eight threads that ask the same client at once get the same answers."""
    digest = registry.push("one/backend", TAG)
    shared, found = client(), []
    name = f"{registry.host}/one/backend"
    threads = [threading.Thread(target=lambda: found.append(shared.images([(name, TAG)]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [{(name, TAG): Image(name, TAG, digest)}] * 8


def test_the_hash_is_of_the_bytes_that_were_sent(registry: Registry) -> None:
    """Spaces and order in a manifest count: the digest is of the bytes, not of what they mean."""
    body = b'{ "schemaVersion" : 2,  "layers":[] }\n'
    registry.add("HEAD", MANIFESTS, lambda _: json_reply(200, {}))
    registry.add("GET", MANIFESTS, lambda _: Reply(200, (("Content-Type", OCI_MANIFEST),), body))

    found = image(client(), registry, "one/backend")

    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert found == Image(f"{registry.host}/one/backend", TAG, digest)
