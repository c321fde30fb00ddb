"""Change a workflow file, and no other byte of it: values of its `env:`, and lines that add the gate."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ruamel.yaml.events import Event, MappingStartEvent, ScalarEvent, SequenceStartEvent
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver

from ..dataclass import dataclass
from .adoption import Change, JobChange, as_workflow
from .conditions import Term, read_condition, sole_expression
from .evidence import Blob
from .workflow_file import (
    Value,
    WorkflowEnvironment,
    WorkflowFileError,
    after,
    decode,
    line_of,
    mapping_at,
    parse_events,
    read_environment,
    shape,
    top_level,
)
from .workflow_tree import Node, read_tree

_OPENS_BLOCK = re.compile(r"[ \t]*:[ \t]*(?:(?<=[ \t])#[^\n]*)?\r?\n")

Plain = object
"""A node without its position, for comparison: a text, or its kind with its content; a condition as it is read."""
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}")
_STRING = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


def splice(content: bytes, change: Change) -> bytes:
    """Return the file with the change; raises WorkflowFileError, with the line, if it cannot be changed safely."""
    before = Blob.of(content)
    text = decode(before)
    edits = list(_Splicer(text, parse_events(text), "\r\n" if "\r\n" in text else "\n").edits(change))
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    result = mark + _applied(text, edits).encode("utf-8")
    if _plain(read_tree(Blob.of(result))) != _expected(read_tree(before), change):
        raise WorkflowFileError("the change would also change another place, such as by an alias")
    return result


def _applied(text: str, edits: Sequence[_Edit]) -> str:
    parts, at = [], 0
    for edit in sorted(edits, key=lambda each: each.start):
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


@dataclass(frozen=True)
class _Splicer:
    text: str
    events: list[Event]
    end_of_line: str

    def edits(self, change: Change) -> Iterator[_Edit]:
        """Yield the edits of the text."""
        found = {name.lower(): place for name, place in top_level(self.events).items()}
        if "jobs" not in found:
            raise WorkflowFileError("the file has no jobs:")
        key, value = found["jobs"]
        column = self._column_within(key, value, "jobs:")
        if change.job:
            yield self._lines_below(key, column, [*change.job, ""])
        jobs = {name.lower(): place for name, place in mapping_at(self.events, value, "jobs:").items()}
        for name, one in change.jobs.items():
            yield from self._of_job(*jobs[name], one, change.gate)

    def _of_job(self, key: int, value: int, one: JobChange, gate: str) -> Iterator[_Edit]:
        column = self._column_within(key, value, f"the job {one.job}")
        entries = {name.lower(): at for name, (_, at) in mapping_at(self.events, value, f"the job {one.job}").items()}
        new: list[str] = []
        if one.needs_gate and "needs" not in entries:
            new.append(f"needs: {gate}")
        elif one.needs_gate:
            yield self._in_needs(entries["needs"], gate)
        if one.steps:
            yield from self._in_steps(entries["steps"], one)
        elif one.term and "if" not in entries:
            new.append(f"if: {one.term}")
        elif one.term:
            yield from self._in_condition(entries["if"], one.term)
        if new:
            yield self._lines_below(key, column, new)

    def _in_needs(self, at: int, gate: str) -> _Edit:
        event = self.events[at]
        start, end = event.start_mark.index, event.end_mark.index
        self._refuse_named(event, "needs:")
        if isinstance(event, ScalarEvent):
            if event.style in ("|", ">") or not self.text[start:end].strip():
                raise WorkflowFileError("needs: is empty or over several lines", line_of(event))
            return _Edit(start, end, f"[{gate}, {self.text[start:end]}]")
        if not isinstance(event, SequenceStartEvent):
            raise WorkflowFileError("needs: is neither a name nor a list", line_of(event))
        if event.flow_style:
            is_empty = after(self.events, at) == at + 2
            blank = "" if is_empty or self.text[start + 1].isspace() else " "
            return _Edit(start + 1, start + 1, gate if is_empty else f"{gate},{blank}")
        line = self._own_line(event, "needs:")
        return _Edit(line, line, f"{self.text[line:start]}- {gate}{self.end_of_line}")

    def _in_steps(self, at: int, one: JobChange) -> Iterator[_Edit]:
        if not isinstance(self.events[at], SequenceStartEvent):
            raise WorkflowFileError("steps: is not a list", line_of(self.events[at]))
        position, count = at + 1, 0
        while count <= max(one.steps):
            if count in one.steps:
                yield from self._in_step(position, one.term)
            position, count = after(self.events, position), count + 1

    def _in_step(self, at: int, term: str) -> Iterator[_Edit]:
        event = self.events[at]
        if not isinstance(event, MappingStartEvent) or event.flow_style:
            raise WorkflowFileError("the step is written in braces, or by an alias", line_of(event))
        self._refuse_named(event, "the step")
        entries = list(mapping_at(self.events, at, "the step").items())
        for name, (_, value) in entries:
            if name.lower() == "if":
                yield from self._in_condition(value, term)
                return
        if len(entries) < 2:
            raise WorkflowFileError("the step has one key only", line_of(event))
        second = self.events[entries[1][1][0]]
        line = self._own_line(second, "the step")
        yield _Edit(line, line, f"{self.text[line : second.start_mark.index]}if: {term}{self.end_of_line}")

    def _in_condition(self, at: int, term: str) -> Iterator[_Edit]:
        event = self.events[at]
        self._refuse_named(event, "its if")
        if not isinstance(event, ScalarEvent):
            raise WorkflowFileError("its if is not a text", line_of(event))
        condition = read_condition(str(event.value))
        if condition.is_text:
            raise WorkflowFileError("its if has text outside its ${{ }}, so it is always true", line_of(event))
        if condition.term is None:
            raise WorkflowFileError("its if is empty, or is not an expression that can be read", line_of(event))
        bracket = condition.term.kind == "or"
        if sole_expression(str(event.value)) is not None:
            yield from self._within_braces(event, term, bracket)
        elif event.style in ("|", ">"):
            yield from self._in_block(event, term, bracket)
        else:
            quote = len(event.style or "")
            start, end = event.start_mark.index + quote, event.end_mark.index - quote
            yield from _around(start, end, _in_quotes(term, event.style), bracket)

    def _within_braces(self, event: Event, term: str, bracket: bool) -> Iterator[_Edit]:
        start, end = event.start_mark.index, event.end_mark.index
        inner = self.text.index("${{", start, end) + 3, self.text.rindex("}}", start, end)
        written = self.text[slice(*inner)]
        first = inner[0] + len(written) - len(written.lstrip())
        last = inner[1] - (len(written) - len(written.rstrip()))
        style = event.style if isinstance(event, ScalarEvent) else None
        yield from _around(first, last, _in_quotes(term, style), bracket)

    def _in_block(self, event: Event, term: str, bracket: bool) -> Iterator[_Edit]:
        """Add a first line to a block, and a last one if brackets are needed."""
        at = self.text.index("\n", event.start_mark.index) + 1
        lines: list[tuple[int, str]] = []
        for line in self.text[at : event.end_mark.index].splitlines(keepends=True):
            lines.append((at, line))
            at += len(line)
        own = [(start, line) for start, line in lines if line.strip()]
        indent = own[0][1][: len(own[0][1]) - len(own[0][1].lstrip(" "))]
        inside = [start + len(line) for start, line in own if line.startswith(indent)]
        opening = f"{indent}{term} &&{' (' if bracket else ''}{self.end_of_line}"
        yield _Edit(own[0][0], own[0][0], opening)
        if bracket:
            yield _Edit(inside[-1], inside[-1], f"{indent}){self.end_of_line}")

    def _column_within(self, key: int, value: int, where: str) -> int:
        """Return the column of the keys of a mapping that starts on the line after its own key."""
        event, title = self.events[value], self.events[key]
        if not isinstance(event, MappingStartEvent) or event.flow_style:
            raise WorkflowFileError(f"{where} is written in braces, or by an alias", line_of(title))
        self._refuse_named(event, where)
        self._own_line(title, where)
        if not _OPENS_BLOCK.match(self.text, title.end_mark.index):
            raise WorkflowFileError(f"{where} does not start on a line of its own", line_of(title))
        return int(self.events[value + 1].start_mark.column)

    def _lines_below(self, key: int, column: int, lines: Sequence[str]) -> _Edit:
        at = self.text.index("\n", self.events[key].end_mark.index) + 1
        written = [f"{' ' * column}{line}" if line else "" for line in lines]
        return _Edit(at, at, "".join(f"{line}{self.end_of_line}" for line in written))

    def _own_line(self, event: Event, where: str) -> int:
        """Return the start of an event's line; raises WorkflowFileError if anything but blanks precedes it there."""
        start = event.start_mark.index - event.start_mark.column
        if self.text[start : event.start_mark.index].strip(" "):
            raise WorkflowFileError(f"{where} has something else on the same line", line_of(event))
        return int(start)

    def _refuse_named(self, event: Event, where: str) -> None:
        if getattr(event, "anchor", None) or getattr(event, "tag", None) not in (None, "!"):
            raise WorkflowFileError(f"{where} has an anchor, an alias or a tag", line_of(event))


def _around(start: int, end: int, term: str, bracket: bool) -> Iterator[_Edit]:
    yield _Edit(start, start, f"{term} && {'(' if bracket else ''}")
    if bracket:
        yield _Edit(end, end, ")")


def _in_quotes(term: str, style: str | None) -> str:
    return term.replace("'", "''") if style == "'" else term


def _expected(root: Node, change: Change) -> Plain:
    """Return what the changed file must parse to: the old one with the change."""
    gates = _plain(read_tree(as_workflow(change.job)).child("jobs")) if change.job else ("mapping",)
    entries = []
    for key, value in root.entries:
        if (key.text or "").lower() != "jobs":
            entries.append((_plain(key), _plain(value)))
            continue
        jobs = [(name.text, _expected_job(node, change.jobs.get((name.text or "").lower()), change.gate))
                for name, node in value.entries]  # fmt: skip
        entries.append((_plain(key), (*gates, *jobs)))  # type: ignore[misc]
    return ("mapping", *entries)


def _expected_job(node: Node, one: JobChange | None, gate: str) -> Plain:
    if one is None:
        return _plain(node)
    changed: dict[str, Plain] = {}
    if one.needs_gate:
        changed["needs"] = _expected_needs(node.child("needs"), gate)
    if one.steps:
        changed["steps"] = _expected_steps(node.child("steps"), one)
    elif one.term:
        changed["if"] = _expected_condition(node.child("if"), one.term)
    return _with(node, changed, 0)


def _expected_needs(old: Node | None, gate: str) -> Plain:
    if old is None:
        return gate
    return ("list", gate, *([old.text] if old.text is not None else map(_plain, old.items)))


def _expected_steps(old: Node | None, one: JobChange) -> Plain:
    steps = old.items if old else ()
    return ("list", *(_with(step, {"if": _expected_condition(step.child("if"), one.term)}, 1) if at in one.steps
                      else _plain(step) for at, step in enumerate(steps)))  # fmt: skip


def _expected_condition(old: Node | None, term: str) -> Plain:
    added = read_condition(term).term
    before = read_condition(old.text or "").term if old else None
    if before is None:
        return added
    return Term("and", (added, *(before.parts if before.kind == "and" else (before,))))  # type: ignore[arg-type]


def _with(node: Node, changed: Mapping[str, Plain], at: int) -> Plain:
    """Return a mapping with changed values; new keys are inserted at a position, in their order."""
    kept = [(_plain(key), changed.get((key.text or "").lower(), _valued(key, value))) for key, value in node.entries]
    names = {(key.text or "").lower() for key, _ in node.entries}
    new = [(name, value) for name, value in changed.items() if name not in names]
    return ("mapping", *kept[:at], *new, *kept[at:])


def _plain(node: Node | None) -> Plain:
    if node is None:
        return None
    if node.text is not None:
        return node.text
    if node.items:
        return ("list", *map(_plain, node.items))
    return ("mapping", *((_plain(key), _valued(key, value)) for key, value in node.entries))


def _valued(key: Node, value: Node) -> Plain:
    """Return a value; a condition by its meaning, because its text may have another line."""
    condition = read_condition(value.text) if (key.text or "").lower() == "if" and value.text else None
    return condition.term if condition and condition.term else _plain(value)


def replace_values(content: bytes, changes: Mapping[str, str]) -> bytes:
    """Return the file `content` with each variable of the top-level `env:` set to its new value.

    `changes` maps variables to values. A value keeps its quotes; one without quotes gets them if YAML
    would read the new one as a number or the like. Raises WorkflowFileError, with the line, if a value
    cannot be changed safely, and ValueError on a new value that no tag can have.
    """
    blob = Blob(len(content), content)
    environment = read_environment(blob)
    text = decode(blob)
    edits = []
    for variable, new in changes.items():
        if not _SAFE.fullmatch(new):
            raise ValueError(f"{new!r} is not a value for {variable}")
        value = environment.value(variable)
        edits.append((value.start, value.end, _written(variable, value, text[value.start : value.end], new)))
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    result = mark + _spliced(text, edits).encode("utf-8")
    # Verify what the next run will read: a result that cannot be decoded is not written.
    _verify(text, decode(Blob(len(result), result)), environment, changes)
    return result


def _spliced(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def _written(variable: str, value: Value, old: str, new: str) -> str:
    """Return the new value in the notation of the old one, with its quotes."""
    if value.text == new:
        return old
    if old == value.text:
        return new if _is_plain_string(new) else f'"{new}"'
    if old[0] == old[-1] and old[0] in "'\"" and len(old) > 1:
        return f"{old[0]}{new}{old[0]}"
    if old.startswith("&"):
        raise WorkflowFileError(
            f"{variable} has an anchor ({old.split()[0][:60]}), through which other places may use its value: remove "
            "it, and give those places values of their own",
            value.line,
        )
    raise WorkflowFileError(f"{variable} is written in a form that cannot be changed safely ({old[:60]})", value.line)


def _is_plain_string(text: str) -> bool:
    """Whether YAML, in either of its versions, reads `text` without quotes as a string."""
    return all(
        VersionedResolver(version=version).resolve(ScalarNode, text, (True, False)) == _STRING
        for version in ((1, 1), (1, 2))
    )


def _verify(before: str, after: str, environment: WorkflowEnvironment, changes: Mapping[str, str]) -> None:
    """Raise WorkflowFileError unless the two texts parse alike, except for the changed values."""
    old, new = parse_events(before), parse_events(after)
    places = {environment.value(variable).start: text for variable, text in changes.items()}
    if len(old) != len(new):
        raise WorkflowFileError("changing the values would change the file's structure")
    for one, other in zip(old, new, strict=True):
        wanted = places.get(one.start_mark.index) if isinstance(one, ScalarEvent) else None
        expected = (*shape(one)[:-1], wanted) if wanted is not None else shape(one)
        if shape(other) != expected:
            raise WorkflowFileError("changing the values would change another one", int(one.start_mark.line) + 1)
