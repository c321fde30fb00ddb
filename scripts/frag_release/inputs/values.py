"""The texts of the inputs: read from a runner's environment and checked by kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn
from urllib.parse import urlsplit

from ..domain.components import COMPONENT_NAMES
from ..domain.evidence import OBJECT_ID
from ..domain.refs import TagFormat, wrong_v
from ..errors import UnconfiguredError, UsageError
from .configuration import FILE, Configuration
from .table import COMMANDS, IN_TERMINAL, INPUTS, Input, Kind
from .table.evidence import component_inputs

MAX_SECONDS = 6 * 60 * 60
"""Longest timeout, in seconds: a job on a GitHub-hosted runner ends after six hours."""

_NAME = r"[A-Za-z0-9_.-]{1,100}"
_REPOSITORY = re.compile(rf"{_NAME}/{_NAME}")
# Surrogates stand for bytes that are not UTF-8, which no address or name can contain.
_NOT_ONE_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOT_UTF_8 = re.compile(r"[\ud800-\udfff]")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LOOPBACK = re.compile(r"127(\.[0-9]{1,3}){3}|localhost|::1")


def read_from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return every input's text as `action.yml` passes it; empty if it was not given."""
    return {one.name: environ.get(one.variable, "").strip() for one in INPUTS}


class Values:
    """The inputs of one command: checked, with defaults filled in."""

    def __init__(self, texts: Mapping[str, str], configuration: Configuration | None = None) -> None:
        self.command = texts["command"] or "gate"
        if self.command not in COMMANDS:
            raise _no_command(self.command)
        self._given = {name for name, text in texts.items() if text}
        self._as_given = texts
        self._texts = {one.name: self._checked(one, texts.get(one.name, "")) for one in INPUTS}
        self.configuration = configuration
        if configuration:
            self._configure(configuration)

    def configured(self, configuration: Configuration | None) -> Values:
        """The same with the configuration file's values for inputs that were not given; raises UsageError."""
        return Values(self._as_given, configuration)

    def unconfigured(self) -> Values:
        """The same without the inputs that can be read only if the names of all components are known."""
        names = ("component-tags", "component-namespaces", "expected-components", "allow")
        return Values({name: "" if name in names else text for name, text in self._as_given.items()})

    def _configure(self, configuration: Configuration) -> None:
        for one in INPUTS:
            if one.name in configuration.texts and self.command in one.commands and not self.is_given(one.name):
                self._texts[one.name] = configuration.texts[one.name]
        for name in COMPONENT_NAMES:
            stray = [given for given in sorted(self._given) if re.match(rf"(expected-)?{name}-", given)]
            if stray and name not in self.components:
                components = ", ".join(self.components)
                raise UsageError(
                    f"The input {stray[0]} belongs to the component {name}, which {FILE} does not name.",
                    f"Leave it out. The components are {components}; component-tags is for all of them.",
                )

    def _checked(self, one: Input, text: str) -> str:
        if not text:
            return one.default_of(self.command)
        if self.command not in one.commands:
            raise of_another_command(one, self.command)
        has_lines = one.kind is Kind.LINES
        if has_lines:
            text = text.replace("\r\n", "\n")
        if one.kind is not Kind.JSON and _NOT_ONE_LINE.search(text.replace("\n", "") if has_lines else text):
            lines = "in lines" if has_lines else "on one line"
            raise _wrong(one, text, f"Write it {lines}, without control characters.")
        _CHECKS[one.kind](one, text)
        return text

    def text(self, name: str) -> str:
        """The text of an input; empty if it was not given and has no fixed default."""
        return self._texts[name]

    def is_given(self, name: str) -> bool:
        """Whether the input was given; else its text is the default or the configuration file's."""
        return name in self._given

    def default(self, name: str) -> str:
        """The default of an input; empty if it is computed."""
        return next(one.default_of(self.command) for one in INPUTS if one.name == name)

    def flag(self, name: str) -> bool:
        """The input as true or false."""
        return self._texts[name].lower() == "true"

    def pairs(self, name: str) -> dict[str, str]:
        """The values of a list of `NAME=VALUE`, by component; raises UsageError for an unknown component."""
        found = dict(map(_pair, self.items(name)))
        self.require_components(name, found)
        return found

    def require_components(self, name: str, given: Iterable[str]) -> None:
        """Raise UsageError if the input `name` names an unknown component."""
        unknown = [one for one in given if one not in self.components]
        if unknown:
            raise unconfigured(name, unknown[0], f"The components are {', '.join(self.components)}.")

    @property
    def components(self) -> tuple[str, ...]:
        """The names of the components, in their order."""
        named = self.configuration.components if self.configuration else None
        return COMPONENT_NAMES if named is None else tuple(named)

    def is_from_file(self, name: str, what: str) -> bool:
        """Whether the configuration file sets `what` of a component, and no input does."""
        named = self.configuration.components if self.configuration else None
        return bool(named and what in named.get(name, ())) and not (
            name in COMPONENT_NAMES and self.is_given(f"{name}-{what}")
        )

    def of_component(self, name: str, what: str) -> str:
        """Return a property of a component, such as its `tag`: from its own input, the one for all, else the file.

        Raises UsageError if two inputs differ.
        """
        own, both = f"{name}-{what}", f"component-{what}s"
        among = self.pairs(both).get(name, "") if both in self._texts else ""
        if among and name in COMPONENT_NAMES and self.is_given(own) and self._texts[own] != among:
            raise UsageError(
                f"The input {own} is {self._texts[own][:80]!r}, but {both} has {among[:80]!r}.",
                "Leave one of the two out.",
            )
        if among or (name in COMPONENT_NAMES and self.is_given(own)):
            return among or self._texts[own]
        if self.configuration and self.is_from_file(name, what):
            return (self.configuration.components or {})[name][what]
        if name in COMPONENT_NAMES:
            return self._texts[own]
        return next(one.default_of(self.command) for one in component_inputs(name) if one.name == own)

    def items_of(self, name: str, what: str) -> tuple[str, ...]:
        """The parts of a component's property that is a comma-separated list."""
        return _parts(self.of_component(name, what))

    def seconds(self, name: str) -> float:
        """The input as a number of seconds."""
        return float(self._texts[name])

    def items(self, name: str) -> tuple[str, ...]:
        """The parts of a comma-separated list."""
        return _parts(self._texts[name])


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part for part in (part.strip() for part in text.split(",")) if part)


def wrong_input(name: str, value: str, remedy: str) -> UsageError:
    """The error for a bad input: its name, its value (truncated, control characters escaped) and the remedy."""
    shown = value if len(value) <= 80 else f"{value[:80]}…"
    return UsageError(f"The input {name} cannot be {shown!r}.", remedy)


def unconfigured(name: str, value: str, remedy: str) -> UnconfiguredError:
    """The error for an input that may be valid with the values of the configuration file."""
    error = wrong_input(name, value, remedy)
    return UnconfiguredError(error.message, error.remedy)


def refuse_constant(name: str) -> NoReturn:
    """For `parse_constant`: refuse what Python accepts in addition to JSON, such as NaN."""
    raise ValueError(f"{name} is not valid JSON")


def not_a_production_tag(name: str, value: str, form: TagFormat) -> UsageError:
    """The error for a tag of the stack that is not a production tag, unless the file's format gives it its `v`."""
    remedy = f"Use {form.numbers}, such as {form.like()}."
    if with_v := wrong_v(value, form, "tag-format"):
        return unconfigured(name, value, f"{remedy} {with_v}")
    return wrong_input(name, value, remedy)


def of_another_command(one: Input, command: str) -> UsageError:
    """The error for an input of other commands. Its value may be anything, so it is not shown."""
    message = f"The input {one.name} belongs to {owners_of(one)}, not to {command}."
    return UsageError(message, "Leave it out, or run a command that has it.")


def owners_of(one: Input) -> str:
    """The commands that have an input, as a phrase."""
    *others, last = (name for name in COMMANDS if name in one.commands)
    return f"{', '.join(others)} and {last}" if others else last


def _no_command(text: str) -> UsageError:
    from .command_line import closest_first  # late: only a mistake pays for the import

    own = [name for name in COMMANDS if name not in IN_TERMINAL]
    return wrong_input("command", text, f"Use one of: {', '.join(closest_first(text, own))}.")


def _wrong(one: Input, text: str, remedy: str) -> UsageError:
    """The error for a bad input; the value of a secret is not shown."""
    return wrong_input(one.name, "***" if one.secret else text, remedy)


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine's own, so that plain http is safe."""
    return _LOOPBACK.fullmatch(host) is not None


def is_digest(text: str) -> bool:
    """Whether a text is `sha256:` and 64 hexadecimal digits."""
    return _DIGEST.fullmatch(text) is not None


def is_repository(text: str) -> bool:
    """Whether a text is `OWNER/NAME`, and safe as part of a URL path."""
    return _REPOSITORY.fullmatch(text) is not None and not {".", ".."}.intersection(text.split("/"))


def _are_seconds(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,6}", text) is not None and 1 <= int(text) <= MAX_SECONDS


def _are_minutes(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,3}", text) is not None and int(text) <= MAX_SECONDS // 60


_SIMPLE: Mapping[Kind, tuple[Callable[[str], object], str]] = {
    Kind.FLAG: (lambda text: text.lower() in ("true", "false"), "Use true or false."),
    Kind.SECONDS: (_are_seconds, f"Use a whole number of seconds from 1 to {MAX_SECONDS}."),
    Kind.MINUTES: (_are_minutes, f"Use a whole number of minutes from 0 to {MAX_SECONDS // 60}."),
    Kind.LOOKS: (lambda text: re.fullmatch(r"[1-9]|10", text), "Use a whole number from 1 to 10."),
    Kind.COMMIT: (OBJECT_ID.fullmatch, "Use the full commit, 40 hexadecimal digits."),
    Kind.DIGEST: (is_digest, "Use a digest: sha256: and 64 hexadecimal digits."),
    Kind.REPOSITORY: (is_repository, "Use OWNER/NAME."),
}
"""The check of each kind whose text is tested alone, with the remedy."""


def _check_simple(one: Input, text: str) -> None:
    fits, remedy = _SIMPLE[one.kind]
    if not fits(text):
        raise wrong_input(one.name, text, remedy)


def _check_choice(one: Input, text: str) -> None:
    if text not in one.choices:
        raise wrong_input(one.name, text, f"Use {' or '.join(one.choices)}.")


def _check_url(one: Input, text: str) -> None:
    if "@" in text or "?" in text:
        # The value is not shown: the part before an @, or a query, may contain a password.
        raise UsageError(
            f"The input {one.name} contains a user name, a password or a query.",
            "Leave out what comes before an @ and after a question mark.",
        )
    try:
        url = urlsplit(text)
        host, _ = url.hostname or "", url.port
    except ValueError as error:
        raise wrong_input(one.name, text, "Use a URL such as https://host.example.") from error
    if not host or url.fragment:
        raise wrong_input(one.name, text, "Use a URL such as https://host.example.")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(host)):
        raise wrong_input(one.name, text, "Use https; plain http would expose tokens to the network.")


def _check_urls(one: Input, text: str) -> None:
    for part in text.split(","):
        _check_url(one, part.strip())


def _check_json(one: Input, text: str) -> None:
    """Check the encoding only: JSON may have several lines, and other errors are reported when it is parsed."""
    if _NOT_UTF_8.search(text):
        raise _wrong(one, text, "Write it in UTF-8.")


def _pair(item: str) -> tuple[str, str]:
    name, _, value = item.partition("=")
    return name.strip(), value.strip()


def _check_pairs(one: Input, text: str) -> None:
    items = _parts(text)
    pairs = [_pair(item) for item in items]
    # An override that is empty in this run (`api=`) counts as not given.
    if not all("=" in item for item in items) or not all(name for name, _ in pairs):
        raise wrong_input(one.name, text, f"Use {one.shape}, with the names of components.")
    if len(dict(pairs)) < len(pairs):
        raise wrong_input(one.name, text, "Name each component once.")


_CHECKS = {
    **dict.fromkeys((Kind.TEXT, Kind.LIST, Kind.LINES, Kind.FILE), lambda one, text: None),
    **dict.fromkeys(_SIMPLE, _check_simple),
    Kind.CHOICE: _check_choice,
    Kind.URL: _check_url,
    Kind.URLS: _check_urls,
    Kind.JSON: _check_json,
    Kind.PAIRS: _check_pairs,
}
