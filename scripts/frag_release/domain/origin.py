"""What an image says of its own making: the commit that it was built from, and the images that went into it.

It finds accidents, not attackers: whoever may push an image may push these words with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..dataclass import dataclass
from .evidence import Answer, Image, Unknown
from .facts import ComponentFacts
from .images import full_name

UNREADABLE = "?"
"""The source of an image that names one which is no address of a repository."""
_PAGES = ("tree", "blob", "commit")
"""What follows OWNER/NAME in the address of a page of a repository."""


@dataclass(frozen=True)
class Material:
    """An image that went into another: its name with the registry's host, and the digest it was pulled by.

    `digest` is empty where the image names none.
    """

    name: str
    digest: str


@dataclass(frozen=True)
class Origin:
    """What the image of one platform says of its making.

    `commit` is in lower case and may be shortened; it is empty where the image names none, and `silence` says why.
    `source` is the repository as `HOST/OWNER/NAME`, `UNREADABLE`, or empty where none is named. `by_labels` says that
    all this is from labels, which an image inherits from its base. `materials` is None where the image lists none.
    """

    platform: str = ""
    commit: str = ""
    source: str = ""
    dirty: bool = False
    by_labels: bool = False
    silence: str = ""
    materials: tuple[Material, ...] | None = None

    def is_of(self, repository: str) -> bool:
        """Whether the source is the repository `OWNER/NAME`, on whatever host: companies have a GitHub of their own."""
        _, _, path = self.source.partition("/")
        owner_and_name, rest = path.split("/")[:2], path.split("/")[2:]
        return owner_and_name == repository.lower().split("/") and (not rest or rest[0] in _PAGES)


@dataclass(frozen=True)
class Origins:
    """What an image says, by platform. `manifests` are the digests of the platforms' images, or of the only one."""

    manifests: frozenset[str]
    platforms: tuple[Answer[Origin], ...]

    @property
    def commit(self) -> str:
        """The commit that all platforms name; empty where one names none or another."""
        commits = {"" if isinstance(one, Unknown) or one.dirty else one.commit for one in self.platforms}
        return commits.pop() if len(commits) == 1 else ""


@dataclass(frozen=True)
class JudgedImage:
    """The image of a component as it was judged; `digest` is empty where nobody looked it up.

    `manifests` are the digests of its platforms' images, which stand for it as well.
    """

    name: str
    digest: str
    manifests: Answer[frozenset[str]]


def origins_of(image: object) -> Origins | None:
    """What an image says; None where that was not read, or could not be."""
    return image.origins if isinstance(image, Image) and isinstance(image.origins, Origins) else None


def names_other_commit(facts: ComponentFacts) -> bool:
    """Whether the component's image names a commit that is not the tag's, so that the tag's own object matters."""
    found = origins_of(facts.image)
    named = [one.commit for one in found.platforms if isinstance(one, Origin) and one.commit] if found else []
    return isinstance(facts.commit, str) and not all(facts.commit.startswith(one) for one in named)


def judged_image(name: str, digest: str, image: object) -> JudgedImage:
    """Return the image `name` as it was judged by `digest`, with what the registry has told of it, `image`."""
    manifests: Answer[frozenset[str]] = Unknown("the images of its platforms could not be listed")
    if not isinstance(image, Image) or image.digest != digest:
        manifests = Unknown(
            "the image that was judged is no longer under its tag, so its platforms could not be listed"
        )
    elif isinstance(image.origins, Unknown):
        manifests = image.origins
    elif image.origins:
        manifests = image.origins.manifests
    return JudgedImage(full_name(name), digest, manifests)


def judged_pair(
    components: Sequence[ComponentFacts], images: Mapping[str, object], recorded: Mapping[str, str]
) -> tuple[JudgedImage, ...]:
    """Return the images of the components as they were judged; those without an image are left out.

    `images` has what the registry has by the components' names; digests that were `recorded` come first.
    """
    found = []
    for facts in components:
        pin, image = facts.pin, images.get(facts.pin.component.name)
        now = image.digest if isinstance(image, Image) else ""
        if pin.image_name:
            found.append(judged_image(pin.image_name, recorded.get(pin.component.name) or now or "", image))
    return tuple(found)
