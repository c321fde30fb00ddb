"""Components, and the pins by which a stack chooses their versions in the top-level `env:` of a workflow file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..dataclass import dataclass
from .evidence import Answer, Blob, Unknown
from .refs import DEFAULT_FORMAT, TagFormat

COMPONENT_NAMES = ("backend", "frontend")
"""The components of a stack that names none, which have inputs of their own."""
CONFIGURATION_FILE = ".github/frag-release.yaml"
"""What a team sets once, in the stack's repository."""
NO_IMAGE = "none"
"""The value of an `…-image` input that says: this stack uses no image of that component."""


class WorkflowFileError(Exception):
    """The file, or one of its values, is not what a workflow needs; `line` counts from 1."""

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
    """The top-level `env:` of a workflow file: each name with its value or why that is refused."""

    entries: Mapping[str, Value | WorkflowFileError]
    line: int

    def first(self, names: Sequence[str]) -> str:
        """Return the first of `names` that is there, whatever its value; empty if none is."""
        return next((name for name in names if name in self.entries), "")

    def value(self, *names: str) -> Value:
        """Return the value of the first of `names` that is there; raises WorkflowFileError if that fails."""
        found = self.entries.get(self.first(names))
        if found is None:
            raise WorkflowFileError(f"the top-level env: has no {' and no '.join(names)}", self.line)
        if isinstance(found, WorkflowFileError):
            raise found
        return found


def default_stack_image(repository: str) -> str:
    """Return the name that the image of the stack `repository` has where nothing gives it another."""
    return f"docker.io/{repository.lower()}"


def given_in(name: str, what: str) -> str:
    """Return how people give `what` of the component `name`: an input, else a key of the configuration file."""
    if name in COMPONENT_NAMES:
        return f"{name}-{what}"
    return f"component-{what}s" if what in ("tag", "namespace") else f"components.{name}.{what}"


@dataclass(frozen=True)
class Choice:
    """What the inputs `…-tag` and `…-namespace` choose of a component: empty, that is left to the workflow file."""

    tag: str = ""
    namespace: str = ""


@dataclass(frozen=True)
class Component:
    """A repository whose artefact goes into the stack, as the inputs describe it.

    Of `variables`, which may hold the tag, the first that is there in the workflow file counts; for the namespace
    likewise. New files below `notice_paths` are what a way back would not undo.
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
        """Return how people give `what` of it, such as its `tag` or its `branch`."""
        return given_in(self.name, what)

    @property
    def owner(self) -> str:
        """The owner of the repository, whose namespace is meant where nothing names one."""
        return self.repository.partition("/")[0]

    @property
    def format_input(self) -> str:
        """The input that says how its tags are written."""
        return self.given_in("tag-format")

    def image_name(self, namespace: str) -> str | None:
        """Return the image's name with its registry, or None where the stack uses no such image."""
        if self.image == NO_IMAGE:
            return None
        name = self.repository.partition("/")[2]
        return self.image or f"docker.io/{namespace or self.owner}/{name}".lower()


@dataclass(frozen=True)
class Clash:
    """A variable or an image that has been named for two things; each is a component with the key that names it."""

    what: str
    first: tuple[Component, str]
    second: tuple[Component, str]


def find_clash(components: Sequence[Component]) -> Clash | None:
    """Return the first clash: a variable cannot hold two tags, nor a tag and a namespace.

    One namespace may hold the images of several components, and one repository may make several of them; the same
    image of two repositories would prove one of them by the other.
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
    """What the build will really use of a component, beside what the workflow file says.

    `variable` is the one that holds the tag in the file, empty if none does. `problem` says why there is no tag at
    all, or why the file's values could not be had; `unread` holds the reason where the file could not be fetched.
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
        """The tag of the image that belongs to the tag."""
        return self.component.tag_format.image_tag(self.tag)

    @property
    def place(self) -> tuple[str, str] | None:
        """Where that image is: its name with the registry, and its tag. None where the stack uses no such image."""
        return (self.image_name, self.image_tag) if self.image_name else None

    @property
    def key(self) -> tuple[Component, str, str]:
        """The component with namespace and tag: of the same pin everything is the same but its place."""
        return (self.component, *self.same_choice)

    @property
    def line(self) -> int | None:
        """The line of the workflow file that the pin's findings point at, counted from 1."""
        if self.in_file:
            return self.in_file.line
        return self.problem.line if self.problem else None

    @property
    def same_choice(self) -> tuple[str, str]:
        """What makes two pins the same choice: namespace and tag."""
        return (self.namespace, self.tag)


def read_pins(
    components: Sequence[Component],
    file: str,
    content: Answer[Blob | None],
    choices: Mapping[str, Choice] | None = None,
) -> tuple[Pin, ...]:
    """Return the pins in the workflow file `content`; `choices` of inputs, by component, stand in for the file's.

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
    # A stack may well have no variable for the namespace (its owner is meant); a broken one is a problem.
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
