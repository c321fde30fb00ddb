from __future__ import annotations

import pytest

from frag_release.adapters.registry import ImagePlace, locate
from frag_release.domain.components import is_image_tag

HUB = "https://registry-1.docker.io"


@pytest.mark.parametrize(
    ("name", "registry", "repository"),
    [
        ("docker.io/xchem/fragalysis-backend", HUB, "xchem/fragalysis-backend"),
        ("index.docker.io/xchem/a", HUB, "xchem/a"),
        ("docker.io/nginx", HUB, "library/nginx"),
        # A namespace, which a dispatch may give, chooses no host.
        ("docker.io/evil.example.com/x/a", HUB, "evil.example.com/x/a"),
        ("ghcr.io/xchem/a/b", "https://ghcr.io", "xchem/a/b"),
        ("ghcr.io/a", "https://ghcr.io", "a"),
        ("registry.example.org:5000/a", "https://registry.example.org:5000", "a"),
        ("localhost:5000/a__b/c--d.e", "http://localhost:5000", "a__b/c--d.e"),
        ("127.0.0.1:5000/a", "http://127.0.0.1:5000", "a"),
        ("[::1]:5000/a", "http://[::1]:5000", "a"),
        ("[2001:db8::1]:5000/a", "https://[2001:db8::1]:5000", "a"),
    ],
)
def test_where_images_are(name: str, registry: str, repository: str) -> None:
    """The host in the name is the registry; Docker's has another address, and `library` for short names."""
    assert locate(name) == ImagePlace(registry, repository)


def test_a_given_registry_is_asked_instead() -> None:
    """`registry-url` replaces the host and leaves the name."""
    assert locate("docker.io/nginx", "https://mirror.example.org/hub/") == ImagePlace(
        "https://mirror.example.org/hub", "library/nginx"
    )


@pytest.mark.parametrize(
    "name",
    ["", "docker.io", "docker.io/", "ghcr.io/A", "ghcr.io/a:1", "ghcr.io/a@b", "ghcr.io/../a", "a b/c"],
)
def test_what_is_no_name(name: str) -> None:
    """Capitals, tags, digests and paths that lead elsewhere are no names of images."""
    assert locate(name) is None


def test_tags() -> None:
    """A tag has at most 128 of the letters that registries take, and begins with none of `.` and `-`."""
    assert all(map(is_image_tag, ["2023.05.1", "_a", "A-b", "a" * 128]))
    assert not any(map(is_image_tag, ["", "+a", "-a", ".a", "a/b", "a" * 129, "a\n", "é"]))
