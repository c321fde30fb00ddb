"""A whole workflow file as a tree: texts, mappings and lists, each with its line; aliases are followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ruamel.yaml.events import AliasEvent, Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from .evidence import Blob
from .workflow_file import MAX_BYTES, WorkflowFileError, after, decode, parse_events, root_of

MAX_NODES = 50_000
"""Most nodes that one walk may meet: aliases of aliases can stand for far more than the file holds."""

MAX_CHARACTERS = 4 * MAX_BYTES
"""Most text that one walk may meet: an alias of a long text is as long wherever it stands."""


@dataclass(frozen=True, eq=False)
class Node:
    """A text, a mapping (`entries`) or a list (`items`).

    `line` counts from 1. `written` is a text as the file has it, and `is_block` says that it is a block scalar,
    whose own lines begin on the line after `line`. `nodes` and `characters` are what a walk through it meets.
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
        """What stands under a key of this mapping, whose case GitHub ignores; None where there is no such key."""
        return next((value for key, value in self.entries if (key.text or "").lower() == name), None)

    def line_of(self, offset: int, words: str) -> int:
        """The line of the file on which `words` stand, which begin at `offset` of the text."""
        if self.is_block and self.written.startswith("|"):
            return self.line + 1 + (self.text or "").count("\n", 0, offset)
        # A folded text has lost its lines: the words are looked for as the file has them.
        return self.line + self.written.count("\n", 0, max(0, self.written.find(words)))


def read_tree(blob: Blob) -> Node:
    """Read a workflow file; raises WorkflowFileError where that cannot be done."""
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
            raise WorkflowFileError("the file has an alias (*name) of something that is not there", _line(event))
        return found

    def _made(self, event: Event, position: int) -> Node:
        line = _line(event)
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
    """Add up what a walk would meet; raises WorkflowFileError where that is too much, before there is any walk."""
    nodes, characters = 1 + sum(each.nodes for each in children), sum(each.characters for each in children)
    if nodes > MAX_NODES or characters > MAX_CHARACTERS:
        raise WorkflowFileError(f"with its aliases the file has more than {MAX_NODES:,} lines to look through")
    return replace(node, nodes=nodes, characters=characters)


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1
