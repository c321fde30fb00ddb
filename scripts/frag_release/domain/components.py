"""Components, the pins that choose their versions in the top-level `env:` of a workflow file, and their images.

Of images: names, registries, whose login goes where, and their tags: no branch and no odd tag can pass for a release.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence

from ..dataclass import dataclass, field
from .evidence import Answer, Blob, Unknown
from .refs import DEFAULT_FORMAT, TagFormat

MAX_LENGTH = 128
"""Longest image tag in characters (OCI distribution specification, "Pulling manifests")."""

DOCKER_HUB = "docker.io"

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
"""The digest of an image or of any other object in a registry."""

_DOCKER_HUB_TOO = (DOCKER_HUB, "index.docker.io", "registry-1.docker.io")
_RESERVED = frozenset({"latest", "stable"})
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_.-]+")
_HASH_LENGTH = 10
# Numbers of any length: what is too long for our grammar may still be a release to other tools.
_RELEASE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_TAG = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9._-]{{0,{MAX_LENGTH - 1}}}")
_HASHED = re.compile(rf".*-[0-9a-f]{{{_HASH_LENGTH}}}")
COMPONENT_NAMES = ("backend", "frontend")
"""The components of a stack that configures none; they have inputs of their own."""
MAX_COMPONENTS = 20
"""The number of components that a stack may have."""
CONFIGURATION_FILE = ".github/frag-release.yaml"
"""The settings that a team makes once, in the stack's repository."""
NO_IMAGE = "none"
"""The value of an `…-image` input for a component whose image the stack does not use."""


@dataclass(frozen=True)
class Login:
    """User name and password for one registry."""

    username: str
    password: str = field(repr=False)


def is_image_tag(tag: str) -> bool:
    """Whether a registry can hold an image under this tag."""
    return _TAG.fullmatch(tag) is not None


def safe_image_tag(name: str, prefix: str) -> str:
    """Return an image tag for the Git tag or branch `name`; production tags begin with `prefix`.

    A name that is a valid image tag stays as it is. If characters had to be replaced, or if the result
    would be a production tag, `latest`, `stable` or the tag of another name, a short hash of the whole
    name is added: `+2023.06.1` never becomes `2023.06.1`, and no two names share one image by accident.
    """
    safe = _NOT_ALLOWED.sub("-", name).lstrip(".-")[:MAX_LENGTH]
    if safe and safe == name and not _means_something(safe, prefix):
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
    stem = safe[: MAX_LENGTH - _HASH_LENGTH - 1].rstrip(".-") or "ref"
    return f"{stem}-{digest}"


def _means_something(tag: str, prefix: str) -> bool:
    is_release = any(map(_RELEASE.fullmatch, (tag, tag.removeprefix(prefix))))
    return tag.lower() in _RESERVED or is_release or _HASHED.fullmatch(tag) is not None


def canonical_host(host: str) -> str:
    """Return the canonical name of a registry's `HOST` or `HOST:PORT`: lower case, and `docker.io` for Docker Hub."""
    name = host.lower()
    return DOCKER_HUB if name in _DOCKER_HUB_TOO else name


def full_name(image: str) -> str:
    """Return an image's name with its registry's canonical name, as Docker reads it: `nginx` is of Docker Hub."""
    first, mark, rest = image.partition("/")
    has_host = bool(mark) and ("." in first or ":" in first or first == "localhost")
    host, repository = (canonical_host(first), rest) if has_host else (DOCKER_HUB, image)
    return f"{host}/{repository if host != DOCKER_HUB or '/' in repository else f'library/{repository}'}"


def host_of_image(image: str) -> str:
    """Return the canonical name of the host in an image's name, `HOST/NAME`."""
    return canonical_host(image.partition("/")[0])


class WorkflowFileError(Exception):
    """The file or one of its values is not valid in a workflow; `line` counts from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True)
class Value:
    """A value of the top-level `env:`.

    `line` and `column` count from 1; `start` and `end` are the offsets of the value as written,
    with its quotes, in characters of the decoded text without a byte-order mark.
    """

    text: str
    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True)
class WorkflowEnvironment:
    """The top-level `env:` of a workflow file: each name with its value, or why that is refused."""

    entries: Mapping[str, Value | WorkflowFileError]
    line: int

    def first(self, names: Sequence[str]) -> str:
        """Return the first of `names` that exists, with any value; empty if none does."""
        return next((name for name in names if name in self.entries), "")

    def value(self, *names: str) -> Value:
        """Return the value of the first of `names` that exists; raises WorkflowFileError if it is refused or absent."""
        found = self.entries.get(self.first(names))
        if found is None:
            raise WorkflowFileError(f"the top-level env: has no {' and no '.join(names)}", self.line)
        if isinstance(found, WorkflowFileError):
            raise found
        return found


def default_stack_image(repository: str) -> str:
    """Return the default name of the image of the stack `repository`."""
    return f"docker.io/{repository.lower()}"


def given_in(name: str, what: str) -> str:
    """Return the input, else the key of the configuration file, that sets `what` of the component `name`."""
    if name in COMPONENT_NAMES:
        return f"{name}-{what}"
    return f"component-{what}s" if what in ("tag", "namespace") else f"components.{name}.{what}"


def passed_to_action(sources: Mapping[tuple[str, str], Sequence[str]]) -> list[str]:
    """Return the lines of a `with:` that pass the `sources` of each component's `what`, in the order of a build."""
    found: dict[str, list[str]] = {}
    for (name, what), own in sources.items():
        key = given_in(name, what)
        start = "" if key == f"{name}-{what}" else f"{name}="
        found.setdefault(key, []).extend([f"{start}${{{{ {' || '.join(dict.fromkeys(own))} }}}}"] if own else [])
    return [f"{key}: {','.join(values)}" for key, values in found.items() if values]


@dataclass(frozen=True)
class Choice:
    """The inputs `…-tag` and `…-namespace` of a component; if one is empty, the workflow file decides."""

    tag: str = ""
    namespace: str = ""


@dataclass(frozen=True)
class Component:
    """A repository whose artefact goes into the stack, as the inputs describe it.

    The first of `variables` that is in the workflow file holds the tag, the first of `namespace_variables` the
    namespace. New files below `notice_paths` are changes that a way back would not undo.
    """

    name: str
    repository: str
    branches: Sequence[str]
    variables: tuple[str, ...]
    namespace_variables: tuple[str, ...]
    image: str = ""
    ci_workflows: Sequence[str] = ()
    notice_paths: Sequence[str] = ()
    tag_format: TagFormat = DEFAULT_FORMAT

    def given_in(self, what: str) -> str:
        """Return the input or key that sets `what` of it, such as its `tag` or its `branch`."""
        return given_in(self.name, what)

    @property
    def owner(self) -> str:
        """The owner of the repository, which is the default namespace."""
        return self.repository.partition("/")[0]

    @property
    def format_input(self) -> str:
        """The input that sets the format of its tags."""
        return self.given_in("tag-format")

    def image_name(self, namespace: str) -> str | None:
        """Return the image's name with its registry, or None if the stack uses no such image."""
        if self.image == NO_IMAGE:
            return None
        name = self.repository.partition("/")[2]
        return self.image or f"docker.io/{namespace or self.owner}/{name}".lower()


@dataclass(frozen=True)
class Clash:
    """A variable or an image that is named twice, each time by a key of a component."""

    what: str
    first: tuple[Component, str]
    second: tuple[Component, str]


def find_clash(components: Sequence[Component]) -> Clash | None:
    """Return the first clash: a variable cannot hold two tags, nor a tag and a namespace.

    Components may share a namespace, and one repository may build the images of several; if two repositories named
    the same image, the image of one would be taken as evidence for the other.
    """
    taken: dict[str, tuple[Component, str]] = {}
    for component in components:
        for key, what in _names_of(component):
            first = taken.setdefault(what.upper(), (component, key))
            if not _may_share(*first, component, key):
                return Clash(what, first, (component, key))
    return None


def _names_of(component: Component) -> Iterator[tuple[str, str]]:
    yield from (("variable", name) for name in component.variables)
    yield from (("namespace-variable", name) for name in component.namespace_variables)
    if component.image not in ("", NO_IMAGE):
        yield "image", component.image


def _may_share(first: Component, first_key: str, second: Component, key: str) -> bool:
    if first_key != key:
        return False
    is_same_source = first.repository.lower() == second.repository.lower()
    return first.name == second.name or key == "namespace-variable" or (key == "image" and is_same_source)


@dataclass(frozen=True)
class Pin:
    """What the build will really use of a component, and the values in the workflow file.

    `variable` is the one that holds the tag in the file, empty if none does. `problem` is why there is no tag at all,
    or why the file's values are invalid; `unread` is why the file could not be fetched.
    """

    component: Component
    tag: str = ""
    namespace: str = ""
    file: str = ""
    in_file: Value | None = None
    namespace_in_file: Value | None = None
    problem: WorkflowFileError | None = None
    unread: Unknown | None = None
    variable: str = ""

    @property
    def image_name(self) -> str | None:
        """The name of its image with the registry, None if the stack uses no such image."""
        return self.component.image_name(self.namespace)

    @property
    def image_tag(self) -> str:
        """The tag of its image."""
        return self.component.tag_format.image_tag(self.tag)

    @property
    def place(self) -> tuple[str, str] | None:
        """Name (with the registry) and tag of its image, None if the stack uses no such image."""
        return (self.image_name, self.image_tag) if self.image_name else None

    @property
    def key(self) -> tuple[Component, str, str]:
        """The component with namespace and tag: pins with the same key differ only in their place."""
        return (self.component, *self.same_choice)

    @property
    def line(self) -> int | None:
        """The line of the workflow file that the pin's findings point at, counted from 1."""
        if self.in_file:
            return self.in_file.line
        return self.problem.line if self.problem else None

    @property
    def same_choice(self) -> tuple[str, str]:
        """Namespace and tag, which make two pins the same choice."""
        return (self.namespace, self.tag)


def read_pins(
    components: Sequence[Component],
    file: str,
    content: Answer[Blob | None],
    choices: Mapping[str, Choice] | None = None,
) -> tuple[Pin, ...]:
    """Return the pins in the workflow file `content`; `choices` of inputs, by component, override its values.

    Never raises: what is wrong with the file is in each pin.
    """
    problem = None
    try:
        environment = _environment(file, content)
    except WorkflowFileError as error:
        environment, problem = None, error
    chosen = [(component, (choices or {}).get(component.name, Choice())) for component in components]
    if isinstance(environment, WorkflowEnvironment):
        return tuple(_pin(component, file, environment, choice) for component, choice in chosen)
    return tuple(
        Pin(component, choice.tag, choice.namespace, file, problem=problem, unread=environment)
        for component, choice in chosen
    )


def _environment(file: str, content: Answer[Blob | None]) -> Answer[WorkflowEnvironment]:
    if isinstance(content, Unknown):
        return content
    if content is None:
        raise WorkflowFileError(f"there is no file {file} at this commit")
    from .workflow_file import read_environment  # late: YAML takes long to import, and much is asked before

    return read_environment(content)


def _pin(component: Component, file: str, environment: WorkflowEnvironment, choice: Choice) -> Pin:
    tag, problem = _lookup(environment, component.variables)
    namespace, namespace_problem = _lookup(environment, component.namespace_variables)
    # A stack need not have a variable for the namespace (the default is its owner); an invalid one is a problem.
    if not environment.first(component.namespace_variables):
        namespace_problem = None
    return Pin(
        component,
        choice.tag or (tag.text if tag else ""),
        choice.namespace or (namespace.text if namespace else component.owner),
        file,
        tag,
        namespace,
        problem or namespace_problem,
        variable=environment.first(component.variables),
    )


def _lookup(environment: WorkflowEnvironment, names: Sequence[str]) -> tuple[Value | None, WorkflowFileError | None]:
    try:
        return environment.value(*names), None
    except WorkflowFileError as error:
        return None, error
