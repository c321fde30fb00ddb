"""The places of a workflow file in which values are taken, line by line: what its jobs and steps are given and run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .expressions import Reference, expressions
from .workflow_file import WorkflowFileError
from .workflow_tree import MAX_NODES, Node

_TITLES_OF_JOB = frozenset(
    {"name", "if", "needs", "permissions", "runs-on", "concurrency", "environment", "timeout-minutes"}
)
_TITLES_OF_STEP = frozenset({"name", "id", "if", "uses", "timeout-minutes", "continue-on-error"})


@dataclass(frozen=True)
class Place:
    """A line of a text under `key`: with what continues it, one line to a shell or to an expression.

    `job` is empty for the workflow itself. `is_environment` says that it is a variable of an `env:`, `is_called`
    that it is given to another workflow, `is_mapping` that an expression gives the names of variables, too.
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
        """Whether it hands all secrets to another workflow."""
        return self.is_called and self.key == "secrets" and self.text.strip() == "inherit"

    @property
    def line(self) -> int:
        """The line of the file that it begins on, from 1."""
        return self.node.line_of(self.offset, self.text.strip().partition("\n")[0][:200])

    def line_of(self, reference: Reference) -> int:
        """The line of the file that a value of an expression is read on."""
        return self.node.line_of(self.offset + reference.start, reference.written)

    def line_with(self, words: str) -> int:
        """The line of the file that holds these words of the text."""
        return self.node.line_of(self.offset + max(0, self.text.find(words)), words)


def places(root: Node, left_out: frozenset[int]) -> Iterator[Place]:
    """Yield every place but those of titles and conditions, and of the nodes with the ids `left_out`.

    Raises WorkflowFileError where there are too many.
    """
    for count, place in enumerate(_of_workflow(root, left_out)):
        if count >= MAX_NODES:
            raise WorkflowFileError(f"the file has more than {MAX_NODES:,} lines to look through")
        yield place


def _of_workflow(root: Node, left_out: frozenset[int]) -> Iterator[Place]:
    yield from _of_environment(root.child("env"), "")
    jobs = root.child("jobs")
    for name, job in jobs.entries if jobs else ():
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
    """Yield each line with its offset; lines that a backslash or an expression holds together are one."""
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
