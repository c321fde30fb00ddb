"""`.github/frag-release.yaml`: what a team sets once, for every command.

Anyone with push access could change it, so it decides nothing that its rows in the table of inputs do not allow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from ..dataclass import dataclass, field
from ..domain.components import COMPONENT_NAMES, CONFIGURATION_FILE, MAX_COMPONENTS
from ..errors import ConfigurationError
from .table import INPUTS, Input, Kind
from .table.evidence import component_inputs

if TYPE_CHECKING:
    from ..domain.evidence import Blob
    from ..domain.workflow_tree import Node

FILE = CONFIGURATION_FILE
NAME = r"[a-z][a-z0-9-]{0,99}"
RESERVED = ("stack", "image", "pair", "all")
_COMPONENTS = "components"
_CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff"
ONE_LINE = rf"[^{_CONTROL}]*[^{_CONTROL}\s,][^{_CONTROL}]*"
ITEM = rf"[^{_CONTROL},]*[^{_CONTROL}\s,][^{_CONTROL},]*"
LINES = r"[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]*"
_WORDS = {"null": None, "~": None, "": None, "true": True, "false": False}
_SPELLED = re.compile(r"[a-z]+|[A-Z]+|[A-Z][a-z]+|~|")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_OTHER_NUMBER = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WANTED = {
    Kind.LIST: "a text or a list of texts",
    Kind.LINES: "a text or a list of lines",
    Kind.LOOKS: "a number from 1 to 10",
    Kind.REPOSITORY: "OWNER/NAME",
}


@dataclass(frozen=True)
class Configuration:
    """The contents of the file: texts by input, and by component and key (None if it names no components).

    `places` are the lines, from 1, of components (`components.api`) and of their keys (`components.api.variable`).
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    components: Mapping[str, Mapping[str, str]] | None = None
    places: Mapping[str, int] = field(default_factory=dict, compare=False)

    def line(self, name: str, key: str) -> int:
        """The line of a component's key in the file, else that of its name."""
        where = f"{_COMPONENTS}.{name}"
        return self.places.get(f"{where}.{key}") or self.places[where]

    @property
    def keys(self) -> dict[str, str]:
        """Every key with its text; those of components are `components.NAME.KEY`."""
        found = dict(self.texts)
        if self.components is not None:
            found[_COMPONENTS] = ",".join(self.components)
            found |= {
                f"{_COMPONENTS}.{name}.{key}": text
                for name, own in self.components.items()
                for key, text in own.items()
            }
        return found

    def differing(self, other: Configuration) -> list[str]:
        """The keys in which two files differ, sorted."""
        mine, others = self.keys, other.keys
        return sorted(key for key in {*mine, *others} if mine.get(key) != others.get(key))

    def as_json(self) -> dict[str, Any]:
        """What differs from the defaults, in the form of the file: empty if nothing does."""
        rows = file_inputs()
        found: dict[str, Any] = {
            name: int(text) if rows[name].kind is Kind.LOOKS else text
            for name, text in self.texts.items()
            if text != rows[name].default
        }
        own = {name: _beside_defaults(name, texts) for name, texts in (self.components or {}).items()}
        is_usual = tuple(own) == COMPONENT_NAMES and not any(own.values())
        return found if is_usual or self.components is None else {**found, _COMPONENTS: own}


def _beside_defaults(name: str, texts: Mapping[str, str]) -> dict[str, str]:
    rows = component_rows(name)
    return {key: text for key, text in texts.items() if text != rows[key].default}


@lru_cache(maxsize=1)
def file_inputs() -> dict[str, Input]:
    """The inputs that may be in the file, by name."""
    of_components = tuple(f"{name}-" for name in COMPONENT_NAMES)
    return {
        one.name: one
        for one in INPUTS
        if one.in_file and (not one.name.startswith(of_components) or one.name.endswith("-ci-workflows"))
    }


def component_rows(name: str) -> dict[str, Input]:
    """The inputs of a component that may be in the file, by their names without the component's."""
    return {one.name[len(name) + 1 :]: one for one in component_inputs(name) if one.in_file}


@dataclass(frozen=True)
class _Value:
    """A value of the file with its line: a text, number, flag or None, a list or a mapping."""

    data: Any
    line: int
    keys: Mapping[str, int] = field(default_factory=dict)


def read_configuration(blob: Blob) -> Configuration:
    """Read the file; raises ConfigurationError with file and line for what may not be in it."""
    from ..domain.workflow_file import WorkflowFileError, decode, parse_events, root_of

    try:
        events = parse_events(decode(blob))
        _refuse_indirection(events)
        from ..domain.workflow_tree import read_tree

        root_of(events)
        tree = read_tree(blob)
    except WorkflowFileError as error:
        raise _wrong(error.message.partition(", so it is ")[0], error.line or 1, "Correct it.") from error
    return configuration_of(_value(tree))


def _refuse_indirection(events: Sequence[Any]) -> None:
    from ruamel.yaml.events import AliasEvent

    for event in events:
        line = int(event.start_mark.line) + 1 if event.start_mark else 1
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise _wrong("there is an anchor or an alias", line, "Write the value itself.")
        if getattr(event, "tag", None):
            raise _wrong("there is an explicit YAML tag", line, "Write the value without it.")


def _value(node: Node) -> _Value:
    """Return the value of a node, with the types of YAML 1.2's core schema; raises ConfigurationError."""
    if node.text is not None:
        return _Value(_scalar(node), node.line)
    if node.entries:
        found: dict[str, _Value] = {}
        for key, value in node.entries:
            if key.text is None or key.text in found:
                what = f"the key {key.text[:80]!r} appears twice" if key.text else "a key is not a text"
                raise _wrong(what, key.line, "Keep one key for each value.")
            found[key.text] = _value(value)
        return _Value(found, node.line, {key.text or "": key.line for key, _ in node.entries})
    return _Value([_value(one) for one in node.items] if node.is_list else {}, node.line)


def _scalar(node: Node) -> Any:
    text = node.text or ""
    if node.is_block or node.written[:1] in ("'", '"'):
        return text
    if text.lower() in _WORDS and _SPELLED.fullmatch(text):
        return _WORDS[text.lower()]
    if _NUMBER.fullmatch(text):
        number = float(text)
        return int(number) if number.is_integer() else number
    return float("nan") if _OTHER_NUMBER.fullmatch(text) else text


def configuration_of(root: _Value) -> Configuration:
    """Check the values of a file; raises ConfigurationError."""
    if not isinstance(root.data, dict):
        _not_of_kind("the file", "keys with values", root.line)
    known = file_inputs()
    texts: dict[str, str] = {}
    components: dict[str, dict[str, str]] | None = None
    places: dict[str, int] = {}
    for name, value in root.data.items():
        if name == _COMPONENTS:
            components = _components(value)
            places = _places(value)
        elif name in known:
            texts[name] = _text(name, known[name], value)
        else:
            _unknown(name, [*known, _COMPONENTS], root.keys[name])
    stray = [name for name in texts if components is not None and name.removesuffix("-ci-workflows") in COMPONENT_NAMES]
    if stray:
        raise _wrong(
            f"{stray[0]} is next to components", root.keys[stray[0]], "Write it as ci-workflows of that component."
        )
    return Configuration(texts, components, places)


def _places(value: _Value) -> dict[str, int]:
    found = {f"{_COMPONENTS}.{name}": line for name, line in value.keys.items()}
    for name, own in value.data.items():
        found |= {f"{_COMPONENTS}.{name}.{key}": line for key, line in own.keys.items()}
    return found


def _components(value: _Value) -> dict[str, dict[str, str]]:
    if not isinstance(value.data, dict) or not value.data:
        _not_of_kind(_COMPONENTS, "names with their keys", value.line)
    if len(value.data) > MAX_COMPONENTS:
        raise _wrong(f"there are {len(value.data)} components", value.line, f"Name at most {MAX_COMPONENTS}.")
    return {name: _component(name, own, value.keys[name]) for name, own in value.data.items()}


def _component(name: str, value: _Value, line: int) -> dict[str, str]:
    if not re.fullmatch(NAME, name) or name in RESERVED:
        remedy = f"Use lower-case letters, digits and hyphens, but none of {', '.join(RESERVED)}."
        raise _wrong(f"no component can be called {name[:80]!r}", line, remedy)
    where, rows = f"{_COMPONENTS}.{name}", component_rows(name)
    if not isinstance(value.data, dict):
        _not_of_kind(where, "keys with values", line)
    texts = {}
    for key, one in value.data.items():
        if key not in rows:
            _unknown(key, list(rows), value.keys[key], where)
        texts[key] = _text(f"{where}.{key}", rows[key], one)
    if "repository" not in texts and name not in COMPONENT_NAMES:
        raise _wrong(f"{where} has no repository", line, "Add repository: OWNER/NAME.")
    return texts


def _text(where: str, one: Input, value: _Value) -> str:
    text = _as_text(one, value.data)
    if text is None:
        _not_of_kind(where, _WANTED.get(one.kind, "one line of text"), value.line, one)
    return text.strip()


def _as_text(one: Input, data: Any) -> str | None:
    """Return a value as the text of an input, None if it is of another kind."""
    if one.kind is Kind.LOOKS:
        is_number = isinstance(data, int) and not isinstance(data, bool)
        return str(data) if is_number and 1 <= data <= 10 else None
    if one.kind is Kind.CHOICE:
        return data if isinstance(data, str) and data in choices(one) else None
    if isinstance(data, list) and one.kind in (Kind.LIST, Kind.LINES):
        items = [item.data for item in data]
        fits = items and all(isinstance(item, str) and re.fullmatch(item_pattern(one), item) for item in items)
        return ("," if one.kind is Kind.LIST else "\n").join(items) if fits else None
    return data if isinstance(data, str) and re.fullmatch(pattern_of(one), data) else None


def choices(one: Input) -> tuple[str, ...]:
    """The choices of an input that are allowed in the file."""
    return tuple(choice for choice in one.choices if choice != "off")


def pattern_of(one: Input) -> str:
    """The pattern for the whole text of a key."""
    if one.kind is Kind.LINES:
        return rf"{LINES}\S{LINES}"
    if one.kind is Kind.REPOSITORY:
        part = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9_.-]{1,100}"
        return f"{part}/{part}"
    if one.kind is Kind.LIST:
        return rf"\s*{one.pattern}\s*(?:,\s*{one.pattern}\s*)*" if one.pattern else ONE_LINE
    return one.pattern or ONE_LINE


def item_pattern(one: Input) -> str:
    """The pattern for an item of a list."""
    return one.pattern or (ITEM if one.kind is Kind.LIST else ONE_LINE)


def _not_of_kind(where: str, wanted: str, line: int, one: Input | None = None) -> NoReturn:
    shown = " or ".join(choices(one)) if one and one.kind is Kind.CHOICE else wanted
    raise _wrong(
        f"{where} is not {shown}", line, f"Write {shown}; numbers and words such as true need quotes to be texts."
    )


def _unknown(name: str, known: Sequence[str], line: int, where: str = "") -> NoReturn:
    from .command_line import meant

    within = f" of {where}" if where else ""
    if not where and any(one.name == name for one in INPUTS):
        raise _wrong(f"{name} cannot be in this file", line, "Give it as an input where it is used.")
    near = meant(name, known)
    end = f"Did you mean {' or '.join(near)}?" if near else f"The keys are {', '.join(known)}."
    raise _wrong(f"there is no key {name[:80]!r}{within}", line, end)


def _wrong(what: str, line: int, remedy: str) -> ConfigurationError:
    return ConfigurationError(f"{FILE}, line {line}: {what}.", remedy, FILE, line)
