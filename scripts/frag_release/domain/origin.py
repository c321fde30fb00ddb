"""The origin of an image, read from BuildKit's provenance, else from the labels of its configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import unquote

from ..dataclass import dataclass, replace
from .components import DIGEST, full_name
from .evidence import OBJECT_ID, Answer, Image, Unknown
from .facts import ComponentFacts

UNREADABLE = "?"
"""The source of an image whose source is not the address of a repository."""
_PAGES = ("tree", "blob", "commit")
"""What follows OWNER/NAME in the address of a page of a repository."""
_T = TypeVar("_T")
MOST_PLATFORMS = 10
"""Maximum number of platforms of an image whose origin is read."""
_MOST_STATEMENTS = 4
_MOST_DIGITS = 18
_SILENT = "its provenance names no commit"
_BUILD_AGAIN = "Build and push the image again with a tool that follows the specification, or set check-origin to off."
_HEX = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"([0-9a-f]{7,64})(-dirty)?")
_REPOSITORY = re.compile(r"[a-z0-9.-]+/[a-z0-9._~/-]{1,200}")
_SCP = re.compile(r"(?:[^@/:]+@)?([A-Za-z0-9.-]+):(?!//)(.+)", re.DOTALL)
_PACKAGE = re.compile(r"pkg:(?:docker|oci)/([^?#]+)", re.DOTALL)
_IMAGE = re.compile(r"[a-z0-9.:\[\]-]+(/[a-z0-9._-]+)+")
_PLATFORM = re.compile(r"[a-z0-9_.-]{1,30}")
_REFERENCE_TYPE, _REFERENCE = "vnd.docker.reference.type", "vnd.docker.reference.digest"
_PREDICATE_TYPE = "in-toto.io/predicate-type"
_STATEMENT = "application/vnd.in-toto+json"
_STATEMENT_TYPES = ("https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1")
_SLSA = "https://slsa.dev/provenance/"
_BUILDKIT = "https://mobyproject.org/buildkit@v1#metadata"
_CONFIGURATIONS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


@dataclass(frozen=True)
class Material:
    """An image that went into another: its name with the registry's host, and its digest (empty if none is named)."""

    name: str
    digest: str


@dataclass(frozen=True)
class Origin:
    """What the image of one platform states about its build.

    `commit` is in lower case and may be shortened; it is empty if the image names none, for the reason `why_no_commit`.
    `source` is the repository as `HOST/OWNER/NAME`, `UNREADABLE`, or empty if none is named. With `by_labels` all this
    is from labels, which an image inherits from its base. `materials` is None if the image does not list them.
    """

    platform: str = ""
    commit: str = ""
    source: str = ""
    dirty: bool = False
    by_labels: bool = False
    why_no_commit: str = ""
    materials: tuple[Material, ...] | None = None

    def is_of(self, repository: str) -> bool:
        """Whether the source is the repository `OWNER/NAME`, on any host: companies have a GitHub of their own."""
        _, _, path = self.source.partition("/")
        owner_and_name, rest = path.split("/")[:2], path.split("/")[2:]
        return owner_and_name == repository.lower().split("/") and (not rest or rest[0] in _PAGES)


@dataclass(frozen=True)
class Origins:
    """What an image states, by platform. `manifests` are the digests of its platforms' images, or its own."""

    manifests: frozenset[str]
    platforms: tuple[Answer[Origin], ...]

    @property
    def commit(self) -> str:
        """The commit that all platforms name; empty if one names none, another, or a dirty one."""
        commits = {"" if isinstance(one, Unknown) or one.dirty else one.commit for one in self.platforms}
        return commits.pop() if len(commits) == 1 else ""


@dataclass(frozen=True)
class JudgedImage:
    """The image of a component as it was judged; `digest` is empty if it was not looked up.

    `manifests` are the digests of its platforms' images, any of which identifies it, too.
    """

    name: str
    digest: str
    manifests: Answer[frozenset[str]]


def origins_of(image: object) -> Origins | None:
    """The origins of an image; None if they were not or could not be read."""
    return image.origins if isinstance(image, Image) and isinstance(image.origins, Origins) else None


def names_other_commit(facts: ComponentFacts) -> bool:
    """Whether the component's image names a commit that is not the tag's: it may be the id of the tag object."""
    found = origins_of(facts.image)
    named = [one.commit for one in found.platforms if isinstance(one, Origin) and one.commit] if found else []
    return isinstance(facts.commit, str) and not all(facts.commit.startswith(one) for one in named)


def judged_image(name: str, digest: str, image: object) -> JudgedImage:
    """Return the image `name` as judged, with `digest`; `image` is what the registry returned for it."""
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
    """Return the images of the components as they were judged; components without an image are left out.

    `images` is what the registry returned, by component name; `recorded` digests take precedence.
    """
    found = []
    for facts in components:
        pin, image = facts.pin, images.get(facts.pin.component.name)
        now = image.digest if isinstance(image, Image) else ""
        if pin.image_name:
            found.append(judged_image(pin.image_name, recorded.get(pin.component.name) or now or "", image))
    return tuple(found)


@dataclass(frozen=True)
class Descriptor:
    """Where an object is in the registry. `size` is its stated size in bytes, 0 if none is stated."""

    digest: str
    size: int = 0


@dataclass(frozen=True)
class Platform:
    """The image of one platform (`name` is empty if it is not stated), and the attestations on it."""

    name: str
    image: Descriptor
    attestations: Sequence[Descriptor] = ()
    problem: Unknown | None = None


class _MalformedError(ValueError):
    """A document is not as its specification requires."""


def read_json(body: bytes, what: str) -> Answer[dict[str, Any]]:
    """Return the JSON object in `body`; integers that are too long become 0."""
    try:
        document = json.loads(body, parse_int=_bounded)
    except (ValueError, RecursionError):
        document = None
    return document if isinstance(document, dict) else _unreadable(what, "it is not a JSON object")


def platforms_in(digest: str, document: Mapping[str, Any], what: str) -> Answer[Sequence[Platform]]:
    """Return the platforms of the image whose manifest or index, `document`, has this digest."""
    if "manifests" not in document:
        return [Platform("", Descriptor(digest))]
    return _read(what, lambda: _platforms(document))


def provenance_in(manifest: Mapping[str, Any], what: str) -> Answer[Sequence[Descriptor]]:
    """Return the statements of provenance that an attestation's manifest lists."""
    return _read(what, lambda: _statements(manifest))


def configuration_in(manifest: Mapping[str, Any], what: str) -> Answer[Descriptor | None]:
    """Return where the configuration of an image is; None if the manifest is not an image's."""
    config = manifest.get("config")
    if not isinstance(config, dict) or config.get("mediaType") not in _CONFIGURATIONS:
        return None
    return _read(what, lambda: _descriptor(config))


def read_statement(statement: Mapping[str, Any], image: str, what: str) -> Answer[Origin]:
    """Return the origin that a statement gives for the image with the digest `image`."""
    return _read(what, lambda: _of_statement(statement, image))


def read_labels(configuration: Mapping[str, Any], what: str) -> Answer[Origin]:
    """Return the origin that the labels of an image's configuration give."""
    return _read(what, lambda: _of_labels(configuration))


def repository_of(source: str) -> str:
    """Return the repository of an address as `host/owner/name` in lower case; empty if it is not one.

    The address may be of https, ssh or git, have a user, a password, `.git`, a query or a ref after `#`, or be of
    the form `git@host:owner/name`.
    """
    text = re.split(r"[?#]", source.strip(), maxsplit=1)[0].removeprefix("git+")
    scheme, mark, rest = text.partition("://")
    scp = None if mark else _SCP.fullmatch(scheme)
    host, _, path = (f"{scp[1]}/{scp[2]}" if scp else rest if mark else scheme).partition("/")
    host = host.rpartition("@")[2].partition(":")[0]
    found = f"{host}/{path.strip('/').removesuffix('.git').strip('/')}".lower()
    return found if _REPOSITORY.fullmatch(found) else ""


def image_named(uri: str) -> str | None:
    """Return the image that a package URL names, with its registry's host: empty if invalid, None if not an image."""
    package = _PACKAGE.fullmatch(re.split(r"[?#]", uri, maxsplit=1)[0])
    if package is None:
        return None
    path = package[1].rstrip("/")
    # The version is after the last @; the name before it is percent-encoded on its own.
    found = full_name(unquote(path.rpartition("@")[0] or path))
    return found if _IMAGE.fullmatch(found) else ""


def _read(what: str, read: Callable[[], _T]) -> Answer[_T]:
    """Return the result of `read`; if the document is malformed, that `what` cannot be read."""
    try:
        return read()
    except _MalformedError as error:
        return _unreadable(what, str(error))


def _platforms(index: Mapping[str, Any]) -> list[Platform]:
    entries = [_object(entry, "an entry") for entry in _list(index["manifests"], "manifests")]
    attestations: dict[str, list[Descriptor]] = {}
    images = []
    for entry in entries:
        notes = entry.get("annotations") or {}
        if _at(notes, _REFERENCE_TYPE) == "attestation-manifest":
            attestations.setdefault(str(_at(notes, _REFERENCE)), []).append(_descriptor(entry))
        elif _at(entry, "platform", "os") != "unknown":
            images.append(entry)
    if len(images) > MOST_PLATFORMS:
        raise _MalformedError(f"it lists {len(images):,} platforms, and at most {MOST_PLATFORMS} are read")
    return [_platform(entry, attestations) for entry in images]


def _platform(entry: Mapping[str, Any], attestations: Mapping[str, Sequence[Descriptor]]) -> Platform:
    image = _descriptor(entry)
    parts = [_at(entry, "platform", name) for name in ("os", "architecture", "variant")]
    name = "/".join(part for part in parts if isinstance(part, str) and _PLATFORM.fullmatch(part))
    own, problem = attestations.get(image.digest, ()), None
    if entry.get("mediaType") in _INDEXES:
        problem = _unreadable(name or image.digest[:19], "it is an index inside an index")
    elif len(own) > _MOST_STATEMENTS:
        problem = _unreadable(name or image.digest[:19], f"it has {len(own):,} attestations")
    return Platform(name, image, () if problem else own, problem)


def _statements(manifest: Mapping[str, Any]) -> list[Descriptor]:
    layers = [_object(layer, "a layer") for layer in _list(manifest.get("layers", []), "layers")]
    found = [_descriptor(one) for one in layers if _is_provenance(one)]
    if len(found) > _MOST_STATEMENTS:
        raise _MalformedError(f"it lists {len(found):,} statements of provenance")
    return found


def _is_provenance(layer: Mapping[str, Any]) -> bool:
    kind = _at(layer, "annotations", _PREDICATE_TYPE)
    return layer.get("mediaType") == _STATEMENT and isinstance(kind, str) and kind.startswith(_SLSA)


def _of_statement(statement: Mapping[str, Any], image: str) -> Origin:
    if statement.get("_type") not in _STATEMENT_TYPES:
        raise _MalformedError("it is not an in-toto statement of a known version")
    subjects = [_at(one, "digest", "sha256") for one in _list(statement.get("subject"), "subject")]
    if image.removeprefix("sha256:") not in subjects:
        raise _MalformedError("it is about another image")
    kind = statement.get("predicateType")
    predicate = _object(statement.get("predicate"), "its predicate")
    if kind == f"{_SLSA}v0.2":
        context = _at(predicate, "invocation", "configSource")
        hints, materials = _at(predicate, "metadata", _BUILDKIT, "vcs"), predicate.get("materials")
    elif kind == f"{_SLSA}v1":
        definition, metadata = predicate.get("buildDefinition"), _at(predicate, "runDetails", "metadata")
        context = _at(definition, "externalParameters", "configSource")
        hints = _at(metadata, "buildkit_metadata", "vcs") or _at(metadata, _BUILDKIT, "vcs")
        materials = _at(definition, "resolvedDependencies")
    else:
        raise _MalformedError("it is provenance of an unknown version")
    origin = _of_context(context) or _of_hints(hints)
    return replace(origin, materials=None if materials is None else _images(materials))


def _of_context(context: object) -> Origin | None:
    """Return the commit that BuildKit itself checked out; None if its context was not a Git repository."""
    digests, uri = _at(context, "digest"), _at(context, "uri")
    commit = _at(digests, "sha1") or _at(digests, "gitCommit")
    source = _named(uri) if isinstance(uri, str) else ""
    if commit is None and isinstance(uri, str) and re.search(r"\.git($|[?#])|^git", uri):
        commit = _at(digests, "sha256")  # a SHA-256 repository; a downloaded archive also has such a digest
    if commit is None:
        return None
    if not isinstance(commit, str) or not OBJECT_ID.fullmatch(commit):
        raise _MalformedError("the commit of its Git context is not a commit id")
    return Origin(commit=commit, source=source)


def _of_hints(hints: object) -> Origin:
    revision, source = _at(hints, "revision") or "", _at(hints, "source") or ""
    if not isinstance(revision, str) or not isinstance(source, str):
        raise _MalformedError("its hints on the repository are not strings")
    return _of_revision(revision, source)


def _of_labels(configuration: Mapping[str, Any]) -> Origin:
    labels = _at(configuration, "config", "Labels")
    if not isinstance(labels, (dict, type(None))):
        raise _MalformedError("its labels are not an object")
    revision, source = ((labels or {}).get(f"org.opencontainers.image.{name}", "") for name in ("revision", "source"))
    if not isinstance(revision, str) or not isinstance(source, str):
        raise _MalformedError("its labels are not strings")
    return _of_revision(revision, source, by_labels=True)


def _of_revision(revision: str, source: str, *, by_labels: bool = False) -> Origin:
    match = _REVISION.fullmatch(revision.strip().lower())
    if match is None:
        return Origin(by_labels=by_labels, why_no_commit="its labels name no commit" if by_labels else _SILENT)
    return Origin("", match[1], _named(source), bool(match[2]), by_labels)


def _named(source: str) -> str:
    return (repository_of(source) or UNREADABLE) if source else ""


def _images(materials: object) -> tuple[Material, ...]:
    found = []
    for one in _list(materials, "the list of materials"):
        uri, digest = _at(one, "uri"), _at(one, "digest", "sha256")
        if not isinstance(uri, str):
            raise _MalformedError("a material has no address")
        name = image_named(uri)
        if name is not None:
            is_known = isinstance(digest, str) and _HEX.fullmatch(digest)
            found.append(Material(name, f"sha256:{digest}" if is_known else ""))
    return tuple(found)


def _descriptor(entry: Mapping[str, Any]) -> Descriptor:
    digest, size = entry.get("digest"), entry.get("size")
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise _MalformedError("it has a digest that is not a sha256 digest")
    return Descriptor(digest, size if isinstance(size, int) else 0)


def _at(document: object, *keys: str) -> Any:
    for key in keys:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise _MalformedError(f"{what} is not a list")
    return value


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _MalformedError(f"{what} is not an object")
    return value


def _bounded(digits: str) -> int:
    return int(digits) if len(digits) <= _MOST_DIGITS else 0


def _unreadable(what: str, why: str) -> Unknown:
    return Unknown(f"{what} cannot be read: {why}", f"Running this again does not help. {_BUILD_AGAIN}")
