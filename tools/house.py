"""Figures of the sources (`make house`): files, lines, functions, and modules with a single importer."""

from __future__ import annotations

import ast
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "scripts" / "frag_release"


def modules() -> dict[str, ast.Module]:
    """Each module of the package by its name below it; an `__init__` has the name of its package."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text("utf-8"))
    return found


def lengths(tree: ast.Module) -> Iterator[int]:
    """The lines of each function, without its decorators and its docstring: what it promises is not its size."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno:
            own, first = node.end_lineno - node.lineno + 1, node.body[0]
            yield own - (first.end_lineno or 0) + first.lineno - 1 if ast.get_docstring(node) else own


def importers(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    """For each module the modules that import it, at any place in their text."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, tree in trees.items():
        is_package = (PACKAGE / Path(*name.split("."))).is_dir()
        package = name.split(".") if is_package and name else name.split(".")[:-1]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = ".".join([*package[: len(package) - node.level + 1], *(node.module or "").split(".")]).strip(".")
                for alias in node.names:
                    inner = f"{base}.{alias.name}".strip(".")
                    found[inner if inner in trees else base].add(name)
    return found


def table() -> list[tuple[str, int, int, int, int]]:
    """Part, files, lines, median and 90th percentile of its functions' lines; the last row is the total."""
    rows, everything = [], sorted(PACKAGE.rglob("*.py"))
    parts = sorted({path.relative_to(PACKAGE).parts[0] for path in everything if path.parent != PACKAGE})
    for part in [*parts, ""]:
        paths = [path for path in everything if not part or path.is_relative_to(PACKAGE / part)]
        texts = [path.read_text("utf-8") for path in paths]
        functions = [length for text in texts for length in lengths(ast.parse(text))]
        p90 = round(statistics.quantiles(functions, n=10)[-1])
        lines = sum(text.count("\n") for text in texts)
        rows.append((part or "all", len(paths), lines, round(statistics.median(functions)), p90))
    return rows


def main() -> None:
    """Print the figures."""
    print(f"{'part':<12}{'files':>7}{'lines':>8}{'lines a file':>14}{'median':>8}{'p90':>6}")
    for part, files, lines, median, p90 in table():
        print(f"{part:<12}{files:>7}{lines:>8}{lines // files:>14}{median:>8}{p90:>6}")
    trees = modules()
    lonely = {name: min(who) for name, who in sorted(importers(trees).items()) if len(who) == 1 and name in trees}
    print(f"\n{len(lonely)} modules have a single importer:")
    for name, who in lonely.items():
        print(f"  {name}  <- {who or '__init__'}")


if __name__ == "__main__":
    main()
