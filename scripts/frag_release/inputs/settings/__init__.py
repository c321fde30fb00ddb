"""What every command takes from inputs and context, registries and their logins included; and what the gate takes."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from ...dataclass import dataclass, field, replace
from ...domain.components import (
    DOCKER_HUB,
    NO_IMAGE,
    Choice,
    Clash,
    Component,
    Login,
    canonical_host,
    find_clash,
    given_in,
    host_of_image,
)
from ...domain.refs import FORMATS, WITHOUT_V, Ref, TagFormat
from ...errors import ConfigurationError, UsageError
from ..configuration import FILE, Configuration
from ..context import Context
from ..table.evidence import variable_stem
from ..table.input import VARIABLE
from ..values import Values, unconfigured, wrong_input

if TYPE_CHECKING:
    from ...domain.findings import Allowance


STANDARD_OUTPUT = "-"
"""The value of `report` for standard output."""
_VARIABLE = re.compile(VARIABLE)
_IMAGE = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+")
_ALLOWANCE = re.compile(r"([a-z-]+):([a-z][a-z0-9-]*)@([^\s@,]{1,200})")
_LONGEST = 1024
_G = TypeVar("_G", bound="GateSettings")


def check_report(path: str) -> None:
    """Raise UsageError if the path exists and is not a regular file, because it would be replaced."""
    if path == STANDARD_OUTPUT:
        return
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        # A new file, or one that cannot be written, which is reported later.
        return
    if not stat.S_ISREG(mode):
        raise UsageError(
            f"The input report names {path!r}, which is not a regular file.",
            f"Name a file, or {STANDARD_OUTPUT} for standard output.",
        )


@dataclass(frozen=True)
class RegistrySettings:
    """`url` replaces all hosts. `username` and `password` are for one host; `logins` are by host."""

    url: str
    username: str
    password: str = field(repr=False)
    logins: Mapping[str, Login]

    def logins_for(self, images: Iterable[str]) -> Mapping[str, Login]:
        """Return the login of each registry, by `canonical_host` of its host.

        `images` are all that the settings of this run name: a name that is read later chooses no host. Raises
        UsageError if one login would be for several hosts.
        """
        if self.logins or not (self.username and self.password):
            return self.logins
        hosts = {canonical_host(urlsplit(self.url).netloc)} if self.url else set(map(host_of_image, images))
        if len(hosts) > 1:
            raise UsageError(
                f"The images of this run are in several registries ({', '.join(sorted(hosts))}), but the inputs "
                "registry-username and registry-password are a login for one. It was not sent to any of them.",
                "Give registry-config instead: a docker configuration with a login for each registry that needs one.",
            )
        return dict.fromkeys(hosts, Login(self.username, self.password))


def read_registry_settings(values: Values) -> RegistrySettings:
    """Return the checked settings; raises UsageError."""
    config = values.text("registry-config")
    single = [name for name in ("registry-username", "registry-password") if values.text(name)]
    if config and single:
        raise UsageError(
            f"The input registry-config is given together with {' and '.join(single)}, so it is unclear which counts.",
            "Give only registry-config, or only the other two.",
        )
    return RegistrySettings(
        url=values.text("registry-url"),
        username=values.text("registry-username"),
        password=values.text("registry-password"),
        logins=_logins(config) if config else {},
    )


def _logins(config: str) -> Mapping[str, Login]:
    from ..registry_config import read_registry_config  # late: only images in several registries need it

    return read_registry_config(config)


@dataclass(frozen=True)
class Connections:
    """Addresses and credentials for gathering evidence, and the time limit for all of it in seconds."""

    api_url: str
    token: str
    component_token: str
    own_token: bool
    ticket_token: str
    ca_file: str
    registry: RegistrySettings
    local: Path | None
    timeout_seconds: float


@dataclass(frozen=True)
class Settings:
    """The settings of every command. `stack_branches` is empty for the default branch.

    `home` is the repository that the run belongs to, whose readers see log and summary; empty in a terminal.
    `own_action` is `OWNER/NAME` of this action if the runner names it, else empty. `configuration` holds the
    configuration file in force.
    """

    home: str
    stack_repository: str
    stack_branches: Sequence[str]
    workflow_file: str
    components: Sequence[Component]
    choices: Mapping[str, Choice]
    check_ci: bool
    check_images: bool
    check_origin: str
    allow: Sequence[Allowance]
    report: str
    connections: Connections
    own_action: str
    configuration: Configuration | None
    tag_format: TagFormat

    @property
    def newly_tagged(self) -> list[Component]:
        """The components for which a new tag is requested."""
        from ...domain.new_tags import is_new  # late: a gate makes no tags

        return [one for one in self.components if is_new(self.choices[one.name].tag)]

    @property
    def seconds(self) -> float:
        """Time limit for all evidence."""
        return self.connections.timeout_seconds

    @property
    def reads_origin(self) -> bool:
        """Whether the origin that images record is read."""
        return self.check_origin != "off"

    @property
    def origin_required(self) -> bool:
        """Whether images must record their origin."""
        return self.check_origin == "require"

    @property
    def images(self) -> tuple[str, ...]:
        """The images to look up, each with its host, which no namespace from the workflow file changes."""
        names = [component.image_name("") for component in self.components] if self.check_images else []
        return tuple(name for name in names if name)


def read_settings(values: Values, context: Context) -> Settings:
    """Return the checked settings, with computed defaults; raises UsageError."""
    repository = values.text("stack-repository") or context.repository or context.clone
    if not repository:
        raise UsageError("The input stack-repository is empty.", "Name the stack's repository as OWNER/NAME.")
    check_report(values.text("report"))
    _check_hosts(values)
    return Settings(
        home=context.repository,
        stack_repository=repository,
        stack_branches=values.items("stack-branch"),
        workflow_file=_workflow_file(values.text("workflow-file")),
        components=_components(values, repository),
        choices={
            name: Choice(values.of_component(name, "tag"), values.of_component(name, "namespace"))
            for name in values.components
        },
        check_ci=values.flag("check-ci"),
        check_images=values.flag("check-images"),
        check_origin=values.text("check-origin"),
        allow=tuple(_allowance(item, values) for item in values.items("allow")),
        report=values.text("report"),
        connections=_connections(values, context),
        own_action=context.action,
        configuration=values.configuration,
        tag_format=_tag_format("tag-format", values.text("tag-format"), values.text("image-tag-format")),
    )


def _check_hosts(values: Values) -> None:
    """Raise UsageError if a login would go to a registry that only the configuration file names."""
    config = values.configuration
    if not config or not values.text("registry-password") or values.text("registry-url"):
        return
    images = [
        _image(given_in(name, "image"), values.of_component(name, "image"))
        for name in values.components
        if values.is_from_file(name, "image")
    ]
    images += [] if values.is_given("stack-image") else [_image("stack-image", config.texts.get("stack-image", ""))]
    hosts = {host_of_image(image) for image in images if image not in ("", NO_IMAGE)} - {DOCKER_HUB}
    if hosts:
        raise UsageError(
            f"The inputs registry-username and registry-password are a login, but only {FILE} names the registry "
            f"{', '.join(sorted(hosts))}: a file in the repository must not decide where a login is sent.",
            "Name the registry in registry-url, or give registry-config, which has a login for each registry.",
        )


def _workflow_file(path: str) -> str:
    parts = PurePosixPath(path).parts
    if path.startswith("/") or "\\" in path or ".." in parts or not parts:
        raise wrong_input("workflow-file", path, "Use a path from the top of the stack's repository.")
    return str(PurePosixPath(path))


def _components(values: Values, stack: str) -> tuple[Component, ...]:
    components = tuple(_component(name, values, stack) for name in values.components)
    if clash := find_clash(components):
        raise _clashing(clash, values)
    return components


def _clashing(clash: Clash, values: Values) -> UsageError:
    (first, its), (second, key) = clash.first, clash.second
    both = f"({first.given_in(its)} and {second.given_in(key)})"
    what = "image" if key == "image" else "variable"
    if first is second:
        message = f"The component {first.name} has the same variable {clash.what} for tag and namespace {both}."
    else:
        message = f"The components {first.name} and {second.name} share the {what} {clash.what} {both}."
    remedy = f"Name {'the image that each repository builds' if key == 'image' else 'a variable for each'}."
    config, ends = values.configuration, ((second.name, key), (first.name, its))
    if not config or not config.components or any(values.is_given(f"{name}-{what}") for name, what in ends):
        return UsageError(message, remedy)
    name, key = next((one for one in ends if values.is_from_file(*one)), ends[0])
    line = config.line(name, key)
    return ConfigurationError(f"{FILE}, line {line}: {message}", remedy, FILE, line)


def _component(name: str, values: Values, stack: str) -> Component:
    owner = stack.partition("/")[0]
    branches = values.items_of(name, "branch")
    if not branches:
        raise wrong_input(given_in(name, "branch"), values.of_component(name, "branch"), "Name at least one branch.")
    return Component(
        name=name,
        repository=values.of_component(name, "repository") or f"{owner}/fragalysis-{name}",
        branches=branches,
        variables=_variables(name, "variable", values),
        namespace_variables=_variables(name, "namespace-variable", values),
        image=_image(given_in(name, "image"), values.of_component(name, "image")),
        ci_workflows=values.items_of(name, "ci-workflows"),
        notice_paths=values.items_of(name, "notice-paths"),
        tag_format=_tag_format(
            given_in(name, "tag-format"),
            values.of_component(name, "tag-format"),
            values.of_component(name, "image-tag-format"),
        ),
    )


def _tag_format(name: str, text: str, of_images: str) -> TagFormat:
    if text not in FORMATS:
        raise wrong_input(name, text, f"Use one of: {', '.join(FORMATS)}.")
    return TagFormat(text, of_images == WITHOUT_V)


def _variables(name: str, what: str, values: Values) -> tuple[str, ...]:
    variables = values.items_of(name, what)
    if not variables or not all(map(_VARIABLE.fullmatch, variables)):
        remedy = f"Use the name of a variable, such as {variable_stem(name)}_IMAGE_TAG, or a list of names."
        raise wrong_input(given_in(name, what), values.of_component(name, what), remedy)
    return variables


def image_name(name: str, values: Values) -> str:
    """Return the name of an image with its registry and without its tag; raises UsageError."""
    return _image(name, values.text(name))


def _image(name: str, image: str) -> str:
    if image in ("", NO_IMAGE):
        return image
    first = image.partition("/")[0]
    if "." not in first and ":" not in first and first != "localhost":
        image = f"docker.io/{image}"
    if not _IMAGE.fullmatch(image):
        raise wrong_input(name, image, "Use a name without tag or digest, such as docker.io/owner/image, or none.")
    return image


def _allowance(item: str, values: Values) -> Allowance:
    from ...domain.findings import Allowance  # late: few runs allow anything
    from ...domain.rules import CATALOGUE

    components = values.components
    match = _ALLOWANCE.fullmatch(item)
    if match is None:
        raise wrong_input("allow", item, f"Use RULE:SUBJECT@TAG, such as pin-ci:{components[0]}@2023.05.1.")
    rule = next((one for one in CATALOGUE if one.id == match[1]), None)
    subjects = components if rule and rule.subject == "component" else (rule.subject,) if rule else ()
    if rule is None or match[2] not in subjects:
        raise unconfigured("allow", item, "There is no such rule on that subject; docs/reference.md lists them.")
    if not rule.allowable:
        raise wrong_input("allow", item, f"{rule.id} can never be allowed. {rule.remedy}")
    return Allowance(match[1], match[2], match[3])


def _connections(values: Values, context: Context) -> Connections:
    local = values.text("local")
    if local and not Path(local).is_dir():
        raise wrong_input("local", local, "Name a folder that contains the clones.")
    return Connections(
        api_url=values.text("github-api-url") or context.api_url,
        token=values.text("token"),
        component_token=values.text("component-token"),
        own_token=bool(context.run_token) and values.text("token") == context.run_token,
        ticket_token=values.text("ticket-token"),
        ca_file=values.text("ca-file"),
        registry=read_registry_settings(values),
        local=Path(local) if local else None,
        timeout_seconds=values.seconds("timeout-seconds"),
    )


@dataclass(frozen=True)
class GateSettings(Settings):
    """What the gate judges. `own_ref`: the ref is the run's own, or this is a terminal.

    `ref` may be a short name until it is known whether a tag or a branch has it.

    `file_must_run`: the judged file must be the workflow that runs. True for a gate, unless the input workflow-file is
    given. A deployment builds nothing, and may have a workflow of its own.
    """

    ref: Ref
    own_ref: bool
    file_must_run: bool
    production: bool

    def with_full_ref(self: _G, find: Callable[[str], Ref], context: Context) -> _G:
        """The same with the full name of the ref, which `find` looks up for a short one."""
        if self.ref.is_full:
            return self
        ref = find(self.ref.text)
        return replace(self, ref=ref, own_ref=_is_own(ref, self.stack_repository, context))


def read_gate_settings(values: Values, context: Context) -> GateSettings:
    """Return the checked settings, with computed defaults; raises UsageError."""
    common = read_settings(values, context)
    ref = _ref(Ref(values.text("ref")), Ref(context.ref), common.tag_format.like())
    return GateSettings(
        **vars(common),
        ref=ref,
        own_ref=_is_own(ref, common.stack_repository, context),
        file_must_run=values.command == "gate" and not values.is_given("workflow-file"),
        production=values.flag("production"),
    )


def _is_own(ref: Ref, repository: str, context: Context) -> bool:
    is_of_run = ref.text == context.ref and repository.lower() == context.repository.lower()
    return is_of_run or not context.on_runner


def _ref(given: Ref, own: Ref, like: str) -> Ref:
    """Return the given ref, which may be short, else the run's own, which never is."""
    ref = given if given.text else own
    if len(ref.text) > _LONGEST or not (given.text or own.is_full):
        raise wrong_input("ref", ref.text, f"Name a tag or a branch, such as {like} or {Ref.of_tag(like)}.")
    return ref
