"""The modules that the gate imports, read from their sources: the same result on every machine."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

GATE = (
    "frag_release.cli",
    "frag_release.commands.gate",
    # Imported late, by a gate that reads from GitHub and a registry.
    "frag_release.adapters.github.repository",
    "frag_release.adapters.github",
    "frag_release.adapters.github.records",
    "frag_release.adapters.github.runs",
    "frag_release.adapters.http.exchange",
    "frag_release.adapters.registry",
    "frag_release.commands.finish",
    "frag_release.commands.gate.gate",
    "frag_release.domain.overrides",
    "frag_release.render.gate",
    "actions_toolkit.core",
    "idna",
)
"""The modules whose imports are compiled in advance. A missing one costs time; a test finds it."""


def imported_by(roots: Sequence[str], folders: Sequence[Path]) -> Mapping[str, Path]:
    """The modules in `folders` that are imported together with `roots`, by their names."""
    found: dict[str, Path] = {}
    waiting = list(roots)
    while waiting:
        for name in _with_parents(waiting.pop()):
            path = None if name in found else _path_of(name, folders)
            if path:
                found[name] = path
                waiting += _imports(name, path)
    return found


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[: at + 1]) for at in range(len(parts)))


def _path_of(name: str, folders: Sequence[Path]) -> Path | None:
    places = (folder / name.replace(".", "/") for folder in folders)
    candidates = (path for place in places for path in (place / "__init__.py", place.with_suffix(".py")))
    return next((path for path in candidates if path.is_file()), None)


def _imports(name: str, path: Path) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in _at_once(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            # What is imported from a package may be a module of it.
            yield from (base, *(f"{base}.{one.name}" for one in node.names))


def _at_once(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when a module is imported: not those in functions, nor those for type checkers only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            for other in child.orelse:
                yield from (other, *_at_once(other))
            continue
        yield child
        yield from _at_once(child)
