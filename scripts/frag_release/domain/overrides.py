"""Where a workflow takes a pin from, other than the values of its top-level `env:` that are reviewed and judged.

A gate judges only what it receives. If the build also takes a tag from a secret or an input of a dispatch, and no
step of this action receives the same, the pair that is built is not the one that was judged.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from ..dataclass import dataclass, replace
from .components import COMPONENT_NAMES, MAX_COMPONENTS, Component
from .evidence import Answer, Blob, Unknown
from .workflow_file import WorkflowFileError
from .workflow_tree import (
    COMPUTED,
    Expression,
    GateStep,
    Node,
    Place,
    Reference,
    expressions,
    gate_steps,
    lex,
    places,
    read_tree,
)

Source = tuple[str, str]
"""A context (`inputs`, `secrets`, `vars`) and a name within it, in lower case."""

_CONTEXTS = ("inputs", "secrets", "vars")
_DISPATCHED = ("github", "event", "inputs")
_ANY_OF_EVENT = re.compile(r"GITHUB_EVENT_PATH|github\.event_path|context\.payload")
_WORD = re.compile(r"[A-Za-z0-9_]+(?:-+[A-Za-z0-9_]+)*")
_SETS = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)\s*[:=]\s*[\"']?\Z")
_USED = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_PLAIN_VALUE = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)=([\"']?)([^\s\"'$]+)\2\s*")
_NAMED = re.compile(r"([a-z][a-z0-9-]*)=")
_COPIES = re.compile(r"(?<!\w)([A-Za-z_]\w{0,99})=[\"']?\$(?:\{\{\s*env\.|\{)?([A-Za-z_]\w{0,99})")
"""A shell variable or an argument that gets another variable: `T=$PIN`, `T="${PIN}"`, `T=${{ env.PIN }}`."""
_BETWEEN_COMMANDS = re.compile(r"&&|\|\|?|;")
_OPERATOR = re.compile(r"\|\||&&|[=!]=|[<>]")
_PLAIN = re.compile(r"[a-z_][a-z0-9_-]*")
_OTHER_IMAGE = re.compile(r"/(?:[a-z0-9._-]+/)*([a-z0-9._-]+)(?![a-z0-9._/${-])", re.I)
_LONGEST, _LONGEST_NAME = 80, 200


@dataclass(frozen=True)
class Override:
    """Another place that a component's tag or namespace (`what`) is taken from, at `line` of the workflow file.

    `source` is for messages, `sources` are the names that it reads, empty if it has none. `missing_in` are the lines of
    the steps of this action that do not receive it. Without `is_direct` only a run shows whether it is used.
    """

    what: str
    source: str
    line: int
    is_direct: bool
    sources: frozenset[Source] = frozenset()
    missing_in: tuple[int, ...] = ()

    @property
    def given(self) -> str:
        """The expression for a `with:`, empty if it has no name."""
        return " || ".join(map(_as_given, sorted(self.sources)))


@dataclass(frozen=True)
class _Wanted:
    """A tag or a namespace of a component: its variables, and all spellings of a name for it."""

    component: Component
    what: str
    variables: tuple[str, ...]
    spellings: frozenset[str]

    @property
    def input(self) -> str:
        """The input of this action for it."""
        return f"{self.component.name}-{self.what}"

    @property
    def image(self) -> str:
        """The name of the image of a tag; a namespace is recognised only by its variable."""
        return self.component.repository.rpartition("/")[2].lower() if self.what == "tag" else "\0"


def look_for_overrides(
    content: Answer[Blob | None], components: Sequence[Component], own_action: str
) -> Mapping[str, Answer[tuple[Override, ...]]]:
    """Return `find_overrides` for a file as it was fetched; for an unreadable one, the reason for each component.

    Empty if there is no such file.
    """
    if content is None:
        return {}
    if isinstance(content, Unknown):
        return {component.name: content for component in components}
    try:
        return find_overrides(content, components, own_action)
    except WorkflowFileError as error:
        why = Unknown(error.message, "Write the file in a simpler form, without such aliases.")
        return {component.name: why for component in components}


def find_overrides(blob: Blob, components: Sequence[Component], own_action: str) -> Mapping[str, tuple[Override, ...]]:
    """Return, by component, what the workflow takes from elsewhere and does not pass to each gate and deployment.

    `own_action` is `OWNER/NAME` of this action, empty if unknown. Raises WorkflowFileError.
    """
    root = read_tree(blob)
    steps = gate_steps(root, own_action)
    search = _Search(root, components, frozenset(id(step.given) for step in steps if step.given))
    received = [(step.line, _inputs_of(step, root)) for step in steps if step.judges]
    found: dict[str, tuple[Override, ...]] = {component.name: () for component in components}
    for one in search.wanted:
        found[one.component.name] += _not_received(one, search, received)
    return found


def all_overrides(blob: Blob, components: Sequence[Component]) -> Mapping[tuple[str, str], Sequence[Override]]:
    """Return, by component and `what`, each place that a workflow without this action takes it from.

    Raises WorkflowFileError.
    """
    search = _Search(read_tree(blob), components, frozenset())
    return {(one.component.name, one.what): list(search.of(one)) for one in search.wanted}


def _wanted(component: Component) -> Iterator[_Wanted]:
    name, tags, namespaces = component.name, component.variables, component.namespace_variables
    yield _Wanted(component, "tag", tags, frozenset(map(_spelling, (*tags, f"{name}-tag", f"{name}-image-tag"))))
    yield _Wanted(component, "namespace", namespaces, frozenset(map(_spelling, (*namespaces, f"{name}-namespace"))))


def _spelling(name: str) -> str:
    """Return what `BE_IMAGE_TAG`, `be-image-tag` and `beImageTag` have in common."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _not_received(
    wanted: _Wanted, search: _Search, received: Sequence[tuple[int, Mapping[str, frozenset[Source]]]]
) -> tuple[Override, ...]:
    found: dict[Override, None] = {}
    for one in search.of(wanted):
        inputs = [(line, given.get(wanted.input, frozenset())) for line, given in received]
        lines = tuple(line for line, given in inputs if not one.sources or not one.sources <= given)
        if lines or not received:
            # If no step is known to be ours, what the gate receives is unknown.
            found[replace(one, missing_in=lines, is_direct=one.is_direct and bool(received))] = None
    return tuple(found)


def _inputs_of(step: GateStep, root: Node) -> dict[str, frozenset[Source]]:
    """Return the sources of each input that the action has for a pin, also through a variable of an `env:`.

    GitHub drops other inputs, such as `api-tag`: only the usual components have inputs of their own.
    """
    variables: dict[str, frozenset[Source]] = {}
    for environment in filter(None, (root.child("env"), *step.environments)):
        variables |= {(key.text or "").lower(): _sources(value.text or "", {}) for key, value in environment.entries}
    entries = step.given.entries if step.given else ()
    texts = {(key.text or "").lower(): value.text or "" for key, value in entries}
    found: dict[str, frozenset[Source]] = {}
    for what in ("tag", "namespace"):
        own = [(name, texts.get(f"{name}-{what}", "")) for name in COMPONENT_NAMES]
        for name, value in [*own, *_pairs(texts.get(f"component-{what}s", ""))]:
            key = f"{name}-{what}"
            found[key] = found.get(key, frozenset()) | _sources(value, variables)
    return found


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a list `NAME=VALUE,…` by name; an expression, which may write names itself, is not split."""
    hidden, end = list[str](), 0
    for each in expressions(text):
        hidden += [text[end : each.start], "." * (each.end - each.start)]
        end = each.end
        inner = lex(text[each.start + 3 : each.end - 2]) or ()
        names = dict.fromkeys(name for one in inner if one.kind == "text" for name in _NAMED.findall(one.text))
        yield from ((name, text[each.start : each.end]) for name in [*names][:MAX_COMPONENTS])
    start = 0
    for item in "".join([*hidden, text[end:]]).split(","):
        name, _, value = item.partition("=")
        yield name.strip(), text[start + len(item) - len(value) : start + len(item)]
        start += len(item) + 1


def _sources(text: str, variables: Mapping[str, frozenset[Source]]) -> frozenset[Source]:
    found: set[Source] = set()
    for reference in _references(text):
        source = _source(reference.path)
        if source and source[1] != COMPUTED:
            found.add(source)
        elif reference.path[0] == "env" and len(reference.path) > 1:
            found |= variables.get(reference.path[1], frozenset())
    return frozenset(found)


def _references(text: str) -> Iterator[Reference]:
    for expression in expressions(text):
        yield from expression.references


def _source(path: tuple[str, ...]) -> Source | None:
    """Return what is read of a context that people set, `*` for more than one name; None for other contexts."""
    if path[:3] == _DISPATCHED:
        path = ("inputs", *path[3:])
    elif all(part in (own, COMPUTED) for part, own in zip(path, _DISPATCHED, strict=False)):
        return "inputs", COMPUTED  # the whole event, or a computed part of it
    if path[0] not in _CONTEXTS:
        return None
    return path[0], path[1] if len(path) > 1 else COMPUTED


class _Search:
    """Searches all places of a workflow that may read a value, except the nodes with the ids `own`."""

    def __init__(self, root: Node, components: Sequence[Component], own: frozenset[int]) -> None:
        self.wanted = [one for component in components for one in _wanted(component)]
        self._places = [(place, tuple(expressions(place.text))) for place in places(root, own)]
        # Once for all pins: every word of a file is one of them.
        self._spelled = [frozenset(map(_spelling, (one.key, *_words(one.text)))) for one, _ in self._places]
        environment = root.child("env")
        self._values = {key.text or "": value.text or "" for key, value in environment.entries} if environment else {}
        self._pins = frozenset(name.lower() for one in self.wanted for name in one.variables)
        # Variables with other names and a value from elsewhere: their users use that value.
        self._carriers: dict[str, list[Place]] = {}
        for place, read in self._places:
            if self._carries(place, read):
                self._carriers.setdefault(place.key, []).append(place)
        self._carried = frozenset(map(str.lower, self._carriers))
        # By job and name: the sources of variables that a shell sets, and the pins whose value a name gets. What else
        # that name gets is built in their place.
        self._assigned: dict[tuple[str, str], frozenset[Source]] = {}
        self._copies: dict[str, dict[str, set[str]]] = {}
        for place, read in self._places:
            for name, sources in self._sets(place, read):
                self._assigned[place.job, name] = self._assigned.get((place.job, name), frozenset()) | sources
            for match in _COPIES.finditer(place.text):
                if match[2].lower() in self._pins and match[1] != match[2]:
                    self._copies.setdefault(place.job, {}).setdefault(match[1], set()).add(match[2])
        # A step's output is set as a variable is, and expressions ignore the case of its name.
        self._put_out = {(job, name.lower()): sources for (job, name), sources in self._assigned.items()}

    def of(self, wanted: _Wanted) -> Iterator[Override]:
        """Yield each place where a tag or namespace is taken from elsewhere."""
        for (place, read), spelled in zip(self._places, self._spelled, strict=True):
            names = not spelled.isdisjoint(wanted.spellings)
            if self._is_plain_argument(wanted, place):
                yield _found(wanted, place, place.text.strip(), place.line, is_direct=False)
            if place.key in wanted.variables and self._is_second(place):
                yield _found(wanted, place, f"{place.key}: {place.text.strip()}", place.line)
            for expression in read:
                chosen = _chooses_pin(wanted, place, expression)
                for reference in expression.references:
                    is_chosen = chosen and _is_chosen(place, expression, reference)
                    yield from self._taken(wanted, place, expression, reference, names, is_chosen)
            yield from self._indirect(wanted, place) if names else self._copied(wanted, place, read)
            if place.inherits and wanted.what == "tag":
                yield _found(wanted, place, "secrets: inherit", place.line)

    def _carries(self, place: Place, read: Sequence[Expression]) -> bool:
        if not place.is_environment or place.key.lower() in self._pins:
            return False
        return any(_source(reference.path) for expression in read for reference in expression.references)

    def _is_second(self, place: Place) -> bool:
        """Whether a job or a step sets a pin's variable again, to another plain value."""
        is_own = place.is_environment and place.job != ""
        return is_own and "${{" not in place.text and place.text != self._values.get(place.key)

    def _sets(self, place: Place, read: Sequence[Expression]) -> Iterator[tuple[str, frozenset[Source]]]:
        """Yield the variables that a line of a shell sets to a value from elsewhere, with its sources."""
        for expression in read if place.key == "run" else ():
            name, found = _set_before(place, expression.start), (_source(one.path) for one in expression.references)
            if name and name.lower() not in self._pins and (sources := frozenset(filter(None, found))):
                yield name, sources

    def _is_plain_argument(self, wanted: _Wanted, place: Place) -> bool:
        """Whether an action is passed another plain value for a pin, as `NAME: VALUE` or as a line `NAME=VALUE`."""
        if place.is_environment or place.key == "run" or "${{" in place.text:
            return False
        line = _PLAIN_VALUE.fullmatch(place.text)
        name, value = (line[1], line[3]) if line else (place.key, place.text.strip())
        return name in wanted.variables and value not in ("", self._values.get(name))

    def _taken(
        self, wanted: _Wanted, place: Place, expression: Expression, reference: Reference, names: bool, is_chosen: bool
    ) -> Iterator[Override]:
        source, start = _source(reference.path), expression.start
        shown, line = _shown(reference), place.line_of(reference)
        if source and place.is_mapping and wanted.what == "tag":
            yield _found(wanted, place, shown, line, is_direct=False)
        elif source is None:
            sources = self._put_out.get((place.job, reference.path[-1])) if reference.path[0] == "steps" else None
            if (sources or self._is_anything(reference.path)) and _is_set(place, start, wanted.spellings):
                yield _found(wanted, place, shown, line, sources or (), is_direct=False)
        elif source[1] == COMPUTED:
            if names or reference.path[-1] == COMPUTED:
                yield _found(wanted, place, shown, line, is_direct=False)
        elif _spelling(source[1]) in wanted.spellings:
            yield _found(wanted, place, shown, line, {source})
        elif names and (is_chosen or not _is_others(wanted, place, expression)):
            # In another command of the line it may have another purpose, so no source to pass can be recommended.
            is_direct = _is_same_command(wanted, place, expression)
            yield _found(wanted, place, shown, line, {source} if is_direct else (), is_direct=is_direct)
        elif wanted.image in _lower(place.text):
            yield _found(wanted, place, shown, line, {source}, is_direct=False)

    def _copied(self, wanted: _Wanted, place: Place, read: Sequence[Expression]) -> Iterator[Override]:
        """Yield what a name gets from elsewhere that gets the pin in another line of the job."""
        copies = self._copies.get(place.job, {})
        names = {name for name, pins in copies.items() if not pins.isdisjoint(wanted.variables)}
        for expression in read if names else ():
            if _set_before(place, expression.start) not in names:
                continue
            for reference in expression.references:
                source = _source(reference.path)
                if source and source[1] != COMPUTED and _is_chosen(place, expression, reference):
                    line = place.line_of(reference)
                    yield _found(wanted, place, _shown(reference), line, {source}, is_direct=False)
        for match in _COPIES.finditer(place.text) if names else ():
            for carrier in self._carriers.get(match[2], ()) if match[1] in names else ():
                line, sources = place.line_with(match[0]), _sources(carrier.text, {})
                yield _found(wanted, place, f"env.{carrier.key}", line, sources, is_direct=False)

    def _is_anything(self, path: tuple[str, ...]) -> bool:
        """Whether a value can be anything: a variable that is not a pin's, an item of a matrix, a part of the event."""
        if path[0] == "env":
            return len(path) < 2 or (path[1] not in self._pins and path[1] not in self._carried)
        return path[0] in ("matrix", "github")

    def _indirect(self, wanted: _Wanted, place: Place) -> Iterator[Override]:
        for carrier in [each for word in dict.fromkeys(_words(place.text)) for each in self._carriers.get(word, ())]:
            if carrier is not place:
                line, sources = place.line_with(carrier.key), _sources(carrier.text, {})
                yield _found(wanted, place, f"env.{carrier.key}", line, sources, is_direct=False)
        for used in {used[1]: used for used in _USED.finditer(place.text) if _is_for(wanted, place, used)}.values():
            if assigned := self._assigned.get((place.job, used[1])):
                yield _found(wanted, place, f"${used[1]}", place.line_with(used[0]), assigned, is_direct=False)
        for match in _ANY_OF_EVENT.finditer(place.text):
            yield _found(wanted, place, match[0], place.line_with(match[0]), is_direct=False)


def _found(
    wanted: _Wanted, place: Place, source: str, line: int, sources: Iterable[Source] = (), is_direct: bool = True
) -> Override:
    # How a called workflow uses its inputs is in another file.
    return Override(wanted.what, source[:_LONGEST], line, is_direct and not place.is_called, frozenset(sources))


def _as_given(source: Source) -> str:
    context, name = source
    shown = name if context == "inputs" else name.upper()
    quoted = name.replace("'", "''")
    return f"{context}.{shown}" if _PLAIN.fullmatch(name) else f"{context}['{quoted}']"


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text, and the parts of those with hyphens: `$TAG-rc` uses the variable TAG."""
    for word in _WORD.findall(text):
        yield word
        yield from word.split("-") if "-" in word else ()


# A line can have thousands of expressions, and each is checked against the whole line.
@lru_cache(maxsize=4)
def _counted(text: str) -> Mapping[str, int]:
    return Counter(_words(text))


@lru_cache(maxsize=4)
def _lower(text: str) -> str:
    return text.lower()


def _shown(reference: Reference) -> str:
    """Return a reference as written, on one line."""
    return re.sub(r"\s+", " ", reference.written)


def _set_before(place: Place, start: int) -> str:
    """Return the name that the expression at `start` is assigned to, as in `NAME=${{ … }}`; empty if none."""
    match = _SETS.search(place.text[max(0, start - _LONGEST_NAME) : start])
    return match[1] if match else ""


def _is_others(wanted: _Wanted, place: Place, expression: Expression) -> bool:
    """Whether an expression is assigned to a name that is not the pin's, or is the owner of another image."""
    name = _set_before(place, expression.start)
    if name:  # and the line does not use that name again
        return _spelling(name) not in wanted.spellings and _counted(place.text)[name] == 1
    image = _OTHER_IMAGE.match(place.text, expression.end)
    return image is not None and image[1].lower() != wanted.component.repository.rpartition("/")[2].lower()


def _chooses_pin(wanted: _Wanted, place: Place, expression: Expression) -> bool:
    """Whether an expression that is assigned to any name has the pin as one of its values: `inputs.tag || env.PIN`."""
    if "||" not in place.text[expression.start : expression.end]:
        return False
    reads_pin = any(_spelling(one.path[-1]) in wanted.spellings for one in expression.references)
    return reads_pin and _set_before(place, expression.start) != ""


def _is_chosen(place: Place, expression: Expression, reference: Reference) -> bool:
    """Whether what is read may be the expression's value, not only a condition in it."""
    start = reference.start + len(reference.written)
    following = _OPERATOR.search(place.text, start, min(expression.end, start + _LONGEST_NAME))
    return following is None or following[0] == "||"


def _is_same_command(wanted: _Wanted, place: Place, expression: Expression) -> bool:
    """Whether an expression is in the command that names the pin, or is assigned to a variable that the line uses."""
    if _spelling(place.key) in wanted.spellings or _set_before(place, expression.start):
        return True
    bounds = _commands(place.text)
    at = bisect_right(bounds, expression.start)
    return any(_spelling(word) in wanted.spellings for word in _words(place.text[bounds[at - 1] : bounds[at]]))


@lru_cache(maxsize=4)
def _commands(text: str) -> Sequence[int]:
    """Return the offsets at which the commands of a line start, and the end of the last one."""
    bounds, end = [0], 0
    for each in expressions(text):
        # Operators in expressions look like separators of commands.
        bounds += [match.end() for match in _BETWEEN_COMMANDS.finditer(text, end, each.start)]
        end = each.end
    bounds += [match.end() for match in _BETWEEN_COMMANDS.finditer(text, end)]
    return [*bounds, len(text) + 1]


def _is_for(wanted: _Wanted, place: Place, used: re.Match[str]) -> bool:
    """Whether a shell's variable may be used for the pin: it is not assigned to another name."""
    name = _set_before(place, used.start())
    return not name or _spelling(name) in wanted.spellings


def _is_set(place: Place, start: int, spellings: frozenset[str]) -> bool:
    """Whether an expression is assigned to a name of the pin."""
    return _spelling(_set_before(place, start) or place.key) in spellings
