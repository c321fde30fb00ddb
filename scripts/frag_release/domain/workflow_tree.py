"""A workflow file as a tree with line numbers, its steps that use this action, and what its expressions read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ruamel.yaml.events import AliasEvent, Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from ..dataclass import dataclass, replace
from .evidence import Blob
from .workflow_file import MAX_BYTES, WorkflowFileError, after, decode, line_of, parse_events, root_of

COMPUTED = "*"
"""Part of a path that is known only after evaluation: `inputs[format(…)]`, `inputs.*`."""

_OPEN = "${{"
_TOKEN = re.compile(r"\s+|(?P<text>'(?:[^']|'')*')|(?P<end>\}\})|(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<symbol>.)", re.S)
MAX_NODES = 50_000
"""Most nodes that one walk may visit: aliases of aliases can expand to far more than the file contains."""

MAX_CHARACTERS = 4 * MAX_BYTES
"""Most text that one walk may visit: each alias of a long text counts in full."""
_TITLES_OF_JOB = frozenset(
    {"name", "if", "needs", "permissions", "runs-on", "concurrency", "environment", "timeout-minutes"}
)
_TITLES_OF_STEP = frozenset({"name", "id", "if", "uses", "timeout-minutes", "continue-on-error"})
NAME = "frag-release-action"
"""The name of this action's repository, for any owner."""

_JUDGING = ("gate", "deploy")


@dataclass(frozen=True)
class Reference:
    """A value that an expression reads: `inputs.Be_Tag` has the path `("inputs", "be_tag")`.

    `written` is its spelling, and `start` its offset in the text that contains the expression.
    """

    path: tuple[str, ...]
    written: str
    start: int


@dataclass(frozen=True)
class Expression:
    """An expression between `start` and `end` of a text."""

    start: int
    end: int
    references: Sequence[Reference]


@dataclass(frozen=True)
class Token:
    """A part of an expression; `kind` is `text`, `name` or `symbol`, a single character."""

    kind: str
    text: str
    start: int
    end: int


def expressions(text: str) -> Iterator[Expression]:
    """Yield the expressions of a text, in order, up to one that is not closed: an error on GitHub."""
    start = text.find(_OPEN)
    while start >= 0:
        tokens, end = _tokens(text, start + len(_OPEN))
        if end is None:
            return
        yield Expression(start, end, tuple(_references(text, tokens)))
        start = text.find(_OPEN, end)


def lex(text: str) -> list[Token] | None:
    """Return the tokens of an expression without `${{ }}`; None if it is incomplete or contains `}}`."""
    found, end = _tokens(f"{text}}}}}", 0)
    return found if end == len(text) + 2 else None


def _tokens(text: str, position: int) -> tuple[list[Token], int | None]:
    """Return the tokens from `position` on, and the end of the expression, None if it is not closed."""
    found: list[Token] = []
    while (match := _TOKEN.match(text, position)) is not None:
        position = match.end()
        if match.lastgroup == "end":
            return found, position
        if match.lastgroup:
            found.append(Token(match.lastgroup, match[0], match.start(), position))
    return found, None


def _references(text: str, tokens: Sequence[Token]) -> Iterator[Reference]:
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind != "name" or _is(tokens, at - 1, "."):
            at += 1
            continue
        path, at = path_at(tokens, at)
        if not _is(tokens, at, "("):  # otherwise it is the name of a function
            yield Reference(path, text[token.start : tokens[at - 1].end], token.start)


def path_at(tokens: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    """Return the path that starts at a token, and the position after it: before a bracket with an expression."""
    path = [tokens[at].text.lower()]
    at += 1
    while True:
        if _is(tokens, at, ".") and (_is_kind(tokens, at + 1, "name") or _is(tokens, at + 1, "*")):
            path.append(tokens[at + 1].text.lower())
            at += 2
        elif _is(tokens, at, "[") and _is_kind(tokens, at + 1, "text") and _is(tokens, at + 2, "]"):
            path.append(tokens[at + 1].text[1:-1].replace("''", "'").lower())
            at += 3
        elif _is(tokens, at, "["):
            return (*path, COMPUTED), at
        else:
            return tuple(path), at


def _is(tokens: Sequence[Token], at: int, text: str) -> bool:
    return 0 <= at < len(tokens) and tokens[at].text == text


def _is_kind(tokens: Sequence[Token], at: int, kind: str) -> bool:
    return at < len(tokens) and tokens[at].kind == kind


@dataclass(frozen=True, eq=False)
class Node:
    """A text, a mapping (`entries`) or a list (`items`).

    `line` counts from 1. `written` is a text as in the file. With `is_block` it is a block scalar, whose own lines
    start on the line after `line`. `nodes` and `characters` count what a walk through it visits.
    """

    line: int
    text: str | None = None
    entries: Sequence[tuple[Node, Node]] = ()
    items: Sequence[Node] = ()
    written: str = ""
    is_block: bool = False
    is_list: bool = False
    nodes: int = 1
    characters: int = 0

    def child(self, name: str) -> Node | None:
        """The value of a key of this mapping, whose case GitHub ignores; None if there is no such key."""
        return next((value for key, value in self.entries if (key.text or "").lower() == name), None)

    def entries_of(self, name: str) -> Sequence[tuple[Node, Node]]:
        """The entries of the mapping under a key; empty if there is no such mapping."""
        child = self.child(name)
        return child.entries if child else ()

    def items_of(self, name: str) -> Sequence[Node]:
        """The items of the list under a key; empty if there is no such list."""
        child = self.child(name)
        return child.items if child else ()

    def line_of(self, offset: int, words: str) -> int:
        """The line of the file with `words`, which start at `offset` of the text."""
        if self.is_block and self.written.startswith("|"):
            return self.line + 1 + (self.text or "").count("\n", 0, offset)
        # A folded text has lost its lines, so the words are searched as written in the file.
        return self.line + self.written.count("\n", 0, max(0, self.written.find(words)))


def read_tree(blob: Blob) -> Node:
    """Read a workflow file; raises WorkflowFileError if it cannot be read."""
    text = decode(blob)
    events = parse_events(text)
    return _Builder(text, events, {}).node(root_of(events))


@dataclass(frozen=True)
class _Builder:
    text: str
    events: list[Event]
    anchors: dict[str, Node]

    def node(self, position: int) -> Node:
        """Return the node that starts at `position`. Nesting is bounded by `parse_events`."""
        event = self.events[position]
        if isinstance(event, AliasEvent):
            return self._anchored(event)
        node = self._made(event, position)
        anchor = getattr(event, "anchor", None)
        if anchor:
            self.anchors[anchor] = node
        return node

    def _anchored(self, event: AliasEvent) -> Node:
        found = self.anchors.get(str(event.anchor))
        if found is None:
            raise WorkflowFileError("the file has an alias (*name) of an anchor that does not exist", line_of(event))
        return found

    def _made(self, event: Event, position: int) -> Node:
        line = line_of(event)
        if isinstance(event, MappingStartEvent):
            children = self._children(position)
            entries = tuple(zip(children[::2], children[1::2], strict=True))
            return _bounded(Node(line, entries=entries), children)
        if isinstance(event, SequenceStartEvent):
            children = self._children(position)
            return _bounded(Node(line, items=tuple(children), is_list=True), children)
        if not isinstance(event, ScalarEvent):
            raise WorkflowFileError("the file is not a workflow", line)
        text, written = str(event.value), self.text[event.start_mark.index : event.end_mark.index]
        return Node(line, text, written=written, is_block=event.style in ("|", ">"), characters=len(text))

    def _children(self, position: int) -> list[Node]:
        found, end, at = [], after(self.events, position) - 1, position + 1
        while at < end:
            found.append(self.node(at))
            at = after(self.events, at)
        return found


def _bounded(node: Node, children: Sequence[Node]) -> Node:
    """Add the sizes of the children; raises WorkflowFileError if a walk would visit too much."""
    nodes, characters = 1 + sum(each.nodes for each in children), sum(each.characters for each in children)
    if nodes > MAX_NODES or characters > MAX_CHARACTERS:
        raise WorkflowFileError(f"with its aliases the file has more than {MAX_NODES:,} lines to read")
    return replace(node, nodes=nodes, characters=characters)


@dataclass(frozen=True)
class Place:
    """A line of a text under `key`, with the lines that continue it for a shell or an expression.

    `job` is empty for the workflow itself. With `is_environment` it is a variable of an `env:`, with `is_called` it
    is passed to another workflow, with `is_mapping` an expression also provides the names of variables.
    """

    node: Node
    text: str
    offset: int
    key: str
    job: str = ""
    is_environment: bool = False
    is_called: bool = False
    is_mapping: bool = False

    @property
    def inherits(self) -> bool:
        """Whether it passes all secrets to another workflow."""
        return self.is_called and self.key == "secrets" and self.text.strip() == "inherit"

    @property
    def line(self) -> int:
        """The line of the file that it starts on, from 1."""
        return self.node.line_of(self.offset, self.text.strip().partition("\n")[0][:200])

    def line_of(self, reference: Reference) -> int:
        """The line of the file on which an expression reads a value."""
        return self.node.line_of(self.offset + reference.start, reference.written)

    def line_with(self, words: str) -> int:
        """The line of the file that contains these words of the text."""
        return self.node.line_of(self.offset + max(0, self.text.find(words)), words)


def places(root: Node, left_out: frozenset[int]) -> Iterator[Place]:
    """Yield every place except titles and conditions, and the nodes with the ids `left_out`.

    Raises WorkflowFileError if there are too many.
    """
    for count, place in enumerate(_of_workflow(root, left_out)):
        if count >= MAX_NODES:
            raise WorkflowFileError(f"the file has more than {MAX_NODES:,} lines to read")
        yield place


def _of_workflow(root: Node, left_out: frozenset[int]) -> Iterator[Place]:
    yield from _of_environment(root.child("env"), "")
    for name, job in root.entries_of("jobs"):
        yield from _of_job(name.text or "?", job, left_out)


def _of_job(name: str, job: Node, left_out: frozenset[int]) -> Iterator[Place]:
    is_called = job.child("uses") is not None
    for key, value in job.entries:
        title = (key.text or "").lower()
        if title == "env":
            yield from _of_environment(value, name)
        elif title == "steps":
            for step in value.items:
                yield from _of_step(name, step, left_out)
        elif title == "secrets" and value.text is not None:
            yield Place(value, value.text, 0, "secrets", name, is_called=True)
        elif title not in _TITLES_OF_JOB:
            yield from _of_node(value, title, name, is_called)


def _of_step(job: str, step: Node, left_out: frozenset[int]) -> Iterator[Place]:
    for key, value in step.entries:
        title = (key.text or "").lower()
        if title == "env":
            yield from _of_environment(value, job)
        elif title not in _TITLES_OF_STEP and id(value) not in left_out:
            yield from _of_node(value, title, job)


def _of_environment(node: Node | None, job: str) -> Iterator[Place]:
    if node and node.text is not None:
        yield Place(node, node.text, 0, "env", job, is_mapping=True)
    for key, value in node.entries if node else ():
        if value.text is not None:
            is_mapping = "${{" in (key.text or "")
            yield Place(value, value.text, 0, key.text or "", job, is_environment=True, is_mapping=is_mapping)


def _of_node(node: Node, key: str, job: str, is_called: bool = False) -> Iterator[Place]:
    if node.text is not None:
        for offset, text in _lines(node.text):
            yield Place(node, text, offset, key, job, is_called=is_called)
    for name, value in node.entries:
        yield from _of_node(value, name.text or "", job, is_called)
    for item in node.items:
        yield from _of_node(item, key, job, is_called)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with its offset; lines joined by a backslash or an expression are one."""
    start, at, within = 0, 0, [(each.start, each.end) for each in reversed(list(expressions(text)))]
    for line in text.split("\n")[:-1]:
        at += len(line) + 1
        while within and within[-1][1] < at:
            within.pop()
        if line.rstrip().endswith("\\") or (within and within[-1][0] < at):
            continue
        yield start, text[start:at]
        start = at
    if start < len(text):
        yield start, text[start:]


@dataclass(frozen=True)
class GateStep:
    """A step that uses this action. `given` is its `with:`; `environments` are the `env:` of its job and its own.

    `job` is the name of its job, `step` the whole step.
    """

    line: int
    given: Node | None
    environments: Sequence[Node]
    job: str
    step: Node

    @property
    def command(self) -> str:
        """The input `command`, `gate` if it is empty; may be an expression."""
        return self.value("command") or "gate"

    @property
    def judges(self) -> bool:
        """Whether it judges a pair, assumed if the command is an expression."""
        command = self.command.lower()
        # A gate ignores `ungated`.
        is_ungated = command == "deploy" and self.value("ungated").lower() == "true"
        return (command in _JUDGING or "${{" in command) and not is_ungated

    def value(self, name: str) -> str:
        """The text of an input, empty if it is not given."""
        node = self.given.child(name) if self.given else None
        return (node.text or "").strip() if node else ""


def gate_steps(root: Node, own_action: str) -> list[GateStep]:
    """Return the steps that use `own_action` (`OWNER/NAME`, empty if unknown), or an action named `NAME`."""
    return list(_steps(root, own_action.lower()))


def _steps(root: Node, own_action: str) -> Iterator[GateStep]:
    for name, job in root.entries_of("jobs"):
        for step in job.items_of("steps"):
            uses = step.child("uses")
            if uses and _is_ours(uses.text or "", own_action):
                environments = [one for one in (job.child("env"), step.child("env")) if one]
                yield GateStep(uses.line, step.child("with"), environments, name.text or "", step)


def _is_ours(uses: str, own_action: str) -> bool:
    """Whether `uses` is this action: `OWNER/NAME@REF`, `OWNER/NAME/FOLDER@REF`, or a folder named `NAME`."""
    place = uses.strip().partition("@")[0].lower().rstrip("/")
    parts = place.split("/")
    is_folder = place.startswith(("./", "$/"))
    if not is_folder and len(parts) > 1 and "/".join(parts[:2]) == own_action:
        return True
    return (parts[-1] if is_folder else parts[1] if len(parts) > 1 else "") == NAME
